from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unswayed.benchmarks.replay import ReplayBenchmark
from unswayed.errors import ConfigError, DataError
from unswayed.models import Decoding, Request
from unswayed.models.replay import Replay
from unswayed.types import Generation, Sample

OUTPUT = "<think>It is red.</think><answer>A</answer>"


def recording(folder: Path, *rows: dict[str, Any] | str, name: str = "rec.jsonl") -> str:
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    content = "".join(f"{line}\n" for line in lines).encode("utf-8")
    (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return str(folder / name)


def request(sample: str, variant: str = "base", id: str = "0" * 16, prefill: str = "") -> Request:
    return Request(id, sample, variant, "", "Colour?", (), prefill, {"A": "red", "B": "blue"})


def ask(model: Replay, *requests: Request) -> list[Generation]:
    return model.generate(requests, Decoding())


@pytest.mark.parametrize("name", ["rec.jsonl", "rec.jsonl.gz"])
def test_outputs_come_back_in_the_order_of_the_requests(tmp_path: Path, name: str) -> None:
    rows = [{"id": f"b/{n}", "output": f"é{n} {OUTPUT}"} for n in range(50)]
    model = Replay(recording(tmp_path, "", *rows, name=name))
    order = [31, 2, 49, 2, 0]
    found = ask(model, *(request(f"b/{n}", id=f"{n:016}") for n in order))
    assert [g.text for g in found] == [f"é{n} {OUTPUT}" for n in order]
    assert [g.id for g in found] == [f"{n:016}" for n in order]
    assert {(g.status, g.tokens, g.letters, g.error) for g in found} == {("stop", None, None, None)}


def test_a_byte_order_mark_does_not_shift_the_outputs(tmp_path: Path) -> None:
    path = Path(recording(tmp_path, {"id": "a", "output": "x"}, {"id": "b", "output": "y"}))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert [g.text for g in ask(Replay(str(path)), request("a"), request("b"))] == ["x", "y"]


def test_an_output_belongs_to_its_variant_alone(tmp_path: Path) -> None:
    rows = [
        {"id": "b/1", "output": "plain"},
        {"id": "b/1", "variant": "wrong-think", "output": "swayed"},
        {"id": "f" * 16, "output": "by variant id"},
    ]
    model = Replay(recording(tmp_path, *rows))
    found = ask(
        model,
        request("b/1"),
        request("b/1", "wrong-think"),
        request("b/1", "stop-think"),
        request("b/2", "shuffle", id="f" * 16),
    )
    assert [g.text for g in found] == ["plain", "swayed", "", "by variant id"]
    assert found[2].status == "error"
    assert "no recorded output for b/1 in the variant stop-think" in str(found[2].error)


def test_several_outputs_of_a_prompt_are_told_apart_by_their_draw(tmp_path: Path) -> None:
    rows = [{"id": "b/1", "output": "one"}]
    rows += [{"id": "b/1", "output": text, "draw": draw} for text, draw in (("two", 1), ("x", 2))]
    model = Replay(recording(tmp_path, *rows))
    found = ask(model, *(replace(request("b/1"), draw=draw) for draw in (2, 0, 1, 3)))
    assert [one.text for one in found] == ["x", "one", "two", ""]
    assert "output 4 of the prompt" in str(found[3].error)
    with pytest.raises(DataError, match="expected the number of an output"):
        ask(Replay(recording(tmp_path, {"id": "b/1", "output": "x", "draw": "first"})))


def test_further_outputs_of_a_question_are_no_further_questions(tmp_path: Path) -> None:
    question = {"id": "q", "question": "Colour?", "options": ["red", "blue"], "answer": "A"}
    rows = [{**question, "output": OUTPUT, "draw": draw} for draw in range(3)]
    assert [one.id for one in ReplayBenchmark(recording(tmp_path, *rows))] == ["replay/rec/q"]


def test_the_last_turn_counts(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "output": "one two", "turns": ["one", "two"]},
        {"id": "b", "output": "whole", "turns": []},
    ]
    path = recording(tmp_path, *rows)
    requests = request("a"), request("b")
    assert [g.text for g in ask(Replay(path), *requests)] == ["two", "whole"]
    assert [g.text for g in ask(Replay(path, turns=""), *requests)] == ["one two", "whole"]


def test_a_self_contained_recording_answers_its_own_questions(tmp_path: Path) -> None:
    row = {"question": "Colour?", "options": ["red", "blue"], "gold": "A"}
    extras: list[dict[str, Any]] = [{}, {"id": 9}, {"id": "x"}, {"id": ""}, {"id": None}]
    rows = [row | extra | {"output": f"number {n}"} for n, extra in enumerate(extras)]
    path = recording(tmp_path, *rows)
    samples = list(ReplayBenchmark(path))
    assert [s.id for s in samples] == [f"replay/rec/{id}" for id in (1, 9, "x", 4, 5)]
    found = ask(Replay(path), *(request(sample.id) for sample in samples))
    assert [g.text for g in found] == [f"number {n}" for n in range(5)]


