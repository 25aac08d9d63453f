"""What each sentence of a thought claims, denies or takes back about the options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from unswayed.judges.rules import cues
from unswayed.judges.rules.choices import COLORS, AnalysedQuestion
from unswayed.judges.rules.cues import DENIED_BEFORE
from unswayed.judges.rules.mentions import Mention, mentions, paraphrase
from unswayed.judges.rules.propositions import compared, directions, holds
from unswayed.judges.rules.words import Token, clauses, tokens

FINAL, STRONG, PLAIN, WEAK, FAINT = 3.0, 2.0, 1.0, 0.5, 0.3
"""Weights: an answer is named; a conclusion is drawn; asserted; hedged; merely mentioned."""


REACH = 240
"""Characters after "the answer is" in which the answer is looked for."""


@dataclass(frozen=True)
class Claim:
    """A sentence asserts an option, or a result outside the options.

    Attributes:
        letter: the option; None for a result that no option has.
        weight: one of the weights above, or between them.
        rule: name of the rule that found it.
        quote: the words it was found in.
        form: how the option is named.
    """

    letter: str | None
    weight: float
    rule: str
    quote: str
    form: str = "text"


@dataclass(frozen=True)
class Denial:
    """A sentence says that an option is not it."""

    letter: str
    quote: str


@dataclass(frozen=True)
class Turn:
    """A sentence takes back what was said; `strong` for "Wait", not for "but"."""

    strong: bool


_LABEL = re.compile(r"\W{0,4}(?:(?i:option|choice)\s+)?\W{0,2}([A-Z])\)?\s{0,2}(?:[.:)–—]|\s-\s)")
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
    r"fits)\b|^\W*(?:correct|right|true|yes|matches|this matches)\b\W*(?:$|because|the|what)"
)
_LONE_LETTER = re.compile(r"\W*(?:(?i:option|choice)\s+)?\W{0,2}([A-J])\W*")
_IF = re.compile(r"(?i)\bif\b(?!\s+(?:i|we)\s+(?:must|have))")
_SUPPOSED = re.compile(r"(?i)\b(?:whether|if\b(?!\s+(?:i|we)\s+(?:must|have)))\b")
_WOULD = re.compile(r"(?i)\b(?:would|could|might)\b")
_VERB = re.compile(
    r"(?i)\b(?:is|are|was|were|has|have|looks?|appears?|seems?|shows?|must|it's|that's|there's|i|"
    r"we)\b|=|[\u3400-\u9fff]"
)
_IS_LATELY = re.compile(r"(?i)\b(?:is|are|looks|appears|seems)\b(?:\s+\w+){0,3}\s*$")
Event = Claim | Denial | Turn


@dataclass(frozen=True)
class Clause:
    """One clause, ready to be looked at."""

    text: str
    words: tuple[Token, ...]
    found: tuple[Mention, ...]
    concluding: bool
    hedged: bool
    idle: bool


def labelled(sentence: str, question: AnalysedQuestion) -> str | None:
    """Return the option that a sentence takes up ("Option B: …"), when options are weighed."""
    match = _LABEL.match(sentence)
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


def events(sentence: str, question: AnalysedQuestion, label: str | None = None) -> list[Event]:
    """Return the events of one sentence, in order.

    Args:
        sentence: a sentence of plain text.
        question: the question.
        label: the option that the sentence takes up to weigh it, which asserts nothing yet.
    """
    asking = sentence.rstrip().endswith(("?", "？"))
    listed: list[Event] = []
    parts = clauses(sentence)
    for index, part in enumerate(parts):
        if cues.STRONG_TURN.search(part):
            listed.append(Turn(True))
        elif cues.SOFT_TURN.search(part):
            listed.append(Turn(False))
        clause = _clause(part, question)
        for event in _events(clause, "".join(parts[index:]), question):
            event = _softened(event, asking, clause)
            if isinstance(event, Claim) and _unreal(parts[:index], part):
                event = replace(event, weight=min(event.weight, FAINT))
            if label and isinstance(event, Claim) and event.letter == label:
                event = replace(event, weight=_weighed(event))
            listed.append(event)
    return [event for event in _text_decides(listed, question) if not _empty(event)]


def _unreal(before: Sequence[str], part: str) -> bool:
    """Read "if it were red, it would be A" as no claim that it is."""
    return bool(_WOULD.search(part)) and any(_IF.search(piece) for piece in before)


def _weighed(claim: Claim) -> float:
    """Taking an option up asserts nothing, judging it does."""
    return claim.weight if claim.rule in ("judged right", "fits") else FAINT


def only_mention(sentence: str, question: AnalysedQuestion) -> tuple[str | None, bool]:
    """Return the one option that a sentence names without doubting it, and whether it names any."""
    clause = _clause(sentence, question)
    open_ = {
        m.letter
        for m in clause.found
        if m.form != "letter"
        and not _denied(clause, m)
        and (question.numeric or _VERB.search(clause.text[: clause.words[m.start].start]))
    }
    doubtful = clause.hedged or clause.idle or sentence.rstrip().endswith(("?", "？"))
    lone = open_.pop() if len(open_) == 1 and not doubtful else None
    return lone, bool(clause.found)


def outside(text: str, question: AnalysedQuestion) -> str | None:
    """Return a result in a text that is of the options' kind but none of them, if it is clear."""
    words = tokens(text)
    if mentions(words, text, question) or not words:
        return None
    lone = _LONE_LETTER.fullmatch(text)
    if lone and lone[1] not in question.letters and not question.points:
        return lone[1]
    if question.numeric:
        values = [word for word in words if word.value is not None]
        return values[-1].raw if values else None
    if all(choice.none or set(choice.core) & COLORS for choice in question.choices):
        named = [word.raw for word in words if word.text in COLORS]
        return named[0] if len(named) == 1 else None
    return None


