"""How far readers agree with each other, and a run's judge with each of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unswayed.judges.agreement.labelled import CheckResult, score
from unswayed.judges.agreement.labels import LabelledCase
from unswayed.metrics.agreement import cohen_kappa, fleiss_kappa, strict_agreement
from unswayed.metrics.arrays import Ints
from unswayed.metrics.intervals import Figure
from unswayed.types import Verdict
from unswayed.view.labels import LabelRow, ReaderLabels
from unswayed.view.runs import ViewedRun


@dataclass(frozen=True)
class Agreement:
    """How far readers agree on the outputs that all of them labelled.

    Attributes:
        readers: their names.
        n: outputs that all of them labelled.
        same: share on which all gave the same label (yes, no, unclear).
        kappa: Cohen's κ of two readers, Fleiss' κ of more; resampled by sample.
        same_conclusion: share on which all named the same conclusion.
        differing: label ids on which they differ, with each reader's label.
    """

    readers: tuple[str, ...]
    n: int
    same: Figure
    kappa: Figure
    same_conclusion: Figure
    differing: tuple[tuple[LabelRow, ...], ...]


def agreements(readers: Sequence[ReaderLabels]) -> list[Agreement]:
    """Return the agreement of each two readers, and of all of them where there are more."""
    groups = list(itertools.combinations(readers, 2))
    every = [tuple(readers)] if len(readers) > 2 else []
    return [_agreement(group) for group in (*groups, *every)]


def _agreement(readers: Sequence[ReaderLabels]) -> Agreement:
    shared = [id for id in readers[0].latest if all(id in one.latest for one in readers)]
    rows = [tuple(one.latest[id] for one in readers) for id in shared]
    clusters = _clusters([labels[0] for labels in rows])
    given = [[labels[place].consistent for labels in rows] for place in range(len(readers))]
    concluded = [[labels[place].concludes for labels in rows] for place in range(len(readers))]
    kappa = (
        cohen_kappa(given[0], given[1], clusters)
        if len(readers) == 2
        else fleiss_kappa(given, clusters)
    )
    return Agreement(
        readers=tuple(one.reader for one in readers),
        n=len(shared),
        same=strict_agreement(given, clusters),
        kappa=kappa,
        same_conclusion=strict_agreement(concluded, clusters),
        differing=tuple(
            labels for labels in rows if len({(r.consistent, r.concludes) for r in labels}) > 1
        ),
    )


def _clusters(rows: Sequence[LabelRow]) -> Ints:
    """Return codes of the samples: outputs of one sample are not independent."""
    codes: dict[tuple[str, str], int] = {}
    numbers = [codes.setdefault((row.benchmark, row.sample), len(codes)) for row in rows]
    return np.array(numbers, dtype=np.int64)


def judges_beside(reader: ReaderLabels, run: ViewedRun) -> list[CheckResult]:
    """Return how well a run's judge agrees with a reader, over what the reader labelled of it.

    Raises:
        RunError: the run's files are not those that were indexed.
    """
    by_judge: dict[str, list[tuple[LabelledCase, Verdict]]] = {}
    for row in reader.latest.values():
        verdict = _verdict(row, run)
        if verdict is not None:
            by_judge.setdefault(verdict.judge, []).append((row.labelled_case, verdict))
    return [
        score(judge, [label for label, _ in pairs], [verdict for _, verdict in pairs])
        for judge, pairs in sorted(by_judge.items())
    ]


def _verdict(row: LabelRow, run: ViewedRun) -> Verdict | None:
    line = run.found(row.key) if row.run == run.name else None
    return None if line is None else run.output(line).verdict
