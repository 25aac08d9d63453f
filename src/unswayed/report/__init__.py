"""Reports: one self-contained page, and plain text for the terminal. No model is called here.

`page.write_report` writes `report.html` from the files of a run folder; `terminal.summary` and
`sample_text.show_sample` print the same figures and samples. The page needs the extra `[report]`
(jinja2 and matplotlib), which are imported only when it is written; the terminal needs neither.
"""

from __future__ import annotations

from unswayed.report.page import write_report
from unswayed.report.rendering import require

__all__ = ["require", "write_report"]
