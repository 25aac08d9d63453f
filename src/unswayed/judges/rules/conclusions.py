"""The option that a thought concludes on: its claims weighed in the order they were made.

The latest of the most decisive claims wins. A correction ("Wait, …") takes the force out of what
stands before it, a denial takes the option out, and where every option but one is denied the one
that is left is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from unswayed.answers import normalise
from unswayed.judges.rules.choices import AnalysedQuestion
from unswayed.judges.rules.claims import FAINT, FINAL, Claim, Denial, Event, Turn
from unswayed.judges.rules.counts import enumerated
from unswayed.judges.rules.markup import plain
from unswayed.judges.rules.statements import Discourse, events, judged_topic, labelled, only_mention
from unswayed.judges.rules.words import ARTICLES, sentences, tokens

_ROW = re.compile(
    r"^[ \t]{0,8}[-*•]?[ \t]{0,4}[(\[]?([A-Z])[)\].:：、][ \t]{0,4}(\S.{0,600}?)[ \t]*$"
)
LONG_TOPIC = 300
"""Characters of a sentence after which "this is correct" no longer judges the option before it."""
_TAKEN_UP = re.compile(r"(?i)\W*(?:this|it|that)\b")
"""So begins a sentence that goes on about the option taken up before."""
_LONE = re.compile(r"[(\[\"'⟦\s]{0,4}([A-Z])[)\]\"'⟧\s]{0,4}\.?")
_LEAD = re.compile(
    r"(?i)\W{0,6}(?:(?:so|therefore|thus|hence|ergo|then|consequently|accordingly|finally|overall|"
    r"in (?:conclusion|summary|short)|to conclude|my|the|our|final|correct|right|best|chosen|"
    r"selected|conclusion|result|verdict|decision|summary|answer|choice|pick|selection|option|"
    r"guess|choose|select|is|因此|所以|综上|结论|选择?|答案)\W{0,6}){0,6}"
)
"""What may stand before an option at the end of a thought, so that nothing else is said there."""
_TRAIL = re.compile(r"(?i)[,\s]+(?:then|it (?:is|must be)(?: then)?)\W{0,3}$")


@dataclass(frozen=True)
class Conclusion:
    """What a thought concludes.

    Attributes:
        letter: the option; None if there is none.
        outside: it clearly concludes on something that is no option.
        rule: the rule that decided, empty if none did.
        quote: the words that decided.
    """

    letter: str | None
    outside: bool = False
    rule: str = ""
    quote: str = ""


def conclude(think: str, question: AnalysedQuestion) -> Conclusion:
    """Return the option that a thought concludes on; nothing is taken from the answer."""
    listed = [*sentences(_without_lists(plain(think), question))]
    state = _State(question)
    counted = enumerated(listed, question)
    if counted is not None:
        state.take(counted)
    topic: str | None = None
    discourse = Discourse()
    for sentence in listed:
        label = labelled(sentence, question)
        weighed = label or (topic if _TAKEN_UP.match(sentence) else None)
        for event in events(sentence, question, weighed, discourse):
            state.take(event)
        verdict = None if label else judged_topic(sentence, topic, question)
        if verdict is not None:
            state.take(verdict)
        topic = label or (topic if len(sentence) < LONG_TOPIC else None)
    last = _last_line(listed, question)
    if last is not None:
        state.take(last)
    conclusion = _or_none(state.conclusion(), question)
    settled = conclusion.rule or question.compared or question.spatial
    return conclusion if settled else _last_mention(listed, question)


def _or_none(conclusion: Conclusion, question: AnalysedQuestion) -> Conclusion:
    """Read a result that no option has as "none of the above", where that is an option."""
    nones = [choice.letter for choice in question.choices if choice.none]
    if not conclusion.outside or len(nones) != 1 or "none" not in question.choice(nones[0]).full:
        return conclusion
    return replace(conclusion, letter=nones[0], outside=False)


def _last_mention(listed: Sequence[str], question: AnalysedQuestion) -> Conclusion:
    """Where nothing is claimed: the last sentence that names options names one of them only."""
    for sentence in reversed(listed):
        letter, any_ = only_mention(sentence, question)
        if any_:
            return Conclusion(letter, rule="last mention" if letter else "", quote=sentence)
    return Conclusion(None)


class _State:
    """The claims that still stand."""

    def __init__(self, question: AnalysedQuestion) -> None:
        self._letters = [choice.letter for choice in question.choices]
        self._none = {choice.letter for choice in question.choices if choice.none}
        self._standing: list[Claim] = []
        self._denied: set[str] = set()

    def take(self, event: Event) -> None:
        if isinstance(event, Turn):
            ceiling = 1.0 if event.strong else 1.5
            self._standing = [replace(c, weight=min(c.weight, ceiling)) for c in self._standing]
        elif isinstance(event, Denial):
            self._deny(event)
        else:
            self._claim(event)

    def conclusion(self) -> Conclusion:
        if not self._standing:
            return Conclusion(None)
        claim = self._standing[-1]
        if claim.weight <= FAINT and len({c.letter for c in self._standing}) > 1:
            return Conclusion(None)
        return Conclusion(claim.letter, claim.letter is None, claim.rule, claim.quote)

    def _claim(self, claim: Claim) -> None:
        if claim.letter in self._denied:
            if claim.weight <= FAINT:
                return
            self._denied.discard(claim.letter)
        top = self._standing[-1] if self._standing else None
        if top is not None and top.letter == claim.letter:
            stronger = max(top, claim, key=lambda c: c.weight)
            self._standing[-1] = replace(claim, weight=stronger.weight, rule=stronger.rule)
        elif top is None or claim.weight >= top.weight:
            older = [c for c in self._standing if c.letter != claim.letter]
            self._standing = [*older, claim]  # one per option: work per event stays bounded

    def _deny(self, denial: Denial) -> None:
        self._denied.add(denial.letter)
        self._standing = [c for c in self._standing if c.letter != denial.letter]
        left = [letter for letter in self._letters if letter not in self._denied]
        open_ = [letter for letter in left if letter not in self._none]
        remaining = open_ if len(open_) == 1 and len(left) == 1 else left
        if len(remaining) == 1 and len(self._letters) > 1:
            self._claim(Claim(remaining[0], 1.2, "elimination", denial.quote))


def _last_line(listed: Sequence[str], question: AnalysedQuestion) -> Claim | None:
    """A thought that ends on an option, or on a letter with it, names its answer.

    Only words that lead to an answer may stand before it: "Therefore: B", "My choice: the lamp".
    """
    if not listed:
        return None
    line = listed[-1].strip()
    for said in dict.fromkeys((line, _TRAIL.sub("", _LEAD.sub("", line, count=1)))):
        lone = _LONE.fullmatch(said)
        if lone and lone[1] in question.letters:
            return Claim(lone[1], FINAL, "last line", line, "letter")
        texts = tuple(token.text for token in tokens(re.sub(r"^\W*[A-Z][.):]\s*", "", said)))
        bare = texts[1:] if texts[:1] and texts[0] in ARTICLES else texts
        hits = [c.letter for c in question.choices if {texts, bare} & {c.full, c.core}]
        if len(hits) == 1 and texts:
            return Claim(hits[0], FINAL, "last line", line)
    return None


def _without_lists(text: str, question: AnalysedQuestion) -> str:
    """Drop rows that only repeat the options: a list of options asserts none of them."""
    lines = text.split("\n")
    rows = [_is_row(line, question) for line in lines]
    filled = [i for i, line in enumerate(lines) if line.strip()]
    dropped: set[int] = set()
    for before, here in pairwise(filled):
        if rows[before] and rows[here]:
            dropped |= {before, here}
    return "\n".join("." if i in dropped else line for i, line in enumerate(lines))


def _is_row(line: str, question: AnalysedQuestion) -> bool:
    match = _ROW.match(line)
    if match is None:
        return False
    texts = tuple(token.text for token in tokens(normalise(match[2])))
    return any(
        texts in (c.full, ("the", *c.full), ("a", *c.full), ("an", *c.full))
        for c in question.choices
    )
