"""Numbers as answers: which number of a clause is the result, and results that no option has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from unswayed.judges.rules import cues
from unswayed.judges.rules.choices import AnalysedQuestion
from unswayed.judges.rules.claims import FAINT, PLAIN, STRONG, WEAK, Claim, Event
from unswayed.judges.rules.clauses import Clause, outside
from unswayed.judges.rules.mentions import ALONE, Mention
from unswayed.judges.rules.negation import denied_before
from unswayed.judges.rules.words import tokens

_NEAR = 3  # tokens between a number and what it counts
_FURTHER = re.compile(r"(?i)(?:还有|另外|另有|\banother|\bthe other)\s*$")
_RESULT = re.compile(
    r"(?i)(?:=|\b(?:makes?|making|gives?|giving|equals?|totall?ing|totals?|total of|so|thus|"
    r"therefore|yields?))\s*(?:there (?:are|is)\s+)?(?:a total of\s+)?$"
)
_COUNTING = frozenset({"many", "number", "count"})
_ROW_NUMBER = re.compile(r"\s*(?:the\s+)?(\d{1,2})[.):]")
_ONE_MORE = frozenset({"a", "an", "another"})
_DESCRIBED = 4  # tokens after "a" in which the thing is named
_OF_THEM = re.compile(r"(?i)\s+of\s+(?:them|these|those|which|whom)\b")
_SUMS = re.compile(
    r"(?i)\b(?:that|this|which|it)(?:['’]s|\s+(?:is|makes?|gives?|leaves))\s*(?:us\s+)?"
    r"(?:a total of\s+)?$|\b(?:making|totall?ing)\s+$|=\s*$"
)
_NO = re.compile(
    r"(?i)(?:\b(?:no(?! other| more)|not any|zero|without any)|n't any)\s+(?:\w+\s+)?$|"
    r"\bnone of (?:the |these |them)?\s*$|没有"
)
_SO = re.compile(r"(?i)\W*(?:(?:so|thus|therefore|hence|and|then|overall)\W*){1,3}")
_TOTAL = re.compile(
    r"(?i)^\W*(?:[\w-]+\W+){0,3}?(?:in total|altogether|in all|overall|all together)\b"
)
_TOTALLING = re.compile(
    r"(?i)\b(?:(?:a |the )?total (?:of|is|number (?:of [\w\s]{1,30})?is|count is)|altogether|"
    r"in total|adds? "
    r"up to|sums? (?:up )?to|makes? it|brings? (?:it|the total|the count) to|一共|总共|共有|合计)"
    r"\W*(?:there (?:are|is)\s+|about\s+|exactly\s+)?$"
)
_IS_LATELY = re.compile(r"(?i)\b(?:is|are|looks|appears|seems)\b(?:\s+\w+){0,3}\s*$")


def counted(clause: Clause, found: list[Mention], question: AnalysedQuestion) -> Mention:
    """Return the number that counts what is sought ("three dogs and two cats"), else the last."""
    last = clause.text[: clause.words[found[-1].start].start]
    if _RESULT.search(last) or _is_part(clause, found[-1], question):
        return found[-1]
    of_target = [m for m in found if _counts_target(clause, m, question)]
    return of_target[-1] if of_target else found[-1]


def _is_part(clause: Clause, mention: Mention, question: AnalysedQuestion) -> bool:
    """Say whether a number counts those of a whole that are asked about ("4 of which fly")."""
    word = clause.words[mention.start]
    if _OF_THEM.match(clause.text[word.end :]) is None:
        return False
    return any(after.text in question.frame for after in clause.words[mention.end :])


def _counts_target(clause: Clause, mention: Mention, question: AnalysedQuestion) -> bool:
    for word in clause.words[mention.end : mention.end + _NEAR]:
        if word.value is not None or word.text in ("and", "but", "with"):
            return False
        if word.text in question.target:
            return True
    return False


def valued(clause: Clause, mention: Mention, question: AnalysedQuestion) -> Iterator[Event]:
    """A number that is an option's: the last number of the clause, after a verb or a sign."""
    before = clause.text[: clause.words[mention.start].start]
    values = [i for i, word in enumerate(clause.words) if word.value is not None]
    last = values[-1] == mention.start if values else True
    last = last or _counts_target(clause, mention, question)
    part = _is_part(clause, mention, question)
    rest = clause.text[clause.words[mention.start].end :]
    if _FURTHER.search(before) or (_OF_THEM.match(rest) and not part):
        return
    placed = cues.VALUE_BEFORE.search(before) is not None
    placed = placed or part or clause.words[mention.start].text in ALONE
    placed = placed or (not before.strip() and _counts_target(clause, mention, question))
    after = clause.text[clause.words[mention.end - 1].end :]
    if clause.concluding and (cues.COPULA_BEFORE.search(before) or _SO.fullmatch(before)):
        placed = True
    total = _TOTAL.search(after) is not None or _TOTALLING.search(before) is not None
    counting = not _COUNTING.isdisjoint(question.asked)
    total = total or (counting and _SUMS.search(before) is not None)
    if total:
        yield Claim(mention.letter, STRONG, "total", clause.text, "value")
        return
    if not placed or not last:
        yield Claim(mention.letter, FAINT, "number seen", clause.text, "value")
        return
    framed = any(word.text in question.target for word in clause.words)
    drawn = 1.5 if counting and clause.concluding else PLAIN
    weight = (STRONG if clause.concluding else 1.3) if framed else drawn
    yield Claim(mention.letter, weight, "number", clause.text, "value")


