"""What `unswayed data check` counts, on benchmarks small enough to count by hand."""

from __future__ import annotations

import io
import json
import tracemalloc
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from unswayed.benchmarks import inventory, suspicions, tally
from unswayed.benchmarks.cv_bench import CVBench
from unswayed.benchmarks.file import File
from unswayed.benchmarks.inventory import Inventory, take
from unswayed.benchmarks.replay import ReplayBenchmark
from unswayed.errors import ConfigError
from unswayed.types import Failure, ImageRef, Sample


class Listed:
    """A benchmark of the items it is given."""

    name = "toy"

    def __init__(self, items: Sequence[Sample | Failure], rows: Any = None) -> None:
        self.items, self.rows = items, rows

    def __iter__(self) -> Iterator[Sample | Failure]:
        return iter(self.items)


def one(number: int, **changed: Any) -> Sample:
    values: dict[str, Any] = {
        "id": f"toy/{number}",
        "benchmark": "toy",
        "images": (),
        "question": f"Question {number}?",
        "options": {"A": "red", "B": "tan"},
        "answer": "AB"[number % 2],
        "cluster": str(number),
    }
    return Sample.model_validate({**values, **changed})


def many(n: int = 12, **changed: Any) -> list[Sample]:
    return [one(i, **changed) for i in range(n)]


def odd(items: Sequence[Sample | Failure]) -> str:
    return " | ".join(take(Listed(items)).odd)


def failure(message: str = "no good") -> Failure:
    return Failure(stage="load", id="f:3", benchmark="toy", error="DataError", message=message)


def picture(side: int = 4) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(buffer, "PNG")
    return buffer.getvalue()


