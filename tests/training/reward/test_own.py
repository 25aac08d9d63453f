"""Terms of the user's own: the page's example, what they may return, what is told of a slip."""

from __future__ import annotations

import asyncio
import math
import re
from pathlib import Path
from typing import Any

import pytest

from unswayed.errors import ConfigError, StageError, UnknownName
from unswayed.training.recipe import training_recipe
from unswayed.training.reward.own import MAX_FAILED_BATCHES, parse_terms, with_absolute_file
from unswayed.training.reward.parts import mean_parts
from unswayed.training.reward.scorer import Scorer
from unswayed.training.reward.settings import RewardSettings
from unswayed.training.verl.reward import compute_score
from unswayed.types import Sample, Variant

PAGE = Path(__file__).parents[3] / "docs" / "training.md"
OPTIONS = {"A": "the chair", "B": "the table"}
RIGHT = "<think>It is the table.</think><answer>B</answer>"
WRONG = "<think>It is the chair.</think><answer>A</answer>"
TERMS = """
import math

def words(completion, *, most: int = 1):
    return min(most, len(completion.thought.split()))

def steadfast(completion):
    return float(completion.consistent)

steadfast.needs_verdict = True

class Steady:
    def __init__(self, value: float = 1.0):
        self.value = value

    def __call__(self, completion):
        return self.value

def fails_on_a(completion):
    return {"B": 1.0}[completion.answer]

def nothing(completion):
    return None

def infinite(completion):
    return math.inf

def late(completion):
    return "1.0"

def of_none():
    return 1.0

number = 3
"""


def prompt() -> Variant:
    sample = Sample(
        id="toy/1",
        benchmark="toy",
        images=(),
        question="Which?",
        options=OPTIONS,
        answer="B",
        cluster="1",
    )
    return Variant(id="v", sample=sample, name="base", options=OPTIONS, answer="B")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(TERMS)
    return path


def scored(*terms: str, texts: tuple[str, ...] = (RIGHT, WRONG), **more: Any) -> list[Any]:
    scorer = Scorer(RewardSettings(terms=terms, **more))
    return scorer.score([prompt()] * len(texts), list(texts))


def test_the_pages_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = PAGE.read_text("utf-8")
    (code,) = re.findall(r"```python\n# brief\.py\n(.*?)```", page, re.DOTALL)
    (recipe,) = re.findall(r"```toml\n([^`]*brief\.py:[^`]*)```", page)
    monkeypatch.chdir(tmp_path)
    Path("brief.py").write_text(code)
    Path("own.toml").write_text(recipe)
    found = training_recipe("own.toml")
    right, wrong = Scorer(found.reward).score([prompt()] * 2, [RIGHT, WRONG])
    assert (right.terms, wrong.terms) == ({"brief": 0.2}, {"brief": 0.0})
    assert right.total == pytest.approx(1.3)
    long = "<think>It " + "really " * 20 + "is the table.</think><answer>B</answer>"
    assert Scorer(found.reward).score([prompt()], [long])[0].terms == {"brief": 0.0}


def test_weights_names_options_and_classes(file: Path) -> None:
    right, _ = scored(
        f"{file}:words,weight=0.5,most=3", f"{file}:words,name=one", f"{file}:Steady,value=-0.25"
    )
    assert right.terms == {"words": 1.5, "one": 1.0, "Steady": -0.25}
    assert right.total == pytest.approx(1.1 + 2.25)