def test_columns_can_be_named(tmp_path: Path) -> None:
    row = {"key": "a", "kind": "shuffle", "answer": "text", "end": "length"}
    path = recording(tmp_path, row)
    model = Replay(path, id="key", variant="kind", output="answer", status="end", name="mine")
    (found,) = ask(model, request("a", "shuffle"))
    assert (found.text, found.status, model.name) == ("text", "length", "mine")


def test_a_recorded_error_is_a_failed_generation_only_if_asked_for(tmp_path: Path) -> None:
    path = recording(tmp_path, {"id": "a", "output": "", "status": "error", "error": "refused"})
    (kept,) = ask(Replay(path), request("a"))
    (failed,) = ask(Replay(path, status="status"), request("a"))
    assert (kept.status, kept.text) == ("stop", "")
    assert (failed.status, failed.error) == ("error", "refused")


def test_the_answer_stands_where_the_pattern_last_matches(tmp_path: Path) -> None:
    outputs = ["Choice=A. No. Choice=B", "It is A", "Choice="]
    path = recording(tmp_path, *({"id": str(n), "output": one} for n, one in enumerate(outputs)))
    model = Replay(path, pattern="Choice=(.?)")
    found = ask(model, *(request(str(n)) for n in range(3)))
    assert [one.answer for one in found] == ["B", "", ""]
    assert [one.text for one in found] == outputs
    assert model.provenance()["pattern"] == "Choice=(.?)"


def test_a_pattern_reads_the_answers_column_where_one_is_named(tmp_path: Path) -> None:
    rows = [{"id": "a", "output": "<B>", "said": "<A>"}, {"id": "b", "output": "<B>", "said": None}]
    model = Replay(recording(tmp_path, *rows), answer="said", pattern="<(.)>")
    one, two = ask(model, request("a"), request("b"))
    assert (one.answer, two.status) == ("A", "error")
    (whole,) = ask(Replay(str(tmp_path / "rec.jsonl"), answer="said"), request("a"))
    assert whole.answer == "<A>"


@pytest.mark.parametrize("pattern", ["Answer: .", "(", "(A)(B)"])
def test_a_pattern_has_one_group(tmp_path: Path, pattern: str) -> None:
    path = recording(tmp_path, {"id": "a", "output": "x"})
    with pytest.raises(ConfigError, match="expected pattern to be a regular expression with one"):
        Replay(path, pattern=pattern)


