"""The reward as TRL calls it: one asynchronous function, and what the log says of it.

It is ONE function, because TRL sums the values of several, and a product with the consistency is no
sum. A reward that is not known is None, which TRL leaves out of the group's mean and deviation.
"""

# accelerate comes without types, so what comes from it is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from accelerate import PartialState
from accelerate.utils import gather_object

from unswayed.errors import ConfigError, StageError
from unswayed.training.folder import SCORER, Checkpoint
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.reward.parts import mean_parts, own_names
from unswayed.training.reward.scorer import Scorer
from unswayed.types import Variant

SUPPORT = "support"
"""Column of the completions with how far a thought says its answer."""

RewardFunction = Callable[..., Any]


def scorer_of(
    recipe: TrainingRecipe, opens_thought: bool, newest: Checkpoint | None = None
) -> Scorer:
    """Return the reward, as the newest checkpoint left it.

    Raises:
        ConfigError: the completions that the reward compares would not lie on one process.
        RunError: the checkpoint's state cannot be read.
    """
    reward, processes = recipe.reward, PartialState().num_processes
    _check_groups(recipe, processes)
    gather = gather_object if processes > 1 else None
    scorer = Scorer(
        reward,
        opens_thought=opens_thought,
        gather=gather,
        quiet=not PartialState().is_main_process,
        advantage=recipe.advantage,
    )
    if newest is not None and (newest.path / SCORER).is_file():
        scorer.restore(json.loads((newest.path / SCORER).read_text("utf-8")))
    return scorer


def _check_groups(recipe: TrainingRecipe, processes: int) -> None:
    """Require that a reward that looks at groups finds them whole on one process."""
    pairs = 1 if recipe.reward.paired_invariance is None else 2
    groups = (recipe.reward.guards, recipe.reward.likelihood_consistency)
    looks = pairs == 2 or any(table is not None for table in groups)
    if looks and recipe.grpo.prompts_per_step % (pairs * processes):
        raise ConfigError(
            f"expected grpo.prompts_per_step to be a multiple of {pairs * processes}, so that the "
            f"completions that this reward compares lie on one of {processes} processes; found "
            f"{recipe.grpo.prompts_per_step}"
        )


def reward_function(scorer: Scorer, tokenizer: Any, ends: set[int]) -> RewardFunction:
    """Return the reward as TRL calls it: one function, asynchronous, None where it is unknown.

    Args:
        scorer: the reward.
        tokenizer: of the policy.
        ends: ids that end a completion; they are no part of its text.
    """

    async def reward(
        completion_ids: list[list[int]],
        variant: list[str],
        log_metric: Callable[[str, float], None],
        log_extra: Callable[[str, list[Any]], None],
        likelihood: list[float | None] | None = None,
        second: list[str | None] | None = None,
        **_: Any,
    ) -> list[float | None]:
        texts = [tokenizer.decode(before(row, ends)) for row in completion_ids]
        shown = [Variant.model_validate_json(text) for text in variant]
        parts = await scorer.ascore(shown, texts, likelihoods=likelihood, seconds=second)
        totals = [part.total for part in parts]
        _check_totals(totals, shown)
        for name, value in mean_parts(parts, texts).items():
            log_metric(name, value)
        log_extra("variant", [one.name for one in shown])
        log_extra("sample", [one.sample.id for one in shown])
        log_extra("text", texts)
        for name in ("format", "correct", "answer", "consistent", SUPPORT):
            log_extra(name, [getattr(part, name) for part in parts])
        for name in own_names(parts):
            log_extra(name, [part.terms[name] for part in parts])
        return totals

    return reward


def before(row: Sequence[int], ends: set[int]) -> list[int]:
    """Return a completion's tokens without the one that ended it."""
    return list(row[:-1] if row and row[-1] in ends else row)


def _check_totals(totals: Sequence[float | None], shown: Sequence[Variant]) -> None:
    """Refuse rewards that are not finite; a reward that is not known is None."""
    for total, variant in zip(totals, shown, strict=True):
        if total is not None and not math.isfinite(total):
            raise StageError(
                f"expected a finite reward for {variant.sample.id} ({variant.name}), found "
                f"{total}; the checkpoints before it are whole"
            )
