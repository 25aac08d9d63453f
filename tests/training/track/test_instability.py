"""Unrest is told from learning, a fall from noise, and the less steady of two is named."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.training.policies import checkpoint, policy, training

from unswayed.cli import main
from unswayed.training.track.collapse import Collapse, Shape
from unswayed.training.track.dynamics import Dynamics, TrackedValue, dynamics
from unswayed.training.track.empty import EmptyThoughts
from unswayed.training.track.evaluation import track
from unswayed.training.track.falls import first_fall
from unswayed.training.track.findings import fired, template_lines
from unswayed.training.track.instability import Steadiness, instabilities, steadiness
from unswayed.training.track.variances import across, along, running_variance, window_of

SERIES = 60


def noisy(course: Callable[[int], float], seed: int, noise: float = 0.05) -> dict[int, float]:
    rng = np.random.default_rng(seed)
    return {t: course(t) + noise * float(rng.standard_normal()) for t in range(1, 161)}


def told(course: Callable[[int], float]) -> float:
    return sum(first_fall(noisy(course, seed)) is not None for seed in range(SERIES)) / SERIES


class TestVariance:
    def test_by_hand(self) -> None:
        # about the line through 0, 1, 0, 1 (slope 0.2): residuals −.2, .6, −.6, .2, two degrees
        assert running_variance({1: 0.0, 2: 1.0, 3: 0.0, 4: 1.0}) == {4: pytest.approx(0.4)}
        assert along({1: 0.0, 2: 1.0, 3: 0.0}) is None

    def test_windows(self) -> None:
        assert [window_of(n) for n in (4, 8, 20, 32, 160)] == [4, 8, 8, 8, 40]
        assert min(running_variance(noisy(lambda _: 0, 1))) == 40

    @given(
        st.floats(-5, 5), st.floats(-1, 1), st.lists(st.integers(0, 500), min_size=4, unique=True)
    )
    def test_a_straight_line_is_steady(self, at: float, slope: float, steps: list[int]) -> None:
        line = {step: at + slope * step for step in steps}
        assert along(line) == pytest.approx(0, abs=1e-9 * (1 + abs(at) + 500 * abs(slope)) ** 2)

    def test_learning_is_not_unrest_and_oscillation_is(self) -> None:
        def mean(course: Callable[[int], float]) -> float:
            return float(np.mean([along(noisy(course, seed)) or 0 for seed in range(20)]))

        stable = mean(lambda _: 0.8)
        assert stable == pytest.approx(0.05**2, rel=0.1)
        assert mean(lambda t: 0.9 - 0.5 * math.exp(-t / 40)) < 1.3 * stable
        assert mean(lambda t: 0.8 + 0.15 * math.sin(t / 3)) > 4 * stable

    def test_between_seeds_by_hand(self) -> None:
        lines = {1: {0: 5.0, 1: 1.0, 2: 0.0}, 2: {0: 9.0, 1: 3.0, 2: 4.0, 3: 7.0}}
        assert across(lines) == pytest.approx((2 + 8) / 2)  # step 0 and a step of one seed are out
        assert across({1: {1: 2.0}}) is None
        assert across({1: {1: 2.0}, 2: {2: 2.0}}) is None


class TestFalls:
    def test_noise_and_learning_do_not_fall(self) -> None:
        assert told(lambda _: 0.8) == 0
        assert told(lambda t: 0.9 - 0.5 * math.exp(-t / 40)) == 0

    def test_a_collapse_falls(self) -> None:
        assert told(lambda t: 0.8 if t < 80 else 0.2) == 1

    def test_by_hand(self) -> None:
        line = {step: 1.0 if step <= 30 else 0.0 for step in range(1, 61)}
        fall = first_fall(line)
        assert fall is not None  # without noise a tenth is enough: one of the last eight fell
        assert (fall.step, fall.since, fall.best, fall.now) == (31, 8, 1.0, 7 / 8)
        assert first_fall({step: line[step] for step in range(20, 41)}) is None  # too few
        assert first_fall({step: 1 - 0.09 * (step > 30) for step in range(60)}) is None

    @given(st.lists(st.floats(0, 1), min_size=0, max_size=80))
    def test_what_never_goes_down_never_falls(self, values: list[float]) -> None:
        assert first_fall(dict(enumerate(sorted(values)))) is None


def logged(seed: int, metric: str, line: dict[int, float]) -> list[TrackedValue]:
    return [
        TrackedValue(seed, step, "training", "all", metric, value, None, None, None)
        for step, value in line.items()
    ]


def run_of(noise: float, consistent: float | None = None, **more: Any) -> Dynamics:
    rows: list[TrackedValue] = []
    for seed in (1, 2, 3):
        rows += logged(seed, "reward", noisy(lambda _: 0.8, seed, noise))
        if consistent is not None:
            rows += logged(seed, "reward/consistent", noisy(lambda _: 0.9, seed + 9, consistent))
    return Dynamics(tuple(rows), more.get("findings", {}), more.get("emptied", {}), {})


class TestRule:
    def ruled(self, a: Dynamics, b: Dynamics) -> tuple[str, ...]:
        return steadiness(a, b).less_steady

    def test_twice_the_variance_of_both(self) -> None:
        calm, wild = run_of(0.05, 0.05), run_of(0.08, 0.08)
        found = steadiness(calm, wild)
        ratio = (0.08 / 0.05) ** 2
        assert [one.ratio for one in found.ratios] == pytest.approx([ratio, ratio])
        assert found.ratios[0].by_seed == pytest.approx(dict.fromkeys((1, 2, 3), ratio))
        assert found.less_steady == ("second",)
        assert self.ruled(wild, calm) == ("first",)

    def test_one_of_both_is_not_enough(self) -> None:
        assert self.ruled(run_of(0.05, 0.05), run_of(0.08, 0.05)) == ()
        assert self.ruled(run_of(0.05), run_of(0.08)) == ()  # consistency is not known
        assert self.ruled(run_of(0.05, 0.05), run_of(0.065, 0.065)) == ()

    def test_a_detector_that_fires_in_more_seeds_is_enough(self) -> None:
        silent = {(2, "toy", "wrong-think"): {40: EmptyThoughts(True, 40, 0.0, 0.9)}}
        empty = run_of(0.05, 0.05, emptied=silent)
        assert fired(empty) == {2}
        assert fired(empty, last=39) == set()
        assert self.ruled(run_of(0.05, 0.05), empty) == ("second",)
        shape = Shape(40, 9.0, 0.0, None)
        fallen = {(3, "toy"): {80: Collapse(True, True, True, shape, shape)}}
        assert self.ruled(run_of(0.05, findings=fallen), run_of(0.05)) == ("first",)
        both = run_of(0.05, findings=fallen, emptied=silent)
        assert fired(both) == {2, 3}
        assert self.ruled(empty, both) == ("second",)

    def test_both_may_be_less_steady_by_different_parts(self) -> None:
        silent = {(2, "toy", "wrong-think"): {40: EmptyThoughts(True, 40, 0.0, 0.9)}}
        assert self.ruled(run_of(0.05, 0.05, emptied=silent), run_of(0.1, 0.1)) == (
            "first",
            "second",
        )

    def test_only_steps_that_both_have_made_count(self) -> None:
        longer = run_of(0.05, 0.05)
        wild = logged(1, "reward", {step: float(step % 2) for step in range(161, 200)})
        found = steadiness(run_of(0.05, 0.05), Dynamics((*longer.rows, *wild), {}, {}, {}))
        assert found.last == 160
        assert [one.ratio for one in found.ratios] == pytest.approx([1, 1])
        assert isinstance(found, Steadiness)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("unrest")
    start = checkpoint(place / "start", {"right": 12})
    steps = {step: {"right": 12 + step % 2} for step in (1, 2, 3)}
    steps[4] = {"right": 12, "thought": "form"}
    for seed in (1, 2):
        training(place / "run" / f"seed-{seed}", start, steps, seed=seed)
    track(place / "run", model_of=policy)
    return place / "run"


class TestTraining:
    """The whole way: from a training's folder to what is printed."""

    def test_templates_behind_a_prefill_are_told(self, out: Path) -> None:
        found = dynamics(out)
        assert not any(one.collapsed for by in found.behind.values() for one in by.values())
        line = template_lines(found)[0]
        assert line.startswith("seed 1, wide, wrong-think: at step 4, 100% of 24 thoughts shared")

    def test_the_table_holds_the_variance(self, out: Path) -> None:
        found = dynamics(out)
        rows = [row for row in found.rows if row.metric == "variance/accuracy"]
        assert {(row.seed, row.step, row.variant, row.n) for row in rows} == {
            (seed, 4, variant, 5) for seed in (1, 2) for variant in ("base", "wrong-think")
        }
        (reward,) = [one for one in instabilities(found.rows) if one.metric == "reward"]
        assert reward.along == pytest.approx(0, abs=1e-12)  # a straight line in each seed
        assert reward.across == pytest.approx(0.001**2 / 2)  # which lie 0.001 apart

    def test_it_is_printed(
        self, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def printed(*words: str) -> str:
            monkeypatch.setattr("sys.argv", ["unswayed", *words])
            with pytest.raises(SystemExit) as ended:
                main()
            assert ended.value.code == 0
            return capsys.readouterr().out

        shown = printed("track", str(out), "--no-evaluate")
        assert "TEMPLATES  seed 1, wide, wrong-think" in shown
        assert "standard deviation along training about its trend" in shown
        document = json.loads(printed("track", str(out), "--no-evaluate", "--json"))
        assert {one["metric"] for one in document["instability"]} >= {"reward", "accuracy"}
        assert {one["variant"] for one in document["templates"]} == {"wrong-think"}
        assert document["falls"] == []
        shown = printed("compare", str(out / "seed-1"), str(out / "seed-2"))
        assert "collapsed or became empty: 0 of 1 and 0 of 1" in shown
        assert "empty thoughts in a larger share of the seeds): neither" in shown
