"""Sets of wordings: how a statement is told as a caption or as the beginning of a thought.

Two sets are shipped and share no sentence: evaluations use set a, training augmentation uses
set b. A set is a TOML file with a table for each language; a file of your own has the same form
(docs/plug-ins.md).
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from unswayed.config.validation import first_fault
from unswayed.errors import ConfigError

SHIPPED = ("a", "b")


def _with_statement(text: str) -> str:
    return _with(text, "{statement}")


def _with_letter(text: str) -> str:
    return _with(text, "{letter}")


def _with(text: str, place: str) -> str:
    if text.count(place) != 1:
        raise ValueError(f"expected the place-holder {place} once in {text!r}")
    if text.replace(place, "").count("{"):
        raise ValueError(f"expected no other place-holder than {place} in {text!r}")
    if text.rstrip().endswith((".", "。")):
        raise ValueError(f"expected no full stop at the end of {text!r}: a suffix reads on")
    return text


def _plain(text: str) -> str:
    if not text.strip() or "{" in text:
        raise ValueError(f"expected a text without place-holders, found {text!r}")
    return text


Told = Annotated[str, AfterValidator(_with_statement)]
Filler = Annotated[str, AfterValidator(_plain)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NeutralWordings(_Table):
    """Texts that assert nothing.

    Attributes:
        captions: starts of captions, without a full stop; short ones for short texts.
        thoughts: starts of thoughts.
        further: what either goes on with, each at most once in a row, until it is long enough.
    """

    captions: tuple[Filler, ...] = Field(min_length=1)
    thoughts: tuple[Filler, ...] = Field(min_length=1)
    further: tuple[Filler, ...] = Field(min_length=1)


class LanguageWordings(_Table):
    """The wordings of one language.

    Attributes:
        captions: each with `{statement}`.
        thoughts: each with `{statement}`, in the first person.
        letter: what names the letter behind a thought, with `{letter}`.
        neutral: texts that assert nothing.
    """

    captions: tuple[Told, ...] = Field(min_length=1)
    thoughts: tuple[Told, ...] = Field(min_length=1)
    letter: Annotated[str, AfterValidator(_with_letter)]
    neutral: NeutralWordings


class Wordings(_Table):
    """A set of wordings.

    Attributes:
        en: English.
        zh: Chinese.
    """

    en: LanguageWordings
    zh: LanguageWordings


@lru_cache(maxsize=16)
def load(name: str) -> Wordings:
    """Return a set of wordings.

    Args:
        name: one of `SHIPPED`, or the path of a TOML file.

    Raises:
        ConfigError: there is no such set, or its file is not as it must be.
    """
    if name in SHIPPED:
        folder = resources.files("unswayed.perturbations.texts.wordings")
        text = folder.joinpath(f"{name}.toml").read_text("utf-8")
    else:
        text = _read(Path(name))
    try:
        return Wordings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: expected wordings in TOML: {error}") from error
    except ValidationError as error:
        fault = first_fault(error).text("the file")
        raise ConfigError(f"{name}: {fault}; the shipped sets show the form") from error


def _read(path: Path) -> str:
    if not path.is_file():
        raise ConfigError(
            f"expected wordings to be {' or '.join(SHIPPED)} or a TOML file, found {str(path)!r}"
        )
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the wordings {path}: {error}") from error