def test_a_recorded_refusal_is_one(tmp_path: Path) -> None:
    path = recording(tmp_path, {"id": "a", "output": "", "end": "refused"})
    (found,) = ask(Replay(path, status="end"), request("a"))
    assert (found.status, found.error) == ("refused", "recorded as refused")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"output": None}, "expected the output as text in 'output', found nothing"),
        ({"output": 7}, "expected the output as text in 'output', found a int"),
        ({"output": "<think>", "turns": [None]}, "found nothing"),
        ({"output": "<think>A prefilled thought"}, "starts with the variant's prefill"),
    ],
)
def test_an_output_that_cannot_be_used_is_a_failed_generation(
    tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    model = Replay(recording(tmp_path, {"id": "a"} | row, {"id": "b", "output": OUTPUT}))
    bad, good = ask(model, request("a", prefill="<think>A"), request("b"))
    assert (bad.status, good.text) == ("error", OUTPUT)
    assert message in str(bad.error)


def test_text_that_is_no_unicode_is_a_failed_generation(tmp_path: Path) -> None:
    (found,) = ask(Replay(recording(tmp_path, r'{"id": "a", "output": "\ud800"}')), request("a"))
    assert "not valid Unicode" in str(found.error)


def test_broken_lines_are_named_where_an_output_is_missing(tmp_path: Path) -> None:
    path = recording(tmp_path, {"id": "a", "output": OUTPUT}, '{"id": "b", "out', '{"id": "c"')
    good, missing = ask(Replay(path), request("a"), request("b"))
    assert good.text == OUTPUT
    assert "2 lines of it cannot be read, first: " in str(missing.error)
    assert "line 2 is no JSON" in str(missing.error)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"id": "a", "text": "x"}], "no column 'output' or 'turns'; .*columns are: id, text"),
        (["{"], "holds no recorded outputs; 1 lines of it cannot be read"),
        ([{"id": "a", "output": "x"}] * 2, "line 2: an output for 'a' was recorded before"),
        ([""], "holds no recorded outputs"),
    ],
)
def test_recordings_that_cannot_be_used(
    tmp_path: Path, rows: list[dict[str, Any] | str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Replay(recording(tmp_path, *rows))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found nothing there"):
        Replay(str(tmp_path / "none.jsonl"))
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"id": "a", "output": "x"}')[:-10])
    with pytest.raises(DataError, match="damaged or cut off gzip"):
        Replay(str(tmp_path / "cut.jsonl.gz"))
    (tmp_path / "latin.jsonl").write_bytes('{"id": "ä", "output": ""}'.encode("latin-1"))
    with pytest.raises(DataError, match=r"is not UTF-8 .*iconv"):
        Replay(str(tmp_path / "latin.jsonl"))


def test_provenance_names_the_file_by_its_bytes(tmp_path: Path) -> None:
    path = recording(tmp_path, {"id": "a", "output": "x"})
    first = Replay(path).provenance()
    recording(tmp_path, {"id": "a", "output": "y"})
    assert json.loads(json.dumps(first)) == first
    assert Replay(path).provenance()["sha256"] != first["sha256"]
    assert first["outputs"] == 1


ROWS: list[dict[str, Any]] = [
    {
        "id": f"q{n // 2}",
        "variant": "wrong-think" if n % 2 else "base",
        "draw": 0,
        "question": f"Colour {n // 2}?",
        "options": {"A": "red", "B": "blue"},
        "answer": "AB"[n // 2 % 2],
        "output": f'Line one, "{n}" 他\nline two</think><answer>{"AB"[n % 2]}</answer>',
    }
    for n in range(6)
]


def in_form(folder: Path, rows: list[dict[str, Any]], name: str) -> str:
    kind = name.removesuffix(".gz").rpartition(".")[2]
    if kind in ("csv", "tsv"):
        file = io.StringIO()
        writer = csv.DictWriter(file, list(rows[0]), delimiter="\t" if kind == "tsv" else ",")
        writer.writeheader()
        writer.writerows(rows)
        content = file.getvalue()
    else:
        content = json.dumps(rows, indent=1 if "pretty" in name else None)
    data = content.encode("utf-16" if "utf16" in name else "utf-8")
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return str(folder / name)


FORMS = ["rec.json", "pretty.json", "rec.csv", "rec.tsv", "rec.csv.gz", "rec.json.gz", "utf16.csv"]


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("ids", [True, False])
def test_lists_and_tables_are_read_like_lines(tmp_path: Path, name: str, ids: bool) -> None:
    rows = ROWS if ids else [{k: v for k, v in r.items() if k != "id"} for r in ROWS[::2]]
    paths = recording(tmp_path, *rows), in_form(tmp_path, rows, name)
    seen: list[Any] = []
    for path in paths:
        benchmark, model = ReplayBenchmark(path), Replay(path)
        samples = [item for item in benchmark if isinstance(item, Sample)]
        asked = [request(s.id, v) for s in samples for v in ("base", "wrong-think") if ids or not v]
        outputs = [(g.text, g.status) for g in ask(model, *asked)]
        questions = [(s.id.rpartition("/")[2], s.question, s.options, s.answer) for s in samples]
        seen.append((questions, outputs))
    assert len(seen[0][0]) == 3
    assert seen[0] == seen[1]


@pytest.mark.parametrize("name", ["rec.json", "rec.csv"])
def test_draws_of_a_table(tmp_path: Path, name: str) -> None:
    rows = [{"id": "a", "draw": n, "output": f"text {n}"} for n in range(3)]
    model = Replay(in_form(tmp_path, rows, name))
    drawn = [replace(request("a"), draw=n) for n in range(3)]
    assert [g.text for g in ask(model, *drawn)] == ["text 0", "text 1", "text 2"]


def test_a_broken_row_of_a_table_keeps_the_numbers_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "rec.csv").write_text("output,x\none,1\ntwo\nthree,3\n", "utf-8")
    model = Replay(str(tmp_path / "rec.csv"))
    found = ask(model, request("1"), request("2"), request("3"))
    assert [g.text for g in found] == ["one", "", "three"]
    assert "1 lines of it cannot be read" in str(found[1].error)
    (tmp_path / "list.json").write_text('[{"output": "one"}, 5, {"output": "three"}]', "utf-8")
    found = ask(Replay(str(tmp_path / "list.json")), request("1"), request("3"))
    assert [g.text for g in found] == ["one", "three"]


def test_a_list_that_breaks_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rec.json").write_text('[{"output": "one"}, {"output"', "utf-8")
    with pytest.raises(DataError, match="is no JSON list: broken after row 1"):
        Replay(str(tmp_path / "rec.json"))
