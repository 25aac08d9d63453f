"""What was found in a training, as lines for people: collapse, empty thoughts, templates, falls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from unswayed.training.track.dynamics import LOGGED, TRAINING, Dynamics, TrackedValue
from unswayed.training.track.falls import Fall, first_fall


def verdicts(found: Dynamics) -> tuple[list[str], list[str]]:
    """Return lines for people: seeds that have collapsed, and what is known of the others.

    A seed counts as collapsed from the first step on that was found so, also if its thoughts came
    back later.
    """
    fallen: list[str] = []
    others: list[str] = []
    for (seed, benchmark), by_step in found.findings.items():
        head, reference = f"seed {seed}, {benchmark}", found.reference[seed, benchmark]
        against = f" (compared with step {reference})" if reference else ""
        first = next((step for step, one in by_step.items() if one.collapsed), None)
        if first is not None:
            fallen.append(f"{head}: from step {first} on, {by_step[first].words()}{against}")
        elif by_step:
            last = max(by_step)
            others.append(f"{head}: at step {last}, {by_step[last].words()}{against}")
    return fallen, others


def emptied_lines(found: Dynamics) -> list[str]:
    """Return a line for people for each seed and variant whose thoughts became empty.

    It says where they were first, and how it stands at the last step: they may have come back.
    """
    lines: list[str] = []
    for (seed, benchmark, variant), by_step in found.emptied.items():
        first = next((step for step, one in by_step.items() if one.empty), None)
        if first is not None:
            last = max(by_step)
            lines.append(
                f"seed {seed}, {benchmark}, {variant}: at step {first}, {by_step[first].words()}; "
                f"at the last, step {last}: {by_step[last].now:.0%}"
            )
    return lines


def template_lines(found: Dynamics) -> list[str]:
    """Return a line for people for each seed and variant whose thoughts became alike.

    It is about the thoughts that have words, under every variant but base.
    """
    lines: list[str] = []
    for (seed, benchmark, variant), by_step in found.behind.items():
        first = next((step for step, one in by_step.items() if one.templated), None)
        if first is not None:
            then, last = by_step[first], max(by_step)
            lines.append(
                f"seed {seed}, {benchmark}, {variant}: at step {first}, {then.now.shared:.0%} of "
                f"{then.now.n} thoughts shared between questions (was {then.start.shared:.0%}); "
                f"at the last, step {last}: {by_step[last].now.shared:.0%}"
            )
    return lines


def falls(rows: Iterable[TrackedValue]) -> dict[tuple[int, str], Fall]:
    """Return (seed, metric) → the first fall of what was logged, where there is one."""
    lines: defaultdict[tuple[int, str], dict[int, float]] = defaultdict(dict)
    for row in rows:
        if row.benchmark == TRAINING and row.metric in LOGGED and row.value is not None:
            lines[row.seed, row.metric][row.step] = row.value
    found = {key: first_fall(line) for key, line in sorted(lines.items())}
    return {key: fall for key, fall in found.items() if fall is not None}


def fall_lines(found: Dynamics) -> list[str]:
    """Return a line for people for each seed and logged metric that fell."""
    return [
        f"seed {seed}, {metric}: {fall.words()}"
        for (seed, metric), fall in falls(found.rows).items()
    ]


def fired(found: Dynamics, last: int | None = None) -> set[int]:
    """Return the seeds in which thoughts collapsed under base or became empty under a variant.

    Args:
        found: a training.
        last: the last step to look at; None for all.
    """
    seeds = {
        seed
        for (seed, _), by_step in found.findings.items()
        if any(one.collapsed for step, one in by_step.items() if last is None or step <= last)
    }
    return seeds | {
        seed
        for (seed, _, _), by_step in found.emptied.items()
        if any(one.empty for step, one in by_step.items() if last is None or step <= last)
    }