def bomb(side: int = 40_000) -> bytes:
    """A small PNG whose header claims side × side pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + kind + body + check

    header = side.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def test_everything_is_counted() -> None:
    items = [
        one(0, category="x", group="g", question="Q" * 50),
        one(1, category="x", group="g", options={"A": "1", "B": "2", "C": "3"}),
        one(2, category="y", cluster="1"),
        one(3, options={}, answer="7", answer_kind="number"),
        failure(),
    ]
    found = take(Listed(items))
    assert (found.benchmark, found.samples, found.failures) == ("toy", 4, 1)
    assert (found.usable, found.broken, found.expected) == (4, 1, None)
    assert found.kinds == {"choice": 3, "number": 1}
    assert found.categories == {"": 1, "x": 2, "y": 1}
    assert found.options == {2: 2, 3: 1}
    assert found.golds == {"A": 2, "B": 1}
    assert (found.clusters, found.groups, found.groups_incomplete) == (3, 1, 0)
    assert (found.without_picture, found.missing, found.undecodable) == (4, 0, None)
    assert (found.longest_question, found.long_questions) == (50, 0)
    assert (found.longest_gold, found.messages) == (None, (("f:3", "no good"),))
    assert json.loads(json.dumps(found.to_json()))["golds"] == {"A": 2, "B": 1}


def test_a_benchmark_with_nothing_odd_is_called_nothing() -> None:
    assert odd(many(100, category="x")) == ""


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (many(answer="B"), "the gold is B in all 12 choices"),
        (many(cluster="1"), "all 12 questions are about one image"),
        (many(options={"A": "red", "B": "nan"}), "12 questions have the text “nan”"),
        (many(options={"A": "red", "B": " Red."}), "12 questions have two options of the same"),
        ([*many(category="x"), one(13)], "1 questions have no category"),
        (many(question="Q" * 5000), "12 questions have 4000 characters or more (the longest 5000)"),
        ([*many(), one(13, question="Question 1?", cluster="1")], "1 questions repeat an earlier"),
        (
            [*many(), one(12, question="Question 1?", cluster="1")],
            "1 questions repeat an earlier one with another gold",
        ),
        ([*many(), one(13, images=(ImageRef(data=b"x"),))], "12 questions have no picture"),
        (
            many(50, options={"A": "long red", "B": "tan"}, answer="A"),
            "longest option in 100% of the choices with one longest (50% by chance)",
        ),
        ([one(i, group=str(i // 2)) for i in range(9)], "1 groups lack copies"),
        ([one(i, answer="AAAB"[i % 4]) for i in range(100)], "far from equally frequent"),
    ],
)
def test_what_is_suspicious_is_said(items: list[Sample], words: str) -> None:
    assert words in odd(items)


def test_copies_in_another_order_are_no_duplicates() -> None:
    turned = one(1, id="toy/1b", options={"A": "tan", "B": "red"}, answer="A")
    found = take(Listed([one(1), turned]))
    assert (found.duplicates, found.contradictions) == (0, 0)
    wrong = one(1, id="toy/1b", options={"A": "tan", "B": "red"}, answer="B")
    assert take(Listed([one(1), wrong])).contradictions == 1


def test_other_pictures_make_another_question() -> None:
    shown = [one(1, id=f"toy/{i}", images=(ImageRef(data=bytes([i])),)) for i in range(2)]
    assert take(Listed(shown)).duplicates == 0
    assert take(Listed([shown[0], shown[0]])).duplicates == 1


def test_a_group_is_incomplete_if_it_has_fewer_copies_than_its_like() -> None:
    four = dict(zip("ABCD", "wxyz", strict=True))
    items = [one(i, group=f"two-{i // 2}") for i in range(8)]
    items += [one(i + 10, group=f"four-{i // 4}", options=four) for i in range(11)]
    found = take(Listed(items))
    assert (found.groups, found.groups_incomplete) == (7, 1)


def test_gold_letters_are_judged_by_how_many_options_there_are() -> None:
    """A and B are right far more often than C and D where half of the questions have two."""
    fair = {(2, "A"): 100, (2, "B"): 100, (4, "A"): 50, (4, "B"): 50, (4, "C"): 50, (4, "D"): 50}
    assert suspicions.uniform_p(fair) == pytest.approx(1)
    assert suspicions.uniform_p({(2, "A"): 100, (2, "B"): 100, (4, "C"): 100, (4, "D"): 100}) < 1e-3
    assert suspicions.uniform_p({(2, "A"): 3}) == 1
    assert suspicions.uniform_p({}) == 1


def test_the_p_value_is_pearsons_where_all_have_the_same_options() -> None:
    golds = {(4, "A"): 15, (4, "B"): 23, (4, "C"): 7, (4, "D"): 7}
    assert suspicions.uniform_p(golds) == pytest.approx(0.00361, abs=1e-5)  # χ² = 13.54, 3 df


def test_the_p_value_is_uniform_where_the_letters_are() -> None:
    rng = np.random.default_rng(0)
    below = 0
    for _ in range(400):
        golds: dict[tuple[int, str], int] = {}
        for size, n in ((2, 60), (4, 50), (5, 40)):
            for letter, count in zip("ABCDE", rng.multinomial(n, [1 / size] * size), strict=False):
                golds[size, letter] = int(count)
        below += suspicions.uniform_p(golds) < 0.1
    assert 0.06 < below / 400 < 0.14


def test_pictures_that_are_gone_or_broken(tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(picture())
    (tmp_path / "cut.png").write_bytes(picture(200)[:80])
    (tmp_path / "bomb.png").write_bytes(bomb())
    names = ["good", "cut", "bomb", "gone", "good"]
    items = [
        one(i, images=(ImageRef(path=str(tmp_path / f"{n}.png")),)) for i, n in enumerate(names)
    ]
    unread = failure("no picture at x.png; name the folder")
    first = take(Listed([*items, unread]))
    assert (first.missing, first.undecodable, first.broken, first.usable) == (2, None, 2, 4)
    found = take(Listed([*items, unread]), pictures=True)
    assert (found.missing, found.undecodable, found.broken, found.usable) == (2, 2, 4, 2)
    said = dict(found.messages)
    assert "decompression bomb" in said["toy/2"]
    assert "cut.png" in said["toy/1"]
    assert "no picture" in said["toy/3"]


def test_a_picture_from_a_table_is_fetched_only_to_be_decoded() -> None:
    fetched: list[int] = []

    def fetch() -> bytes:
        fetched.append(1)
        return picture()

    items = [one(1, images=(ImageRef(loader=fetch),))]
    take(Listed(items))
    assert not fetched
    assert take(Listed(items), pictures=True).undecodable == 0
    assert fetched


def test_the_number_of_rows_is_compared_with_what_the_benchmark_says() -> None:
    found = take(Listed([*many(2), failure()], rows=3))
    assert (found.expected, list(found.odd)) == (3, [])
    assert take(Listed(many(2), rows=3)).odd == ("expected 3 rows, found 2",)
    assert take(Listed(many(2), rows=3), limit=2).expected is None
    assert take(Listed(many(2))).expected is None
    assert take(Listed(many(2), rows=many(2))).expected is None  # a plug-in's own attribute


def test_a_limit_is_of_rows() -> None:
    assert take(Listed([failure(), *many(5)]), limit=3).samples == 2
    with pytest.raises(ConfigError, match="at least 1"):
        take(Listed(many(2)), limit=0)


def test_only_so_many_categories_are_named() -> None:
    found = take(Listed([one(i, category=str(i)) for i in range(300)]))
    assert len(found.categories) == tally.MAX_CATEGORIES + 1
    assert found.categories["(others)"] == 100


@pytest.mark.parametrize(
    ("samples", "broken", "skip", "words"),
    [
        (5, 0, False, ""),
        (5, 1, False, "1 of the 6 rows"),
        (5, 1, True, ""),
        (0, 2, True, "not one"),
    ],
)
def test_broken_rows_are_a_problem_unless_skipped(
    samples: int, broken: int, skip: bool, words: str
) -> None:
    found: Inventory = take(Listed([*many(samples), *[failure()] * broken]))
    said = inventory.problem(found, skip_broken=skip)
    assert words in said
    assert bool(words) == bool(said)


def test_an_empty_benchmark_is_a_problem() -> None:
    assert "not one of the 0 rows" in inventory.problem(take(Listed([])))


def test_texts_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    row = {"question": "", "A": "x" * 5000, "B": "y", "answer": "A"}
    with path.open("w") as file:
        for i in range(2000):
            file.write(json.dumps({**row, "question": f"{i}" + "q" * 5000}) + "\n")
    benchmark = File(str(path), image="none")
    tracemalloc.start()
    try:
        assert take(benchmark).samples == 2000
        assert tracemalloc.get_traced_memory()[1] < 3_000_000  # of 20 MB
    finally:
        tracemalloc.stop()


def test_a_path_stands_for_the_argument() -> None:
    assert str(inventory.spec_of("cv-bench,part=2D", Path("x/y"))) == "cv-bench:x/y,part=2D"
    assert str(inventory.spec_of("file:q.jsonl", None)) == "file:q.jsonl"
    for name in ("file:q.jsonl", "cv-bench,path=q"):
        with pytest.raises(ConfigError, match="already"):
            inventory.spec_of(name, Path("x"))


def test_the_rows_of_cv_bench(real: Path) -> None:
    path = real / "cv_bench" / "cv_bench.official_schema.reconstructed.jsonl"
    found = take(CVBench(str(path), images="none"))
    assert (found.samples, found.expected, found.broken) == (2638, 2638, 0)
    assert found.options == {2: 1850, 4: 493, 5: 156, 6: 139}
    assert found.golds == {"A": 1112, "B": 1104, "C": 169, "D": 167, "E": 63, "F": 23}
    assert found.categories == {
        "2D/Count/ADE20K": 342,
        "2D/Count/COCO": 446,
        "2D/Relation/ADE20K": 291,
        "2D/Relation/COCO": 359,
        "3D/Depth/Omni3D": 600,
        "3D/Distance/Omni3D": 600,
    }
    assert not [sentence for sentence in found.odd if "gold letters" in sentence]


def test_a_recording_that_puts_the_right_option_first_is_found_out(real: Path) -> None:
    found = take(ReplayBenchmark(str(real / "generations" / "deepeyes_vstar.jsonl.gz")))
    assert (found.samples, found.clusters, found.duplicates) == (2101, 191, 1910)
    assert any("the gold is A in all 2101 choices" in sentence for sentence in found.odd)
