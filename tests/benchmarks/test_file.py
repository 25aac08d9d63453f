from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import re
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unswayed.benchmarks.file import File
from unswayed.errors import ConfigError, DataError
from unswayed.perturbations import Context
from unswayed.perturbations.composition import compose, variants_of
from unswayed.perturbations.texts.templates import Templates
from unswayed.types import Failure, Sample


def picture(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(buffer, "PNG")
    return buffer.getvalue()


ENCODED = base64.b64encode(picture()).decode()
ROW: dict[str, Any] = {
    "question": "Colour?",
    "A": "red",
    "B": "blue",
    "answer": "A",
    "image": "a.png",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.png").write_bytes(picture())
    return tmp_path


def jsonl(folder: Path, *rows: object, name: str = "q.jsonl") -> str:
    text = "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows)
    (folder / name).write_text(text, "utf-8")
    return str(folder / name)


def table(folder: Path, rows: list[dict[str, Any]], name: str) -> str:
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter="\t" if "tsv" in name else ",")
        writer.writeheader()
        writer.writerows(rows)
    return str(folder / name)


def only_sample(items: Iterable[Sample | Failure]) -> Sample:
    (item,) = items
    assert isinstance(item, Sample), item
    return item


def only_failure(items: Iterable[Sample | Failure]) -> Failure:
    (item,) = items
    assert isinstance(item, Failure), item
    return item


def test_a_row_becomes_a_sample(folder: Path) -> None:
    sample = only_sample(File(jsonl(folder, ROW)))
    assert sample.id == "file/q/1"
    assert sample.benchmark == "file/q"
    assert sample.options == {"A": "red", "B": "blue"}
    assert (sample.answer, sample.question, sample.cluster) == ("A", "Colour?", "a.png")
    assert sample.images[0].path == str(folder / "a.png")


@pytest.mark.parametrize("name", ["q.json", "q.jsonl", "q.tsv", "q.csv", "q.jsonl.gz", "q.tsv.gz"])
def test_every_format_gives_the_same_samples(folder: Path, name: str) -> None:
    plain = name.removesuffix(".gz")
    rows = [dict(ROW, question=f'Q "{n}",\n\tor?', id=n) for n in range(3)]
    if plain == "q.json":
        (folder / plain).write_text(json.dumps(rows, indent=1), "utf-8")
    elif plain == "q.jsonl":
        jsonl(folder, *rows)
    else:
        table(folder, rows, plain)
    if name != plain:
        (folder / name).write_bytes(gzip.compress((folder / plain).read_bytes()))
    samples = list(File(str(folder / name)))
    assert [s.id for s in samples] == ["file/q/0", "file/q/1", "file/q/2"]
    assert all(isinstance(s, Sample) and s.question.startswith('Q "') for s in samples)


def test_a_byte_order_mark_is_no_part_of_the_first_column(folder: Path) -> None:
    for name in ("q.csv", "q.jsonl", "q.json"):
        content = json.dumps(ROW) if "jsonl" in name else json.dumps([ROW])
        if name == "q.csv":
            content = ",".join(ROW) + "\n" + ",".join(map(str, ROW.values())) + "\n"
        (folder / name).write_text(content, "utf-8-sig")
        assert only_sample(File(str(folder / name))).question == "Colour?"


def test_large_lists_are_read_piece_by_piece(folder: Path) -> None:
    rows = [dict(ROW, id=n, note="x" * (n * 37 % 90_000)) for n in range(400)]
    (folder / "q.json").write_text(json.dumps(rows), "utf-8")
    assert [s.id for s in File(str(folder / "q.json"))] == [f"file/q/{n}" for n in range(400)]


@pytest.mark.parametrize(
    "row",
    [
        {"text": "Colour?", "choices": ["red", "blue"], "label": "A", "image_path": "a.png"},
        {"query": "Colour?", "options": "['red', 'blue']", "gold": "(A)", "img": ["a.png"]},
        {"problem": "<image>Colour?", "choices": {"A": "red", "B": "blue"},
         "ground_truth": "red", "images": "a.png"},
        {"Text": "Colour?", "Answer choices": ["(A) red", "(B) blue"], "Ground truth": "A",
         "Image": "a.png"},
        {"question": "Colour?\nA. red\nB. blue", "answer": "A. red", "image_name": "a.png"},
        {"question": "Colour?", "option_a": "red", "option_b": "blue", "answer": "A",
         "image": "a.png"},
        {"question": "Colour?", "A": "red", "B": "blue", "C": "nan", "D": None, "answer": "A",
         "image": "a.png", "hint": "nan"},
    ],
)  # fmt: skip
def test_common_column_names_are_found(folder: Path, row: dict[str, Any]) -> None:
    sample = only_sample(File(jsonl(folder, row)))
    assert (sample.question, sample.answer) == ("Colour?", "A")
    assert sample.options == {"A": "red", "B": "blue"}


def test_columns_can_be_named(folder: Path) -> None:
    row = {"q": "Colour?", "o1": "red", "o2": "blue", "o3": None, "g": 1, "p": "x/a.png", "n": 7,
           "lang": "en", "kind": "hue", "scene": "s1", "copy": "c", "note": "Look."}  # fmt: skip
    benchmark = File(
        jsonl(folder, row), name="mine", id="lang+n", question="q", options="o1+o2+o3", answer="g",
        image="p", category="kind", cluster="scene", group="copy", hint="note", strip_prefix="x/",
        answer_as="index1",
    )  # fmt: skip
    sample = only_sample(benchmark)
    assert sample.id == "mine/en-7"
    assert sample.question == "Look.\nColour?"
    assert (sample.answer, sample.options) == ("A", {"A": "red", "B": "blue"})
    assert (sample.category, sample.cluster, sample.group) == ("hue", "s1", "c")


def test_options_of_the_question_can_be_asked_for(folder: Path) -> None:
    row = {"question": "Colour?\nA. red\nB. blue", "choices": ["x", "y"], "answer": "B",
           "image": "a.png"}  # fmt: skip
    sample = only_sample(File(jsonl(folder, row), options="question"))
    assert sample.options == {"A": "red", "B": "blue"}


def test_pictures_inside_the_row(folder: Path) -> None:
    rows = [dict(ROW, image=ENCODED), dict(ROW, image=f"data:image/png;base64,{ENCODED}")]
    samples = list(File(jsonl(folder, *rows)))
    assert all(isinstance(s, Sample) and s.images[0].read() == picture() for s in samples)
    assert len({s.cluster for s in samples if isinstance(s, Sample)}) == 1


def test_several_pictures(folder: Path) -> None:
    row = dict(ROW, image=["a.png", ENCODED], second="a.png")
    samples = [
        only_sample(File(jsonl(folder, row))),
        only_sample(File(jsonl(folder, dict(row, image="a.png")), image="image+second")),
        only_sample(File(jsonl(folder, dict(row, image='["a.png", "./a.png"]')))),
    ]
    assert [len(s.images) for s in samples] == [2, 2, 2]
    assert samples[1].cluster == "a.png+a.png"


def test_no_picture_is_read_while_iterating(folder: Path) -> None:
    (folder / "a.png").write_bytes(b"this is no picture at all")
    sample = only_sample(File(jsonl(folder, ROW)))
    assert sample.images[0].data is None


def test_questions_without_pictures_only_if_asked_for(folder: Path) -> None:
    row = {key: value for key, value in ROW.items() if key != "image"}
    assert only_sample(File(jsonl(folder, row), image="none")).images == ()
    with pytest.raises(DataError, match=r"found no column with the image .*image=none"):
        list(File(jsonl(folder, row)))


def test_rows_are_picked_and_limited(folder: Path) -> None:
    path = jsonl(folder, *(dict(ROW, id=n, lang="de" if n % 2 else "en") for n in range(6)))
    assert [s.id for s in File(path, only="lang=en", limit=2)] == ["file/q/0", "file/q/2"]
    with pytest.raises(DataError, match="no column 'tongue' for only="):
        list(File(path, only="tongue=en"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answer": "C"}, "the gold 'C' is not one of the options"),
        ({"answer": 1}, "may be an index"),
        ({"answer": None}, "expected a gold answer, found none"),
        ({"B": "nan"}, "expected 2 to 26 options, found 1"),
        ({"A": None, "B": None}, "expected 2 to 26 options, found 0"),
        ({"B": None, "C": "green"}, "B is absent, but C is there"),
        ({"question": " "}, "expected a question, found an empty cell"),
        ({"question": "<image>"}, "expected a question, found an empty one"),
        ({"question": "\ud800?"}, "expected valid Unicode"),
        ({"image": ""}, "expected a picture, found an empty cell"),
        ({"image": "b.png"}, "no picture at .*b.png; name the folder of the pictures"),
        ({"image": "../a.png"}, "leads out of it"),
        ({"image": "x/../../a.png"}, "leads out of it"),
        ({"image": "/etc/os-release"}, "leads out of it"),
        ({"image": "/etc/hostname.png"}, "leads out of it"),
        ({"image": "https://example.org/a.png"}, "not fetched from the network"),
        ({"image": "a\0.png"}, "no picture at"),
        ({"image": "house"}, "is no file and cannot be decoded"),
        ({"image": "aG91c2U="}, "decodes to no JPEG, PNG"),
        ({"image": ENCODED[:-3]}, "cannot be decoded"),
        ({"image": "data:image/png;base64,%%%"}, "cannot be decoded"),
        ({"image": 7}, "expected a picture's path or base64 text, found a int"),
        ({"image": "empty.png"}, "is an empty file"),
    ],
)
def test_a_bad_row_is_a_failure_and_the_rest_goes_on(
    folder: Path, change: dict[str, Any], message: str
) -> None:
    (folder / "empty.png").touch()
    path = jsonl(folder, dict(ROW, id=1), dict(ROW, id=2) | change, dict(ROW, id=3))
    first, bad, last = File(path)
    assert (first.id, last.id) == ("file/q/1", "file/q/3")
    assert isinstance(bad, Failure)
    assert (bad.stage, bad.id, bad.benchmark) == ("load", "q.jsonl:2", "file/q")
    assert re.search(message, bad.message), bad.message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{broken", "line 2 is no JSON"),
        ("[1, 2]", "expected a JSON object .* line 2, found a list"),
        ("[" * 100_000, "line 2 is no JSON"),
    ],
)
def test_a_broken_line_is_a_failure(folder: Path, line: str, message: str) -> None:
    items = list(File(jsonl(folder, dict(ROW, id=1), line, dict(ROW, id=3))))
    assert isinstance(items[1], Failure)
    assert re.search(message, items[1].message)
    assert isinstance(items[2], Sample)


