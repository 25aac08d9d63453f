"""Which column of a file is what, and a row read by it as a sample."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.gold import AnswerAs
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.parse.open_samples import gold_text, open_sample
from unswayed.benchmarks.parse.statements import is_listed, statements_of
from unswayed.benchmarks.sources.fields import is_absent
from unswayed.benchmarks.sources.pictures import Pictures
from unswayed.errors import DataError
from unswayed.types import LETTERS, AnswerKind, ImageRef, Sample

NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "index", "idx", "question_id", "qid"),
    "question": ("question", "text", "query", "problem"),
    "options": ("options", "choices", "candidates", "answer_choices", "multi_choice_options"),
    "answer": ("answer", "label", "gold", "ground_truth", "correct_answer"),
    "image": ("image", "image_path", "img", "images", "image_name", "image_file", "filename"),
    "category": ("category", "l2-category", "type", "task"),
    "hint": ("hint",),
    "statements": ("statements",),
}
"""Common names of the columns, best first; case, blanks and punctuation do not matter."""

NONE = "none"
"""Setting that switches a column off."""

ROW = "row"
"""Setting of `id`: the number of the row."""

_BY_LETTER = ("options", "statements")
"""Fields that may have a column for each letter, of which a row may lack some."""

_LONGEST_CLUSTER = 100
"""Characters; longer names, such as whole questions, are kept as a digest."""

_REMEMBERED = 64
"""Sets of columns whose places are kept; rows of a file have one, or very few."""

_LETTER_PREFIXES = ("", "option", "choice")
_PLACEHOLDER = re.compile(r"^(?:\s*<image>)+|(?:<image>\s*)+$")


@dataclass(frozen=True)
class Places:
    """Where the fields of a row stand; worked out once for all rows with the same columns.

    Attributes:
        names: field → its columns, in order; none where the field is not there.
        letters: letter → column, where each option has a column of its own.
        statements: letter → column, where each statement has a column of its own.
    """

    names: Mapping[str, tuple[str, ...]]
    letters: Mapping[str, str]
    statements: Mapping[str, str]


@dataclass(frozen=True)
class Layout:
    """How the rows of a file become samples.

    Attributes:
        benchmark: name of the benchmark; ids are `benchmark/native-id`.
        pictures: where the pictures lie.
        columns: field → column as the user named it, several joined with `+`; fields that are
            not named are looked for under `NAMES`.
        answer_as: how to read gold answers.
        answer_kind: what kind of answer is asked for; other kinds than `choice` have no options.
    """

    benchmark: str
    pictures: Pictures
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    answer_as: AnswerAs = "auto"
    answer_kind: AnswerKind = "choice"

    def check(self, row: Mapping[str, Any]) -> None:
        """Check the first row: what was named or is needed must be there.

        Raises:
            DataError: a column is missing; lists the columns that are there.
        """
        for name, setting in self.columns.items():
            if name in _BY_LETTER and "+" in setting:
                continue
            if setting not in (NONE, ROW) and not _split(setting, row):
                raise DataError(f"no column {setting!r} for {name}={setting}; {_listed(row)}")
        places = self._places(tuple(row))
        for name in ("question", "answer", "image"):
            if self.columns.get(name) != NONE and not places.names[name]:
                known = ", ".join(NAMES[name])
                also = " (or image=none for questions without one)" if name == "image" else ""
                raise DataError(
                    f"found no column with the {name} (known names: {known}); say {name}=COLUMN"
                    f"{also}; {_listed(row)}"
                )

    def sample(self, number: int, row: Mapping[str, Any]) -> Sample:
        """Make the sample of a row.

        Raises:
            DataError: the row is not as it must be.
        """
        places = self._places(tuple(row))
        id = f"{self.benchmark}/{self._native_id(number, row, places)}"
        images, key = self._images(row, places)
        cluster = self._cluster(row, places) or key or id
        category = _joined("category", row, places)
        if self.answer_kind != "choice":
            return open_sample(
                id=id,
                benchmark=self.benchmark,
                images=images,
                question=_hinted(_text(row, places), row, places),
                answer=gold_text(_cell("answer", row, places)),
                kind=self.answer_kind,
                cluster=cluster,
                category=category,
            )
        told = _told(row, places)
        counted = self.answer_as in ("index0", "index1") or is_listed(told)
        question, options = self._question(row, places, keep_order=counted)
        return choice_sample(
            id=id,
            benchmark=self.benchmark,
            images=images,
            question=question,
            options=options,
            gold=_cell("answer", row, places),
            cluster=cluster,
            group=_joined("group", row, places) or None,
            category=category,
            answer_as=self.answer_as,
            statements=statements_of(told, options),
        )

    @cached_property
    def _places(self) -> Callable[[tuple[str, ...]], Places]:
        """Columns of a row → where its fields stand, remembered: rows come by the 100,000."""
        return lru_cache(maxsize=_REMEMBERED)(self._find_places)

    def _find_places(self, columns: tuple[str, ...]) -> Places:
        names = {name: self._names(name, columns) for name in (*NAMES, "cluster", "group")}
        setting = self.columns.get("options", "")
        letters: dict[str, str] = {} if setting else _letter_columns(columns)
        if "+" in setting:
            letters = _by_letter(setting.split("+"))
        told = self.columns.get("statements", "")
        return Places(names, letters, _by_letter(told.split("+")) if "+" in told else {})

    def _names(self, name: str, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Return the row's columns for a field: the named ones, or the first known one."""
        setting = self.columns.get(name)
        if setting is not None:
            return () if setting == NONE else _split(setting, columns)
        column = first_known(name, columns)
        return (column,) if column else ()

    def _native_id(self, number: int, row: Mapping[str, Any], places: Places) -> str:
        setting = self.columns.get("id")
        if setting == ROW or (setting is None and not places.names["id"]):
            return str(number)
        value = _joined("id", row, places)
        if not value:
            raise DataError("expected an id, found an empty cell")
        return value

    def _cluster(self, row: Mapping[str, Any], places: Places) -> str:
        if "cluster" not in self.columns:
            return ""
        value = _joined("cluster", row, places)
        if not value:
            raise DataError(
                f"expected the image or scene in {self.columns['cluster']!r}, found an empty cell"
            )
        if len(value) <= _LONGEST_CLUSTER:
            return value
        return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _question(
        self, row: Mapping[str, Any], places: Places, *, keep_order: bool
    ) -> tuple[str, dict[str, str]]:
        text = _text(row, places)
        options = _options(row, places, keep_order=keep_order)
        if options is None:
            text, options = parsing.from_text(text)
        if not options:
            raise DataError(
                "found no options: neither columns A, B, … nor a list (options=COLUMN) nor "
                f"labelled options in the question; {_listed(row)}"
            )
        return _hinted(text, row, places), options

    def _images(self, row: Mapping[str, Any], places: Places) -> tuple[tuple[ImageRef, ...], str]:
        if self.columns.get("image") == NONE:
            return (), ""
        cells = [row[name] for name in places.names["image"]]
        cells = [cell for cell in cells if not is_absent(cell)]
        return self.pictures.find(cells[0] if len(cells) == 1 else cells)


