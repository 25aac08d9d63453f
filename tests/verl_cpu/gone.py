"""A judge that never has a verdict."""

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
