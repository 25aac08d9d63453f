"""Which options a text names by their letters, and whether it denies or corrects one.

An answer that names several options, denies one or corrects itself answers nothing (PROTOCOL
section 5), so what stands behind a letter is looked through before the letter counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ALONE = r"(?<![A-Za-z0-9'’_-])[A-Z](?![A-Za-z0-9'’_-])"
_LETTER = re.compile(_ALONE)
_LABEL_BEFORE = re.compile(r"(?:[(（\[【]|\*\*|(?i:\b(?:option|answer|choice|letter)\s))\Z")
_LABEL_BEHIND = re.compile(r"\s?[)）\].:：、】]|\*\*|(?:选项|项)")
_PROSE = re.compile(r"\s+(?!is\b|was\b|as\b|or\b|and\b|but\b|not\b|may\b|would\b)[a-z]")
_WRONG = (
    r"(?:wrong|incorrect|false"
    r"|not\s(?:correct|it|true|the\s(?:answer|correct)|right(?=\W*\Z|\W*[.,;!])))"
)
_DENIAL = re.compile(
    rf"\A\W*(?:(?:this|that|it|which)\s)?(?:is|are|was|seems?|looks?)\s(?:\w+ly\s|also\s)?{_WRONG}\b"
    r"|\A\W*(?:(?:this|that|it|which)\s)?(?:isn|aren|wasn)['’]t\b"
    r"|\A\W*(?:wrong|incorrect|not\s(?:this|that|it|the|correct|right)\b)"
    rf"|\b(?:this|that|the)\s(?:option|answer|choice)\s(?:is|seems)\s{_WRONG}\b"
    r"|[✗✘❌]|是?(?:错误的|错的|不对|不正确)|不是答案",
    re.IGNORECASE,
)
_CORRECTION = re.compile(
    r"\bwait\s*[,.!:…—]|\bno,?\swait\b|\bwait,?\s(?:no|actually)\b|\bwait\s*\Z|\bscratch\sthat\b"
    r"|\bactually\s*,|\bcorrection\s*:|\bor\srather\b|\bI\smean\b|\A\W*(?:no|sorry|hmm)\b\s*[,.]"
    r"|->|→|⇒|=>|等等|等一下|更正",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"\s*(?:[,，、;；/|&+]|\b(?:or|and|and/or|versus|vs\.?)\b|或者?|和|与)\s*", re.I
)
_WINDOW = 16  # characters before a letter that can dress it as a label


def denies(text: str) -> bool:
    """Say whether a text calls an option wrong, or takes back what it said."""
    return bool(_DENIAL.search(text) or _CORRECTION.search(text))


def letters(text: str, options: Mapping[str, str]) -> list[tuple[str, int]]:
    """Return the options that a text names by a letter of their own, with their places.

    `A` and `I` before a lower-case word are words. Where the options' texts speak of letters
    themselves ("B is closer"), a letter counts only in a label's dress: `(B)`, `B.`, `option B`.
    """
    lettered = any(
        match[0] in options for option in options.values() for match in _LETTER.finditer(option)
    )
    found: list[tuple[str, int]] = []
    for match in _LETTER.finditer(text):
        if match[0] not in options:
            continue
        before = text[max(0, match.start() - _WINDOW) : match.start()]
        behind = text[match.end() : match.end() + _WINDOW]
        labelled = bool(_LABEL_BEFORE.search(before) or _LABEL_BEHIND.match(behind))
        word = match[0] in "AI" and _PROSE.match(behind)
        if labelled or not (lettered or word):
            found.append((match[0], match.start()))
    return found


def joins_another(rest: str, texts: Mapping[str, str], letter: str) -> bool:
    """Say whether `rest` goes on with another option's text: `left` **or right**.

    Args:
        rest: what stands behind an option's text.
        texts: letter → text, folded as `rest` is.
        letter: the option that was named before.
    """
    joint = _JOINED.match(rest)
    if joint is None:
        return False
    behind = rest[joint.end() :]
    return any(
        text and other != letter and starts_with(behind, text) for other, text in texts.items()
    )


def starts_with(text: str, start: str) -> bool:
    """Say whether a text begins with another, and not in the middle of a word."""
    if not text.startswith(start):
        return False
    behind = text[len(start) : len(start) + 1]
    return not (behind.isalnum() and behind.isascii() and start[-1:].isalnum())
