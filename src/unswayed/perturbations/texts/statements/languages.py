"""The language of a question: English, Chinese, or another one, which templates do not write."""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["en", "zh", "other"]

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]{3,}")
_ENGLISH = re.compile(
    r"\b(?:the|is|are|was|were|what|which|who|whose|where|when|why|how|do|does|did|can|could|will"
    r"|in|of|on|at|to|this|these|that|there|a|an|and|or|for|find|identify|select|true|false)\b",
    re.I,
)


def language_of(question: str, options: tuple[str, ...] = ()) -> Language:
    """Return the language that a question is written in.

    The question decides; one without letters (a formula) takes its options' language, and one
    without any is taken as English.
    """
    for text in (question, " ".join(options)):
        letters = len(_LETTER.findall(text))
        if letters:
            return _of(text, letters)
    return "en"


def _of(text: str, letters: int) -> Language:
    if _KANA_OR_HANGUL.search(text):
        return "other"
    if len(_HAN.findall(text)) * 3 >= letters:
        return "zh"
    ascii_letters = sum(c.isascii() and c.isalpha() for c in text)
    foreign = ascii_letters < 0.9 * letters or (
        len(_WORD.findall(text)) >= 4 and not _ENGLISH.search(text)
    )
    return "other" if foreign else "en"
