"""The instability measure and the falls on series whose nature is known.

    python benchmarks/instability.py

160 values with normal noise of deviation 0.05, as a reward that is logged each step; 1,000 of each
kind. How often a fall is told, how late, and what the variance along training is, of the noise's.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

import numpy as np

from unswayed.training.track.falls import first_fall
from unswayed.training.track.variances import along

STEPS, NOISE, CHANGE = 160, 0.05, 80
RAMP = 20

Course = Callable[[int], float]
COURSES: dict[str, tuple[Course, int | None]] = {
    "stable": (lambda _: 0.8, None),
    "learning (0.4 → 0.9, flattening out)": (lambda t: 0.9 - 0.5 * math.exp(-t / 40), None),
    "learning (0.4 → 0.9, steadily)": (lambda t: 0.4 + 0.5 * t / STEPS, None),
    "drifting down by 0.05": (lambda t: 0.8 - 0.05 * t / STEPS, None),
    "drifting down by 0.4": (lambda t: 0.8 - 0.4 * t / STEPS, 0),
    "oscillating ± 0.05, period 20": (lambda t: 0.8 + 0.05 * math.sin(math.pi * t / 10), 0),
    "oscillating ± 0.15, period 20": (lambda t: 0.8 + 0.15 * math.sin(math.pi * t / 10), 0),
    "falling by 0.1 at step 80": (lambda t: 0.8 - 0.1 * (t >= CHANGE), CHANGE),
    "falling by 0.2 at step 80": (lambda t: 0.8 - 0.2 * (t >= CHANGE), CHANGE),
    "collapsing to 0.2 over steps 80 to 100": (
        lambda t: 0.8 - 0.6 * min(1.0, max(0, t - CHANGE) / RAMP),
        CHANGE,
    ),
}
"""Kind → its course over steps, and the step that it changes at, None where nothing falls."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1000, help="Of each kind.")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    print(
        f"{'course':<42} {'fall told':>10} {'too early':>10} {'median delay':>13} {'variance':>9}"
    )
    for name, (course, change) in COURSES.items():
        mean = np.array([course(step) for step in range(STEPS)])
        told, early, delays, unrest = 0, 0, list[int](), list[float]()
        for _ in range(given.series):
            values = mean + NOISE * rng.standard_normal(STEPS)
            line = {step: float(value) for step, value in enumerate(values)}
            unrest.append((along(line) or 0.0) / NOISE**2)
            fall = first_fall(line)
            told += fall is not None
            if fall is not None and change is not None:
                early += fall.step < change
                delays.append(fall.step - change)
        delay = f"{np.median(delays):.0f} steps" if delays and change else ""
        share, before = told / given.series, early / given.series
        print(
            f"{name:<42} {share:>9.1%} {f'{before:.1%}' if change else '':>10} {delay:>13} "
            f"{np.mean(unrest):>8.2f}×"
        )


if __name__ == "__main__":
    main()
