"""A question and its options, taken apart once: what is asked, of what, and how it may be said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from unswayed.judges.rules.choices import AnalysedQuestion, Choice, Form, Pattern, content
from unswayed.judges.rules.inflection import fold, stem
from unswayed.judges.rules.markup import plain
from unswayed.judges.rules.names import Name, described, directions, heads, is_all, names_of_all
from unswayed.judges.rules.relations import comparison, phrases_of, relation_of, relations
from unswayed.judges.rules.words import ARTICLES, Token, tokens

_NEGATIVE = frozenset({"not", "except", "isn't", "aren't", "doesn't", "cannot", "can't"})
_PIVOTS = frozenset({"relation", "relative", "respect", "compared", "reference"})
_PICTURES = frozenset({"image", "picture", "photo", "scene", "provided", "shown"})
_SEEK = frozenset({"find", "determine", "calculate", "compute", "solve", "what", "many"})
_TASKED = """
determine judge decide say tell if whether statement sentence caption claim true false correct
incorrect following given evaluate verify check answer yes no
"""
_INSTRUCTING = frozenset(map(fold, _TASKED.split()))
"""Words of a yes/no question that say what to do, and nothing of the picture."""
_SOLVING = _SEEK - {"what", "many"}
_TRUE = frozenset({"yes", "true", "correct"})
_FALSE = frozenset({"no", "false", "incorrect"})
_NONE = re.compile(
    r"(?i)\b(?:none|neither|nothing)\b.{0,30}|.*\bcannot be (?:determined|inferred)|.*not enough.*"
)
_KEPT = 128  # questions whose analysis is remembered: their variants follow one another
_LONGEST = 4000  # characters of a question that is remembered, so that memory stays bounded
_COMPOUND = 6  # letters of a compound that may be written apart


def analyse(question: str, options: Mapping[str, str]) -> AnalysedQuestion:
    """Analyse a question and its options; the variants of a question are analysed once."""
    listed = tuple(options.items())
    if len(question) + sum(map(len, options.values())) > _LONGEST:
        return _analyse(question, listed)
    return _remembered(question, listed)


def _analyse(question: str, listed: tuple[tuple[str, str], ...]) -> AnalysedQuestion:
    options = dict(listed)
    rows = {letter: tokens(_unlabelled(letter, plain(text))) for letter, text in options.items()}
    usable = {letter: row for letter, row in rows.items() if row}
    nones = {letter for letter in usable if _NONE.fullmatch(options[letter].strip().rstrip("."))}
    plain_rows = {letter: row for letter, row in usable.items() if letter not in nones}
    head, tail = _shared(list(plain_rows.values()))
    trim = (head, tail)
    choices = tuple(_choice(letter, row, nones, plain_rows, trim) for letter, row in usable.items())
    words = tokens(plain(question))
    shared = _shared_words(plain_rows, head, tail)
    return _question(_named(choices, question, options), words, shared)


_remembered = lru_cache(_KEPT)(_analyse)


def _named(
    choices: tuple[Choice, ...], question: str, options: Mapping[str, str]
) -> tuple[Choice, ...]:
    """Add what else each option may be called."""
    cores = {c.letter: c.core for c in choices if not c.none and c.polarity is None}
    taken = frozenset(token.text for token in tokens(plain(question)))
    named = heads(cores, taken)
    turned = directions(cores)
    placed = {letter: _placed_otherwise(core) for letter, core in cores.items()}
    bracketed = described(question, {letter: options[letter] for letter in cores})
    whole = {c.letter for c in choices if is_all(options[c.letter])}
    return tuple(
        replace(c, names=names_of_all(len(choices) - 1), every=True)
        if c.letter in whole
        else replace(
            c,
            names=tuple(
                name
                for part in (named, turned, placed, bracketed)
                for name in part.get(c.letter, ())
            ),
        )
        for c in choices
    )


def _placed_otherwise(core: Name) -> tuple[Name, ...]:
    """Return "beside the bed" and the like for "next to the bed"."""
    found = relations(tokens(" ".join(core)))
    if not found or found[0].start or found[0].end == len(core):
        return ()
    rest = core[found[0].end :]
    return tuple((*phrase, *rest) for phrase in phrases_of(found[0].name))


def _unlabelled(letter: str, text: str) -> str:
    """Drop an option's own letter from its text ("B: a chair")."""
    return re.sub(rf"^\s*\(?{letter}\s?[.:)]\s+", "", text, count=1)


