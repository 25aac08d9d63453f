"""Evaluations inside somebody else's training: the same training, the same figures."""

from __future__ import annotations

import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from datasets import Dataset, Image, List
from transformers import TrainerCallback
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from unswayed.benchmarks.scenes import Scenes
from unswayed.errors import ConfigError, RunError, UserError
from unswayed.models.transformers.live import fingerprint_of, live
from unswayed.models.transformers.loading import load_model
from unswayed.models.transformers.processors import load_processor
from unswayed.organism import weights_folder
from unswayed.pipeline.settings import settings
from unswayed.pipeline.stages import evaluate
from unswayed.run.folder import RunFolder
from unswayed.run.pictures import pixels_of
from unswayed.training import UnswayedCallback, reward_function
from unswayed.training.parents import copy_processor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]
EARLY = str(weights_folder("early"))
ASKED: dict[str, Any] = {
    "profile": "organism",
    "variants": ("base", "wrong-think"),
    "benchmarks": "scenes,n=2",
    "decoding": {"max_new_tokens": 40},
    "statistics": {"resamples": 100},
}


def data(count: int = 4) -> Any:
    """Return questions about scenes as somebody else's data set has them."""
    rows: list[dict[str, Any]] = []
    for sample in Scenes(n=count, split="train"):
        text = "\n".join([sample.question, *(f"{k}. {v}" for k, v in sample.options.items())])
        turn = {"role": "user", "content": text}
        rows.append(
            {
                "prompt": [turn],
                "images": [pixels_of(image) for image in sample.images],
                "question": sample.question,
                "options": list(sample.options.values()),
                "answer": sample.answer,
            }
        )
    return Dataset.from_list(rows).cast_column("images", List(Image(mode="RGB")))


def trainer(folder: Path, steps: int = 2) -> GRPOTrainer:
    """Return TRL's own trainer on these questions."""
    processor = load_processor(EARLY)
    processor.tokenizer.padding_side = "left"
    return GRPOTrainer(
        model=load_model(EARLY, "float32", None, {}),
        reward_funcs=[reward_function("accuracy")],
        args=GRPOConfig(
            output_dir=str(folder), max_steps=steps, per_device_train_batch_size=4,
            num_generations=2, max_completion_length=40, use_cpu=True, report_to=[],
            save_strategy="no", bf16=False, learning_rate=1e-3, logging_steps=1, disable_tqdm=True,
        ),
        train_dataset=data(),
        processing_class=processor,
    )  # fmt: skip


class Saved(TrainerCallback):
    """Saves the weights behind a step, as a checkpoint with the first one's processor."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if state.global_step == 1:
            given["model"].save_pretrained(self.folder)
            copy_processor(Path(EARLY), self.folder)


def test_training_is_the_same_and_so_is_the_evaluation(tmp_path: Path) -> None:
    plain = trainer(tmp_path / "plain")
    plain.train()
    watched = trainer(tmp_path / "watched")
    out = tmp_path / "evaluations"
    watched.add_callback(Saved(tmp_path / "saved"))
    watched.add_callback(UnswayedCallback(watched, every=1, out=out, **ASKED))
    watched.train()
    for (name, ours), theirs in zip(
        watched.model.state_dict().items(), plain.model.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs), name
    assert any(
        not torch.equal(one, first)
        for one, first in zip(
            plain.model.state_dict().values(),
            load_model(EARLY, "float32", None, {}).state_dict().values(),
            strict=True,
        )
    ), "the training moves the weights"
    assert sorted(path.name for path in out.iterdir()) == ["step-0", "step-1", "step-2"]

    asked = {**ASKED, "benchmarks": [ASKED["benchmarks"]]}
    alone = evaluate(
        settings(None, {**asked, "model": f"transformers:{tmp_path / 'saved'}"}), tmp_path / "alone"
    )
    rows = generations(RunFolder(out / "step-1"))
    assert rows.keys() == generations(alone).keys()
    for name, row in generations(alone).items():
        assert rows[name]["text"] == row["text"]
        letters, wanted = rows[name]["letters"], row["letters"]
        assert (letters is None) == (wanted is None), "an answer that cannot be read has none"
        if wanted is not None:
            assert letters["probabilities"] == pytest.approx(wanted["probabilities"], abs=1e-5)

    history = watched.state.log_history
    logged = [line for line in history if "eval_unswayed/scenes/base/accuracy" in line]
    assert [line["step"] for line in logged] == [0, 1, 2]
    assert not any("reward" in line for line in logged)
    means = [line["reward"] for line in history if "reward" in line]
    assert means == [line["reward"] for line in plain.state.log_history if "reward" in line]


def test_supervised_training_is_the_same_too(tmp_path: Path) -> None:
    rows = data(2).map(
        lambda row: {"completion": [{"role": "assistant", "content": f"Answer {row['answer']}"}]}
    )

    def trained(watched: bool) -> SFTTrainer:
        args = SFTConfig(
            output_dir=str(tmp_path / str(watched)), max_steps=1, per_device_train_batch_size=2,
            use_cpu=True, report_to=[], save_strategy="no", bf16=False, learning_rate=1e-3,
            logging_steps=1, disable_tqdm=True, max_length=None,
        )  # fmt: skip
        one = SFTTrainer(
            model=load_model(EARLY, "float32", None, {}),
            args=args,
            train_dataset=rows.select_columns(["prompt", "completion", "images"]),
            processing_class=load_processor(EARLY),
        )
        if watched:
            asked = {**ASKED, "benchmarks": "scenes,n=1", "variants": "base"}
            one.add_callback(UnswayedCallback(one, every=1, out=tmp_path / "out", **asked))
        one.train()
        return one

    plain, watched = trained(False), trained(True)
    for (name, ours), theirs in zip(
        watched.model.state_dict().items(), plain.model.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs), name
    history = watched.state.log_history
    assert sum("eval_unswayed/scenes/base/accuracy" in line for line in history) == 2
    own = [line["mean_token_accuracy"] for line in history if "mean_token_accuracy" in line]
    theirs = plain.state.log_history
    assert own == [line["mean_token_accuracy"] for line in theirs if "loss" in line]


def generations(run: RunFolder) -> dict[str, Any]:
    lines = (run.folder / "generations.jsonl").read_text("utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}


def test_a_model_is_given_back_as_it_was() -> None:
    model, processor = load_model(EARLY, "float32", None, {}), load_processor(EARLY)
    model.train()
    model.model.visual.eval()
    modes = [module.training for module in model.modules()]
    side, before = processor.tokenizer.padding_side, model.generation_config
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = random.random(), np.random.random(), torch.rand(1).item()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    with live(model, processor, "step 1") as now:
        assert not any(module.training for module in model.modules())
        random.random(), np.random.random(), torch.rand(1)
        print_of = now.provenance()["fingerprint"]
    assert (random.random(), np.random.random(), torch.rand(1).item()) == expected
    assert [module.training for module in model.modules()] == modes
    assert model.generation_config is before
    assert "get_image_features" not in vars(model.model)
    assert processor.tokenizer.padding_side == side
    assert fingerprint_of(model) == print_of
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] += 1e-3
    assert fingerprint_of(model) != print_of


def test_mixed_precision_is_the_trainings_and_not_the_evaluations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A checkpoint that is saved is read in its weights' dtype: so is the model that is trained."""
    # accelerate has one precision a process, which other tests have set and will want
    monkeypatch.setattr(AcceleratorState, "_shared_state", {})
    model = load_model(EARLY, "float32", None, {})
    asked = {"input_ids": torch.tensor([[5, 6, 7]])}
    with torch.no_grad():
        alone = model(**asked).logits
        trained = Accelerator(cpu=True, mixed_precision="bf16").prepare_model(model)
        mixed = trained(**asked).logits
        with live(trained, load_processor(EARLY), "step 1"):
            lent = trained(**asked).logits
        after = trained(**asked).logits
    assert not torch.equal(mixed, alone)
    assert torch.equal(lent, alone)
    assert torch.equal(after, mixed)


