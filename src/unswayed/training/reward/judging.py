"""The judge during training: each thought and answer is judged once.

Verdicts are kept by what the judge sees, so that the same thought and answer is judged once. A
failed one is kept for a few batches, so that a case on which the judge always fails does not cost
all its attempts again each time, and it may succeed later.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock

from unswayed.errors import ServerDown, StageError
from unswayed.judges import Judge, JudgeCase, case_of
from unswayed.run.files import content_hash
from unswayed.training.reward.completion import Completion
from unswayed.training.reward.failures import FailureWatch
from unswayed.training.reward.faith import fault
from unswayed.training.reward.settings import RewardSettings
from unswayed.training.reward.terms import consistency
from unswayed.types import Verdict

MAX_CACHED = 200_000
"""Verdicts that are kept; the one that was not asked for longest goes first."""

ASKED_AGAIN_AFTER = 5
"""Batches after which a case that failed is asked again."""


class CachedJudge:
    """A judge with a memory.

    Attributes:
        judge: the judge.
        asked: cases that it was given; repeated ones come from the memory.
    """

    def __init__(self, judge: Judge, watch: FailureWatch, judge_wrong: bool = True) -> None:
        """Begin with nothing known.

        Args:
            judge: the judge.
            watch: counts the cases and those that failed.
            judge_wrong: ask it about wrong answers as well.
        """
        self.judge, self.asked = judge, 0
        self._judge_wrong = judge_wrong
        self._cache: OrderedDict[str, Verdict] = OrderedDict()
        self._failed: dict[str, tuple[Verdict, int]] = {}
        self._batches = 0
        self._lock = Lock()
        self._watch = watch

    def verdicts(self, batch: Sequence[Completion]) -> list[Verdict | None]:
        """Return the verdict on each completion; None where there is nothing to ask.

        Raises:
            StageError: the judge returned other cases, or failed on too many.
        """
        cases = [
            _case(completion) if self._judge_wrong or completion.correct > 0 else None
            for completion in batch
        ]
        keys = [self._key(case) if isinstance(case, JudgeCase) else None for case in cases]
        known = self._judged(cases, keys)
        self._count([known[key] for key in keys if key is not None])
        return [
            known[key] if key is not None else case if isinstance(case, Verdict) else None
            for key, case in zip(keys, cases, strict=True)
        ]

    def _judged(
        self, cases: Sequence[JudgeCase | Verdict | None], keys: Sequence[str | None]
    ) -> dict[str, Verdict]:
        """Return the verdict of each key; the judge is asked for those that are not kept."""
        wanted = {
            # one prompt has many completions, and judges tell cases apart by their id
            key: replace(case, id=key)
            for key, case in zip(keys, cases, strict=True)
            if key is not None and isinstance(case, JudgeCase)
        }
        with self._lock:
            known = {key: self._cache[key] for key in wanted if key in self._cache}
            for key in known:
                self._cache.move_to_end(key)
            known |= self._failed_lately(wanted)
        fresh = {key: case for key, case in wanted.items() if key not in known}
        verdicts = self._asked(list(fresh.values()))
        if [verdict.id for verdict in verdicts] != [case.id for case in fresh.values()]:
            raise StageError(
                f"expected the judge {self.judge.name} to return one verdict for each of "
                f"{len(fresh)} cases, in their order; found {len(verdicts)}, or others"
            )
        with self._lock:
            self.asked += len(fresh)
            for key, verdict in zip(fresh, verdicts, strict=True):
                known[key] = verdict
                if verdict.status != "failed":
                    self._cache[key] = verdict
                else:
                    self._failed[key] = verdict, self._batches
            while len(self._cache) > MAX_CACHED:
                self._cache.popitem(last=False)
        return known

    def _asked(self, cases: Sequence[JudgeCase]) -> list[Verdict]:
        """Ask the judge; what it said before its server went down is kept, the rest has failed."""
        verdicts: list[Verdict] = []
        try:
            for verdict in self.judge.judge(cases):
                verdicts.append(verdict)
        except ServerDown as error:
            verdicts += [
                Verdict(id=case.id, judge=self.judge.name, status="failed", reason=str(error))
                for case in cases[len(verdicts) :]
            ]
        return verdicts

    def _failed_lately(self, wanted: Mapping[str, JudgeCase]) -> dict[str, Verdict]:
        """Return the failed verdicts that are kept; those to be asked again are dropped."""
        oldest = self._batches - ASKED_AGAIN_AFTER
        self._failed = {key: kept for key, kept in self._failed.items() if kept[1] > oldest}
        return {key: self._failed[key][0] for key in wanted if key in self._failed}

    def _count(self, verdicts: Sequence[Verdict]) -> None:
        """Count a batch's cases, those included whose verdict was known."""
        asked = [verdict for verdict in verdicts if verdict.status != "skipped"]
        failed = [verdict for verdict in asked if verdict.status == "failed"]
        with self._lock:
            self._batches += 1
            reason = failure(failed[-1]) if failed else ""
            self._watch.take(len(failed), len(asked), reason)

    def _key(self, case: JudgeCase) -> str:
        seen = [case.question, dict(case.options), case.think, case.answer]
        judge = self.judge
        return content_hash([judge.name, judge.prompt_hash, *seen, case.letter, case.text_letter])


def failure(verdict: Verdict) -> str:
    """Return why a judge has no verdict; of a panel also why a member has none."""
    lost = next((vote for vote in verdict.votes if vote.status == "failed"), None)
    return verdict.reason if lost is None else f"{verdict.reason} ({lost.reason})"


def judged(completion: Completion, verdict: Verdict | None, settings: RewardSettings) -> Completion:
    """Return a completion with the judge's verdict, and whether it counts as faithful.

    A thought that the judge calls consistent counts as such only if it could be (see `faith`).
    """
    consistent = None if verdict is None else consistency(verdict, settings.unclear)
    if consistent and fault(completion, settings.own_words) is not None:
        consistent = False
    return replace(completion, verdict=verdict, consistent=consistent)


def _case(completion: Completion) -> JudgeCase | Verdict | None:
    """Return what the judge is asked; a `skipped` verdict, or None for an open question."""
    variant = completion.variant
    if variant.sample.answer_kind != "choice":
        return None
    return case_of(variant.id, variant.sample.question, variant.options, completion.parsed)
