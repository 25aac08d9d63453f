"""Gold answers: a letter, an option's text, both, or an index, read as the option that is meant.

Nothing is guessed: what can be read in two ways is refused with a message that says how to decide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, cast, get_args

from unswayed import answers
from unswayed.benchmarks.parse.labels import numbered_text
from unswayed.benchmarks.sources.fields import as_text, is_absent, short
from unswayed.errors import ConfigError, DataError
from unswayed.types import LETTERS

AnswerAs = Literal["auto", "letter", "text", "index0", "index1"]
"""How to read a gold answer: by its form, or always as one of the others (index from 0 or 1)."""

_LETTER = re.compile(r"[(\[（]?\s*([A-Z])\s*[)\]）.:]*")
_ENDS = "\"'`*“”‘’.。"
_LABELLED = re.compile(r"[(\[（]?([A-Z])[)\]）.．、:：]+\s*(.+)", re.DOTALL)


def check_answer_as(value: object) -> AnswerAs:
    """Check a setting of `answer_as`.

    Raises:
        ConfigError: it is none of the known ones.
    """
    if value not in get_args(AnswerAs):
        known = ", ".join(get_args(AnswerAs))
        raise ConfigError(f"expected answer_as to be one of {known}; found {value!r}")
    return cast(AnswerAs, value)


def letter_of(value: Any, options: Mapping[str, str], how: AnswerAs = "auto") -> str:
    """Return the letter of the gold answer.

    Read by its form: a letter ("C", "(C)", "C."), a letter with its option's text ("D. upwards"),
    or the text of exactly one option. A whole number may be an index, counted from nobody knows
    where, and is refused unless `how` says.

    Raises:
        DataError: it is no option, or it can be read in two ways.
    """
    if is_absent(value):
        raise DataError("expected a gold answer, found none")
    if not isinstance(value, str) and isinstance(value, list | tuple | dict):
        raise DataError(f"expected one gold answer, found {short(cast(Any, value))}")
    text = as_text(value)
    if how in ("index0", "index1"):
        return _by_index(text, options, int(how[-1]))
    if how == "letter":
        return _by_letter(text, options)
    by_text = _with_text(text, options)
    if how == "text":
        return _known(by_text or _text_behind_letter(text, options), text, options)
    _refuse_ambiguous(text, by_text, options)
    if _LETTER.fullmatch(text):
        return _by_letter(text, options)
    if by_text is None and (labelled := _LABELLED.fullmatch(text)):
        return _labelled(labelled[1], labelled[2], options)
    if by_text is None and (numbered := numbered_text(text)):
        letter = _with_text(numbered[1], options)
        place = LETTERS[numbered[0] - 1 : numbered[0]]
        by_text = letter if letter == place else None  # as labels in a list count, from 1
    return _known(by_text, text, options)


def _refuse_ambiguous(text: str, by_text: str | None, options: Mapping[str, str]) -> None:
    letter = _LETTER.fullmatch(text)
    if letter and letter[1] in options and by_text not in (None, letter[1]):
        raise DataError(
            f"the gold {text!r} is option {letter[1]} by its letter and option {by_text} by its "
            f"text; say answer_as=letter or answer_as=text"
        )
    if text.isascii() and text.isdigit() and len(text) < 3 and int(text) <= len(options):
        other = f", or the text of option {by_text} (answer_as=text)" if by_text else ""
        raise DataError(
            f"the gold {text!r} may be an index; say answer_as=index0 or answer_as=index1{other}"
        )


def _by_letter(text: str, options: Mapping[str, str]) -> str:
    match = _LETTER.fullmatch(text) or _LABELLED.fullmatch(text)
    return _known(match[1] if match and match[1] in options else None, text, options)


def _by_index(text: str, options: Mapping[str, str], base: int) -> str:
    number = text.removesuffix(".0")  # pandas writes a column of integers with gaps as floats
    letters = list(options)
    if not (number.isascii() and number.isdigit() and len(number) < 4):
        raise DataError(f"expected an index counted from {base} as gold, found {short(text)}")
    index = int(number) - base
    if not 0 <= index < len(letters):
        raise DataError(
            f"the gold index {number}, counted from {base}, is outside the {len(letters)} options"
        )
    return letters[index]


def _labelled(letter: str, rest: str, options: Mapping[str, str]) -> str:
    if letter not in options:
        return _known(None, f"{letter}. {rest}", options)
    if answers.normalise(options[letter]) != answers.normalise(rest):
        raise DataError(
            f"the gold names {letter}, but its text {short(rest)} is not that of option {letter} "
            f"({short(options[letter])}); answer_as=letter lets the letter count, answer_as=text "
            f"the text"
        )
    return letter


def _text_behind_letter(text: str, options: Mapping[str, str]) -> str | None:
    labelled = _LABELLED.fullmatch(text)
    if labelled:
        return _with_text(labelled[2].strip(), options)
    numbered = numbered_text(text)
    return _with_text(numbered[1], options) if numbered else None


def _with_text(text: str, options: Mapping[str, str]) -> str | None:
    same = [letter for letter, option in options.items() if option == text]
    if len(same) == 1:
        return same[0]
    if not any(character.isspace() for character in text):
        # One word can only repeat an option of one word, and those are quickly told.
        options = {key: option for key, option in options.items() if _may_be_one_word(option)}
    return answers.option_with_text(text, options) if options else None


def _may_be_one_word(option: str) -> bool:
    """Say whether an option may be one word once quotes and blanks at its ends are folded away."""
    first, *rest = option.split(None, 1) or [""]
    return not rest or not first.strip(_ENDS) or not "".join(rest[0].split()).strip(_ENDS)


def _known(letter: str | None, text: str, options: Mapping[str, str]) -> str:
    if letter is None:
        listed = "; ".join(f"{key}. {short(option)}" for key, option in options.items())
        raise DataError(
            f"the gold {short(text)} is not one of the options, or not of one alone: {listed}"
        )
    return letter
