"""Which tokens spell an answer letter, and the letter distribution from their probabilities.

A tokenizer may spell the letter after `<answer>` as `A`, ` A` or together with the bracket as
`>A`; which tokens do so is read off the vocabulary, not assumed (PROTOCOL section 6). Numbers
only: nothing here knows torch.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from unswayed.types import Letter, LetterDistribution, LetterMethod

_SPELLING = re.compile(r"\s*(?P<lead>[^\w\s]{0,4})\s*(?P<letter>[A-Z])(?:[^\w].*)?", re.DOTALL)


class Decoder(Protocol):
    """What is needed of a tokenizer."""

    def __len__(self) -> int:
        """Return the size of the vocabulary."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids."""
        ...


class LetterTokens:
    """The tokens that spell each letter, by the non-blank characters they begin with.

    A token spells a letter if its text is: blanks, a *lead* (characters such as `>` or `(` that
    belong to what comes before the letter), blanks, the letter, and then nothing or something that
    is no part of a word.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        """Read the table off the texts of all token ids, in the order of the ids."""
        self._ids: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._leads: dict[str, list[int]] = defaultdict(list)
        for index, text in enumerate(texts):
            match = _SPELLING.fullmatch(text)
            if match:
                self._ids[match["lead"], match["letter"]].append(index)
            elif 0 < len(text) <= 8:
                self._leads[text.strip()].append(index)

    def ids(self, lead: str, letter: str) -> list[int]:
        """Return the ids that spell a letter after what they begin with; may be empty."""
        return self._ids.get((lead, letter), [])

    def leads(self, lead: str) -> list[int]:
        """Return the ids whose text is the lead alone."""
        return self._leads.get(lead, []) if lead else []

    def spells_all(self, lead: str, letters: Iterable[str]) -> bool:
        """Say whether every letter can be spelled by one token with this lead."""
        return all(self.ids(lead, letter) for letter in letters)


def locate(decode: Decoder, tokens: Sequence[int], text: str, at: int) -> tuple[int, str]:
    """Find the token in which the character `at` of the decoded text stands.

    Args:
        decode: the tokenizer.
        tokens: ids of the whole continuation.
        text: their text.
        at: index into `text`.

    Returns:
        The token's index, and the non-blank characters of the token before `at`.
    """
    low, high = 0, max(len(tokens) - 1, 0)
    while low < high:
        middle = (low + high) // 2
        if len(decode.decode(tokens[: middle + 1])) > at:
            high = middle
        else:
            low = middle + 1
    before = len(decode.decode(tokens[:low]))
    return low, text[before:at].strip()


def spelled(text: str) -> tuple[str, str] | None:
    """Return the lead and the letter that a token's text spells; None if it spells no letter."""
    match = _SPELLING.fullmatch(text)
    return (match["lead"], match["letter"]) if match else None


def log_sum(values: Sequence[float]) -> float:
    """Return ln Σ exp(v); −∞ for no values."""
    top = max(values, default=-math.inf)
    if top == -math.inf:
        return -math.inf
    return top + math.log(math.fsum(math.exp(value - top) for value in values))


def distribution(
    log_mass: Mapping[str, float],
    *,
    forced: bool = False,
    method: LetterMethod = "logits",
    bounded: tuple[Letter, ...] = (),
) -> LetterDistribution | None:
    """Renormalise the letters' log-masses: p_i = m_i / Σ m, other_mass = 1 − Σ m.

    Args:
        log_mass: shown letter → natural logarithm of its probability under the full softmax.
        forced: whether the position was forced open.
        method: how the masses were measured.
        bounded: letters whose mass is only an upper bound.

    Returns:
        The distribution, or None where no letter has any mass that floats can hold.
    """
    top = max(log_mass.values(), default=-math.inf)
    if top == -math.inf or math.isnan(top):
        return None
    scaled = {letter: math.exp(value - top) for letter, value in log_mass.items()}
    total = math.fsum(scaled.values())
    letters_mass = min(math.exp(top) * total, 1.0)
    return LetterDistribution(
        probabilities={letter: value / total for letter, value in scaled.items()},
        other_mass=1.0 - letters_mass,
        method=method,
        forced=forced,
        bounded=bounded,
    )
