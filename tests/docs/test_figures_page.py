"""docs/figures.md: its table is that of the code."""

from __future__ import annotations

import re
from pathlib import Path

from unswayed.report.exhibits import SUMMARIES

PAGE = (Path(__file__).parents[2] / "docs" / "figures.md").read_text("utf-8")


def test_the_table_has_every_figure() -> None:
    section = PAGE.partition("## The figures")[2].partition("\n## ")[0]
    assert dict(re.findall(r"^\| `([\w-]+)` \| (.*) \|$", section, re.MULTILINE)) == SUMMARIES
