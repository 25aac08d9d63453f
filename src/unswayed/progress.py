"""Progress of long work, on stderr: bars with rate and remaining time, and words between them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def bar(
    label: str,
    total: int | None,
    *,
    done: int = 0,
    unit: str = "item",
    items: Iterable[Any] | None = None,
) -> tqdm[Any]:
    """Return a progress bar on stderr, with rate and remaining time; a log gets fewer lines.

    Args:
        label: what is being done.
        total: how many there are; None if that is not known.
        done: how many of them were done before.
        unit: what is counted.
        items: what to go through; without it the caller says how far it is.
    """
    every = 0.1 if sys.stderr.isatty() else 10.0
    return tqdm(
        items,
        total=total,
        initial=done,
        desc=label,
        unit=f" {unit}",
        smoothing=0.1,
        dynamic_ncols=True,
        mininterval=every,
        maxinterval=max(every, 10.0),
    )


def say(text: str) -> None:
    """Talk to the user, on stderr, between the progress bars."""
    tqdm.write(f"unswayed: {text}", file=sys.stderr)
