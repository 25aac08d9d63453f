"""Samples each row of a batch with randomness of its own, so that no text depends on the batch.

A token is drawn as the largest of its log-probabilities plus Gumbel noise (the Gumbel-max trick;
Maddison, Tarlow and Minka, *A* Sampling*, NeurIPS 2014), which follows the softmax exactly. Each
row's noise comes from a generator seeded by the run's seed, the prompt's id and the draw. Logits
differ in their last digits between batch shapes; where two distributions differ by a total
variation of δ, the same noise gives two tokens with a probability of at most 2δ / (1 + δ) (Daliri,
Musco and Suresh, *Coupling without Communication and Drafter-Invariant Speculative Decoding*, 2024,
arXiv 2408.07978), which holds for no inversion of the cumulative sum.
"""

# torch and transformers are typed in part, so what comes from them is of unknown type here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

from unswayed.models import Decoding, Request
from unswayed.models.seeds import seed_of


class GumbelNoise(LogitsProcessor):
    """Adds each row's own Gumbel noise to its logits."""

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        """Seed the rows.

        Args:
            seeds: one a row of the batch.
            device: where the logits are; the noise of a seed is that of the kind of device.
        """
        self._rows = [torch.Generator(device).manual_seed(seed) for seed in seeds]
        # Single precision has 0 once in 2²⁴ draws, and an infinite noise is any token's chance.
        self._dtype = torch.float32 if device.type == "mps" else torch.float64

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Return (rows, vocabulary) scores of which the largest is the token that is drawn."""
        size, device = scores.shape[-1], scores.device
        uniform = torch.stack(
            [torch.rand(size, generator=g, dtype=self._dtype, device=device) for g in self._rows]
        ).clamp_min_(torch.finfo(self._dtype).tiny)
        noisy = scores.to(self._dtype) - uniform.log_().neg_().log_()
        return noisy  # type: ignore[return-value]


def sampling(
    decoding: Decoding, requests: Sequence[Request], device: torch.device
) -> LogitsProcessorList:
    """Return the processors behind which the likeliest token is the one to take; none if greedy.

    Args:
        decoding: temperature, nucleus and seed.
        requests: the rows of the batch.
        device: where the logits are.
    """
    if decoding.temperature == 0:
        return LogitsProcessorList()
    processors = LogitsProcessorList([TemperatureLogitsWarper(decoding.temperature)])
    if decoding.top_p < 1:
        processors.append(TopPLogitsWarper(decoding.top_p))
    seeds = [seed_of(decoding.seed, request) for request in requests]
    processors.append(GumbelNoise(seeds, device))
    return processors