def test_a_repeated_id_is_a_failure(folder: Path) -> None:
    first, second = File(jsonl(folder, dict(ROW, id="x"), dict(ROW, id="x")))
    assert isinstance(first, Sample)
    assert isinstance(second, Failure)
    assert "'file/q/x' is the id of an earlier row as well" in second.message


def test_more_than_26_options_are_a_failure(folder: Path) -> None:
    row = {"question": "?", "choices": list(range(27)), "answer": "A", "image": "a.png"}
    assert "at most 26 options, found 27" in only_failure(File(jsonl(folder, row))).message


def test_a_row_without_options_says_what_was_looked_for(folder: Path) -> None:
    row = {"question": "Colour?", "answer": "A", "image": "a.png"}
    message = only_failure(File(jsonl(folder, row))).message
    assert "found no options" in message
    assert "the columns are: question, answer, image" in message


def test_a_table_row_with_a_stray_field_is_a_failure(folder: Path) -> None:
    path = folder / "q.csv"
    path.write_text("question,A,B,answer,image\nColour?,red,blue,A,a.png,more\n", "utf-8")
    with pytest.raises(DataError, match="expected 5 fields as in the header, found 6"):
        list(File(str(path)))
    path.write_text(path.read_text("utf-8") + "Colour?,red,blue,A,a.png\n", "utf-8")
    bad, good = File(str(path))
    assert isinstance(bad, Failure)
    assert isinstance(good, Sample)


