"""Muon for the matrices, Adam for the rest, small and with everything of one shape done at once.

Muon (Jordan et al. 2024) replaces a matrix's averaged gradient by the nearest orthogonal matrix.
torch has one too; at this size its time goes into thousands of tiny products, so matrices of one
shape are stacked here.
"""

# torch and transformers leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# What torch's own optimisers are made of has no public name.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

from collections import defaultdict
from typing import Any

import torch
from torch import Tensor, nn

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalised(stack: Tensor, steps: int = 5, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """Return the nearest orthogonal matrices, approximately, by Newton-Schulz iteration.

    Args:
        stack: (matrices, rows, columns).
        steps: number of iterations.
        dtype: of the products; bfloat16 is exact enough, and slow where a processor lacks it.
    """
    a, b, c = _COEFFICIENTS
    tall = stack.shape[-2] > stack.shape[-1]
    x = stack.mT if tall else stack
    x = (x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)).to(dtype)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).to(stack.dtype)


class Muon(torch.optim.Optimizer):
    """Muon with the update scaled to the root mean square of Adam's (0.2 at every entry).

    Args:
        params: matrices only.
        lr: learning rate, as for Adam.
        momentum: of the averaged gradient, Nesterov's form.
        weight_decay: decoupled.
        dtype: of the orthogonalisation's products.
    """

    def __init__(
        self,
        params: list[nn.Parameter],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.bfloat16,
    ) -> None:
        """Keep the settings; state is made at the first step."""
        self._dtype = dtype
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Update every matrix that has a gradient."""
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if not weights:
                continue
            updates = self._updates(weights, group["momentum"])
            torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(weights, updates, alpha=-group["lr"])

    def _updates(self, weights: list[nn.Parameter], momentum: float) -> list[Tensor]:
        """Return what is subtracted from every matrix at a learning rate of 1."""
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        averages = [self._average(weight) for weight in weights]
        torch._foreach_lerp_(averages, gradients, 1 - momentum)
        ahead = torch._foreach_lerp(gradients, averages, momentum)
        alike: dict[torch.Size, list[int]] = defaultdict(list)
        for index, weight in enumerate(weights):
            alike[weight.shape].append(index)
        updates = list(ahead)
        for shape, members in alike.items():
            scaled = orthogonalised(torch.stack([ahead[i] for i in members]), dtype=self._dtype)
            scaled.mul_(0.2 * max(shape) ** 0.5)
            for index, update in zip(members, scaled.unbind(), strict=True):
                updates[index] = update
        return updates

    def _average(self, weight: nn.Parameter) -> Tensor:
        state = self.state[weight]
        if "average" not in state:
            state["average"] = torch.zeros_like(weight)
        return state["average"]


def split_parameters(
    named: list[tuple[str, nn.Parameter]],
) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Split into inner matrices (for Muon) and embeddings, biases, norms and patches (for Adam)."""
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, weight in named:
        inner = weight.ndim == 2 and "embed" not in name and "lm_head" not in name
        (matrices if inner else rest).append(weight)
    return matrices, rest
