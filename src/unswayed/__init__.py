"""unswayed: is a vision-language model swayed by text, and does its thought say its answer?

    import unswayed as us

    run = us.evaluate(model="organism", benchmarks="scenes,n=20", out="runs/first")
    run.rows()       # a pandas table, one row a generation
    run.metrics()    # every figure with its interval

The package imports lightly: each name below is fetched when it is first used. docs/python-api.md
has every function with its arguments, units and errors.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unswayed.api.comparing import compare as compare
    from unswayed.api.evaluation import evaluate as evaluate
    from unswayed.api.evaluation import load_run as load_run
    from unswayed.api.run import Run as Run
    from unswayed.api.trainings import Training as Training
    from unswayed.api.trainings import track as track
    from unswayed.api.trainings import train as train
    from unswayed.benchmarks import Benchmark as Benchmark
    from unswayed.errors import StageError as StageError
    from unswayed.errors import UnswayedError as UnswayedError
    from unswayed.errors import UserError as UserError
    from unswayed.judges import Judge as Judge
    from unswayed.models import Model as Model
    from unswayed.perturbations import Perturbation as Perturbation
    from unswayed.perturbations import TextSource as TextSource
    from unswayed.training.reward import Reward as Reward
    from unswayed.types import Estimate as Estimate
    from unswayed.types import Failure as Failure
    from unswayed.types import Generation as Generation
    from unswayed.types import Sample as Sample
    from unswayed.types import Variant as Variant
    from unswayed.types import Verdict as Verdict

__version__ = "0.1.0"

_HOMES = {
    "compare": "unswayed.api.comparing",
    "evaluate": "unswayed.api.evaluation",
    "load_run": "unswayed.api.evaluation",
    "Run": "unswayed.api.run",
    "Training": "unswayed.api.trainings",
    "track": "unswayed.api.trainings",
    "train": "unswayed.api.trainings",
    "Benchmark": "unswayed.benchmarks",
    "StageError": "unswayed.errors",
    "UnswayedError": "unswayed.errors",
    "UserError": "unswayed.errors",
    "Judge": "unswayed.judges",
    "Model": "unswayed.models",
    "Perturbation": "unswayed.perturbations",
    "TextSource": "unswayed.perturbations",
    "Reward": "unswayed.training.reward",
    "Estimate": "unswayed.types",
    "Failure": "unswayed.types",
    "Generation": "unswayed.types",
    "Sample": "unswayed.types",
    "Variant": "unswayed.types",
    "Verdict": "unswayed.types",
}
"""Name → the module that it is fetched from; a test holds it equal to the imports above."""

__all__ = ["__version__", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


if not TYPE_CHECKING:  # a checker must not take every misspelt name for one of ours

    def __getattr__(name: str) -> Any:
        """Fetch a name when it is first used."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Return the names, those not yet fetched among them."""
    return sorted({*globals(), *_HOMES})
