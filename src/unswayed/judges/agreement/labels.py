"""Thoughts and answers that people labelled: the file, read row by row and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from unswayed.answers import parse_answer
from unswayed.errors import DataError
from unswayed.judges import JudgeCase
from unswayed.types import LETTERS

Label = Literal["yes", "no", "unclear"]

STATUS_OF: dict[str, str] = {"yes": "consistent", "no": "inconsistent", "unclear": "unclear"}
"""A person's label → the verdict that says the same."""
NO_LETTER = ("none", "outside", "unclear")
"""Labels of a conclusion that is no option."""
_TEXTS = ("id", "question", "think", "answer", "concludes", "consistent")


@dataclass(frozen=True)
class LabelledCase:
    """A case with what a person said about it.

    Attributes:
        case: what the judge sees.
        concludes: the letter that the thought concludes on, or `none`, `outside` or `unclear`.
        consistent: whether that is what the answer asserts.
        note: the person's remark.
    """

    case: JudgeCase
    concludes: str
    consistent: Label
    note: str = ""


def load_labels(path: str | Path) -> list[LabelledCase]:
    """Read labelled cases: JSONL with the keys of `docs/judges.md`.

    Where a reader labelled the same case again, the last label counts.

    Raises:
        DataError: the file cannot be read, is empty, or a row is broken; names file and line.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # texts may hold other line ends
    except OSError as error:
        raise DataError(f"cannot read the labels {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"expected UTF-8 in {path}, found byte {error.start} is not") from error
    rows: dict[object, LabelledCase] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            row = _object(line, f"{path}:{number}")
            labelled = _labelled(row, f"{path}:{number}")
            again = (
                (labelled.case.id, row["reader"]) if isinstance(row.get("reader"), str) else None
            )
            rows[again or number] = labelled
    if not rows:
        raise DataError(f"expected labelled cases in {path}, one JSON object per line; found none")
    return list(rows.values())


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        parsed: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"{where}: expected a JSON object, found {error.msg}") from error
    if not isinstance(parsed, dict):
        raise DataError(f"{where}: expected a JSON object, found {type(parsed).__name__}")
    return cast("dict[str, Any]", parsed)


def _labelled(row: Mapping[str, Any], where: str) -> LabelledCase:
    for key in _TEXTS:
        if not isinstance(row.get(key), str):
            raise DataError(f"{where}: expected text under {key!r}, found {row.get(key)!r}")
    options = _options(row, where)
    allowed = [*options, *NO_LETTER]
    if row["concludes"] not in allowed:
        raise DataError(
            f"{where}: expected 'concludes' to be one of {', '.join(allowed)}; "
            f"found {row['concludes']!r}"
        )
    if row["consistent"] not in STATUS_OF:
        raise DataError(
            f"{where}: expected 'consistent' to be yes, no or unclear; found {row['consistent']!r}"
        )
    letter, text_letter = _answer(row, options, where)
    case = JudgeCase(
        row["id"], row["question"], options, row["think"], row["answer"], letter, text_letter
    )
    return LabelledCase(case, row["concludes"], row["consistent"], str(row.get("note") or ""))


def _options(row: Mapping[str, Any], where: str) -> dict[str, str]:
    options: Any = row.get("options")
    if not isinstance(options, dict) or len(cast("dict[Any, Any]", options)) < 2:
        raise DataError(f"{where}: expected 'options' to map two or more letters to texts")
    for letter, text in cast("dict[Any, Any]", options).items():
        if letter not in list(LETTERS) or not isinstance(text, str):
            raise DataError(
                f'{where}: expected options such as "A": "text", found {letter!r}: {text!r}'
            )
    return cast("dict[str, str]", options)


def _answer(
    row: Mapping[str, Any], options: Mapping[str, str], where: str
) -> tuple[str | None, str | None]:
    """Return the answer's letter and text option: as labelled, else as the parser reads them."""
    letter, text = row.get("letter"), row.get("text_option")
    for key, value in (("letter", letter), ("text_option", text)):
        if value is not None and value not in options:
            raise DataError(f"{where}: expected {key!r} to be an option or null, found {value!r}")
    if letter is None and text is None:
        reading = parse_answer(row["answer"], options)
        letter, text = reading.letter, reading.text_letter
    if letter is None and text is None:
        answer = row["answer"]
        raise DataError(f"{where}: expected an answer that names an option, found {answer!r}")
    return letter, text
