"""verl's configuration for a recipe, checked against verl's own schema before Ray starts."""

# verl, hydra and omegaconf are typed in part or not installed beside the other engine.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
# pyright: reportMissingImports=false
from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unswayed.config.section import Section
from unswayed.errors import ConfigError
from unswayed.extras import explain
from unswayed.results.loggers import LOGGERS, PROJECT, project_of
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.start import Start
from unswayed.training.verl.mapping import (
    ACTOR,
    ATTENTION,
    CHOSEN,
    CLUSTER,
    DEFAULTS,
    ELSEWHERE,
    FLOAT32,
    MAPPING,
    MODEL,
    REF,
    REFUSED,
    ROLLOUT,
    Mapped,
)
from unswayed.training.watching import run_name

_NEW = (
    f"{ACTOR}.fsdp_config.mixed_precision.",
    f"{REF}.fsdp_config.mixed_precision.",
    f"{MODEL}.override_config.",
    f"{ROLLOUT}.engine_kwargs.",
    "data.mm_processor_kwargs",
    "ray_kwargs.ray_init.",
    "reward.custom_reward_function.reward_kwargs.",
)
"""Starts of keys that verl takes although its own files do not have them."""
_PIXELS = ("min_pixels", "max_pixels")


@dataclass(frozen=True)
class VerlFiles:
    """Where verl finds what it is given, and puts what it makes; all of it is in the run's folder.

    Attributes:
        folder: the run's folder.
        records: folder for the completions that this start scores.
        metrics: file for the figures of this start's steps.
    """

    folder: Path
    records: Path
    metrics: Path

    @property
    def own(self) -> Path:
        """The folder of all that only verl uses."""
        return self.folder.absolute() / "verl"

    @property
    def prompts(self) -> Path:
        """The prompts."""
        return self.own / "prompts.parquet"

    @property
    def loops(self) -> Path:
        """The agent loop's declaration."""
        return self.own / "agent_loops.yaml"

    @property
    def checkpoints(self) -> Path:
        """The sharded checkpoints, which a resumption goes on from."""
        return self.own / "checkpoints"

    @property
    def rollouts(self) -> Path:
        """What verl says of each step's completions."""
        return self.own / "rollouts"


def check_supported(recipe: TrainingRecipe) -> None:
    """Refuse what verl cannot do, before anything is read or started.

    Raises:
        ConfigError: a key asks for it; the message names the key.
    """
    for key, (allowed, reason) in REFUSED.items():
        value = value_of(recipe, key)
        if value not in (None, allowed):
            wanted = "leave it out" if allowed is None else f"expected {allowed}, found {value}"
            raise ConfigError(f"the engine 'verl' cannot do {key}: {reason}; {wanted}")
    for key, mapped in MAPPING.items():
        _translated(recipe, key, mapped)
    if recipe.full_determinism and recipe.cluster.rollout == "sglang":
        raise ConfigError(
            "the engine 'verl' cannot do full_determinism with verl.rollout = 'sglang', which it "
            "tells no seeds; expected verl.rollout = 'vllm'"
        )
    _check_options(recipe)
    _check_split(recipe)


def settings(
    recipe: TrainingRecipe,
    start: Start,
    files: VerlFiles,
    template: str,
    opens_thought: bool = False,
) -> dict[str, Any]:
    """Return verl's settings: dotted key → value.

    Args:
        recipe: what to train on what; `check_supported` has passed.
        start: the checkpoint.
        files: where everything is.
        template: the open-tail chat template.
        opens_thought: the checkpoint's own template writes `<think>` itself.

    Raises:
        ConfigError: an option of the model cannot be given to verl.
    """
    values = {
        key: value
        for name, mapped in MAPPING.items()
        if (value := _translated(recipe, name, mapped)) is not None
        for key in mapped.verl
    }
    values[f"{ACTOR}.use_kl_loss"] = recipe.grpo.beta > 0
    values |= CHOSEN | _locations(recipe, files) | DEFAULTS
    values |= (FLOAT32 if recipe.grpo.dtype == "float32" else {}) | _model(start)
    values[f"{MODEL}.custom_chat_template"] = template
    values["reward.custom_reward_function.reward_kwargs.opens_thought"] = opens_thought
    values |= recipe.cluster.options
    _check_attention(recipe, values)
    return values


