"""`unswayed train --engine verl`: what is refused before Ray, or anything else, is started."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from unswayed.cli import main


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["unswayed", "train", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("way", [[], ["--dry-run"], ["--print-command"]])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "grpo.lora={rank=4}"], "the engine 'verl' cannot do grpo.lora: "),
        (["--set", "grpo.iterations=4"], "the engine 'verl' cannot do grpo.iterations: "),
        (["--set", "verl.gpus_per_node=7"], "a multiple of 7 GPUs"),
        (["--set", "verl.gpus=7"], "unknown recipe key 'verl.gpus'; did you mean"),
    ],
)
def test_a_slip_is_one_line_and_starts_nothing(
    way: list[str],
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "run"
    command = ["accuracy", "--engine", "verl", *arguments, "--out", str(out), *way]
    assert called(monkeypatch, *command) == 2
    said = capsys.readouterr()
    assert message in said.err.strip().splitlines()[-1]
    assert said.out == ""
    assert not out.exists()


@pytest.mark.skipif(find_spec("verl") is not None, reason="verl is installed")
def test_without_verl_the_install_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert called(monkeypatch, "accuracy", "--engine", "verl", "--out", str(out)) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert "this training needs the packages" in last
    assert "'verl'" in last
    assert "pip install 'unswayed[verl]'" in last
    assert not out.exists()


def test_the_plan_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("accuracy", "--engine", "verl", "--address", "head:6379", "--dry-run")
    more = ("--set", "verl.nodes=2", "--out", str(tmp_path / "run"))
    assert called(monkeypatch, *command, *more) == 0
    shown = capsys.readouterr().out
    assert "verl on 2 × 8 GPUs, the Ray cluster at head:6379" in shown


def test_a_command_is_of_verl_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, "accuracy", "--print-command", "--out", str(tmp_path / "run")) == 2
    assert "expected engine = 'verl' with --print-command" in capsys.readouterr().err
