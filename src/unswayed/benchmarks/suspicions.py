"""What is suspicious about a benchmark's rows and golds, told from counts of them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from scipy import special  # pyright: ignore[reportMissingTypeStubs]

from unswayed.benchmarks.tally import LONG_QUESTION, Tally
from unswayed.run.appearance import told
from unswayed.types import LETTERS

_FEW_GOLDS = 5
_LEAST_EXPECTED = 5.0
_UNLIKELY = 1e-3
_DEVIATIONS = 4.0


def of_rows(tally: Tally, expected: int | None) -> list[str]:
    """Say what is suspicious about the rows, a sentence each.

    Args:
        tally: the counts.
        expected: number of rows that there should be, None if it is not known.
    """
    n = tally.samples
    rows = n + tally.failures
    counts, none = tally.counts, tally.categories.get("", 0)
    candidates = [
        (expected not in (None, rows), f"expected {expected} rows, found {rows}"),
        (len(tally.clusters) == 1 < n, f"all {n} questions are about one image or scene"),
        (tally.incomplete_groups, f"{tally.incomplete_groups} groups lack copies"),
        (0 < none < n, f"{none} questions have no category, the others have one"),
        (0 < counts["bare"] < n, f"{counts['bare']} questions have no picture"),
        (tally.changed, told(tally.changed)),
        (counts["duplicates"], f"{counts['duplicates']} questions repeat an earlier one"),
        (
            counts["contradictions"],
            f"{counts['contradictions']} questions repeat an earlier one with another gold",
        ),
        (counts["nan"], f"{counts['nan']} questions have the text “nan” as an option"),
        (
            counts["repeated"],
            f"{counts['repeated']} questions have two options of the same text",
        ),
        (
            counts["long"],
            f"{counts['long']} questions have {LONG_QUESTION} characters or more (the "
            f"longest {tally.longest_question})",
        ),
    ]
    return [sentence for is_so, sentence in candidates if is_so]


def of_golds(tally: Tally) -> list[str]:
    """Say what is suspicious about which option is right, a sentence each."""
    n, suspicions = sum(tally.golds.values()), list[str]()
    if len(tally.golds) == 1 and n >= _FEW_GOLDS:
        suspicions.append(
            f"the gold is {next(iter(tally.golds))} in all {n} choices: shuffle the options "
            "(--variants shuffle), or a bias towards that letter looks like knowledge"
        )
    elif (p := uniform_p(tally.golds_by_options)) < _UNLIKELY:
        suspicions.append(f"the gold letters are far from equally frequent (p = {p:.1g})")
    hits, chance, variance, rows = tally.longest_hits
    if rows and hits > chance + _DEVIATIONS * math.sqrt(variance):
        suspicions.append(
            f"the gold is the longest option in {hits / rows:.0%} of the choices with one longest "
            f"({chance / rows:.0%} by chance): length gives it away"
        )
    return suspicions


def uniform_p(golds: Mapping[tuple[int, str], int]) -> float:
    """Return the p-value of gold letters that are equally likely within their question's options.

    Pearson's test with the covariance of the letters' counts over questions with different
    numbers of options. 1 where a letter is expected too rarely (under 5 times) to tell.

    Args:
        golds: (number of options, gold letter) → questions.
    """
    observed, expected = np.zeros(len(LETTERS)), np.zeros(len(LETTERS))
    covariance = np.zeros((len(LETTERS), len(LETTERS)))
    for (size, letter), count in golds.items():
        share = np.zeros(len(LETTERS))
        share[:size] = 1 / size
        observed[LETTERS.index(letter)] += count
        expected += count * share
        covariance += count * (np.diag(share) - np.outer(share, share))
    letters = np.flatnonzero(expected >= _LEAST_EXPECTED)
    if len(letters) < 2:
        return 1.0
    gap = (observed - expected)[letters]
    within = covariance[np.ix_(letters, letters)]
    statistic = float(gap @ np.linalg.pinv(within) @ gap)
    return float(special.chdtrc(np.linalg.matrix_rank(within), statistic))
