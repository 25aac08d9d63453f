"""Judges: does the thought say what the answer says (PROTOCOL section 7)?

A judge sees a thought and an answer, never the image and never the gold. It is any object with the
attributes and the method of `Judge`; name your own as `my_file.py:MyJudge`:

    class SameLetter:
        # the thought must end with the answer's letter

        name = "same-letter"
        prompt_hash = "same-letter-1"    # raise it whenever a verdict could move

        def judge(self, cases):
            for case in cases:
                letter = case.think.rstrip(" .")[-1:]
                concludes = letter if letter in case.options else None
                same = "consistent" if concludes == case.means else "inconsistent"
                yield Verdict(
                    id=case.id,
                    judge=self.name,
                    prompt_hash=self.prompt_hash,
                    status=same if concludes else "unclear",
                    concludes=concludes,
                )

`rules` goes by rules, `llm` asks a language model, `reread` the model itself, `panel` several
judges; `agreement` compares one with people's labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast, runtime_checkable

from unswayed.answers import ParsedAnswer
from unswayed.types import Verdict

BATCH = 64
"""Cases that a judge gets at once if it does not say how many it likes."""


@dataclass(frozen=True)
class JudgeCase:
    """One thought and answer to be compared.

    Attributes:
        id: id of the variant.
        question: the question without its options.
        options: shown letter → text.
        think: the thought, without its tags.
        answer: the text between the answer tags.
        letter: the letter that the answer names, else the one it counts as; None if only its text
            is known.
        text_letter: the option whose text the answer repeats, if any; it decides over `letter`.
    """

    id: str
    question: str
    options: Mapping[str, str]
    think: str
    answer: str
    letter: str | None
    text_letter: str | None

    @property
    def means(self) -> str | None:
        """The option that the answer asserts: its text decides over its letter."""
        return self.text_letter or self.letter

    @property
    def only_named(self) -> str | None:
        """The letter that a conflicting answer names beside another option's text; else None."""
        return self.letter if self.letter != self.means else None

    @property
    def asserted(self) -> str:
        """What the answer asserts, in words for a reason; of a conflict both options."""
        beside = f" by its text, and names {self.only_named}" if self.only_named else ""
        return f"the answer asserts {self.means}{beside}"


class Judge(Protocol):
    """Anything that compares thoughts with answers.

    A judge may also have `batch`, the number of cases it likes to get at once (one that asks a
    server many things at a time wants many), and `provenance()`, which says what it is in JSON
    values, for `run.json`. One that asks servers may name their addresses as `servers`.

    Attributes:
        name: name of the judge, as it stands in every verdict.
        prompt_hash: hash of the judge's prompt text or of its rules.
    """

    name: str
    prompt_hash: str

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        """Yield one verdict per case, in order; a case that fails is a `failed` verdict."""
        ...


@runtime_checkable
class BoundedJudge(Protocol):
    """A judge that asks a server, and can be told how long it may."""

    def bound(self, *, attempts: int, timeout_s: float, concurrency: int) -> None:
        """Ask within these bounds from now on, where its spec gave none of its own.

        A server that is down then ends nothing: cases without a reply are `failed` verdicts.

        Args:
            attempts: requests that are sent for one case before it has failed.
            timeout_s: seconds for one of them.
            concurrency: most requests in flight.
        """
        ...


def servers_of(judge: Judge) -> tuple[str, ...]:
    """Return the addresses that a judge asks, as its attribute `servers` says; none without it."""
    return tuple(getattr(judge, "servers", ()))


def batch_size(judge: Judge) -> int:
    """Return how many cases a judge gets at once."""
    return max(1, int(getattr(judge, "batch", BATCH)))


def described(judge: Judge) -> dict[str, Any]:
    """Return what is known of a judge, for the record: name, prompt hash and its provenance."""
    provenance = cast("Callable[[], dict[str, Any]] | None", getattr(judge, "provenance", None))
    return {
        "name": judge.name,
        "prompt_hash": judge.prompt_hash,
        **(provenance() if provenance else {}),
    }


def case_of(
    variant_id: str, question: str, options: Mapping[str, str], reading: ParsedAnswer
) -> JudgeCase | Verdict:
    """Return the case of a reading, or a `skipped` verdict where there is nothing to compare."""
    if reading.think is None or not reading.think.strip():
        return _skipped(variant_id, "there is no thought")
    if reading.answer is None or (reading.letter or reading.text_letter) is None:
        problem = reading.problem or "no letter"
        return _skipped(variant_id, f"there is no readable answer: {problem}")
    return JudgeCase(
        variant_id,
        question,
        options,
        reading.think,
        reading.answer,
        reading.named_letter or reading.letter,
        reading.text_letter,
    )


def _skipped(variant_id: str, reason: str) -> Verdict:
    return Verdict(id=variant_id, judge="", status="skipped", reason=reason)
