"""Letter distributions as numbers: that of one output, and the marginal one of a prompt's outputs.

The distribution of an output is that behind its own thought (PROTOCOL section 6): after a thought
that names an option it is certain, whatever the model saw. The *marginal* distribution is the mean
over a prompt's k outputs of p(letter | thought). It estimates Σ p(thought) · p(letter | thought),
the confidence that one thought hides. With few outputs its entropy comes out too low, by about
Σ Var(p) / p over the letters, divided by 2k, because a mean of k is not the expectation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from unswayed.answers import ParsedAnswer
from unswayed.errors import DataError
from unswayed.metrics.codes import METHODS
from unswayed.types import Letter, LetterDistribution, Variant

Cells = dict[str, Any]
"""Column → cell of one row."""

_SHARED = ("entropy", "p_correct", "p_top", "top_correct")
"""What is measured of an output's own distribution and of the marginal one."""

_NONE: Cells = {
    "method": -1,
    "forced": False,
    "bounded": False,
    **dict.fromkeys((*_SHARED, "entropy_normalised", "p_foil", "brier", "other_mass"), math.nan),
}


def counted(letters: LetterDistribution | None, reading: ParsedAnswer) -> LetterDistribution | None:
    """Return an output's distribution if it is in figures: an unparsed answer has none.

    `<answer></answer>` and `A and B` have a place at which letters were read, but no answer that
    the probabilities are of. One that was forced stands for the answer that is missing.
    """
    answers = reading.letter is not None or (letters is not None and letters.forced)
    return letters if answers else None


def cells(variant: Variant, letters: LetterDistribution | None) -> Cells:
    """Return the cells of an output's own distribution.

    Raises:
        DataError: it is not one over the options that were shown.
    """
    if letters is None:
        return _NONE
    p = letters.probabilities
    whole = math.isclose(sum(p.values()), 1, abs_tol=1e-3) and min(p.values()) >= 0
    if p.keys() != variant.options.keys() or not whole:
        raise DataError(
            f"variant {variant.id}: expected probabilities of {', '.join(variant.options)} that "
            f"sum to 1, found {dict(p)}; generate it again"
        )
    shared = _measured(variant, p)
    ceiling = math.log(len(p)) if len(p) > 1 else math.nan
    return {
        **shared,
        "method": METHODS.index(letters.method),
        "forced": letters.forced,
        "bounded": bool(letters.bounded),
        "entropy_normalised": min(1.0, shared["entropy"] / ceiling) if len(p) > 1 else math.nan,
        "p_foil": math.nan if variant.foil is None else p[variant.foil],
        "brier": sum((value - (letter == variant.answer)) ** 2 for letter, value in p.items()),
        "other_mass": math.nan if letters.other_mass is None else letters.other_mass,
    }


def marginal_cells(variant: Variant, outputs: Sequence[LetterDistribution]) -> Cells:
    """Return the cells of the marginal distribution; NaN where no output has one of its own.

    Args:
        variant: what was shown.
        outputs: the distributions of the prompt's outputs that are in figures; each counts alike.
    """
    if not outputs:
        return {f"{name}_marginal": math.nan for name in _SHARED}
    marginal = {
        letter: sum(one.probabilities.get(letter, 0.0) for one in outputs) / len(outputs)
        for letter in variant.options
    }
    return {f"{name}_marginal": value for name, value in _measured(variant, marginal).items()}


def letter_entropy(probabilities: Sequence[float]) -> float:
    """Return H = −Σ p ln p in nats, with 0 ln 0 = 0 (Zhao et al., arXiv 2602.12506)."""
    return max(0.0, -sum(p * math.log(p) for p in probabilities if p > 0))


def _measured(variant: Variant, p: Mapping[Letter, float]) -> Cells:
    top = max(p.values())
    tied = [letter for letter, value in p.items() if value == top]
    return {
        "entropy": letter_entropy(list(p.values())),
        "p_correct": p[variant.answer],
        "p_top": top,
        "top_correct": (variant.answer in tied) / len(tied),
    }