def _choice(
    letter: str,
    row: Sequence[Token],
    nones: set[str],
    others: Mapping[str, Sequence[Token]],
    trim: tuple[int, int],
) -> Choice:
    texts = [token.text for token in row]
    head, tail = trim
    lettered = _lettered(list(others.values()))
    full = tuple(texts if lettered else _bare(texts))
    core = full if letter in nones else tuple(_bare(texts[head : len(texts) - tail])) or full
    elsewhere = {t.text for key, r in others.items() if key != letter for t in r}
    row = [t._replace(value=1.0) if t.text == "one" and t is row[0] else t for t in row]
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
        unit=row[1].text if single and len(row) > 1 else None,
    )


def _question(
    choices: tuple[Choice, ...], words: Sequence[Token], shared: tuple[list[str], list[str]]
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
    solving = not _SOLVING.isdisjoint(texts)
    compared = (
        None
        if numeric or polar or spatial or solving
        else comparison([*texts, *shared[0], *shared[1]])
    )
    frame = content([*texts, *shared[0], *shared[1]])
    frame = (frame - _INSTRUCTING or frame) if polar else frame
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
        _patterns(choices) if not numeric else {},
        _joined(choices) if not numeric else {},
        frozenset(choice.letter for choice in choices),
        tuple(token.raw.lower() for token in words),
    )


def _patterns(choices: Sequence[Choice]) -> dict[str, tuple[Pattern, ...]]:
    """Return what may be a mention, by the stem of its first word; a whole text comes first."""
    found: dict[str, list[Pattern]] = {}
    for choice in choices:
        forms: list[tuple[Form, Name]] = [("text", choice.full)]
        if choice.core != choice.full:
            forms.append(("core", choice.core))
        forms.extend(("name", name) for name in choice.names)
        for form, words in forms:
            stems = tuple(map(stem, words))
            found.setdefault(stems[0], []).append(Pattern(choice, form, words, stems))
    return {first: tuple(patterns) for first, patterns in found.items()}


def _joined(choices: Sequence[Choice]) -> dict[str, Pattern]:
    """Return compounds by their letters, so that "snow mobile" is "snowmobile"."""
    found: dict[str, Pattern] = {}
    for choice in choices:
        letters = "".join(choice.core)
        if letters.isalpha() and len(letters) >= _COMPOUND and len(choice.core) <= 2:
            found[letters] = Pattern(choice, "core", choice.core, choice.core)
    return found


def _sides(
    words: Sequence[Token], shared: tuple[list[str], list[str]]
) -> tuple[frozenset[str], frozenset[str], str | None]:
    """Return what stands before and after the relation in question, and the relation."""
    if _things(shared[0]) and _things(shared[1]):
        return _things(shared[0]), _things(shared[1]), None
    every = relations(words)
    texts = [token.text for token in words]
    occurrences = [r for r in every if not r.weak]
    if occurrences:
        first, last = occurrences[0], occurrences[-1]
        return _things(texts[: first.start]), _things(texts[last.end :]), first.name
    pivots = [i for i, text in enumerate(texts[:-1]) if text in _PIVOTS and texts[i + 1] == "to"]
    if pivots:
        return _things(texts[: pivots[-1]]), _things(texts[pivots[-1] + 1 :]), None
    weak = [r for r in every if r.weak and _things(texts[r.end :]) - _PICTURES]
    if weak:
        last = weak[-1]
        return _things(texts[: last.start]), _things(texts[last.end :]), last.name
    return frozenset(), frozenset(), None


def _things(texts: Sequence[str]) -> frozenset[str]:
    """Return the words that carry meaning, the noun in "a can" among them."""
    cans = any(pair[0] in ARTICLES and pair[1] == "can" for pair in pairwise(texts))
    return content(texts) | {"can"} if cans else content(texts)


def _shared(rows: list[Sequence[Token]]) -> tuple[int, int]:
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
    rows: Mapping[str, Sequence[Token]], head: int, tail: int
) -> tuple[list[str], list[str]]:
    row = next(iter(rows.values()), list[Token]())
    texts = [token.text for token in row]
    return texts[:head], texts[len(texts) - tail :]


def _lettered(rows: Sequence[Sequence[Token]]) -> bool:
    """Say whether the options begin with names of one letter ("A is closer"), and no article."""
    firsts = [row[0].raw for row in rows]
    return len(set(firsts)) == len(rows) > 1 and all(f.isupper() and len(f) == 1 for f in firsts)


def _bare(texts: Sequence[str]) -> list[str]:
    words = list(texts)
    while len(words) > 1 and words[0] in ARTICLES:
        words.pop(0)
    return words
