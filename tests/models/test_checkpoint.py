"""Where a checkpoint lies is known at once: without torch, and soon without a network."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from unswayed.errors import ConfigError, ModelError
from unswayed.models import LocalModel
from unswayed.models.transformers import checkpoint
from unswayed.models.transformers.model import Transformers
from unswayed.organism import weights_folder
from unswayed.organism.models import Organism, Tiny

WITHOUT_TORCH = """
import os, sys
from unswayed.cli import main
sys.argv = ["unswayed", *{arguments!r}]
try:
    main()
finally:
    if {{"torch", "transformers"}} & set(sys.modules):
        os._exit(99)
"""


def run_without_torch(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = WITHOUT_TORCH.format(arguments=[str(each) for each in arguments])
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "model", ["organism", "tiny", "organism:early", str(weights_folder()), "Some/hub-id"]
)
def test_a_dry_run_of_a_local_model_loads_no_torch(model: str) -> None:
    found = run_without_torch(
        "evaluate", "--model", model, "--benchmark", "scenes,n=2", "--dry-run"
    )
    assert found.returncode == 0, found.stderr
    assert "generations: 16" in found.stdout


@pytest.mark.parametrize("options", [["--dry-run"], ["--out", "run"]])
def test_a_missing_folder_is_named_before_torch_is_imported(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = run_without_torch(
        "evaluate", "--model", "./missing", "--benchmark", "scenes,n=2", *options
    )
    assert found.returncode == 2
    assert "config.json at ./missing, found nothing" in found.stderr
    assert not (tmp_path / "run").exists()


def test_local_models_say_where_their_weights_lie_before_they_are_loaded() -> None:
    folder = str(weights_folder())
    plain, organism, tiny = Transformers(folder), Organism(), Tiny()
    assert all(isinstance(model, LocalModel) for model in (plain, organism, tiny))
    assert [m.checkpoint for m in (plain, organism, tiny)] == [folder, folder, None]
    assert [m.profile for m in (plain, organism, tiny)] == ["default", "organism", "organism"]
    assert not any("backend" in vars(model) for model in (plain, organism, tiny))
    with pytest.raises(ConfigError, match="dtype"):
        Transformers(folder, dtype="int4")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A hub and a cache that say what the test wants."""
    pytest.importorskip("huggingface_hub")
    says: dict[str, Any] = {"problem": None, "cached": None, "asked": 0}

    def problem(path: str, revision: str | None) -> str | None:
        says["asked"] += 1
        time.sleep(says.get("seconds", 0.0))
        return says["problem"]

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(checkpoint, "_hub_problem", problem)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_, **__: says["cached"])
    checkpoint.hub_options.cache_clear()
    yield says
    checkpoint.hub_options.cache_clear()


def test_a_model_that_the_hub_knows_is_loaded_from_there(hub: dict[str, Any]) -> None:
    assert checkpoint.hub_options("a/model") == {}
    assert checkpoint.hub_options("a/model") == {}
    assert hub["asked"] == 1


def test_a_cached_model_is_used_where_the_hub_cannot_be_asked(hub: dict[str, Any]) -> None:
    hub.update(problem="Name or service not known", cached="/cache/config.json")
    assert checkpoint.hub_options("a/model") == {"local_files_only": True}


def test_a_model_that_is_nowhere_is_named(hub: dict[str, Any]) -> None:
    hub.update(problem="Name or service not known")
    with pytest.raises(ModelError, match=r"'a/model' .*Name or service not known"):
        checkpoint.hub_options("a/model")


def test_a_hub_that_hangs_is_given_up(hub: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    hub.update(seconds=30.0)
    monkeypatch.setattr(checkpoint, "ANSWER_S", 0.05)
    with pytest.raises(ModelError, match=r"no answer within 0.05 s"):
        checkpoint.hub_options("a/model")


def test_offline_the_hub_is_not_asked(hub: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):
        checkpoint.hub_options("a/model")
    assert hub["asked"] == 0


def test_a_folder_asks_nobody(hub: dict[str, Any]) -> None:
    assert checkpoint.hub_options(str(weights_folder())) == {}
    assert hub["asked"] == 0
