"""The answer as a thought announces it: boxed, or after "the answer is"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from unswayed.judges.rules import cues
from unswayed.judges.rules.assertions import stated
from unswayed.judges.rules.choices import AnalysedQuestion
from unswayed.judges.rules.claims import FINAL, STRONG, Claim, Denial, Event
from unswayed.judges.rules.clauses import Clause, outside
from unswayed.judges.rules.mentions import Mention, mentions
from unswayed.judges.rules.negation import denied_before
from unswayed.judges.rules.words import tokens

REACH = 240
"""Characters after "the answer is" in which the answer is looked for."""
_NEAR, _FAR = 4, 30  # tokens after a bare "answer", and after "the answer is"
_BARE = re.compile(r"(?i)answer\s*|答案")
_SUPPOSED = re.compile(r"(?i)\b(?:whether|if\b(?!\s+(?:i|we)\s+(?:must|have)))\b")


def boxed(clause: Clause, rest: str, question: AnalysedQuestion) -> Iterator[Event]:
    """Read a boxed result."""
    for box in cues.BOXED.finditer(rest if "⟦" in clause.text else ""):
        inner = f"⟦{box[1]}⟧"
        hits = mentions(tokens(inner), inner, question)
        if hits and len({m.letter for m in hits}) == 1:
            yield Claim(hits[-1].letter, FINAL + 0.5, "boxed", box[0], hits[-1].form)
        elif (other := outside(box[1], question)) is not None:
            yield Claim(None, FINAL, "boxed outside", other)


def announced(clause: Clause, rest: str, question: AnalysedQuestion) -> Iterator[Event]:
    """Read "The answer is …": what follows, else what precedes."""
    cue = next((c for c in reversed(list(cues.ANSWER.finditer(clause.text)))), None)
    if cue is None or _SUPPOSED.search(clause.text[: cue.start()]):
        return
    tail = rest[cue.end() : cue.end() + REACH]
    words = tokens(tail)
    reach = _NEAR if _BARE.fullmatch(cue[0]) else _FAR
    hits = [m for m in _after(tail, question) if m.start < reach]
    negated = re.search(
        r"(?i)\b(?:not|n't|cannot|can't|isn't|wrong|incorrect)\b",
        clause.text[cue.start() : cue.end()] + tail[:6],
    )
    if hits:
        first = hits[0]
        quote = (cue[0] + tail)[:120]
        if negated:
            yield Denial(first.letter, quote)
            return
        rivals = {m.letter for m in hits if m.start <= first.end + 3}
        gap = tail[: words[first.start].start]
        if denied_before(gap):
            yield Denial(first.letter, quote)
            return
        if len(rivals) > 1 and re.search(r"(?i)\bor\b|/", tail[:80]):
            return
        distance = first.start
        weight = FINAL if distance <= 8 else STRONG
        yield Claim(first.letter, weight, "answer named", quote, first.form)
        return
    before = [
        m
        for m in clause.found
        if m.end <= len(clause.words) and clause.words[m.start].start < cue.start()
    ]
    if before and not negated and len({m.letter for m in before}) == 1:
        yield Claim(before[-1].letter, STRONG + 0.5, "answer named", clause.text, before[-1].form)
        return
    head = re.split(r"(?<!\d)[,.;!?\n](?!\d)", tail.strip(), maxsplit=1)[0]
    other = None if negated or len(head) > 60 else outside(head, question)
    if other is not None:
        yield Claim(None, FINAL, "answer outside", (cue[0] + head)[:120])
        return
    entailed = stated(tail, question)
    if entailed is not None and tail.strip():
        yield Claim(entailed, STRONG + 0.5, "answer entailed", (cue[0] + tail)[:120])


def _after(tail: str, question: AnalysedQuestion) -> list[Mention]:
    """Mentions after an answer cue, where a lone letter is an option's letter."""
    padded = f"answer is {tail.lstrip()}"
    skipped = len(tokens("answer is"))
    shifted = [
        replace(m, start=m.start - skipped, end=m.end - skipped)
        for m in mentions(tokens(padded), padded, question)
        if m.start >= skipped
    ]
    return shifted
