"""Where a clause mentions an option: by text, core, value, paraphrase or letter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from unswayed.judges.rules.choices import AnalysedQuestion, Choice, Form, Pattern
from unswayed.judges.rules.inflection import stem
from unswayed.judges.rules.names import is_verb
from unswayed.judges.rules.units import ratio
from unswayed.judges.rules.words import ARTICLES, Token

ALONE = frozenset({"single", "sole", "lone", "solitary"})
"""Words that say one."""
_LETTER_BEFORE = re.compile(
    r"(?i)(?:\b(?:options?|choices?|answers?|letter)(?:\s+(?:is|are|be|as|would be|should be|"
    r"must be|will be|might be|could be|has to be|to be))?\s*[:：]?|"
    r"\b(?:corresponds?|points?|leads?|equal|refers?|equivalent|down|back) to|"
    r"\b(?:matches|match|fits|namely|suggests|indicates|leaves|leaving)|"
    r"\b(?:thus|therefore|so|hence|ergo|conclusion|result|final|verdict)\s*[:：]?|"
    r"\b(?:choose|select|pick|go with|going with|opt for|answer|with|is|be|are|and|or|both|also|"
    r"not|it's|rule out|eliminate|exclude)|"
    r"(?:options?|choices?|answers?)\s+(?:[A-Z]\W{1,3}(?:(?:and|or)\s+)?){1,8}|"
    r"[选择项案为是除])\s*[(\[\"'“‘⟦]?\s*$"
)
_OPTION_BEFORE = re.compile(r"(?i)(?:option|choice|answer)s?\W{0,3}(?:is|be)?\W{0,3}$")
_OPTION_WORD_BEFORE = re.compile(r"(?i)(?:\b(?:option|choice|answer)s?|选项?|答案是?)\W*$")
_OPENS_CLAUSE = re.compile(
    r"\s*[.):：]|\s*$|\s+it\s+is\b|\s+(?:is|was)\s+(?:\w+\s+)?(?:\w+rect|right|wrong|out)\b|\s*[错正对]"
)
_AFTER_A = re.compile(
    r"\s*[)\]\"'”⟧]*\s*(?:[.:：),。，;!?]|$|because|since|but|(?:and|or)\s[B-Z]\b|"
    r"is\s+(?:the\s+)?(?:correct|right|best|answer|wrong|incorrect)\b)"
)
_POINT_BEFORE = re.compile(
    r"(?i)\b(?:points?|dot|marker|circle|label|than|and|position|object|box)\W*$"
)
_POINT_AFTER = re.compile(
    r"(?i)\W{0,3}(?:is|looks|appears|seems|lies|sits|being|has|should|must|would)\b|\W*$"
)
_TAG_BETWEEN = re.compile(
    r"\s{0,3}[.:：)\]\"'”⟧,–—-]{0,3}\s*[(\"“'‘]?\s*(?:(?:the|an?|is)\s+){0,2}[\"“']?", re.IGNORECASE
)
"""Between a letter and the text that it is a label of."""
_NOT_LETTER_BEFORE = re.compile(
    r"(?i)\b(?:points?|angles?|vertex|side|segment|triangle|circle|figure|panel|graph|line|arc|"
    r"solution|container|group|pair|image|picture|type|hepatitis|vitamin|class|grade|object|"
    r"dot|marker|labell?ed|marked|plan|region|area|country|team|bar|curve)\s*[(\"'“]?\s*$"
)
_LETTER_AFTER = re.compile(
    r"(?i)\s*[)\]\"'”’⟧]*\s*(?:[.:：)。，,;!?]|$|is\b|are\b|was\b|seems\b|appears\b|looks\b|fits\b|"
    r"match|says\b|would\b|should\b|must\b|can\b|could\b|also\b|as\b|because\b|since\b|but\b|and\b|"
    r"or\b|which\b|does\b|doesn't\b|isn't\b|，|错|正|对|项|符)"
)


@dataclass(frozen=True)
class Mention:
    """An option in a row of tokens: from token `start` up to `end`."""

    letter: str
    start: int
    end: int
    form: Form


def mentions(words: Sequence[Token], clause: str, question: AnalysedQuestion) -> list[Mention]:
    """Return the options mentioned, in order; of two that overlap the longer one."""
    candidates: list[Mention] = []
    for at in range(len(words)):
        candidates += _at(words, at, clause, question)
    longest: list[Mention] = []
    for mention in sorted(candidates, key=lambda m: (m.start - m.end, m.start)):
        if all(mention.end <= k.start or mention.start >= k.end for k in longest):
            longest.append(mention)
    return _attached(sorted(longest, key=lambda m: m.start), words, clause)


def paraphrase(words: Sequence[Token], question: AnalysedQuestion) -> Mention | None:
    """Return the option most of whose own content words are there, if it is the only one."""
    stems = {_stem(word.text) for word in words}
    scores = sorted(
        (
            (sum(_stem(word) in stems for word in c.words) / len(c.words), c.letter)
            for c in question.choices
            if c.words
        ),
        reverse=True,
    )
    if not scores or scores[0][0] < 0.6 or (len(scores) > 1 and scores[1][0] > scores[0][0] - 0.3):
        return None
    if len(question.choice(scores[0][1]).words) < 2:
        return None
    own = {_stem(word) for word in question.choice(scores[0][1]).words}
    at = [i for i, word in enumerate(words) if _stem(word.text) in own]
    return Mention(scores[0][1], at[0], at[-1] + 1, "paraphrase")


def _stem(word: str) -> str:
    """Cut a long word, so that "protecting" is "protection"."""
    return word[:6] if len(word) >= 7 else word


def _at(words: Sequence[Token], at: int, clause: str, question: AnalysedQuestion) -> list[Mention]:
    """Return every option that may begin at a token."""
    word = words[at]
    candidates: list[Mention] = []
    if word.raw in question.letters and _is_letter(word, clause, question):
        candidates.append(Mention(word.raw, at, at + 1, "letter"))
    if question.numeric:
        if word.value is not None or word.text == "one" or word.text in ALONE:
            candidates += [
                Mention(choice.letter, at, at + 1, "value")
                for choice in question.choices
                if _same_number(word, _unit(words, at), choice) or _is_one(words, at, choice)
            ]
        if not any(choice.none for choice in question.choices):
            return candidates
    exact: list[Mention] = []
    inflected: list[Mention] = []
    first = "1" if word.text == "one" else word.text
    for pattern in question.patterns.get(stem(first), ()):
        size = len(pattern.words)
        row = words[at : at + size]
        same = _repeats(row, pattern.words) or _counts_one(words, at, pattern, question)
        if (same or _is_inflected(row, pattern)) and _is_meant(
            words, at, clause, pattern, question
        ):
            mention = Mention(pattern.choice.letter, at, at + size, pattern.form)
            (exact if same else inflected).append(mention)
    return candidates + (exact or inflected or _compound(words, at, question))


def _counts_one(
    words: Sequence[Token], at: int, pattern: Pattern, question: AnalysedQuestion
) -> bool:
    """Read "one person" as 1 person, where the options say how many."""
    after = words[at + 1].text if at + 1 < len(words) else ""
    return pattern.words == ("1",) and words[at].text == "one" and after in question.frame


def _is_inflected(row: Sequence[Token], pattern: Pattern) -> bool:
    """Read "jumping" as "jump": equal word by word without verb endings."""
    if len(row) != len(pattern.stems):
        return False
    return all(stem(word.text) == wanted for word, wanted in zip(row, pattern.stems, strict=True))


def _is_meant(
    words: Sequence[Token], at: int, clause: str, pattern: Pattern, question: AnalysedQuestion
) -> bool:
    if pattern.form == "name" and len(pattern.words) == 1 and is_verb(words, at):
        return False
    return _word_is_meant(words, at, len(pattern.words), clause, pattern.choice, question)


def _compound(words: Sequence[Token], at: int, question: AnalysedQuestion) -> list[Mention]:
    """Read "snowmobile" as "snow mobile", and the other way round."""
    if not question.joined:
        return []
    text = words[at].text
    for size in (1, 2):
        if size == 2:
            text += words[at + 1].text if at + 1 < len(words) else ""
        pattern = question.joined.get(text)
        if pattern is not None and size != len(pattern.words):
            return [Mention(pattern.choice.letter, at, at + size, "core")]
    return []


def _repeats(words: Sequence[Token], wanted: tuple[str, ...]) -> bool:
    """Equal word by word; "one person" is 1 person, but a lone "one" is no number."""
    if tuple(word.text for word in words) == wanted:
        return True
    if len(wanted) < 2:
        return False
    return tuple("1" if word.text == "one" else word.text for word in words) == wanted


def _is_letter(word: Token, clause: str, question: AnalysedQuestion) -> bool:
    """A capital letter is an option's letter where the words around it say so."""
    before, after = clause[: word.start], clause[word.end :]
    if before.endswith(("⟦ ", "⟦", "(", "[")) and after.lstrip()[:1] in ("⟧", ")", "]"):
        return not _NOT_LETTER_BEFORE.search(before[-30:])
    if question.points and not _OPTION_BEFORE.search(before[-20:]):
        return False
    if not before.strip():
        return _OPENS_CLAUSE.match(after) is not None
    if _NOT_LETTER_BEFORE.search(before[-30:]) or not _LETTER_BEFORE.search(before[-40:]):
        return False
    named = _OPTION_WORD_BEFORE.search(before[-12:]) is not None
    if word.raw == "A" and not named:
        return _AFTER_A.match(after) is not None
    return named or _LETTER_AFTER.match(after) is not None


