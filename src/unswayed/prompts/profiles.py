"""Prompt profiles: the wording, decoding and answer form that are native to a model family.

The shipped ones lie in `profiles.toml`; your own lie in any TOML file with the same keys, named as
`my_profiles.toml:name`. A package brings a `Profile` by an entry point in `unswayed.profiles`; one
of a Python file is named as `my_file.py:NAME`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from unswayed import registry
from unswayed.answers import CLOSE_THINK, OPEN_THINK, AnswerStyle, StyleName
from unswayed.config.validation import explain
from unswayed.errors import ConfigError, UnknownName
from unswayed.types import MAX_NEW_TOKENS, UNLIMITED, PictureLimits


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
        answer_style: where thought and answer stand in the family's outputs.
        thought: what opens and closes a thought in them; a family without marks has nothing to open
            one with, and a paragraph ends it.
        thinking: `enable_thinking` of the chat template; None leaves it to the template.
        pictures: how large its pictures are; without limits they go to the model as they are.
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
    answer_style: StyleName = "tags"
    thought: tuple[str, str] = (OPEN_THINK, CLOSE_THINK)
    thinking: bool | None = None
    pictures: PictureLimits = UNLIMITED
    open: dict[Literal["number", "text", "box"], Wording] = {}
    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_new_tokens: int = Field(default=MAX_NEW_TOKENS, ge=1)
    source: str = ""
    notes: str = ""

    @property
    def style(self) -> AnswerStyle:
        """Where thought and answer stand in the family's outputs."""
        return AnswerStyle(self.answer_style, *self.thought)

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
    """Return a profile by name, or one of a file as `path.toml:name` or `path.py:NAME`.

    Raises:
        UnknownName: there is no such profile.
        ConfigError: the file is not a profile file, what it names is no profile, or a package
            brings one under the name of one that is shipped.
    """
    path, _, inner = name.rpartition(":")
    if path.endswith(".toml"):
        return _pick(_parse(_file_text(Path(path)), path), inner)
    if ".py:" in name:
        return _loaded(name)
    if name not in registry.names("profile"):
        return _pick(shipped(), name)
    if name in shipped():
        raise ConfigError(
            f"a package brings a profile called {name!r}, as one that is shipped is; uninstall it"
        )
    return _loaded(name)


def profile_names() -> list[str]:
    """Return the names of the shipped profiles and of those of packages, in order."""
    return list(dict.fromkeys([*shipped(), *sorted(registry.names("profile"))]))


def _loaded(name: str) -> Profile:
    value: Any = registry.load("profile", name)
    if not isinstance(value, Profile):
        raise ConfigError(f"expected a Profile at {name!r}, found {type(value).__name__}")
    return value


@cache
def shipped() -> dict[str, Profile]:
    """Return the profiles that come with the package, by name."""
    text = resources.files("unswayed.prompts").joinpath("profiles.toml").read_text("utf-8")
    return _parse(text, "profiles.toml")


def _pick(profiles: dict[str, Profile], name: str) -> Profile:
    if name not in profiles:
        known = [*profiles, *registry.names("profile")]
        raise UnknownName("profile", name, known, "name one of your own as PATH.toml:NAME")
    return profiles[name]


def _file_text(path: Path) -> str:
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
        raise ConfigError(explain(error, Profile, "profile field", where)) from error