def first_known(name: str, columns: Iterable[str]) -> str:
    """Return the column with the best known name for a field, empty without one."""
    present = {_plain(column): column for column in columns}
    known = (present.get(_plain(candidate)) for candidate in NAMES.get(name, ()))
    return next((column for column in known if column is not None), "")


def _text(row: Mapping[str, Any], places: Places) -> str:
    cell = _cell("question", row, places)
    text = "" if is_absent(cell) else str(cell)
    if not text.strip():
        raise DataError("expected a question, found an empty cell")
    return (_PLACEHOLDER.sub("", text) if "<image>" in text else text).strip()


def _hinted(text: str, row: Mapping[str, Any], places: Places) -> str:
    hint = _joined("hint", row, places)
    return f"{hint}\n{text}" if hint else text


def _told(row: Mapping[str, Any], places: Places) -> Any:
    """Return the cell of the statements, or letter → cell where each has a column of its own."""
    if places.statements:
        return {letter: row.get(column) for letter, column in places.statements.items()}
    names = places.names["statements"]
    return row[names[0]] if names else None


def _options(row: Mapping[str, Any], places: Places, *, keep_order: bool) -> dict[str, str] | None:
    """Return the options from columns of their own; None where they are in the question."""
    if places.letters:
        return parsing.from_columns(
            {letter: row.get(name) for letter, name in places.letters.items()}
        )
    names = places.names["options"]
    if not names or names == places.names["question"]:
        return None
    return parsing.from_value(row[names[0]], keep_order=keep_order)


def _cell(name: str, row: Mapping[str, Any], places: Places) -> Any:
    names = places.names[name]
    if not names:
        raise DataError(f"expected a column with the {name}; {_listed(row)}")
    return row[names[0]] if len(names) == 1 else _joined(name, row, places)


def _joined(name: str, row: Mapping[str, Any], places: Places) -> str:
    names = places.names[name]
    if not names:
        return ""
    cells = [row[column] for column in names]
    return "-".join([str(cell).strip() for cell in cells if not is_absent(cell)])


def _split(setting: str, columns: Collection[str]) -> tuple[str, ...]:
    """Return the columns that a setting names, in order; empty if one of them is not there."""
    if setting in columns:
        return (setting,)
    names = setting.split("+")
    return tuple(names) if all(name in columns for name in names) else ()


def _by_letter(names: Sequence[str]) -> dict[str, str]:
    """Return letter → column for columns in the order of the letters; a row may lack some."""
    if len(names) > len(LETTERS):
        raise DataError(f"expected at most {len(LETTERS)} options, found {len(names)} columns")
    return dict(zip(LETTERS, names, strict=False))


def _letter_columns(columns: Iterable[str]) -> dict[str, str]:
    present = {_plain(column): column for column in columns}
    for prefix in _LETTER_PREFIXES:
        if f"{prefix}a" in present and f"{prefix}b" in present:
            keys = ((letter, f"{prefix}{letter.lower()}") for letter in LETTERS)
            return {letter: present[key] for letter, key in keys if key in present}
    return {}


def _plain(column: str) -> str:
    return re.sub(r"[\W_]+", "", column.casefold())


def _listed(columns: Iterable[str]) -> str:
    shown = [str(column)[:40] for column in columns][:40]
    return f"the columns are: {', '.join(shown)}"
