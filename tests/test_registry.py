"""Specs and factories: built-ins, plugins, files of one's own, and every slip in one line."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed import registry
from unswayed.errors import ConfigError, MissingExtra, UserError
from unswayed.registry import Spec, create, load, names, parse_spec

PLUGIN = """
from dataclasses import dataclass

LIMIT = 3

@dataclass(frozen=True)
class Mine:
    path: str
    n: int = 1
    level: str = "easy"

def free(*, n: int = 1, **rest):
    return n, rest
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "my_file.py"
    path.write_text(PLUGIN)
    return path


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> dict[str, EntryPoint]:
    """The registered names, replaced by the test's own."""
    found: dict[str, EntryPoint] = {}
    monkeypatch.setattr(registry, "_points", lambda _: found)
    return found


def error_of(kind: Any, spec: str) -> str:
    """Return the one line that a spec's error says."""
    with pytest.raises(UserError) as error:
        create(kind, spec)
    message = str(error.value)
    assert len(message.splitlines()) == 1
    return message


# Specs


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("scenes", Spec("scenes")),
        ("file:a/b.jsonl", Spec("file", "a/b.jsonl")),
        ("file:C:/b.jsonl", Spec("file", "C:/b.jsonl")),
        ("file:", Spec("file", "")),
        ("scenes,n=500,level=hard", Spec("scenes", None, {"n": 500, "level": "hard"})),
        ("m.py:Mine,n=3", Spec("m.py:Mine", None, {"n": 3})),
        (" scenes , n = 5 ", Spec("scenes", None, {"n": 5})),
        ("x,a=true,b=false,c=True", Spec("x", None, {"a": True, "b": False, "c": "True"})),
        ("x,a=-1,b=0,c=1.5,d=1e-3,e=.5", Spec("x", None, dict(a=-1, b=0, c=1.5, d=1e-3, e=0.5))),
        ("x,a=007,b=1_000,c=0x1,d=", Spec("x", None, dict(a="007", b="1_000", c="0x1", d=""))),
        ('x,a="12",b="true"', Spec("x", None, {"a": "12", "b": "true"})),
        ("x,a=b=c", Spec("x", None, {"a": "b=c"})),
        ("x,a=٣", Spec("x", None, {"a": "٣"})),
    ],
)
def test_the_grammar_of_specs(text: str, spec: Spec) -> None:
    assert parse_spec(text) == spec
    kinds = [type(value) for value in parse_spec(text).options.values()]
    assert kinds == [type(value) for value in spec.options.values()]


@pytest.mark.parametrize("text", ["x,a", "x,=1", "x,a b=1", "x,", "", ":x", ",n=1", "x,n=1,n=2"])
def test_specs_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_spec(text)
    assert repr(text) in str(error.value)


VALUES = st.one_of(
    st.booleans(),
    st.integers(-(10**17), 10**17),
    st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: round(x, 3)),
    st.text(st.characters(exclude_characters=',"', exclude_categories=["Cs"])),
)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), VALUES, max_size=4))
def test_a_spec_is_written_as_it_is_read(options: dict[str, Any]) -> None:
    spec = Spec("name", "argument", options)
    assert parse_spec(str(spec)) == spec


def test_numbers_of_any_length_are_read() -> None:
    assert parse_spec("x,a=" + "9" * 5000).options["a"] in ("9" * 5000, float("inf"))


# Names


def test_the_builtins_are_registered_as_plugins_are() -> None:
    assert {"scenes", "file", "blink", "nlvr", "geometry3k", "replay"} <= set(names("benchmark"))
    assert {"transformers", "replay", "tiny"} <= set(names("model"))
    assert "rules" in names("judge")
    assert len(names("perturbation")) >= 12


def test_every_perturbation_loads() -> None:
    for name in names("perturbation"):
        assert load("perturbation", name).summary  # type: ignore[attr-defined]


def test_an_unknown_name_has_near_matches() -> None:
    assert error_of("benchmark", "scene") == "unknown benchmark 'scene'; did you mean scenes?"
    assert "unknown judge 'zzz'; known: " in error_of("judge", "zzz")


def test_unknown_options_have_near_matches(plugin: Path) -> None:
    message = error_of("benchmark", f"{plugin}:Mine,leval=1")
    assert "unknown option of the benchmark" in message
    assert "'leval'; did you mean level?" in message


def test_a_missing_extra_is_named_with_its_install_line(
    points: dict[str, EntryPoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    points["big"] = EntryPoint("big", "unswayed_absent_module:Big", "unswayed.models")
    monkeypatch.setitem(registry._EXTRA_OF, "unswayed_absent_module", "transformers")
    with pytest.raises(MissingExtra) as error:
        create("model", "big")
    assert str(error.value) == (
        "the model 'big' needs the package 'unswayed_absent_module', which is not installed; "
        "run: pip install 'unswayed[transformers]'"
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("unswayed_absent_module:Big", "ModuleNotFoundError: No module named"),
        ("unswayed.errors:Absent", "AttributeError: module 'unswayed.errors' has no attribute"),
    ],
)
def test_a_broken_plugin(points: dict[str, EntryPoint], value: str, said: str) -> None:
    points["big"] = EntryPoint("big", value, "unswayed.models")
    message = error_of("model", "big")
    assert message.startswith("cannot import the model 'big': ")
    assert said in message


# Files of one's own


def test_a_class_of_a_file(plugin: Path) -> None:
    made = create("benchmark", f"{plugin}:Mine,path=x,n=3")
    assert (made.path, made.n, made.level) == ("x", 3, "easy")
    assert load("benchmark", f"{plugin}:Mine") is type(made)


def test_a_function_that_takes_any_option(plugin: Path) -> None:
    assert create("model", f"{plugin}:free,n=2,other=x") == (2, {"other": "x"})


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        (":Mine", "missing a required argument: 'path'; it takes"),
        (":Mien", "'Mien'; did you mean Mine?"),
        (":LIMIT", "expected a class or function at"),
        ("", ".py:NAME"),
    ],
)
def test_slips_in_naming_a_file(plugin: Path, tail: str, said: str) -> None:
    assert said in error_of("benchmark", f"{plugin}{tail}")


def test_a_file_that_is_none(tmp_path: Path) -> None:
    assert "found no " in error_of("benchmark", f"{tmp_path}/none.py:Mine")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = (", "SyntaxError: '(' was never closed (at {}:1)"),
        ("x = 1\nimport unswayed_absent", "No module named 'unswayed_absent' (at {}:2)"),
        ("def f():\n    raise ValueError('a\\nb')\nf()", "ValueError: a b (at {}:2)"),
        ("x = '\0'", "SyntaxError: source code string cannot contain null bytes"),
    ],
)
def test_an_error_inside_a_file_names_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "broken.py"
    path.write_text(text)
    for _ in range(2):  # the second time no half of it may be left behind
        assert said.format(path) in error_of("benchmark", f"{path}:Mine")
    assert not [name for name in sys.modules if str(path) in name]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("file", "missing a required argument: 'path'; it takes file:PATH"),
        ("file:a,path=b", "multiple values for argument 'path'"),
        ("rules:x", "too many positional arguments"),
    ],
)
def test_arguments_are_checked_before_the_call(spec: str, said: str) -> None:
    kind: Any = "judge" if spec.startswith("rules") else "benchmark"
    assert said in error_of(kind, spec)
