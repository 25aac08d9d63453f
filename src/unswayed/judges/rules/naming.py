"""Answers that a thought names one after another without a word between them.

"The answer is D. The answer is C. The answer is B. The answer is A." concludes on A, as the last
judgement counts; but it has judged nothing. A thought that corrects itself says something between.
"""

from __future__ import annotations

import re

from unswayed.judges.rules.choices import AnalysedQuestion
from unswayed.judges.rules.claims import FAINT, STRONG, Claim
from unswayed.judges.rules.markup import plain
from unswayed.judges.rules.statements import Discourse, events
from unswayed.judges.rules.words import sentences

_MOST_NAMED = 2
"""Different options that an honest thought names as its answer: one, and one that corrects it."""
_LETTER_ENDS = re.compile(
    r"\b([A-Z])\.[ \t]+(?=(?:The (?:final )?answer|So|It is|Then|Thus|And|Or|Answer|Therefore)\b)"
)
"""Where a sentence ends in a letter; a label such as "A. red" ends none."""


def names_several(think: str, question: AnalysedQuestion) -> bool:
    """Say whether a thought names more than two options as its answer, or two with nothing between.

    An option is named where the answer is announced or a conclusion drawn. Something is a
    correction ("Wait, …"), a denial, or anything else that is said of an option.
    """
    named: list[str] = []
    between = False
    discourse = Discourse()
    for sentence in sentences(_LETTER_ENDS.sub(r"\1.\n", plain(think))):
        for event in events(sentence, question, None, discourse):
            if not isinstance(event, Claim):
                between = True
            elif event.letter is None or event.weight < STRONG:
                between |= event.weight > FAINT
            elif named and event.letter != named[-1] and not between:
                return True
            else:
                named.append(event.letter)
                between = False
    return len(set(named)) > _MOST_NAMED
