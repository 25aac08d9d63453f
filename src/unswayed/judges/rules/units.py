"""Units of a number: "410 cm" is 4.1 m."""

from __future__ import annotations

_SCALES = """
m meter:1 cm centimeter:0.01 mm millimeter:0.001 km kilometer:1000 ft foot:0.3048 inch:0.0254|
g gram:1 kg kilogram:1000 mg milligram:0.001|s second sec:1 min minute:60 h hour hr:3600|
l liter:1 ml milliliter:0.001
"""
SCALES: dict[str, tuple[int, float]] = {}
"""Unit → (what it measures, how many of the base unit it is)."""
for _kind, _row in enumerate(_SCALES.replace("\n", "").split("|")):
    _names: list[str] = []
    for _part in _row.split():
        _name, _, _size = _part.partition(":")
        _names.append(_name)
        if _size:
            SCALES.update(dict.fromkeys(_names, (_kind, float(_size))))
            _names = []


def ratio(stated: str | None, asked: str | None) -> float | None:
    """Return by how much a stated number is multiplied to be in the asked unit.

    Returns:
        1 where either has no unit that is known; None where they measure different things.
    """
    if stated not in SCALES or asked not in SCALES:
        return 1.0
    (kind, size), (other, base) = SCALES[stated], SCALES[asked]
    return size / base if kind == other else None
