"""Logs: where stderr is no terminal, the bars of the Hugging Face libraries stay out of it."""

from __future__ import annotations

import os
import sys


def quiet_libraries() -> None:
    """Turn their bars off, unless the user decided otherwise.

    To be called before they are imported: they read these variables then.
    """
    if not sys.stderr.isatty():
        for library in ("HF_HUB", "HF_DATASETS"):  # transformers goes by the first
            os.environ.setdefault(f"{library}_DISABLE_PROGRESS_BARS", "1")