def _word_is_meant(
    words: Sequence[Token],
    at: int,
    size: int,
    clause: str,
    choice: Choice,
    question: AnalysedQuestion,
) -> bool:
    """Tell an option from a word that only looks like it: "no" in "no cars", "a" the article."""
    if size > 1:
        return True
    word = words[at]
    follower = words[at + 1].text if at + 1 < len(words) else ""
    if (word.text, follower) in question.fixed:
        return False
    if question.points:
        return word.raw.isupper() and _is_point(clause[: word.start], clause[word.end :])
    if choice.polarity is not None and choice.core[0] == word.text:
        return _is_polar(word, clause)
    return word.text not in ARTICLES


def _is_point(before: str, after: str) -> bool:
    if re.search(r"(?i)\b(?:option|choice)\W*$", before[-12:]):
        return False
    return bool(_POINT_BEFORE.search(before[-14:]) or _POINT_AFTER.match(after))


def _is_polar(word: Token, clause: str) -> bool:
    """A yes or no stands alone; "no cars", "no, wait" and "correct answer" say something else."""
    before, after = clause[: word.start].rstrip(), clause[word.end :]
    if word.text in ("correct", "incorrect", "true", "false"):
        return bool(
            re.search(r"(?i)(?:answer|option)\b[^.]{0,30}$|[\"“'⟦(:：]$|^$", before)
        ) and bool(re.match(r"\s*[\"”'⟧).,;:!。，]|\s*$", after))
    closed = re.match(r"\s*[\"”'⟧).,;:!。，]|\s*$|\s+(?:because|since|as|but)\b", after)
    return bool(closed) and not re.match(r"(?i)\W*(?:wait|actually|let|hold|hmm|not)\b", after)


