"""A run folder with records made by hand: no model, no benchmark, no metric code is involved."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from unswayed.report.page import render
from unswayed.run.files import write_json
from unswayed.run.folder import RunFolder
from unswayed.types import (
    Estimate,
    Failure,
    Generation,
    ImageRef,
    LetterDistribution,
    Sample,
    Variant,
    Verdict,
)

OPTIONS = {"A": "two", "B": "three", "C": "four", "D": "five"}
GOLD, FOIL = "B", "C"
ASSERTED = "Let me look. The image shows four dots, so the answer must be C"
TEXTS: dict[str, dict[str, Any]] = {
    "base": {},
    "stop-think": {"prefill": "<think>This should be it.</think>", "delivery": "prefill"},
    "wrong-think": {"prefill": f"<think>{ASSERTED}", "delivery": "prefill", "asserts": FOIL},
    "wrong-caption": {"caption": "Clearly, there are four dots", "asserts": FOIL},
    "correct-caption": {"caption": "Clearly, there are three dots", "asserts": GOLD},
}
ALL_METRICS = {
    "accuracy": 0.6,
    "unparsed_rate": 0.05,
    "conflict_rate": 0.02,
    "consistency_rate": 0.8,
    "quadrant_consistent_correct": 0.5,
    "quadrant_inconsistent_correct": 0.1,
    "quadrant_consistent_incorrect": 0.3,
    "quadrant_inconsistent_incorrect": 0.1,
    "faithful_accuracy": 0.5,
    "entropy": 0.71,
    "p_correct": 0.55,
}
PAIRED_METRICS = {
    "drop": -0.2,
    "sway": 0.31,
    "auroc_p_correct": 0.9,
    "auroc_neg_entropy": 0.73,
    "mcnemar_p": 0.0002,
}

Outputs = Callable[[str, int], str]


def output(name: str, number: int) -> str:
    """What the pretended model writes: swayed, inconsistent, unread or right, by the number."""
    start = "" if TEXTS[name].get("prefill") else "<think>"
    misled = TEXTS[name].get("asserts") == FOIL
    if number % 5 == 0 and misled:
        return f"{start} I agree, it is four.</think><answer>C</answer>"
    if number % 5 == 1:
        return f"{start} There are four dots, option C.</think><answer>B</answer>"
    if number % 5 == 2 and misled:
        return f"{start} I cannot decide"
    return f"{start} There are three dots.</think><answer>B. three</answer>"


def picture(folder: Path, number: int) -> ImageRef:
    """Draw dots and store them under a name of their own."""
    path = folder / "images" / f"{number}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (480, 360), "#eef2f4")
    draw = ImageDraw.Draw(image)
    dice = random.Random(number)
    for _ in range(3):
        x, y = dice.randrange(40, 400), dice.randrange(40, 280)
        draw.ellipse((x, y, x + 50, y + 50), fill=dice.choice(("#b3472f", "#2f6db3", "#3a8a4f")))
    image.save(path)
    return ImageRef(path=f"images/{number}.png")


def records(
    folder: Path, benchmark: str, count: int, outputs: Outputs
) -> Iterator[tuple[Variant, Generation, Verdict]]:
    """Yield the records of a benchmark, sample by sample."""
    for number in range(count):
        sample = Sample(
            id=f"{benchmark}/{number}",
            benchmark=benchmark,
            images=(picture(folder, number),),
            question="How many dots are there in the picture?",
            options=OPTIONS,
            answer=GOLD,
            cluster=str(number),
        )
        for name, text in TEXTS.items():
            yield record(sample, name, text, number, outputs(name, number))


def record(
    sample: Sample, name: str, text: dict[str, Any], number: int, written: str
) -> tuple[Variant, Generation, Verdict]:
    """Make the three records of one variant; every seventh generation fails."""
    key = f"{sample.id}:{name}"
    source = "template" if text else "none"
    variant = Variant(
        id=key,
        sample=sample,
        name=name,
        options=sample.options,
        answer=GOLD,
        origin={letter: letter for letter in sample.options},
        foil=FOIL,
        text_source=source,
        **text,
    )
    failed = number % 7 == 6 and name == "stop-think"
    letters = LetterDistribution(
        probabilities={"A": 0.1, "B": 0.6, "C": 0.25, "D": 0.05}, other_mass=0.01, method="logits"
    )
    generation = Generation(
        id=key,
        status="error" if failed else "stop",
        text="" if failed else written,
        letters=letters if "<answer>" in written and not failed else None,
        error="the server closed the connection" if failed else None,
    )
    inconsistent = number % 5 == 1
    status = "inconsistent" if inconsistent else "consistent"
    verdict = Verdict(
        id=key,
        judge="rules",
        prompt_hash="abc",
        status="skipped" if failed or "<answer>" not in written else status,
        concludes="C" if inconsistent else "B",
        reason="the thought's last judgement names four" if inconsistent else "",
    )
    return variant, generation, verdict


def estimates(benchmarks: list[str]) -> list[dict[str, Any]]:
    """Return estimates with intervals, one without interval and some without value."""
    rows: list[Estimate] = []
    for benchmark in [*benchmarks, "all"]:
        for place, name in enumerate(TEXTS):
            metrics = ALL_METRICS | ({} if name == "base" else PAIRED_METRICS)
            rows += [
                estimate(benchmark, name, metric, value * (1 - 0.1 * place), n=20 + place)
                for metric, value in metrics.items()
            ]
        rows.append(estimate(benchmark, "all", "steadfastness", 0.42, n=20))
    rows = [row for row in rows if (row.metric, row.variant) != ("auroc_p_correct", "stop-think")]
    missing = estimate(benchmarks[0], "stop-think", "auroc_p_correct", None, n=0)
    return [row.model_dump(mode="json") for row in [*rows, missing]]


def estimate(benchmark: str, variant: str, metric: str, value: float | None, n: int) -> Estimate:
    """Make one estimate; a p-value has no interval, and no value has a reason."""
    reason = "every pair stays correct: <b>needs both</b>" if value is None else ""
    bounded = value is not None and metric != "mcnemar_p"
    return Estimate(
        benchmark=benchmark,
        variant=variant,
        metric=metric,
        value=value,
        low=value - 0.04 if value is not None and bounded else None,
        high=value + 0.04 if value is not None and bounded else None,
        method="cluster-bootstrap" if bounded else "",
        n=n,
        n_clusters=n,
        n_unparsed=3,
        n_failed=1,
        reason=reason,
    )


def metrics(benchmarks: list[str]) -> dict[str, Any]:
    """Return the contents of a `metrics.json`."""
    curve = {"coverage": [0.2, 0.6, 1.0], "risk": [0.05, 0.2, 0.4]}
    return {
        "schema_version": 1,
        "settings": {"level": 0.95, "resamples": 100, "seed": 0, "on_conflict": "letter"},
        "estimates": estimates(benchmarks),
        "risk_coverage": [
            {"benchmark": benchmarks[0], "predictor": "p_correct", **curve},
            {"benchmark": benchmarks[0], "predictor": "confidence", **curve},
        ],
    }


def build(
    folder: Path,
    benchmarks: tuple[str, ...] = ("dots", "more-dots"),
    count: int = 10,
    outputs: Outputs = output,
    **description: Any,
) -> RunFolder:
    """Write a whole run folder."""
    run = RunFolder(folder)
    write_json(
        folder / "run.json",
        {
            "schema_version": 1,
            "created": "2026-05-04T10:00:00+00:00",
            "settings": {"model": "pretend", "limit": None},
            "model": {"name": "pretend-7b", "path": "models/pretend"},
            "seed": 3,
            **description,
        },
    )
    for benchmark in benchmarks:
        made = list(records(folder, benchmark, count, outputs))
        run.variants.append(variant for variant, _, _ in made)
        run.generations.append(generation for _, generation, _ in made)
        run.verdicts.append(verdict for _, _, verdict in made)
    run.failures.append(
        Failure(
            stage="load",
            id=f"questions.tsv:{row}",
            benchmark="dots",
            error="DataError",
            message="expected the gold among the options A to D, found 'F'",
        )
        for row in range(8)
    )
    for stage in ("variants", "generations", "verdicts"):
        run.mark_complete(stage)
    write_json(folder / "metrics.json", metrics(list(benchmarks)))
    return run


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., RunFolder]:
    """Return a function that builds a run in a fresh folder."""

    def make(**options: Any) -> RunFolder:
        return build(tmp_path / "run", **options)

    return make


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the page of a run of two benchmarks with ten samples each, rendered once."""
    return render(build(tmp_path_factory.mktemp("page")))


@pytest.fixture
def run(make_run: Callable[..., RunFolder]) -> RunFolder:
    """Return a run of two benchmarks with ten samples each."""
    return make_run()


@pytest.fixture
def small_run(make_run: Callable[..., RunFolder]) -> RunFolder:
    """Return a run of one benchmark with five samples: quick to draw."""
    return make_run(benchmarks=("dots",), count=5)
