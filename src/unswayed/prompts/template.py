"""The open-tail chat template: a trailing assistant message stays open in every renderer.

Training engines render prompts by themselves. Given a prompt that ends with the start of an answer
they close that turn and open another one, or render it in two ways that do not agree. So the
checkpoint's template is wrapped, not replaced: everything up to the assistant's header is rendered
by the template itself, and a trailing assistant message is written behind it as it is.
`prompts.open_tail` does the same in an evaluation, and `check_open` compares the two before
training starts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unswayed.answers import OPEN_THINK, think_block
from unswayed.errors import ModelError
from unswayed.prompts import open_tail
from unswayed.types import STOP_THINK_TEXT

_SPLIT = """\
{%- set unswayed = namespace(tail='') -%}
{%- if messages and messages[-1]['role'] == 'assistant' -%}
{%- set add_generation_prompt = true -%}
{%- if messages[-1]['content'] is string -%}
{%- set unswayed.tail = messages[-1]['content'] -%}
{%- else -%}
{%- for part in messages[-1]['content'] -%}
{%- if 'text' in part -%}{%- set unswayed.tail = unswayed.tail + part['text'] -%}{%- endif -%}
{%- endfor -%}
{%- endif -%}
{%- set messages = messages[:-1] -%}
{%- endif -%}
{%- set unswayed_head -%}{{ '' }}"""
_JOIN = """\
{{ '' }}{%- endset -%}
{%- if unswayed.tail.startswith('OPEN_THINK') and unswayed_head.rstrip().endswith('OPEN_THINK') -%}
{{ unswayed_head.rstrip()[:-LENGTH] + unswayed.tail }}
{%- else -%}
{{ unswayed_head + unswayed.tail }}
{%- endif -%}""".replace("OPEN_THINK", OPEN_THINK).replace("LENGTH", str(len(OPEN_THINK)))
_PROBES = (
    think_block(STOP_THINK_TEXT),
    f"{OPEN_THINK}I look at it, and option B is right but I think ",
    "",
)

Render = Callable[..., str]


def open_tail_template(template: str) -> str:
    """Wrap a chat template so that a trailing assistant message is left open.

    Messages without a trailing assistant message are rendered as before.

    Args:
        template: Jinja text of the checkpoint's own chat template.
    """
    # Jinja drops one line break at the end of a template; here the template ends in the middle.
    return _SPLIT + template.removesuffix("\n") + _JOIN


def leave_open(processor: Any) -> str:
    """Give processor and tokenizer the open-tail template, and return the checkpoint's own.

    Raises:
        ModelError: there is no chat template, or it cannot be left open.
    """
    own = processor.chat_template or processor.tokenizer.chat_template
    if not isinstance(own, str):
        raise ModelError(
            f"expected one chat template beside the checkpoint, found {_described(own)}; add a "
            "chat_template.jinja to the checkpoint"
        )
    expected = [_rendered(processor, probe) for probe in _PROBES]
    processor.chat_template = processor.tokenizer.chat_template = open_tail_template(own)
    check_open(processor.apply_chat_template, expected)
    return own


def opens_thought(template: str, processor: Any) -> bool:
    """Say whether a checkpoint's own template writes `<think>` itself."""
    probe = [{"role": "user", "content": [{"type": "text", "text": "?"}]}]
    rendered = processor.apply_chat_template(
        probe, chat_template=template, tokenize=False, add_generation_prompt=True
    )
    return rendered.rstrip().endswith(OPEN_THINK)


def check_open(render: Render, expected: list[str]) -> None:
    """Render the probes in both ways that training engines use.

    Args:
        render: `apply_chat_template` of the processor that training uses.
        expected: what evaluation renders for each probe.

    Raises:
        ModelError: a probe's assistant turn is closed, changed or not there.
    """
    for probe, wanted in zip(_PROBES, expected, strict=True):
        ways: list[dict[str, Any]] = [{"add_generation_prompt": True}]
        if probe:
            ways.append({"add_generation_prompt": False, "continue_final_message": True})
        for way in ways:
            prompt = render(_messages(probe), tokenize=False, **way)
            if prompt != wanted:
                raise ModelError(
                    "the chat template does not leave a prefilled assistant turn open, so prompts "
                    f"in training would differ from the ones in evaluation: expected the end "
                    f"{wanted[-60:]!r}, found {prompt[-60:]!r}; use a checkpoint whose template "
                    "opens the assistant's turn for add_generation_prompt"
                )


def _messages(prefill: str) -> list[dict[str, Any]]:
    parts = [{"type": "image"}, {"type": "text", "text": "Question: Which one?\nOptions:\nA. it"}]
    messages: list[dict[str, Any]] = [{"role": "user", "content": parts}]
    if prefill:
        text = [{"type": "text", "text": prefill}]
        messages.append({"role": "assistant", "content": text})
    return messages


def _rendered(processor: Any, prefill: str) -> str:
    return open_tail(processor.apply_chat_template, _messages(""), prefill)


def _described(template: Any) -> str:
    return "none" if not template else f"{len(template)} named ones"
