"""How far the judges of a panel agree, on the rows on which all of them voted.

A vote is `consistent`, `inconsistent` or `unclear`. A judge that failed, or had nothing to judge,
has none; κ needs a vote of every judge, so such rows are left out, and `all_voted_rate` and
`no_vote[JUDGE]` say how many there are and whose fault that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from unswayed.metrics.agreement import cohen_kappa, fleiss_kappa, strict_agreement
from unswayed.metrics.arrays import Ints
from unswayed.metrics.codes import CONSISTENCY
from unswayed.metrics.columns import Columns
from unswayed.metrics.intervals import Figure, IntervalSettings, Mean

_VOTES = [CONSISTENCY.index(name) for name in ("consistent", "inconsistent", "unclear")]
_DECIDED = _VOTES[:2]
_SKIPPED = CONSISTENCY.index("skipped")
BY_JUDGE = "consistency_rate"
"""How the consistency by one judge of a panel begins: `consistency_rate[graph]`."""


def panel(rows: Columns, settings: IntervalSettings) -> Iterator[Figure | Mean]:
    """Yield `strict_agreement`, `fleiss_kappa` and `all_voted_rate`; nothing without a panel."""
    if rows.panel:
        yield from agreement(*_judged_votes(rows), settings)


def consistency_by_judge(rows: Columns) -> Iterator[Mean]:
    """Yield `consistency_rate[JUDGE]` of each judge of a panel.

    Each is over the rows on which that judge voted consistent or inconsistent.
    """
    for place, name in enumerate(rows.panel):
        votes = rows.votes_of(place)
        decided = np.isin(votes, _DECIDED)
        said = (votes[decided] == CONSISTENCY.index("consistent")).astype(np.float64)
        missing = "its votes are neither consistent nor inconsistent"
        yield Mean(f"{BY_JUDGE}[{name}]", said, rows.cluster[decided], missing=missing)


def pairs(rows: Columns, settings: IntervalSettings) -> Iterator[Figure | Mean]:
    """Yield `cohen_kappa[A | B]` of each two judges, and `no_vote[JUDGE]` of each."""
    yield from pairwise(rows.panel, *_judged_votes(rows), settings)


def agreement(votes: Ints, clusters: Ints, settings: IntervalSettings) -> Iterator[Figure | Mean]:
    """Yield how far all judges agree (Zhao et al., arXiv 2602.12506, report the first two).

    Args:
        votes: (n, judges) codes into `CONSISTENCY`, −1 for none.
        clusters: (n,) code of each row's cluster.
        settings: level, resamples and seed.
    """
    voted = np.isin(votes, _VOTES).sum(axis=1) == votes.shape[1]
    ratings = [_names(column) for column in votes[voted].T]
    yield strict_agreement(ratings, clusters[voted], settings)
    yield fleiss_kappa(ratings, clusters[voted], settings)
    yield Mean("all_voted_rate", voted.astype(np.float64), clusters, missing="no votes")


def pairwise(
    judges: Sequence[str], votes: Ints, clusters: Ints, settings: IntervalSettings
) -> Iterator[Figure | Mean]:
    """Yield Cohen's κ of each two judges, and how often each has no vote; see `agreement`."""
    there = np.isin(votes, _VOTES)
    for first, second in combinations(range(len(judges)), 2):
        both = there[:, first] & there[:, second]
        left, right = _names(votes[both, first]), _names(votes[both, second])
        figure = cohen_kappa(left, right, clusters[both], settings)
        yield replace(figure, metric=f"cohen_kappa[{judges[first]} | {judges[second]}]")
    for place, name in enumerate(judges):
        missing = (~there[:, place]).astype(np.float64)
        yield Mean(f"no_vote[{name}]", missing, clusters, missing="no votes")


def _judged_votes(rows: Columns) -> tuple[Ints, Ints]:
    """Return votes and clusters of the rows in which there was something to judge."""
    cases = rows.take((rows.votes > 0) & (rows.consistency != _SKIPPED))
    columns = [cases.votes_of(place) for place in range(len(rows.panel))]
    votes = np.stack(columns, axis=1) if columns else np.empty((0, 0), dtype=np.int64)
    return votes, cases.cluster


def _names(codes: Ints) -> list[str]:
    return [CONSISTENCY[int(code)] for code in codes]
