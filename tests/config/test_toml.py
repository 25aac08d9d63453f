"""Recipe files that extend one another: what is merged, what is replaced, what is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from unswayed.config import toml
from unswayed.errors import ConfigError
from unswayed.pipeline.settings import settings


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_tables_are_merged_key_by_key_and_everything_else_is_replaced(tmp_path: Path) -> None:
    write(
        tmp_path,
        "base.toml",
        "a = 1\nb = [1, 2]\n[t]\nx = 1\n[t.u]\ny = 1\nz = 1\n[[data]]\nn = 1\n[[data]]\nn = 2\n",
    )
    write(tmp_path, "mid/mid.toml", 'extends = "../base.toml"\n[t.u]\ny = 2\n')
    top = write(
        tmp_path, "top.toml", 'extends = "mid/mid.toml"\nb = [3]\n[t]\nx = 3\n[[data]]\nn = 3\n'
    )
    assert toml.read(top) == {
        "a": 1,
        "b": [3],
        "t": {"x": 3, "u": {"y": 2, "z": 1}},
        "data": [{"n": 3}],
    }
    texts = toml.as_written(top)
    assert texts["recipe"] == top.read_text()
    assert [Path(name).name for name in texts["extends"]] == ["mid.toml", "base.toml"]


def test_a_recipe_that_extends_nothing_is_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path, "a.toml", "a = 1\n")
    assert toml.read(path) == {"a": 1}
    assert toml.as_written(path) == {"recipe": "a = 1\n"}


def test_a_circle_is_named_in_one_line(tmp_path: Path) -> None:
    first = write(tmp_path, "a.toml", 'extends = "b.toml"\n')
    write(tmp_path, "b.toml", 'extends = "./a.toml"\n')
    with pytest.raises(
        ConfigError, match=r"in a circle: .*a\.toml → .*b\.toml → .*a\.toml"
    ) as error:
        toml.read(first)
    assert "\n" not in str(error.value)


def test_a_recipe_that_extends_itself_is_a_circle(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="in a circle"):
        toml.read(write(tmp_path, "a.toml", 'extends = "a.toml"\n'))


def test_a_parent_that_is_missing_is_named_with_the_chain(tmp_path: Path) -> None:
    first = write(tmp_path, "a.toml", 'extends = "b.toml"\n')
    write(tmp_path, "b.toml", 'extends = "gone.toml"\n')
    message = r"cannot read the recipe .*gone\.toml \(extended by .*a\.toml → .*b\.toml\): No such"
    with pytest.raises(ConfigError, match=message) as error:
        toml.read(first)
    assert "\n" not in str(error.value)


def test_a_parent_that_is_no_toml_is_named(tmp_path: Path) -> None:
    write(tmp_path, "b.toml", "= 1\n")
    with pytest.raises(ConfigError, match=r"b\.toml \(extended by .*a\.toml\) is no TOML"):
        toml.read(write(tmp_path, "a.toml", 'extends = "b.toml"\n'))


@pytest.mark.parametrize("value", ['"accuracy"', "3", '["a.toml"]', '""'])
def test_what_cannot_be_extended_is_told(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError, match="expected extends as the path of a file"):
        toml.read(write(tmp_path, "a.toml", f"extends = {value}\n"))


def test_shipped_names_are_offered(tmp_path: Path) -> None:
    shipped = {"one": write(tmp_path, "one.toml", "a = 1\n")}
    own = write(tmp_path, "own.toml", 'extends = "one"\n')
    assert toml.read(own, shipped) == {"a": 1}
    with pytest.raises(ConfigError, match=r"the name of a shipped recipe \(one\); found 'two'"):
        toml.read(write(tmp_path, "two.toml", 'extends = "two"\n'), shipped)


def test_extends_is_no_option() -> None:
    with pytest.raises(ConfigError, match="belongs in a recipe file"):
        toml.merged({}, {}, ["extends=a.toml"])


def test_an_evaluation_extends_as_a_training_does(tmp_path: Path) -> None:
    write(tmp_path, "base.toml", 'benchmarks = ["scenes,n=2"]\nseed = 3\n[decoding]\ntop_p = 0.5\n')
    own = write(
        tmp_path,
        "own.toml",
        'extends = "base.toml"\nmodel = "tiny"\n[decoding]\ntemperature = 1.0\n',
    )
    found = settings(own, {})
    assert (found.model, found.seed) == ("tiny", 3)
    assert (found.decoding.temperature, found.decoding.top_p) == (1.0, 0.5)


def test_what_is_written_is_read_as_the_same() -> None:
    table = {
        "text": 'a "quoted" line\nand another ü',
        "number": 1e-06,
        "whole": 3,
        "yes": True,
        "list": ["a", "b"],
        "none": None,
        "table": {"inner": {"dotted.key": 1}, "empty": {}, "x": 0.1},
        "data": [{"n": 1, "t": {"y": 2}}, {"n": 2}],
    }
    del table["none"]
    assert tomllib.loads(toml.dumps({**table, "none": None})) == table
