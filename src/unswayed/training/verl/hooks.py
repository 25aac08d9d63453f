"""What runs inside verl's own process: the export of each checkpoint, and GRPO's advantages.

verl imports this module because `trainer.checkpoint_callback_class` names it; with it comes the
estimator that `algorithm.adv_estimator` names, which counts the judge's failures.
"""

# verl is not installed beside the other engine, so what comes from it is of unknown type here.
# pyright: reportMissingImports=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUntypedBaseClass=false
from __future__ import annotations

from pathlib import Path
from typing import Any

from verl.trainer.ppo.checkpoint_callback import CheckpointCallback
from verl.trainer.ppo.core_algos import register_adv_est

from unswayed.errors import UnswayedError
from unswayed.training.folder import TrainingFolder
from unswayed.training.reward.settings import RewardSettings
from unswayed.training.verl.advantage import Estimator
from unswayed.training.verl.checkpoints import export
from unswayed.training.verl.failures import RecordedFailures
from unswayed.training.verl.mapping import MAPPING

_FAILURES = RecordedFailures()
_GRPO, _RLOO = Estimator(_FAILURES), Estimator(_FAILURES, alone=True)


def grpo_advantages(*args: Any, **options: Any) -> Any:
    """Return what `Estimator` returns; verl takes functions only."""
    return _GRPO(*args, **options)


def rloo_advantages(*args: Any, **options: Any) -> Any:
    """Return the same with each completion left out of its own baseline."""
    return _RLOO(*args, **options)


_NAMES = MAPPING["advantage.baseline"].values or {}
register_adv_est(_NAMES["group"])(grpo_advantages)
register_adv_est(_NAMES["leave-one-out"])(rloo_advantages)


class Exporter(CheckpointCallback):
    """Turns each checkpoint into a folder that can be loaded: `checkpoint-N` of the run."""

    def __init__(self, config: Any) -> None:
        """Take verl's configuration, which says where rewards are recorded."""
        super().__init__(config)
        told = config.reward.custom_reward_function.reward_kwargs
        settings = RewardSettings.model_validate_json(told.settings)
        _FAILURES.follow(Path(told.records), settings)

    def on_save(
        self,
        trainer: Any,
        global_step: int,
        checkpoint_dir: str,
        async_save: bool = False,
        **_: Any,
    ) -> None:
        """Export the checkpoint that was just saved.

        An export that fails does not end the training: verl's own checkpoint is whole, and
        `unswayed train` makes up for it.
        """
        # OUT/verl/checkpoints/global_step_N
        folder = TrainingFolder(Path(checkpoint_dir).parents[2])
        try:
            export(folder, global_step)
        except (UnswayedError, OSError) as error:
            print(f"unswayed: step {global_step} was not exported: {error}", flush=True)