def test_a_term_that_needs_the_verdict_has_the_judge_asked(file: Path) -> None:
    split = "<think>It is the chair.</think><answer>B</answer>"
    right, other = scored(f"{file}:steadfast", texts=(RIGHT, split))
    assert (right.terms, other.terms) == ({"steadfast": 1.0}, {"steadfast": 0.0})
    assert (right.consistent, other.consistent) == (True, False)
    assert right.answer == other.answer == 1.0


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing", "return a finite number, found None on toy/1"),
        ("infinite", "return a finite number, found inf on toy/1"),
        ("late", "return a finite number, found '1.0' on toy/1"),
        ("fails_on_a", "raised KeyError: 'A' on toy/1"),
    ],
)
def test_what_is_no_number_is_no_reward_and_is_told_once(
    name: str, told: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scorer = Scorer(RewardSettings(terms=(f"{file}:{name}",)))
    for texts in ([RIGHT, WRONG], [RIGHT, WRONG]):
        right, wrong = scorer.score([prompt()] * 2, texts)
        assert wrong.terms[name] is None
        assert wrong.total is None
        assert right.total == (2.1 if name == "fails_on_a" else None)
    said = capsys.readouterr().err
    assert told in said
    assert said.count("the reward term") == 1
    assert mean_parts([right, wrong], [RIGHT, WRONG])["parts/unscored"] in (0.5, 1.0)


def test_a_term_that_always_fails_stops_the_training(file: Path) -> None:
    scorer = Scorer(RewardSettings(terms=(f"{file}:nothing",)))
    for _ in range(MAX_FAILED_BATCHES - 1):
        scorer.score([prompt()], [RIGHT])
    with pytest.raises(StageError, match=r"'nothing' .* every completion of 3 batches"):
        scorer.score([prompt()], [RIGHT])


def test_a_term_is_logged_by_its_name_also_where_it_pays_nothing(file: Path) -> None:
    parts = scored(f"{file}:Steady,value=0")
    assert mean_parts(parts, [RIGHT, WRONG])["parts/Steady"] == 0.0


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("{}:words,most=x", "option most .* expected a whole number, found 'x'"),
        ("{}:words,leas=3", "did you mean most|known: most"),
        ("{}:gone", "unknown name"),
        ("{}:of_none", "whose first argument is a completion"),
        ("{}:number", "expected a function"),
        ("no-such-term", "unknown reward"),
    ],
)
def test_a_slip_is_told_before_anything_is_scored(spec: str, told: str, file: Path) -> None:
    with pytest.raises((ConfigError, UnknownName), match=told) as error:
        scored(spec.format(file))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        (["a.py:f", "b.py:f"], "two parts of the reward are called 'f'"),
        (["a.py:correct"], "two parts of the reward are called 'correct'"),
        (["a.py:f,weight=x"], "expected a number as the weight"),
        (["a.py:f,name=a b"], "expected a plain word"),
        (["f:g"], "expected a reward term as NAME or FILE.py:NAME"),
    ],
)
def test_a_recipe_is_refused_without_importing(terms: list[str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_terms(terms)
    with pytest.raises(ConfigError, match=told):
        training_recipe("accuracy", options={"reward": {"terms": terms}})


def test_verl_gets_the_same_numbers_from_any_folder(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert with_absolute_file("mine.py:words,most=2") == f"{file}:words,most=2"
    assert with_absolute_file("plugged-in,most=2") == "plugged-in,most=2"
    settings = RewardSettings(terms=("mine.py:words,most=2", "mine.py:fails_on_a"))
    (elsewhere := tmp_path / "elsewhere").mkdir()
    absolute = settings.with_absolute_files()
    handed = absolute.model_dump_json()
    monkeypatch.chdir(elsewhere)

    def through_verl(text: str) -> dict[str, float]:
        info = {"variant": prompt().model_dump_json()}
        return asyncio.run(compute_score("toy", text, "B", info, settings=handed))

    right, wrong = through_verl(RIGHT), through_verl(WRONG)
    ours = Scorer(absolute).score([prompt()] * 2, [RIGHT, WRONG])
    assert right["score"] == ours[0].total
    assert (right["words"], right["fails_on_a"]) == (2.0, 1.0)
    assert math.isnan(wrong["score"])
    assert math.isnan(wrong["fails_on_a"])
    unread = asyncio.run(compute_score("toy", RIGHT, "B", None, settings=handed))
    assert tuple(unread) == tuple(right)
