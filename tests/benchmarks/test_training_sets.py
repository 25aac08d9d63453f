"""SAT, PixMo-Count and Geometry3K of the hub, on Parquet files written here to their schemas."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from unswayed.benchmarks.geometry3k_hub import Geometry3KChoices, Geometry3KText
from unswayed.benchmarks.pixmo_count import PixMoCount
from unswayed.benchmarks.sat import SAT, SATv2
from unswayed.benchmarks.sources.fetch import Link, file_name
from unswayed.errors import ConfigError, DataError
from unswayed.types import Failure, Sample

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def read(items: Iterable[Sample | Failure]) -> tuple[list[Sample], list[Failure]]:
    found = list(items)
    samples = [item for item in found if isinstance(item, Sample)]
    return samples, [item for item in found if isinstance(item, Failure)]


def write(path: Path, rows: list[dict[str, Any]], **types: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {n: pa.array([row[n] for row in rows], type=types.get(n)) for n in rows[0]}
    pq.write_table(pa.table(columns), path, row_group_size=2)
    return path


def golds(samples: list[Sample]) -> dict[str, int]:
    return dict(sorted(Counter(sample.answer for sample in samples).items()))


def sat(answers: list[str], right: str, images: int = 1, kind: str = "goal_aim") -> dict[str, Any]:
    return {
        "image_bytes": [b"picture %d" % i for i in range(images)],
        "question": "Which way should I turn?",
        "answers": answers,
        "correct_answer": right,
        "question_type": kind,
    }


BYTES = {"image_bytes": pa.list_(pa.binary()), "answers": pa.list_(pa.string())}


def test_sat_gives_letters_and_one_or_two_pictures(tmp_path: Path) -> None:
    rows = [sat(["left", "right"], "right"), sat(["yes", "no", "maybe"], "no", 2)]
    write(tmp_path / "SAT_test.parquet", rows, **BYTES)
    samples, failures = read(SAT(str(tmp_path / "SAT_test.parquet")))
    assert not failures
    assert [s.id for s in samples] == ["sat/test-1", "sat/test-2"]
    assert [s.options[s.answer] for s in samples] == ["right", "no"]
    assert [[ref.read() for ref in s.images] for s in samples] == [
        [b"picture 0"],
        [b"picture 0", b"picture 1"],
    ]
    assert (samples[0].category, samples[0].group) == ("goal_aim", None)


def test_sat_as_datasets_writes_pictures(tmp_path: Path) -> None:
    rows = [sat(["a", "b"], "a")]
    rows[0]["image_bytes"] = [{"bytes": b"one", "path": None}, {"bytes": b"two", "path": None}]
    path = write(tmp_path / "SAT_test.parquet", rows, **BYTES | {"image_bytes": pa.list_(IMAGE)})
    (sample,), _ = read(SAT(str(path)))
    assert [ref.read() for ref in sample.images] == [b"one", b"two"]


def test_sat_answers_are_shuffled_by_seed(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", [sat(["yes", "no"], "yes")] * 400, **BYTES)
    samples, _ = read(SAT(str(path)))
    assert golds(samples).keys() == {"A", "B"}
    assert abs(golds(samples)["A"] - 200) < 37  # 3.7 deviations
    assert read(SAT(str(path)))[0] != read(SAT(str(path), seed=1))[0]


def test_sat_circular_shows_every_order_once(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", [sat(["yes", "no"], "no"), sat(["a", "b"], "a")], **BYTES)
    samples, _ = read(SAT(str(path), circular=True))
    assert [(s.id, s.group, s.answer) for s in samples] == [
        ("sat/test-1-0", "sat/test-1", "B"),
        ("sat/test-1-1", "sat/test-1", "A"),
        ("sat/test-2-0", "sat/test-2", "A"),
        ("sat/test-2-1", "sat/test-2", "B"),
    ]
    assert [list(s.options.values()) for s in samples[:2]] == [["yes", "no"], ["no", "yes"]]
    assert len({s.cluster for s in samples}) == 2
    with pytest.raises(ConfigError, match="circular"):
        SAT(str(path), circular="yes")  # type: ignore[arg-type]


def test_sat_answers_in_the_first_frame_are_mended(tmp_path: Path) -> None:
    rows = [
        sat(["the mug in the first frame", "the jug"], "the mug in the first frame"),
        sat(["the mug in the first frame", "the jug"], "the mug"),
        sat(["the mug in the first frame", "the mug"], "the mug"),
    ]
    path = write(tmp_path / "x.parquet", rows, **BYTES)
    samples, (failure,) = read(SAT(str(path)))
    assert [s.options[s.answer] for s in samples] == ["the mug", "the mug"]
    assert not [s for s in samples if "frame" in "".join(s.options.values())]
    assert "twice" in failure.message  # the two answers are one without the slip


def test_a_bad_row_of_sat_is_named(tmp_path: Path) -> None:
    rows = [sat(["a", "b"], "c"), sat(["a"], "a"), sat([], ""), sat(["a", "b"], "b", images=0)]
    path = write(tmp_path / "x.parquet", rows, **BYTES)
    for circular in (False, True):
        samples, failures = read(SAT(str(path), circular=circular))
        assert not samples
        assert {f.id for f in failures} == {f"x.parquet:{i}" for i in range(1, 5)}
    assert "as correct_answer" in failures[0].message
    with pytest.raises(DataError, match="'correct_answer'"):
        list(SAT(str(write(tmp_path / "y.parquet", [{"question": "a", "answers": "b"}]))))


def test_sat_numbers_rows_over_all_shards(tmp_path: Path) -> None:
    for i in range(2):
        write(tmp_path / f"data/train-0000{i}-of-00002.parquet", [sat(["a", "b"], "a")], **BYTES)
    samples, failures = read(SAT(str(tmp_path), split="train"))
    assert not failures
    assert [s.id for s in samples] == ["sat/train-1", "sat/train-2"]


def test_sat_v2(tmp_path: Path) -> None:
    row = sat(["a", "b"], "a")
    row["images"] = [{"bytes": b"x", "path": "x.png"}]
    del row["image_bytes"]
    path = write(tmp_path / "test.parquet", [row], images=pa.list_(IMAGE), answers=BYTES["answers"])
    (sample,), _ = read(SATv2(str(path)))
    assert (sample.id, sample.images[0].read()) == ("sat-v2/test-1", b"x")


def count(number: object, picture: bytes = b"x", label: str = "people") -> dict[str, Any]:
    return {
        "image_url": "http://127.0.0.1/x.jpg",
        "image_sha256": hashlib.sha256(picture).hexdigest(),
        "label": label,
        "count": number,
    }


def test_pixmo_count_reads_fetched_pictures(tmp_path: Path) -> None:
    path = write(tmp_path / "train.parquet", [count(3), count(4, b"y")])
    folder = tmp_path / "pictures"
    folder.mkdir()
    link = next(PixMoCount(str(path)).links())
    assert link == Link("http://127.0.0.1/x.jpg", hashlib.sha256(b"x").hexdigest())
    (folder / file_name(link.sha256)).write_bytes(b"x")
    (sample,), (failure,) = read(PixMoCount(str(path), images=str(folder), split="train"))
    assert sample.question == "How many people are there in the image?"
    assert (sample.options[sample.answer], sample.images[0].read()) == ("3", b"x")
    assert sample.cluster == link.sha256
    assert failure.id == "train.parquet:2"
    assert "is not fetched" in failure.message


def test_pixmo_count_choices_give_nothing_away(tmp_path: Path) -> None:
    path = write(tmp_path / "train.parquet", [count(7)] * 800)
    samples, _ = read(PixMoCount(str(path), images="none"))
    ranks = Counter(sorted(map(int, s.options.values())).index(7) for s in samples)
    assert all(s.options[s.answer] == "7" for s in samples)
    for counts in (golds(samples), ranks):
        assert len(counts) == 4
        assert all(abs(found - 200) < 46 for found in counts.values())  # 3.7 deviations


@pytest.mark.parametrize("number", [0, 1, 2])
def test_pixmo_count_choices_are_counts(tmp_path: Path, number: int) -> None:
    path = write(tmp_path / "train.parquet", [count(number)] * 50)
    for sample in read(PixMoCount(str(path), images="none"))[0]:
        numbers = sorted(map(int, sample.options.values()))
        assert numbers == list(range(numbers[0], numbers[0] + 4))
        assert numbers[0] >= 0
        assert sample.options[sample.answer] == str(number)


def test_pixmo_count_as_number(tmp_path: Path) -> None:
    path = write(tmp_path / "train.parquet", [count(12)])
    (sample,), _ = read(PixMoCount(str(path), images="none", kind="number"))
    assert (sample.answer_kind, sample.answer, sample.options) == ("number", "12", {})


def test_pixmo_count_copy_with_pictures_inside(tmp_path: Path) -> None:
    row = {"image": {"bytes": b"x", "path": "x"}, "question": "How many cats?", "answer": "2"}
    path = write(tmp_path / "test.parquet", [row], image=IMAGE)
    (sample,), _ = read(PixMoCount(str(path), split="test"))
    assert (sample.question, sample.options[sample.answer]) == ("How many cats?", "2")
    assert sample.images[0].read() == b"x"


def test_a_bad_row_of_pixmo_count_is_named(tmp_path: Path) -> None:
    rows = [
        count("-1"),
        count("many"),
        count("9" * 30),
        count("3", label="") | {"count": "3"},
        count("3") | {"image_sha256": "../../../etc/hostname"},
    ]
    path = write(tmp_path / "train.parquet", rows)
    put = PixMoCount(str(path))
    samples, failures = read(put)
    assert not samples
    assert [f.id for f in failures] == [f"train.parquet:{i}" for i in range(1, 6)]
    assert "64 hex digits" in failures[4].message
    assert len(list(put.links())) == 4
    without = read(PixMoCount(str(path), images="none"))[1]
    assert "whole number" in without[0].message
    assert "label" in without[3].message


def problem(**cells: Any) -> dict[str, Any]:
    return {"images": [{"bytes": b"x", "path": None}], "problem": "<image>Find x."} | cells


def test_geometry3k_with_free_answers(tmp_path: Path) -> None:
    rows = [problem(answer=r"2 \sqrt { 13 }"), problem(answer="")]
    path = write(tmp_path / "test-00000-of-00001.parquet", rows, images=pa.list_(IMAGE))
    (sample,), (failure,) = read(Geometry3KText(str(path)))
    assert (sample.question, sample.answer_kind) == ("Find x.", "text")
    assert (sample.id, sample.answer) == ("geometry3k-text/test-1", r"2 \sqrt { 13 }")
    assert sample.images[0].read() == b"x"
    assert "expected a text as gold" in failure.message


@pytest.mark.parametrize("truth", ["C", "4"])
def test_geometry3k_with_choices(tmp_path: Path, truth: str) -> None:
    row = problem(choices=["2", "3", "4", "5"], ground_truth=truth)
    path = write(tmp_path / "test.parquet", [row], images=pa.list_(IMAGE))
    (sample,), _ = read(Geometry3KChoices(str(path)))
    assert (sample.answer, sample.question) == ("C", "Find x.")
    assert list(sample.options.values()) == ["2", "3", "4", "5"]


def test_sat_through_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`datasets` reads a local copy in hub layout as it would read the hub, without decoding."""
    datasets = pytest.importorskip("datasets")
    row = sat(["yes", "no"], "no", 2)
    write(tmp_path / "array/SAT/data/test-00000-of-00001.parquet", [row], **BYTES)
    row = row | {"images": [{"bytes": b"no picture", "path": None}]}
    del row["image_bytes"]
    features = datasets.Features(
        images=datasets.Sequence(datasets.Image()),
        answers=datasets.Sequence(datasets.Value("string")),
        **{n: datasets.Value("string") for n in ("question", "correct_answer", "question_type")},
    )
    made = datasets.Dataset.from_list([row], features=features)
    (tmp_path / "array/SAT-v2/data").mkdir(parents=True)
    made.to_parquet(tmp_path / "array/SAT-v2/data/test-00000-of-00001.parquet")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.chdir(tmp_path)
    (one,), _ = read(SAT())
    assert [ref.read() for ref in one.images] == [b"picture 0", b"picture 1"]
    (two,), _ = read(SATv2())
    assert [ref.read() for ref in two.images] == [b"no picture"]
    assert one.options[one.answer] == two.options[two.answer] == "no"


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "test.parquet", [sat(["a", "b"], "a")] * 50, **BYTES)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="no whole Parquet file"):
        list(SAT(str(path)))
