"""How often the answer is right, could be read, and which letters are answered.

Each function takes the completed rows of one benchmark and variant and returns `Mean`s. An answer
that could not be read, and an abstention, count as not correct.
"""

from __future__ import annotations

import numpy as np

from unswayed.answers.values import CORRECT_IOU
from unswayed.metrics.arrays import Bools
from unswayed.metrics.codes import ABSTAINED, FINISH, FORMS, PLACES, UNPARSED
from unswayed.metrics.columns import Columns
from unswayed.metrics.intervals import Mean
from unswayed.types import LETTERS

NO_CHOICES = "no questions with options"


def share(metric: str, hits: Bools, rows: Columns, missing: str = "no completed rows") -> Mean:
    """Return the share of `rows` that are `hits` ((n,) flags)."""
    return Mean(metric, hits.astype(np.float64), rows.cluster, missing=missing)


def accuracy(rows: Columns) -> list[Mean]:
    """Return `accuracy` and the rates of what went wrong or odd while reading the answers."""
    choices = rows.of_kind("choice")
    missing = NO_CHOICES if len(rows) else "no completed rows"
    return [
        share("accuracy", rows.correct, rows),
        share("unparsed_rate", rows.chosen == UNPARSED, rows),
        share("length_rate", rows.finish == FINISH.index("length"), rows),
        share("conflict_rate", choices.flagged("letter-text-conflict"), choices, missing),
        share("option_text_rate", choices.flagged("option-text"), choices, missing),
    ]


def readings(rows: Columns) -> list[Mean]:
    """Return `read_by_X` for each rule X that read an answer, and `read_in_tags` beside them.

    The shares are of the rows with an answer: those found outside the answer tags say by which
    rule, the others in which form. None where every answer is a letter between its tags.
    """
    rows = rows.of_kind("choice")
    rows = rows.take(rows.chosen != UNPARSED)
    used = [flag for flag in (*PLACES, *FORMS) if rows.flagged(flag).any()]
    if not used:
        return []
    outside = np.any([rows.flagged(flag) for flag in PLACES], axis=0)
    shares = [share(f"read_by_{flag.replace('-', '_')}", rows.flagged(flag), rows) for flag in used]
    return [share("read_in_tags", ~outside, rows), *shares]


def fallbacks(rows: Columns) -> list[Mean]:
    """Return `fallback_rate`: the share of the injected texts whose question is of no known form.

    None without template texts.
    """
    told = rows.take(rows.fallback >= 0)
    return [share("fallback_rate", told.fallback == 1, told)] if len(told) else []


def refusals(rows: Columns) -> list[Mean]:
    """Return `refusal_rate`: the share of prompts that the model refused; none without refusals.

    Args:
        rows: the rows of a variant that did not fail, refused ones included.
    """
    refused = rows.ended("refused")
    return [share("refusal_rate", refused, rows)] if refused.any() else []


def boxes(rows: Columns) -> list[Mean]:
    """Return `iou_mean` and `iou_at_50` over the rows that ask for a box; none without such rows.

    A box that could not be read overlaps the gold by 0. The threshold of the second is reached at
    exactly one half (Everingham et al., IJCV 2010, section 4.2).
    """
    box_rows = rows.of_kind("box")
    if len(box_rows) == 0:
        return []
    return [
        Mean("iou_mean", box_rows.iou, box_rows.cluster),
        share("iou_at_50", box_rows.iou >= CORRECT_IOU, box_rows),
    ]


def abstention(rows: Columns) -> list[Mean]:
    """Return `abstention_rate` and `accuracy_answered`, over the rows where abstaining was offered.

    An answer that could not be read is no abstention: it stays in `accuracy_answered`, as wrong.
    """
    offered = rows.take(rows.can_abstain)
    answered = offered.take(offered.chosen != ABSTAINED)
    return [
        share("abstention_rate", offered.chosen == ABSTAINED, offered),
        share("accuracy_answered", answered.correct, answered, "every row abstains"),
    ]


def letter_shares(rows: Columns) -> list[Mean]:
    """Return `answer_share_X` and `gold_share_X` for each letter X that is answered or gold.

    The first are over the rows that answer a letter, the second over all rows: a model that
    answers A far more often than A is right has a position bias. Open questions have no letters.
    """
    rows = rows.of_kind("choice")
    answered = rows.take(rows.chosen >= 0)
    codes = np.union1d(answered.chosen, rows.gold)
    answers = [
        share(f"answer_share_{LETTERS[code]}", answered.chosen == code, answered, "no answers")
        for code in codes
    ]
    return answers + [
        share(f"gold_share_{LETTERS[code]}", rows.gold == code, rows) for code in codes
    ]
