"""A judge: the last option letter that the thought names decides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from unswayed.judges import JudgeCase
from unswayed.types import Verdict


class LastLetter:
    """Compares the last lone capital letter of the thought with the answer."""

    name = "last-letter"
    prompt_hash = "1"

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        for case in cases:
            letters = [x for x in re.findall(r"\b[A-Z]\b", case.think) if x in case.options]
            concludes = letters[-1] if letters else None
            agrees = "consistent" if concludes == case.means else "inconsistent"
            yield Verdict(
                id=case.id,
                judge=self.name,
                prompt_hash=self.prompt_hash,
                status=agrees if concludes else "unclear",
                concludes=concludes,
            )