def none_counted(clause: Clause, question: AnalysedQuestion) -> Iterator[Event]:
    """Read "there are no cars" as zero, where that is an option."""
    zero = next((c.letter for c in question.choices if c.value == 0), None)
    if zero is None or _COUNTING.isdisjoint(question.asked):
        return
    places = [word.start for word in clause.words if word.text in question.target]
    if places and _NO.search(clause.text[: places[0]]):
        yield Claim(zero, 1.3, "number", clause.text, "value")


def enumerated(listed: Sequence[str], question: AnalysedQuestion) -> Claim | None:
    """Count what a thought lists where it is asked how many ("1. a cup 2. a jar", "a cup, a cup").

    A number that is stated outweighs one that is counted here.
    """
    if not question.numeric or _COUNTING.isdisjoint(question.asked):
        return None
    size, quote = max(
        (_rows(listed), "numbered list"),
        *((_items(sentence, question), sentence) for sentence in listed),
    )
    letter = next((c.letter for c in question.choices if c.value == size), None)
    return Claim(letter, WEAK, "listed", quote, "value") if letter and size > 1 else None


def _rows(listed: Sequence[str]) -> int:
    """Return the last number of a list that counts from 1."""
    size = 0
    for sentence in listed:
        match = _ROW_NUMBER.match(sentence)
        if match is not None and int(match[1]) == size + 1:
            size += 1
    return size


def _items(sentence: str, question: AnalysedQuestion) -> int:
    """Return how often a sentence names one of what is sought, if it states no number."""
    words = tokens(sentence)
    if any(word.value is not None for word in words):
        return 0
    ones = [i for i, word in enumerate(words) if word.text in _ONE_MORE]
    return sum(
        any(word.text in question.target for word in words[at + 1 : at + 1 + _DESCRIBED])
        for at in ones
    )


def elsewhere(clause: Clause, question: AnalysedQuestion) -> Iterator[Event]:
    """A sought number or colour that no option has ("So the radius is about 2.7 cm")."""
    texts = {word.text for word in clause.words}
    if not texts & question.target or clause.hedged:
        return
    other = outside(clause.text, question)
    if other is None or denied_before(clause.text):
        return
    place = clause.text.rfind(other)
    if cues.VALUE_BEFORE.search(clause.text[:place]) or _IS_LATELY.search(clause.text[:place]):
        yield Claim(None, PLAIN, "outside", clause.text)
