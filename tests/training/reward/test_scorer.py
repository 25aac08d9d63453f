"""The scorer: whom it asks, what it remembers, and what a judge that fails does to a reward."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.errors import ConfigError, RunError, StageError, UnknownName
from unswayed.judges import JudgeCase
from unswayed.training.reward.asking import Asking
from unswayed.training.reward.failures import BATCHES, CASES, SAID_EVERY, FailureWatch
from unswayed.training.reward.guards import Guards
from unswayed.training.reward.judging import ASKED_AGAIN_AFTER
from unswayed.training.reward.lagrangian import Lagrangian
from unswayed.training.reward.likelihood import LikelihoodConsistency
from unswayed.training.reward.scorer import Scorer
from unswayed.training.reward.settings import RewardSettings
from unswayed.types import Consistency, Sample, Variant, Verdict

OPTIONS = {"A": "the chair", "B": "the table"}
RIGHT = "<think>It is the table.</think><answer>B</answer>"
SPLIT = "<think>It is the chair.</think><answer>B</answer>"
WRONG = "<think>It is the chair.</think><answer>A</answer>"
FAITHFUL = RewardSettings(faithful=True)


def prompt(id: str = "v", kind: str = "choice") -> Variant:
    options = OPTIONS if kind == "choice" else {}
    answer = "B" if kind == "choice" else "7"
    sample = Sample.model_validate(
        {
            "id": f"toy/{id}",
            "benchmark": "toy",
            "images": (),
            "question": "Which?",
            "options": options,
            "answer": answer,
            "answer_kind": kind,
            "cluster": id,
        }
    )
    return Variant(id=id, sample=sample, name="base", options=options, answer=answer)


class Scripted:
    """Says what it is told to; counts the cases that it sees."""

    name, prompt_hash = "scripted", "0"

    def __init__(self, *statuses: Consistency) -> None:
        self.statuses = statuses
        self.seen: list[str] = []

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        for case in cases:
            status = self.statuses[min(len(self.seen), len(self.statuses) - 1)]
            self.seen.append(case.think)
            yield Verdict(id=case.id, judge=self.name, status=status, reason="as told")


def totals(scorer: Scorer, *completions: str) -> list[float | None]:
    return [parts.total for parts in scorer.score([prompt()] * len(completions), completions)]


def test_the_rules_judge_decides_over_the_answers_reward() -> None:
    assert totals(Scorer(FAITHFUL), RIGHT, SPLIT, WRONG) == [1.1, 0.1, 0.1]


def test_a_failed_judge_gives_none_and_never_zero() -> None:
    judge = Scripted("consistent", "failed")
    assert totals(Scorer(FAITHFUL, judge), RIGHT, SPLIT) == [1.1, None]


def test_an_answer_of_two_options_is_not_rewarded() -> None:
    for letter, text in (("A", "the table"), ("B", "the chair")):
        both = f"<think>It is the table.</think><answer>{letter}. {text}</answer>"
        assert totals(Scorer(RewardSettings()), both) == [0.0]
        assert totals(Scorer(FAITHFUL), both) == [0.0]


def test_no_judge_is_made_or_asked_where_the_reward_needs_none() -> None:
    judge = Scripted("failed")
    scorer = Scorer(RewardSettings(judge="no-such-judge"), judge)
    assert totals(scorer, RIGHT, SPLIT) == [1.1, 1.1]
    assert judge.seen == []
    with pytest.raises(UnknownName, match="no-such-judge"):
        Scorer(RewardSettings(judge="no-such-judge", faithful=True))


def test_a_thought_is_judged_once_also_across_batches() -> None:
    judge = Scripted("consistent")
    scorer = Scorer(FAITHFUL, judge)
    totals(scorer, RIGHT, RIGHT, SPLIT)
    totals(scorer, SPLIT, RIGHT)
    assert judge.seen == ["It is the table.", "It is the chair."]
    assert scorer.asked == 2


def test_a_failed_case_is_asked_again_after_some_batches() -> None:
    judge = Scripted("failed", "consistent")
    scorer = Scorer(FAITHFUL, judge)
    for _ in range(ASKED_AGAIN_AFTER):
        assert totals(scorer, RIGHT) == [None]
    assert len(judge.seen) == 1
    assert totals(scorer, RIGHT) == [1.1]
    assert len(judge.seen) == 2


def test_a_judge_that_is_gone_stops_the_training() -> None:
    scorer = Scorer(FAITHFUL, Scripted("failed"))
    each = CASES // BATCHES + 1
    for _ in range(BATCHES - 1):
        assert totals(scorer, *[RIGHT] * each) == [None] * each
    with pytest.raises(StageError, match=r"scripted failed on 33 of 33 cases of the last 3.*told"):
        totals(scorer, *[RIGHT] * each)


def test_one_dead_case_among_many_known_ones_stops_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    known = Scripted(*["consistent"] * 1, "failed")
    scorer = Scorer(FAITHFUL, known)
    for _ in range(10 * ASKED_AGAIN_AFTER):
        assert totals(scorer, *[RIGHT] * 31, SPLIT) == [1.1] * 31 + [None]
    assert "warning" not in capsys.readouterr().err


def test_a_share_of_failures_is_said_and_not_at_every_step(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scorer = Scorer(FAITHFUL, Scripted("consistent", "failed"))
    for _ in range(SAID_EVERY):
        totals(scorer, *[RIGHT] * 9, SPLIT)
    (said,) = capsys.readouterr().err.splitlines()
    assert "the judge scripted failed on 1 of 10 cases of the last 1 batches" in said
    assert said.endswith("as told")


def test_how_often_a_judge_may_fail_is_the_recipes() -> None:
    never = FAITHFUL.model_copy(update={"asking": Asking(most_failed=1.0)})
    scorer = Scorer(never, Scripted("failed"))
    for _ in range(BATCHES + 1):
        assert set(totals(scorer, *[RIGHT] * CASES)) == {None}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=60))
def test_the_share_is_that_of_the_last_batches(batches: list[tuple[int, int]]) -> None:
    watch = FailureWatch("it", 1.0)
    taken: list[tuple[int, int]] = []
    for failed, more in batches:
        taken.append((failed, failed + more))
        watch.take(*taken[-1], "so")
        last = next(
            (
                taken[-n:]
                for n in range(BATCHES, len(taken) + 1)
                if sum(cases for _, cases in taken[-n:]) >= CASES
            ),
            taken,
        )
        lost, cases = sum(f for f, _ in last), sum(c for _, c in last)
        assert watch.share == pytest.approx(lost / cases)


def test_failures_are_counted_over_all_processes() -> None:
    others = [(0, 3 * CASES, "")]
    known = Scorer(FAITHFUL, Scripted("failed"), gather=lambda mine: [*mine, *others])
    for _ in range(2 * BATCHES):
        assert set(totals(known, *[RIGHT] * CASES)) == {None}  # a quarter of all processes'
    others = [(3 * CASES, 3 * CASES, "as the other was told")]
    own = Scorer(FAITHFUL, Scripted("consistent"), gather=lambda mine: [*mine, *others])
    for _ in range(BATCHES - 1):
        assert set(totals(own, *[RIGHT] * CASES)) == {1.1}
    with pytest.raises(StageError, match=r"failed on 288 of 384 cases .* as the other was told"):
        totals(own, *[RIGHT] * CASES)


def test_a_process_without_cases_counts_with_the_others() -> None:
    calls: list[Any] = []

    def gather(mine: Sequence[Any]) -> Sequence[Any]:
        calls.append(mine)  # all processes have to come to it
        return [*mine, (CASES, CASES, "gone")]

    scorer = Scorer(FAITHFUL, Scripted("consistent"), gather=gather)
    for _ in range(BATCHES - 1):
        assert totals(scorer, "") == [0]
    with pytest.raises(StageError, match="gone"):
        totals(scorer, "")
    assert calls == [[(0, 0, "")]] * BATCHES


def test_a_case_that_the_judge_skips_is_none() -> None:
    scorer = Scorer(FAITHFUL, Scripted("failed", "skipped"))
    each = [*[RIGHT] * CASES, *[SPLIT] * 2 * CASES]
    for _ in range(BATCHES - 1):
        totals(scorer, *each)
    with pytest.raises(StageError, match="failed on 96 of 96 cases"):
        totals(scorer, *each)


def test_one_process_says_it_for_all(capsys: pytest.CaptureFixture[str]) -> None:
    for quiet in (False, True):
        totals(Scorer(FAITHFUL, Scripted("failed"), quiet=quiet), RIGHT)
        assert ("warning" in capsys.readouterr().err) is not quiet


def test_a_judge_is_asked_before_training() -> None:
    Scorer(FAITHFUL).check_judge()
    Scorer(RewardSettings()).check_judge()
    with pytest.raises(StageError, match=r"scripted of the reward has no verdict .*: as told"):
        Scorer(FAITHFUL, Scripted("failed")).check_judge()


def test_a_judge_is_told_how_it_is_asked() -> None:
    pytest.importorskip("aiohttp")
    asking = Asking(attempts=1, timeout_s=7, concurrency=3)
    spec = "llm:m,base_url=http://localhost:1/v1"
    scorer = Scorer(RewardSettings(faithful=True, judge=spec, asking=asking))
    limits = scorer._judge.judge.client.limits  # type: ignore[union-attr]
    assert (limits.attempts, limits.timeout_s, limits.concurrency) == (1, 7, 3)
    own = Scorer(RewardSettings(faithful=True, judge=f"{spec},timeout=9", asking=asking))
    limits = own._judge.judge.client.limits  # type: ignore[union-attr]
    assert (limits.attempts, limits.timeout_s) == (1, 9)
    panel = RewardSettings(
        faithful=True, judge="panel:rules+llm:m;base_url=http://localhost:1/v1", asking=asking
    )
    limits = Scorer(panel)._judge.judge.members[1].client.limits  # type: ignore[union-attr]
    assert limits.attempts == 1


def test_a_server_that_is_not_there_fails_before_the_first_step() -> None:
    pytest.importorskip("aiohttp")
    asking = Asking(attempts=1, timeout_s=5)
    spec = "llm:m,base_url=http://127.0.0.1:9/v1"
    scorer = Scorer(RewardSettings(faithful=True, judge=spec, asking=asking))
    with pytest.raises(StageError, match="so training did not begin"):
        scorer.check_judge()


def test_wrong_answers_need_not_be_judged() -> None:
    judge = Scripted("inconsistent")
    spare = Scorer(RewardSettings(faithful=True, judge_wrong=False), judge)
    parts = spare.score([prompt()] * 2, [WRONG, RIGHT])
    assert judge.seen == ["It is the table."]
    assert [part.consistent for part in parts] == [None, False]
    assert [part.total for part in parts] == [0.1, 0.1]


def test_without_a_thought_or_an_answer_there_is_nothing_to_ask() -> None:
    judge = Scripted("consistent")
    scorer = Scorer(FAITHFUL, judge)
    assert totals(scorer, "<answer>B</answer>", "<think>x</think>", "") == [0, 0, 0]
    assert judge.seen == []


def test_an_open_answer_counts_as_it_is() -> None:
    judge = Scripted("inconsistent")
    made = Scorer(FAITHFUL, judge).score(
        [prompt(kind="number")], ["<think>It is six.</think><answer>7</answer>"]
    )
    assert (made[0].total, made[0].verdict, judge.seen) == (1.1, None, [])


def test_a_judge_that_shuffles_is_refused() -> None:
    class Shuffling(Scripted):
        def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
            return iter(reversed(list(super().judge(cases))))

    with pytest.raises(StageError, match="one verdict for each of 2 cases"):
        Scorer(FAITHFUL, Shuffling("consistent")).score([prompt("1"), prompt("2")], [RIGHT, SPLIT])


def test_async_calls_overlap() -> None:
    both = threading.Barrier(2)  # each call waits in the judge until the other is there too

    class Waiting(Scripted):
        def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
            both.wait(timeout=60)
            return super().judge(cases)

    scorer = Scorer(FAITHFUL, Waiting("consistent"))

    async def two() -> list[float | None]:
        one, other = await asyncio.gather(
            scorer.ascore([prompt()], [RIGHT]), scorer.ascore([prompt()], [SPLIT])
        )
        return [one[0].total, other[0].total]

    assert asyncio.run(two()) == [1.1, 1.1]


LAGRANGIAN = RewardSettings(lagrangian=Lagrangian(target=1.0, rate=0.5, start=0.2, most=2.0))


def test_the_constraint_pays_for_consistency_and_learns() -> None:
    scorer = Scorer(LAGRANGIAN)
    assert totals(scorer, RIGHT, SPLIT) == pytest.approx([1.3, 1.1])
    assert scorer.multiplier.value == pytest.approx(0.45)  # .2 + .5 · (1 − .5)
    assert totals(scorer, RIGHT, SPLIT) == pytest.approx([1.55, 1.1])
    assert totals(Scorer(LAGRANGIAN, Scripted("failed")), RIGHT) == [None]


def test_the_multiplier_goes_on_after_a_resumption() -> None:
    first, second = Scorer(LAGRANGIAN), Scorer(LAGRANGIAN)
    totals(first, RIGHT, SPLIT)
    second.restore(first.state())
    assert second.multiplier == first.multiplier
    with pytest.raises(RunError):
        second.restore({})


def test_all_processes_learn_from_all_of_them() -> None:
    def gather(mine: Sequence[Any]) -> Sequence[Any]:
        counts = isinstance(mine[0], tuple)  # of the judge's failures
        return [*mine, *([(0, 2, "")] if counts else [False, False])]

    scorer = Scorer(LAGRANGIAN, gather=gather)
    totals(scorer, RIGHT, RIGHT)
    assert scorer.multiplier.value == pytest.approx(0.45)


def test_groups_are_the_completions_of_one_prompt() -> None:
    care = RewardSettings(likelihood_consistency=LikelihoodConsistency(weight=0.5, margin=0.0))
    variants = [prompt("1"), prompt("2"), prompt("1"), prompt("2")]
    made = Scorer(care).score(variants, [RIGHT] * 4, likelihoods=[-0.1, -2.0, -0.2, -1.0])
    assert [parts.terms["likelihood"] for parts in made] == [0.5, 0, 0, 0.5]
    guarded = RewardSettings(guards=Guards(thin=0, duplicate=0.5))
    made = Scorer(guarded).score(variants, [RIGHT, RIGHT, SPLIT, RIGHT])
    assert [parts.terms["duplicate"] for parts in made] == [0, -0.5, 0, -0.5]


def test_likelihoods_that_are_needed_are_asked_for() -> None:
    care = Scorer(RewardSettings(likelihood_consistency=LikelihoodConsistency()))
    with pytest.raises(ConfigError, match="log-likelihood"):
        care.score([prompt()], [RIGHT])


def test_one_prompt_a_completion() -> None:
    with pytest.raises(ConfigError, match="found 1 and 2"):
        Scorer(RewardSettings()).score([prompt()], [RIGHT, RIGHT])