def test_files_that_cannot_be_used_at_all(folder: Path) -> None:
    def write(name: str, content: bytes) -> str:
        (folder / name).write_bytes(content)
        return str(folder / name)

    latin = json.dumps(ROW | {"question": "Größe?"}, ensure_ascii=False).encode("latin-1")
    cases = [
        (str(folder / "missing.jsonl"), "expected a file at .*, found nothing there"),
        (str(folder), "found a folder there"),
        (write("e.jsonl", b""), "is empty; expected at least one row"),
        (write("b.jsonl", b"\n\n"), "has no rows to read"),
        (write("h.csv", b"question,A,B,answer,image\n"), "has no rows to read"),
        (
            write("l.jsonl", latin),
            "not UTF-8 .byte 0xF6, 'ö' in Windows-1252, at byte 17 of line 1.*iconv -f CP1252",
        ),
        (write("l.csv", b"question,A,B,answer,image\nGr\xf6\xdfe?,a,b,A,a.png\n"), "is not UTF-8"),
        (write("l.json", b'[{"question": "Gr\xf6"}]'), "is not UTF-8"),
        (write("q.parquet", b"PAR1"), r"found q.parquet; convert it: pandas.read_parquet"),
        (write("q.txt", b"x"), "expected a .jsonl, .json, .tsv or .csv file"),
        (write("x.jsonl", b"{\n"), "line 1 is no JSON"),
        (write("n.jsonl", b'{"a": 1}'), "found no column with the question .*the columns are: a"),
        (write("d.csv", b"a,a\n1,2\n"), "expected every column of .* once"),
        (
            write("q.csv", b'question,A\n"open,b\n'),
            "line 2: .*quotes inside a field must be doubled",
        ),
        (write("t.json", b'[{"question": "a'), "is no JSON list: broken after row 0"),
        (write("t.jsonl.gz", gzip.compress(json.dumps(ROW).encode())[:-12]), "damaged or cut off"),
        (write("g.jsonl.gz", b"no gzip"), "damaged or cut off"),
    ]
    for path, message in cases:
        with pytest.raises(DataError, match=f"(?s){message}"):
            list(File(path))


