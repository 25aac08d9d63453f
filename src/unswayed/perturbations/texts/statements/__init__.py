"""Statements: a question with one of its options → a declarative sentence about the picture.

"How many chairs are there?" and "3" give "There are three chairs". Benchmarks have few forms of
question, and each form is a reader: it sees the question with ALL its options, never which of them
is right or asserted, and returns what says any of them. So the sentences of a question's options
differ in what they assert alone. A question of no known form gets the fallback, which reads like a
caption too, and is flagged.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from unswayed.answers import normalise
from unswayed.perturbations.texts.statements import chinese, english
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say
from unswayed.perturbations.texts.statements.languages import Language, language_of

FALLBACK = "fallback"
"""Name of the form of a question that no form reads."""

GIVEN = "given"
"""Name of the form of a statement that comes with the sample (`Sample.statements`)."""


@dataclass(frozen=True)
class Statement:
    """A sentence about the picture that asserts one option.

    Attributes:
        text: the sentence; it begins with a capital and has no full stop.
        form: name of the form of its question, `GIVEN` or `FALLBACK`.
        language: the question's.
    """

    text: str
    form: str
    language: Language

    @property
    def fallback(self) -> bool:
        """Whether the question's form was not recognised."""
        return self.form == FALLBACK


def state(question: Question, option: str) -> Statement:
    """Return the statement that asserts an option, or the value of an open question.

    Args:
        question: the question with all its options.
        option: text of one of them, or the value.
    """
    language = language_of(question.text, question.options)
    name, say = _reading(question)
    return Statement(say(option), name, language)


@lru_cache(maxsize=4096)
def _reading(question: Question) -> tuple[str, Say]:
    """Return the form of a question and what says its options: the first form that says all."""
    for form in _forms(language_of(question.text, question.options)):
        say = form.read(question)
        if say is not None and _says_all(say, question.options):
            return form.name, say
    return FALLBACK, _fallback(question)


def _says_all(say: Say, options: tuple[str, ...]) -> bool:
    """Whether every option with a text has a sentence of its own."""
    said: dict[str, str] = {}
    for option in options:
        if not (key := normalise(option)):
            continue
        sentence = say(option)
        if not sentence or said.setdefault(normalise(sentence), key) != key:
            return False
    return True


def _forms(language: Language) -> tuple[QuestionForm, ...]:
    return {"en": english.FORMS, "zh": chinese.FORMS, "other": ()}[language]


def _fallback(question: Question) -> Say:
    language = language_of(question.text, question.options)
    return chinese.fallback(question) if language == "zh" else english.fallback(question)
