"""Pages, help texts, messages and docstrings use the words of the field, not idioms of our own."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "docs", "recipes", "examples", "benchmarks")
KINDS = {".md", ".py", ".toml", ".j2", ".sh"}
IDIOMS = {
    r"\bforet(ell|old)": "predict",
    r"\bread it so\b": "how to read it",
    r"\bin (its|a model's|their|his|your) (own )?mouth": "prefilled",
    r"\bwhat (came|comes) of\b": "the result of",
    r"\btold apart\b": "distinguished",
    r"\bsilence is told\b": "reported",
    r"\bis what there is\b": "covers",
    r"\bholds? the truth\b": "covers the true value",
}
"""Idiom → what papers say instead."""
VOCABULARY = (ROOT / "docs" / "vocabulary.md").read_text("utf-8")
TERMS = (
    "sample", "gold", "foil", "variant", "perturbation", "stance", "text source", "prefill",
    "open turn", "delivery", "letter distribution", "other mass", "entropy H", "H / ln K",
    "P(correct)", "conflict", "unparsed", "failed", "refused", "judge", "verdict", "panel",
    "strict agreement", "Fleiss' κ", "quadrant", "sway", "steadfastness", "paired difference",
    "cluster", "group", "prompt profile", "answer style", "run folder", "stage", "settings",
    "recipe", "shard", "checkpoint", "organism",
)  # fmt: skip


def texts() -> list[Path]:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.*")]
    files += [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    return sorted(path for path in files if path.suffix in KINDS)


def text_of(path: Path) -> str:
    """Return a file's text without the file tree, whose lines are those of the docstrings."""
    return re.sub(r"<!-- tree.*?<!-- /tree -->", "", path.read_text("utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("idiom", IDIOMS)
def test_no_idiom_of_our_own(idiom: str) -> None:
    where = [
        f"{path.relative_to(ROOT)}: {match[0]!r}, say {IDIOMS[idiom]!r}"
        for path in texts()
        for match in re.finditer(idiom, text_of(path), re.IGNORECASE)
    ]
    assert where == []


def test_an_idiom_is_seen() -> None:
    assert any(re.search(idiom, "Read it so: it foretells", re.IGNORECASE) for idiom in IDIOMS)
    assert len(texts()) > 200


def test_each_term_is_defined_once() -> None:
    cells = re.findall(r"^\| (\*\*.+?) \| (.+) \|$", VOCABULARY, re.MULTILINE)
    defined = Counter(term for cell, _ in cells for term in re.findall(r"\*\*(.+?)\*\*", cell))
    assert {term for term, times in defined.items() if times > 1} == set()
    assert set(TERMS) - set(defined) == set()
    assert all(len(meaning) > 20 for _, meaning in cells)
