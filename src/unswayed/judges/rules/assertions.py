"""What a clause asserts of the options: judged, compared, placed, entailed, or simply stated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from unswayed.judges.rules import cues
from unswayed.judges.rules.choices import AnalysedQuestion
from unswayed.judges.rules.claims import FAINT, PLAIN, STRONG, Claim, Denial, Event
from unswayed.judges.rules.clauses import VERB, Clause, aside, clause_of, denied
from unswayed.judges.rules.comparisons import compared
from unswayed.judges.rules.counts import counted, elsewhere, none_counted, valued
from unswayed.judges.rules.mentions import Mention, paraphrase
from unswayed.judges.rules.placements import placements
from unswayed.judges.rules.propositions import holds

_SURE, _DENIABLE = 0.6, 0.4
"""Certainty from which a placement is a claim, and from which its denial is one."""
_BRIEF = 3  # words of a conclusion that is the option alone
_HALF = 0.5  # of the question's words
_INDEFINITE = re.compile(r"(?i)\W*(?:an?\s+)?")
_MEANS = re.compile(
    r"(?i)\s+(?:is|are)\s+(?:an?\s|the\s+\w+\s+(?:that|which)\b|used\b|(?:typically|usually|often|"
    r"generally|commonly)\b)|\s+(?:refers?|means?)\b"
)
_VERDICTS = frozenset({"true", "false", "correct", "incorrect", "statement", "say", "1", "2"})
_INDEED = re.compile(r"(?i)\b(not\s+|in)?(?:indeed|correctly|properly|accurately)\b")
_EFFECT = re.compile(
    r"(?i)\b(?:leads? to|leading to|results? in|resulting in|causes?|causing|implies|indicates?|"
    r"suggests?|means?)\b"
)
"""What follows is the outcome, and what precedes is its reason."""
_NOT = re.compile(r"(?i)\b(?:not|never|cannot|hardly|\w+n't)\W+(?:\w+\W+){0,2}$")
_NEIGHBOURS = {"on": "above", "above": "on", "inside": "on"}
"""Where no option is the first, it is the second."""


def stated(text: str, question: AnalysedQuestion) -> str | None:
    """Return the option that a text states by a relation, a comparison or a proposition."""
    clause = clause_of(text, question)
    for rule in (compares, places, polar):
        for event in rule(clause, question):
            if isinstance(event, Claim):
                return event.letter
    return None


def judged(clause: Clause, question: AnalysedQuestion) -> Iterator[Event]:
    """Read "B is correct", "that matches option B", "option C is wrong"."""
    letters = {m.letter for m in clause.found}
    if len(letters) != 1:
        return
    mention = clause.found[-1]
    tail = clause.text[clause.words[mention.end - 1].end :]
    right = cues.RIGHT.search(tail)
    placed = question.spatial and bool(question.subject or question.object)
    if mention.letter in clause.struck:
        if placed and mention.form != "letter":
            return
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


def compares(clause: Clause, question: AnalysedQuestion) -> Iterator[Event]:
    """Read "B is closer", "A is farther away than B"."""
    found = compared(clause.words, clause.text, clause.found, question)
    if found is not None:
        letter, negative = found
        if negative:
            yield Denial(letter, clause.text)
        else:
            yield Claim(letter, _clause_weight(clause), "comparison", clause.text)


def places(clause: Clause, question: AnalysedQuestion) -> Iterator[Event]:
    """Read "the mug is to the left of the plate", said of the two things in question."""
    if not question.spatial:
        return
    for placed in placements(clause.words, clause.text, question, clause.topic):
        letter = _letter_of(placed.name, question)
        if letter is None or placed.elsewhere:
            continue
        sure = placed.certainty >= _SURE
        if placed.denied:
            if placed.certainty >= _DENIABLE:
                yield Denial(letter, clause.text)
            continue
        weight = _clause_weight(clause) if sure else FAINT
        yield Claim(letter, weight, "relation", clause.text)


def _letter_of(name: str, question: AnalysedQuestion) -> str | None:
    """Return the option of a relation; "above" is "on top" where no option is "above"."""
    by_name = {choice.relation: choice.letter for choice in question.choices}
    return by_name.get(name) or by_name.get(_NEIGHBOURS.get(name))


def polar(clause: Clause, question: AnalysedQuestion) -> Iterator[Event]:
    """Yes or no: said outright, said of "the statement", or entailed."""
    if question.polar is None:
        return
    match = cues.SAYS_TRUE.search(clause.text)
    if match is not None:
        subject = (match[1] or match[4] or "").lower()
        weight = STRONG if subject not in ("this", "that", "it") else PLAIN
        true = _says_true(match, clause.text)
        yield Claim(question.polar[not true], weight, "statement judged", clause.text)
        return
    literal = [m for m in clause.found if m.letter in question.polar and m.form != "letter"]
    if literal and len({m.letter for m in literal}) == 1:
        weight = STRONG if clause.concluding else 1.5
        yield Claim(literal[-1].letter, weight, "yes or no", clause.text)
        return
    if not question.frame - _VERDICTS:
        yield from _bluntly(clause, question)
        return
    entailed = holds(clause.words, clause.text, question, clause.topic)
    if entailed is not None:
        weight = _clause_weight(clause) if entailed[1] >= _SURE else FAINT
        yield Claim(question.polar[not entailed[0]], weight, "entailed", clause.text)


def _bluntly(clause: Clause, question: AnalysedQuestion) -> Iterator[Event]:
    """Read "it is indeed a right scale", where what is to be judged is in the picture."""
    match = _INDEED.search(clause.text) if clause.concluding else None
    if match is not None and question.polar is not None:
        yield Claim(question.polar[bool(match[1])], PLAIN, "statement judged", clause.text)


def _says_true(match: re.Match[str], text: str) -> bool:
    if match[3]:
        negative = match[3].lower() in ("false", "incorrect", "wrong", "inaccurate", "invalid")
        denied = bool(match[2]) or _NOT.search(text[: match.start(3)]) is not None
        return negative == denied
    return not match[5]


def asserted(clause: Clause, question: AnalysedQuestion) -> Iterator[Event]:
    """An option's text, value or paraphrase stands in a clause."""
    placed = question.spatial and bool(question.subject or question.object)
    struck = {m.letter for m in clause.found if m.form == "letter"} if placed else clause.struck
    for letter in sorted(clause.struck & struck):
        if question.polar is None:
            yield Denial(letter, clause.text)
    if placed:
        return
    open_ = [
        m
        for m in clause.found
        if m.letter not in clause.struck and m.form != "letter" and not aside(clause, m)
    ]
    if len({m.letter for m in open_}) > 1 and not question.numeric:
        effect = _EFFECT.search(clause.text)
        after = [m for m in open_ if effect and clause.words[m.start].start >= effect.end()]
        open_ = after or [m for m in open_ if _is_of_target(clause, m, question)] or open_
        everything = _everything({m.letter for m in open_}, question)
        if everything is not None:
            yield Claim(everything, PLAIN, "all of them", clause.text)
            return
    if not open_:
        if question.numeric:
            yield from none_counted(clause, question)
        if not clause.found:
            yield from _paraphrased(clause, question)
            yield from elsewhere(clause, question)
        return
    mention = counted(clause, open_, question) if question.numeric else open_[-1]
    if question.numeric:
        yield from valued(clause, mention, question)
    elif len({m.letter for m in open_}) == 1 and question.polar is None:
        weight = _weight(clause, mention, question)
        yield Claim(mention.letter, weight, "asserted", clause.text, mention.form)