def test_pictures_are_looked_at_anew_when_the_eye_has_moved(tmp_path: Path) -> None:
    watched = trainer(tmp_path)
    callback = UnswayedCallback(watched, every=1, out=tmp_path / "out", **ASKED)
    first = callback._figures(0)
    with torch.no_grad():
        for weight in watched.model.model.visual.parameters():
            weight.mul_(0)
    assert callback._figures(1) != first


def test_a_step_that_is_reached_again_with_other_weights_has_a_folder_of_its_own(
    tmp_path: Path,
) -> None:
    watched = trainer(tmp_path)
    callback = UnswayedCallback(watched, out=tmp_path / "out", **ASKED)
    first = callback._figures(50)
    assert callback._figures(50) == first
    with torch.no_grad():
        next(watched.model.parameters()).view(-1)[0] += 1.0
    callback._figures(50)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "step-50",
        "step-50-again-2",
    ]


def test_what_cannot_be_evaluated_is_refused_before_the_first_step(tmp_path: Path) -> None:
    watched = trainer(tmp_path)
    for keys, said in (
        ({"every": 0}, "at least 1"),
        ({"model": "organism"}, "trainer's own"),
        ({"benchmarks": "nowhere"}, "nowhere"),
        ({"variants": "sideways"}, "sideways"),
        ({"colour": 1}, "colour"),
    ):
        with pytest.raises(UserError, match=said):
            UnswayedCallback(watched, out=tmp_path / "out", **keys)
    watched.is_fsdp_enabled = True
    with pytest.raises(ConfigError, match="spread"):
        UnswayedCallback(watched)
    watched.is_fsdp_enabled = False
    weight = next(watched.model.parameters())
    weight.device_mesh = "as of a DTensor"
    with pytest.raises(ConfigError, match="tensor parallel"):
        UnswayedCallback(watched)
    del weight.device_mesh
    watched.model.active_peft_config = SimpleNamespace(is_prompt_learning=True)
    with pytest.raises(ConfigError, match="a prompt that is learnt"):
        UnswayedCallback(watched)
    del watched.model.active_peft_config
    watched.processing_class = watched.processing_class.tokenizer
    with pytest.raises(ConfigError, match="takes no pictures"):
        UnswayedCallback(watched)


def test_evaluations_of_another_training_are_not_taken_for_this_ones(tmp_path: Path) -> None:
    watched = trainer(tmp_path)
    (tmp_path / "out" / "step-100").mkdir(parents=True)
    watched.add_callback(UnswayedCallback(watched, out=tmp_path / "out", **ASKED))
    with pytest.raises(RunError, match="step-100 of another training"):
        watched.train()


def test_an_evaluation_that_fails_ends_no_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = trainer(tmp_path, steps=1)
    (tmp_path / "blocked").write_text("a file where a folder should be")
    watched.add_callback(UnswayedCallback(watched, out=tmp_path / "blocked" / "x", **ASKED))
    watched.train()
    assert watched.state.global_step == 1
    assert "step 1 was not evaluated" in capsys.readouterr().err
