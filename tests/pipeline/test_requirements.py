"""Everything that an evaluation needs is named before it begins, at once."""

from __future__ import annotations

import pytest

from unswayed import extras
from unswayed.errors import MissingExtra
from unswayed.pipeline.requirements import require
from unswayed.pipeline.settings import settings


@pytest.fixture(autouse=True)
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that an extra brings is installed."""
    brought = {name for names in extras.packages().values() for name in names}
    there = extras._installed
    monkeypatch.setattr(extras, "_installed", lambda name: name not in brought and there(name))


def asked(**given: object) -> tuple[str, ...]:
    """Return the extras that an evaluation with a report is told to install."""
    options = {"model": "replay:out.jsonl", "benchmarks": ["scenes"], "judge": "rules"}
    with pytest.raises(MissingExtra) as error:
        require(settings(None, {**options, **given}), "report")
    return error.value.extras


def test_each_part_names_its_extra_and_all_are_named_together() -> None:
    assert asked() == ("report",)
    assert asked(model="organism") == ("transformers", "report")
    assert asked(model="some/checkpoint") == ("transformers", "report")
    assert asked(model="vllm:m", benchmarks=["cv-bench"]) == ("http", "hub", "report")
    assert asked(judge="llm:m") == ("http", "report")
    assert asked(judge="qwen3-32b") == ("http", "report")


def test_a_benchmark_of_files_says_itself_what_they_need() -> None:
    assert asked(benchmarks=["cv-bench:folder"]) == ("report",)
    assert asked(benchmarks=["cv-bench,path=folder"]) == ("report",)


def test_nothing_is_said_when_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_installed", lambda name: True)
    require(settings(None, {"model": "organism", "benchmarks": ["scenes"]}), "report", None)
