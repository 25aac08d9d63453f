"""PAPO's loss on tensors: masked pictures, the divergence, and how tokens are averaged."""

# torch is typed in part, so what comes from it is of unknown type here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from unswayed.errors import ModelError
from unswayed.training.perception import Perception
from unswayed.training.recipe import TrainingRecipe

_EXPONENT = 20.0
"""Where the logarithm of the ratio is cut off, so that its exponential is finite; the authors'."""


class PerceptionLoss:
    """What PAPO adds to the loss of a forward pass, by a second one with masked pictures."""

    def __init__(self, settings: Perception, black: Sequence[float], by_tokens: bool) -> None:
        """Take the settings.

        Args:
            settings: weights and masks.
            black: the value of black in each channel.
            by_tokens: average over all tokens (`dapo`), not over completions (`grpo`).
        """
        self._settings, self._black, self._by_tokens = settings, black, by_tokens
        self._seen: tuple[Any, Any, Any] | None = None

    def saw(self, args: Sequence[Any], options: Mapping[str, Any], found: Any) -> None:
        """Keep a pass with the picture, if it has a gradient: what it was given, and returned."""
        self._seen = (args, options, found) if torch.is_grad_enabled() else None

    def added(
        self, again: Callable[..., Any], inputs: Mapping[str, Any], parts: int, share: float
    ) -> torch.Tensor:
        """Return what is added to the loss of the pass that was seen last.

        Args:
            again: takes that pass once more: log-probabilities, entropies, …
            inputs: of the pass, as TRL has them.
            parts: passes that an optimiser step is made of.
            share: of the tokens in `num_items_in_batch` that one process has in a step.
        """
        seen, self._seen = self._seen, None
        mask = inputs["completion_mask"]
        if seen is None or inputs.get("pixel_values") is None:
            return torch.zeros((), device=mask.device)
        args, options, found = seen
        rows = inputs.get("image_grid_thw") is not None
        hidden = masked_pixels(inputs["pixel_values"], self._black, self._settings, rows)
        with torch.set_grad_enabled(self._settings.masked_gradient):
            masked = again(*args, **{**options, "pixel_values": hidden})
        terms = perception_terms(found[:2], masked[:2], self._settings)
        if self._by_tokens:
            return averaged(terms, mask, inputs["num_items_in_batch"].clamp(min=1.0) * share)
        return averaged(terms, mask, None) / parts


def perception_of(recipe: TrainingRecipe, processor: Any) -> PerceptionLoss | None:
    """Return the recipe's loss on masked pictures; None if it has none.

    Args:
        recipe: what is trained.
        processor: of the policy; its picture processor says what black is.

    Raises:
        ModelError: it does not say that.
    """
    settings = recipe.perception
    if settings is None:
        return None
    pictures = getattr(processor, "image_processor", None)
    mean, deviation = (getattr(pictures, name, None) for name in ("image_mean", "image_std"))
    if not mean or not deviation:
        raise ModelError(
            f"expected a picture processor with image_mean and image_std for perception, found "
            f"{type(pictures).__name__}; take the table [perception] out"
        )
    black = [-a / b for a, b in zip(mean, deviation, strict=True)]
    return PerceptionLoss(settings, black, recipe.grpo.loss_type == "dapo")


def masked_pixels(
    pixels: torch.Tensor, black: Sequence[float], settings: Perception, rows: bool
) -> torch.Tensor:
    """Return pictures with each patch blackened by itself, with the probability `masked`.

    Args:
        pixels: as a model gets them: patches × (channels · values) with `rows`, each row being one
            patch (Qwen-VL); else … × channels × height × width.
        black: the value of black in each channel.
        settings: share and side of the patches.
        rows: whether each row is a patch.

    Raises:
        ModelError: they have another shape.
    """
    channels = torch.tensor(black, dtype=pixels.dtype, device=pixels.device)
    if rows and pixels.dim() == 2 and pixels.shape[1] % len(black) == 0:
        hidden = torch.rand(pixels.shape[0], 1, device=pixels.device) < settings.masked
        return torch.where(
            hidden, channels.repeat_interleave(pixels.shape[1] // len(black)), pixels
        )
    if rows or pixels.dim() < 4 or pixels.shape[-3] != len(black):
        raise ModelError(
            f"expected pictures as patches or as channels × height × width with {len(black)} "
            f"channels, found {tuple(pixels.shape)}; PAPO does not know how this model's are masked"
        )
    height, width = pixels.shape[-2:]
    side = settings.patch
    cells = (*pixels.shape[:-3], 1, -(-height // side), -(-width // side))
    hidden = torch.rand(cells, device=pixels.device) < settings.masked
    spread = hidden.repeat_interleave(side, -2).repeat_interleave(side, -1)
    return torch.where(spread[..., :height, :width], channels[:, None, None], pixels)


def divergence(seen: torch.Tensor, masked: torch.Tensor, ceiling: float) -> torch.Tensor:
    """Return KL[π ‖ π_masked] of each token: r − log r − 1 with r = π_masked / π, at most ceiling.

    Args:
        seen: log π of the tokens, with the picture.
        masked: the same with the masked picture.
        ceiling: largest value.
    """
    log_ratio = (masked - seen).clamp(-_EXPONENT, _EXPONENT)
    return (log_ratio.exp() - log_ratio - 1).clamp(max=ceiling)


def perception_terms(
    seen: tuple[torch.Tensor, torch.Tensor],
    masked: tuple[torch.Tensor, torch.Tensor],
    settings: Perception,
) -> torch.Tensor:
    """Return what each token adds to the loss.

    Args:
        seen: log π and entropies with the picture; completions × tokens each.
        masked: the same with the masked picture.
        settings: the weights.
    """
    terms = -settings.weight * divergence(seen[0], masked[0], settings.ceiling)
    if settings.entropy:
        terms = terms + settings.entropy * seen[1]
    if settings.masked_entropy:
        terms = terms + settings.masked_entropy * masked[1]
    return terms


def averaged(terms: torch.Tensor, mask: torch.Tensor, tokens: Any) -> torch.Tensor:
    """Return the mean over tokens and completions, or over all tokens.

    Args:
        terms: completions × tokens.
        mask: 1 for a token of the completion.
        tokens: how many tokens all terms are divided by (`dapo`); None for the mean over a
            completion's tokens and then over completions (`grpo`).
    """
    if tokens is not None:
        return (terms * mask).sum() / tokens
    return ((terms * mask).sum(-1) / mask.sum(-1).clamp(min=1.0)).mean()
