"""What each sentence of a thought claims, denies or takes back about the options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from unswayed.judges.rules import cues
from unswayed.judges.rules.announcements import announced, boxed
from unswayed.judges.rules.assertions import asserted, compares, judged, places, polar
from unswayed.judges.rules.choices import AnalysedQuestion
from unswayed.judges.rules.claims import (
    FAINT,
    FINAL,
    PLAIN,
    STRONG,
    WEAK,
    Claim,
    Denial,
    Event,
    Turn,
)
from unswayed.judges.rules.clauses import VERB, Clause, clause_of, denied
from unswayed.judges.rules.mentions import mentions
from unswayed.judges.rules.placements import topic_of
from unswayed.judges.rules.roles import Role
from unswayed.judges.rules.words import clauses, tokens

_LABEL = re.compile(r"\W{0,4}(?:(?i:option|choice)\s+)?\W{0,2}([A-Z])\)?\s{0,2}(?:[.:)–—]|\s-\s)")
_LAST_LABEL = re.compile(r"[:：]\s*\n\s*(?:(?i:option|choice)\s+)?([A-Z])[.):]\s*$")
_TOPIC_WRONG = re.compile(
    r"(?i)\b(?:this|that|it|which|so|option|and|hence|therefore)\b[^.]{0,40}?\b(?:incorrect|"
    r"wrong|false|"
    r"not (?:correct|right|true|it|the|match\w*|accurate|fit)|does(?:n't| not) (?:match|fit|"
    r"apply)|ruled out|"
    r"can't be|cannot be|out|no)\b|^\W*(?:incorrect|wrong|false|no|not correct|ruled out|"
    r"unlikely|does not match)\b"
)
_TOPIC_RIGHT = re.compile(
    r"(?i)\b(?:this|that|it|which|so|option)\b[^.]{0,30}?\b(?:is (?:\w+ )?(?:correct|right|true|"
    r"accurate)|matches|"
    r"fits|aligns|corresponds|agrees)\b|^\W*(?:correct|right|true|yes|matches|"
    r"this matches)\b\W*(?:$|because|the|what)"
)
_LEAST = re.compile(
    r"(?i)\b(?:less of an?|least|odd one out|does not belong|doesn't belong|unlike)\b"
)
_BARELY = frozenset({"asserted", "number seen"})
_OR = re.compile(r"(?i)\W*(?:or|nor)\b")
_NO_SUBJECT = re.compile(
    r"(?i)(\W*(?:(?:and|but|so|yet)\s+)?(?:(?:also|therefore|thus|hence|then)\s+)?)(?P<verb>is|"
    r"are|was|were|"
    r"isn't|aren't|wasn't|does|doesn't|do|don't|has|have|cannot|can't|can|would|could|must|will|"
    r"should|seems?|appears?|looks?)\b"
)
_IT = re.compile(
    r"(?i)(\W*(?:(?:and|but|so|thus|therefore|hence|making|indicating|suggesting|meaning|showing)"
    r"\s+(?:that\s+)?)?)(?:it|this|that|he|she|they)\s+(?P<verb>closer|farther|further|nearer|is|"
    r"are|was|looks?|seems?|appears?|has|does|doesn't|isn't|must)\b"
)
_WHICH = re.compile(r"(?i)(\W*)which\s+(?P<verb>is|are|was|seems|appears|makes|has)\b")
_NAMING = re.compile(r"(?i)\W*(?:be\s+)?(?:(?:an?|the)\s+)?")
_IF = re.compile(r"(?i)\bif\b(?!\s+(?:i|we)\s+(?:must|have))")
_WOULD = re.compile(r"(?i)\b(?:would|could|might)\b")


def labelled(sentence: str, question: AnalysedQuestion) -> str | None:
    """Return the option that a sentence takes up ("Option B: …"), when options are weighed."""
    match = _LABEL.match(sentence)
    if match is None and "\n" in sentence and not cues.ANSWER.search(sentence):
        match = _LAST_LABEL.search(sentence)
    if match is None or match[1] not in question.letters or question.points:
        return None
    return match[1]


def judged_topic(sentence: str, topic: str | None, question: AnalysedQuestion) -> Event | None:
    """Read "This is correct." and "Incorrect." as said of the option taken up before."""
    if topic is None or question.polar is not None or sentence.endswith("?"):
        return None
    if mentions(tokens(sentence), sentence, question):
        return None
    if _TOPIC_WRONG.search(sentence):
        return Denial(topic, sentence)
    if _TOPIC_RIGHT.search(sentence):
        return Claim(topic, STRONG + 0.2, "judged right", sentence)
    return None


@dataclass
class Discourse:
    """What the sentences before leave open.

    Attributes:
        topic: what they speak of, for "it".
    """

    topic: Role = Role.EMPTY


def events(
    sentence: str,
    question: AnalysedQuestion,
    label: str | None = None,
    discourse: Discourse | None = None,
) -> list[Event]:
    """Return the events of one sentence, in order.

    Args:
        sentence: a sentence of plain text.
        question: the question.
        label: the option that the sentence takes up to weigh it, which asserts nothing yet.
        discourse: what the sentences before leave open; brought up to date.
    """
    asking = sentence.rstrip(' \t\n"”’)').endswith(("?", "？"))
    discourse = discourse or Discourse()
    listed: list[Event] = []
    parts = clauses(sentence)
    before: Clause | None = None
    for index, part in enumerate(parts):
        if cues.STRONG_TURN.search(part):
            listed.append(Turn(True))
        elif cues.SOFT_TURN.search(part):
            listed.append(Turn(False))
        clause = clause_of(_completed(part, before, question), question, discourse.topic)
        discourse.topic = topic_of(clause.words, question, discourse.topic)
        before = clause
        for event in _events(clause, "".join(parts[index:]), question):
            event = _softened(event, asking, clause)
            if isinstance(event, Claim) and _unreal(parts[:index], part):
                event = replace(event, weight=min(event.weight, FAINT))
            if label and isinstance(event, Claim) and event.letter == label:
                event = replace(event, weight=_weighed(event))
            listed.append(event)
    if any(isinstance(event, Turn) and event.strong for event in listed):
        listed = _corrected(listed)
    return [event for event in _text_decides(listed, question) if not _empty(event)]


def _corrected(listed: Sequence[Event]) -> list[Event]:
    """Read "Actually, no: zebra": what a correction names without a verb, it asserts."""
    named = {e.letter for e in listed if isinstance(e, Claim)}
    if len(named) != 1:
        return list(listed)
    return [
        replace(e, weight=PLAIN, rule="corrected")
        if isinstance(e, Claim) and e.weight == FAINT and e.rule in _BARELY
        else e
        for e in listed
    ]


def _completed(part: str, before: Clause | None, question: AnalysedQuestion) -> str:
    """Give a clause what it takes from the one before: a subject, or a negation.

    "And are not red", "so it is red", "or that it is red"; where things are compared also "which
    is closer". But "so it is the table", behind another option, says which one is asked for.
    """
    if before is None or not before.found:
        return part
    if before.struck and _OR.match(part):
        return "not " + part
    which = _WHICH.match(part) if question.compared is not None else None
    pronoun = _IT.match(part)
    match = which or _NO_SUBJECT.match(part) or pronoun
    first = before.found[-1 if which else 0]
    if pronoun and _names_another(part, pronoun.end(), first.letter, question):
        return part
    start = before.words[first.start].start
    if match is None or first.form == "letter":
        return part
    if which is None and VERB.search(before.text[:start]):
        return part
    subject = before.text[start : before.words[first.end - 1].end]
    return f"{match[1]}{subject} {part[match.start('verb') :]}"


def _names_another(part: str, at: int, letter: str, question: AnalysedQuestion) -> bool:
    """Say whether another option follows the verb: "it is the table", not "less than salt"."""
    words = tuple(tokens(part))
    return any(
        m.letter != letter and _NAMING.fullmatch(part, at, words[m.start].start)
        for m in mentions(words, part, question)
    )


def _unreal(before: Sequence[str], part: str) -> bool:
    """Read "if it were red, it would be A" as no claim that it is."""
    return bool(_WOULD.search(part)) and any(_IF.search(piece) for piece in before)


def _weighed(claim: Claim) -> float:
    """Taking an option up asserts nothing, judging it does."""
    return claim.weight if claim.rule in ("judged right", "fits") else FAINT


def only_mention(sentence: str, question: AnalysedQuestion) -> tuple[str | None, bool]:
    """Return the one option that a sentence names without doubting it, and whether it names any."""
    clause = clause_of(sentence, question)
    open_ = {
        m.letter
        for m in clause.found
        if m.form != "letter"
        and not denied(clause, m)
        and (question.numeric or VERB.search(clause.text[: clause.words[m.start].start]))
    }
    doubtful = clause.hedged or clause.idle or sentence.rstrip().endswith(("?", "？"))
    lone = open_.pop() if len(open_) == 1 and not doubtful else None
    return lone, bool(clause.found)


def _events(clause: Clause, rest: str, question: AnalysedQuestion) -> Iterator[Event]:
    """Try the rules from the most to the least explicit; the first that speaks decides."""
    for rule in (boxed, announced):
        named = list(rule(clause, rest, question))
        if named:
            yield from named
            return
    if clause.idle:
        return
    for rule in (judged, compares, places, polar, asserted):
        named = list(rule(clause, question))
        if named:
            yield from map(_turned, named) if question.negative else named
            return


def _turned(event: Event) -> Event:
    """Where a question asks what does not fit, what is denied is the answer."""
    if isinstance(event, Denial):
        return Claim(event.letter, PLAIN + 0.2, "denied as asked", event.quote)
    if isinstance(event, Claim) and _LEAST.search(event.quote):
        return event
    if isinstance(event, Claim) and event.form != "letter" and event.weight < FINAL:
        return replace(event, weight=FAINT)
    return event


def _softened(event: Event, asking: bool, clause: Clause) -> Event:
    """A question asserts nothing, and a guess little."""
    if isinstance(event, Claim) and asking:
        return replace(event, weight=0.4 if event.weight >= STRONG else 0.0)
    if isinstance(event, Claim) and clause.hedged and event.weight < FINAL:
        return replace(event, weight=min(event.weight, WEAK))
    if isinstance(event, Denial) and (asking or clause.hedged):
        return replace(event, letter="")
    return event


def _empty(event: Event) -> bool:
    if isinstance(event, Claim):
        return event.weight <= 0
    return isinstance(event, Denial) and not event.letter


def _text_decides(listed: Sequence[Event], question: AnalysedQuestion) -> list[Event]:
    """In one sentence, an asserted text wins over a letter that is drawn from it."""
    result: list[Event] = []
    text: Claim | None = None
    for event in listed:
        if isinstance(event, Turn):
            text = None
        elif isinstance(event, Claim) and event.form == "letter" and text is not None:
            if text.letter != event.letter and not question.numeric and question.polar is None:
                event = replace(event, letter=text.letter, rule=f"{event.rule}, text decides")
        elif isinstance(event, Claim) and event.weight >= PLAIN and event.form in ("text", "core"):
            text = event
        result.append(event)
    return result
