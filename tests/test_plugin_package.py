"""A package of plug-ins: installed without a network, listed, and used in an evaluation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PACKAGE = Path(__file__).parent / "plugin_package"
BROUGHT = {
    "benchmarks": ("dots", "Dots on a grid: is their number even or odd?"),
    "models": ("stubborn", "Answers with the first option, whatever it is shown."),
    "judges": ("last-letter", "Compares the last lone capital letter of the thought"),
    "variants": ("rumour", "a caption that says how most people answered: wrongly"),
    "texts": ("blunt", "Blunt sentences that name the option and give no reason."),
    "rewards": ("brief", "Pays for a thought of few words"),
    "profiles": ("terse", "source: the example package of unswayed"),
}

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Call:
    """Install the package into a folder; return a function that calls unswayed with it."""
    pytest.importorskip("setuptools")
    folder = tmp_path_factory.mktemp("plugin")
    source = folder / "source"
    for path in PACKAGE.rglob("*"):  # the build writes beside its sources
        if path.is_file() and "__pycache__" not in path.parts:
            copy = source / path.relative_to(PACKAGE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    target = folder / "site"
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", "-q", *offline, "--target", str(target)]
    subprocess.run([*command, str(source)], check=True, capture_output=True)
    path = os.pathsep.join([str(target), os.environ.get("PYTHONPATH", "")])

    def run(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "unswayed", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == status, done.stderr
        return done

    return run


@pytest.mark.parametrize("kind", BROUGHT)
def test_what_the_package_brings_is_listed(call: Call, kind: str) -> None:
    name, sentence = BROUGHT[kind]
    assert sentence in json.loads(call("list", kind, "--json").stdout)[name]["about"]


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.slow
def test_an_evaluation_with_all_of_it(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "run"
    asked = ["--model", "stubborn,confidence=0.75", "--benchmark", "dots,n=6", "--judge"]
    asked += ["last-letter", "--profile", "terse", "--texts", "blunt,level=3", "--out", str(out)]
    asked += ["--variants", "base,wrong-caption,rumour,abstain+rumour"]
    call("evaluate", *asked)
    shown = records(out / "variants.jsonl")
    assert [v["name"] for v in shown[:4]] == ["base", "wrong-caption", "rumour", "abstain+rumour"]
    assert [v["text_source"] for v in shown[:4]] == ["none", "blunt", "fixed", "fixed"]
    assert shown[1]["caption"].startswith("Without any doubt it is")
    assert shown[2]["asserts"] == shown[2]["foil"] != shown[2]["answer"]
    assert {v["judge"] for v in records(out / "verdicts.jsonl")} == {"last-letter"}
    assert "rumour" in (out / "report.html").read_text("utf-8")
    kept = (out / "variants.jsonl").read_bytes()
    call("evaluate", *asked)
    assert (out / "variants.jsonl").read_bytes() == kept


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            ("--model", "stubborn,confidence=x"),
            "option confidence of the model 'stubborn':",
        ),
        (("--model", "stubborn,confidence=2"), "ValueError: expected a confidence in (0, 1]"),
        (("--texts", "blunt,level=4"), "expected 1, 2 or 3, found 4"),
        (("--texts", "blnt"), "unknown text source 'blnt'; did you mean blunt?"),
        (("--variants", "rumor"), "unknown variant 'rumor'; did you mean rumour?"),
        (("--variants", "rumour;level=1"), "takes no options"),
        (("--profile", "ters"), "unknown profile 'ters'; did you mean terse?"),
    ],
)
def test_slips_in_naming_what_the_package_brings(
    call: Call, tmp_path: Path, asked: tuple[str, str], said: str
) -> None:
    given = {"--model": "stubborn", "--benchmark": "dots,n=2", "--out": str(tmp_path / "run")}
    flat = [text for pair in {**given, asked[0]: asked[1]}.items() for text in pair]
    stderr = call("evaluate", *flat, status=2).stderr
    assert said in stderr
    assert len(stderr.splitlines()) == 1
    assert not (tmp_path / "run" / "run.json").exists()
