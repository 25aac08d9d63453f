"""Text files as other programs write them: separators, encodings, rows of other types."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from unswayed.benchmarks.file import File
from unswayed.benchmarks.mmbench import MMBench
from unswayed.benchmarks.whatsup import WhatsUp
from unswayed.errors import DataError
from unswayed.models.replay import Replay
from unswayed.run import tables
from unswayed.run.rows import read_rows
from unswayed.types import Failure, Sample

HEADER = ["id", "question", "A", "B", "answer"]
ROWS = [
    ["1", "Left, or right; which?", "left", "right", "A"],
    ["2", "Größe?\nIn metres, please", "1,5", "2,5", "B"],
]
JSON_ROW = {"id": "x", "question": "Größe?", "A": "red", "B": "tan", "answer": "A"}


def written(delimiter: str, quote: bool = True, end: str = "\r\n") -> str:
    cells = [HEADER, *ROWS]
    if not quote:
        cells = [[cell.replace("\n", " ").replace(";", "") for cell in row] for row in cells]
        return "".join(delimiter.join(row) + end for row in cells)
    return "".join(delimiter.join(f'"{cell}"' for cell in row) + end for row in cells)


def samples(path: Path) -> list[Sample]:
    items = list(File(str(path), image="none"))
    assert [item for item in items if isinstance(item, Failure)] == []
    return [item for item in items if isinstance(item, Sample)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["q.csv", "q.tsv"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_separator_under_every_suffix(
    tmp_path: Path, delimiter: str, name: str, encoding: str
) -> None:
    path = tmp_path / name
    path.write_bytes(written(delimiter).encode(encoding))
    one, two = samples(path)
    assert one.question == "Left, or right; which?"
    assert (two.question, two.options["B"]) == (
        "Größe?\nIn metres, please".replace("\r", ""),
        "2,5",
    )
    assert (one.answer, two.answer) == ("A", "B")


def test_commas_in_unquoted_fields_between_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    header = "id;question, in English;A;B;answer"
    path.write_text(f"{header}\n1;Left, or right?;left;right;A\n2;Up?;a;b;A\n", "utf-8")
    row = next(row for _, row in read_rows(path))
    assert isinstance(row, dict)
    assert row["question, in English"] == "Left, or right?"
    path.write_text(written(";", quote=False), "utf-8")
    assert [sample.options["A"] for sample in samples(path)] == ["left", "1,5"]


def test_the_suffix_counts_where_two_separators_fit(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("id;x,question,A,B,answer\n1;2,Which?,a,b,A\n", "utf-8")
    assert tables.format_of(path).delimiter == ","
    path.write_text("question,A,B,answer,id;x\nOne, two?,a,b,A,1;2\n", "utf-8")
    assert tables.format_of(path).delimiter == ";"  # the header and all rows have two fields so
    path.write_text("question,A,B,answer\nOne, two?,a,b,A\nOne?,a,b,A\n", "utf-8")
    assert tables.format_of(path).delimiter == ","  # a broken row is that row's failure
    assert [isinstance(row, DataError) for _, row in read_rows(path)] == [True, False]


def test_a_broken_row_between_semicolons_is_that_rows_failure(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("id;question;A;B;answer\n1;What; which?;a;b;A\n2;What?;a;b;A\n", "utf-8")
    assert [isinstance(row, DataError) for _, row in read_rows(path)] == [True, False]


def test_what_cannot_be_told_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("id;a\tquestion\n1;b\tWhat?\n", "utf-8")
    with pytest.raises(DataError, match=r"whether semicolons or tabs separate .* commas as \.csv"):
        list(File(str(path), image="none"))


def test_the_line_that_names_the_separator(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_bytes(b"\xef\xbb\xbfsep=;\r\n" + written(";").encode())
    assert len(samples(path)) == 2


def test_a_long_table_is_told_by_its_start(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    long = "y" * (1 << 18)
    path.write_text(f"id;question;A;B;answer\n1;{long};a;b;A\n2;{long};a;b;A\n", "utf-8")
    assert len(samples(path)) == 2
    path.write_text("id;question;A;B;answer\n" + f"1;{long[:500]};a;b;A\n" * 999, "utf-8")
    assert tables.format_of(path).delimiter == ";"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("form", ["jsonl", "json", "jsonl.gz"])
def test_wide_encodings_of_json(tmp_path: Path, encoding: str, form: str) -> None:
    rows = [JSON_ROW, JSON_ROW | {"id": "y"}]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    text = json.dumps(rows, ensure_ascii=False, indent=1) if form == "json" else "\n".join(lines)
    data = text.encode(encoding)
    path = tmp_path / f"q.{form}"
    path.write_bytes(gzip.compress(data) if form.endswith("gz") else data)
    assert [sample.question for sample in samples(path)] == ["Größe?", "Größe?"]


def test_recorded_outputs_in_a_wide_encoding(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    path.write_bytes('{"id": "1", "output": "é"}\n{"id": "2", "output": "ü"}\n'.encode("utf-16"))
    model = Replay(str(path))
    assert model.provenance()["outputs"] == 2
    model.close()


def test_pictures_of_a_table_in_a_wide_encoding(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(buffer, "PNG")
    cell = base64.b64encode(buffer.getvalue()).decode()
    path = tmp_path / "dev.tsv"
    lines = ["index\tquestion\tA\tB\tanswer\timage", f"1\tHow großß?\tx\ty\tA\t{cell}"]
    lines += [f"2\tHow?\tx\ty\tB\t{cell}", "3\tHow?\tx\ty\tB\t1"]
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-be"):
        path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
        items = [item for item in MMBench(str(path)) if isinstance(item, Sample)]
        assert [item.images[0].read() for item in items] == [buffer.getvalue()] * 3
        assert items[1].images[0].label == "'image' of row 2 of dev.tsv"


@pytest.mark.parametrize("data", [b"\xff\xfe" + "a,b\n1,2\n".encode("utf-16-le") + b"\0"])
def test_a_wide_encoding_that_breaks_off(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "q.csv"
    path.write_bytes(data)
    with pytest.raises(DataError, match="starts as UTF-16-LE, but does not go on so"):
        list(read_rows(path))


def test_a_zero_byte_alone_is_no_sign_of_a_wide_encoding(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_bytes(b"id,question,A,B,answer\n1,What\0 is it?,a,b,A\n")
    (row,) = [row for _, row in read_rows(path)]
    assert isinstance(row, dict)
    assert row["question"] == "What\0 is it?"


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("q.csv", r"iconv -f CP1252 -t UTF-8 q\.csv > new-q\.csv"),
        ("my rows.tsv", r"iconv -f CP1252 -t UTF-8 'my rows\.tsv' > 'new-my rows\.tsv'"),
        ("q.csv.gz", r"gunzip -c q\.csv\.gz \| iconv -f CP1252 -t UTF-8 > new-q\.csv"),
    ],
)
def test_another_encoding_is_refused_with_the_byte_that_shows_it(
    tmp_path: Path, name: str, command: str
) -> None:
    path = tmp_path / name
    data = "id,question\n1,Gr\xf6\xdfe?\n".encode("cp1252")
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    with pytest.raises(DataError) as error:
        list(read_rows(path))
    assert str(error.value).startswith(f"{path} is not UTF-8 (byte 0xF6, 'ö' in Windows-1252, at")
    assert "byte 5 of line 2" in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert re.search(command, str(error.value))


BAD_ROWS = {"[1, 2]": "a list", '"x"': "a text", "7": "a number", "null": "null", "true": "true"}


@pytest.mark.parametrize("bad", BAD_ROWS)
@pytest.mark.parametrize("first", [True, False])
def test_a_row_of_another_type_is_a_failure_and_the_others_are_used(
    tmp_path: Path, bad: str, first: bool
) -> None:
    path = tmp_path / "q.jsonl"
    good = json.dumps(JSON_ROW)
    path.write_text("\n".join([bad, good] if first else [good, bad]) + "\n", "utf-8")
    failures = [item for item in File(str(path), image="none") if isinstance(item, Failure)]
    kept = [item for item in File(str(path), image="none") if isinstance(item, Sample)]
    line = 1 if first else 2
    assert [(f.id, f.stage) for f in failures] == [(f"q.jsonl:{line}", "load")]
    assert f"{path}, line {line}, found {BAD_ROWS[bad]}" in failures[0].message
    assert len(kept) == 1


@pytest.mark.parametrize("text", ["[1]\n[2]\n", '"a"\n', "[1, 2]", "7\n8\n", "[[1], [2]]"])
def test_a_file_without_an_object_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError) as error:
        list(File(str(path), image="none"))
    assert str(path) in str(error.value)
    assert "1, found" in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_json_list_may_be_called_jsonl(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    for text in (json.dumps([JSON_ROW]), json.dumps([JSON_ROW], indent=2)):
        path.write_text(text, "utf-8")
        assert len(samples(path)) == 1


def test_a_header_that_names_a_column_twice(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("id,answer,answer\n1,a,b\n", "utf-8")
    with pytest.raises(DataError, match="'answer' 2 times in its header; rename one"):
        list(read_rows(path))


def test_json_of_whatsup_in_utf_16(tmp_path: Path) -> None:
    path = tmp_path / "coco_qa_two_obj.json"
    path.write_bytes(json.dumps([["7", "a above b", "a below b"]]).encode("utf-16"))
    (sample,) = WhatsUp(str(path), images="none")
    assert isinstance(sample, Sample)
