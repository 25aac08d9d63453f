"""A training's table and all that was found in it, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from unswayed.training.track.dynamics import Dynamics
from unswayed.training.track.findings import falls
from unswayed.training.track.instability import instabilities


def as_json(found: Dynamics) -> str:
    """Return a training's table and all that was found in it as JSON; the unknown is null."""
    findings = [
        {
            "seed": seed,
            "benchmark": benchmark,
            "step": step,
            "reference": found.reference[seed, benchmark],
            **asdict(one),
        }
        for (seed, benchmark), by_step in found.findings.items()
        for step, one in by_step.items()
    ]
    emptied = [
        {"seed": seed, "benchmark": benchmark, "variant": variant, "step": step, **asdict(one)}
        for (seed, benchmark, variant), by_step in found.emptied.items()
        for step, one in by_step.items()
    ]
    rows = [asdict(row) for row in found.rows]
    known = {"schema_version": 1, "rows": rows, "collapse": findings, "empty_thoughts": emptied}
    return json.dumps({**known, **_unrest(found)}, ensure_ascii=False, allow_nan=False)


def _unrest(found: Dynamics) -> dict[str, object]:
    behind = [
        {"seed": seed, "benchmark": benchmark, "variant": variant, "step": step, **asdict(one)}
        for (seed, benchmark, variant), by_step in found.behind.items()
        for step, one in by_step.items()
    ]
    fallen = [
        {"seed": seed, "metric": metric, **asdict(fall)}
        for (seed, metric), fall in falls(found.rows).items()
    ]
    unrest = [asdict(one) for one in instabilities(found.rows)]
    return {"instability": unrest, "falls": fallen, "templates": behind}
