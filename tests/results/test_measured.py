"""The one reader of `metrics.json`: whoever reads a run's figures refuses a bad file alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from unswayed.cli import cli
from unswayed.errors import RunError
from unswayed.report.page import render
from unswayed.results import measured
from unswayed.run.folder import RunFolder
from unswayed.training.track import dynamics

READERS: dict[str, Callable[[RunFolder], object]] = {
    "load": measured.load,
    "report": render,
    "tracking": lambda run: list(dynamics._estimates(1, 2, run)),  # pyright: ignore[reportPrivateUsage]
    "command": lambda run: _summary(run),
}


def _summary(run: RunFolder) -> None:
    from unswayed.cli.results import print_metrics

    print_metrics(run, as_json=False)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path)
    run.start({}, {}, 0)
    return run


@pytest.mark.parametrize("reader", READERS)
def test_a_run_that_was_not_measured(run: RunFolder, reader: str) -> None:
    path = run.folder / "metrics.json"
    wanted = (
        f"expected the figures of a run in {path}, found none; run: unswayed measure {run.folder}"
    )
    with pytest.raises(RunError) as error:
        READERS[reader](run)
    assert str(error.value) == wanted


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected JSON in"),
        ("[]", "expected a JSON object in"),
        ('{"schema_version": 2, "estimates": []}', "schema_version"),
        (
            json.dumps({"schema_version": 1, "estimates": [{"n": 1}]}),
            "estimates.0",
        ),
    ],
)
def test_a_damaged_file(run: RunFolder, reader: str, text: str, message: str) -> None:
    (run.folder / "metrics.json").write_text(text)
    with pytest.raises(RunError, match=message) as error:
        READERS[reader](run)
    assert str(run.folder / "metrics.json") in str(error.value) or reader == "command"
    assert "unswayed measure" in str(error.value)


def test_the_command_line_says_it_too(run: RunFolder) -> None:
    (run.folder / "metrics.json").write_text("{")
    result = CliRunner().invoke(cli, ["report", str(run.folder)])
    assert isinstance(result.exception, RunError)
