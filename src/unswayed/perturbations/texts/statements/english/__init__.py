"""The forms of English questions, the particular ones before the general."""

from __future__ import annotations

from unswayed.perturbations.texts.statements.english import (
    alternatives,
    attributes,
    captions,
    common,
    comparisons,
    counts,
    deeds,
    driving,
    gaps,
    geometry,
    places,
    reading,
    sides,
    subjects,
    times,
    yes_no,
)
from unswayed.perturbations.texts.statements.english.grammar import (
    article,
    bare,
    is_sentence,
    lowered,
    sentence,
)
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

FORMS: tuple[QuestionForm, ...] = (
    *captions.TRUTHS,
    *gaps.FORMS,
    *driving.FORMS,
    *common.FORMS,
    *reading.FORMS,
    *comparisons.POINTS,
    *captions.FORMS,
    *counts.FORMS,
    *times.FORMS,
    *comparisons.FORMS,
    *yes_no.FORMS,
    *alternatives.FORMS,
    *sides.FORMS,
    *places.FORMS,
    *geometry.FORMS,
    *deeds.DOING,
    *attributes.FORMS,
    *deeds.FORMS,
    *subjects.FORMS,
    *attributes.GENERAL,
    *deeds.GENERAL,
)


def fallback(question: Question) -> Say:
    """Return what says the options of a question of no known form."""

    def say(option: str) -> str:
        text = bare(option)
        if is_sentence(text):
            return sentence(text)
        if question.kind == "box":
            return sentence(f"What is sought lies within the box {text}")
        return sentence(f"The picture shows {article(lowered(text))}")

    return say
