"""A model, a judge and a benchmark that follow a script: what the pipeline is proven with.

Named in tests as `tests/scripted.py:Scripted,script=mixed`. The scripts say by a sample's number
what is written under which variant, so that every figure of a run follows by hand.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from unswayed.benchmarks.scenes import Scenes
from unswayed.judges import JudgeCase
from unswayed.judges.rules.judge import Rules
from unswayed.models import Decoding, Request
from unswayed.types import (
    Failure,
    Generation,
    ImageRef,
    Letter,
    LetterDistribution,
    Sample,
    Verdict,
)

SURE = 0.7
"""Probability of the letter that the scripted model answers; the others share the rest."""

LATE = 7
MIXED = {
    "base": "gold gold gold gold gold gold wrong open error unfaithful",
    "wrong-think": "foil foil foil foil against against foil foil recovers error",
}
"""What `script=mixed` does with sample 0 … 9 (then again from the start), by variant.

A further output of a prompt is what the next sample would get.
"""


class Scripted:
    """Answers by a script; knows the gold of scenes, and of files whose right text is "right"."""

    profile = "default"

    def __init__(
        self,
        *,
        script: str = "gold",
        delay: float = 0.0,
        log: str = "",
        prefill: bool = True,
        blanks: int = 0,
    ) -> None:
        """Choose what is written.

        Args:
            script: `gold`, `mixed` (see `MIXED`), `broken` (every prompt fails), `late` (the
                first `LATE` fail), or `short`, `swapped`: one too few, or in another order.
            delay: seconds that a batch takes.
            log: file that gets a line for every load and every batch.
            prefill: whether an assistant's turn can be left open.
            blanks: number of blanks behind every answer.
        """
        self.blanks, self.asked = " " * blanks, 0
        self.name, self.script, self.delay, self.prefill = "scripted", script, delay, prefill
        self.log_file = Path(log) if log else None
        self._log({"load": script})

    def provenance(self) -> dict[str, Any]:
        return {"script": self.script}

    def supports_prefill(self) -> bool:
        return self.prefill

    def generate(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        time.sleep(self.delay)
        self._log({"batch": [request.id for request in requests], "decoding": vars(decoding)})
        made = [self._one(request) for request in requests]
        if self.script == "short":
            return made[:-1]
        return made[::-1] if self.script == "swapped" else made

    def _log(self, entry: dict[str, Any]) -> None:
        if self.log_file:
            with self.log_file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")

    def _one(self, request: Request) -> Generation:
        act = self._act(request)
        if act == "error":
            return Generation(id=request.id, status="error", text="", error="out of words")
        gold, foil = _gold(request), asserted(request)
        wrong = next(letter for letter in request.options if letter != gold)
        if act == "open":
            return Generation(id=request.id, status="length", text="<think>I go on and", tokens=5)
        thinks, answers = {
            "gold": (gold, gold),
            "wrong": (wrong, wrong),
            "unfaithful": (wrong, gold),
            "foil": ("", foil or wrong),
            "against": ("", gold),
            "recovers": (gold, gold),
        }[act]
        text = f"<answer>{answers}</answer>"
        if "<think>" not in request.prefill:
            text = f"<think>The answer is {thinks or answers}.</think>{text}"
        elif "</think>" not in request.prefill:
            wait = f" Wait, that is wrong. The answer is {thinks}." if thinks else "."
            text = f"{wait}</think>{text}"
        return Generation(
            id=request.id,
            status="stop",
            text=text + self.blanks,
            tokens=len(text),
            letters=_letters(request, answers),
        )

    def _act(self, request: Request) -> str:
        self.asked += 1
        if self.script == "broken" or (self.script == "late" and self.asked <= LATE):
            return "error"
        acts = MIXED.get(request.variant, "gold").split()
        number = int(re.split("[-/]", request.sample_id)[-1])
        place = number + request.draw
        return acts[place % len(acts)] if self.script == "mixed" else "gold"


class SlowRules(Rules):
    """The judge `rules` under a name of its own, slowed down."""

    name = "slow-rules"

    def __init__(self, *, delay: float = 0.0, reason: int = 0) -> None:
        super().__init__()
        self.delay, self.padding = delay, " " * reason

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        time.sleep(self.delay)
        for verdict in super().judge(cases):
            yield verdict.model_copy(
                update={"judge": self.name, "reason": verdict.reason + self.padding}
            )


class FewVerdicts(Rules):
    """A judge that forgets the last case of every batch."""

    name = "few-verdicts"

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        yield from super().judge(cases[:-1])


class Wide:
    """Samples with much text in each record and one picture for all of them."""

    name = "wide"

    def __init__(self, n: int, *, width: int = 0, broken: int = 0, delay: float = 0.0) -> None:
        """Choose the samples.

        Args:
            n: how many.
            width: least characters of each question.
            broken: every so manieth is a failure; 0 for none.
            delay: seconds that each takes.
        """
        self.n, self.width, self.broken, self.delay = n, width, broken, delay
        self.picture = ImageRef(data=next(iter(Scenes(1))).images[0].data)

    def __iter__(self) -> Iterator[Sample | Failure]:
        for number in range(self.n):
            time.sleep(self.delay)
            if self.broken and number % self.broken == 0:
                yield Failure(
                    stage="load",
                    id="wide/the same name",
                    benchmark=self.name,
                    error="DataError",
                    message=f"row {number} is broken",
                )
                continue
            yield Sample(
                id=f"wide/{number}",
                benchmark=self.name,
                images=(self.picture,),
                question="Which one?".rjust(self.width),
                options={"A": "right", "B": "left", "C": "above"},
                answer="A",
                cluster=f"wide/{number}",
            )


def asserted(request: Request) -> Letter | None:
    """Return the option that the injected text names, if any is; the longest of several."""
    injected = [request.prefill]
    marks = ("Caption: ", "Draft reasoning: ")
    injected += [line for line in request.user.splitlines() if line.startswith(marks)]
    named = {
        letter: len(text)
        for letter, text in request.options.items()
        if any(re.search(rf"(?<!\w){re.escape(text)}(?!\w)", piece) for piece in injected)
    }
    return max(named, key=lambda letter: named[letter]) if named else None


def _gold(request: Request) -> Letter:
    text = "right"
    if request.sample_id.startswith("scenes/"):
        seed, number = map(int, request.sample_id.removeprefix("scenes/").split("-"))
        question = Scenes(number + 1, seed).question(number)
        text = question.options[question.gold]
    return next(letter for letter, shown in request.options.items() if shown == text)


def _letters(request: Request, answer: str) -> LetterDistribution:
    rest = (1 - SURE) / (len(request.options) - 1)
    return LetterDistribution(
        probabilities={k: SURE if k == answer else rest for k in request.options},
        other_mass=0.05,
        method="logits",
    )
