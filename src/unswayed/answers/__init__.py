"""What an output says: its thought, its answer, and the option or value that it means.

`blocks` finds the thought and the answer, `letters` says which option an answer means, `values`
what an open answer is. The tags stand in `blocks` and nowhere else.
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
    forced_opening,
    think_block,
)
from unswayed.answers.letters import (
    AnswerProblem,
    ConflictPolicy,
    Flag,
    ParsedAnswer,
    normalise,
    option_with_text,
    parse_answer,
    parse_output,
)

__all__ = [
    "ANSWER_TAG",
    "CLOSE_ANSWER",
    "CLOSE_THINK",
    "OPEN_ANSWER",
    "OPEN_THINK",
    "TAG",
    "TAGS",
    "AnswerProblem",
    "ConflictPolicy",
    "Flag",
    "ParsedAnswer",
    "answer_block",
    "forced_opening",
    "normalise",
    "option_with_text",
    "parse_answer",
    "parse_output",
    "think_block",
]
