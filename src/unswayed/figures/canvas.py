"""Figures that look the same on every machine, for files and for pages.

The same input gives the same bytes: no date, no random ids, and the user's own matplotlib settings
are not read. Names from data never reach matplotlib's mathematics. The colours are those of Okabe
and Ito, *Color Universal Design* (2008), which colour-blind readers can tell apart; their yellow,
which is too light for a line, is left out.
"""

# matplotlib's own stubs leave **kwargs untyped, which strict mode would report at every call.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import io
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unswayed.extras import require
from unswayed.run.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P")
"""One for each colour, so that no line is told by its colour alone."""
INK, MUTED, REFERENCE = "#1f2328", "#57606a", "#8b949e"
_DPI = 200
_SHARED: dict[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
}
"""What all figures have in common."""

PRINT: Mapping[str, Any] = {
    "font.size": 8.5,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "grid.color": "#e3e7eb",
    "figure.facecolor": "white",
}
"""Figures as files, on white."""

COLUMN: Mapping[str, Any] = {
    **PRINT,
    "font.size": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "axes.spines.left": False,
    "ytick.labelcolor": INK,
    "ytick.major.size": 0,
    "xtick.major.size": 2.5,
    "pdf.fonttype": 42,
}
"""Figures as files for a column of a paper: letters of 8 points, fonts that a PDF embeds whole."""


@contextmanager
def canvas(
    size: tuple[float, float], settings: Mapping[str, Any] = PRINT, salt: str = "unswayed"
) -> Generator[Figure]:
    """Give an empty figure under settings that are the same on every machine.

    Args:
        size: width and height in inches.
        settings: matplotlib's settings beside those that all figures share.
        salt: of the ids inside an SVG; drawings of one page need different ones.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    require("drawing figures", "report", only=("matplotlib",))
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(), warnings.catch_warnings():
        # A glyph that the measuring font lacks is drawn by the reader's own font.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        matplotlib.rcdefaults()
        parameters: Any = matplotlib.rcParams
        parameters.update({**_SHARED, **settings, "svg.hashsalt": salt})
        yield Figure(figsize=size, layout="constrained")


_KINDS: Mapping[str, Mapping[str, Any]] = {
    "svg": {"metadata": {"Date": None}},
    "png": {"dpi": _DPI},
    "pdf": {"metadata": {"CreationDate": None, "Creator": None, "Producer": None}},
}
"""Format → how it is written: without a date, and without the version of what wrote it."""
BOTH = ("svg", "png")
"""The formats of a training's curves."""
ALL_KINDS = ("pdf", "svg", "png")
"""The formats of a figure for a paper."""


def save(figure: Figure, path: Path, kinds: Sequence[str] = BOTH) -> list[Path]:
    """Write a figure in some formats, as `path`.svg and so on, and return the files.

    Raises:
        StageError: a file cannot be written.
    """
    files: list[Path] = []
    for kind in kinds:
        options = _KINDS[kind]
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, **options)
        files.append(path.with_name(f"{path.name}.{kind}"))
        write_bytes(files[-1], buffer.getvalue())
    return files
