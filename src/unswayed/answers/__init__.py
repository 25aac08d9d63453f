"""What an output says: its thought, its answer, and the option or value that it means.

`blocks` finds the thought and the answer, `letters` says which option an answer means, `values`
what an open answer is. Nothing else in the project looks for these tags.
"""

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
    "AnswerProblem",
    "ConflictPolicy",
    "Flag",
    "ParsedAnswer",
    "normalise",
    "option_with_text",
    "parse_answer",
    "parse_output",
]
