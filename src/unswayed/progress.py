"""Progress of long work, on stderr: bars with rate and remaining time, and words between them.

A terminal gets bars. A log file gets a whole line at times, since a bar is drawn again and again
with carriage returns, which no log viewer takes back.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

LOG_EVERY_S = 30.0
"""Seconds between two lines of progress in a log."""
LOG_AFTER_S = 5.0
"""Work that is done sooner leaves no line in a log."""


class LogLines(tqdm):  # pyright: ignore[reportMissingTypeArgument] - generic in its stubs alone
    """A progress bar for a log: a line every `LOG_EVERY_S` seconds, and one after long work."""

    _written = (-1, 0.0)
    """How far the work was at the last line, and when, in seconds since the epoch."""

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """Write where the work is, unless a line was written a short while ago."""
        now = time.time()
        if self.n > self.initial and now - max(self.start_t, self._written[1]) >= LOG_EVERY_S:
            self._write_line(now)

    def clear(self, nolock: bool = False) -> None:
        """Do nothing: a line of a log stays."""

    def close(self) -> None:
        """Write the last line, if anything was done since the one before."""
        if self.disable:
            return
        self.disable = True
        tqdm._instances.discard(self)  # pyright: ignore
        now = time.time()
        if self.n > self.initial and now - self.start_t >= LOG_AFTER_S:
            self._write_line(now)

    def _write_line(self, now: float) -> None:
        if self.n != self._written[0]:
            print(f"unswayed: {str(self).strip()}", file=sys.stderr, flush=True)
        self._written = (self.n, now)


def bar(
    label: str,
    total: int | None,
    *,
    done: int = 0,
    unit: str = "item",
    items: Iterable[Any] | None = None,
) -> tqdm[Any]:
    """Return a progress bar on stderr, with rate and remaining time; a log gets whole lines.

    Args:
        label: what is being done.
        total: how many there are; None if that is not known.
        done: how many of them were done before.
        unit: what is counted.
        items: what to go through; without it the caller says how far it is.
    """
    shared: dict[str, Any] = {"total": total, "initial": done, "desc": label, "unit": f" {unit}"}
    if sys.stderr.isatty():
        return tqdm(items, smoothing=0.1, dynamic_ncols=True, **shared)
    form = "{desc}: {n_fmt}/{total_fmt} ({percentage:.0f} %), {rate_fmt}, {remaining} left"
    if total is None:
        form = "{desc}: {n_fmt}{unit}, {rate_fmt}"
    return LogLines(items, mininterval=1.0, maxinterval=10.0, bar_format=form, **shared)


def say(text: str) -> None:
    """Talk to the user, on stderr, between the progress bars."""
    if sys.stderr.isatty():
        tqdm.write(f"unswayed: {text}", file=sys.stderr)
    else:
        print(f"unswayed: {text}", file=sys.stderr, flush=True)
