"""vLLM for TRL: its settings for the table `vllm` of a recipe, and what is checked first."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from unswayed import registry
from unswayed.errors import ConfigError, StageError
from unswayed.judges import servers_of
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.rollouts import Rollouts, check_apart

_NAMES = {
    "timeout_s": "vllm_server_timeout",
    "weights_port": "vllm_group_port",
    "memory_share": "vllm_gpu_memory_utilization",
    "tensor_parallel": "vllm_tensor_parallel_size",
    "max_model_len": "vllm_max_model_length",
}
"""Key of `[vllm]` → TRL's, which has a default where ours is None."""


def vllm_options(recipe: TrainingRecipe, processes: int) -> dict[str, Any]:
    """Return TRL's settings of how completions are sampled by vLLM, or that they are not.

    Raises:
        ConfigError: a copy of the model cannot be spread over the processes as asked, or vLLM be
            made to repeat itself.
    """
    way, rollouts = recipe.grpo.vllm, recipe.vllm or Rollouts()
    if way == "off":
        return {"use_vllm": False}
    if recipe.full_determinism:
        raise ConfigError(
            f"the engine 'trl' cannot do full_determinism with grpo.vllm = {way!r}: TRL has no "
            "such switch for vLLM; expected grpo.vllm = 'off', or engine = 'verl'"
        )
    if processes % (rollouts.tensor_parallel or 1):
        raise ConfigError(
            f"expected vllm.tensor_parallel to divide the {processes} processes of the training, "
            f"found {rollouts.tensor_parallel}; vLLM runs within these"
        )
    host, port = rollouts.address
    found: dict[str, Any] = {"use_vllm": True, "vllm_mode": way}
    if way == "server":
        found |= {"vllm_server_host": host, "vllm_server_port": port}
    for key, value in rollouts.model_dump(include=set(_NAMES), exclude_none=True).items():
        found[_NAMES[key]] = value
    return found


def check_addresses(recipe: TrainingRecipe, judged: bool) -> None:
    """Refuse a judge at the address where the rollouts are.

    Args:
        recipe: the recipe.
        judged: its reward asks a judge.

    Raises:
        ConfigError: they stand at one.
        UserError: a judge cannot be made.
    """
    if recipe.grpo.vllm != "server":
        return
    specs = {"reward.judge": recipe.reward.judge} if judged else {}
    if recipe.evaluation.benchmarks:
        specs["evaluation.judge"] = recipe.evaluation.judge
    asked = [
        (key, url)
        for key, spec in specs.items()
        for url in servers_of(registry.create("judge", spec))
    ]
    check_apart(recipe.vllm or Rollouts(), asked)


@contextmanager
def reached(recipe: TrainingRecipe) -> Generator[None]:
    """Say what to do where TRL found no server.

    Raises:
        StageError: it did not come up in time.
    """
    try:
        yield
    except ConnectionError as error:
        host, port = (recipe.vllm or Rollouts()).address
        raise StageError(
            f"no vLLM server came up at {host}:{port} for the rollouts; start one "
            "(recipes/serve/rollouts.sh), or correct vllm.host and vllm.port"
        ) from error


def check_vllm(recipe: TrainingRecipe) -> None:
    """Require vLLM where it samples: TRL reads its messages even if the server is elsewhere.

    Raises:
        ConfigError: it is not installed.
    """
    if recipe.grpo.vllm != "off" and find_spec("vllm") is None:
        raise ConfigError(
            f"grpo.vllm = {recipe.grpo.vllm!r} needs vLLM in this environment, and it is not "
            "there: pip install 'trl[vllm]', or set grpo.vllm=off"
        )
