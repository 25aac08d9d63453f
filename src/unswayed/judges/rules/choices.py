"""The options of a question as things that a thought may mention.

An option is found by its whole text, by its *core* (what sets it apart from options of the same
frame: "The car is [red]." / "The car is [blue]."), by its value where all options are numbers, or
by its letter where the context says that a letter is meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unswayed.judges.rules.relations import comparison, relation_of, relations
from unswayed.judges.rules.words import ARTICLES, Token, fold, plain, tokens

_COMMON = """
a an the is are was were be been of in on at to for from by with as and or that this these those
it its there their they which what who whose where when how why do does did can could would
should will may might must has have had not no yes so than then also very only just image
picture photo figure shown following option answer question best most i we you he she his her
one
"""
STOPWORDS = frozenset(map(fold, _COMMON.split()))
_COLORED = """
red green blue yellow orange purple pink brown black white gray silver gold golden beige cyan
magenta violet turquoise teal maroon navy cream tan
"""
COLORS = frozenset(_COLORED.split())
_NEGATIVE = frozenset({"not", "except", "isn't", "aren't", "doesn't", "cannot", "can't"})
_PIVOTS = frozenset({"relation", "relative", "respect", "compared", "reference"})
_SEEK = frozenset({"find", "determine", "calculate", "compute", "solve", "what", "many"})
_TRUE = frozenset({"yes", "true", "correct"})
_FALSE = frozenset({"no", "false", "incorrect"})
_NONE = re.compile(
    r"(?i)\b(?:none|neither|nothing)\b.{0,30}|.*\bcannot be (?:determined|inferred)|.*not enough.*"
)


@dataclass(frozen=True)
class Choice:
    """One option, ready to be looked for.

    Attributes:
        letter: its letter.
        full: its tokens without a leading article.
        core: the tokens that set it apart.
        value: its number where the question's options are all numbers.
        decimals: digits after the point of that number.
        relation: the spatial relation that it says and nothing more.
        polarity: True for yes, False for no.
        none: it says that none of the others fits.
        words: content words that no other option has.
    """

    letter: str
    full: tuple[str, ...]
    core: tuple[str, ...]
    value: float | None = None
    decimals: int = 0
    relation: str | None = None
    polarity: bool | None = None
    none: bool = False
    words: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AnalysedQuestion:
    """A question and its options, analysed once.

    Attributes:
        choices: the options in order.
        numeric: all options (but a "none") are numbers of different value.
        polar: letters of yes and no, or None.
        spatial: all options are spatial relations.
        compared: words of the question's comparison and of its opposite, or None.
        points: the options' cores are single letters ("A is closer"), not to be mixed up with
            the options' own letters.
        subject: content words before the relation that is asked about.
        object: content words after it.
        relation: the relation that a yes/no question asks about.
        frame: content words of the question and of what the options share.
        negative: it asks which option does not fit ("Which is NOT visible?").
        fixed: pairs of neighbouring words in what the options share ("pink-haired"), in which an
            option's word says something else.
        target: those of them that say what is sought ("Find the radius": radius).
    """

    choices: tuple[Choice, ...]
    numeric: bool
    polar: tuple[str, str] | None
    spatial: bool
    compared: tuple[frozenset[str], frozenset[str]] | None
    points: bool
    subject: frozenset[str]
    object: frozenset[str]
    relation: str | None
    frame: frozenset[str]
    negative: bool
    fixed: frozenset[tuple[str, str]]
    target: frozenset[str]

    @property
    def letters(self) -> frozenset[str]:
        """Letters of the options."""
        return frozenset(choice.letter for choice in self.choices)

    def choice(self, letter: str) -> Choice:
        """Return the option with a letter."""
        return next(choice for choice in self.choices if choice.letter == letter)


def analyse(question: str, options: Mapping[str, str]) -> AnalysedQuestion:
    """Analyse a question and its options."""
    rows = {letter: tokens(_unlabelled(letter, plain(text))) for letter, text in options.items()}
    usable = {letter: row for letter, row in rows.items() if row}
    nones = {letter for letter in usable if _NONE.fullmatch(options[letter].strip().rstrip("."))}
    plain_rows = {letter: row for letter, row in usable.items() if letter not in nones}
    head, tail = _shared(list(plain_rows.values()))
    trim = (head, tail)
    choices = tuple(_choice(letter, row, nones, plain_rows, trim) for letter, row in usable.items())
    words = tokens(plain(question))
    shared = _shared_words(plain_rows, head, tail)
    return _question(choices, words, shared)


def content(words: Sequence[str]) -> frozenset[str]:
    """Return the words that carry meaning."""
    return frozenset(word for word in words if word not in STOPWORDS)


def _unlabelled(letter: str, text: str) -> str:
    """Drop an option's own letter from its text ("B: a chair")."""
    return re.sub(rf"^\s*\(?{letter}\s?[.:)]\s+", "", text, count=1)