def _unit(words: Sequence[Token], at: int) -> str | None:
    return words[at + 1].text if at + 1 < len(words) else None


def _same_number(word: Token, unit: str | None, choice: Choice) -> bool:
    """Equal, or equal when the stated number is rounded to the option's decimals."""
    if word.value is None or choice.value is None:
        return False
    scale = ratio(unit, choice.unit)
    if scale is None:
        return False
    gap = abs(word.value * scale - choice.value)
    if gap <= 1e-6 * max(1.0, abs(choice.value)):
        return True
    close = gap <= 0.5 * 10**-choice.decimals and gap <= 0.02 * abs(choice.value)
    return close and word.decimals > choice.decimals


def _is_one(words: Sequence[Token], at: int, choice: Choice) -> bool:
    """The word "one" counts something, unless it stands for a thing ("the one on the left")."""
    if choice.value != 1 or words[at].text not in {"one", *ALONE}:
        return False
    if words[at].text in ALONE:
        return True
    before = words[at - 1].text if at else ""
    after = words[at + 1].text if at + 1 < len(words) else ""
    counts = before in {"is", "are", "only", "just", "exactly", "total", "see", "be", "answer"}
    return counts and after not in {"of", "that", "which", "on", "with", "at", "in", "by", "side"}


def _attached(hits: list[Mention], words: Sequence[Token], clause: str) -> list[Mention]:
    """Drop a letter that an option's text is attached to: the text decides."""
    rest: list[Mention] = []
    for mention, after in zip_longest(hits, hits[1:]):
        if mention.form == "letter" and after is not None and after.form != "letter":
            between = clause[words[mention.end - 1].end : words[after.start].start]
            if _TAG_BETWEEN.fullmatch(between) and between.strip(" ,"):
                continue
        rest.append(mention)
    return rest
