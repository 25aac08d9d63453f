"""What to do where many outputs could not be read: the answer style that they are likely in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from unswayed.answers import STYLES, AnswerRules
from unswayed.metrics.codes import UNPARSED
from unswayed.metrics.columns import Columns
from unswayed.run.pairing import VariantOutput

MUCH = 0.2
"""Share of the outputs without an answer above which the style fits nothing."""

_TRIED = 200
_SHOWN, _LENGTH = 3, 70


def advice(columns: Columns, outputs: Iterable[VariantOutput], rules: AnswerRules) -> str:
    """Return a line that names the likely style and shows three outputs; empty if it fits.

    Args:
        columns: rows of the run.
        outputs: its variants with their generations; a few hundred are looked at.
        rules: how they were read.
    """
    rows = columns.completed().of_kind("choice")
    share = float((rows.chosen == UNPARSED).mean()) if len(rows) else math.nan
    if not share > MUCH:
        return ""
    unread: list[VariantOutput] = []
    for variant, generation in islice(outputs, _TRIED):
        whole = generation.status in ("stop", "length") and variant.sample.answer_kind == "choice"
        if whole and rules.read(variant, generation).letter is None:
            unread.append((variant, generation))
    if not unread:
        return ""
    read = {
        style: sum(
            replace(rules, style=replace(rules.style, name=style)).read(*one).letter is not None
            for one in unread
        )
        for style in STYLES
    }
    likely = max(read, key=lambda style: read[style])
    if read[likely]:
        hint = f"--answer-style {likely} reads {read[likely]} of the first {len(unread)} of them"
    else:
        hint = "no answer style reads any of the first of them: see the profile (--profile)"
    first = ", ".join(f"{_shortened(one.text)!r}" for _, one in unread[:_SHOWN])
    style = rules.style.name
    return f"{share:.0%} of the outputs have no answer in the style {style}: {hint}; {first}"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LENGTH else line[: _LENGTH // 2] + " … " + line[-_LENGTH // 2 :]
