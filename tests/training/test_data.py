"""Prompts of a recipe: the texts of an evaluation, mixed by weight, and nothing lost unsaid."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unswayed import prompts
from unswayed.errors import ConfigError, DataError, UnknownName
from unswayed.perturbations.composition import variants_of
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.settings import Settings
from unswayed.training.augmentation import VARIANTS
from unswayed.training.data import TrainingPrompts, check_data, overlaps, training_prompts
from unswayed.training.recipe import TrainingRecipe

PROFILE = prompts.profile("organism")
QUARTERS = dict.fromkeys(("correct_caption", "wrong_caption", "correct_think", "wrong_think"), 0.25)


def recipe(*benchmarks: str, prompts: int = 40, **more: Any) -> TrainingRecipe:
    data = [{"benchmark": benchmark} for benchmark in benchmarks or ["scenes,n=30,split=train"]]
    return TrainingRecipe.model_validate(
        {"model": "organism", "data": data, "prompts": prompts, **more}
    )


def made(tmp_path: Path, *benchmarks: str, **more: Any) -> TrainingPrompts:
    return training_prompts(recipe(*benchmarks, **more), PROFILE, tmp_path)


def picture(color: int = 0) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (28, 28), (color, 0, 0)).save(file, "PNG")
    return file.getvalue()


def questions(folder: Path, name: str, n: int, *broken: int) -> str:
    """Write a file of n questions, some of them with a gold that is no option."""
    (folder / "p.png").write_bytes(picture())
    rows = [
        {
            "id": str(i),
            "image": "p.png",
            "question": f"Which is {i}?",
            "options": ["one", "two", "three"],
            "answer": "Z" if i in broken else "B",
        }
        for i in range(n)
    ]
    path = folder / f"{name}.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return f"file:{path},name={name}"


def parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def benchmarks_of(drawn: TrainingPrompts) -> Counter[str]:
    return Counter(prompt.variant.sample.benchmark for prompt in drawn)


def test_a_prompt_is_rendered_and_its_picture_is_there(tmp_path: Path) -> None:
    drawn = made(tmp_path, prompts=3)
    assert len(drawn) == 3
    for prompt in drawn:
        assert prompt.user == prompts.render_user(prompt.variant, PROFILE)
        assert [path.is_file() for path in prompt.images] == [True]
        assert prompt.variant.answer in prompt.variant.options


def test_the_texts_are_those_of_the_evaluation(tmp_path: Path) -> None:
    drawn = made(tmp_path, prompts=60, augmentation=QUARTERS, seed=3)
    work = Evaluation(
        Settings(
            model="organism",
            benchmarks=("scenes,n=1",),
            variants=VARIANTS[1:],
            texts="template,wordings=b",
            seed=3,
        )
    )
    assert {prompt.variant.name for prompt in drawn} == set(VARIANTS[1:])
    for prompt in drawn:
        shown = variants_of(prompt.variant.sample, work.compositions, work.context)
        assert prompt.variant in list(shown)  # the same record, with the same content hash


def test_prefills_stay_open(tmp_path: Path) -> None:
    think = {"wrong_think": 0.5, "correct_think": 0.5}
    for prompt in made(tmp_path, augmentation=think):
        assert prompt.variant.prefill.startswith("<think>")
        assert "</think>" not in prompt.variant.prefill


def test_the_same_recipe_gives_the_same_prompts(tmp_path: Path) -> None:
    once = made(tmp_path / "a", augmentation=QUARTERS)
    again = made(tmp_path / "b", augmentation=QUARTERS)
    other = made(tmp_path / "c", augmentation=QUARTERS, seed=1)
    ids = [[prompt.variant.id for prompt in drawn] for drawn in (once, again, other)]
    assert ids[0] == ids[1] != ids[2]


def test_a_samples_text_depends_on_no_other_sample(tmp_path: Path) -> None:
    few = made(tmp_path, "scenes,n=10,split=train", prompts=10, augmentation=QUARTERS)
    many = made(tmp_path, "scenes,n=30,split=train", prompts=30, augmentation=QUARTERS)
    shown = {prompt.variant.sample.id: prompt.variant.id for prompt in many}
    assert all(shown[prompt.variant.sample.id] == prompt.variant.id for prompt in few)


def test_all_samples_come_before_any_comes_again(tmp_path: Path) -> None:
    drawn = made(tmp_path, prompts=75)
    ids = [prompt.variant.sample.id for prompt in drawn]
    assert len(set(ids[:30])) == len(set(ids[30:60])) == 30
    assert ids[:30] != ids[30:60]
    assert [prompt.repeat for prompt in drawn] == [0] * 30 + [1] * 30 + [2] * 15


def test_as_many_prompts_as_the_steps_use(tmp_path: Path) -> None:
    small = recipe(prompts=1).model_dump() | {"prompts": None}
    steps = {"steps": 5, "prompts_per_step": 4, "iterations": 2}
    drawn = training_prompts(
        TrainingRecipe.model_validate(small | {"grpo": steps}), PROFILE, tmp_path
    )
    assert len(drawn) == 12  # three batches serve five steps of two each


def test_weights_are_shares_at_every_point(tmp_path: Path) -> None:
    data = [
        {"benchmark": questions(tmp_path, "large", 40), "weight": 1},
        {"benchmark": questions(tmp_path, "small", 3), "weight": 3},
    ]
    drawn = training_prompts(
        TrainingRecipe.model_validate({"model": "organism", "data": data, "prompts": 40}),
        PROFILE,
        tmp_path,
    )
    assert benchmarks_of(drawn) == {"small": 30, "large": 10}
    for n in range(4, 41, 4):
        assert Counter(p.variant.sample.benchmark for p in drawn[:n])["small"] == 3 * n // 4


def test_without_weights_every_sample_counts_alike(tmp_path: Path) -> None:
    sources = questions(tmp_path, "large", 30), questions(tmp_path, "small", 10)
    assert benchmarks_of(made(tmp_path, *sources, prompts=40)) == {"large": 30, "small": 10}


def test_a_limit_takes_the_first_samples(tmp_path: Path) -> None:
    data = [{"benchmark": questions(tmp_path, "q", 9, 1), "limit": 2}]
    small = TrainingRecipe.model_validate({"model": "organism", "data": data, "prompts": 4})
    drawn = training_prompts(small, PROFILE, tmp_path)
    assert {prompt.variant.sample.id for prompt in drawn} == {"q/0", "q/2"}
    assert len(drawn.failures) == 1


def test_what_cannot_be_used_is_counted_and_drawn_no_more(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    spec = questions(tmp_path, "q", 5, 1, 3)
    path = tmp_path / "q.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[2]["image"] = "bad.png"
    path.write_text("\n".join(map(json.dumps, rows)))
    drawn = made(tmp_path, spec, prompts=10)
    assert Counter(p.variant.sample.id for p in drawn) == {"q/0": 5, "q/4": 5}
    assert len(drawn.failures) == 3
    lines = drawn.summary()
    assert lines[0] == "10 prompts of 2 samples: q 10"
    assert lines[-1].startswith("3 rows not used; the first: ")


def test_a_text_that_is_not_there_leaves_its_sample_out(tmp_path: Path) -> None:
    texts = tmp_path / "texts.jsonl"
    note = {"sample": "q/0", "part": "caption", "asserts": "B", "text": "It is two."}
    texts.write_text(json.dumps(note))
    augmentation = {"correct_caption": 1.0, "texts": f"file:{texts}"}
    drawn = made(tmp_path, questions(tmp_path, "q", 3), prompts=4, augmentation=augmentation)
    assert {prompt.variant.caption for prompt in drawn} == {"It is two."}
    assert {failure.id for failure in drawn.failures} <= {"q/1", "q/2"}
    assert {failure.stage for failure in drawn.failures} == {"perturb"}


def test_not_one_usable_sample_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"not one that can be used \(2 rows failed; the first"):
        made(tmp_path, questions(tmp_path, "q", 2, 0, 1))
    data = [
        {"benchmark": questions(tmp_path, "good", 2), "weight": 1},
        {"benchmark": questions(tmp_path, "bad", 1, 0), "weight": 1},
    ]
    mixed = TrainingRecipe.model_validate({"model": "organism", "data": data, "prompts": 4})
    with pytest.raises(DataError, match=r"bad\.jsonl"):
        training_prompts(mixed, PROFILE, tmp_path)


def test_a_perturbed_prompt_is_followed_by_its_twin(tmp_path: Path) -> None:
    grpo = {"prompts_per_step": 4}
    reward = {"paired_invariance": {}}
    drawn = made(tmp_path, prompts=20, augmentation=QUARTERS, reward=reward, grpo=grpo)
    for perturbed, base in zip(drawn[::2], drawn[1::2], strict=True):
        assert perturbed.variant.sample == base.variant.sample
        assert perturbed.variant.name != base.variant.name == "base"


def test_a_text_that_needs_options_leaves_an_open_question_as_it_is(tmp_path: Path) -> None:
    image = {"bytes": picture(), "path": None}
    problem = {"images": [image], "problem": "<image>Find x.", "answer": "3 cm"}
    spec = f"geometry3k-text:{parquet(tmp_path / 'train.parquet', [problem])},split=train"
    drawn = made(tmp_path, spec, prompts=4, augmentation={"wrong_think": 1.0})
    assert {prompt.variant.name for prompt in drawn} == {"base"}
    assert drawn.unfit == 4
    assert drawn.summary()[-1].startswith("4 stayed as they are")
    right = made(tmp_path, spec, prompts=1, augmentation={"correct_think": 1.0})
    assert "3 cm" in right[0].variant.prefill


@pytest.mark.parametrize("spec", ["scenes", "scenes,n=5,split=test"])
def test_scenes_for_evaluation_are_not_trained_on(spec: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="split=train"):
        made(tmp_path, spec)


def test_wrong_specs_are_told_before_anything_is_read() -> None:
    with pytest.raises(UnknownName, match="scenes"):
        check_data(recipe("scene,split=train"))
    with pytest.raises(UnknownName, match="split"):
        check_data(recipe("scenes,split=train,splitt=3"))


@pytest.mark.parametrize(
    ("trained", "evaluated", "same"),
    [
        ("pixmo-count,split=train", "pixmo-count", False),
        ("pixmo-count", "pixmo-count,split=validation,kind=number", True),
        ("pixmo-count", "pixmo-count,split=test", False),
        ("sat-v2,split=train", "sat,split=train", False),
        ("sat,split=test", "sat,circular=true", True),
        ("geometry3k-text,split=train", "geometry3k-choices", False),
        ("file:a.jsonl", "file:a.jsonl,name=other", True),
        ("file:a.jsonl", "file:./b/../a.jsonl", True),
        ("file:a.jsonl", "file:b.jsonl", False),
        ("scenes,split=train", "scenes", False),
        ("scenes,n=9,split=train", "scenes,n=200,split=train", True),
        ("scenes,seed=1,split=train", "scenes,n=200,split=train", False),
    ],
)
def test_evaluating_on_the_training_rows_is_told(trained: str, evaluated: str, same: bool) -> None:
    found = overlaps(recipe(trained, evaluation={"benchmarks": [evaluated]}))
    assert bool(found) is same
    assert all(trained in line and evaluated in line for line in found)


def test_the_studys_data_sets_become_prompts(tmp_path: Path) -> None:
    image = {"bytes": picture(1), "path": None}
    asked = {
        "images": [image, image],
        "question": "Turn?",
        "answers": ["left", "right"],
        "correct_answer": "left",
        "question_type": "goal_aim",
    }
    sat = parquet(tmp_path / "sat_train.parquet", [asked] * 3)
    counted = {"image": image, "question": "How many?", "answer": "7"}
    counts = parquet(tmp_path / "count_train.parquet", [counted] * 3)
    problem = {"images": [image], "problem": "<image>Find x.", "answer": "3"}
    geometry = parquet(tmp_path / "geometry_train.parquet", [problem] * 3)
    drawn = made(
        tmp_path,
        f"sat-v2:{sat},split=train",
        f"pixmo-count:{counts},split=train",
        f"geometry3k-text:{geometry},split=train",
        prompts=9,
    )
    assert benchmarks_of(drawn) == {"sat-v2": 3, "pixmo-count": 3, "geometry3k-text": 3}
    assert not drawn.failures
    assert {len(prompt.images) for prompt in drawn} == {1, 2}
