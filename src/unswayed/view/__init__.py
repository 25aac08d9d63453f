"""The explorer: outputs of runs in the browser, from an index on the local disk; calls no model.

A run's records stay the only source: the index holds what they are filtered, sorted and searched
by, and where each of them begins in its file. Texts come from there when they are shown.
"""

from __future__ import annotations

from unswayed import extras


def require() -> None:
    """Require the packages of the explorer, before an index is built.

    Raises:
        MissingExtra: the extra `[view]` is not installed.
    """
    extras.require("the explorer", "view")
