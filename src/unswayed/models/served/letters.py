"""The letter distribution of a served model: where to ask, for which tokens, and the result.

The answer is given as text, and a server's reply holds no more than a few probabilities. So a
second request of one token leaves the assistant's turn open where the answer letter stands and
asks for the letters alone. A tokenizer may write the letter after `<answer>` as `A`, ` A` or
together with the bracket as `>A`: the server's own `/tokenize` says which (PROTOCOL section 6).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from unswayed import answers
from unswayed.chat.records import TokenLogprob
from unswayed.models.letters import distribution, log_sum, spelled
from unswayed.types import Letter, LetterDistribution

_BLANKS = ("", " ", "\n")
_ENDS = ("", ".", ")", ":", ",", "<", "</")
MOST_IDS = 120
"""Token ids that are asked for at once; vLLM takes 128."""

Ids = Mapping[Letter, tuple[int, ...]]


class Tokenizer(Protocol):
    """What is asked of the server's tokenizer."""

    def tokens(self, text: str) -> tuple[int, ...]:
        """Return the ids of a text."""
        ...

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of ids."""
        ...


@dataclass(frozen=True)
class Spelling:
    """How an answer letter is written after a certain text.

    Attributes:
        cut: characters at the end of that text that belong to the letter's own token.
        lead: those characters without blanks, such as `>`.
        ids: letter → the tokens that spell it, with the lead where there is one.
        lead_id: the token that is the lead alone, where some letters are spelled in two.
        second: letter → the tokens that spell it after the lead; empty without `lead_id`.
    """

    cut: int
    lead: str
    ids: Ids
    lead_id: int | None
    second: Ids

    def asked(self) -> list[int]:
        """Return the ids to ask for at the first place."""
        lead = [] if self.lead_id is None else [self.lead_id]
        return [*lead, *_even(self.ids, MOST_IDS - len(lead))]

    def asked_second(self) -> list[int]:
        """Return the ids to ask for after the lead; empty if that is not needed."""
        return _even(self.second, MOST_IDS)


def tail_of(text: str) -> str:
    """Return the last `<answer>` of a text and what follows it; the last line without one."""
    starts = [match.start() for match in answers.ANSWER_TAG.finditer(text)]
    return text[starts[-1] :] if starts else text[text.rfind("\n") + 1 :]


def spelling(tail: str, letters: Iterable[Letter], tokenizer: Tokenizer) -> Spelling | None:
    """Work out how letters are written after `tail`.

    Args:
        tail: `<answer>` and what stands between it and the letter.
        letters: the letters, at least two.
        tokenizer: the server's.

    Returns:
        None where the tokenizer writes them in a way that is not understood; nothing is guessed.
    """
    encodings = {
        letter: tokenizer.tokens(f"{tail}{letter}{answers.CLOSE_ANSWER}") for letter in letters
    }
    shared = _shared([*encodings.values()])
    before = tokenizer.text(shared) if shared else ""
    if not tail.startswith(before) or any(len(ids) <= len(shared) for ids in encodings.values()):
        return None
    lead = tail[len(before) :]
    first = {letter: ids[len(shared)] for letter, ids in encodings.items()}
    texts = {
        letter: tokenizer.text([*shared, index])[len(before) :] for letter, index in first.items()
    }
    whole = {a for a, text in texts.items() if spelled(text) == (lead.strip(), a)}
    ids = {
        a: _spellings(a, lead.strip(), before, shared, tokenizer, first[a] if a in whole else None)
        for a in encodings
    }
    if len(whole) == len(encodings):
        return Spelling(len(lead), lead.strip(), ids, None, {})
    apart = {first[letter] for letter in encodings if letter not in whole}
    if len(apart) != 1 or any(texts[a] != lead for a in encodings if a not in whole):
        return None
    lead_id = apart.pop()
    start = (*shared, lead_id)
    after = before + lead
    second = {
        a: _spellings(
            a, "", after, start, tokenizer, encodings[a][len(start)] if a not in whole else None
        )
        for a in encodings
    }
    return Spelling(len(lead), lead.strip(), ids, lead_id, second)


def exact(
    spelt: Spelling,
    first: Mapping[int, float],
    second: Mapping[int, float] | None,
    *,
    forced: bool,
) -> LetterDistribution | None:
    """Return the distribution from the log-probabilities of the ids that were asked for.

    A letter that is spelled in two has the mass p(lead) · p(letter | lead), beside that of the
    tokens that hold both.
    """
    mass = {a: [first[i] for i in ids if i in first] for a, ids in spelt.ids.items()}
    if second is not None and spelt.lead_id is not None:
        lead = first[spelt.lead_id]
        for letter, ids in spelt.second.items():
            mass[letter] += [lead + second[index] for index in ids if index in second]
    logs = {letter: log_sum(values) for letter, values in mass.items()}
    return distribution(logs, forced=forced, method="token-logprobs")


def from_top(
    letters: Iterable[Letter], lead: str, top: Mapping[str, float], most: int, *, forced: bool
) -> LetterDistribution | None:
    """Return the distribution from the most probable tokens at the letter's place.

    A letter that is not among them has at most the probability of the last of them, and at most
    what they leave over: that bound is its mass, and the letter is named in `bounded`.

    Args:
        letters: the letters.
        lead: what the letter's token begins with, without blanks.
        top: text of a token → log-probability; the sampled token may be one more.
        most: number of the most probable tokens that were asked for.
        forced: the place was forced open.
    """
    logprobs: dict[Letter, list[float]] = {letter: [] for letter in letters}
    for text, value in top.items():
        kind = spelled(text)
        if kind and kind[0] == lead and kind[1] in logprobs:
            logprobs[kind[1]].append(value)
    if not any(logprobs.values()):
        return None
    last = sorted(top.values(), reverse=True)[:most][-1]
    left = 1.0 - math.fsum(math.exp(value) for value in top.values())
    bound = min(last, math.log(left)) if left > 0 else last
    missing = tuple(letter for letter, values in logprobs.items() if not values)
    mass = {letter: log_sum(values) if values else bound for letter, values in logprobs.items()}
    return distribution(mass, forced=forced, method="top-logprobs", bounded=missing)


def at_letter(
    tokens: Sequence[TokenLogprob], text: str, at: int
) -> tuple[str, Mapping[str, float]] | None:
    """Find the token of a reply that holds the character `at` of its text, from the end.

    Characters far before the answer may be spread over several tokens, which then read as none; a
    closing end token is in no text.

    Returns:
        The non-blank characters of that token before `at`, and the alternatives at its place; None
        where the tokens do not make up the text.
    """
    end = len(text)
    for token in reversed(tokens):
        start = end - len(token.token)
        if start < 0 or text[start:end] != token.token:
            if end == len(text):
                continue
            return None
        if start <= at < end:
            return text[start:at].strip(), {**token.top, token.token: token.logprob}
        end = start
    return None


def from_samples(
    options: Mapping[Letter, str],
    outputs: Iterable[str],
    style: answers.StyleName = "tags",
    given: int = 0,
) -> LetterDistribution | None:
    """Return the shares of the letters among several outputs; None if none could be read.

    Args:
        options: shown letter → text.
        outputs: prefill + continuation of each.
        style: where answers stand in them.
        given: length of the prefill.
    """
    readings = [answers.parse_output(o, options, style=style, given=given) for o in outputs]
    answer_letters = [reading.letter for reading in readings]
    counts = Counter(letter for letter in answer_letters if letter is not None)
    total = counts.total()
    if total == 0:
        return None
    shares = {letter: counts[letter] / total for letter in options}
    return LetterDistribution(probabilities=shares, other_mass=None, method="samples")


def _spellings(
    letter: Letter,
    lead: str,
    before: str,
    shared: Sequence[int],
    tokenizer: Tokenizer,
    own: int | None,
) -> tuple[int, ...]:
    """Return the single tokens that spell a letter after `before`: alone, or with blanks or marks.

    A candidate counts if the tokenizer writes it behind `before` as one token more. Where it would
    join the two (`>` and `A` as `>A`), the candidate counts that is one token by itself: the model
    may write what the tokenizer would not.
    """
    token_ids = [] if own is None else [own]
    for text in _candidates(letter, lead):
        ids = tokenizer.tokens(before + text)
        if ids[:-1] != tuple(shared):
            alone = tokenizer.tokens(text)
            ids = alone if len(alone) == 1 and tokenizer.text(alone) == text else ()
        if ids and ids[-1] not in token_ids:
            token_ids.append(ids[-1])
    return tuple(token_ids)


def _candidates(letter: Letter, lead: str) -> Iterator[str]:
    inner = _BLANKS if lead else ("",)
    for blank in _BLANKS:
        for between in inner:
            for end in _ENDS:
                yield f"{blank}{lead}{between}{letter}{end}"


def _shared(rows: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Return the ids that all rows begin with."""
    shared: list[int] = []
    for column in zip(*rows, strict=False):
        if len({*column}) > 1:
            break
        shared.append(column[0])
    return tuple(shared)


def _even(ids: Ids, most: int) -> list[int]:
    """Return at most so many ids, the first ones of every letter before the second ones."""
    ranked = sorted((place, index) for row in ids.values() for place, index in enumerate(row))
    return [index for _, index in ranked[:most]]