def _clause(text: str, question: AnalysedQuestion) -> Clause:
    words = tuple(tokens(text))
    hits = tuple(mentions(words, text, question))
    return Clause(
        text,
        words,
        hits,
        cues.CONCLUDING.search(text) is not None,
        cues.HEDGED.search(text) is not None,
        cues.IDLE.search(text) is not None,
    )


def _events(clause: Clause, rest: str, question: AnalysedQuestion) -> Iterator[Event]:
    """Try the rules from the most to the least explicit; the first that speaks decides."""
    for rule in (_boxed, _answered):
        named = list(rule(clause, rest, question))
        if named:
            yield from named
            return
    if clause.idle:
        return
    denied = {m.letter for m in clause.found if _denied(clause, m)}
    for rule in (_judged, _compared, _directed, _polar, _asserted):
        named = list(rule(clause, denied, question))
        if named:
            yield from map(_turned, named) if question.negative else named
            return


def _turned(event: Event) -> Event:
    """Where a question asks what does not fit, what is denied is the answer."""
    if isinstance(event, Denial):
        return Claim(event.letter, PLAIN + 0.2, "denied as asked", event.quote)
    if isinstance(event, Claim) and event.form != "letter" and event.weight < FINAL:
        return replace(event, weight=FAINT)
    return event


def _boxed(clause: Clause, rest: str, question: AnalysedQuestion) -> Iterator[Event]:
    for box in cues.BOXED.finditer(rest if "⟦" in clause.text else ""):
        inner = f"⟦{box[1]}⟧"
        hits = mentions(tokens(inner), inner, question)
        if hits and len({m.letter for m in hits}) == 1:
            yield Claim(hits[-1].letter, FINAL + 0.5, "boxed", box[0], hits[-1].form)
        elif (other := outside(box[1], question)) is not None:
            yield Claim(None, FINAL, "boxed outside", other)


def _answered(clause: Clause, rest: str, question: AnalysedQuestion) -> Iterator[Event]:
    """Read "The answer is …": what follows, else what precedes."""
    cue = next((c for c in reversed(list(cues.ANSWER.finditer(clause.text)))), None)
    if cue is None or _SUPPOSED.search(clause.text[: cue.start()]):
        return
    tail = rest[cue.end() : cue.end() + REACH]
    words = tokens(tail)
    hits = [m for m in _after(tail, cue[0], question) if m.start < 30]
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
        if cues.DENIED_BEFORE.search(gap):
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
    stated = _stated(tail, question)
    if stated is not None and tail.strip():
        yield Claim(stated, STRONG + 0.5, "answer entailed", (cue[0] + tail)[:120])


