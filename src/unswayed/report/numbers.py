"""Estimates as text: `61.2 %`, `−12.3`, `[54.1, 68.0]`, `61.2 ±7.0`, or `n/a`."""

from __future__ import annotations

import math

from unswayed.report.terms import Unit
from unswayed.types import Estimate

MISSING = "n/a"
"""What stands for a value that could not be computed."""

_OFF_CENTRE = 0.05
"""How far a value may lie from the middle of its interval, in widths, to be written with ±.

The longer arm is then at most 1.22 times the shorter one.
"""


def value_text(value: float | None, unit: Unit) -> str:
    """Write a value as people read it, such as `61.2 %`, `−12.3` or `0.84`."""
    if value is None:
        return MISSING
    if unit == "share":
        return f"{_number(100 * value, 1)} %"
    if unit == "points":
        return _number(100 * value, 1, sign=True)
    if unit == "count":
        return f"{value:.0f}"
    if unit == "p-value" and value < 0.001:
        return "< 0.001"
    return _number(value, _digits(value) if unit == "nats" else 3)


def estimate_text(estimate: Estimate, unit: Unit) -> str:
    """Write an estimate's value; a share or a change of a single row as `1/1`, which is no rate."""
    if estimate.n == 1 and estimate.value is not None and unit in ("share", "points"):
        return f"{_number(estimate.value, 0, sign=unit == 'points')}/1"
    return value_text(estimate.value, unit)


def contrast_text(name: str) -> str:
    """Write the name of a contrast with true minus signs; the name of a variant stays."""
    return name.replace(" - ", " − ")


def interval_text(estimate: Estimate, unit: Unit) -> str:
    """Write the interval as `[54.1, 68.0]`, or an empty text where there is none."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return ""
    scale, digits = (100, 1) if unit in ("share", "points") else (1, 3)
    digits = _digits(estimate.value) if unit == "nats" else digits
    low, high = (_number(scale * end, digits) for end in (estimate.low, estimate.high))
    return f"[{low}, {high}]"


def spread_text(estimate: Estimate, unit: Unit) -> str:
    """Write an estimate compactly, without unit: `61.2 ±7.0`, or `0.8 [0.0, 4.2]`.

    ± is half the width of the interval; where the value does not lie in its middle, both ends are
    written instead. No other place writes an interval with ±.
    """
    if estimate.value is None:
        return MISSING
    if estimate.n == 1 and unit in ("share", "points"):
        return estimate_text(estimate, unit)
    scale, digits = (100, 1) if unit in ("share", "points") else (1, 2)
    digits = _digits(estimate.value) if unit == "nats" else digits
    value = _number(scale * estimate.value, digits, sign=unit == "points")
    if estimate.low is None or estimate.high is None:
        return value
    low, high = scale * estimate.low, scale * estimate.high
    if abs((low + high) / 2 - scale * estimate.value) > _OFF_CENTRE * (high - low):
        return f"{value} [{_number(low, digits)}, {_number(high, digits)}]"
    return f"{value} ±{_number((high - low) / 2, digits)}"


def _digits(value: float) -> int:
    """Return the decimals that show three significant digits; six at most.

    The entropy of a model that is sure of itself is 0.001 and less, and that differs from 0.
    """
    return min(6, max(2, 2 - math.floor(math.log10(value)))) if value > 0 else 2


def _number(value: float, digits: int, sign: bool = False) -> str:
    """Format a number with a true minus sign, and without a minus before a zero."""
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")
