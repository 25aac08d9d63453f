"""Missing packages are named all at once, with one line that installs them."""

from __future__ import annotations

import pytest

from unswayed import extras
from unswayed.errors import MissingExtra
from unswayed.run.environment import environment


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return a set of names; what is put into it counts as not installed."""
    names: set[str] = set()
    there = extras._installed
    monkeypatch.setattr(extras, "_installed", lambda name: name not in names and there(name))
    return names


def test_nothing_is_said_when_nothing_is_missing() -> None:
    extras.require("the report", "report")


def test_all_that_is_missing_is_named_at_once(absent: set[str]) -> None:
    absent |= {"jinja2", "matplotlib", "torch"}
    with pytest.raises(MissingExtra) as error:
        extras.require("the demo", "transformers", "report", "hub")
    assert str(error.value) == (
        "the demo needs the packages 'torch', 'jinja2' and 'matplotlib', which are not installed; "
        "run: pip install 'unswayed[transformers,report]'"
    )
    assert error.value.exit_code == 2


def test_only_what_is_needed_of_an_extra_is_required(absent: set[str]) -> None:
    absent.add("datasets")
    extras.require("reading Parquet files", "hub", only=("pyarrow",))
    absent.add("pyarrow")
    with pytest.raises(MissingExtra, match=r"package 'pyarrow', which.*unswayed\[hub\]"):
        extras.require("reading Parquet files", "hub", only=("pyarrow",))


def test_several_checks_are_answered_in_one_error(absent: set[str]) -> None:
    absent |= {"aiohttp", "matplotlib"}
    checks = [
        lambda: extras.require("a server", "http"),
        lambda: extras.require("scenes", "transformers"),
        lambda: extras.require("the report", "report"),
    ]
    with pytest.raises(MissingExtra) as error:
        extras.together("this evaluation", checks)
    assert str(error.value) == (
        "this evaluation needs the packages 'aiohttp' and 'matplotlib', which are not installed; "
        "run: pip install 'unswayed[http,report]'"
    )


def test_a_failed_import_names_its_extra_and_what_else_that_lacks(absent: set[str]) -> None:
    absent |= {"torch", "transformers"}
    error = extras.explain(ModuleNotFoundError(name="torch.nn"), "a model")
    assert error is not None
    assert error.extras == ("transformers",)
    assert set(error.modules) == {"torch", "transformers"}
    assert extras.explain(ModuleNotFoundError(name="nobody_has_it"), "a model") is None


def test_check_lists_every_extra(absent: set[str]) -> None:
    absent.add("aiohttp")
    rows = environment()["extras"]
    assert set(rows) == set(extras.packages())
    assert rows["http"] == "missing aiohttp; run: pip install 'unswayed[http]'"
