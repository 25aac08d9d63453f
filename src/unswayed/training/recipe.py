"""Training recipes: a TOML file with every hyper-parameter of a GRPO run, or what it extends.

Shipped ones lie in `recipes/` and are named without their suffix (`accuracy`, `faithful`, …); your
own are any TOML file with the keys of `TrainingRecipe`, or one that `extends` another and says what
differs. `--set grpo.steps=20` goes over a file's values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from unswayed.config import toml
from unswayed.config.section import Section
from unswayed.config.validation import explain
from unswayed.errors import ConfigError
from unswayed.training.advantage import Advantage
from unswayed.training.augmentation import PROBABILITY_SLACK, Augmentation
from unswayed.training.grpo import GRPO
from unswayed.training.perception import Perception
from unswayed.training.reward.settings import RewardSettings
from unswayed.training.rollouts import Rollouts
from unswayed.training.track.settings import CheckpointEvaluation
from unswayed.training.verl.cluster import Cluster


class DataSource(Section):
    """One benchmark that prompts are drawn from.

    Attributes:
        benchmark: its spec, such as `sat-v2,split=train`.
        weight: its share of the prompts, relative to the other sources' weights. Either all
            sources have one or none: without weights every sample is as likely as any other.
        limit: samples of it; None for all.
    """

    benchmark: str
    weight: float | None = Field(default=None, gt=0)
    limit: int | None = Field(default=None, ge=1)


class Checkpoints(Section):
    """When checkpoints are saved.

    Attributes:
        every: optimiser steps between them; the last step is saved as well.
        keep: how many of the newest keep what a resumption needs; None for all.
    """

    every: int = Field(default=250, ge=1)
    keep: int | None = Field(default=None, ge=1)


_WATCHING = {"logging", "project", "run_name", "evaluation", "verl", "vllm"}


class TrainingRecipe(Section):
    """Everything that a training run is made of.

    Attributes:
        model: checkpoint to start from: a folder, a hub id, or `organism,which=early`.
        data: benchmarks that the prompts are drawn from.
        prompts: prompts that are drawn; None for as many as the steps use.
        profile: name of the prompt profile; None takes the model's own.
        reward: the reward.
        augmentation: how often prompts carry an injected text.
        advantage: what an advantage is made of, beside the reward of its group.
        perception: the loss on masked pictures (PAPO); None for none.
        grpo: the optimisation.
        checkpoints: when checkpoints are saved.
        evaluation: what each checkpoint is evaluated on.
        seed: of the draws, the augmentation, the foils and the sampling.
        full_determinism: only operations whose result does not depend on the order of execution,
            slower; with verl the rollouts too.
        engine: what trains: TRL on one machine, verl on several.
        verl: where verl runs, None for one machine of 8 GPUs; the other engine does not read it.
        vllm: where vLLM samples for TRL, if grpo.vllm says that it does.
        logging: where the curves go while training runs.
        project: project there of Weights & Biases or trackio; None for `unswayed`.
        run_name: name of the run there, which its seed is put behind; None for the folder's.
    """

    model: str
    data: tuple[DataSource, ...] = Field(min_length=1)
    prompts: int | None = Field(default=None, ge=1)
    profile: str | None = None
    reward: RewardSettings = RewardSettings()
    augmentation: Augmentation = Augmentation()
    advantage: Advantage = Advantage()
    perception: Perception | None = None
    grpo: GRPO = GRPO()
    checkpoints: Checkpoints = Checkpoints()
    evaluation: CheckpointEvaluation = CheckpointEvaluation()
    seed: int = 0
    full_determinism: bool = False
    engine: Literal["trl", "verl"] = "trl"
    verl: Cluster | None = None
    vllm: Rollouts | None = None
    logging: Literal["tensorboard", "wandb", "trackio", "none"] = "tensorboard"
    project: str | None = Field(default=None, min_length=1)
    run_name: str | None = Field(default=None, min_length=1)

    def deciding(self) -> dict[str, Any]:
        """Return what decides the result; a training's folder holds one set of it."""
        return self.model_dump(mode="json", exclude=_WATCHING)

    def watching(self) -> dict[str, Any]:
        """Return the rest, how it is watched and where it runs: a resumption may change it."""
        return self.model_dump(mode="json", include=_WATCHING)

    @property
    def prompts_needed(self) -> int:
        """Prompts that training draws: `prompts`, or as many as its steps use."""
        batches = -(-self.grpo.steps // self.grpo.iterations)
        return self.prompts or batches * self.grpo.prompts_per_step

    @property
    def cluster(self) -> Cluster:
        """Where verl runs."""
        return self.verl or Cluster()

    @model_validator(mode="after")
    def _weights_everywhere_or_nowhere(self) -> TrainingRecipe:
        weighted = [source.weight is not None for source in self.data]
        if any(weighted) and not all(weighted):
            raise ValueError("expected a weight for every source of data, or for none")
        return self

    @model_validator(mode="after")
    def _rollouts_are_read(self) -> TrainingRecipe:
        unread = self.vllm.unread(self.grpo.vllm) if self.vllm is not None else []
        if unread:
            raise ValueError(
                f"grpo.vllm = {self.grpo.vllm!r} does not read vllm.{unread[0]}; leave it out, or "
                "choose the way of generating that does (docs/training.md)"
            )
        return self

    @model_validator(mode="after")
    def _one_advantage(self) -> TrainingRecipe:
        if self.advantage.baseline != "group" and self.grpo.scale_rewards != "none":
            raise ValueError(
                'expected grpo.scale_rewards = "none" with advantage.baseline = "leave-one-out": '
                "RLOO divides by nothing"
            )
        reward = self.reward
        if self.advantage.needs_verdict and (reward.faithful or reward.lagrangian is not None):
            raise ValueError(
                "expected reward.faithful = false and no reward.lagrangian with "
                "advantage.splitting or advantage.constraint: each uses the judge's verdict up"
            )
        if self.advantage.needs_verdict and not reward.judge_wrong:
            raise ValueError(
                "expected reward.judge_wrong = true with advantage.splitting or "
                "advantage.constraint: wrong answers are compared too"
            )
        return self

    @model_validator(mode="after")
    def _perception_is_averaged(self) -> TrainingRecipe:
        if self.perception is not None and self.grpo.loss_type not in ("grpo", "dapo"):
            raise ValueError(
                f"expected grpo.loss_type = 'grpo' or 'dapo' with perception, found "
                f"{self.grpo.loss_type!r}: PAPO is defined for these"
            )
        return self

    @model_validator(mode="after")
    def _pairs_fit_a_step(self) -> TrainingRecipe:
        if self.reward.paired_invariance is None:
            return self
        if abs(sum(self.augmentation.rates.values()) - 1) > PROBABILITY_SLACK:
            raise ValueError(
                "expected augmentation rates that sum to 1 with paired_invariance: each perturbed "
                "prompt comes with its unperturbed twin"
            )
        if self.grpo.prompts_per_step % 2:
            raise ValueError("expected an even grpo.prompts_per_step with paired_invariance")
        return self


def shipped() -> dict[str, str]:
    """Return the shipped recipes by name, each with the first line of its comment."""
    return {
        name: path.read_text("utf-8").partition("\n")[0].removeprefix("#").strip()
        for name, path in sorted(_shipped_files().items())
    }


def as_written(recipe: str | Path) -> dict[str, Any]:
    """Return the texts of a recipe and of those that it extends, for a run's provenance.

    Raises:
        UnknownName: no shipped recipe has that name.
        ConfigError: a file cannot be read.
    """
    return toml.as_written(_file_of(recipe), _shipped_files())


def training_recipe(
    recipe: str | Path, overrides: Sequence[str] = (), options: Mapping[str, Any] | None = None
) -> TrainingRecipe:
    """Read a recipe: a TOML file, or the name of a shipped one; later values win.

    Args:
        recipe: path, or name such as `accuracy`.
        overrides: `grpo.steps=20`; the value is read as TOML, or as text where it is none.
        options: top-level values that go over the file's; None values are left out.

    Raises:
        UnknownName: no shipped recipe has that name.
        ConfigError: the file cannot be read, or a key is unknown or of the wrong kind.
    """
    values = toml.read(_file_of(recipe), _shipped_files())
    merged = toml.merged(values, options or {}, overrides)
    try:
        return TrainingRecipe.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(explain(error, TrainingRecipe, "recipe key", str(recipe))) from error


def as_toml(recipe: TrainingRecipe) -> str:
    """Return a recipe as a file of its own: every value, of what it extends and of the defaults."""
    return toml.dumps(recipe.model_dump(mode="json"))


def _shipped_files() -> dict[str, Traversable]:
    """Return the files of the shipped recipes by name."""
    files = resources.files("unswayed.training").joinpath("recipes").iterdir()
    return {file.name.removesuffix(".toml"): file for file in files if file.name.endswith(".toml")}


def _file_of(recipe: str | Path) -> Path | Traversable:
    return toml.file_of(recipe, _shipped_files(), "the folder of a training run")
