"""One recipe under several seeds: a sub-folder each, run or resumed one after the other.

    OUT/seeds.json                   the seeds that were asked for
    OUT/seed-1/  OUT/seed-2/  …      each a folder of one training run (see `folder`)

A seed decides the draw of the prompts, their texts and the sampling; the first weights are the
same. What differs between seeds is what a repetition of the experiment would change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from unswayed import prompts, registry
from unswayed.errors import ConfigError
from unswayed.extras import require
from unswayed.run.files import write_json
from unswayed.training.folder import Checkpoint, OnCheckpoint, TrainingFolder
from unswayed.training.grpo import split
from unswayed.training.outline import outline
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.reward.own import own_terms
from unswayed.training.start import Start, start_of
from unswayed.training.trl.rollouts import check_addresses

Train = Callable[[TrainingRecipe, Path, dict[str, Any], OnCheckpoint | None], Checkpoint]
PREFIX = "seed-"
_SEEDS = "seeds.json"


def train_seeds(
    recipe: TrainingRecipe,
    seeds: Sequence[int],
    out: Path,
    written: dict[str, Any] | None = None,
    follow: Callable[[Path], OnCheckpoint] | None = None,
) -> Iterator[Checkpoint]:
    """Train once with each seed and yield each run's last checkpoint.

    A seed that was finished before is not done again; one that was stopped goes on.

    Args:
        recipe: what to train on what; its own seed is not used.
        seeds: the seeds, each once.
        out: folder that each seed gets a sub-folder of.
        written: the recipe as the user wrote it, for the record.
        follow: returns, for a seed's folder, what is called with each of its checkpoints.

    Raises:
        UserError: see `trl.engine.train_with_trl`.
        StageError: training failed; what was saved is whole.
    """
    engine = engine_of(recipe)
    check_recipe(recipe)
    write_json(out / _SEEDS, {"seeds": sorted({*_recorded_seeds(out), *seeds})})
    for seed in seeds:
        seeded, path = recipe.model_copy(update={"seed": seed}), out / f"{PREFIX}{seed}"
        yield engine(seeded, path, written or {}, follow(path) if follow else None)


def wanted_seeds(out: Path) -> list[str]:
    """Return the names of the folders that a training of several seeds has or will have made."""
    return [f"{PREFIX}{seed}" for seed in _recorded_seeds(out)]


def siblings(path: Path) -> list[TrainingFolder]:
    """Return the runs of the other seeds beside a seed's folder; none beside any other folder."""
    beside = folders(path.parent) if path.name.startswith(PREFIX) else []
    return [other for other in beside if other.path != path]


def folders(out: Path) -> list[TrainingFolder]:
    """Return the training runs in a folder: its seeds by number, or itself if it is one.

    Raises:
        ConfigError: there is none.
    """
    if (out / "run.json").is_file():
        return [TrainingFolder(out)]
    by_seed = {
        int(path.name.removeprefix(PREFIX)): TrainingFolder(path)
        for path in out.glob(f"{PREFIX}*")
        if path.name.removeprefix(PREFIX).isdigit() and (path / "run.json").is_file()
    }
    if not by_seed:
        raise ConfigError(
            f"expected the folder of a training run, or one with {PREFIX}N folders in it, at "
            f"{out}; found none: name what `unswayed train --out` was given"
        )
    return [by_seed[seed] for seed in sorted(by_seed)]


def require_engine(recipe: TrainingRecipe) -> None:
    """Require the packages of what trains a recipe.

    Raises:
        ConfigError: verl cannot do what the recipe asks for.
        MissingExtra: some are not installed.
    """
    if recipe.engine == "verl":
        from unswayed.training.verl.config import check_supported

        check_supported(recipe)  # a slip in the recipe is mended before anything is installed
        require("training with verl", "verl")
    else:
        require("training with TRL", "train")


def engine_of(recipe: TrainingRecipe) -> Train:
    """Return what trains a recipe, imported only now.

    Raises:
        MissingExtra: its packages are not installed.
        ConfigError: it cannot do what the recipe asks for.
    """
    require_engine(recipe)
    if recipe.engine == "verl":
        from unswayed.training.verl import config as verl_config
        from unswayed.training.verl import engine as verl

        verl_config.check_supported(recipe)
        return verl.train_with_verl
    from unswayed.training.trl.engine import train_with_trl

    return train_with_trl


