"""A chat rendered with its assistant turn open, so that a prefill is continued as it is."""

from __future__ import annotations

import itertools
from typing import Any

from unswayed.answers import opened_thought
from unswayed.errors import ModelError

_SAID = "said-by-the-assistant"


def open_tail(render: Any, messages: list[dict[str, Any]], prefill: str) -> str:
    """Render a chat whose assistant turn ends with `prefill` and stays open.

    The template is rendered up to the start of the assistant's turn and the prefill is appended
    as it is. Templates that would trim, close or rewrite a trailing assistant message therefore
    cannot touch it. Some templates open a thought by themselves (`<think>` after the assistant
    header); a prefill that starts with the same tag must not double it.

    Args:
        render: `apply_chat_template` of a processor or tokenizer.
        messages: system and user messages, no assistant message.
        prefill: literal start of the assistant's turn; may be empty.

    Raises:
        ModelError: the template has no place for an assistant turn, changes the question, or
            refuses the messages.
    """
    closed = _rendered(render, messages, add_generation_prompt=False)
    opened = _rendered(render, messages, add_generation_prompt=True)
    question = _text_of(messages[-1]).strip()
    if opened == closed:  # the turn may begin where the user's ends, as after [/INST]
        opened = _before_assistant(render, messages)
        closed = closed[: opened.rfind(question) + len(question)]
    _check_open(closed, opened, question)
    mark = opened_thought(opened)
    if mark and prefill.startswith(mark):
        return opened.rstrip().removesuffix(mark) + prefill
    return opened + prefill


def _before_assistant(render: Any, messages: list[dict[str, Any]]) -> str:
    """Return the chat up to where the template writes what an assistant says."""
    said = {"role": "assistant", "content": _like(messages[-1]["content"], _SAID)}
    chat = _rendered(render, [*messages, said], add_generation_prompt=False)
    return chat.rpartition(_SAID)[0]


def _like(content: Any, text: str) -> Any:
    """Return a text as the content of a message, in parts if another's content is in parts."""
    return text if isinstance(content, str) else [{"type": "text", "text": text}]


def _check_open(closed: str, opened: str, question: str) -> None:
    """Require that the opened chat has the question whole and, behind it, a header more.

    The closed chat need not be a prefix of the opened one: some templates end it with a token of
    its own. What both share must reach beyond the question, and the opened one must go on.
    """
    at = opened.rfind(question)
    if at < 0:
        raise ModelError(
            "the chat template does not show the user's text as it was written, so variants would "
            "not be shown as recorded; use a checkpoint with a template that leaves it as it is"
        )
    same = (a == b for a, b in zip(closed, opened, strict=False))
    shared = sum(1 for _ in itertools.takewhile(bool, same))
    if shared < at + len(question) or not opened[shared:].strip():
        raise ModelError(
            "the chat template ends the user's turn in no way and adds nothing for "
            "add_generation_prompt, so there is no assistant turn to leave open; use a checkpoint "
            "whose chat template opens one"
        )


def _rendered(render: Any, messages: list[dict[str, Any]], *, add_generation_prompt: bool) -> str:
    try:
        return render(messages, tokenize=False, add_generation_prompt=add_generation_prompt)
    except Exception as error:
        if not type(error).__module__.startswith("jinja2"):
            raise
        raise ModelError(
            f"the chat template refuses a chat of {_roles(messages)}: {error}; use a profile "
            "without a system message, or another checkpoint"
        ) from error


def _roles(messages: list[dict[str, Any]]) -> str:
    return " and ".join(str(message["role"]) for message in messages)


def _text_of(message: dict[str, Any]) -> str:
    """Return a message's last text: its content, or the last text part of it."""
    content = message["content"]
    if isinstance(content, str):
        return content
    return next((str(part["text"]) for part in reversed(content) if "text" in part), "")