def _choice(
    letter: str,
    row: list[Token],
    nones: set[str],
    others: Mapping[str, list[Token]],
    trim: tuple[int, int],
) -> Choice:
    texts = [token.text for token in row]
    head, tail = trim
    full = tuple(_bare(texts))
    core = full if letter in nones else tuple(_bare(texts[head : len(texts) - tail])) or full
    elsewhere = {t.text for key, r in others.items() if key != letter for t in r}
    values = [token for token in row if token.value is not None]
    single = values[0] if len(values) == 1 and len(row) <= 4 and values[0] is row[0] else None
    polarity = True if texts[0] in _TRUE else False if texts[0] in _FALSE else None
    return Choice(
        letter,
        full,
        core,
        single.value if single else None,
        single.decimals if single else 0,
        relation_of(core),
        polarity,
        letter in nones,
        content(texts) - elsewhere,
    )


def _question(
    choices: tuple[Choice, ...], words: list[Token], shared: tuple[list[str], list[str]]
) -> AnalysedQuestion:
    real = [choice for choice in choices if not choice.none]
    values = [choice.value for choice in real]
    numeric = bool(real) and None not in values and len(set(values)) == len(values)
    yes = [c.letter for c in choices if c.polarity is True]
    no = [c.letter for c in choices if c.polarity is False]
    polar = (yes[0], no[0]) if len(yes) == len(no) == 1 else None
    spatial = len(real) > 1 and all(c.relation for c in real)
    texts = [token.text for token in words]
    subject, other, relation = _sides(words, shared)
    points = len(real) > 1 and all(re.fullmatch("[a-z]", " ".join(c.core)) for c in real)
    compared = None if numeric or polar or spatial else comparison([*texts, *shared[0], *shared[1]])
    frame = content([*texts, *shared[0], *shared[1]])
    sought = [i for i, text in enumerate(texts) if text in _SEEK]
    target = content(texts[sought[-1] + 1 :]) if sought else frame
    return AnalysedQuestion(
        choices,
        numeric,
        polar,
        spatial,
        compared,
        points,
        subject,
        other,
        relation,
        frame,
        polar is None and bool(texts) and not _NEGATIVE.isdisjoint(texts),
        frozenset(zip(shared[0], shared[0][1:], strict=False))
        | frozenset(zip(shared[1], shared[1][1:], strict=False)),
        target or frame,
    )


def _sides(
    words: list[Token], shared: tuple[list[str], list[str]]
) -> tuple[frozenset[str], frozenset[str], str | None]:
    """Return what stands before and after the relation in question, and the relation."""
    if content(shared[0]) and content(shared[1]):
        return content(shared[0]), content(shared[1]), None
    occurrences = relations(words)
    texts = [token.text for token in words]
    if occurrences:
        first, last = occurrences[0], occurrences[-1]
        return content(texts[: first.start]), content(texts[last.end :]), first.name
    pivots = [i for i, text in enumerate(texts[:-1]) if text in _PIVOTS and texts[i + 1] == "to"]
    if pivots:
        return content(texts[: pivots[-1]]), content(texts[pivots[-1] + 1 :]), None
    return frozenset(), frozenset(), None


def _shared(rows: list[list[Token]]) -> tuple[int, int]:
    """Return how many tokens all options share at their start and at their end."""
    if len(rows) < 2:
        return 0, 0
    texts = [[token.text for token in row] for row in rows]
    shortest = min(len(row) for row in texts)
    head = 0
    while head < shortest - 1 and len({row[head] for row in texts}) == 1:
        head += 1
    tail = 0
    while tail < shortest - head - 1 and len({row[-1 - tail] for row in texts}) == 1:
        tail += 1
    if all(row[head : len(row) - tail][0].isdigit() for row in texts):
        return 0, 0  # "Figure 3" is not the number 3
    return head, tail


def _shared_words(
    rows: Mapping[str, list[Token]], head: int, tail: int
) -> tuple[list[str], list[str]]:
    row = next(iter(rows.values()), list[Token]())
    texts = [token.text for token in row]
    return texts[:head], texts[len(texts) - tail :]


def _bare(texts: Sequence[str]) -> list[str]:
    words = list(texts)
    while len(words) > 1 and words[0] in ARTICLES:
        words.pop(0)
    return words
