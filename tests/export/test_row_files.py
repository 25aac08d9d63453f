"""The rows as Parquet, CSV and JSON lines: each file read back by the format's own readers."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from tests.export.conftest import HOSTILE

from unswayed.export.cells import FORMULA, as_json, in_csv
from unswayed.export.exporting import FORMATS, export
from unswayed.results import measured
from unswayed.results.row_columns import COLUMNS
from unswayed.results.rows import chunks
from unswayed.run.folder import RunFolder

pd = pytest.importorskip("pandas")
pq = pytest.importorskip("pyarrow.parquet")
NAMES = [one.name for one in COLUMNS]
ROWS = ("parquet", "csv", "jsonl")


def read(path: Path) -> Any:
    """Return an exported file as a pandas table."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix == ".csv":
        return pd.read_csv(path, keep_default_na=False, na_values=[""])
    return pd.read_json(path, lines=True, dtype=False)


def accuracies(table: Any) -> dict[tuple[str, str], float]:
    """Return benchmark and variant → the mean of `correct` where there is an output."""
    known = table[table["correct"].notna()]
    means = known["correct"].astype("boolean").groupby([known["benchmark"], known["variant"]])
    return means.mean().to_dict()


@pytest.mark.parametrize("name", ROWS)
def test_the_means_of_the_rows_are_the_figures(run: RunFolder, name: Any) -> None:
    table = read(export(run, name))
    assert list(table.columns) == NAMES
    assert len(table) == len(list(run.generations))
    figures = measured.load(run)
    found = accuracies(table)
    assert len(found) == 4
    for (benchmark, variant), mean in found.items():
        estimate = figures.find(benchmark, variant, "accuracy")
        assert estimate is not None
        assert mean == pytest.approx(estimate.value, abs=1e-12)
    swayed = table[table["variant"] == "wrong-think"].groupby("benchmark")["sway"].mean()
    for benchmark, mean in swayed.items():
        estimate = figures.find(benchmark, "wrong-think", "sway")
        assert estimate is not None
        assert mean == pytest.approx(estimate.value, abs=1e-12)


@pytest.mark.parametrize("name", ROWS)
def test_rows_are_those_of_the_run_whatever_a_chunk_holds(run: RunFolder, name: Any) -> None:
    whole = next(chunks(run, 1000))
    pieces = list(chunks(run, 3))
    for column in NAMES:
        assert [cell for piece in pieces for cell in piece[column]] == list(whole[column])
    table = read(export(run, name))
    assert table["id"].tolist() == whole["id"]
    assert table["text"].fillna("").tolist() == [text or "" for text in whole["text"]]


def test_parquet_has_types_and_meanings(run: RunFolder) -> None:
    path = export(run, "parquet")
    schema = pq.read_schema(path)
    assert {one.name: schema.field(one.name).metadata[b"meaning"].decode() for one in COLUMNS} == {
        one.name: one.meaning for one in COLUMNS
    }
    table = pq.read_table(path).to_pylist()
    assert {type(row["correct"]) for row in table} == {bool, type(None)}
    assert all(row["correct"] is None for row in table if row["status"] == "error")
    choices = [row for row in table if row["options"] != "{}"]
    assert choices
    assert set(json.loads(choices[0]["options"])) >= {"A", "B"}
    assert isinstance(choices[0]["flags"], list)


@pytest.mark.parametrize("name", ROWS)
def test_hostile_texts_come_back(hostile: RunFolder, name: Any) -> None:
    table = read(export(hostile, name))
    written = table["text"].tolist()
    for place, thought in enumerate(HOSTILE):
        expected = f"{thought}<answer>{'AB'[place % 2]}</answer>"
        found = written[place]
        if name == "csv":
            expected = expected.replace("\0", "␀")
            found = found.removeprefix("'")
        assert found == expected


def test_no_cell_of_a_csv_is_a_formula(hostile: RunFolder) -> None:
    path = export(hostile, "csv")
    assert b"\0" not in path.read_bytes()
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(HOSTILE)
    numbers = {one.name for one in COLUMNS if one.kind in ("number", "count")}
    for row in rows:
        for name, cell in row.items():
            assert name in numbers or not cell.startswith(FORMULA[:-1])
    assert all(row["question"] == "'=1+1 Is it red?" for row in rows)
    assert json.loads(rows[0]["options"]) == {"A": "yes", "B": "=no"}


def test_a_number_below_zero_stays_a_number() -> None:
    assert in_csv(-1.0) == "-1.0"
    assert in_csv("-1.0") == "'-1.0"
    assert in_csv("'-1.0") == "''-1.0"
    assert in_csv(("stated", "box")) == '["stated", "box"]'
    assert (in_csv("a\ud800"), as_json({"a\ud800": ["\ud800"]})) == (
        "a\ufffd",
        {"a\ufffd": ["\ufffd"]},
    )
    assert [in_csv(cell) for cell in (None, True, False, 0)] == ["", "true", "false", "0"]


@pytest.mark.parametrize("name", ROWS)
def test_open_answers_have_rows(open_answers: RunFolder, name: Any) -> None:
    table = read(export(open_answers, name))
    assert table["gold"].astype(str).tolist() == ["3"] * 6
    assert table["correct"].astype(bool).sum() == 1
    assert table["letter"].isna().all()


@pytest.mark.parametrize("name", ROWS)
def test_a_run_that_is_not_judged_has_rows_without_verdicts(run: RunFolder, name: Any) -> None:
    run.verdicts.path.unlink()
    run.mark_complete("verdicts", complete=False)
    table = read(export(run, name))
    assert table["verdict"].isna().all()
    assert accuracies(table) == accuracies(read(export(run, name)))


def test_every_format_of_rows_is_tried_here() -> None:
    assert {name for name, one in FORMATS.items() if one.module == "row_files"} == set(ROWS)
