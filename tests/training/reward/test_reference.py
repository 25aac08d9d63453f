"""GRPO-CARE's reference: it follows the policy, and reads each answer as one forward pass does."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from unswayed.models.transformers.loading import load_model
from unswayed.models.transformers.processors import load_processor
from unswayed.organism import weights_folder
from unswayed.prompts import profile
from unswayed.prompts.template import leave_open
from unswayed.training.data import TrainingPrompt, training_prompts
from unswayed.training.folder import TrainingFolder
from unswayed.training.recipe import TrainingRecipe, training_recipe
from unswayed.training.reward.likelihood import LikelihoodConsistency
from unswayed.training.reward.reference import FOLDER, Reference, ReferenceCase, tokens_of
from unswayed.training.trl import engine

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

SHORT = [
    "grpo.steps=3",
    "grpo.prompts_per_step=4",
    "grpo.group_size=4",
    "checkpoints.every=1",
    "logging=none",
    'data=[{benchmark="scenes,n=40,split=train"}]',
    "reward.likelihood_consistency.ema_every=1",
    "reward.likelihood_consistency.ema_decay=0.5",
]


@pytest.fixture(scope="module")
def recipe() -> TrainingRecipe:
    return training_recipe("care", SHORT)


@pytest.fixture(scope="module")
def run(recipe: TrainingRecipe, tmp_path_factory: pytest.TempPathFactory) -> TrainingFolder:
    """Three steps of the shipped recipe `care`, shortened."""
    out = tmp_path_factory.mktemp("care")
    engine.train_with_trl(recipe, out)
    return TrainingFolder(out)


def test_the_reference_is_a_moving_average_of_the_policy(run: TrainingFolder) -> None:
    policies = [weights_folder("early"), *(one.path for one in run.checkpoints())]
    weights = [load_file(path / "model.safetensors") for path in policies]
    average = weights[0]
    for step, policy in enumerate(weights[1:], 1):
        average = {name: 0.5 * average[name] + 0.5 * value for name, value in policy.items()}
        saved = load_file(run.path / f"checkpoint-{step}" / FOLDER / "model.safetensors")
        assert saved.keys() == average.keys()
        for name, value in saved.items():
            assert torch.allclose(value, average[name], atol=1e-6), (step, name)
    assert any((weights[0][name] != value).any() for name, value in average.items())


def test_the_bonus_is_paid_and_logged(run: TrainingFolder, recipe: TrainingRecipe) -> None:
    assert [line["step"] for line in run.log()] == [1, 2, 3]
    paid = [line.get("parts/likelihood", 0.0) for line in run.log()]
    assert max(paid) > 0
    for line, bonus in zip(run.log(), paid, strict=True):
        assert line["reward"] == pytest.approx(
            line["parts/format"] + line["parts/correct"] + bonus, abs=1e-6
        )


def test_it_goes_on_where_it_stopped(
    run: TrainingFolder, recipe: TrainingRecipe, tmp_path: Path
) -> None:
    stopped = TrainingFolder(Path(shutil.copytree(run.path, tmp_path / "stopped")))
    for step in (2, 3):
        shutil.rmtree(stopped.path / f"checkpoint-{step}")
    engine.train_with_trl(recipe, stopped.path)
    for name in ("reward", "parts/likelihood", "completions/mean_length"):
        assert [line.get(name) for line in stopped.log()] == [line.get(name) for line in run.log()]
    last = Path("checkpoint-3") / FOLDER / "model.safetensors"
    expected = load_file(run.path / last)
    for name, value in load_file(stopped.path / last).items():
        assert torch.allclose(value, expected[name], atol=1e-6), name


def test_a_likelihood_is_that_of_one_plain_forward_pass(
    recipe: TrainingRecipe, tmp_path: Path
) -> None:
    start = str(weights_folder("early"))
    processor = load_processor(start)
    processor.tokenizer.padding_side = "left"
    leave_open(processor)
    texts = (
        "It is B.</think><answer>B</answer>",
        "",
        "</think>",
        "<think>They are far from each other.</think><answer>A</answer>",
    )
    prompts = training_prompts(recipe, profile("organism"), tmp_path)
    written = [
        _written(processor, prompt, text) for prompt, text in zip(prompts, texts, strict=False)
    ]
    model = load_model(start, "float32", None, {})
    reference = Reference(model, processor, LikelihoodConsistency())
    found = reference.log_likelihoods(written, 4)
    assert found[1:3] == [None, None]
    for at in (0, 3):
        assert found[at] == pytest.approx(_plain(model, processor, written[at]), abs=1e-5)
    assert found[0] != found[3]
    one_by_one = reference.log_likelihoods(written, 1)
    assert [one_by_one[at] for at in (0, 3)] == pytest.approx([found[0], found[3]], abs=1e-5)


def _written(processor: Any, prompt: TrainingPrompt, text: str) -> ReferenceCase:
    ids = processor.tokenizer(text)["input_ids"] if text else []
    span = (text.index("<answer>") + 8, text.index("</answer>")) if "<answer>" in text else None
    shown = processor.apply_chat_template(_with_picture(prompt), tokenize=False)
    pictures = [Image.open(path).convert("RGB") for path in prompt.images]
    return ReferenceCase(shown, pictures, ids, tokens_of(span, ids, processor.tokenizer.decode))


def _with_picture(prompt: TrainingPrompt) -> list[dict[str, Any]]:
    chat: list[dict[str, Any]] = []
    for message in prompt.messages():
        parts = [{"type": "text", "text": message["content"]}]
        pictures = [{"type": "image"} for _ in prompt.images] if message["role"] == "user" else []
        chat.append({"role": message["role"], "content": [*pictures, *parts]})
    if chat[-1]["role"] == "user":
        chat.append({"role": "assistant", "content": [{"type": "text", "text": ""}]})
    return chat


def _plain(model: Any, processor: Any, one: ReferenceCase) -> float:
    """Return the mean log-likelihood of the answer's tokens, token by token."""
    inputs = processor(text=[one.prompt], images=[one.images], return_tensors="pt")
    ids = torch.tensor([one.ids])
    joined = torch.cat([inputs["input_ids"], ids], dim=1)
    more = {name: inputs[name] for name in ("pixel_values", "image_grid_thw") if name in inputs}
    if "mm_token_type_ids" in inputs:
        zeros = torch.zeros_like(ids)
        more["mm_token_type_ids"] = torch.cat([inputs["mm_token_type_ids"], zeros], dim=1)
    with torch.no_grad():
        logs = model(input_ids=joined, **more).logits[0].log_softmax(-1)
    before = inputs["input_ids"].shape[1]
    first, behind = one.answer or (0, 0)
    values = [float(logs[before + at - 1, one.ids[at]]) for at in range(first, behind)]
    return sum(values) / len(values)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ((2, 3), (1, 2)),
        ((0, 1), (0, 1)),
        ((3, 6), (2, 4)),
        ((1, 4), (0, 3)),
        (None, None),
        ((-1, 2), None),
    ],
)
def test_tokens_of_a_span(span: tuple[int, int] | None, expected: tuple[int, int] | None) -> None:
    pieces = ["ab", "c", "de", "fg"]
    found = tokens_of(span, [0, 1, 2, 3], lambda ids: "".join(pieces[one] for one in ids))
    assert found == expected
    if found is not None and span is not None:
        text = "".join(pieces[at] for at in range(*found))
        assert "abcdefg"[slice(*span)] in text
