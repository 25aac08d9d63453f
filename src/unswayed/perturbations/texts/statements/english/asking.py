"""A question's parts: what stands before it, and the sentence that asks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from unswayed.perturbations.texts.statements.english.grammar import one_line

LONGEST = 1200
"""Characters of a question that is read; a longer one is a text of its own."""

_TAIL = re.compile(
    r"(?:<br>|\n|\\n)?\s*\(?\bhint\b[.:\s].*$"
    r"|\s*(?:please )?(?:select|choose|pick|answer with|answer the question using)\b[^.?]*[.?]?$"
    r"|\s*(?:options|choices)\s*:.*$",
    re.I | re.S,
)
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z\"'“(\\])")
_ASKS = re.compile(
    r"(?:^|[,:;]\s+|\b(?:and|then|but)\s+)(?P<asks>(?:(?:in|on|at|to|from|for|of|by|with) )?"
    r"(?:what|which|where|who|whose|whom|how|when|why|is|are|was|were|do|does|did|can|could|will"
    r"|would|should|has|have)(?:'s|’s|'re)?\b.*)$",
    re.I,
)
_VIEW = re.compile(
    r"(?:^|,\s*|\s+)(?P<view>(?:from|based on|in|according to|looking (?:at it )?from|viewed from"
    r"|relative to|as seen (?:from|by)) (?:the )?[^,?]{1,60}?"
    r"(?:perspective|point of view|viewpoint|view|angle|viewer's position))\b,?",
    re.I,
)
_PICTURE = re.compile(
    r"(?:^|,\s*|\s+)(?:(?:shown |displayed |depicted |visible |seen |presented |provided )?"
    r"(?:in|on|of|from|based on|according to|looking at|as shown in|for) (?:the|this|that)"
    r"(?: (?:given|provided|above|following|whole|entire|shown))?"
    r" (?:image|picture|photo|photograph|figure|scene|pic)"
    r"(?: (?:provided|given|shown|above|below|here))?|as (?:shown|seen)(?: here)?)\s*(?=,|\?|\.|$)",
    re.I,
)
_CONTRACTIONS = (
    (re.compile(r"\b(what|where|who|which|how|there|when)['’]s\b", re.I), r"\1 is"),
    (re.compile(r"\b(what|where|who|which|how)['’]re\b", re.I), r"\1 are"),
)


@dataclass(frozen=True)
class Asked:
    """A question, taken apart.

    Attributes:
        asks: the sentence that asks, on one line, without its question mark and without mention of
            the picture as such.
        whole: the same with the mention of the picture.
        view: whose view it is asked from, such as "from the man's perspective"; empty if none.
        before: the sentences before it, on one line.
    """

    asks: str
    whole: str
    view: str
    before: str


def asked(text: str) -> Asked | None:
    """Take a question apart; None if nothing in it asks."""
    if not 3 <= len(text) <= LONGEST:
        return None
    line = one_line(_TAIL.sub("", text))
    for pattern, replacement in _CONTRACTIONS:
        line = pattern.sub(replacement, line)
    sentences = _SENTENCE_END.split(line)
    asking = [at for at, one in enumerate(sentences) if one.rstrip(" .").endswith("?")]
    at = asking[-1] if asking else len(sentences) - 1
    found = _ASKS.search(sentences[at]) or _later(sentences, at)
    body = found["asks"] if found else sentences[at]
    before = " ".join([*sentences[:at], sentences[at][: found.start("asks")] if found else ""])
    whole = body.rstrip(" ?.:")
    view = _VIEW.search(whole) or _VIEW.search(before)
    asks = _VIEW.sub(" ", whole) if _VIEW.search(whole) else whole
    asks = one_line(_PICTURE.sub("", asks)).strip(" ,?.")
    return Asked(
        asks,
        one_line(whole),
        _lower_first(one_line(view["view"])) if view else "",
        one_line(before),
    )


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _later(sentences: list[str], at: int) -> re.Match[str] | None:
    return _ASKS.search(sentences[at].replace("? ", "; "))
