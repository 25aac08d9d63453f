"""The real data at hand, counted; left out where it is not there."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from PIL import Image

from unswayed import answers
from unswayed.benchmarks.blink import Blink
from unswayed.benchmarks.file import File
from unswayed.benchmarks.geometry3k import Geometry3K
from unswayed.benchmarks.nlvr import Nlvr
from unswayed.benchmarks.replay import ReplayBenchmark
from unswayed.models import Decoding, Request
from unswayed.models.replay import Replay
from unswayed.types import Failure, Sample

REAL = Path(__file__).parents[2].parent / "shared" / "real"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real data is not here")


def read(benchmark: Iterable[Sample | Failure]) -> tuple[list[Sample], list[Failure]]:
    items = list(benchmark)
    samples = [item for item in items if isinstance(item, Sample)]
    return samples, [item for item in items if isinstance(item, Failure)]


def golds(samples: list[Sample]) -> dict[str, int]:
    return dict(sorted(Counter(sample.answer for sample in samples).items()))


def check_pictures(samples: list[Sample]) -> None:
    for sample in samples:
        assert sample.images
        for ref in sample.images:
            with Image.open(io.BytesIO(ref.read())) as picture:
                assert min(picture.size) > 0


def mmbench(**options: str) -> File:
    return File(
        str(REAL / "mmbench_samples" / "questions.jsonl"),
        name="mmbench",
        id="section+lang+index",
        strip_prefix="official_samples/",
        **options,
    )


def test_mmbench() -> None:
    samples, failures = read(mmbench())
    # Rows 9 and 10 (CCBench 322 and 323) have no options in the file.
    assert [failure.id for failure in failures] == ["questions.jsonl:9", "questions.jsonl:10"]
    assert all("found no options" in failure.message for failure in failures)
    assert len(samples) == 52
    assert golds(samples) == {"A": 15, "B": 23, "C": 7, "D": 7}
    assert len({sample.cluster for sample in samples}) == 32
    assert Counter(len(sample.options) for sample in samples) == {4: 48, 3: 4}
    assert "nan" not in {text for sample in samples for text in sample.options.values()}
    check_pictures(samples)


def test_mmbench_by_language() -> None:
    assert len(read(mmbench(only="lang=en"))[0]) == 20
    assert len(read(mmbench(only="lang=cn"))[0]) == 32


def test_blink() -> None:
    samples, failures = read(Blink(str(REAL / "blink")))
    assert not failures
    assert Counter(s.category for s in samples) == {"Spatial_Relation": 143, "Relative_Depth": 124}
    assert golds([s for s in samples if s.category == "Spatial_Relation"]) == {"A": 77, "B": 66}
    assert golds([s for s in samples if s.category == "Relative_Depth"]) == {"A": 64, "B": 60}
    assert not [s for s in samples if "<img" in s.question or "Select" in s.question]
    check_pictures(samples)


def test_geometry3k() -> None:
    samples, failures = read(Geometry3K(str(REAL / "geometry3k")))
    assert len(samples) == 47
    assert golds(samples) == {"A": 12, "B": 18, "C": 10, "D": 7}
    (failure,) = failures  # 48 problems, one of them without its diagram
    assert failure.id == "792/ex.json"
    assert failure.message.startswith("no picture at ")
    check_pictures(samples)


def test_nlvr() -> None:
    samples, failures = read(Nlvr(str(REAL / "nlvr" / "dev_120.jsonl")))
    assert not failures
    assert len(samples) == 120
    assert golds(samples) == {"A": 71, "B": 49}
    assert len({sample.cluster for sample in samples}) == 104
    check_pictures(samples)


def test_cv_bench_rows() -> None:
    path = REAL / "cv_bench" / "cv_bench.official_schema.reconstructed.jsonl"
    samples, failures = read(File(str(path), image="none", category="task", cluster="filename"))
    assert not failures
    assert len(samples) == 2638
    assert set(Counter(len(s.options) for s in samples)) == {2, 4, 5, 6}


def test_deepeyes_outputs_are_replayed() -> None:
    path = REAL / "generations" / "deepeyes_vstar.jsonl.gz"
    samples, failures = read(ReplayBenchmark(str(path)))
    assert not failures
    assert len(samples) == 2101
    assert golds(samples) == {"A": 2101}  # the recording puts the right option first, always
    assert len({sample.cluster for sample in samples}) == 191
    requests = [
        Request(sample.id, sample.id, "base", "", "", (), "", sample.options) for sample in samples
    ]
    found = Replay(str(path)).generate(requests, Decoding())
    readings = [
        answers.parse_output(g.text, s.options) for g, s in zip(found, samples, strict=True)
    ]
    assert {generation.status for generation in found} == {"stop"}
    right = sum(r.letter == s.answer for r, s in zip(readings, samples, strict=True))
    unparsed = sum(reading.letter is None for reading in readings)
    assert right / 2101 == pytest.approx(0.843, abs=0.002)  # the recorded judge says 0.853
    assert unparsed / 2101 == pytest.approx(0.057, abs=0.002)


def test_rows_as_they_were_read_by_eye() -> None:
    first = read(mmbench(only="lang=en"))[0][1]
    assert json.loads(first.model_dump_json())["options"]["C"] == (
        "A giraffe standing by a stall in a field."
    )
    assert first.category == "Finegrained Perception (cross-instance): Action Recognition"
    blink = read(Blink(str(REAL / "blink" / "spatial_relation")))[0][0]
    assert blink.id == "blink/val_Spatial_Relation_1"
    assert (blink.question, blink.answer) == ("Is the car beneath the cat?", "B")