def composed(wanted: Mapping[str, Any]) -> Any:
    """Return verl's whole configuration with these settings, as verl itself puts it together.

    Raises:
        MissingExtra: verl is not installed.
        ConfigError: verl has no such key, or refuses a value.
    """
    with _verl():
        from hydra import compose, initialize_config_module
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException
        from verl.trainer.ppo.utils import need_critic, need_reference_policy
        from verl.utils.config import validate_config

        with initialize_config_module("verl.trainer.config", version_base=None):
            config = compose("ppo_trainer")
        OmegaConf.set_struct(config, True)
        for key, value in wanted.items():
            try:
                OmegaConf.update(config, key, _escaped(value), force_add=key.startswith(_NEW))
            except OmegaConfBaseException as error:
                raise ConfigError(
                    f"verl has no key {key!r}, which the recipe's verl.options or this version of "
                    f"unswayed sets: {_first(error)}; take it out, or use the verl it was made for"
                ) from error
        try:
            reference = need_reference_policy(config)
            validate_config(config, use_reference_policy=reference, use_critic=need_critic(config))
        except Exception as error:  # verl asserts, and hydra wraps what its classes raise
            raise ConfigError(f"verl refuses the configuration: {_first(error)}") from error
    return config


def write_config(wanted: Mapping[str, Any], path: Path) -> None:
    """Write settings as a configuration file that goes over verl's own."""
    with _verl():
        from omegaconf import OmegaConf

        config = OmegaConf.create(
            {
                "defaults": ["ppo_trainer", "_self_"],
                "hydra": {
                    "searchpath": ["pkg://verl.trainer.config"],
                    "run": {"dir": str(path.parent)},
                    "output_subdir": None,
                },
            }
        )
        for key, value in wanted.items():
            OmegaConf.update(config, key, _escaped(value), force_add=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(OmegaConf.to_yaml(config), "utf-8")


def value_of(recipe: TrainingRecipe, key: str) -> Any:
    """Return the value of a dotted key; None below a table that is not there."""
    value: Any = recipe
    for part in key.split("."):
        value = recipe.cluster if value is recipe and part == "verl" else getattr(value, part, None)
    return value


def recipe_keys(table: type[Section] = TrainingRecipe, where: str = "") -> Iterator[str]:
    """Yield the dotted keys of a recipe that hold values; `ELSEWHERE` ends the way down."""
    for name, field in table.model_fields.items():
        key = f"{where}{name}"
        inner = [one for one in _annotated(field.annotation) if issubclass(one, Section)]
        if key in ELSEWHERE or key in REFUSED or not inner:
            yield key
        else:
            yield from recipe_keys(inner[0], f"{key}.")


def _annotated(annotation: Any) -> list[type]:
    parts = getattr(annotation, "__args__", (annotation,))
    return [part for part in parts if isinstance(part, type)]


def _translated(recipe: TrainingRecipe, key: str, mapped: Mapped) -> Any:
    value = mapped.of(recipe) if mapped.of else value_of(recipe, key)
    if mapped.values is None:
        return value
    if value not in mapped.values:
        raise ConfigError(
            f"the engine 'verl' cannot do {key} = {value!r}: expected "
            f"{' or '.join(map(repr, mapped.values))}"
        )
    return mapped.values[value]


def _locations(recipe: TrainingRecipe, files: VerlFiles) -> dict[str, Any]:
    """Return the settings that say where everything is."""
    environment = {"VERL_FILE_LOGGER_PATH": str(files.metrics)}
    if recipe.logging == "tensorboard":
        environment["TENSORBOARD_DIR"] = str(files.folder.absolute() / "tensorboard")
    kwargs = "reward.custom_reward_function.reward_kwargs."
    return {
        "data.train_files": str(files.prompts),
        "data.val_files": str(files.prompts),
        f"{ROLLOUT}.agent.agent_loop_config_path": str(files.loops),
        "trainer.default_local_dir": str(files.checkpoints),
        "trainer.rollout_data_dir": str(files.rollouts),
        "trainer.project_name": _project(recipe),
        "trainer.experiment_name": run_name(recipe, files.folder),
        f"{kwargs}settings": recipe.reward.with_absolute_files().model_dump_json(),
        f"{kwargs}records": str(files.records),
        "ray_kwargs.ray_init.runtime_env.env_vars": environment,
    }


def _project(recipe: TrainingRecipe) -> str:
    """Return the project of the curves, which verl would take over the environment's."""
    if recipe.logging in LOGGERS:
        return project_of(recipe.logging, recipe.project)
    return recipe.project or PROJECT


def _model(start: Start) -> dict[str, Any]:
    """Return the settings of the checkpoint and of how its pictures are read."""
    if "revision" in start.hub:
        raise ConfigError(
            f"the engine 'verl' cannot do model = {start.spec!r}: it reads no revision; download "
            "that revision and name its folder"
        )
    path = start.path if not Path(start.path).exists() else str(Path(start.path).absolute())
    values: dict[str, Any] = {f"{MODEL}.path": path}
    if start.hub.get("trust_remote_code"):
        values |= {f"{MODEL}.trust_remote_code": True, "data.trust_remote_code": True}
    if start.attention:
        values[ATTENTION] = start.attention
    pixels = {key: start.pixels[key] for key in _PIXELS if key in start.pixels}
    if pixels:
        values["data.mm_processor_kwargs"] = pixels
    return values


def _check_attention(recipe: TrainingRecipe, values: Mapping[str, Any]) -> None:
    """Refuse flash attention in float32; verl attends by it wherever rows are packed."""
    if recipe.grpo.dtype != "float32":
        return
    attention = str(values[ATTENTION])
    packed = f"{MODEL}.use_remove_padding"
    if attention.startswith("flash") or values[packed]:
        told = f"{packed} = true" if values[packed] else f"attention {attention!r}"
        raise ConfigError(
            f"the engine 'verl' cannot do grpo.dtype = 'float32' with {told}: flash attention "
            "computes in 16 bits only; leave it out, or use bfloat16"
        )


def _check_options(recipe: TrainingRecipe) -> None:
    """Refuse options that would change what the recipe says without a word."""
    owned = {key: name for name, mapped in MAPPING.items() for key in mapped.verl}
    fixed = (*CHOSEN, f"{MODEL}.path", f"{MODEL}.custom_chat_template")
    for option in recipe.cluster.options:
        for key in (*owned, *fixed):
            name = owned.get(key, "")
            if not f"{key}.".startswith(f"{option}.") or name.startswith(CLUSTER):
                continue  # a table of verl's holds what is below it
            must = (
                f"is the recipe's {name}; set that" if name else "has to be as it is; take it out"
            )
            raise ConfigError(f"verl.options sets {option!r}, and {key} {must}")


def _check_split(recipe: TrainingRecipe) -> None:
    """Require that a step's completions can be split as verl splits them."""
    grpo, gpus = recipe.grpo, recipe.cluster.gpus
    completions = grpo.prompts_per_step * grpo.group_size
    size = grpo.batch_size or 1
    if completions % (gpus * size):
        raise ConfigError(
            f"expected the {completions} completions of a step (grpo.prompts_per_step × "
            f"grpo.group_size) to be a multiple of {gpus} GPUs (verl.nodes × verl.gpus_per_node) × "
            f"{size} (grpo.batch_size); change one of them"
        )


def _escaped(value: Any) -> Any:
    """Return a value whose texts OmegaConf takes as they are."""
    if isinstance(value, str):
        return value.replace("${", "\\${")
    if isinstance(value, Mapping):
        return {key: _escaped(inner) for key, inner in value.items()}
    return json.loads(json.dumps(value))


@contextlib.contextmanager
def _verl() -> Generator[None]:
    """Say which package is missing, and keep what verl prints off stdout."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except ModuleNotFoundError as error:
        missing = explain(error, "training with verl", "verl")
        if missing is None:
            raise
        raise missing from error


def _first(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return " ".join(text.split())[:300]
