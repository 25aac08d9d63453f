"""Advantages of GRPO in verl, where some rewards of a group are not known.

verl's own estimator has no word for a reward that is not known: a NaN would spread over its group,
and a 0 would be a verdict that nobody gave. Here, as in the other engine, such a completion is left
out of its group's mean and deviation, and its advantage is 0, so that it moves no weight. Where all
rewards are known, the numbers are those of verl's `compute_grpo_outcome_advantage`, but for the
constant under the fraction, which is that of the other engine.
"""

# torch is typed in part, so what comes from it is of unknown type here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch

from unswayed.training.advantage import EPSILON
from unswayed.training.verl.failures import RecordedFailures


class Estimator:
    """GRPO's advantages as verl asks for them."""

    def __init__(self, failures: RecordedFailures, alone: bool = False) -> None:
        """Take what counts the judge's failures.

        Args:
            failures: told of each step; it stops a training whose rewards are not known any more.
            alone: leave a completion out of its own baseline (RLOO).
        """
        self._failures, self._alone = failures, alone

    def __call__(
        self,
        token_level_rewards: torch.Tensor,
        response_mask: torch.Tensor,
        index: Sequence[Any],
        config: Any = None,
        **_: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return advantages and returns, which are the same here.

        Args:
            token_level_rewards: (completions, tokens); the reward is their sum, NaN if unknown.
            response_mask: (completions, tokens); 1 for a token of the completion.
            index: the prompt of each completion.
            config: verl's `algorithm` table; `norm_adv_by_std_in_grpo` is read.

        Returns:
            Twice (completions, tokens).

        Raises:
            StageError: too many rewards of the last steps are not known (see `failures`).
        """
        scores = token_level_rewards.sum(dim=-1)
        self._failures.count(len(scores))
        scaled = True if config is None else bool(config.get("norm_adv_by_std_in_grpo", True))
        estimates = advantages(scores, index, scaled, self._alone).unsqueeze(-1) * response_mask
        return estimates, estimates


def advantages(
    scores: torch.Tensor, index: Sequence[Any], scaled: bool, alone: bool = False
) -> torch.Tensor:
    """Return the advantage of each completion over its group.

    Args:
        scores: (completions,), NaN or infinite where the reward is not known.
        index: the group of each.
        scaled: divide by the group's standard deviation.
        alone: leave a completion out of its own baseline.

    Returns:
        (completions,): 0 for a completion without a reward. One that is alone in its group keeps
        its reward, as in verl; one whose whole group but itself is unknown has nothing to be
        compared with, and gets 0.
    """
    groups: dict[Any, list[int]] = defaultdict(list)
    for at, group in enumerate(index):
        groups[group].append(at)
    estimates = torch.zeros_like(scores)
    for places in groups.values():
        known = [at for at in places if bool(scores[at].isfinite())]
        if len(known) == 1 and len(places) == 1:
            estimates[known] = scores[known] / (1 + EPSILON) if scaled else scores[known]
        elif len(known) > 1:
            group = scores[known]
            centred = (group - group.mean()) * (len(known) / (len(known) - 1) if alone else 1.0)
            estimates[known] = centred / (group.std() + EPSILON) if scaled else centred
    return estimates
