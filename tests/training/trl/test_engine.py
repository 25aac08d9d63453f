"""GRPO through TRL's own code path: prompts, loss mask, rewards, checkpoints, bad input."""

from __future__ import annotations

import json
import math
import resource
import shutil
from collections.abc import Callable, Generator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from unswayed.errors import ConfigError, DataError, MissingExtra, ModelError, RunError, StageError
from unswayed.models import request_of
from unswayed.models.transformers.backend import Backend
from unswayed.models.transformers.model import Transformers
from unswayed.organism import weights_folder
from unswayed.organism.architecture import write_tiny_checkpoint
from unswayed.training.data import training_prompts
from unswayed.training.folder import TrainingFolder
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.reward.lagrangian import Multiplier
from unswayed.training.reward.parts import RewardParts
from unswayed.training.reward.scorer import Scorer
from unswayed.training.seeds import folders, train_seeds
from unswayed.training.start import start_of
from unswayed.training.stop import STOP_STRING, end_of
from unswayed.training.trl import engine
from unswayed.training.trl.trainer import AnswerTrainer
from unswayed.types import Variant

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

RATES = {"correct_caption": 0.2, "wrong_caption": 0.2, "correct_think": 0.3, "wrong_think": 0.3}
SMALL = {"prompts_per_step": 2, "group_size": 2, "steps": 2, "max_new_tokens": 6}


def made(model: Path | str, grpo: dict[str, Any] | None = None, **more: Any) -> TrainingRecipe:
    """Return a small recipe on scenes, in float32, without curves."""
    settings = {"learning_rate": 1e-4, "beta": 0.0, "dtype": "float32", **SMALL, **(grpo or {})}
    return TrainingRecipe.model_validate(
        {
            "model": str(model),
            "profile": "organism",
            "data": [{"benchmark": "scenes,n=40,split=train"}],
            "checkpoints": {"every": 1},
            "logging": "none",
            **more,
            "grpo": settings,
        }
    )


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("start"))


@pytest.fixture
def trainer() -> Generator[Callable[[TrainingRecipe, Path], AnswerTrainer]]:
    """Return a function that makes trainers; they are closed after the test."""
    opened: list[AnswerTrainer] = []

    def make(recipe: TrainingRecipe, out: Path) -> AnswerTrainer:
        start, folder = start_of(recipe.model), TrainingFolder(out)
        with folder.writing():
            folder.begin(recipe, start.provenance(), {})
        opened.append(engine.trainer_of(recipe, start, folder))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


Trainers = Callable[[TrainingRecipe, Path], AnswerTrainer]


def batch(made: AnswerTrainer) -> list[dict[str, Any]]:
    return next(iter(made.get_train_dataloader()))


