"""Judges without a verdict: one never has any, the other none once training has begun."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from unswayed.judges import JudgeCase
from unswayed.types import Verdict


class Gone:
    """Fails on each case."""

    name, prompt_hash = "gone", "0"

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        for case in cases:
            yield Verdict(id=case.id, judge=self.name, status="failed", reason="it is switched off")


class Dying(Gone):
    """Has a verdict on the case that is asked before training."""

    name = "dying"

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        for case, verdict in zip(cases, super().judge(cases), strict=True):
            known = {"status": "consistent"} if case.id == "probe" else {}
            yield verdict.model_copy(update=known)
