"""The rules by which an answer is found in a text without answer tags, each with its flag.

`styles` says what the rules are and when they are asked; here is how each of them reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from unswayed.answers import mentions
from unswayed.answers.blocks import BOX_TOKENS
from unswayed.answers.letters import ConflictPolicy, Flag, ParsedAnswer, parse_answer
from unswayed.answers.wrapping import LEAD, LEADING, boxed, plain

_BOX_OPENS, _BOX_CLOSES = BOX_TOKENS
_VERBS = (
    r"(?i:\b(?:i|we)(?:['’]ll|\s(?:would|will|should|can))?\s(?:\w+\s)?"
    r"(?:choose|select|pick|go\swith|answer)\s(?:the\s)?(?:option|answer|choice|letter)?\s?)"
)
_BEFORE = r"(?:(?<![A-Za-z])|(?<=[\u4e00-\u9fff]))"
_STATED = re.compile(
    rf"{_BEFORE}(?:{LEAD}|{_VERBS})[\s(（\[【「*_\"'`“]*+(?P<letter>[A-Z])(?![A-Za-z0-9'’-])"
)
_JUDGED = re.compile(
    r"(?<![A-Za-z])(?:(?i:option|answer|choice)\s\W{0,4}|[(（*]{1,3})(?P<letter>[A-Z])[)）*]{0,3}\s"
    r"(?i:is\s(?:the\s)?(?:correct|right)(?:\s(?:answer|option|choice|one))?)(?![A-Za-z])"
)
_WORD = re.compile(r"\w+")
_LINE = re.compile(r"[^\n]+")
_PARAGRAPH = re.compile(r"\n\s*\n")
_SENTENCE_END = re.compile(r"[.。!！?？](?:\s|$)|\n")


@dataclass(frozen=True)
class Text:
    """The part of an output in which an answer is looked for.

    Attributes:
        output: the whole output.
        start: where the part begins; it goes on to the end.
        strict: whether every statement in it must agree, since none of it is thought.
    """

    output: str
    start: int
    strict: bool
    options: Mapping[str, str]
    on_conflict: ConflictPolicy

    @property
    def tail(self) -> str:
        """The part."""
        return self.output[self.start :]

    def read(self, start: int, end: int) -> ParsedAnswer:
        """Read a span of the output as an answer alone; the place is one of the output."""
        reading = parse_answer(self.output[start:end], self.options, self.on_conflict)
        return replace(reading, answer_at=start + (reading.answer_at or 0))


def found(text: Text) -> ParsedAnswer:
    """Return the answer that the first fitting rule finds, without the thought."""
    if not text.tail.strip():
        return ParsedAnswer(None, "no-answer", None, None)
    for rule in (_in_box, alone, _stated, _last_line, _first_line):
        reading = rule(text)
        if reading is not None:
            return reading
    whole = text.read(text.start, len(text.output))
    return replace(whole, letter=None, problem=whole.problem or "unreadable", flags=frozenset())


def _flagged(reading: ParsedAnswer, flag: Flag) -> ParsedAnswer:
    return replace(reading, flags=reading.flags | frozenset[Flag]({flag}))


def _in_box(text: Text) -> ParsedAnswer | None:
    """Read boxes: the last one counts, and all must name one option."""
    spans = boxes(text)
    if not spans:
        return None
    readings = [text.read(*span) for span in spans]
    last = readings[-1]
    if len({reading.letter for reading in readings}) > 1:
        last = replace(last, letter=None, problem="several-options")
    return _flagged(last, "box")


def boxes(text: Text) -> list[tuple[int, int]]:
    """Return where the contents of the text's boxes lie, in order."""
    tokens: list[tuple[int, int]] = []
    opened = text.output.find(_BOX_OPENS, text.start)
    while opened >= 0 and (closed := text.output.find(_BOX_CLOSES, opened)) >= 0:
        tokens.append((opened + len(_BOX_OPENS), closed))
        opened = text.output.find(_BOX_OPENS, closed)
    return tokens or [(text.start + a, text.start + b) for a, b in boxed(text.tail)]