class TestAdvantages:
    """What a step's loss is given: GRPO's advantages by TRL, and those of `[advantage]`."""

    def of(
        self, recipe: TrainingRecipe, out: Path, trainer: Trainers, monkeypatch: pytest.MonkeyPatch
    ) -> tuple[AnswerTrainer, list[float]]:
        async def scored(self: Scorer, shown: Any, texts: Any, **_: Any) -> list[RewardParts]:
            earned = [(1.0, 1.0), (0.0, 0.0), (0.5, 0.25), (None, None)]
            found = [
                RewardParts(format=0.0, correct=0.0, answer=answer, support=support)
                for answer, support in earned
            ]
            self.multiplier = Multiplier(value=9.0)  # of the next step
            return found

        monkeypatch.setattr(Scorer, "ascore", scored)
        run = trainer(recipe, out)
        run.model.train()
        rows = batch(run)
        assert len(rows) == 4
        return run, run._generate_and_score_completions(rows)["advantages"].tolist()

    @pytest.mark.parametrize(("scaling", "by"), [("group", 0.5 + 1e-4), ("none", 1.0)])
    def test_trls_own(
        self,
        scaling: str,
        by: float,
        tiny: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        trainer: Trainers,
    ) -> None:
        grpo = {"prompts_per_step": 1, "group_size": 4, "scale_rewards": scaling}
        _, found = self.of(made(tiny, grpo), tmp_path, trainer, monkeypatch)
        # of 1, 0, 0.5 and an unknown reward; with 10⁻⁶ under the fraction it is 2 · 10⁻⁴ off
        assert found == pytest.approx([0.5 / by, -0.5 / by, 0.0, 0.0], rel=1e-5)

    def test_rloo(
        self, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trainer: Trainers
    ) -> None:
        grpo = {"prompts_per_step": 1, "group_size": 4, "scale_rewards": "none"}
        recipe = made(tiny, grpo, advantage={"baseline": "leave-one-out"})
        run, found = self.of(recipe, tmp_path, trainer, monkeypatch)
        assert found == pytest.approx([0.75, -0.75, 0.0, 0.0])
        assert list(run._logs["advantages"]) == pytest.approx(found)

    def test_the_constraint_by_the_multiplier_before_the_step(
        self, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trainer: Trainers
    ) -> None:
        grpo = {"prompts_per_step": 2, "group_size": 2, "scale_rewards": "none"}
        recipe = made(tiny, grpo, advantage={"constraint": {"start": 0.5}})
        run, found = self.of(recipe, tmp_path, trainer, monkeypatch)
        assert found == pytest.approx([0.5 + 0.25, -0.5 - 0.25, 0.0, 0.0])
        assert run._metrics["train"]["constraint/multiplier"] == [0.5]


class TestPerception:
    """PAPO's loss inside TRL's: added to it, and 0 where nothing is hidden."""

    @pytest.mark.parametrize("loss_type", ["grpo", "dapo"])
    def test_the_loss_is_trls_and_the_term(
        self, loss_type: str, tiny: Path, tmp_path: Path, trainer: Trainers
    ) -> None:
        recipe = made(tiny, {"loss_type": loss_type}, perception={"weight": 0.5, "masked": 1.0})
        run = trainer(recipe, tmp_path)
        run.model.train()
        run.current_gradient_accumulation_steps = 1
        inputs = run._prepare_inputs(batch(run))
        assert "pixel_values" in inputs
        torch.manual_seed(1)
        whole = run._compute_loss(run.model, inputs)
        added = run._metrics["train"]["perception/loss"][-1]
        run._perception = None
        plain = run._compute_loss(run.model, inputs)
        assert added < 0
        assert whole.item() == pytest.approx(plain.item() + added, abs=1e-6)
        grads = [torch.autograd.grad(one, next(run.model.parameters())) for one in (whole, plain)]
        assert not torch.equal(grads[0][0], grads[1][0])


class TestSecondAnswers:
    def test_they_are_what_the_policy_holds_likeliest(
        self, tmp_path: Path, trainer: Trainers
    ) -> None:
        from trl.data_utils import apply_chat_template, prepare_multimodal_messages

        from unswayed import prompts
        from unswayed.perturbations import seeded
        from unswayed.perturbations.options import shuffled

        early = weights_folder("early")
        recipe = made(early, {"prompts_per_step": 3}, reward={"reanswer": {}})
        run = trainer(recipe, tmp_path)
        rows = batch(run)
        texts = [f"<think>{'It is so. ' * n}</think><answer>A</answer>" for n in range(1, 6)]
        texts.append("<think>never closed")
        found = run._second.of(run.model, rows, texts, 4)
        assert found[5] is None
        model, processor = run.model.eval(), run.processing_class
        for row, text, letter in zip(rows[:5], texts[:5], found[:5], strict=True):
            shown = Variant.model_validate_json(row["variant"])
            other = shuffled(shown, seeded(0, "reanswer", text))
            assert list(other.options.values()) != list(shown.options.values())
            user = prompts.render_user(other, prompts.profile("organism"))
            messages = [{"role": "user", "content": user}]
            messages = prepare_multimodal_messages(messages, images=row["images"])
            asked = apply_chat_template({"prompt": messages}, processor)["prompt"]
            asked += text.partition("</answer>")[0].removesuffix("A")
            inputs = processor(text=[asked], images=[row["images"]], return_tensors="pt")
            with torch.no_grad():
                last = model(**inputs).logits[0, -1]
            ids = {one: processor.tokenizer.encode(one)[-1] for one in other.options}
            likeliest = max(ids, key=lambda one: float(last[ids[one]]))
            assert letter == other.origin[likeliest]


