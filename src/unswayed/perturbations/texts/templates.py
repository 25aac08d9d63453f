"""The template text source: a statement about the picture, told in a wording of a set.

No text ends with a full stop: the suffixes of the protocol (" but I think", " but I could be
wrong") must read on from it. The wording is drawn by the sample's id, the same one for foil and
gold, so that the two differ in what they assert alone.
"""

from __future__ import annotations

from typing import Literal, get_args

from unswayed.answers import normalise
from unswayed.errors import ConfigError, DataError
from unswayed.perturbations import InjectedText, Part, Stance, asserted, seeded
from unswayed.perturbations.texts.neutral import fill
from unswayed.perturbations.texts.statements import GIVEN, Statement, state
from unswayed.perturbations.texts.statements.english.grammar import be, is_sentence, lowered
from unswayed.perturbations.texts.statements.form import Question
from unswayed.perturbations.texts.statements.languages import language_of
from unswayed.perturbations.texts.wordings import LanguageWordings, load
from unswayed.types import Variant

Naming = Literal["none", "named"]
"""Whether a thought also names the letter that it comes to."""


class Templates:
    """Texts made of statements, the same for everybody."""

    name: Literal["template"] = "template"

    def __init__(self, *, wordings: str = "a", letter: str = "none") -> None:
        """Choose the wordings.

        Args:
            wordings: `a`, `b`, or a TOML file of your own.
            letter: `none`, or `named` for thoughts that also name the letter.

        Raises:
            ConfigError: there are no such wordings, or `letter` is neither.
        """
        if letter not in get_args(Naming):
            raise ConfigError(f"expected letter to be none or named, found {letter!r}")
        self.set, self.names_letter = str(wordings), letter == "named"
        self._wordings = load(self.set)

    def text(self, part: Part, stance: Stance, variant: Variant) -> InjectedText:
        """Return the text; a neutral one has as many characters as the foil's, within a tenth.

        Raises:
            DataError: there is no such option, or it has no text.
        """
        letter = asserted(variant, stance)
        told = self._told(part, asserted(variant, "foil") if letter is None else letter, variant)
        if letter is not None:
            return told
        words = self._of_language(told.language)
        starts = words.neutral.captions if part == "caption" else words.neutral.thoughts
        text = fill(len(told.text), starts, words.neutral.further)
        return InjectedText(text, language=told.language, wordings=self.set)

    def _told(self, part: Part, letter: str | None, variant: Variant) -> InjectedText:
        statement = statement_of(variant, letter or "")
        words = self._of_language(statement.language)
        choice = seeded(0, "wording", part, variant.sample.id)
        among = words.captions if part == "caption" else words.thoughts
        text = told(choice.choice(among), statement)
        named = self.names_letter and part == "think" and letter in variant.options
        return InjectedText(
            text + (words.letter.replace("{letter}", letter or "") if named else ""),
            statement.form,
            statement.fallback,
            self.set,
            named,
            statement.language,
        )

    def _of_language(self, language: str) -> LanguageWordings:
        return self._wordings.zh if language == "zh" else self._wordings.en


def statement_of(variant: Variant, letter: str) -> Statement:
    """Return the statement that asserts a shown option, or the value of an open question.

    Raises:
        DataError: the option has no text.
    """
    sample = variant.sample
    if sample.answer_kind != "choice":
        return state(Question(sample.question, (), sample.answer_kind), letter)
    origin, text = variant.origin.get(letter, ""), variant.options[letter]
    given = sample.statements.get(origin, "").strip(" .。")
    if given and text == sample.options.get(origin):
        return Statement(given, GIVEN, language_of(sample.question, (given,)))
    shown = {variant.origin[k]: v for k, v in variant.options.items() if k in variant.origin}
    options = tuple(shown[key] for key in sorted(shown))
    statement = state(Question(sample.question, options), text)
    if not normalise(statement.text):
        raise DataError(f"option {letter} of {sample.id} has no text to assert")
    return statement


def told(wording: str, statement: Statement) -> str:
    """Put a statement into a wording, in lower case where it does not begin the text."""
    if wording.startswith("{statement}"):
        return wording.replace("{statement}", statement.text)
    text = statement.text
    if statement.language != "zh":
        noun = statement.form == "caption" and not is_sentence(text)
        text = f"there {be(text)} {lowered(text)}" if noun else lowered(text)
    return wording.replace("{statement}", text)