def _after(tail: str, cue: str, question: AnalysedQuestion) -> list[Mention]:
    """Mentions after an answer cue, where a lone letter is an option's letter."""
    padded = f"answer is {tail.lstrip()}"
    skipped = len(tokens("answer is"))
    shifted = [
        replace(m, start=m.start - skipped, end=m.end - skipped)
        for m in mentions(tokens(padded), padded, question)
        if m.start >= skipped
    ]
    return shifted


def _stated(text: str, question: AnalysedQuestion) -> str | None:
    """Return the option that a text states by a relation, a comparison or a proposition."""
    clause = _clause(text, question)
    for rule in (_compared, _directed, _polar):
        for event in rule(clause, set(), question):
            if isinstance(event, Claim):
                return event.letter
    return None


def _judged(clause: Clause, denied: set[str], question: AnalysedQuestion) -> Iterator[Event]:
    """Read "B is correct", "that matches option B", "option C is wrong"."""
    letters = {m.letter for m in clause.found}
    if len(letters) != 1:
        return
    mention = clause.found[-1]
    tail = clause.text[clause.words[mention.end - 1].end :]
    right = cues.RIGHT.search(tail)
    if mention.letter in denied:
        if mention.form == "letter" or question.polar is None:
            yield Denial(mention.letter, clause.text)
        return
    if right is not None:
        yield Claim(mention.letter, STRONG + 0.5, "judged right", clause.text, mention.form)
    elif mention.form == "letter" and not clause.hedged:
        strong = cues.MATCHES.search(clause.text) or clause.concluding
        weight = STRONG + 0.2 if strong else 0.6
        yield Claim(mention.letter, weight, "letter", clause.text, mention.form)
    elif (
        re.search(r"(?i)\b(?:fits|matches|match|fit)\b|符合|正确", clause.text)
        and not question.numeric
    ):
        yield Claim(mention.letter, STRONG, "fits", clause.text, mention.form)


def _compared(clause: Clause, denied: set[str], question: AnalysedQuestion) -> Iterator[Event]:
    stated = compared(clause.words, clause.text, clause.found, question)
    if stated is not None:
        letter, negative = stated
        if negative:
            yield Denial(letter, clause.text)
        else:
            yield Claim(letter, _clause_weight(clause), "comparison", clause.text)


def _directed(clause: Clause, denied: set[str], question: AnalysedQuestion) -> Iterator[Event]:
    if not question.spatial:
        return
    by_name = {choice.relation: choice.letter for choice in question.choices}
    stated = directions(clause.words, clause.text, question)
    named = [(by_name[name], sure, no) for name, sure, no in stated if name in by_name]
    for letter, sure, negative in named:
        if negative and sure >= 0.6:
            yield Denial(letter, clause.text)
        elif not negative:
            weight = _clause_weight(clause) if sure >= 0.6 else FAINT
            yield Claim(letter, weight, "relation", clause.text)


def _polar(clause: Clause, denied: set[str], question: AnalysedQuestion) -> Iterator[Event]:
    """Yes or no: said outright, said of "the statement", or entailed."""
    if question.polar is None:
        return
    match = cues.SAYS_TRUE.search(clause.text)
    if match is not None:
        subject = (match[1] or match[4] or "").lower()
        weight = STRONG if subject not in ("this", "that", "it") else PLAIN
        yield Claim(question.polar[not _says_true(match)], weight, "statement judged", clause.text)
        return
    literal = [m for m in clause.found if m.letter in question.polar and m.form != "letter"]
    if literal and len({m.letter for m in literal}) == 1:
        weight = STRONG if clause.concluding else 1.5
        yield Claim(literal[-1].letter, weight, "yes or no", clause.text)
        return
    entailed = holds(clause.words, clause.text, question)
    if entailed is not None:
        weight = _clause_weight(clause) if entailed[1] >= 0.6 else FAINT
        yield Claim(question.polar[not entailed[0]], weight, "entailed", clause.text)


def _says_true(match: re.Match[str]) -> bool:
    if match[3]:
        negative = match[3].lower() in ("false", "incorrect", "wrong", "inaccurate", "invalid")
        return negative == bool(match[2])
    return not match[5]


