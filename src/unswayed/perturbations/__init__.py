"""Perturbations: from a sample to its variants (PROTOCOL section 3).

A variant's name is one *text* perturbation (`base`, `wrong-think`, …), preceded by any of the
*option* perturbations (`abstain`, `shuffle`), joined by `+`: `abstain+wrong-think`. Options change
first, so that injected text speaks of the options that are shown. One file per family: `options`,
`think`, `caption`; `composition` joins them, `foils` draws the foil, and `texts` is where injected
texts come from.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from unswayed.answers.blocks import MARK
from unswayed.errors import DataError
from unswayed.types import TextOrigin, Variant

Part = Literal["think", "caption"]
Stance = Literal["gold", "foil", "neutral"]


@dataclass(frozen=True)
class InjectedText:
    """A text to inject, with what is known of it; recorded in the variant.

    Attributes:
        text: the text, without tags or suffix.
        form: form of the question that its statement was made by; empty if it was made otherwise.
        fallback: whether the question's form was not recognised.
        wordings: the set of wordings; empty if it was made otherwise.
        names_letter: whether it names the letter of the option that it asserts.
        language: the question's: `en`, `zh` or `other`; empty if not looked at.
    """

    text: str
    form: str = ""
    fallback: bool = False
    wordings: str = ""
    names_letter: bool = False
    language: str = ""

    def notes(self) -> dict[str, Any]:
        """Return what is known of the text, by the fields of `Variant`."""
        known = ("form", "fallback", "wordings", "names_letter", "language")
        return {name: getattr(self, name) for name in known}


class TextSource(Protocol):
    """Where the injected sentences come from."""

    @property
    def name(self) -> TextOrigin:
        """Say which source it is; recorded in every variant (`Variant.text_source`)."""
        ...

    def text(self, part: Part, stance: Stance, variant: Variant) -> str | InjectedText:
        """Return the text that asserts the gold, the foil or nothing, without tags or suffix.

        Raises:
            DataError: there is no such text for this sample.
        """
        ...


@dataclass(frozen=True)
class Context:
    """What a perturbation may use: the texts, how a thought is delivered, and the seed."""

    texts: TextSource
    delivery: Literal["prefill", "user-turn"] = "prefill"
    seed: int = 0

    def text(self, part: Part, stance: Stance, variant: Variant) -> InjectedText:
        """Return the source's text, which must be one: a source may be anybody's.

        Raises:
            DataError: the source has no text for the sample, or no text that can be injected: a
                tag would close the thought, or open an answer, and count as the model's own.
        """
        found: Any = self.texts.text(part, stance, variant)
        noted = found if isinstance(found, InjectedText) else InjectedText(found)
        text: Any = noted.text
        whose = f"the {part} of {variant.sample.id} from the text source {self.texts.name!r}"
        if not isinstance(text, str) or not text.strip():
            raise DataError(f"expected {whose} to be a text with words in it, found {text!r:.80}")
        if part == "think" and (tag := MARK.search(text)):
            raise DataError(
                f"{whose} holds {tag[0]}, so it would not stay open; use another text source, or "
                "another text in its file"
            )
        return noted


class Perturbation(Protocol):
    """One change to a variant in the making."""

    summary: str
    """One line for `unswayed list variants`."""

    changes: Literal["options", "text"]

    def apply(self, variant: Variant, context: Context) -> Variant:
        """Return the variant with this change made."""
        ...


def asserted(variant: Variant, stance: Stance) -> str | None:
    """Return what a text of this stance asserts; None for a neutral one.

    That is a shown letter, or the value itself for an open question.

    Raises:
        DataError: the sample has no such option or value.
    """
    if stance == "neutral":
        return None
    letter = variant.foil if stance == "foil" else variant.answer
    if variant.sample.answer_kind != "choice":
        if letter is None:
            raise DataError(f"{variant.sample.id} has no wrong value that a text could assert")
        return letter
    if letter is None or letter not in variant.options:
        kind = "wrong" if stance == "foil" else "right"
        raise DataError(f"{variant.sample.id} has no {kind} option that a text could assert")
    return letter


def seeded(seed: int, *names: str) -> random.Random:
    """Return a generator that depends on the seed and the names, and on nothing else.

    Python's own `hash` differs between processes, so the names go through SHA-256.
    """
    digest = hashlib.sha256("\x1f".join([str(seed), *names]).encode("utf-8", "surrogatepass"))
    return random.Random(digest.digest())
