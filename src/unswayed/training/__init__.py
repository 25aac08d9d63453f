"""Training with GRPO: recipes, prompts, rewards, the two engines, and tracked checkpoints.

Nothing here loads torch or an engine before it is asked to train. One way through: `recipe` says
what to train on what, `data` and `augmentation` make the prompts, `reward` scores what the model
wrote with the same parser as in evaluation, `trl` or `verl` trains, and `track` evaluates the
checkpoints.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unswayed.training.callback import UnswayedCallback as UnswayedCallback
    from unswayed.training.functions import reward_function as reward_function

_HOMES = {
    "UnswayedCallback": "unswayed.training.callback",
    "reward_function": "unswayed.training.functions",
}
"""What other people's trainings use → the module that it is fetched from, when it is asked for."""

__all__ = [*_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]

if not TYPE_CHECKING:  # a checker must not take every misspelt name for one of ours

    def __getattr__(name: str) -> Any:
        """Fetch a name when it is first used."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(_HOMES[name]), name)