def test_a_named_column_must_be_there(folder: Path) -> None:
    with pytest.raises(
        DataError, match="no column 'qq' for question=qq; the columns are: question"
    ):
        list(File(jsonl(folder, ROW), question="qq"))


@pytest.mark.parametrize(
    "options", [{"answer_as": "number"}, {"limit": -1}, {"limit": "x"}, {"only": "lang"}]
)
def test_bad_options_of_the_benchmark(folder: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        File(jsonl(folder, ROW), **options)


def test_memory_does_not_grow_with_the_rows(folder: Path) -> None:
    row = json.dumps(dict(ROW, image=ENCODED, note="x" * 2000))

    def peak(rows: int) -> int:
        path = folder / "big.jsonl"
        path.write_text(f"{row}\n" * rows, "utf-8")
        tracemalloc.start()
        assert sum(1 for _ in File(str(path))) == rows
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return reached

    # the least of three: what else runs in the process may allocate meanwhile, a leak always does
    few, many = (min(peak(rows) for _ in range(3)) for rows in (300, 1300))  # 2 MB of rows more
    assert many - few < 500_000


# Open answers


OPEN = {"question": "How many cups?", "answer": 7, "image": "a.png", "A": "stays out"}


@pytest.mark.parametrize(
    ("kind", "answer", "gold"),
    [
        ("number", 7, "7"),
        ("number", "3/4", "3/4"),
        ("text", " a red door ", "a red door"),
        ("box", [1, 2, 30, 40], "[1, 2, 30, 40]"),
        ("box", "[1, 2, 30, 40]", "[1, 2, 30, 40]"),
    ],
)
def test_open_answers(folder: Path, kind: str, answer: object, gold: str) -> None:
    rows = [OPEN | {"id": "x", "answer": answer, "category": "c", "hint": "Look."}]
    sample = only_sample(File(jsonl(folder, *rows), answer_kind=kind))
    assert (sample.answer_kind, sample.answer, sample.options) == (kind, gold, {})
    assert (sample.question, sample.category) == ("Look.\nHow many cups?", "c")
    assert (sample.cluster, len(sample.images)) == ("a.png", 1)


def test_open_answers_in_a_table(folder: Path) -> None:
    path = table(folder, [{"question": "How many?", "answer": "7.0", "image": ENCODED}], "q.csv")
    assert only_sample(File(path, answer_kind="number")).answer == "7.0"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"answer": "some"}, "expected a number as gold"),
        ({"answer": ""}, "expected a gold answer, found none"),
        ({"question": " "}, "expected a question"),
    ],
)
def test_open_rows_that_are_not_as_they_must_be(
    folder: Path, row: dict[str, Any], said: str
) -> None:
    failure = only_failure(File(jsonl(folder, OPEN | row), answer_kind="number"))
    assert said in failure.message


