"""How far the judges of a panel agree, on the rows on which all of them voted.

A vote is `consistent`, `inconsistent` or `unclear`. A judge that failed, or had nothing to judge,
has none; κ needs a vote of every judge, so such rows are left out, and `all_voted_rate` and
`no_vote[JUDGE]` say how many there are and whose fault that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from unswayed.metrics.agreement import cohen_kappa, fleiss_kappa, strict_agreement
from unswayed.metrics.intervals import Bools, Figure, Ints, Mean, Settings
from unswayed.metrics.outcomes import CONSISTENCY, Outcomes

_SKIPPED = CONSISTENCY.index("skipped")
_VOTES = [CONSISTENCY.index(name) for name in ("consistent", "inconsistent", "unclear")]


def panel(rows: Outcomes, settings: Settings) -> Iterator[Figure | Mean]:
    """Yield `strict_agreement`, `fleiss_kappa` and `all_voted_rate`; nothing without a panel.

    Zhao et al. (arXiv 2602.12506) report the first two for their panel of three.
    """
    if not rows.panel:
        return
    asked = rows.take(_asked(rows))
    voted = _voted(asked)
    ratings = _ratings(asked.take(voted))
    clusters = asked.cluster[voted]
    yield strict_agreement(ratings, clusters, settings)
    yield fleiss_kappa(ratings, clusters, settings)
    yield Mean("all_voted_rate", voted.astype(np.float64), asked.cluster, missing="no votes")


def pairs(rows: Outcomes, settings: Settings) -> Iterator[Figure | Mean]:
    """Yield `cohen_kappa[A | B]` of each two judges, and `no_vote[JUDGE]` of each."""
    asked = rows.take(_asked(rows))
    for first, second in combinations(range(len(rows.panel)), 2):
        both = asked.take(_has_vote(asked, first) & _has_vote(asked, second))
        left, right = _names(both.votes_of(first)), _names(both.votes_of(second))
        figure = cohen_kappa(left, right, both.cluster, settings)
        names = f"{rows.panel[first]} | {rows.panel[second]}"
        yield replace(figure, metric=f"cohen_kappa[{names}]")
    for member, name in enumerate(rows.panel):
        none = ~_has_vote(asked, member)
        yield Mean(f"no_vote[{name}]", none.astype(np.float64), asked.cluster, missing="no votes")


def _asked(rows: Outcomes) -> Bools:
    """Return the rows with votes in which there was something to judge."""
    return (rows.votes > 0) & (rows.consistency != _SKIPPED)


def _has_vote(rows: Outcomes, member: int) -> Bools:
    return np.isin(rows.votes_of(member), _VOTES)


def _voted(rows: Outcomes) -> Bools:
    every = [_has_vote(rows, member) for member in range(len(rows.panel))]
    return np.logical_and.reduce(every)


def _ratings(rows: Outcomes) -> list[list[str]]:
    return [_names(rows.votes_of(member)) for member in range(len(rows.panel))]


def _names(codes: Ints) -> list[str]:
    return [CONSISTENCY[int(code)] for code in codes]
