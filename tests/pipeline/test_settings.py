"""Settings: defaults, a recipe over them, options over that, `--set` over all."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.errors import ConfigError
from unswayed.perturbations.composition import DEFAULT
from unswayed.pipeline.settings import Settings, settings

LEAST: dict[str, Any] = {"model": "tiny", "benchmarks": ["scenes"]}


def recipe(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_not_given_is_the_default() -> None:
    found = settings(None, LEAST)
    assert found == Settings(model="tiny", benchmarks=("scenes",))
    assert found.variants == DEFAULT
    assert len(DEFAULT) == 8
    assert (found.delivery, found.on_conflict, found.judge) == ("prefill", "letter", "rules")
    assert found.profile is None
    assert found.decoding.max_new_tokens is None  # the profile's own


def test_later_ones_win(tmp_path: Path) -> None:
    text = (
        'model = "a"\nbenchmarks = ["b"]\nseed = 1\nlimit = 1\nfoils = 1\n[decoding]\ntop_p = 0.5'
    )
    options = {"seed": 2, "limit": 2, "judge": None}
    found = settings(recipe(tmp_path, text), options, ["seed=3", "decoding.temperature=0.7"])
    assert (found.model, found.limit, found.seed) == ("a", 2, 3)
    assert (found.decoding.top_p, found.decoding.temperature) == (0.5, 0.7)
    assert found.judge == "rules"  # an option that was not given is no value


@pytest.mark.parametrize(
    ("override", "name", "value"),
    [
        ("limit=5", "limit", 5),
        ("limit = 5", "limit", 5),
        ("judge=rules,x=1", "judge", "rules,x=1"),
        ('judge="rules"', "judge", "rules"),
        ("judge=a=b", "judge", "a=b"),
        ('variants=["base", "shuffle"]', "variants", ("base", "shuffle")),
        ("model=my_file.py:Model", "model", "my_file.py:Model"),
    ],
)
def test_an_override_is_toml_or_else_text(override: str, name: str, value: Any) -> None:
    assert getattr(settings(None, LEAST, [override]), name) == value


def test_an_override_changes_neither_recipe_nor_options(tmp_path: Path) -> None:
    options: dict[str, Any] = {**LEAST, "decoding": {"top_p": 0.5}}
    settings(None, options, ["decoding.top_p=0.9", "decoding.temperature=1"])
    assert options["decoding"] == {"top_p": 0.5}


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("limit=0", ["'limit'", "0"]),
        ("limit=1.5", ["'limit'", "1.5"]),
        ("seed=x", ["'seed'", "'x'"]),
        ("batch_size=0", ["'batch_size'"]),
        ("foils=26", ["'foils'", "25"]),
        ("benchmarks=[]", ["'benchmarks'", "at least 1"]),
        ("variants=[]", ["'variants'", "at least 1"]),
        ("delivery=mail", ["'delivery'", "prefill", "user-turn"]),
        ("on_conflict=guess", ["'on_conflict'", "letter", "text", "unparsed"]),
        ("decoding.temperature=inf", ["'decoding.temperature'", "inf"]),
        ("decoding.temperature=nan", ["'decoding.temperature'", "nan"]),
        ("decoding.top_p=0", ["'decoding.top_p'"]),
        ("statistics.level=1", ["'statistics.level'"]),
        ("statistics.resamples=99", ["'statistics.resamples'", "100"]),
        ("decoding=5", ["'decoding'", "5"]),
        ("decoding.temperatur=1", ["'decoding.temperatur'", "decoding.temperature"]),
        ("statistics.levle=1", ["'statistics.levle'", "statistics.level"]),
        ("modle=tiny", ["unknown setting 'modle'", "did you mean model"]),
        ("limit", ["key=value", "'limit'"]),
        ("=5", ["key=value"]),
        ("decoding..top_p=1", ["key=value"]),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_found(override: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(None, LEAST, [override])
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_recipe_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing there"):
        settings(tmp_path / "none.toml", LEAST)
    with pytest.raises(ConfigError, match=r"without run\.json"):
        settings(tmp_path, LEAST)
    with pytest.raises(ConfigError, match=r"no TOML.*line 2"):
        settings(recipe(tmp_path, 'model = "a"\nseed = \n'), {})
    (tmp_path / "latin.toml").write_bytes('model = "é"'.encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        settings(tmp_path / "latin.toml", {})


def test_a_missing_setting_says_where_to_give_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"recipe\.toml: the setting 'benchmarks' is missing"):
        settings(recipe(tmp_path, 'model = "tiny"'), {})


def test_what_decides_the_generations_and_what_does_not_are_everything() -> None:
    found = settings(None, LEAST)
    deciding, measuring = found.deciding(), found.measuring()
    silent = {"answer_style"}  # not written where the profile decides, as in earlier versions
    assert set(deciding) | set(measuring) | {"serving"} | silent == set(Settings.model_fields)
    styled = settings(None, {**LEAST, "answer_style": "plain"})
    assert styled.deciding()["answer_style"] == "plain"
    assert "serving" not in {*deciding, *measuring}  # how it is asked, not what
    assert set(measuring) == {"judge", "on_conflict", "tolerance", "statistics"}
    assert not set(deciding) & set(measuring)
    assert Settings.model_validate({**deciding, **measuring}) == found


@given(
    st.fixed_dictionaries(
        {"model": st.text(min_size=1), "benchmarks": st.lists(st.text(), min_size=1)},
        optional={
            "seed": st.integers(),
            "limit": st.integers(1),
            "foils": st.integers(1, 25),
            "decoding": st.fixed_dictionaries(
                {"temperature": st.floats(0, 1e6), "top_p": st.floats(0.001, 1)}
            ),
            "statistics": st.fixed_dictionaries({"level": st.floats(0.001, 0.999)}),
        },
    )
)
def test_settings_survive_the_run_folder(values: dict[str, Any]) -> None:
    found = settings(None, values)
    again = Settings.model_validate_json(found.model_dump_json())
    assert again == found
    assert math.isfinite(again.decoding.temperature or 0)


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0"])
def test_a_shard_that_is_none_is_one_clean_sentence(text: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        settings(None, {"model": "tiny", "benchmarks": ["scenes"], "shard": text})
    assert str(refusal.value) == (
        f"setting 'shard': expected a shard as K/N with K from 1 to N, such as 2/8, found {text!r}"
    )
