"""The forms of English questions, the particular ones before the general."""

from __future__ import annotations

from unswayed.perturbations.texts.statements.english import counts
from unswayed.perturbations.texts.statements.english.grammar import sentence
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

FORMS: tuple[QuestionForm, ...] = (*counts.FORMS,)


def fallback(question: Question) -> Say:
    """Return what says the options of a question of no known form."""

    def say(option: str) -> str:
        return sentence(f"The picture shows {option}")

    return say