def commands(
    recipe: TrainingRecipe, seeds: Sequence[int], out: Path, written: dict[str, Any] | None = None
) -> Iterator[str]:
    """Prepare a training by verl with each seed, and yield the command that would run it.

    A seed that was finished before has none.

    Raises:
        UserError: the engine is another one, or see `verl.engine.prepare`.
    """
    if recipe.engine != "verl":
        raise ConfigError(
            "expected engine = 'verl' with --print-command, found "
            f"{recipe.engine!r}, which trains in this process and runs no command"
        )
    engine_of(recipe)
    check_recipe(recipe)
    from unswayed.training.verl.engine import prepare

    for seed in seeds:
        seeded = recipe.model_copy(update={"seed": seed})
        launch = prepare(seeded, out / f"{PREFIX}{seed}", written or {})
        if launch is not None:
            yield str(launch)


def check_recipe(recipe: TrainingRecipe) -> Start:
    """Resolve every name of a recipe before the first file is written.

    Raises:
        UserError: a name is unknown, or what it stands for is not there.
    """
    for source in recipe.data:
        registry.load("benchmark", registry.parse_spec(source.benchmark).name)
    own = own_terms(recipe.reward.terms)
    judged = recipe.reward.needs_judge or any(term.needs_verdict for term in own)
    if judged:
        registry.load("judge", registry.parse_spec(recipe.reward.judge).name)
    if recipe.engine == "verl":
        from unswayed.training.verl import config as verl_config

        verl_config.check_supported(recipe)
    else:
        split(recipe.grpo, processes=1)
        check_addresses(recipe, judged)
    start = start_of(recipe.model)
    check_style(prompts.profile(recipe.profile or start.profile))
    return start


def check_style(profile: prompts.Profile) -> None:
    """Refuse a profile whose outputs the reward could not read.

    Raises:
        ConfigError: its answer style is not `tags`.
    """
    if profile.answer_style != "tags":
        raise ConfigError(
            "expected a profile with thought and answer in tags, which the rewards read, found "
            f"{profile.name!r} with the style {profile.answer_style}; choose another one "
            "(--set profile=default)"
        )


def drawn(recipe: TrainingRecipe, seed: int) -> list[str]:
    """Draw the prompts of a seed as training would, keep none, and say what they are.

    Raises:
        UserError: the data cannot be read, or has not one usable sample.
    """
    from unswayed.training.data import training_prompts

    profile = prompts.profile(recipe.profile or start_of(recipe.model).profile)
    with TemporaryDirectory() as pictures:
        seeded = recipe.model_copy(update={"seed": seed})
        return training_prompts(seeded, profile, Path(pictures)).summary()


def plan(recipe: TrainingRecipe, seeds: Sequence[int], out: Path) -> str:
    """Return what would be done, as lines for people.

    Raises:
        UserError: see `check_recipe`.
    """
    start, grpo = check_recipe(recipe), recipe.grpo
    lines = {
        "from": f"{start.spec} ({start.path})",
        **outline(recipe),
        "checkpoints": f"every {recipe.checkpoints.every} steps, and the last",
        "evaluation": _evaluation(recipe),
        "engine": _engine(recipe),
        "seeds": ", ".join(str(seed) for seed in seeds),
    }
    states = [_state(out / f"{PREFIX}{seed}", grpo.steps) for seed in seeds]
    width = max(map(len, lines))
    return "\n".join([*(f"{name:{width}}  {text}" for name, text in lines.items()), *states])


def _recorded_seeds(out: Path) -> list[int]:
    path = out / _SEEDS
    return json.loads(path.read_text("utf-8"))["seeds"] if path.is_file() else []


def _evaluation(recipe: TrainingRecipe) -> str:
    wanted = recipe.evaluation
    if not wanted.benchmarks:
        return "of nothing"
    limit = f", {wanted.limit} samples each" if wanted.limit else ""
    questions = f"{' + '.join(wanted.benchmarks)}{limit}, under {', '.join(wanted.variants)}"
    return f"{questions}; by --track, or `unswayed track` later"


def _engine(recipe: TrainingRecipe) -> str:
    if recipe.engine != "verl":
        return recipe.engine
    cluster = recipe.cluster
    where = f"the Ray cluster at {cluster.address}" if cluster.address else "a Ray of its own"
    return f"verl on {cluster.nodes} × {cluster.gpus_per_node} GPUs, {where}"


def _state(path: Path, steps: int) -> str:
    checkpoints = TrainingFolder(path).checkpoints()
    done = checkpoints[-1].step if checkpoints else 0
    what = "done" if done >= steps else f"goes on after step {done}" if done else "new"
    return f"{path}: {what}"
