"""Configurations for `accelerate launch`: its own loader takes them; they say what they mean."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytest.importorskip("trl")

from unswayed.errors import ConfigError  # noqa: E402
from unswayed.training.folder import TrainingFolder  # noqa: E402
from unswayed.training.recipe import training_recipe  # noqa: E402
from unswayed.training.trl.sharding import (  # noqa: E402
    check_saved_whole,
    check_whole,
    sum_in_float32,
)

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "recipes" / "accelerate").glob("*.yaml"))


def launched(path: Path, *options: str) -> Any:
    """Return what `accelerate launch` makes of a file and its command line."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser

    line = ["--config_file", str(path), *options, "-m", "unswayed", "train", "my-recipe.toml"]
    return _validate_launch_command(launch_command_parser().parse_args(line))[0]


def test_the_three_are_there() -> None:
    assert [path.stem for path in FILES] == ["fsdp2", "zero2", "zero3"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_accelerate_reads_it_and_takes_the_command_line_in_it(path: Path) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    found = load_config_from_file(str(path))
    assert (found.num_processes, found.mixed_precision) == (8, "no")
    args = launched(path, "--num_processes", "4")
    assert (args.num_processes, args.training_script, args.module) == (4, "unswayed", True)
    text = path.read_text("utf-8")
    assert f"--config_file recipes/accelerate/{path.name}" in text
    assert "-m unswayed train" in text


def test_fsdp2_as_the_processes_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from accelerate import FullyShardedDataParallelPlugin
    from accelerate.utils.launch import prepare_multi_gpu_env

    args = launched(ROOT / "recipes/accelerate/fsdp2.yaml")
    assert (args.use_fsdp, args.use_deepspeed) == (True, False)
    told = prepare_multi_gpu_env(args)
    for name, value in told.items():
        if name.startswith(("FSDP_", "ACCELERATE_")):
            monkeypatch.setenv(name, value)
    plugin: Any = FullyShardedDataParallelPlugin()
    assert plugin.fsdp_version == 2
    assert plugin.reshard_after_forward is True
    assert "FULL_STATE_DICT" in str(plugin.state_dict_type)
    check_saved_whole()
    plugin.set_mixed_precision("bf16")  # as accelerate does
    assert plugin.mixed_precision_policy.reduce_dtype == torch.bfloat16
    sum_in_float32(SimpleNamespace(state=SimpleNamespace(fsdp_plugin=plugin)))
    policy = plugin.mixed_precision_policy
    assert (policy.param_dtype, policy.reduce_dtype) == (torch.bfloat16, torch.float32)
    assert type(plugin.cpu_offload).__name__ == "OffloadPolicy"  # not CPUOffloadPolicy


@pytest.mark.parametrize("stage", [2, 3])
def test_deepspeed_as_the_processes_are_told(stage: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from accelerate.utils.launch import prepare_deepspeed_cmd_env

    args = launched(ROOT / f"recipes/accelerate/zero{stage}.yaml")
    assert (args.use_fsdp, args.use_deepspeed) == (False, True)
    args.deepspeed_fields_from_accelerate_config = ""  # as the launcher adds it
    _, told = prepare_deepspeed_cmd_env(args)
    assert (
        "ACCELERATE_GRADIENT_ACCUMULATION_STEPS" not in told
    )  # the trainer's, which it says itself
    for name in [name for name in told if name.startswith("ACCELERATE_DEEPSPEED")]:
        monkeypatch.setenv(name, told[name])
    check_saved_whole()
    assert told["ACCELERATE_USE_DEEPSPEED"] == "true"
    assert told["ACCELERATE_DEEPSPEED_ZERO_STAGE"] == str(stage)
    assert told["ACCELERATE_DEEPSPEED_ZERO3_INIT"] == str(stage == 3).lower()
    assert (
        told.get("ACCELERATE_DEEPSPEED_ZERO3_SAVE_16BIT_MODEL", "false") == str(stage == 3).lower()
    )


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            {"ACCELERATE_USE_FSDP": "true", "FSDP_STATE_DICT_TYPE": "SHARDED_STATE_DICT"},
            "fsdp_state_dict_type: FULL_STATE_DICT .* found SHARDED",
        ),
        ({"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2"}, "found SHARDED"),
        ({"ACCELERATE_DEEPSPEED_ZERO_STAGE": "3"}, "zero3_save_16bit_model: true .* found false"),
    ],
)
def test_checkpoints_without_a_model_are_refused(
    told: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as other:
        other.setenv("ACCELERATE_USE_FSDP", "true")
        for whole in ("1", "full_state_dict"):  # as accelerate reads them
            other.setenv("FSDP_STATE_DICT_TYPE", whole)
            check_saved_whole()
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=said):
        check_saved_whole()


@pytest.mark.parametrize("flag", ["ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED"])
@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("grpo.lora={rank=4}", "grpo.lora"),
        ("reward.likelihood_consistency={}", "reward.likelihood_consistency"),
        ("reward.reanswer={}", "reward.reanswer"),
    ],
)
def test_what_needs_whole_weights_is_refused(
    flag: str, override: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = training_recipe("accuracy", [override])
    check_whole(recipe)
    monkeypatch.setenv(flag, "true")
    check_whole(training_recipe("accuracy"))
    with pytest.raises(ConfigError, match=rf"{key} needs whole weights"):
        check_whole(recipe)


@pytest.mark.parametrize(
    "files",
    [["optimizer.pt"], ["optimizer.bin", "pytorch_model_fsdp.bin"], ["latest", "global_step2/a"]],
)
def test_a_checkpoint_of_each_kind_can_be_gone_on_from_until_it_is_thinned(
    files: list[str], tmp_path: Path
) -> None:
    folder = TrainingFolder(tmp_path)
    for step in (2, 4):
        for name in ["config.json", "model.safetensors", *files]:
            file = tmp_path / f"checkpoint-{step}" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x")
    assert [one.resumable for one in folder.checkpoints()] == [True, True]
    folder.thin(1)
    assert [one.resumable for one in folder.checkpoints()] == [False, True]
    left = {path.name for path in (tmp_path / "checkpoint-2").rglob("*") if path.is_file()}
    assert left == {"config.json", "model.safetensors"}