class TestPrompts:
    def test_prompts_are_the_evaluations_token_for_token(
        self, tiny: Path, tmp_path: Path, trainer: Trainers
    ) -> None:
        recipe = made(tiny, {"prompts_per_step": 32}, augmentation=RATES)
        run = trainer(recipe, tmp_path)
        rows = batch(run)[:: recipe.grpo.group_size]
        shown = [Variant.model_validate_json(row["variant"]) for row in rows]
        assert {one.name for one in shown} >= {"wrong-think", "correct-think", "wrong-caption"}
        backend = Backend(str(tiny), device="cpu")
        for row, variant in zip(rows, shown, strict=True):
            user = row["prompt"][0]["content"]
            request = request_of(variant, tmp_path, "", user)
            expected = backend._inputs([request])["input_ids"][0].tolist()
            prompt = engine_prompt(row)
            ids, _, _ = run._tokenize_prompts([prompt])
            assert ids[0] == expected
            text = backend._tokenizer.decode(expected)
            assert text.endswith(variant.prefill or "<|im_start|>assistant\n")

    def test_only_completion_tokens_are_in_the_loss(
        self, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trainer: Trainers
    ) -> None:
        recipe = made(tiny, {"prompts_per_step": 8}, augmentation=RATES)
        run = trainer(recipe, tmp_path)
        inputs = run._generate_and_score_completions(batch(run))
        seen: list[torch.Tensor] = []
        forward = run.model.forward

        def spied(*args: Any, **options: Any) -> Any:
            seen.append(options["labels"])
            return forward(*args, **options)

        monkeypatch.setattr(run.model, "forward", spied)
        loss = run._compute_loss(run.model, inputs)
        assert torch.isfinite(loss)
        prompt, mask = inputs["prompt_ids"], inputs["completion_mask"].bool()
        labels = seen[0]
        assert (labels[:, : prompt.shape[1]] == -100).all()
        assert ((labels[:, prompt.shape[1] :] != -100) == mask).all()
        shown = [Variant.model_validate_json(row["variant"]) for row in batch(run)]
        assert any(one.prefill for one in shown)
        for ids, one in zip(prompt.tolist(), shown, strict=True):
            assert run._tokenizer.decode(ids).endswith(one.prefill)

    def test_nothing_behind_the_answer_is_in_a_completion(
        self, tmp_path: Path, trainer: Trainers
    ) -> None:
        run = trainer(made(weights_folder("early"), {"max_new_tokens": 110}), tmp_path)
        run.model.train()
        inputs = run._generate_and_score_completions(batch(run))
        mask = inputs["completion_mask"].bool()
        texts = [
            run._tokenizer.decode(ids[keep].tolist())
            for ids, keep in zip(inputs["completion_ids"], mask, strict=True)
        ]
        assert all(text.endswith(STOP_STRING) and text.count(STOP_STRING) == 1 for text in texts)
        assert run._metrics["train"]["completions/clipped_ratio"] == [0.0]

    @pytest.mark.parametrize(
        ("row", "end"), [([1, 2, 3], 3), ([1, 4, 2], 2), ([4, 4, 0], 1), ([], 0), ([1, 5, 6, 0], 3)]
    )
    def test_where_a_row_ends(self, row: list[int], end: int) -> None:
        words = {0: "", 1: "a", 2: "b", 3: "c", 4: "</answer>", 5: "</ans", 6: "wer>."}
        assert end_of(row, lambda ids: "".join(words[i] for i in ids)) == end


