"""The reference of GRPO-CARE: a copy of the policy that follows it slowly and reads its answers.

How likely is the answer that a completion gives, to a model that has the picture, the prompt and
the thought before it? `likelihood` says what that is used for, and from which paper it is.
"""

# torch and transformers are typed in part, so what comes from them is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from unswayed.training.reward.likelihood import LikelihoodConsistency

FOLDER = "reference"
"""Folder of a checkpoint with the reference's weights."""

Decode = Callable[[list[int]], str]


@dataclass(frozen=True)
class ReferenceCase:
    """One completion, as the reference reads it.

    Attributes:
        prompt: the prompt as text, rendered.
        images: its pictures.
        ids: the completion's tokens.
        answer: first token of the answer and the one behind its last; None without an answer.
    """

    prompt: str
    images: Sequence[Any]
    ids: Sequence[int]
    answer: tuple[int, int] | None


class Reference:
    """A copy of the policy.

    Attributes:
        model: the copy; it is never trained.
        settings: how it follows the policy.
    """

    def __init__(self, model: Any, processor: Any, settings: LikelihoodConsistency) -> None:
        """Take a model that nothing else uses.

        Args:
            model: the weights to begin with: the first checkpoint's, or what `save` wrote.
            processor: of the policy, which pads prompts on the left.
            settings: how the copy follows the policy.
        """
        self.model = model.eval().requires_grad_(False)
        self.settings, self._processor = settings, processor

    @torch.no_grad()
    def follow(self, policy: Mapping[str, Any]) -> None:
        """Move towards the policy: decay · own weights + (1 - decay) · the policy's.

        Args:
            policy: its weights by name.
        """
        decay = self.settings.ema_decay
        for name, own in self.model.named_parameters():  # tied weights once, unlike a state_dict
            own.mul_(decay).add_(policy[name].to(own.device, own.dtype), alpha=1 - decay)

    def log_likelihoods(self, written: Sequence[ReferenceCase], size: int) -> list[float | None]:
        """Return the mean log-likelihood of each answer's tokens; None without an answer.

        Args:
            written: the completions.
            size: completions per forward pass.
        """
        likelihoods: list[float | None] = [None] * len(written)
        indices = [at for at, one in enumerate(written) if one.answer is not None]
        for places in (indices[at : at + size] for at in range(0, len(indices), size)):
            rows = self._log_probabilities([written[at] for at in places])
            for at, row in zip(places, rows, strict=True):
                first, behind = written[at].answer or (0, 0)
                likelihoods[at] = min(float(row[first:behind].mean()), 0.0)
        return likelihoods

    @torch.no_grad()
    def _log_probabilities(self, cases: Sequence[ReferenceCase]) -> torch.Tensor:
        """Return log p of each completion's tokens, as completions × tokens."""
        pictures = [list(one.images) for one in cases]
        shown = {"images": pictures} if any(pictures) else {}
        texts = [one.prompt for one in cases]
        inputs = self._processor(text=texts, padding=True, return_tensors="pt", **shown)
        inputs = {name: value.to(self.model.device) for name, value in inputs.items()}
        longest = max(len(one.ids) for one in cases)
        ids = torch.zeros((len(cases), longest), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, one in enumerate(cases):
            ids[row, : len(one.ids)] = torch.tensor(one.ids)
            mask[row, : len(one.ids)] = 1
        ids, mask = ids.to(self.model.device), mask.to(self.model.device)
        behind = {"input_ids": ids, "attention_mask": mask}
        for name in ("token_type_ids", "mm_token_type_ids"):
            if name in inputs:
                behind[name] = torch.zeros_like(ids)
        inputs |= {name: torch.cat([inputs[name], more], dim=1) for name, more in behind.items()}
        logits = self.model(**inputs, logits_to_keep=longest + 1).logits[:, :-1]
        return logits.float().log_softmax(-1).gather(-1, ids.unsqueeze(-1)).squeeze(-1)

    def save(self, checkpoint: Path) -> None:
        """Write the weights into a checkpoint."""
        self.model.save_pretrained(str(checkpoint / FOLDER))


def tokens_of(
    span: tuple[int, int] | None, ids: Sequence[int], decode: Decode
) -> tuple[int, int] | None:
    """Return which tokens a span of text lies in: the first, and the one behind the last.

    Args:
        span: characters of the completion's text, start and end; None for none.
        ids: the completion's tokens.
        decode: turns tokens into text.

    Returns:
        The two places; None without a span, or where the text begins before the tokens.
    """
    if span is None or span[0] < 0:
        return None

    def length(count: int) -> int:
        return len(decode(list(ids[:count])))

    counts = range(len(ids) + 1)
    return bisect_right(counts, span[0], key=length) - 1, bisect_left(counts, span[1], key=length)
