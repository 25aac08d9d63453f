"""How many there are: "How many chairs are in the image?" → "There are three chairs"."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.grammar import NUMBERS, sentence
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_HOW_MANY = re.compile(r"How many (?P<what>.+?) are (?:there )?in (?P<where>the [^?]+)\?$", re.I)


def _how_many(question: Question) -> Say | None:
    match = _HOW_MANY.search(question.text)
    if match is None:
        return None
    what, where = match["what"], match["where"]

    def say(option: str) -> str:
        number = option.strip().rstrip(".")
        if not number.isdigit():
            return ""
        count = int(number)
        word = NUMBERS[count] if count < len(NUMBERS) else str(count)
        verb = "is" if count == 1 else "are"
        return sentence(f"There {verb} {word} {what} in {where}")

    return say


FORMS = (QuestionForm("count", _how_many),)
