"""`full_determinism`: it reaches TRL, a step is taken with it, and vLLM without it is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from unswayed.errors import ConfigError  # noqa: E402
from unswayed.organism.architecture import write_tiny_checkpoint  # noqa: E402
from unswayed.training.recipe import TrainingRecipe, training_recipe  # noqa: E402
from unswayed.training.trl import engine  # noqa: E402
from unswayed.training.trl.settings import trl_config  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture
def restored() -> Iterator[None]:
    """Take back what transformers sets for the whole process."""
    before = dict(os.environ)
    cudnn = torch.backends.cudnn
    flags = torch.are_deterministic_algorithms_enabled(), cudnn.deterministic, cudnn.benchmark
    yield
    torch.use_deterministic_algorithms(flags[0])
    cudnn.deterministic, cudnn.benchmark = flags[1:]
    os.environ.clear()
    os.environ.update(before)


def recipe(*overrides: str, **options: object) -> TrainingRecipe:
    return training_recipe("accuracy", ["logging=none", *overrides], options)


def test_it_is_off_unless_asked_for() -> None:
    assert trl_config(recipe(), Path("nowhere")).full_determinism is False


@pytest.mark.usefixtures("restored")
def test_a_step_is_taken_with_deterministic_operations_alone(tmp_path: Path) -> None:
    model = str(write_tiny_checkpoint(tmp_path / "start"))
    small = ("steps=1", "prompts_per_step=2", "group_size=2", "max_new_tokens=4")
    found = recipe("full_determinism=true", *(f"grpo.{key}" for key in small), model=model)
    assert not torch.are_deterministic_algorithms_enabled()
    assert engine.train_with_trl(found, tmp_path / "run").step == 1
    assert torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("way", ["colocate", "server"])
def test_vllm_under_trl_has_no_such_switch(way: str) -> None:
    with pytest.raises(ConfigError, match=rf"full_determinism with grpo.vllm = '{way}'"):
        trl_config(recipe("full_determinism=true", f"grpo.vllm={way}"), Path("nowhere"))
