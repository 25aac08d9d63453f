"""What to do where many outputs could not be read: the answer style that they are likely in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice

import numpy as np

from unswayed.answers import STYLES, AnswerRules
from unswayed.metrics.codes import UNPARSED
from unswayed.metrics.columns import Columns
from unswayed.run.pairing import VariantOutput

MUCH = 0.2
"""Share of a variant's outputs without an answer above which the style does not fit them."""

_TRIED = 200
_VARIANTS_SHOWN, _OUTPUTS_SHOWN, _LENGTH = 3, 3, 70


def advice(
    columns: Columns, outputs: Callable[[], Iterable[VariantOutput]], rules: AnswerRules
) -> list[str]:
    """Return a line for each benchmark with a variant that the style does not fit.

    It names the variants, the style that would read most of the first outputs, and three of them.

    Args:
        columns: rows of the run.
        outputs: opens the run's variants with their generations, from the start; they are read
            until a few hundred were found without an answer.
        rules: how they were read.
    """
    return [
        _line(benchmark, shares, outputs(), rules)
        for benchmark, shares in _misfits(columns).items()
    ]


def _misfits(columns: Columns) -> dict[str, dict[str, float]]:
    """Return benchmark → variant → share without an answer, where it is above `MUCH`."""
    rows = columns.completed().of_kind("choice")
    counts = np.zeros((2, len(columns.benchmarks), len(columns.variants)))
    np.add.at(counts[0], (rows.benchmark, rows.variant), 1)
    np.add.at(counts[1], (rows.benchmark, rows.variant), rows.chosen == UNPARSED)
    shares = counts[1] / np.maximum(counts[0], 1)
    found: dict[str, dict[str, float]] = {}
    for at, benchmark in enumerate(columns.benchmarks):
        much = {
            variant: float(share)
            for variant, share in zip(columns.variants, shares[at], strict=True)
            if share > MUCH
        }
        if much:
            found[benchmark] = much
    return found


def _line(
    benchmark: str,
    shares: dict[str, float],
    outputs: Iterable[VariantOutput],
    rules: AnswerRules,
) -> str:
    unread = list(
        islice((one for one in outputs if _is_unread(one, benchmark, shares, rules)), _TRIED)
    )
    read = {style: _number_read(unread, style, rules) for style in STYLES}
    likely = max(read, key=lambda style: read[style])
    if read[likely]:
        hint = f"--answer-style {likely} reads {read[likely]} of the first {len(unread)} of them"
    else:
        hint = "no answer style reads any of the first of them: see the profile (--profile)"
    worst = sorted(shares, key=lambda name: -shares[name])
    told = ", ".join(f"{shares[name]:.0%} of {name}" for name in worst[:_VARIANTS_SHOWN])
    more = f" and of {len(worst) - _VARIANTS_SHOWN} more" if len(worst) > _VARIANTS_SHOWN else ""
    first = ", ".join(f"{_shortened(one.text)!r}" for _, one in unread[:_OUTPUTS_SHOWN])
    style = rules.style.name
    return f"{benchmark}: no answer in the style {style} in {told}{more}: {hint}; {first}"


def _is_unread(
    output: VariantOutput, benchmark: str, shares: dict[str, float], rules: AnswerRules
) -> bool:
    variant, generation = output
    return (
        variant.sample.benchmark == benchmark
        and variant.name in shares
        and generation.status in ("stop", "length")
        and variant.sample.answer_kind == "choice"
        and rules.read(variant, generation).letter is None
    )


def _number_read(outputs: Iterable[VariantOutput], style: str, rules: AnswerRules) -> int:
    """Return how many outputs a style would read."""
    other = replace(rules, style=replace(rules.style, name=style))
    return sum(other.read(*one).letter is not None for one in outputs)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LENGTH else line[: _LENGTH // 2] + " … " + line[-_LENGTH // 2 :]