def _is_of_target(clause: Clause, mention: Mention, question: AnalysedQuestion) -> bool:
    """Say whether an option stands right before what is asked about ("a blue leash")."""
    return mention.end < len(clause.words) and clause.words[mention.end].text in question.target


def _everything(named: set[str], question: AnalysedQuestion) -> str | None:
    """Where a clause names every other option: the one that says so ("all of the above")."""
    whole = [c.letter for c in question.choices if c.every]
    rest = {c.letter for c in question.choices if not c.every and not c.none}
    return whole[0] if len(whole) == 1 and rest <= named else None


def _paraphrased(clause: Clause, question: AnalysedQuestion) -> Iterator[Event]:
    mention = paraphrase(clause.words, question) if not question.numeric else None
    if mention is None:
        return
    if denied(clause, mention):
        yield Denial(mention.letter, clause.text)
    else:
        weight = STRONG if clause.concluding else 0.8
        yield Claim(mention.letter, weight, "paraphrase", clause.text, "paraphrase")


def _weight(clause: Clause, mention: Mention, question: AnalysedQuestion) -> float:
    before = clause.text[: clause.words[mention.start].start]
    placed = cues.COPULA_BEFORE.search(before) is not None
    framed = any(word.text in question.frame for word in clause.words)
    framed = framed or cues.PRONOUN.search(clause.text) is not None
    share = len({w.text for w in clause.words} & question.frame) / max(1, len(question.frame))
    if clause.concluding and len(clause.words) <= _BRIEF:
        return STRONG  # "So the chair."
    if question.compared is not None:
        return PLAIN if placed and (clause.concluding or share > _HALF) else FAINT
    if _defines(clause, mention):
        return FAINT
    if VERB.search(before) is None and not clause.concluding:
        told = {w.text for w in clause.words[mention.end + 1 :]}
        if not told & question.frame:
            return FAINT  # what is said of the option is not what was asked
    if not placed and not framed:
        return STRONG if clause.concluding else 0.6
    return STRONG if clause.concluding else PLAIN + 0.2 * share


def _defines(clause: Clause, mention: Mention) -> bool:
    """Read "An array is a structure that …" as what the word means, not as what is seen."""
    start, end = clause.words[mention.start].start, clause.words[mention.end - 1].end
    return bool(_INDEFINITE.fullmatch(clause.text[:start]) and _MEANS.match(clause.text[end:]))


def _clause_weight(clause: Clause) -> float:
    return STRONG if clause.concluding else PLAIN
