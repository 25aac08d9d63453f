"""What a form of question is: a reader of the question that returns what says its options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from unswayed.types import AnswerKind

Say = Callable[[str], str]
"""Text of an option → the sentence that asserts it, without a full stop; empty if it has none."""


@dataclass(frozen=True)
class Question:
    """What a form reads.

    Attributes:
        text: the question on one line, without its options.
        options: texts of the options in the sample's order, without an abstain option; empty for an
            open question.
        kind: what kind of answer is asked for.
    """

    text: str
    options: tuple[str, ...]
    kind: AnswerKind = "choice"


@dataclass(frozen=True)
class QuestionForm:
    """A form of question.

    Attributes:
        name: what it is counted by, such as `count`.
        read: returns what says an option of the question; None if the question has another form.
    """

    name: str
    read: Callable[[Question], Say | None]