@pytest.mark.parametrize("option", ["options", "group", "answer_as", "statements"])
def test_options_of_choices_alone(folder: Path, option: str) -> None:
    value = "letter" if option == "answer_as" else "c"
    with pytest.raises(ConfigError, match=f"{option}= is for answer_kind=choice alone"):
        File(jsonl(folder, OPEN), answer_kind="number", **{option: value})
    with pytest.raises(ConfigError, match="expected answer_kind = choice, number, text, box"):
        File(jsonl(folder, OPEN), answer_kind="letter")


# Statements of one's own

TOLD = {"A": "The lamp is red", "B": "The lamp is blue"}


@pytest.mark.parametrize(
    "cells",
    [
        {"statements": list(TOLD.values())},
        {"statements": json.dumps(list(TOLD.values()))},
        {"statements": TOLD},
        {"statements": {"b": TOLD["B"], "a": TOLD["A"], "c": None}},
        {"statements": repr(TOLD)},
        {"Statements": list(TOLD.values())},
    ],
)
def test_statements_are_found(folder: Path, cells: dict[str, Any]) -> None:
    assert only_sample(File(jsonl(folder, ROW | cells))).statements == TOLD


def test_statements_in_named_columns(folder: Path) -> None:
    row = ROW | {"told": list(TOLD.values()), "s1": TOLD["A"], "s2": TOLD["B"], "s3": ""}
    path = jsonl(folder, row)
    assert only_sample(File(path)).statements == {}
    assert only_sample(File(path, statements="told")).statements == TOLD
    assert only_sample(File(path, statements="s1+s2+s3")).statements == TOLD
    csv_path = table(folder, [{k: v for k, v in row.items() if k != "told"}], "q.csv")
    assert only_sample(File(csv_path, statements="s1+s2")).statements == TOLD
    with pytest.raises(DataError, match="no column 'x' for statements=x"):
        list(File(path, statements="x"))


@pytest.mark.parametrize("cell", [None, "", [], {}, "nan"])
def test_rows_may_have_no_statements(folder: Path, cell: object) -> None:
    assert only_sample(File(jsonl(folder, ROW | {"statements": cell}))).statements == {}


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (["one"], "expected a statement for every option"),
        (["one", ""], "expected a statement for every option"),
        ({"A": "one", "C": "two"}, "expected a statement for every option"),
        ("The lamp is red", "expected a statement for every option"),
        (["same", "same"], "found one text twice"),
        (["one", {"two": 2}], "expected a text"),
    ],
)
def test_statements_that_do_not_fit(folder: Path, cell: object, said: str) -> None:
    failure = only_failure(File(jsonl(folder, ROW | {"statements": cell})))
    assert said in failure.message
    assert only_sample(File(jsonl(folder, ROW | {"statements": cell}), statements="none"))


def test_what_counts_by_places_is_not_mixed_with_labels_in_another_order(folder: Path) -> None:
    row = {key: ROW[key] for key in ("question", "image", "answer")}
    row["choices"] = ["(B) blue", "(A) red"]
    assert only_sample(File(jsonl(folder, row))).options == {"A": "red", "B": "blue"}
    by_letter = row | {"statements": TOLD}
    assert only_sample(File(jsonl(folder, by_letter))).statements == TOLD
    for path, options in (
        (jsonl(folder, row | {"statements": list(TOLD.values())}), {}),
        (jsonl(folder, row | {"answer": 0}, name="i.jsonl"), {"answer_as": "index0"}),
    ):
        assert "are counted by their places" in only_failure(File(path, **options)).message


def test_injected_texts_say_the_statements(folder: Path) -> None:
    row = ROW | {"statements": {"A": "A red glow fills the room", "B": "Blue light falls in"}}
    sample = only_sample(File(jsonl(folder, row)))
    composition = compose("wrong-caption")
    (variant,) = variants_of(sample, [composition], Context(Templates(), "prefill", 0))
    assert "blue light falls in" in str(variant.caption)
    assert variant.form == "given"
