"""Statements: a question with one of its options → a declarative sentence about the picture.

"How many chairs are there?" and "3" give "There are three chairs". Benchmarks have few forms of
question, and each form is a reader: it sees the question with ALL its options, never which of them
is right or asserted, and returns what says any of them. So the sentences of a question's options
differ in what they assert alone. A question of no known form gets the fallback, which reads like a
caption too, and is flagged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from unswayed.answers import normalise
from unswayed.perturbations.texts.statements import apart, chinese, english
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
        option: text of one of them, or the value; one without text has an empty statement.
    """
    language = language_of(question.text, question.options)
    name, say = _reading(question)
    text = say(option) if option.strip() else ""
    return Statement(apart.said(option) or text, name, language)


@lru_cache(maxsize=4096)
def _reading(question: Question) -> tuple[str, Say]:
    """Return the form of a question and what says its options: the first form that says all.

    Options that speak of the picture apart from the question ("the image does not feature it") are
    said alike in every form, and no form sees them.
    """
    language = language_of(question.text, question.options)
    options = tuple(o for o in question.options if o.strip() and not apart.said(o))
    asked = replace(question, options=options)
    if any(_is_wordless(option) for option in options):
        return FALLBACK, _fallback(asked, language)
    for form in _forms(language):
        say = form.read(asked)
        if say is not None and _says_all(say, options):
            return form.name, say
    return FALLBACK, _fallback(asked, language)


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


def _is_wordless(option: str) -> bool:
    """Whether an option has nothing that a sentence could be made of."""
    return not any(character.isalnum() for character in option)


def _forms(language: Language) -> tuple[QuestionForm, ...]:
    return {"en": english.FORMS, "zh": chinese.FORMS, "other": ()}[language]


def _fallback(question: Question, language: Language) -> Say:
    return chinese.fallback(question) if language == "zh" else english.fallback(question)
