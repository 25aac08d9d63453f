"""Names and codes of a generation's columns: statuses, verdicts, letters and flags, each once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from unswayed.types import AnswerKind, Consistency, Finish, LetterMethod, Thoughts

BASE = "base"
"""Name of the unperturbed variant, which all others are paired with."""

ALL = "all"
"""Name of all benchmarks together, or of all variants together."""

UNPARSED, ABSTAINED, NO_LETTER, VALUE = -1, -2, -3, -4
"""Codes in a letter column beside 0 (A) … 25 (Z).

NO_LETTER: the sample has no foil, or its gold is no letter. VALUE: the answer to an open question
was read and is not its foil.
"""

FOIL_VALUE = 0
"""Code of the foil of an open question, which has one at most, and of an answer that is it."""

FINISH: tuple[str, ...] = get_args(Finish)
CONSISTENCY: tuple[str, ...] = get_args(Consistency)
METHODS: tuple[str, ...] = get_args(LetterMethod)
KINDS: tuple[str, ...] = get_args(AnswerKind)
THOUGHTS: tuple[str, ...] = get_args(Thoughts)
"""What the codes of the columns `finish`, `consistency`, `method`, `kind` and `thoughts` stand for.

−1 is none.
"""

FLAGS: Mapping[str, int] = {
    "option-text": 1,
    "letter-text-conflict": 2,
    "lowercase": 4,
    "several-answers": 8,
    "dressed": 16,
    "worded": 32,
    "numbered": 64,
    "box": 128,
    "alone": 256,
    "stated": 512,
    "last-line": 1024,
    "first-line": 2048,
    "recorded": 4096,
}
"""Bits of the column `flags`."""

PLACES = ("box", "alone", "stated", "last-line", "first-line", "recorded")
"""Flags that say by which rule an answer was found outside the answer tags."""

FORMS = ("option-text", "dressed", "worded", "numbered", "lowercase")
"""Flags that say in which form it was written, where that is not the letter as it was shown."""

NO_VOTE = 0
"""A member's place in the column `votes` before a verdict; a vote is its code + 1."""

VOTE_BITS = 3

QUADRANTS = (
    "consistent_correct",
    "inconsistent_correct",
    "consistent_incorrect",
    "inconsistent_incorrect",
)
"""Zhao et al., arXiv 2602.12506: verdict × correctness."""

CONFLICT = "conflict"
"""Stands beside the quadrants: the answer names one option and repeats another one's text, so
that no thought can agree with all of it."""


def is_misleading(variant: str) -> bool:
    """Say whether a variant asserts a wrong option, by its name, and changes nothing else.

    Composed variants, such as `abstain+wrong-think`, are not meant: not in the headline, nor in
    steadfastness.
    """
    return variant.startswith("wrong-") and "+" not in variant


def asserts_foil(variant: str) -> bool:
    """Say whether a variant, composed or not, asserts a wrong option."""
    return any(is_misleading(part) for part in variant.split("+"))
