"""The one parser of answers to a question with options: which option is meant.

Evaluation, judges and rewards all read output through `parse_output`, so that no two of them can
disagree about what was said (PROTOCOL section 5). It is strict: nothing is guessed, nothing
defaults to a letter, and what was odd about a reading is kept as a flag that tables can count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from unswayed.answers import mentions
from unswayed.answers.blocks import BlockProblem
from unswayed.answers.texts import QUOTES, normalise, option_with_text
from unswayed.answers.wrapping import LEAD, plain, unbracketed

ConflictPolicy = Literal["letter", "text", "unparsed"]
Flag = Literal[
    "option-text",
    "letter-text-conflict",
    "lowercase",
    "several-answers",
    "dressed",
    "worded",
    "numbered",
    "box",
    "alone",
    "stated",
    "first-line",
    "last-line",
    "recorded",
]
AnswerProblem = BlockProblem | Literal["not-an-option", "unreadable", "several-options", "conflict"]

# Possessive quantifiers (`*+`) throughout: model output is hostile, and no input may make the
# match more than linear.
_OPEN = r"[\s(（\[【「*_\"'`“‘]*+"
_CLOSE = r"[\s)）\]】」*_\"'`”’.。:：,，!！]*+"
_LETTER = r"(?P<letter>[A-Za-z])"
_SUFFIX = r"(?:\s*+(?:选项|项))?+"
_HEAD = rf"{_OPEN}(?P<lead>{LEAD})?+{_OPEN}"
_BARE = re.compile(rf"{_HEAD}{_LETTER}{_SUFFIX}{_CLOSE}")
_JUDGED = re.compile(
    rf"{_OPEN}(?P<lead>(?i:option\s++|answer\s++|choice\s++)?){_OPEN}{_LETTER}[)）\]*_\"'`]*+"
    r"\s++(?i:is\s++(?:the\s++)?(?:correct|right)(?:\s++(?:answer|option|choice|one))?)[\s.。!]*+"
)
_LABELLED = re.compile(
    rf"{_HEAD}{_LETTER}{_SUFFIX}"
    r"(?:[)）\]】*}]++[.:：]?|\s*+[.。:：、)）]\**+|\s++[-–—]\s|\s*?\n)\s*+(?P<text>\S.*+)",
    re.DOTALL,
)
_BESIDE = re.compile(
    rf"{_HEAD}{_LETTER}(?:\s*+[,，]\s*+(?P<behind>\S.*+)|\s*+[(（](?P<inside>[^()（）]++)[)）]{_CLOSE})",
    re.DOTALL,
)
_BEHIND = re.compile(rf"(?P<text>\S.*?)\s*+[(（\[【]\s*+{_LETTER}\s*+[)）\]】]{_CLOSE}", re.DOTALL)
_NUMBERED = re.compile(
    rf"{_HEAD}(?P<number>[1-9][0-9]?)(?:{_CLOSE}|[.)）:：、]++\s*+(?P<text>\S.*+))"
)
_NUMERAL = re.compile(
    r"[0-9一二三四五六七八九十两]|\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten)\b",
    re.IGNORECASE,
)
_AROUND = "()[]{}*_\"'`.。 "
_LONGEST_BEHIND = 400  # characters of an answer that is looked through for `text (B)`


@dataclass(frozen=True)
class ParsedAnswer:
    """What an output says.

    Attributes:
        letter: the option that the answer means, in the letters that were shown; None if unparsed.
        problem: why there is no letter; None if there is one.
        think: text of the thought (all thoughts before the answer, joined), None without one.
        answer: text of the answer, stripped; None if the output has none.
        answer_at: index in the output where the answer's letter stands, or, for an answer without
            a letter of its own, where its text begins; None without an answer.
        text_letter: the one option whose text the answer repeats, alone or behind a letter.
        named_letter: the letter that the answer names, whatever counts; None if it names none.
        flags: what was odd about it, and by which rule it was read.
    """

    letter: str | None
    problem: AnswerProblem | None
    think: str | None
    answer: str | None
    answer_at: int | None = None
    text_letter: str | None = None
    named_letter: str | None = None
    flags: frozenset[Flag] = frozenset()

    @property
    def conflicts(self) -> bool:
        """Whether the answer names one option and repeats another one's text."""
        return "letter-text-conflict" in self.flags