def engine_prompt(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row's prompt as TRL hands it to the tokenizer: its pictures among the messages."""
    from trl.data_utils import prepare_multimodal_messages

    return prepare_multimodal_messages(row["prompt"], images=row["images"])


class TestRun:
    @pytest.fixture(scope="class")
    def finished(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Two steps of the early organism with the faithful reward."""
        out = tmp_path_factory.mktemp("runs") / "faithful"
        grpo = {"prompts_per_step": 4, "group_size": 4, "max_new_tokens": 110}
        recipe = made(weights_folder("early"), grpo, reward={"faithful": True}, augmentation=RATES)
        engine.train_with_trl(recipe, out)
        return out

    def test_logged_rewards_are_the_reward_functions_of_the_logged_completions(
        self, finished: Path
    ) -> None:
        recipe = TrainingFolder(finished).recipe()
        log = TrainingFolder(finished).log()
        by_sample = {
            (v.sample.id, v.name): v
            for v in (p.variant for p in training_prompts(recipe, profile(), finished))
        }
        assert [line["step"] for line in log] == [1, 2]
        seen: set[float] = set()
        for line in log:
            name = f"completions_{line['step']:05d}.parquet"
            table = pd.read_parquet(finished / "completions" / name)
            shown = [by_sample[key] for key in zip(table["sample"], table["variant"], strict=True)]
            parts = Scorer(recipe.reward).score(shown, list(table["text"]))
            assert list(table["reward"]) == pytest.approx([part.total for part in parts])
            assert [c[0]["content"] for c in table["completion"]] == list(table["text"])
            assert line["reward"] == pytest.approx(table["reward"].mean())
            assert line["parts/consistent"] == pytest.approx(
                pd.Series([p.consistent for p in parts if p.consistent is not None]).mean()
            )
            seen |= set(table["reward"].round(3))
        assert len(seen) > 1

    def test_a_checkpoint_is_a_model_with_its_parents_processor(self, finished: Path) -> None:
        made, parent = finished / "checkpoint-2", weights_folder("early")
        for name in ("tokenizer.json", "chat_template.jinja", "preprocessor_config.json"):
            assert (made / name).read_bytes() == (parent / name).read_bytes()
        assert Transformers(str(made), device="cpu").supports_prefill()
        assert not list(made.glob("*.bin"))

    def test_the_run_says_what_it_was_made_of(self, finished: Path) -> None:
        description = json.loads((finished / "run.json").read_text())
        assert description["settings"]["grpo"]["beta"] == 0.0
        assert len(description["parent"]["sha256"]) == 64
        assert description["engine"]["versions"]["trl"]
        assert description["seed"] == 0

    def test_a_finished_run_is_left_as_it_is(self, finished: Path) -> None:
        before = (finished / "log.jsonl").read_bytes()
        again = engine.train_with_trl(TrainingFolder(finished).recipe(), finished)
        assert again.step == 2
        assert (finished / "log.jsonl").read_bytes() == before

    def test_other_settings_need_another_folder(self, finished: Path) -> None:
        recipe = TrainingFolder(finished).recipe()
        other = recipe.model_copy(update={"seed": 5})
        with pytest.raises(RunError, match="seed was 0, is 5"):
            engine.train_with_trl(other, finished)


def profile() -> Any:
    from unswayed import prompts

    return prompts.profile("organism")


class TestResume:
    def test_a_resumed_run_is_the_run_that_was_not_stopped(self, tmp_path: Path) -> None:
        grpo = {"steps": 3, "group_size": 4, "prompts_per_step": 4, "max_new_tokens": 110}
        recipe = made(weights_folder("early"), {**grpo, "beta": 0.04})
        engine.train_with_trl(recipe, tmp_path / "whole")
        shutil.copytree(tmp_path / "whole", tmp_path / "stopped")
        stopped = TrainingFolder(tmp_path / "stopped")
        for step in (2, 3):  # as if it had been killed behind step 3, before checkpoint 2 was whole
            shutil.move(stopped.path / f"checkpoint-{step}", stopped.saving / f"checkpoint-{step}")
        engine.train_with_trl(recipe, stopped.path)
        whole = TrainingFolder(tmp_path / "whole").log()
        resumed = stopped.log()
        assert [line["step"] for line in resumed] == [1, 2, 3]
        for name in ("loss", "reward", "kl", "completions/mean_length"):
            assert [line[name] for line in resumed] == [line[name] for line in whole]
        assert len({line["reward"] for line in whole}) > 1
        assert not stopped.saving.exists()
        first, *last = (
            (folder / "model.safetensors").read_bytes()
            for folder in (
                tmp_path / "whole" / "checkpoint-1",
                tmp_path / "whole" / "checkpoint-3",
                stopped.path / "checkpoint-3",
            )
        )
        assert last[0] == last[1]
        assert first != last[0]

    def test_seeds_have_folders_of_their_own(self, tiny: Path, tmp_path: Path) -> None:
        recipe = made(tiny, {"steps": 1})
        done = list(train_seeds(recipe, [3, 1], tmp_path))
        assert [one.path for one in done] == [
            tmp_path / f"seed-{seed}" / "checkpoint-1" for seed in (3, 1)
        ]
        assert [run.path.name for run in folders(tmp_path)] == ["seed-1", "seed-3"]
        rewards = [run.run.description()["seed"] for run in folders(tmp_path)]
        assert rewards == [1, 3]

    def test_only_the_newest_keep_what_a_resumption_needs(self, tiny: Path, tmp_path: Path) -> None:
        recipe = made(tiny, {"steps": 3}, checkpoints={"every": 1, "keep": 1})
        engine.train_with_trl(recipe, tmp_path)
        assert [one.resumable for one in TrainingFolder(tmp_path).checkpoints()] == [
            False,
            False,
            True,
        ]


class TestAdapters:
    def test_adapters_are_merged_into_each_checkpoint_and_resumed(
        self, tiny: Path, tmp_path: Path, trainer: Trainers
    ) -> None:
        pytest.importorskip("peft")
        lora = {"rank": 2, "alpha": 4, "targets": ["q_proj", "v_proj"]}
        recipe = made(tiny, {"lora": lora, "steps": 1, "beta": 0.01})
        run = trainer(recipe, tmp_path / "a")
        for name, weight in run.model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight)
        run._folder.saving.mkdir()
        run._save(str(run._folder.saving / "checkpoint-1"))
        place = run._folder.place(1)
        ids = torch.tensor([[5, 6, 7]])
        run.model.eval()
        expected = run.model.get_base_model()(input_ids=ids).logits
        found = Backend(str(place), dtype="float32", device="cpu")._model(input_ids=ids).logits
        assert torch.allclose(found, expected, atol=1e-5)
        again = trainer(recipe, tmp_path / "b")
        again._load_from_checkpoint(str(place))
        again.model.eval()
        assert torch.allclose(again.model.get_base_model()(input_ids=ids).logits, expected)


@pytest.fixture
def small_files() -> Generator[None]:
    """Make every file of more than 64 KiB fail to be written, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


class TestBadInput:
    def test_a_reward_that_is_no_number(
        self, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls: list[int] = []

        async def broken(self: Scorer, shown: Any, texts: Any, **_: Any) -> list[RewardParts]:
            calls.append(len(texts))
            value = math.nan if len(calls) > 1 else 0.0
            return [RewardParts(format=value, correct=0.0, answer=0.0) for _ in texts]

        monkeypatch.setattr(Scorer, "ascore", broken)
        with pytest.raises(StageError, match="expected a finite reward for scenes/"):
            engine.train_with_trl(made(tiny), tmp_path)
        assert [one.step for one in TrainingFolder(tmp_path).checkpoints()] == [1]
        Backend(str(tmp_path / "checkpoint-1"), device="cpu")

    def test_a_loss_that_is_no_number(
        self, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        loss = torch.tensor(math.nan, requires_grad=True)
        monkeypatch.setattr(AnswerTrainer, "compute_loss", lambda *_, **__: loss)
        with pytest.raises(StageError, match="expected a finite loss at step 1"):
            engine.train_with_trl(made(tiny), tmp_path)

    def test_a_failed_judge_is_no_reward_and_does_not_stop_training(
        self, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def unknown(self: Scorer, shown: Any, texts: Any, **_: Any) -> list[RewardParts]:
            known = [RewardParts(format=0.1, correct=1.0, answer=1.0) for _ in texts[1:]]
            return [RewardParts(format=0.1, correct=1.0, answer=None, verdict="failed"), *known]

        monkeypatch.setattr(Scorer, "ascore", unknown)
        engine.train_with_trl(made(tiny, {"steps": 1}), tmp_path)
        (line,) = TrainingFolder(tmp_path).log()
        assert line["parts/unscored"] == 0.25
        assert line["reward"] == pytest.approx(1.1)

    def test_a_full_disk(self, tiny: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
        engine.train_with_trl(made(tiny, {"steps": 1}), tmp_path / "before")
        recipe = made(tiny)
        request.getfixturevalue("small_files")
        with pytest.raises(StageError, match=r"cannot save the checkpoint of step 1 .* make room"):
            engine.train_with_trl(recipe, tmp_path / "full")
        assert TrainingFolder(tmp_path / "full").checkpoints() == []
        assert not (tmp_path / "full" / ".saving").exists()

    def test_a_template_that_closes_the_prefill(
        self, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from unswayed.prompts import template

        monkeypatch.setattr(template, "open_tail_template", lambda own: own)
        with pytest.raises(ModelError, match="does not leave a prefilled assistant turn open"):
            engine.train_with_trl(made(tiny), tmp_path)
        assert not (tmp_path / "log.jsonl").exists()

    def test_a_template_that_never_opens_a_turn(self, tiny: Path, tmp_path: Path) -> None:
        broken = shutil.copytree(tiny, tmp_path / "model")
        text = "{% for m in messages %}{% for p in m.content %}{{ p.text }}{% endfor %}{% endfor %}"
        (broken / "chat_template.jinja").write_text(text)
        with pytest.raises(ModelError, match="adds nothing for add_generation_prompt"):
            engine.train_with_trl(made(broken), tmp_path / "run")

    def test_a_model_without_a_chat_template(self, tiny: Path, tmp_path: Path) -> None:
        broken = shutil.copytree(tiny, tmp_path / "model")
        (broken / "chat_template.jinja").unlink()
        with pytest.raises(ModelError, match="has no chat template"):
            engine.train_with_trl(made(broken), tmp_path / "run")

    def test_an_empty_data_set(self, tiny: Path, tmp_path: Path) -> None:
        (tmp_path / "none.jsonl").write_text("")
        recipe = made(tiny, data=[{"benchmark": f"file:{tmp_path / 'none.jsonl'}"}])
        with pytest.raises(DataError, match="none"):
            engine.train_with_trl(recipe, tmp_path / "run")
        assert TrainingFolder(tmp_path / "run").checkpoints() == []

    def test_fewer_prompts_than_a_step_has(self, tiny: Path, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"at least one step \(2\), found 1"):
            engine.train_with_trl(made(tiny, prompts=1), tmp_path)

    def test_completions_that_cannot_be_split(self, tiny: Path, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="to be a multiple of 3 × 1"):
            engine.train_with_trl(made(tiny, {"batch_size": 3}), tmp_path)

    def test_weights_that_changed_below_a_run(self, tiny: Path, tmp_path: Path) -> None:
        parent = shutil.copytree(tiny, tmp_path / "model")
        engine.train_with_trl(made(parent, {"steps": 1}), tmp_path / "run")
        shutil.copy(write_tiny_checkpoint(tmp_path / "other", 1) / "model.safetensors", parent)
        with pytest.raises(RunError, match="other weights"):
            engine.train_with_trl(made(parent, {"steps": 1}), tmp_path / "run")

    def test_a_model_without_a_checkpoint(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="expected a checkpoint to train, found 'tiny'"):
            engine.train_with_trl(made("tiny"), tmp_path)

    def test_a_logger_that_is_not_installed(self, tiny: Path, tmp_path: Path) -> None:
        if find_spec("trackio"):
            pytest.skip("trackio is installed")
        with pytest.raises(MissingExtra, match=r"unswayed\[trackio\]"):
            engine.train_with_trl(made(tiny, logging="trackio"), tmp_path)
