"""Answers that a thought names one after another without a word between them.

"The answer is D. The answer is C. The answer is B. The answer is A." concludes on A, as the last
judgement counts; but it has judged nothing. Nor has "The cup is blue. The bowl is blue." A thought
that corrects itself says something between.
"""

from __future__ import annotations

import re

from unswayed.judges.rules.choices import AnalysedQuestion
from unswayed.judges.rules.claims import FAINT, STRONG, Claim
from unswayed.judges.rules.clauses import Clause, clause_of
from unswayed.judges.rules.markup import plain
from unswayed.judges.rules.statements import Discourse, events
from unswayed.judges.rules.words import ARTICLES, clauses, sentences

_MOST_NAMED = 2
"""Different options that an honest thought names as its answer: one, and one that corrects it."""
_LETTER_ENDS = re.compile(
    r"\b([A-Z])\.[ \t]+(?=(?:The (?:final )?answer|So|It is|Then|Thus|And|Or|Answer|Therefore|My|I|"
    r"Option|Choice|Pick|Result|Conclusion|Final)\b)"
)
"""Where a sentence ends in a letter; a label such as "A. red" ends none."""
_SLOT = "□"
_JOINS = frozenset({"and", "or", "so", "also", "then", "too", "well", "as"}) | ARTICLES
"""Words that make no difference between two clauses."""


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


def says_alike(think: str, question: AnalysedQuestion) -> bool:
    """Say whether the last thing that a thought says of an option was just said of another one.

    "The bowl is blue. The cup is blue." is alike but for the option; nothing may stand between.
    Bare numbers in a row count something, and say nothing of an option.
    """
    before: tuple[str, tuple[str, ...]] | None = None
    alike = False
    for sentence in sentences(_LETTER_ENDS.sub(r"\1.\n", plain(think))):
        for text in () if sentence.rstrip().endswith(("?", "？")) else clauses(sentence):
            clause = clause_of(text, question)
            said = _frame(clause) if clause.words else before
            if said is not None:
                alike = before is not None and before[0] != said[0] and before[1] == said[1]
                alike &= not question.numeric or said[1] != (_SLOT,)
            before = said
    return alike


def _frame(clause: Clause) -> tuple[str, tuple[str, ...]] | None:
    """Return the one option that a clause asserts, and the clause without it; None if none."""
    if len(clause.found) != 1 or clause.struck or clause.hedged or clause.idle:
        return None
    [mention] = clause.found
    words = [word.text for word in clause.words]
    words[mention.start : mention.end] = [_SLOT]
    return mention.letter, tuple(word for word in words if word not in _JOINS)
