"""`us.train` and `us.track`: a training run from Python, and what it changed, as a table."""

# pandas comes without types.
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unswayed import progress
from unswayed.errors import ConfigError
from unswayed.training import job
from unswayed.training.folder import Checkpoint
from unswayed.training.seeds import folders

if TYPE_CHECKING:
    from pandas import DataFrame


class Training:
    """A training in its folder, of one seed or of several.

    Attributes:
        folder: the folder that `unswayed train --out` was given, or that of one seed.
    """

    def __init__(self, folder: Path) -> None:
        """Name the folder."""
        self.folder = folder

    @property
    def checkpoints(self) -> dict[int, list[Checkpoint]]:
        """Seed → its whole checkpoints (`step`, `path`), the last one last.

        Raises:
            ConfigError: there is no training in the folder.
        """
        return {
            int(one.run.description()["seed"]): one.checkpoints() for one in folders(self.folder)
        }

    def __repr__(self) -> str:
        """Return the class and the folder."""
        return f"Training({str(self.folder)!r})"


def train(
    recipe: str | Path,
    *,
    seeds: int | Sequence[int] = (),
    out: str | Path | None = None,
    track: bool = False,
    **keys: Any,
) -> Training:
    """Train a checkpoint with GRPO, once for each seed; what was stopped goes on.

    Args:
        recipe: TOML file, the name of a shipped recipe, or the folder of one training run, which
            is finished.
        seeds: seeds, each with a folder of its own below `out`; none for the recipe's own.
        out: folder; None for one below `runs/` that is named by what decides the result.
        track: evaluate each checkpoint as it is made; then read it with `unswayed.track`.
        keys: recipe keys over the recipe's own, tables key by key: `grpo={"steps": 20}`.

    Raises:
        UserError: the recipe or a key is not as it must be, or an extra is not installed.
        StageError: training failed; the same call goes on from the last checkpoint.
    """
    if job.is_begun(recipe):
        one = job.begun(Path(recipe), [seeds or None, out, *(keys or {None: None}).values()])
    else:
        place = None if out is None else Path(out)
        one = job.asked(recipe, options=keys, seeds=_seeds(seeds), out=place)
    for line in one.warnings():
        progress.say(f"warning: {line}")
    for _ in one.run(tracked=track):
        pass
    return Training(one.folder)


def track(
    folder: str | Path | Training,
    *,
    evaluate: bool = True,
    model: str | None = None,
    **keys: Any,
) -> DataFrame:
    """Evaluate every checkpoint of a training that is not evaluated yet; return its table.

    One row is a value of a metric after a step of a seed; the columns are those of
    `dynamics.parquet`, which is written beside the curves. The table's `attrs` say in lines for
    people which seeds' thoughts `collapsed`, which became `empty` or alike (`templates`), what was
    logged that `falls`, and what is known of the other `thoughts`.

    Args:
        folder: of a training run, or with the folders of its seeds in it.
        evaluate: whether to evaluate; if not, what is there is read, and nothing is written.
        model: what runs a checkpoint, `{}` standing for its folder; None for transformers.
        keys: what to evaluate on instead of what the recipe's `[evaluation]` says.

    Raises:
        MissingExtra: pandas, pyarrow or matplotlib is not installed.
        UserError: there is no training, or a key is not as it must be.
        StageError: an evaluation failed; the same call goes on where it stopped.
    """
    from unswayed.results import frames
    from unswayed.training.track.dynamics import dynamics, require
    from unswayed.training.track.frames import dynamics_frame

    frames.require()
    place = folder.folder if isinstance(folder, Training) else Path(folder)
    if not evaluate:
        if names := [*keys, *(["model"] if model is not None else [])]:
            raise ConfigError(f"expected no settings beside evaluate=False, found {names[0]!r}")
        return dynamics_frame(dynamics(place))
    require()
    from unswayed.training.track.choices import changed, run_as
    from unswayed.training.track.curves import redraw
    from unswayed.training.track.evaluation import track as evaluate_all

    evaluate_all(place, change=changed(keys), model_of=run_as(model))
    return dynamics_frame(redraw(place))


def _seeds(value: int | Sequence[int]) -> list[int]:
    """Return the seeds, each once.

    Raises:
        ConfigError: they are not different whole numbers from 0.
    """
    seeds: list[Any] = [value] if isinstance(value, int) else list(value)
    whole = all(type(seed) is int and seed >= 0 for seed in seeds)
    if not whole or len(set(seeds)) < len(seeds):
        raise ConfigError(f"expected seeds as different whole numbers from 0, found {value!r}")
    return seeds
