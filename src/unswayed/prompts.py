"""Prompts: the wording around a question, and the chat template left open for a prefill.

A *profile* carries the native wording, decoding and answer form of a model family (PROTOCOL
section 2). The shipped ones lie in `profiles.toml`; your own lie in any TOML file with the same
keys, named as `my_profiles.toml:name`.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from unswayed.errors import ConfigError, ModelError, UnknownName
from unswayed.types import Variant

_FIELD = re.compile(r"\{(question|letter|text)\}")


class Wording(BaseModel):
    """What a profile says instead when a question asks for a number, a text or a box.

    Attributes:
        system: system message; None for the profile's own.
        after: text after the question; None for the profile's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str | None = None
    after: str | None = None


class Profile(BaseModel):
    """The wording, decoding and answer form of a model family.

    Attributes:
        name: name of the profile.
        system: system message; empty for none.
        before: text before the caption and the question.
        question: the question's line, with `{question}` in it.
        options: line above the options; empty for none.
        option: one option's line, with `{letter}` and `{text}` in it.
        after: text after the options.
        answer_form: whether the family answers with the option's letter or its text; letter
            metrics are off-format for `text`, and reports say so.
        open: kind of open question → what is said instead of the words about letters; a kind that
            is not there is asked in the same words as a choice.
        temperature: native decoding; 0 is greedy.
        top_p: native decoding.
        max_new_tokens: native decoding.
        source: where the wording comes from.
        notes: what is not confirmed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    system: str = ""
    before: str = ""
    question: str = "Question: {question}"
    options: str = "Options:"
    option: str = "{letter}. {text}"
    after: str = ""
    answer_form: Literal["letter", "text"] = "letter"
    open: dict[Literal["number", "text", "box"], Wording] = {}
    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_new_tokens: int = Field(default=1024, ge=1)
    source: str = ""
    notes: str = ""

    @field_validator("question")
    @classmethod
    def _one_question(cls, value: str) -> str:
        if value.count("{question}") != 1:
            raise ValueError("expected {question} exactly once")
        return value

    @field_validator("option")
    @classmethod
    def _letter_and_text(cls, value: str) -> str:
        if "{letter}" not in value or "{text}" not in value:
            raise ValueError("expected {letter} and {text}")
        return value


def profile(name: str) -> Profile:
    """Return a shipped profile by name, or one of a file as `path.toml:name`.

    Raises:
        UnknownName: there is no such profile.
        ConfigError: the file is not a profile file.
    """
    path, _, inner = name.rpartition(":")
    if path.endswith(".toml"):
        return _pick(_parse(_read(Path(path)), path), inner)
    return _pick(shipped(), name)


@cache
def shipped() -> dict[str, Profile]:
    """Return the profiles that come with the package, by name."""
    text = resources.files("unswayed").joinpath("profiles.toml").read_text("utf-8")
    return _parse(text, "profiles.toml")


def render_system(variant: Variant, profile: Profile) -> str:
    """Return the system message for a variant's kind of question; empty for none."""
    return _for(variant, profile).system


def render_user(variant: Variant, profile: Profile) -> str:
    """Return the text of the user's turn; the pictures come before it.

    The order is fixed: caption, question, options, draft thought. What differs between variants
    stands as late as the protocol allows, so that they share the longest prefix.
    """
    injected = (variant.caption or "", variant.draft or "")
    question = variant.sample.question
    return render_question(question, variant.options, _for(variant, profile), *injected)


def render_question(
    question: str, options: Mapping[str, str], profile: Profile, caption: str = "", draft: str = ""
) -> str:
    """Return the text of a user's turn that asks a question; see `render_user`."""
    lines = [
        profile.before,
        f"Caption: {caption}" if caption else "",
        _fill(profile.question, question=question),
        profile.options if options else "",
        *(_fill(profile.option, letter=k, text=v) for k, v in options.items()),
        profile.after,
        f"Draft reasoning: {draft}" if draft else "",
    ]
    return "\n".join(line for line in lines if line)


def _for(variant: Variant, profile: Profile) -> Profile:
    """Return the profile in its words for the kind of answer that a variant asks for."""
    kind = variant.sample.answer_kind
    if kind == "choice" or kind not in profile.open:
        return profile
    return profile.model_copy(update=profile.open[kind].model_dump(exclude_none=True))


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
    _check_open(closed, opened, _text_of(messages[-1]).strip())
    if prefill.startswith("<think>") and opened.rstrip().endswith("<think>"):
        return opened.rstrip().removesuffix("<think>") + prefill
    return opened + prefill


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
            "the chat template adds nothing for add_generation_prompt, so there is no assistant "
            "turn to leave open; use a checkpoint whose chat template opens one"
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


def _fill(pattern: str, **values: str) -> str:
    """Fill the named fields in one pass, so that braces in a question stay as they are."""
    return _FIELD.sub(lambda match: values[match[1]], pattern)


def _pick(profiles: dict[str, Profile], name: str) -> Profile:
    if name not in profiles:
        raise UnknownName("profile", name, profiles)
    return profiles[name]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the profile file {path}: {error}") from error


def _parse(text: str, where: str) -> dict[str, Profile]:
    try:
        tables = tomllib.loads(text)
        return {name: Profile(name=name, **table) for name, table in tables.items()}
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise ConfigError(
            f"{where} is no profile file (one TOML table a profile): {error}"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{where}: profile field {field!r}: {first['msg']}") from error
