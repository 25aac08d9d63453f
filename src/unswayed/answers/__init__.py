"""What an output says: its thought, its answer, and the option or value that it means.

`blocks` finds the thought and the answer, `letters` says which option an answer means, `values`
what an open answer is. Nothing else in the project looks for these tags.
"""

from unswayed.answers.letters import (
    ConflictPolicy,
    Flag,
    Problem,
    Reading,
    normalise,
    option_with_text,
    read,
    read_answer,
)

__all__ = [
    "ConflictPolicy",
    "Flag",
    "Problem",
    "Reading",
    "normalise",
    "option_with_text",
    "read",
    "read_answer",
]
