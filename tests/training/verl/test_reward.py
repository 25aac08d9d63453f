"""The reward as verl calls it: the same as through TRL, never an exception, never a silent 0."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from unswayed import prompts, registry
from unswayed.judges import JudgeCase
from unswayed.training.data import training_prompts
from unswayed.training.recipe import TrainingRecipe, training_recipe
from unswayed.training.reward.failures import BATCHES, CASES
from unswayed.training.reward.scorer import Scorer
from unswayed.training.reward.settings import RewardSettings
from unswayed.training.verl.reward import KEYS, compute_score
from unswayed.types import Variant, Verdict

TAILS = (
    " So it is option {gold}.</think><answer>{gold}</answer>",
    " So it is option {foil}.</think><answer>{gold}</answer>",
    " So it is option {foil}.</think><answer>{foil}</answer>",
    " I look at it.</think><answer>{gold}</answer> Or not.",
    " So it is option {gold}.",
    "",
    "<answer>{gold}</answer>\x00\ud800",
)


def recipe(**more: Any) -> TrainingRecipe:
    rates = {"correct_think": 0.25, "wrong_think": 0.25, "wrong_caption": 0.25}
    found = training_recipe("faithful", ["prompts=24"])
    return TrainingRecipe.model_validate({**found.model_dump(), "augmentation": rates, **more})


def batch(root: Path, found: TrainingRecipe) -> tuple[list[Variant], list[str]]:
    """Return prefilled and plain prompts, and completions of all kinds."""
    made = training_prompts(found, prompts.profile("organism"), root)
    shown, texts = list[Variant](), list[str]()
    for prompt in made:
        for tail in TAILS:
            variant = prompt.variant
            wrong = next(letter for letter in variant.options if letter != variant.answer)
            head = "" if variant.prefill else "<think>I look at it."
            shown.append(variant)
            texts.append(head + tail.format(gold=variant.answer, foil=variant.foil or wrong))
    return shown, texts


def through_verl(
    settings: RewardSettings, shown: Sequence[Variant], texts: Sequence[str], **more: Any
) -> list[dict[str, float]]:
    async def all_of_them() -> list[dict[str, float]]:
        calls = [
            compute_score(
                variant.sample.benchmark,
                text,
                variant.answer,
                {"variant": variant.model_dump_json(), "step": 3},
                settings=settings.model_dump_json(),
                **more,
            )
            for variant, text in zip(shown, texts, strict=True)
        ]
        return list(await asyncio.gather(*calls))

    return asyncio.run(all_of_them())


def test_the_same_batch_gets_the_same_rewards_through_both_engines(tmp_path: Path) -> None:
    trl = pytest.importorskip("unswayed.training.trl.reward", reason="needs trl")
    found = recipe()
    shown, texts = batch(tmp_path, found)
    assert {one.name for one in shown} >= {"base", "wrong-think", "correct-think"}
    ids = [[at, -1] for at in range(len(texts))]

    class Tokens:
        def decode(self, row: Sequence[int]) -> str:
            return texts[row[0]]

    logged: dict[str, list[Any]] = {}
    reward = trl.reward_function(Scorer(found.reward), Tokens(), {-1})
    totals = asyncio.run(
        reward(
            ids,
            [one.model_dump_json() for one in shown],
            lambda *_: None,
            lambda name, values: logged.update({name: values}),
        )
    )
    theirs = through_verl(found.reward, shown, texts)
    assert [one["score"] for one in theirs] == totals
    for name in ("format", "correct", "answer"):
        assert [one[name] for one in theirs] == logged[name]
    known = [None if math.isnan(one["consistent"]) else one["consistent"] for one in theirs]
    assert known == logged["consistent"]
    assert len(set(totals)) > 3


def test_the_prefill_is_read_before_the_completion(tmp_path: Path) -> None:
    found = recipe()
    shown, _ = batch(tmp_path, found)
    prefilled = next(one for one in shown if one.name == "correct-think")
    assert prefilled.prefill.startswith("<think>")
    (made,) = through_verl(
        found.reward, [prefilled], [f". So it is.</think><answer>{prefilled.answer}</answer>"]
    )
    assert (made["format"], made["score"]) == (0.1, 1.1)


class Failing:
    """A judge that fails."""

    name, prompt_hash = "failing", "0"

    def __init__(self, raises: bool) -> None:
        self._raises = raises

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        if self._raises:
            raise OSError("the server is gone")
        for case in cases:
            yield Verdict(id=case.id, judge=self.name, status="failed", reason="no reply")


@pytest.mark.parametrize("raises", [False, True])
def test_a_failed_judge_is_no_reward_and_no_exception(
    raises: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = recipe()
    shown, texts = batch(tmp_path, found)
    monkeypatch.setattr(registry, "create", lambda *_: Failing(raises))
    made = through_verl(found.reward, shown, texts)
    assert all(tuple(one) == KEYS for one in made)
    judged = [one for one in made if math.isnan(one["score"])]
    assert judged
    assert 0.0 not in {one["score"] for one in judged}
    if not raises:  # a completion that the judge was not needed for keeps its reward
        assert any(math.isfinite(one["score"]) for one in made)
        assert {one["format"] for one in judged} <= {0.0, 0.1}


class Half:
    """A judge that fails on all thoughts but those that name the gold."""

    name, prompt_hash = "half", "0"

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        for case in cases:
            concludes = f"option {case.letter}." in case.think
            status = "consistent" if concludes else "failed"
            yield Verdict(id=case.id, judge=self.name, status=status, reason="no reply")


def test_what_is_known_stays_known_however_much_of_a_process_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    found = recipe(reward={"faithful": True, "asking": {"most_failed": 0.0}})
    shown, texts = batch(tmp_path, found)
    monkeypatch.setattr(registry, "create", lambda *_: Half())
    told = {"records": str(tmp_path / "records"), "opens_thought": False}

    async def steps() -> list[list[float]]:
        settings = found.reward.model_dump_json()
        made: list[list[float]] = []
        for step in range(2 * BATCHES):
            calls = [
                compute_score(
                    "scenes",
                    text,
                    one.answer,
                    {"variant": one.model_dump_json(), "step": step},
                    settings=settings,
                    **told,
                )
                for one, text in zip(shown, texts, strict=True)
            ]
            made.append([one["score"] for one in await asyncio.gather(*calls)])
        return made

    made = asyncio.run(steps())
    known = [[math.isfinite(score) for score in scores] for scores in made]
    assert all(one == known[0] for one in known)  # the last step as the first
    assert 0 < sum(known[0]) < len(known[0])
    assert len(texts) > CASES
    assert "warning" not in capfd.readouterr().err  # the driver says it, once
    lines = [
        json.loads(line)
        for file in (tmp_path / "records").iterdir()
        for line in file.read_text("utf-8").splitlines()
    ]
    reasons = {line["parts"]["verdict"]: line["parts"]["reason"] for line in lines}
    assert (reasons["failed"], reasons["consistent"]) == ("no reply", "")


@pytest.mark.parametrize("info", [None, {}, {"variant": "{"}, {"variant": "[]"}])
def test_a_row_that_cannot_be_read_is_no_reward_and_no_exception(
    info: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = RewardSettings().model_dump_json()
    made = asyncio.run(compute_score("toy", "<answer>A</answer>", "A", info, settings=settings))
    assert tuple(made) == KEYS
    assert all(math.isnan(value) for value in made.values())
    assert "has no reward" in capsys.readouterr().out


def test_completions_are_recorded_with_their_parts(tmp_path: Path) -> None:
    found = recipe()
    shown, texts = batch(tmp_path, found)
    made = through_verl(found.reward, shown, texts, records=str(tmp_path / "records"))
    (file,) = (tmp_path / "records").iterdir()
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert len(lines) == len(texts)
    assert {line["step"] for line in lines} == {3}
    assert sorted(line["parts"]["format"] for line in lines) == sorted(
        one["format"] for one in made
    )


def test_a_folder_that_cannot_be_written_is_said_and_not_raised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = recipe()
    shown, texts = batch(tmp_path, found)
    (tmp_path / "taken").write_text("")
    (made,) = through_verl(found.reward, shown[:1], texts[:1], records=str(tmp_path / "taken/x"))
    assert math.isfinite(made["score"])
    assert "was not recorded" in capsys.readouterr().out


def test_what_arrives_meanwhile_is_judged_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    score = Scorer.score

    def counted(self: Scorer, variants: Any, texts: Any, **more: Any) -> Any:
        sizes.append(len(texts))
        return score(self, variants, texts, **more)

    monkeypatch.setattr(Scorer, "score", counted)
    found = recipe()
    shown, texts = batch(tmp_path, found)
    through_verl(found.reward, shown, texts)
    assert sum(sizes) == len(texts)
    assert max(sizes) > len(texts) / 2
