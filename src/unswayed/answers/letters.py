"""The one parser of answers to a question with options: which option is meant.

Evaluation, judges and rewards all read output through `parse_output`, so that no two of them can
disagree about what was said (PROTOCOL section 5). It is strict: nothing is guessed, nothing
defaults to a letter, and what was odd about a reading is kept as a flag that tables can count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from unswayed.answers.blocks import BlockProblem, blocks

ConflictPolicy = Literal["letter", "text", "unparsed"]
Flag = Literal["option-text", "letter-text-conflict", "lowercase", "several-answers"]
AnswerProblem = BlockProblem | Literal["not-an-option", "unreadable", "conflict"]


# Possessive quantifiers (`*+`) throughout: model output is hostile, and no input may make the
# match more than linear.
_OPEN = r"(?:[\s(（\[*_\"'`$]|\\boxed\s*+\{|\\text(?:bf)?\s*+\{)*+"
_CLOSE = r"[\s)）\]*_\"'`$}.。:：,，]*+"
_WORD = (
    r"(?i:(?:the\s++)?(?:correct\s++)?(?:final\s++)?(?:answer|option|choice)(?:\s++is)?"
    r"(?=[\s:：(\[*_\"'`$\\])[\s:：*_]*+)?"
)
_BARE = re.compile(rf"{_OPEN}{_WORD}{_OPEN}([A-Za-z]){_CLOSE}")
_LABELLED = re.compile(
    rf"{_OPEN}{_WORD}{_OPEN}([A-Za-z])"
    r"(?:[)）\]*}]++[.:：]?|\s*+[.。:：、)）]\**+|\s++[-–—]\s|\s*?\n)\s*+(?P<text>\S.*+)",
    re.DOTALL,
)
_QUOTES = "\"'`*“”‘’ "
_AROUND = "()[]{}*_\"'`.。 "
_JOINING = frozenset({"and", "or", "both", "either", "和", "或"})


@dataclass(frozen=True)
class ParsedAnswer:
    """What an output says.

    Attributes:
        letter: the option that the answer means, in the letters that were shown; None if unparsed.
        problem: why there is no letter; None if there is one.
        think: text of the thought (all thoughts before the answer, joined), None without one.
        answer: text between the answer tags, stripped; None without an answer block.
        answer_at: index in the output where the answer's letter stands, or, for an answer without
            a letter of its own, where its text begins; None without an answer block.
        text_letter: the one option whose text the answer repeats, alone or behind a letter.
        flags: what was odd about it.
    """

    letter: str | None
    problem: AnswerProblem | None
    think: str | None
    answer: str | None
    answer_at: int | None = None
    text_letter: str | None = None
    flags: frozenset[Flag] = frozenset()


def parse_output(
    output: str, options: Mapping[str, str], on_conflict: ConflictPolicy = "letter"
) -> ParsedAnswer:
    """Read a whole output (prefill and continuation) against the options that were shown.

    The last `<answer>` block outside a thought wins; a thought that never closes means that there
    is no answer. A `</think>` that nothing opened closes a thought that the chat template opened:
    all before it was thought. The option's text instead of its letter counts when it equals
    exactly one option.

    Args:
        output: prefill + continuation.
        options: shown letter → text.
        on_conflict: what counts when the answer names one letter and repeats another option's
            text: the `letter` (as the common harnesses do), the `text`, or nothing.
    """
    parts = blocks(output)
    if parts.answer is None:
        return ParsedAnswer(None, parts.problem, parts.think, None)
    start, end = parts.answer
    raw = output[start:end]
    reading = parse_answer(raw, options, on_conflict)
    at = start + (reading.answer_at or 0)
    several: frozenset[Flag] = frozenset({"several-answers"} if parts.answers > 1 else ())
    flags = reading.flags | several
    return ParsedAnswer(
        reading.letter, reading.problem, parts.think, raw.strip(), at, reading.text_letter, flags
    )


def parse_answer(
    raw: str, options: Mapping[str, str], on_conflict: ConflictPolicy = "letter"
) -> ParsedAnswer:
    """Read the text between the answer tags; `answer_at` is an index into `raw`."""
    blank = len(raw) - len(raw.lstrip())
    text = raw.strip()
    if not text:
        return ParsedAnswer(None, "unreadable", None, "", blank)
    by_text = option_with_text(text, options)
    bare = _BARE.fullmatch(text)
    if bare and _is_letter(bare[1], text, options, by_text):
        return _bare_letter(bare, text, options, blank)
    if by_text is not None:
        return ParsedAnswer(by_text, None, None, text, blank, by_text, frozenset({"option-text"}))
    labelled = _LABELLED.fullmatch(text)
    if labelled and _is_label(labelled, options):
        return _labelled_letter(labelled, text, options, on_conflict, blank)
    return ParsedAnswer(None, "unreadable", None, text, blank)


def option_with_text(text: str, options: Mapping[str, str]) -> str | None:
    """Return the letter of the one option whose text `text` repeats, None for no or several."""
    wanted = normalise(text)
    hits = [letter for letter, option in options.items() if normalise(option) == wanted]
    return hits[0] if wanted and len(hits) == 1 else None


def normalise(text: str) -> str:
    """Fold case, blanks, quotes and a closing full stop, for comparing option texts."""
    folded = " ".join(text.casefold().split())
    return folded.lstrip(_QUOTES).rstrip(_QUOTES + ".。")


def _is_letter(letter: str, text: str, options: Mapping[str, str], by_text: str | None) -> bool:
    """A lone letter is a letter, unless it is lower case and repeats an option ("a", "b")."""
    if letter.isupper():
        return True
    return by_text is None and letter.upper() in options and len(text.strip(_AROUND)) == 1


def _is_label(match: re.Match[str], options: Mapping[str, str]) -> bool:
    """Before a text a capital is a letter; "a) …" is one only if that option's text follows."""
    letter = match[1]
    return letter.isupper() or option_with_text(match["text"], options) == letter.upper()


