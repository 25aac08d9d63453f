r"""Where thought and answer stand in an output: answer styles (PROTOCOL section 2).

    tags         <think>…</think><answer>…</answer>, and nothing else is an answer
    after-think  what follows the end of the thought, whatever its marks are
    plain        no marks: an answer alone, or one that the text states

A style never guesses. `after-think` and `plain` find an answer by named rules, in this order, and
each leaves its flag:

    (tags)       an `<answer>` block
    box          `\boxed{…}`, or GLM-V's tokens around its answer; several must agree
    alone        the whole text is one answer, as it could stand between the tags
    stated       a sentence names it as the answer: "the answer is B", "Answer: B", "选B"; where
                 several do, the last one counts, and those in its paragraph must agree (with
                 `after-think` all of them: what is said there is no thought any more)
    last-line    the last line is an answer alone, and no other line is one that differs
    first-line   the first line is, and what follows explains it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from unswayed.answers import places
from unswayed.answers.blocks import (
    CLOSE_THINK,
    OPEN_ANSWER,
    OPEN_THINK,
    BlockProblem,
    Blocks,
    blocks,
)
from unswayed.answers.letters import ConflictPolicy, Flag, ParsedAnswer, parse_answer
from unswayed.answers.places import Text

StyleName = Literal["tags", "after-think", "plain"]
STYLES: tuple[StyleName, ...] = get_args(StyleName)

FORCED_STATEMENT = "\n\nThe answer is ("
"""What opens an answer behind an output without one where answers stand in no tags; the bracket
makes the letter a token of its own."""


@dataclass(frozen=True)
class AnswerStyle:
    """Where thought and answer stand in a family's outputs, and what stands around its thought.

    Attributes:
        name: the style.
        opens: what opens a thought in this family's words; empty where nothing does.
        closes: what closes it.
    """

    name: StyleName = "tags"
    opens: str = OPEN_THINK
    closes: str = CLOSE_THINK

    def native(self, prefill: str) -> str:
        """Return a prefill with the family's own marks in the place of the tags of a thought."""
        if self.opens == OPEN_THINK and self.closes == CLOSE_THINK:
            return prefill
        return prefill.replace(OPEN_THINK, self.opens).replace(CLOSE_THINK, self.closes)

    def named(self, name: StyleName | None) -> AnswerStyle:
        """Return the same family's marks with another style; None leaves the style as it is.

        A style that reads marks cannot do without them: where the family has none, thoughts then
        stand between `<think>` and `</think>`.
        """
        if name is None or name == "plain" or self.opens:
            return replace(self, name=name or self.name)
        return AnswerStyle(name)

    def forced_opening(self, think: str | None, problem: str | None) -> str:
        """Return what opens an answer behind an output that has none; it ends an open thought.

        Args:
            think: the output's thought; None without one.
            problem: why it has no answer.
        """
        closed = think is not None and problem != "open-think"
        if self.name == "plain":
            closed = problem != "open-think"
        opening = OPEN_ANSWER if self.name == "tags" else FORCED_STATEMENT
        return opening if closed else (self.closes or CLOSE_THINK) + opening


TAGGED = AnswerStyle()
"""The protocol's own style, and that of the study's models."""


def parse_output(
    output: str,
    options: Mapping[str, str],
    on_conflict: ConflictPolicy = "letter",
    style: StyleName = "tags",
    given: int = 0,
) -> ParsedAnswer:
    """Read a whole output (prefill and continuation) against the options that were shown.

    With `tags` the last `<answer>` block outside a thought wins. In every style a thought that
    never closes means that there is no answer, and a closing tag that nothing opened closes a
    thought that the chat template opened: all before it was thought. The option's text instead of
    its letter counts when it equals exactly one option.

    Args:
        output: prefill + continuation.
        options: shown letter → text.
        on_conflict: what counts when the answer names one letter and repeats another option's
            text: the `letter` (as the common harnesses do), the `text`, or nothing.
        style: where the answer stands.
        given: length of the prefill. Without tags around an answer, a statement in words that were
            put into the model's mouth would otherwise be taken for its own.
    """
    parts = blocks(output)
    if parts.answer is not None:
        return _in_tags(output, parts, options, on_conflict)
    if style == "tags" or parts.problem in ("open-think", "open-answer"):
        return ParsedAnswer(None, parts.problem, parts.think, None)
    start = max(parts.tail, given)
    text = Text(output, start, parts.think is not None, options, on_conflict)
    if style == "after-think" and parts.think is None:
        return _without_thought(text)
    found = places.found(text)
    think = parts.think if parts.think is not None else places.thought_before(text, found)
    return replace(found, think=think)


def answer_spans(
    output: str, style: StyleName, given: int = 0
) -> tuple[str | None, BlockProblem | None, list[tuple[int, int]]]:
    """Return the thought of an output and where the answer to an open question may stand.

    Args:
        output: prefill + continuation.
        style: where the answer stands.
        given: length of the prefill, in which no answer is looked for.

    Returns:
        think: the thought; None without one.
        problem: why there is no answer; None if there is one.
        spans: places of the answer, the likeliest first; none without an answer.
    """
    parts = blocks(output)
    if parts.answer is not None:
        return parts.think, None, [parts.answer]
    bare = parts.think is None and style == "after-think"
    if style == "tags" or bare or parts.problem in ("open-think", "open-answer"):
        return parts.think, parts.problem, []
    text = Text(output, max(parts.tail, given), parts.think is not None, {}, "letter")
    if not text.tail.strip():
        return parts.think, "no-answer", []
    whole = (text.start, len(output))
    return parts.think, None, [*places.boxes(text)[-1:], *places.labelled_ends(text), whole]


def _in_tags(
    output: str, parts: Blocks, options: Mapping[str, str], on_conflict: ConflictPolicy
) -> ParsedAnswer:
    start, end = parts.answer or (0, 0)
    raw = output[start:end]
    reading = parse_answer(raw, options, on_conflict)
    several: frozenset[Flag] = frozenset({"several-answers"} if parts.answers > 1 else ())
    return replace(
        reading,
        think=parts.think,
        answer=raw.strip(),
        answer_at=start + (reading.answer_at or 0),
        flags=reading.flags | several,
    )


def _without_thought(text: Text) -> ParsedAnswer:
    """Read an output without the thought that it should have: only an answer alone counts.

    A template may have opened the thought, and the output been cut before its end: prose here is
    as likely thought as answer.
    """
    reading = places.alone(text)
    if reading is not None and places.is_whole(reading):
        return reading
    return ParsedAnswer(None, "no-answer", None, None)