def alone(text: Text) -> ParsedAnswer | None:
    """Read a text that is one answer and nothing else, or a label with its explanation."""
    reading = text.read(text.start, len(text.output))
    if reading.problem in ("unreadable", "several-options"):
        return None
    return _flagged(reading, "alone")


def _statements(tail: str, text: Text) -> list[tuple[str, int]]:
    """Return each letter that a sentence names as the answer, with its place in the tail."""
    hits = [*_STATED.finditer(tail), *_JUDGED.finditer(tail)]
    named = sorted((match.start("letter"), match["letter"]) for match in hits)
    return [(letter, at) for at, letter in named if letter in text.options]


def _stated(text: Text) -> ParsedAnswer | None:
    """Read the last sentence that names an option as the answer."""
    tail = plain(text.tail)
    statements = _statements(tail, text)
    if not statements:
        return None
    letter, place = statements[-1]
    over = _SENTENCE_END.search(tail, place + 1)
    at, end = text.start + place, text.start + (over.start() if over else len(tail))
    paragraph = _paragraph_start(text, at) - text.start
    near = [one for one, where in statements if text.strict or where >= paragraph]
    rest = plain(text.output[at + 1 : end])
    label = text.read(at, end)
    others = {name for name, _ in mentions.letters(rest, text.options)} - {letter}
    if len({*near}) > 1 or others or mentions.denies(rest) or _taken_back(text, end):
        unread = replace(label, letter=None, problem="several-options", flags=frozenset())
        return _flagged(unread, "stated")
    if label.conflicts or label.letter == letter:
        return _flagged(label, "stated")
    said = text.output[at:end].strip()
    flags = frozenset[Flag]({"stated"})
    return ParsedAnswer(letter, None, None, said, at, named_letter=letter, flags=flags)


def _taken_back(text: Text, end: int) -> bool:
    """Say whether the sentence behind a statement corrects it: "Wait, …"."""
    behind = text.output[end : end + 60].lstrip(" \n.。*)")
    return mentions.denies(behind.split("\n")[0])


def _paragraph_start(text: Text, at: int) -> int:
    ends = [match.end() for match in _PARAGRAPH.finditer(text.output, text.start, at)]
    return ends[-1] if ends else text.start


def _last_line(text: Text) -> ParsedAnswer | None:
    return _line(text, -1, "last-line")


def _first_line(text: Text) -> ParsedAnswer | None:
    return _line(text, 0, "first-line")


def _line(text: Text, which: int, flag: Flag) -> ParsedAnswer | None:
    """Read a line that is an answer alone, if no other line is one that differs."""
    spans = [
        (match.start(), match.end())
        for match in _LINE.finditer(text.output, text.start)
        if match[0].strip()
    ]
    if len(spans) < 2:
        return None
    readings = {place: text.read(*spans[place]) for place in range(len(spans))}
    chosen = readings[which % len(spans)]
    letters = {one.letter for one in readings.values() if one.letter is not None}
    if not is_whole(chosen) or len(letters) > 1:
        return None
    return _flagged(chosen, flag)


def is_whole(reading: ParsedAnswer) -> bool:
    """Say whether an answer is a letter, an option's text or both, with no word beside them."""
    if reading.letter is None:
        return False
    return reading.text_letter is not None or len(_WORD.findall(plain(reading.answer or ""))) == 1


def thought_before(text: Text, found: ParsedAnswer) -> str | None:
    """Return what is said before the answer of an output without marks; None for nothing."""
    if found.answer_at is None or found.letter is None:
        return None
    if "alone" in found.flags:  # what stands before the text was put into the model's mouth
        return text.output[: text.start].strip() or None
    line = text.output.rfind("\n", 0, found.answer_at) + 1
    sentence = max(text.output.rfind(f"{mark} ", 0, found.answer_at) for mark in ".!?")
    return text.output[: max(line, sentence + 1)].strip() or None


def labelled_ends(text: Text) -> list[tuple[int, int]]:
    """Return where the text behind the last `Answer:` stands, if it has one."""
    led = [match.end() for match in LEADING.finditer(plain(text.tail)) if ":" in match[0]]
    return [(text.start + at, len(text.output)) for at in led[-1:]]