def _more_letters(rest: str, letter: str) -> bool:
    """Say whether only other letters follow: "A. B" and "(A) or (B)" answer nothing."""
    words = [word for word in re.findall(r"\w+", rest) if word.casefold() not in _JOINING]
    return bool(words) and all(
        len(word) == 1 and "A" <= word <= "Z" and word != letter for word in words
    )


def _bare_letter(
    match: re.Match[str], text: str, options: Mapping[str, str], blank: int
) -> ParsedAnswer:
    letter = match[1].upper()
    at = blank + match.start(1)
    if letter not in options:
        return ParsedAnswer(None, "not-an-option", None, text, at)
    flags: frozenset[Flag] = frozenset() if match[1].isupper() else frozenset({"lowercase"})
    return ParsedAnswer(letter, None, None, text, at, flags=flags)


def _labelled_letter(
    match: re.Match[str],
    text: str,
    options: Mapping[str, str],
    on_conflict: ConflictPolicy,
    blank: int,
) -> ParsedAnswer:
    """Read `A. some text`: the letter, checked against the option that the text repeats."""
    letter, rest = match[1].upper(), match["text"].strip()
    odd: frozenset[Flag] = frozenset() if match[1].isupper() else frozenset({"lowercase"})
    at = blank + match.start(1)
    by_text = option_with_text(rest, options)
    if letter not in options:
        return ParsedAnswer(None, "not-an-option", None, text, at, by_text)
    if by_text is None and _more_letters(rest, letter):
        return ParsedAnswer(None, "unreadable", None, text, at)
    if by_text is None or by_text == letter or normalise(options[letter]) == normalise(rest):
        return ParsedAnswer(letter, None, None, text, at, by_text, odd)
    flags: frozenset[Flag] = odd | frozenset[Flag]({"letter-text-conflict"})
    if on_conflict == "unparsed":
        return ParsedAnswer(None, "conflict", None, text, at, by_text, flags)
    chosen = letter if on_conflict == "letter" else by_text
    return ParsedAnswer(chosen, None, None, text, at, by_text, flags)
