"""Runs that are compared: what differs is named, and other questions are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from unswayed.errors import ConfigError
from unswayed.pipeline.comparison import compare_runs
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate
from unswayed.report.differences import comparisons_json, comparisons_text
from unswayed.run.folder import RunFolder

SCRIPTED = f"{Path(__file__).parents[1] / 'scripted.py'}"


def made(out: Path, **changed: Any) -> RunFolder:
    values: dict[str, Any] = {
        "model": f"{SCRIPTED}:Scripted,script=gold",
        "benchmarks": ("scenes,n=12",),
        "variants": ("base", "wrong-think"),
        "statistics": {"resamples": 100},
    }
    return evaluate(Settings.model_validate(values | changed), out)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("first") / "run").folder


ANOTHER_WAY: dict[str, tuple[dict[str, Any], dict[str, tuple[str, str]]]] = {
    "profile": (
        {"profile": "vision-r1", "decoding": {"max_new_tokens": 1024}},
        {
            "profile": ("default", "vision-r1"),
            "decoding.temperature": ("0.0", "0.6"),
            "decoding.top_p": ("1.0", "0.95"),
        },
    ),
    "tokens": ({"decoding": {"max_new_tokens": 7}}, {"decoding.max_new_tokens": ("1024", "7")}),
    "temperature": ({"decoding": {"temperature": 0.5}}, {"decoding.temperature": ("0.0", "0.5")}),
    "top_p": ({"decoding": {"top_p": 0.5}}, {"decoding.top_p": ("1.0", "0.5")}),
    "judge": ({"judge": f"{SCRIPTED}:SlowRules"}, {"judge": ("rules", "slow-rules")}),
    "answer_style": ({"answer_style": "plain"}, {"answer_style": ("tags", "plain")}),
    "on_conflict": ({"on_conflict": "text"}, {"on_conflict": ("letter", "text")}),
    "tolerance": ({"tolerance": 0.5}, {"tolerance": ("0.0", "0.5")}),
    "limit": ({"limit": 9}, {"limit": ("none", "9")}),
    "foils": ({"foils": 2}, {"foils": ("1", "2")}),
    "benchmarks": ({"benchmarks": ("scenes,n=9",)}, {"benchmarks": ("scenes,n=12", "scenes,n=9")}),
    "variants": (
        {"variants": ("base", "wrong-think", "wrong-caption")},
        {"variants": ("none", "wrong-caption")},
    ),
}
"""What is set → what is named; the questions that both show are the same."""

OTHER_QUESTIONS: dict[str, dict[str, Any]] = {
    "delivery": {"delivery": "user-turn"},
    "seed": {"seed": 5},
}


@pytest.mark.parametrize("change", ANOTHER_WAY)
def test_settings_that_change_how_answers_come_or_are_read_are_named(
    first: Path, tmp_path: Path, change: str
) -> None:
    settings, expected = ANOTHER_WAY[change]
    (one,) = compare_runs([first, made(tmp_path / "run", **settings).folder], resamples=100)
    found = {each.setting: (each.reference, each.run) for each in one.differing}
    for name, values in expected.items():
        assert found[name] == values
    assert found.keys() == expected.keys()
    assert one.other_questions == ()
    _, line, *_ = comparisons_text([one]).splitlines()
    assert all(f"{name}: {a} → {b}" in line for name, (a, b) in expected.items())


@pytest.mark.parametrize("change", OTHER_QUESTIONS)
def test_other_questions_are_refused_in_one_line_unless_they_are_allowed(
    first: Path, tmp_path: Path, change: str
) -> None:
    other = made(tmp_path / "run", **OTHER_QUESTIONS[change]).folder
    with pytest.raises(ConfigError) as caught:
        compare_runs([first, other], resamples=100)
    message = str(caught.value)
    assert "\n" not in message
    assert f"{change}: " in message
    assert "in wrong-think" in message
    assert "in base" not in message
    assert "--allow-differing" in message
    (one,) = compare_runs([first, other], resamples=100, allow_differing=True)
    assert [each.setting for each in one.differing] == [change]
    (where,) = one.other_questions
    assert (where.benchmark, where.variant, where.shared) == ("scenes", "wrong-think", 12)
    assert where.rows > 6
    assert "not the same questions" in comparisons_text([one])


def test_other_texts_and_the_file_behind_them_are_refused(first: Path, tmp_path: Path) -> None:
    def texts(name: str, word: str) -> Path:
        rows = [
            {"sample": f"scenes/0-{n}", "part": "think", "asserts": letter, "text": f"{word} {n}"}
            for n in range(12)
            for letter in "ABCD"
        ]
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    a = made(tmp_path / "a", texts=f"file:{texts('one', 'Hm')}").folder
    with pytest.raises(ConfigError, match="texts: template → file:"):
        compare_runs([first, a], resamples=100)
    texts("one", "Well")  # the same name, other words
    b = made(tmp_path / "b", texts=f"file:{tmp_path / 'one.jsonl'}").folder
    with pytest.raises(ConfigError, match=r"data of the texts: sha256 .* → sha256"):
        compare_runs([a, b], resamples=100)


def test_a_run_and_its_copy_differ_in_nothing(first: Path, tmp_path: Path) -> None:
    again = made(tmp_path / "run").folder
    (one,) = compare_runs([first, again], resamples=100)
    assert (one.differing, one.other_questions) == ((), ())
    assert one.models == ("scripted", "scripted")
    assert "scripted in both; also differing: nothing" in comparisons_text([one])


def test_versions_and_packages_are_named(first: Path, tmp_path: Path) -> None:
    again = made(tmp_path / "run").folder
    description = json.loads((again / "run.json").read_text())
    description.update(unswayed="0.0.9", git=None)
    description["packages"]["numpy"] = "1.0"
    (again / "run.json").write_text(json.dumps(description))
    (one,) = compare_runs([first, again], resamples=100)
    assert [each.setting for each in one.differing] == ["version", "packages.numpy"]
    assert one.differing[0].run == "0.0.9"


def test_marks_count_all_that_is_compared_together(first: Path, tmp_path: Path) -> None:
    mixed = made(tmp_path / "run", model=f"{SCRIPTED}:Scripted,script=mixed").folder
    same = made(tmp_path / "same").folder
    two = compare_runs([first, mixed, same], resamples=200)
    alone = compare_runs([first, mixed], resamples=200)
    rows = [row for one in two for row in one.differences]
    tested = [row for row in rows if row.p is not None]
    for row, of_one in zip(two[0].differences, alone[0].differences, strict=True):
        assert row.p == of_one.p
        assert row.p is None or (row.p_holm or 0) >= (of_one.p_holm or 0)
        assert row.clear or not row.stands
        if row.p is not None:
            assert row.clear == (row.p <= 1 - row.level)
    assert any(row.clear for row in rows)
    text = comparisons_text(two)
    clear = sum(row.clear for row in rows)
    assert f"leaves 0 out: {clear} of {len(tested)}; if nothing differed, about" in text
    assert f"about {0.05 * len(tested):.1f} would by chance" in text
    assert sum(line.endswith("*") for line in text.splitlines()) == clear
    as_json = comparisons_json(two)
    assert [one["run"] for one in as_json] == [str(mixed), str(same)]
    assert as_json[0]["models"] == ["scripted", "scripted"]
    assert as_json[0]["differences"][0].keys() >= {"value", "p", "p_holm", "detectable", "clear"}
