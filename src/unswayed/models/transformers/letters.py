"""Reads the letter distribution of generated rows: one more forward pass, exact.

The pass goes over the very tokens that were generated, up to the answer letter. It needs no logits
kept during generation and works for every architecture.
"""

# torch and transformers are typed in part, so what comes from them is of unknown type here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from unswayed.models import Decoding, Request
from unswayed.models.letters import LetterTokens, distribution, locate, log_sum
from unswayed.types import LetterDistribution

_FOLLOWING = ("cross_attention_mask",)
"""Tensors (batch, tokens, …) in which a written token sees what the prompt's last one sees."""


@dataclass(frozen=True)
class Output:
    """What a row wrote: its ids up to the end token, their text, and how it ended.

    `head` is a thought's opening tag that the chat template wrote in the model's place: it belongs
    to the text that counts, and is in no generated token.
    """

    tokens: list[int]
    head: str
    text: str
    status: str
    count: int


@dataclass(frozen=True)
class LetterPlace:
    """Where a row's answer letter is read: after `tokens`, after the characters `lead`."""

    tokens: list[int]
    lead: str
    forced: bool


class LetterReader:
    """Reads letters with a loaded model."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        """Find out which tokens spell a letter."""
        self._model, self._tokenizer = model, tokenizer
        self._letters = LetterTokens(_token_texts(tokenizer))

    def place(self, request: Request, row: Output, decoding: Decoding) -> LetterPlace | None:
        """Find where the row's answer letter is to be read; None if it has no answer."""
        before = request.prefill + row.head
        reading = request.parse(before + row.text)
        if not request.options:
            return None
        if reading.answer_at is not None:
            at = reading.answer_at - len(before)
            if at < 0 or not row.tokens:
                return None
            index, lead = locate(self._tokenizer, row.tokens, row.text, at)
            return LetterPlace(row.tokens[:index], lead, forced=False)
        if not decoding.force_answer:
            return None
        opening = request.style.forced_opening(reading.think, reading.problem)
        added = self._tokenizer.encode(opening, add_special_tokens=False)
        return LetterPlace([*row.tokens, *added], "", forced=True)

    def distributions(
        self,
        inputs: dict[str, torch.Tensor],
        requests: Sequence[Request],
        spots: Sequence[LetterPlace | None],
    ) -> list[LetterDistribution | None]:
        """Return the letter distribution at each row's place; None where there is no place.

        Args:
            inputs: the processor's tensors of the batch, left-padded.
            requests: the prompts.
            spots: where each row's letter is read.
        """
        if not any(spots):
            return [None] * len(requests)
        tails = [spot.tokens if spot else [] for spot in spots]
        first = self.next_log_probs(inputs, tails)
        needs_two = [
            spot is not None and not self._letters.spells_all(spot.lead, request.options)
            for request, spot in zip(requests, spots, strict=True)
        ]
        second = first
        if any(needs_two):
            tails = [
                [*tail, *self._leading(first[i], spots[i])] if needs_two[i] else tail
                for i, tail in enumerate(tails)
            ]
            second = self.next_log_probs(inputs, tails)
        return [
            self.distribution(request, spot, first[i], second[i] if needs_two[i] else None)
            for i, (request, spot) in enumerate(zip(requests, spots, strict=True))
        ]

    def _leading(self, log_probs: torch.Tensor, spot: LetterPlace | None) -> list[int]:
        """Return the likeliest token that is the lead alone, as a list of at most one."""
        ids = self._letters.leads(spot.lead) if spot else []
        return [max(ids, key=lambda index: float(log_probs[index]))] if ids else []

    def distribution(
        self,
        request: Request,
        spot: LetterPlace | None,
        first: torch.Tensor,
        second: torch.Tensor | None,
    ) -> LetterDistribution | None:
        """Sum the probability of every spelling of each letter.

        Where the token before the letter's also holds the lead (`>A`) and some letter has no such
        token, that letter is spelled in two: its mass is p(lead) · p(letter | lead).
        """
        if spot is None:
            return None
        lead_ids = self._leading(first, spot)
        mass: dict[str, float] = {}
        for letter in request.options:
            parts = [float(first[index]) for index in self._letters.ids(spot.lead, letter)]
            if second is not None and lead_ids:
                lead = float(first[lead_ids[0]])
                parts += [lead + float(second[i]) for i in self._letters.ids("", letter)]
            mass[letter] = log_sum(parts)
        return distribution(mass, forced=spot.forced)

    def next_log_probs(
        self, inputs: dict[str, torch.Tensor], tails: Sequence[list[int]]
    ) -> torch.Tensor:
        """Return log-softmax over the vocabulary after prompt + tail, shape (batch, vocabulary).

        The tails differ in length, so each row is padded anew on the left: the position that is
        read is the last one of every row.
        """
        width = max(len(tail) for tail in tails)
        extended = dict(inputs)
        shape = inputs["input_ids"].shape
        for name, value in inputs.items():
            if value.shape == shape or (name in _FOLLOWING and value.shape[:2] == shape):
                extended[name] = self.extend(name, value, tails, width)
        logits = self._model(**extended, use_cache=False, logits_to_keep=1).logits
        return logits[:, -1].float().log_softmax(-1).cpu()

    def extend(
        self, name: str, value: torch.Tensor, tails: Sequence[list[int]], width: int
    ) -> torch.Tensor:
        """Append the tails to a per-token tensor and move the padding to the left of each row."""
        fill = {"input_ids": self._tokenizer.pad_token_id or 0}.get(name, 0)
        rows: list[torch.Tensor] = []
        for row, tail in zip(value, tails, strict=True):
            if name == "input_ids":
                added = row.new_tensor(tail)
            elif name in _FOLLOWING:
                added = row[-1:].expand(len(tail), *row.shape[1:])
            else:  # the mask is on for the tail; token types are 0 for text
                added = row.new_full((len(tail),), int(name == "attention_mask"))
            padding = row.new_full((width - len(tail), *row.shape[1:]), fill)
            rows.append(torch.cat([padding, row, added]))
        return torch.stack(rows)


def _token_texts(tokenizer: Any) -> list[str]:
    """Return the text of every id; control tokens spell nothing."""
    special = set(tokenizer.all_special_ids)
    texts: list[str] = tokenizer.batch_decode([[index] for index in range(len(tokenizer))])
    return ["" if index in special else text for index, text in enumerate(texts)]
