"""Tags, markdown and LaTeX undone, so that a thought is plain text.

Every pattern names the signs without which it finds nothing: most thoughts have no formula, and a
search for a sign is cheaper than a substitution.
"""

from __future__ import annotations

import re

_NUMBER = r"\d+(?:\.\d+)?"
_NESTED = (
    (re.compile(r"\\(?:text|mathrm|mathbf|textbf|mathit)\s?\{([^{}]{0,300})\}"), r" \1 "),
    (re.compile(r"\\[dt]?frac\s?\{([^{}]{0,200})\}\s?\{([^{}]{0,200})\}"), r"(\1)/(\2)"),
    (re.compile(r"\\sqrt\s?\{\s?([^{}]{0,200}?)\s?\}"), r"√(\1)"),
    (re.compile(r"\\f?boxed\s?\{([^{}]{0,300})\}"), r" ⟦\1⟧ "),
)
_DEPTH = 3  # how deep LaTeX commands may stand in one another
_SIMPLE = (
    ("<", re.compile(r"</?\w{1,20}/?>"), "\n"),
    ("\\$*_`", re.compile(r"\\[()\[\]]|\$|\*\*|__|`|\\,|\\!|\\;|\\left|\\right"), ""),
    ("#-*•", re.compile(r"(?m)^[ \t]{0,8}(?:#{1,6}|[-*•])[ \t]+"), ""),
    ("\\°", re.compile(r"\^?\s?\\circ|\^\{\\circ\}|°"), " degrees "),
    ("\\≈", re.compile(r"\\approx|≈"), " ≈ "),
    ("\\", re.compile(r"\\times|\\cdot"), "×"),
    ("\\", re.compile(r"\\pi\b"), "π"),
    ("\\", re.compile(r"\\%"), "%"),
    ("✓✔✅☑", re.compile(r"[✓✔✅☑]\uFE0F?"), " (correct) "),
    ("✗✘❌✕✖", re.compile(r"[✗✘❌✕✖]\uFE0F?"), " (wrong) "),
    ("qQ", re.compile(r"(?i)\bsqrt\s?\(?(\d+)\)?|\bsquare root of (\d+)"), r"√\1\2"),
    ("√", re.compile(rf"√\s?\(\s?({_NUMBER})\s?\)"), r"√\1"),
    ("/", re.compile(r"\(\s?([^()\s]{1,16})\s?\)\s?/\s?\(\s?([^()\s]{1,16})\s?\)"), r"\1/\2"),
    ("\\", re.compile(r"\\[a-zA-Z]+"), " "),
    ("{}", re.compile(r"[{}]"), " "),
)
"""Signs of which one must be there, pattern, what it becomes."""


def plain(text: str) -> str:
    """Undo tags, markdown and LaTeX; a boxed result becomes `⟦…⟧`."""
    if "\\" in text:
        for _ in range(_DEPTH):
            for pattern, by in _NESTED:
                text = pattern.sub(by, text)
    for signs, pattern, by in _SIMPLE:
        if any(sign in text for sign in signs):
            text = pattern.sub(by, text)
    return text
