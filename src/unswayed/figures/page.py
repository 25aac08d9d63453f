"""Drawings for a page: SVG whose colours and typeface are the page's own, light or dark.

Every colour is drawn as a placeholder and replaced by a CSS variable, so that one drawing serves
light and dark pages; text stays text, in the page's own typeface, and matplotlib escapes names from
data like any XML writer.
"""

# matplotlib's own stubs leave **kwargs untyped, which strict mode would report at every call.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLACEHOLDERS = {
    "ink": "#010203",
    "muted": "#020304",
    "grid": "#030405",
    "paper": "#040506",
    "accent": "#050607",
    "second": "#060708",
    "q1": "#070809",
    "q2": "#08090a",
    "q3": "#090a0b",
    "q4": "#0a0b0c",
    "on-q1": "#0b0c0d",
    "on-q2": "#0c0d0e",
    "on-q3": "#0d0e0f",
    "on-q4": "#0e0f10",
    "s1": "#0f1011",
    "s2": "#101112",
    "s3": "#111213",
    "s4": "#121314",
    "s5": "#131415",
    "s6": "#141516",
}
"""CSS variable → the colour that stands for it while drawing; no two alike, none used otherwise."""

PAGE: Mapping[str, Any] = {
    "font.size": 9.5,
    "xtick.labelsize": 9,
    "axes.labelsize": 9.5,
    "axes.spines.left": False,
    "axes.unicode_minus": True,
    "axes.edgecolor": PLACEHOLDERS["grid"],
    "axes.labelcolor": PLACEHOLDERS["muted"],
    "axes.titlecolor": PLACEHOLDERS["ink"],
    "text.color": PLACEHOLDERS["ink"],
    "xtick.color": PLACEHOLDERS["grid"],
    "ytick.color": PLACEHOLDERS["grid"],
    "xtick.labelcolor": PLACEHOLDERS["muted"],
    "ytick.labelcolor": PLACEHOLDERS["ink"],
    "ytick.major.size": 0,
    "xtick.major.size": 3,
    "grid.color": PLACEHOLDERS["grid"],
}
_FONT = re.compile(r"(font(?:-family)?: [^;\"]*?)'DejaVu Sans'[^;\"]*")
_ID = re.compile(r'\bid="([^"]*)"')
_REFERENCE = re.compile(r'(url\(|href=")#')


@dataclass(frozen=True)
class Drawing:
    """A figure ready for the page.

    Attributes:
        svg: the element, without XML prologue.
        label: what it shows, for people who cannot see it.
    """

    svg: str
    label: str


def page_svg(figure: Figure, name: str) -> str:
    """Return the drawing as an SVG element in the page's colours and typeface."""
    buffer = io.StringIO()
    figure.savefig(
        buffer,
        format="svg",
        transparent=True,
        metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
    )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    for variable, colour in PLACEHOLDERS.items():
        text = text.replace(colour, f"var(--{variable})")
    text = _FONT.sub(r"\1var(--sans)", text)
    text = _ID.sub(rf'id="{name}-\1"', text)
    return _REFERENCE.sub(rf"\1#{name}-", text)
