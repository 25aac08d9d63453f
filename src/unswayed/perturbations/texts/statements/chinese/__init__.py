"""The forms of Chinese questions, the particular ones before the general."""

from __future__ import annotations

from unswayed.perturbations.texts.statements.chinese import in_situ, particular, sentences
from unswayed.perturbations.texts.statements.chinese.asking import bare, is_clause
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

FORMS: tuple[QuestionForm, ...] = (
    *particular.FIRST,
    *sentences.FORMS,
    *particular.FORMS,
    *in_situ.COUNTS,
    *in_situ.FORMS,
)


def fallback(question: Question) -> Say:
    """Return what says the options of a question of no known form."""

    def say(option: str) -> str:
        text = bare(option)
        return text if is_clause(text) else f"图中所示为{text}"

    return say
