"""A judge of which some replies are lost, the same ones every time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from unswayed.judges import JudgeCase
from unswayed.judges.rules.judge import Rules
from unswayed.types import Verdict


class Flaky:
    """Judges by the rules, but for about one thought in four."""

    name, prompt_hash = "flaky", "0"

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        for case, verdict in zip(cases, Rules().judge(cases), strict=True):
            if hashlib.sha256(case.think.encode()).digest()[0] % 4 == 0:
                yield Verdict(id=case.id, judge=self.name, status="failed", reason="lost")
            else:
                yield verdict
