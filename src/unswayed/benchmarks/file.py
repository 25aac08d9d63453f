"""Your own questions: a JSONL, JSON, TSV or CSV file with pictures beside it or inside it.

docs/your-own-data.md shows the formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, cast, get_args

from unswayed.benchmarks.parse.gold import check_answer_as
from unswayed.benchmarks.parse.items import collect
from unswayed.benchmarks.parse.layout import Layout
from unswayed.benchmarks.sources import provenance
from unswayed.benchmarks.sources.fields import RawRow
from unswayed.benchmarks.sources.pictures import NAME_FOLDER_OR_PREFIX, Pictures
from unswayed.errors import ConfigError, DataError
from unswayed.run import recordings, rows
from unswayed.types import AnswerKind, Failure, Sample

Numbered = tuple[int, RawRow | DataError]


class File:
    """Questions from a file of your own, with options or with open answers.

    Columns are found by their common names, or named by an option; several columns are joined
    with `+`. `none` switches a column off.
    """

    def __init__(
        self,
        path: str,
        *,
        images: str = "",
        name: str = "",
        id: str = "",
        question: str = "",
        options: str = "",
        answer: str = "",
        image: str = "",
        category: str = "",
        cluster: str = "",
        group: str = "",
        hint: str = "",
        statements: str = "",
        strip_prefix: str = "",
        answer_as: str = "auto",
        answer_kind: str = "choice",
        only: str = "",
        limit: int = 0,
    ) -> None:
        """Name the file and, where they cannot be found by name, its columns.

        Args:
            path: `.jsonl`, `.json` (a list), `.tsv` or `.csv`, perhaps with `.gz`; UTF-8.
            images: folder of the pictures; the file's own folder if empty.
            name: name of the benchmark; `file/` and the file's stem if empty.
            id: column(s) of the id, or `row` for the row's number.
            question: column of the question.
            options: column of the list of options, or one column an option (`A+B+C`), or the
                question's own column where the options stand in its text.
            answer: column of the gold answer.
            image: column(s) of the picture(s), paths or base64; `none` for no pictures.
            category: column of the category.
            cluster: column of the image or scene; the picture itself if empty.
            group: column that circular or flipped copies share.
            hint: column of a text that is put before the question.
            statements: column of a sentence for each option, true of the picture exactly if the
                option is right: a list in their order, a dict by letter, or one column a sentence
                (`s1+s2+s3`). Injected texts assert options with them.
            strip_prefix: start of the paths in the file that is not there in the folder.
            answer_as: `auto`, `letter`, `text`, `index0` or `index1`.
            answer_kind: `choice`, or `number`, `text` or `box` for questions without options; a
                box is a list of its four edges, in the coordinates that the question asks for.
            only: `COLUMN=VALUE`; other rows are left out.
            limit: number of rows to read, 0 for all.

        Raises:
            DataError: the file is missing or empty, or of no known format.
            ConfigError: an option is not as it must be.
        """
        self.path = Path(path)
        rows.require_rows(self.path)
        self.name = str(name) or f"file/{recordings.stem(self.path)}"
        named = {
            "id": id, "question": question, "options": options, "answer": answer, "image": image,
            "category": category, "cluster": cluster, "group": group, "hint": hint,
            "statements": statements,
        }  # fmt: skip
        self._layout = Layout(
            benchmark=self.name,
            pictures=Pictures(
                Path(images) if images else self.path.parent,
                str(strip_prefix),
                NAME_FOLDER_OR_PREFIX,
            ),
            columns={field: str(column) for field, column in named.items() if column != ""},
            answer_as=check_answer_as(answer_as),
            answer_kind=check_answer_kind(
                answer_kind,
                options=options,
                group=group,
                statements=statements,
                answer_as="" if answer_as == "auto" else answer_as,
            ),
        )
        self._only = parse_only(only)
        self._limit = check_limit(limit)

    def provenance(self) -> dict[str, Any]:
        """Return which file was read, with its digest."""
        return provenance.of_files([self.path])

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every row as a sample, or as the failure that it is.

        Raises:
            DataError: the file has no rows, no usable columns, or is not UTF-8.
        """
        return read_samples(
            self.path, self._layout, keep(rows.read_rows(self.path), self._only), self._limit
        )


def read_samples(
    path: Path, layout: Layout, numbered: Iterable[Numbered], limit: int
) -> Iterator[Sample | Failure]:
    """Yield a sample or a failure for every row of a file."""
    checked = _checked(path, layout, numbered)
    located = (
        (f"{path.name}:{number}", row if isinstance(row, DataError) else (number, row))
        for number, row in (islice(checked, limit) if limit else checked)
    )
    return collect(layout.benchmark, located, lambda pair: layout.sample(*pair))


def check_answer_kind(kind: str, **of_choices: str) -> AnswerKind:
    """Check a kind of answer, and that options of choices alone are not given beside another.

    Raises:
        ConfigError: there is no such kind, or an option does not go with it.
    """
    if kind not in get_args(AnswerKind):
        raise ConfigError(
            f"expected answer_kind = {', '.join(get_args(AnswerKind))}; found {kind!r}"
        )
    given = [name for name, value in of_choices.items() if value]
    if kind != "choice" and given:
        raise ConfigError(
            f"{given[0]}= is for answer_kind=choice alone, and answer_kind={kind} has no options"
        )
    return cast(AnswerKind, kind)


def parse_only(only: str) -> tuple[str, str] | None:
    """Parse `COLUMN=VALUE`.

    Raises:
        ConfigError: it is not written so.
    """
    column, equals, value = str(only).partition("=")
    if only and not (column and equals):
        raise ConfigError(f"expected only=COLUMN=VALUE, found only={only}")
    return (column, value) if only else None


def check_limit(limit: object) -> int:
    """Check a number of rows.

    Raises:
        ConfigError: it is no whole number from 0.
    """
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise ConfigError(f"expected limit to be a whole number from 0, found {limit!r}")
    return limit


def keep(numbered: Iterable[Numbered], only: tuple[str, str] | None) -> Iterator[Numbered]:
    """Leave out the rows whose column has another value; broken rows are kept.

    Raises:
        DataError: a row does not have the column.
    """
    for number, row in numbered:
        if only is None or isinstance(row, DataError) or _has(row, *only):
            yield number, row


def _has(row: Mapping[str, Any], column: str, value: str) -> bool:
    if column not in row:
        raise DataError(f"no column {column!r} for only=; the columns are: {', '.join(row)}")
    return str(row[column]).strip() == value.strip()


def _checked(path: Path, layout: Layout, numbered: Iterable[Numbered]) -> Iterator[Numbered]:
    """Check the first whole row for the columns, and that there is one."""
    whole = False
    broken: DataError | None = None
    for number, row in numbered:
        if isinstance(row, DataError):
            broken = broken or row
        elif not whole:
            layout.check(row)
            whole = True
        yield number, row
    if not whole:
        raise DataError(str(broken) if broken else f"{path} has no rows to read")