def _asserted(clause: Clause, denied: set[str], question: AnalysedQuestion) -> Iterator[Event]:
    """An option's text, value or paraphrase stands in a clause."""
    if question.spatial and (question.subject or question.object):
        return
    for letter in sorted(denied):
        if question.polar is None:
            yield Denial(letter, clause.text)
    open_ = [
        m
        for m in clause.found
        if m.letter not in denied and m.form != "letter" and not _aside(clause, m)
    ]
    if not open_:
        if not clause.found:
            yield from _paraphrased(clause, question)
            yield from _elsewhere(clause, question)
        return
    mention = open_[-1]
    if question.numeric:
        yield from _valued(clause, mention, question)
    elif len({m.letter for m in open_}) == 1 and question.polar is None:
        weight = _weight(clause, mention, question)
        yield Claim(mention.letter, weight, "asserted", clause.text, mention.form)


def _valued(clause: Clause, mention: Mention, question: AnalysedQuestion) -> Iterator[Event]:
    """A number that is an option's: the last number of the clause, after a verb or a sign."""
    before = clause.text[: clause.words[mention.start].start]
    values = [i for i, word in enumerate(clause.words) if word.value is not None]
    last = values[-1] == mention.start if values else True
    placed = cues.VALUE_BEFORE.search(before) is not None
    if clause.concluding and cues.COPULA_BEFORE.search(before):
        placed = True
    if not placed or not last:
        yield Claim(mention.letter, FAINT, "number seen", clause.text, "value")
        return
    framed = any(word.text in question.target for word in clause.words)
    weight = (STRONG if clause.concluding else 1.3) if framed else PLAIN
    yield Claim(mention.letter, weight, "number", clause.text, "value")


def _elsewhere(clause: Clause, question: AnalysedQuestion) -> Iterator[Event]:
    """A sought number or colour that no option has ("So the radius is about 2.7 cm")."""
    texts = {word.text for word in clause.words}
    if not texts & question.target or clause.hedged:
        return
    other = outside(clause.text, question)
    if other is None or DENIED_BEFORE.search(clause.text):
        return
    place = clause.text.rfind(other)
    if cues.VALUE_BEFORE.search(clause.text[:place]) or _IS_LATELY.search(clause.text[:place]):
        yield Claim(None, PLAIN, "outside", clause.text)


def _paraphrased(clause: Clause, question: AnalysedQuestion) -> Iterator[Event]:
    mention = paraphrase(clause.words, question) if not question.numeric else None
    if mention is None:
        return
    if _denied(clause, mention):
        yield Denial(mention.letter, clause.text)
    else:
        weight = STRONG if clause.concluding else 0.8
        yield Claim(mention.letter, weight, "paraphrase", clause.text, "paraphrase")


def _weight(clause: Clause, mention: Mention, question: AnalysedQuestion) -> float:
    before = clause.text[: clause.words[mention.start].start]
    placed = cues.COPULA_BEFORE.search(before) is not None
    framed = any(word.text in question.frame for word in clause.words)
    framed = framed or cues.PRONOUN.search(clause.text) is not None
    if question.compared is not None:
        return PLAIN if clause.concluding and placed else FAINT
    if _VERB.search(before) is None and not clause.concluding:
        told = {w.text for w in clause.words[mention.end + 1 :]}
        if not told & question.frame:
            return FAINT  # what is said of the option is not what was asked
    if not placed and not framed:
        return STRONG if clause.concluding else 0.6
    share = len({w.text for w in clause.words} & question.frame) / max(1, len(question.frame))
    return STRONG if clause.concluding else PLAIN + 0.2 * share


def _clause_weight(clause: Clause) -> float:
    return STRONG if clause.concluding else PLAIN


def _denied(clause: Clause, mention: Mention) -> bool:
    before = clause.text[: clause.words[mention.start].start]
    after = clause.text[clause.words[mention.end - 1].end :]
    return bool(cues.DENIED_BEFORE.search(before) or cues.DENIED_AFTER.search(after))


def _aside(clause: Clause, mention: Mention) -> bool:
    return cues.ASIDE.search(clause.text[: clause.words[mention.start].start]) is not None


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
