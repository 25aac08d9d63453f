"""The judge during training: each thought and answer is judged once.

Verdicts are kept by what the judge sees, so that the same thought and answer is judged once; failed
ones are not, so that the judge may succeed the next time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

from unswayed.errors import StageError
from unswayed.judges import Judge, JudgeCase, case_of
from unswayed.run.files import content_hash
from unswayed.training.reward.completion import Completion
from unswayed.types import Verdict

MAX_CACHED = 200_000
"""Verdicts that are kept; the one that was not asked for longest goes first."""

MAX_FAILED_BATCHES = 3
"""Batches in a row in which the judge fails on every case, after which training stops."""


class CachedJudge:
    """A judge with a memory.

    Attributes:
        judge: the judge.
        asked: cases that it was given; repeated ones come from the memory.
    """

    def __init__(self, judge: Judge, judge_wrong: bool = True) -> None:
        """Begin with nothing known.

        Args:
            judge: the judge.
            judge_wrong: ask it about wrong answers as well.
        """
        self.judge, self.asked = judge, 0
        self._judge_wrong = judge_wrong
        self._cache: OrderedDict[str, Verdict] = OrderedDict()
        self._lock = Lock()
        self._failed_batches = 0

    def verdicts(self, batch: Sequence[Completion]) -> list[Verdict | None]:
        """Return the verdict on each completion; None where there is nothing to ask.

        Raises:
            StageError: the judge returned other cases, or failed on all cases of several batches.
        """
        cases = [
            _case(completion) if self._judge_wrong or completion.correct > 0 else None
            for completion in batch
        ]
        keys = [self._key(case) if isinstance(case, JudgeCase) else None for case in cases]
        known = self._judged(cases, keys)
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
        fresh = {key: case for key, case in wanted.items() if key not in known}
        verdicts = list(self.judge.judge(list(fresh.values())))
        if [verdict.id for verdict in verdicts] != [case.id for case in fresh.values()]:
            raise StageError(
                f"expected the judge {self.judge.name} to return one verdict for each of "
                f"{len(fresh)} cases, in their order; found {len(verdicts)}, or others"
            )
        self._check_alive(verdicts)
        with self._lock:
            self.asked += len(fresh)
            for key, verdict in zip(fresh, verdicts, strict=True):
                known[key] = verdict
                if verdict.status != "failed":
                    self._cache[key] = verdict
            while len(self._cache) > MAX_CACHED:
                self._cache.popitem(last=False)
        return known

    def _check_alive(self, verdicts: Sequence[Verdict]) -> None:
        """Stop a training whose judge is gone: its steps would train on nothing."""
        if not verdicts:
            return
        failed = all(verdict.status == "failed" for verdict in verdicts)
        self._failed_batches = self._failed_batches + 1 if failed else 0
        if self._failed_batches >= MAX_FAILED_BATCHES:
            raise StageError(
                f"the judge {self.judge.name} failed on every case of {self._failed_batches} "
                f"batches in a row, at last so: {verdicts[-1].reason}; mend it and resume from the "
                "last checkpoint"
            )

    def _key(self, case: JudgeCase) -> str:
        seen = [case.question, dict(case.options), case.think, case.answer]
        judge = self.judge
        return content_hash([judge.name, judge.prompt_hash, *seen, case.letter, case.text_letter])


def _case(completion: Completion) -> JudgeCase | Verdict | None:
    """Return what the judge is asked; a `skipped` verdict, or None for an open question."""
    variant = completion.variant
    if variant.sample.answer_kind != "choice":
        return None
    return case_of(variant.id, variant.sample.question, variant.options, completion.parsed)
