"""How often the judge may fail under verl: the recipe's rule, over all processes that score."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.errors import StageError
from unswayed.training.reward.asking import Asking
from unswayed.training.reward.failures import BATCHES, CASES, FailureWatch
from unswayed.training.reward.parts import RewardParts
from unswayed.training.reward.settings import RewardSettings
from unswayed.training.verl.failures import RecordedFailures

KNOWN = RewardParts(0.1, 1.0, 1.0, consistent=True, verdict="consistent")
FAILED = RewardParts(0.1, 1.0, None, verdict="failed", reason="no reply from the server")
UNCLEAR = RewardParts(0.1, 1.0, None, verdict="unclear")  # with unclear = "none"
SKIPPED = RewardParts(0.1, 0.0, 0.0, verdict="skipped")
RAISED = None


def settings(most: float) -> RewardSettings:
    return RewardSettings(faithful=True, judge="llm:m", asking=Asking(most_failed=most))


def followed(folder: Path, most: float = 0.5) -> RecordedFailures:
    made = RecordedFailures()
    made.follow(folder, settings(most))
    return made


def record(folder: Path, parts: Sequence[RewardParts | None], process: str = "a") -> None:
    folder.mkdir(exist_ok=True)
    lines = [
        {"parts": one and asdict(one), "reason": "" if one else "the row cannot be read"}
        for one in parts
    ]
    with (folder / f"{process}.jsonl").open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def steps(folder: Path, failures: RecordedFailures, *parts: RewardParts | None) -> None:
    for _ in range(BATCHES + 1):
        record(folder, parts)
        failures.count(len(parts))


def test_a_judge_that_fails_stops_training_with_its_last_reason(tmp_path: Path) -> None:
    failures = followed(tmp_path)
    with pytest.raises(StageError, match=r"the judge llm:m failed on 60 of 96 .*: no reply from"):
        steps(tmp_path, failures, *[FAILED] * 20, *[KNOWN] * 12)


@pytest.mark.parametrize(("most", "stops"), [(1.0, False), (0.7, False), (0.1, True), (0.0, True)])
def test_how_often_is_the_recipes(tmp_path: Path, most: float, stops: bool) -> None:
    failures, step = followed(tmp_path, most), [*[FAILED] * 20, *[KNOWN] * 12]
    if stops:
        with pytest.raises(StageError, match=f"which is more than {most:.0%}"):
            steps(tmp_path, failures, *step)
    else:
        steps(tmp_path, failures, *step)


def test_never_is_never(tmp_path: Path) -> None:
    steps(tmp_path, followed(tmp_path, 1.0), *[FAILED] * CASES)


def test_a_thought_that_concludes_nothing_is_no_failure(tmp_path: Path) -> None:
    steps(tmp_path, followed(tmp_path, 0.0), *[UNCLEAR] * CASES)


def test_what_was_not_asked_is_no_case(tmp_path: Path) -> None:
    failures = followed(tmp_path)  # half of all, but nine in ten of those that were asked
    with pytest.raises(StageError, match="failed on 54 of 60 cases"):
        steps(tmp_path, failures, *[FAILED] * 18, *[KNOWN] * 2, *[SKIPPED] * 20)


def test_all_processes_are_counted_together(tmp_path: Path) -> None:
    failures = followed(tmp_path)
    for _ in range(2 * BATCHES):
        record(tmp_path, [FAILED] * 10, "a")  # of its own share all, of the step a third
        record(tmp_path, [KNOWN] * 20, "b")
        failures.count(30)


def test_rewards_that_cannot_be_had_stop_training_whatever_the_judges_share(tmp_path: Path) -> None:
    failures = followed(tmp_path, 1.0)
    with pytest.raises(StageError, match=r"the reward failed on 60 .* row cannot be read"):
        steps(tmp_path, failures, *[RAISED] * 20, *[KNOWN] * 12)


def test_what_no_process_recorded_is_missed(tmp_path: Path) -> None:
    failures = followed(tmp_path, 1.0)
    for _ in range(BATCHES - 1):
        failures.count(CASES)
    with pytest.raises(StageError, match="recorded nothing of it"):
        failures.count(CASES)


def test_records_that_come_a_step_late_stop_nothing(tmp_path: Path) -> None:
    failures = followed(tmp_path)
    failures.count(CASES)
    record(tmp_path, [KNOWN] * CASES * 2)
    for _ in range(BATCHES + 1):
        failures.count(CASES)
        record(tmp_path, [KNOWN] * CASES)


def test_nothing_is_counted_where_nothing_is_followed() -> None:
    RecordedFailures().count(CASES)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=12))
def test_it_is_the_rule_of_the_other_engine(
    tmp_path_factory: pytest.TempPathFactory, counts: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("records")
    failures, watch = followed(folder, 0.3), FailureWatch("the judge llm:m", 0.3, quiet=True)
    for failed, known in counts:
        record(folder, [*[FAILED] * failed, *[KNOWN] * known])
        said: list[str] = []
        for count in (
            lambda n=failed, m=known: failures.count(n + m),
            lambda n=failed, m=known: watch.take(n, n + m, FAILED.reason if n else ""),
        ):
            try:
                count()
            except StageError as error:
                said.append(str(error))
        assert len(set(said)) <= 1
        assert len(said) in (0, 2)
        if said:
            return
