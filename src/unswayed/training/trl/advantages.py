"""Advantages that TRL has no word for: worked out from what a step's completions earned.

TRL hands its subclasses one tensor of advantages. These replace it, in the same order, on every
process from the gathered figures of all.
"""

# torch and accelerate are typed in part, so what comes from them is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from accelerate.utils import gather_object

from unswayed.training.advantage import advantages
from unswayed.training.recipe import TrainingRecipe


class StepAdvantages:
    """The advantages of one step after the other, as a recipe's `[advantage]` says."""

    def __init__(self, recipe: TrainingRecipe) -> None:
        """Take the recipe."""
        self._settings, self._grpo = recipe.advantage, recipe.grpo
        self._rewards: list[float | None] = []
        self._support: list[float | None] = []
        self._multiplier = 0.0

    def take(self, rewards: Any, support: Sequence[float | None], multiplier: float) -> None:
        """Take what the completions earned.

        Args:
            rewards: of the completions of all processes, NaN where not known; completions × 1.
            support: how far the thoughts of this process's say their answers.
            multiplier: of the constraint, before this step changes it.
        """
        self._rewards = [None if math.isnan(one) else one for one in rewards[:, 0].tolist()]
        self._support = gather_object(list(support)) or [None] * len(self._rewards)
        self._multiplier = multiplier

    def all(self) -> list[float]:
        """Return the advantages of the completions of all processes."""
        return advantages(
            self._rewards,
            self._support,
            self._grpo.group_size,
            self._settings,
            self._grpo.scale_rewards,
            self._multiplier,
        )

    def figures(self) -> dict[str, float]:
        """Return what the log says of the step."""
        if self._settings.constraint is None:
            return {}
        return {"constraint/multiplier": self._multiplier}

    def own(self, theirs: Any, process: int) -> Any:
        """Return those of one process in the place of TRL's.

        Args:
            theirs: TRL's of that process; completions.
            process: its index.
        """
        begin = process * len(theirs)
        mine = self.all()[begin : begin + len(theirs)]
        return torch.tensor(mine, dtype=theirs.dtype, device=theirs.device)
