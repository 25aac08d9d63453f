"""What a sentence does with the options: it claims one, denies one, or takes back what was said."""

from __future__ import annotations

from dataclasses import dataclass

FINAL, STRONG, PLAIN, WEAK, FAINT = 3.0, 2.0, 1.0, 0.5, 0.3
"""Weights: an answer is named; a conclusion is drawn; asserted; hedged; merely mentioned."""


@dataclass(frozen=True)
class Claim:
    """A sentence asserts an option, or a result outside the options.

    Attributes:
        letter: the option; None for a result that no option has.
        weight: one of the weights above, or between them.
        rule: name of the rule that found it.
        quote: the words it was found in.
        form: how the option is named.
    """

    letter: str | None
    weight: float
    rule: str
    quote: str
    form: str = "text"


@dataclass(frozen=True)
class Denial:
    """A sentence says that an option is not it."""

    letter: str
    quote: str


@dataclass(frozen=True)
class Turn:
    """A sentence takes back what was said; `strong` for "Wait", not for "but"."""

    strong: bool


Event = Claim | Denial | Turn