def parse_answer(
    raw: str, options: Mapping[str, str], on_conflict: ConflictPolicy = "letter"
) -> ParsedAnswer:
    """Read the text of an answer alone; `answer_at` is an index into `raw`.

    Args:
        raw: what stands between the answer tags, or where the answer stands otherwise.
        options: shown letter → text.
        on_conflict: as in `parse_output`.
    """
    blank = len(raw) - len(raw.lstrip())
    text = raw.strip()
    if not text:
        return ParsedAnswer(None, "unreadable", None, "", blank)
    reading = _Answer(text, blank, options, on_conflict).reading()
    if reading.letter is None or "option-text" in reading.flags or plain(text) == text:
        return reading
    return replace(reading, flags=reading.flags | frozenset[Flag]({"dressed"}))


class _Answer:
    """An answer's text, read form by form; the first form that fits decides."""

    def __init__(
        self, text: str, blank: int, options: Mapping[str, str], on_conflict: ConflictPolicy
    ) -> None:
        self.text, self.blank = text, blank
        self.options, self.on_conflict = options, on_conflict
        self.plain = plain(text)

    def reading(self) -> ParsedAnswer:
        """Return what the answer says."""
        by_text = self._option_of(self.text) or self._option_of(unbracketed(self.plain))
        bare = _BARE.fullmatch(self.plain)
        if bare and self._is_letter(bare, by_text):
            return self._lettered(bare)
        if by_text is not None:
            return self._read(by_text, 0, {"option-text"}, by_text)
        judged = _JUDGED.fullmatch(self.plain)
        if judged and judged["letter"].isupper():
            return self._lettered(judged)
        labelled = _LABELLED.fullmatch(self.plain)
        if labelled and self._is_label(labelled):
            return self._labelled(labelled)
        unread = self._unread("unreadable")
        return self._beside() or self._behind() or self._numbered() or unread

    def _read(
        self, letter: str, at: int, flags: set[Flag], text_letter: str | None = None
    ) -> ParsedAnswer:
        where = self.blank + at
        named = None if "option-text" in flags else letter
        odd = frozenset(flags)
        return ParsedAnswer(letter, None, None, self.text, where, text_letter, named, odd)

    def _unread(
        self, problem: AnswerProblem, at: int = 0, text_letter: str | None = None
    ) -> ParsedAnswer:
        return ParsedAnswer(None, problem, None, self.text, self.blank + at, text_letter)

    def _lettered(self, match: re.Match[str]) -> ParsedAnswer:
        letter, at = match["letter"].upper(), match.start("letter")
        if letter not in self.options:
            return self._unread("not-an-option", at)
        return self._read(letter, at, _odd(match))

    def _is_letter(self, match: re.Match[str], by_text: str | None) -> bool:
        """A lone letter is a letter, unless it is lower case and repeats an option ("a", "b")."""
        letter = match["letter"]
        if letter.isupper():
            return True
        alone = len(self.plain.strip(_AROUND)) == 1
        return by_text is None and letter.upper() in self.options and alone

    def _is_label(self, match: re.Match[str]) -> bool:
        """Before a text a capital is a letter; "a) …" is one only if that option's text follows."""
        letter = match["letter"]
        return letter.isupper() or self._option_of(match["text"]) == letter.upper()

    def _labelled(self, match: re.Match[str]) -> ParsedAnswer:
        """Read `A. some text`: the letter, checked against what stands behind it."""
        letter, at = match["letter"].upper(), match.start("letter")
        rest = match["text"].strip()
        by_text = self._option_of(self.text[match.start("text") :]) or self._option_of(rest)
        if letter not in self.options:
            return self._unread("not-an-option", at, by_text)
        own = normalise(self.options[letter])
        if by_text == letter or (own and own == normalise(rest)):
            return self._read(letter, at, _odd(match), by_text)
        if by_text is not None:
            return self._conflict(match, by_text)
        return self._explained(match, rest)

    def _explained(self, match: re.Match[str], rest: str) -> ParsedAnswer:
        """Read a letter with more behind it than an option's text."""
        letter, at = match["letter"].upper(), match.start("letter")
        folded = {key: normalise(plain(text)) for key, text in self.options.items()}
        shown = " ".join(rest.split()).lstrip(QUOTES)
        said = shown.casefold()
        begins = [key for key, text in folded.items() if text and mentions.starts_with(said, text)]
        first = max(begins, key=lambda key: len(folded[key]), default=None)
        more = said.removeprefix(folded[letter]) if first == letter else said
        spelled = shown[len(said) - len(more) :]
        others = {name for name, _ in mentions.letters(spelled, self.options)} - {letter}
        if others or mentions.denies(more) or _several_texts(first, letter, said, folded):
            return self._unread("several-options", at)
        if first is not None and first != letter and _ends_there(said, folded[first]):
            return self._conflict(match, first)
        return self._read(letter, at, _odd(match))

    def _conflict(self, match: re.Match[str], by_text: str) -> ParsedAnswer:
        letter, at = match["letter"].upper(), match.start("letter")
        flags = _odd(match)
        flags.add("letter-text-conflict")
        counts = letter if self.on_conflict == "letter" else by_text
        reading = self._read(counts, at, flags, by_text)
        if self.on_conflict == "unparsed":
            reading = replace(reading, letter=None, problem="conflict")
        return replace(reading, named_letter=letter)

    def _beside(self) -> ParsedAnswer | None:
        """Read `B (right)` and `B, right`: only where the text is an option's."""
        match = _BESIDE.fullmatch(self.plain)
        if match is None or match["letter"].upper() not in self.options:
            return None
        text = match["inside"] or match["behind"]
        by_text = self._option_of(text)
        if by_text is None or text.strip(_AROUND) in self.options:  # `A, B` names two
            return None
        if by_text != match["letter"].upper():
            return self._conflict(match, by_text) if match["letter"].isupper() else None
        return self._read(by_text, match.start("letter"), _odd(match), by_text)

    def _behind(self) -> ParsedAnswer | None:
        """Read `right (B)`: only where the text is an option's."""
        if len(self.plain) > _LONGEST_BEHIND:
            return None
        match = _BEHIND.fullmatch(self.plain)
        if match is None or match["letter"].upper() not in self.options:
            return None
        by_text = self._option_of(match["text"])
        if by_text is None:
            return None
        if by_text != match["letter"].upper():
            return self._conflict(match, by_text)
        return self._read(by_text, match.start("letter"), _odd(match), by_text)

    def _numbered(self) -> ParsedAnswer | None:
        """Read `2`, `(2)` and `2. right` as the second option, if no option speaks of numbers."""
        match = _NUMBERED.fullmatch(self.plain)
        if match is None or any(_NUMERAL.search(text) for text in self.options.values()):
            return None
        place = int(match["number"]) - 1
        if place >= len(self.options):
            return self._unread("not-an-option", match.start("number"))
        letter = [*self.options][place]
        by_text = self._option_of(match["text"]) if match["text"] else None
        if match["text"] and by_text != letter:
            return None
        return self._read(letter, match.start("number"), _odd(match), by_text)

    def _option_of(self, text: str) -> str | None:
        """Return the one option whose text a text repeats, its LaTeX as written or taken away."""
        exact = option_with_text(text, self.options)
        if exact is not None or not any("\\" in option for option in self.options.values()):
            return exact
        return option_with_text(
            plain(text), {key: plain(option) for key, option in self.options.items()}
        )


def _odd(match: re.Match[str]) -> set[Flag]:
    """Return the flags of how a letter or number is written."""
    groups = match.groupdict()
    flags: set[Flag] = set()
    if groups.get("lead"):
        flags.add("worded")
    if groups.get("number"):
        flags.add("numbered")
    if (groups.get("letter") or "A").islower():
        flags.add("lowercase")
    return flags


def _several_texts(first: str | None, letter: str, said: str, folded: Mapping[str, str]) -> bool:
    """Say whether an option's text is joined to another one's: `left or right`."""
    if first is None:
        return False
    return mentions.joins_another(said[len(folded[first]) :], folded, first)


def _ends_there(said: str, option: str) -> bool:
    """Say whether a clause ends behind an option's text; a number is whole before a word."""
    if option.isdecimal():
        return True
    behind = said[len(option) :].lstrip(QUOTES)
    return (
        not behind or behind[0] in ",.;:!()，。；：！—–-" or behind.startswith(("because", "since"))
    )
