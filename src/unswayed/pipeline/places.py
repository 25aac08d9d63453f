"""Where a run goes when no folder is named."""

from __future__ import annotations

import re
from pathlib import Path

from unswayed.pipeline.settings import Settings
from unswayed.run.files import content_hash

_LONGEST_NAME = 80


def default_folder(settings: Settings) -> Path:
    """Name a folder by what decides the result, so that the same request finds its run again."""
    words = [settings.model, *settings.benchmarks]
    slug = "-".join(re.sub(r"[^A-Za-z0-9.]+", "-", Path(word).name).strip("-") for word in words)
    return Path("runs") / f"{slug[:_LONGEST_NAME]}-{content_hash(settings.deciding())[:8]}"
