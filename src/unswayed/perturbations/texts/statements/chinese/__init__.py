"""The forms of Chinese questions, the particular ones before the general."""

from __future__ import annotations

from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

FORMS: tuple[QuestionForm, ...] = ()


def fallback(question: Question) -> Say:
    """Return what says the options of a question of no known form."""

    def say(option: str) -> str:
        return f"图中所示为{option.strip().rstrip('。')}"

    return say
