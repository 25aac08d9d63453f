"""What an output says: its thought, its answer, and the option or value that it means.

`blocks` finds the thought and the answer between their tags, `styles` where a family writes them,
`letters` says which option an answer means, `values` what an open answer is. The tags and marks
stand in `blocks` and nowhere else; `wrapping` takes away what stands around an answer, `mentions`
finds what an answer names beside it.
"""

from unswayed.answers.blocks import (
    ANSWER_TAG,
    CLOSE_ANSWER,
    CLOSE_THINK,
    OPEN_ANSWER,
    OPEN_THINK,
    TAG,
    TAGS,
    answer_block,
    opened_thought,
    think_block,
)
from unswayed.answers.letters import (
    AnswerProblem,
    ConflictPolicy,
    Flag,
    ParsedAnswer,
    parse_answer,
)
from unswayed.answers.rules import AnswerRules
from unswayed.answers.styles import STYLES, TAGGED, AnswerStyle, StyleName, parse_output
from unswayed.answers.texts import normalise, option_with_text

__all__ = [
    "ANSWER_TAG",
    "CLOSE_ANSWER",
    "CLOSE_THINK",
    "OPEN_ANSWER",
    "OPEN_THINK",
    "STYLES",
    "TAG",
    "TAGGED",
    "TAGS",
    "AnswerProblem",
    "AnswerRules",
    "AnswerStyle",
    "ConflictPolicy",
    "Flag",
    "ParsedAnswer",
    "StyleName",
    "answer_block",
    "normalise",
    "opened_thought",
    "option_with_text",
    "parse_answer",
    "parse_output",
    "think_block",
]
