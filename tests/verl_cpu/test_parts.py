"""Our parts in verl's own code: its configuration, data set, agent loop and reward manager."""

from __future__ import annotations

import asyncio
import json
import math
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from unswayed.errors import ConfigError, ModelError, StageError
from unswayed.models import request_of
from unswayed.models.transformers.backend import Backend
from unswayed.models.transformers.loading import placeholders
from unswayed.organism import weights_folder
from unswayed.run.folder import RunFolder
from unswayed.training.recipe import TrainingRecipe, shipped, training_recipe
from unswayed.training.reward.scorer import Scorer
from unswayed.training.start import Start
from unswayed.training.verl import checks as verl_checks
from unswayed.training.verl import engine
from unswayed.training.verl.config import (
    VerlFiles,
    check_supported,
    composed,
    settings,
    write_config,
)
from unswayed.types import Variant

from .conftest import OPTIONS, recipe

ROOT = Path(__file__).parents[2]
STUDY = [
    *sorted((ROOT / "recipes/study/train").glob("*.toml")),
    *sorted((ROOT / "recipes/study/train/8-gpus").glob("verl-*.toml")),
]
TEMPLATE = (weights_folder("early") / "chat_template.jinja").read_text("utf-8")
FILES = VerlFiles(Path("run"), Path("run/verl/records"), Path("run/verl/metrics.jsonl"))
WRITTEN = """
model = "organism,which=early"
profile = "organism"
engine = "verl"
[[data]]
benchmark = "scenes,n=20,split=train"
[grpo]
prompts_per_step = 2
group_size = 2
steps = 1
max_new_tokens = 32
dtype = "float32"
[verl]
gpus_per_node = 2
max_prompt_length = 512
[verl.options]
"""
LATE = " So it is option A.</think><answer>A</answer> and more"


def configured(found: TrainingRecipe) -> Any:
    start = Start(found.model, found.model.partition(",")[0], "default")
    return composed(settings(found, start, FILES, TEMPLATE))


class TestConfiguration:
    @pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in STUDY])
    def test_the_studys_recipes(self, path: Path) -> None:
        found = training_recipe(path)
        assert found.engine == "verl"
        check_supported(found)
        config = configured(found)
        assert config.actor_rollout_ref.model.path == "Qwen/Qwen2.5-VL-7B-Instruct"
        assert config.actor_rollout_ref.rollout.n == 8
        assert config.trainer.n_gpus_per_node == found.cluster.gpus_per_node
        assert config.trainer.save_freq == 250
        assert config.actor_rollout_ref.model.custom_chat_template == TEMPLATE

    @pytest.mark.parametrize("name", list(shipped()))
    def test_a_shipped_recipe_composes_or_is_refused_by_a_key(self, name: str) -> None:
        found = training_recipe(name, ["engine=verl", "verl.gpus_per_node=2"])
        refused = {
            *("care", "cora", "faithful-grpo", "gspo", "guarded", "invariant", "lagrangian"),
            *("papo", "reanswer"),
        }
        if name in refused:
            with pytest.raises(
                ConfigError, match=r"the engine 'verl' cannot do (reward|grpo|advantage|perception)"
            ):
                check_supported(found)
        else:
            check_supported(found)
            configured(found)

    def test_a_key_that_verl_does_not_have(self) -> None:
        found = recipe(verl={"options": {"actor_rollout_ref.rollout.temperatur": 1}})
        with pytest.raises(ConfigError, match="verl has no key 'actor_rollout_ref"):
            configured(found)

    def test_a_value_that_verl_refuses(self) -> None:
        options = {"actor_rollout_ref.rollout.log_prob_micro_batch_size": 4}
        with pytest.raises(ConfigError, match="verl refuses the configuration"):
            configured(recipe(verl={"gpus_per_node": 2, "options": options}))

    def test_the_file_says_what_was_checked(self, tmp_path: Path) -> None:
        from hydra import compose, initialize_config_dir
        from omegaconf import OmegaConf

        found = recipe()
        start = Start(found.model, "organism", "organism")
        told = settings(found, start, FILES, TEMPLATE + "${oc.env:HOME}\n{{ '\\n' }}")
        write_config(told, tmp_path / "config.yaml")
        with initialize_config_dir(str(tmp_path), version_base=None):
            config = compose("config")
        expected = OmegaConf.to_container(composed(told), resolve=True)
        assert OmegaConf.to_container(config, resolve=True) == expected
        template = expected["actor_rollout_ref"]["model"]["custom_chat_template"]
        assert template.endswith("${oc.env:HOME}\n{{ '\\n' }}")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, cpu: None) -> Path:
    """A run's folder with everything in it that verl reads."""
    out = tmp_path_factory.mktemp("prepared")
    launch = engine.prepare(recipe(grpo={"prompts_per_step": 12}), out)
    assert launch is not None
    assert "verl.trainer.main_ppo" in launch.command
    return out


@pytest.fixture(scope="module")
def config(prepared: Path) -> Any:
    """Its configuration, as verl puts it together from the file."""
    from hydra import compose, initialize_config_dir
    from verl.experimental.reward_loop.reward_loop import migrate_legacy_reward_impl

    with initialize_config_dir(str(prepared / "verl/attempts/1"), version_base=None):
        return migrate_legacy_reward_impl(compose("config"))


@pytest.fixture(scope="module")
def model(config: Any) -> Any:
    """The tokenizer and processor as verl makes them, with the template that it was told."""
    from verl.utils.config import omega_conf_to_dataclass

    return omega_conf_to_dataclass(config.actor_rollout_ref.model)


@pytest.fixture(scope="module")
def rows(config: Any, model: Any) -> list[dict[str, Any]]:
    """The rows of verl's data set."""
    from verl.trainer.ppo.utils import create_rl_dataset

    made = create_rl_dataset(
        config.data.train_files, config.data, model.tokenizer, model.processor, is_train=True
    )
    return [made[at] for at in range(len(made))]


def test_the_printed_command_is_the_one_that_would_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from unswayed.cli import main

    options = "\n".join(f'"{key}" = {json.dumps(value)}' for key, value in OPTIONS.items())
    (tmp_path / "mine.toml").write_text(WRITTEN + options)
    out = tmp_path / "a run"
    command = ("train", str(tmp_path / "mine.toml"), "--seeds", "4,5", "--out", str(out))
    monkeypatch.setattr("sys.argv", ["unswayed", *command, "--print-command"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == 2
    for line, seed in zip(lines, (4, 5), strict=True):
        parts = shlex.split(line)
        assert parts[1:3] == ["-m", "verl.trainer.main_ppo"]
        told = Path(parts[parts.index("--config-path") + 1])
        assert told == out / f"seed-{seed}/verl/attempts/1"
        assert (told / f"{parts[parts.index('--config-name') + 1]}.yaml").is_file()
        assert f"seed: {seed}\n" in (told / "config.yaml").read_text()
        assert not (told / "console.log").exists()


def changed(folder: Path, **more: Any) -> Path:
    """Return a copy of the model whose tokenizer's settings are others."""
    shutil.copytree(weights_folder("early"), folder)
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | more))
    return folder


def test_a_tokenizer_with_code_of_its_own_needs_trust(tmp_path: Path) -> None:
    model = changed(tmp_path / "model", auto_map={"AutoTokenizer": ["mine.Mine", None]})
    with pytest.raises(ModelError, match="is code of its own, which verl runs without asking"):
        verl_checks.check_code(Start(str(model), str(model), "default"))
    verl_checks.check_code(Start(str(model), str(model), "default", {"trust_remote_code": True}))
    verl_checks.check_code(Start("early", str(weights_folder("early")), "default"))


def test_tags_that_verl_would_drop_are_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(weights_folder("early"), tmp_path / "model")
    file = folder / "tokenizer.json"
    found = json.loads(file.read_text("utf-8"))
    for token in found["added_tokens"]:
        token["special"] = True
    file.write_text(json.dumps(found))
    from unswayed.models.transformers.processors import load_processor

    start = Start(str(folder), str(folder), "default")
    with pytest.raises(ModelError, match="verl drops special tokens before it scores"):
        verl_checks.check_reading(start, load_processor(str(folder)))


class FakeServer:
    """Answers every prompt alike, and remembers what it was asked."""

    def __init__(self, ids: list[int]) -> None:
        self._ids = ids
        self.asked: list[tuple[list[int], Any]] = []
        self.sampling: list[dict[str, Any]] = []
        self.requests: list[tuple[str, int]] = []

    async def generate(
        self,
        *,
        prompt_ids: list[int],
        image_data: Any,
        sampling_params: dict[str, Any],
        request_id: str,
        priority: int,
        **_: Any,
    ) -> Any:
        from verl.workers.rollout.replica import TokenOutput

        self.requests.append((request_id, priority))
        self.asked.append((list(prompt_ids), image_data))
        self.sampling.append(sampling_params)
        return TokenOutput(token_ids=self._ids, log_probs=[-1.0] * len(self._ids), extra_fields={})


Rolled = tuple[FakeServer, list[Any]]


def rollouts(
    config: Any, model: Any, rows: list[dict[str, Any]], *sessions: dict[str, Any]
) -> Rolled:
    """What the agent loop that verl finds by its configuration makes of the rows."""
    import hydra
    from omegaconf import OmegaConf
    from verl.experimental.agent_loop.agent_loop import DictConfigWrap
    from verl.utils.dataset.rl_dataset import RLHFDataset

    late = model.tokenizer.encode(LATE, add_special_tokens=False)
    server = FakeServer([*late, model.tokenizer.eos_token_id])
    told = config.actor_rollout_ref.rollout.agent
    (declared,) = OmegaConf.load(told.agent_loop_config_path)
    assert declared.name == told.default_agent_loop

    async def run() -> list[Any]:
        made: list[Any] = []
        for row in rows:
            for session in sessions or ({},):
                loop = hydra.utils.instantiate(
                    {"_target_": declared._target_},
                    trainer_config=DictConfigWrap(config),
                    server_manager=server,
                    tokenizer=model.tokenizer,
                    processor=model.processor,
                    dataset_cls=RLHFDataset,
                    data_config=DictConfigWrap(config.data),
                    hf_model_type="qwen2_5_vl",
                )
                made.append(await loop.run({"temperature": 1.0}, **row, global_steps=7, **session))
        return made

    return server, asyncio.run(run())


@pytest.fixture(scope="module")
def rolled(config: Any, model: Any, rows: list[dict[str, Any]]) -> Rolled:
    """The same, once for each row."""
    return rollouts(config, model, rows)


def variants(rows: list[dict[str, Any]]) -> list[Variant]:
    return [Variant.model_validate_json(row["extra_info"]["variant"]) for row in rows]


class TestPrompts:
    def test_rows_are_whole_and_in_order(self, rows: list[dict[str, Any]]) -> None:
        assert [row["index"] for row in rows] == list(range(48))
        assert all(len(RunFolder.__name__) and row["data_source"] == "scenes" for row in rows)
        shown = variants(rows)
        assert {one.name for one in shown} >= {"base", "wrong-think", "correct-caption"}
        for row, variant in zip(rows, shown, strict=True):
            info = row["extra_info"]
            assert row["reward_model"]["ground_truth"] == variant.answer
            options = {one["letter"]: one["text"] for one in info["options"]}
            assert options == variant.options
            assert (info["foil"], info["prefill"]) == (variant.foil, variant.prefill)
            assert info["profile"] == "organism"

    def test_prompts_are_the_evaluations_token_for_token(
        self, rows: list[dict[str, Any]], rolled: tuple[FakeServer, list[Any]], prepared: Path
    ) -> None:
        import torch

        server, _ = rolled
        backend = Backend(str(weights_folder("early")), device="cpu")
        from unswayed import prompts

        profile = prompts.profile("organism")
        for variant, (ids, images) in zip(variants(rows), server.asked, strict=True):
            user = prompts.render_user(variant, profile)
            request = request_of(variant, prepared, profile.system, user)
            expected = backend._inputs([request])
            assert ids == expected["input_ids"][0].tolist()
            text = backend._tokenizer.decode(ids)
            assert text.endswith(variant.prefill or "<|im_start|>assistant\n")
            seen = backend._processor.image_processor(images=images, return_tensors="pt")
            assert torch.allclose(seen["pixel_values"], expected["pixel_values"], atol=1e-5)

    def test_lengths_are_counted_as_verl_counts_them(
        self, rolled: tuple[FakeServer, list[Any]], prepared: Path
    ) -> None:
        from unswayed import prompts
        from unswayed.models.transformers.processors import load_processor
        from unswayed.prompts.template import leave_open
        from unswayed.training.data import training_prompts

        processor = load_processor(str(weights_folder("early")))
        leave_open(processor)
        found = recipe(grpo={"prompts_per_step": 12})
        made = training_prompts(found, prompts.profile("organism"), prepared)
        counted = [verl_checks.length_of(prompt, processor) for prompt in made]
        assert counted == [len(ids) for ids, _ in rolled[0].asked]

    def test_a_prompt_that_is_too_long_fails_before_ray(self, tmp_path: Path) -> None:
        cluster = {"gpus_per_node": 2, "max_prompt_length": 40, "options": OPTIONS}
        with pytest.raises(ConfigError, match=r"verl\.max_prompt_length = 40 tokens, found 16 of"):
            engine.prepare(recipe(verl=cluster), tmp_path)
        assert not (tmp_path / "verl/prompts.parquet").exists()


class TestSuppression:
    """Tokens that stand for pictures are not sampled."""

    def test_every_request_bars_them(
        self, config: Any, model: Any, rolled: tuple[FakeServer, list[Any]]
    ) -> None:
        barred = placeholders(model.hf_config)
        assert barred
        for sampling in rolled[0].sampling:
            assert sampling["logit_bias"] == dict.fromkeys(barred, -100.0)
            assert sampling["temperature"] == 1.0

    def test_the_rollout_obeys(
        self, config: Any, model: Any, rows: list[dict[str, Any]], rolled: tuple[FakeServer, Any]
    ) -> None:
        from unswayed_verl_cpu.rollout import Server

        short = SimpleNamespace(seed=0, response_length=4)
        server = Server(short, model.local_path)
        ids, images = rolled[0].asked[0]
        sampling = {"temperature": 1.0, "top_p": 1.0, "top_k": -1}
        free = server._sample(ids, sampling, images).token_ids
        picture = placeholders(model.hf_config)[0]
        forced = {**sampling, "logit_bias": {picture: 100.0}}
        assert set(server._sample(ids, forced, images).token_ids) == {picture}
        barred = {**sampling, "logit_bias": dict.fromkeys(free, -100.0)}
        assert not {*server._sample(ids, barred, images).token_ids} & {*free}


class TestDeterminism:
    def test_each_completion_has_a_seed_and_a_place_of_its_own(
        self, config: Any, model: Any, rows: list[dict[str, Any]], rolled: Rolled
    ) -> None:
        from omegaconf import OmegaConf, open_dict

        assert not any("seed" in sampling for sampling in rolled[0].sampling)
        fixed = OmegaConf.create(OmegaConf.to_container(config, resolve=False))
        with open_dict(fixed):
            fixed.actor_rollout_ref.rollout.full_determinism = True
        sessions = [{"session_id": number} for number in range(4)]
        asked = [rollouts(fixed, model, rows[:3], *sessions)[0] for _ in range(2)]
        seeds = [[sampling["seed"] for sampling in server.sampling] for server in asked]
        assert seeds[0] == seeds[1]
        assert len(set(seeds[0])) == 12
        assert len({request for request, _ in asked[0].requests}) == 12
        assert all(priority for _, priority in asked[0].requests)

    def test_a_seed_fixes_what_the_rollout_writes(self, model: Any, rolled: Rolled) -> None:
        from unswayed_verl_cpu.rollout import Server

        server = Server(SimpleNamespace(seed=0, response_length=12), model.local_path)
        ids, images = rolled[0].asked[0]
        sampling = {"temperature": 2.0, "top_p": 1.0, "top_k": -1}
        made = [server._sample(ids, {**sampling, "seed": s}, images).token_ids for s in (5, 6, 5)]
        assert made[0] == made[2] != made[1]


class TestCompletions:
    def test_nothing_behind_the_answer_counts(
        self, model: Any, rolled: tuple[FakeServer, list[Any]]
    ) -> None:
        for one in rolled[1]:
            text = model.tokenizer.decode(one.response_ids)
            assert text == LATE.removesuffix(" and more")
            lengths = (len(one.response_mask), len(one.response_logprobs))
            assert lengths == (len(one.response_ids),) * 2
            assert one.extra_fields["step"] == 7

    def test_the_reward_through_verls_own_manager(
        self,
        config: Any,
        model: Any,
        rows: list[dict[str, Any]],
        rolled: tuple[FakeServer, list[Any]],
    ) -> None:
        import numpy as np
        import torch
        from verl.protocol import DataProto
        from verl.trainer.ppo.reward import load_reward_manager

        async def score() -> list[Any]:
            manager = load_reward_manager(config, model.tokenizer)
            made: list[Any] = []
            for row, one in zip(rows, rolled[1], strict=True):
                responses = torch.tensor([one.response_ids])
                seen = torch.ones(1, len(one.prompt_ids) + len(one.response_ids))
                shown = {
                    key: np.array([row[key]], dtype=object)
                    for key in ("data_source", "reward_model", "extra_info")
                }
                shown["tool_extra_fields"] = np.array([one.extra_fields], dtype=object)
                data = DataProto.from_dict(
                    tensors={"responses": responses, "attention_mask": seen.long()},
                    non_tensors=shown,
                )
                made.append(await manager.run_single(data))
            return made

        made = asyncio.run(score())
        text = LATE.removesuffix(" and more")
        parts = Scorer(recipe().reward).score(variants(rows), [text] * len(rows))
        scores = [one["reward_score"] for one in made]
        known = [None if math.isnan(score) else score for score in scores]
        assert known == [part.total for part in parts]
        assert None in known  # the judge lost some replies
        assert len(set(known)) > 2
        assert len({tuple(one["reward_extra_info"]) for one in made}) == 1


def test_the_judge_is_asked_at_each_start_and_for_no_printed_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = recipe(reward={"faithful": True, "judge": f"{Path(__file__).parent / 'gone.py'}:Gone"})
    started: list[Any] = []
    monkeypatch.setattr(engine, "_run", lambda launch, *_: started.append(launch))
    assert engine.prepare(found, tmp_path) is not None  # a login node need not reach the judge
    assert (tmp_path / "verl/prompts.parquet").is_file()
    for _ in range(2):  # the second as after a stop: everything is prepared
        with pytest.raises(StageError, match=r"gone of the reward has no verdict .* is switched"):
            engine.train_with_verl(found, tmp_path)
    assert started == []
    with pytest.raises(StageError, match="ended without a checkpoint"):
        engine.train_with_verl(recipe(), tmp_path / "other")
    assert len(started) == 1


class TestFailures:
    def test_the_driver_counts_what_the_processes_recorded(
        self, config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import torch
        from omegaconf import OmegaConf
        from verl.trainer.ppo.checkpoint_callback import build_checkpoint_callback
        from verl.trainer.ppo.core_algos import get_adv_estimator_fn

        from unswayed.training.verl import hooks

        monkeypatch.setattr(hooks._FAILURES, "_records", None)  # put back behind the test
        kwargs = "reward.custom_reward_function.reward_kwargs"
        own = config.copy()
        reward = recipe(reward={"faithful": True, "asking": {"most_failed": 0.1}}).reward
        OmegaConf.update(own, f"{kwargs}.records", str(tmp_path))
        OmegaConf.update(own, f"{kwargs}.settings", reward.model_dump_json())
        callback = build_checkpoint_callback(own)
        assert type(callback).__name__ == "Exporter"
        estimate = get_adv_estimator_fn(own.algorithm.adv_estimator)
        failed = {"verdict": "failed", "reason": "the judge gave no reply"}
        lines = [{"parts": failed}] * 4 + [{"parts": {"verdict": "consistent"}}] * 28
        rewards, mask = torch.ones(32, 1), torch.ones(32, 1)

        def step() -> None:
            with (tmp_path / "a.jsonl").open("a") as file:
                file.writelines(json.dumps(line) + "\n" for line in lines)
            estimate(rewards, response_mask=mask, index=["a"] * 32, config=None)

        step()
        step()
        with pytest.raises(StageError, match=r"12 of 96 .* the judge gave no reply"):
            step()


class TestAdvantages:
    @pytest.mark.parametrize("scaled", [True, False])
    def test_known_rewards_get_verls_own_numbers(self, scaled: bool) -> None:
        import numpy as np
        import torch
        from verl.trainer.ppo.core_algos import (
            compute_grpo_outcome_advantage,
            get_adv_estimator_fn,
        )

        import unswayed.training.verl.hooks  # noqa: F401 - registers it

        torch.manual_seed(0)
        rewards = torch.zeros(9, 5)
        rewards[:, -1] = torch.rand(9)
        mask = (torch.rand(9, 5) > 0.3).float()
        index = np.array([*"aaaabbbbc"], dtype=object)
        expected, _ = compute_grpo_outcome_advantage(
            rewards.clone(), mask, index, norm_adv_by_std_in_grpo=scaled
        )
        found, _ = get_adv_estimator_fn("unswayed_grpo")(
            token_level_rewards=rewards,
            response_mask=mask,
            index=index,
            config={"norm_adv_by_std_in_grpo": scaled},
        )
        assert torch.allclose(found, expected, rtol=1e-3, atol=1e-6)

    def test_rloo_is_verls_own(self) -> None:
        import numpy as np
        import torch
        from verl.trainer.ppo.core_algos import (
            compute_rloo_outcome_advantage,
            get_adv_estimator_fn,
        )

        import unswayed.training.verl.hooks  # noqa: F401 - registers it

        torch.manual_seed(0)
        rewards = torch.zeros(9, 5)
        rewards[:, -1] = torch.rand(9)
        mask = (torch.rand(9, 5) > 0.3).float()
        index = np.array([*"aaaabbbbc"], dtype=object)
        expected, _ = compute_rloo_outcome_advantage(rewards.clone(), mask, index)
        found, _ = get_adv_estimator_fn("unswayed_rloo")(
            token_level_rewards=rewards,
            response_mask=mask,
            index=index,
            config={"norm_adv_by_std_in_grpo": False},
        )
        assert torch.allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.fixture
def one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A group of one process for verl's engine; what it patches is put back behind the test."""
    import torch.distributed
    from transformers.models.qwen2_5_vl import modeling_qwen2_5_vl
    from transformers.models.qwen2_vl import modeling_qwen2_vl

    for module in (modeling_qwen2_5_vl, modeling_qwen2_vl):
        for made in vars(module).values():
            if isinstance(made, type) and "forward" in vars(made):
                monkeypatch.setattr(made, "forward", made.forward)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path / 'group'}", rank=0, world_size=1
    )
    yield
    torch.distributed.destroy_process_group()


def arithmetic(found: TrainingRecipe, role: str) -> set[tuple[Any, Any]]:
    """Return the types of input and weight that linear layers see within verl's own engine."""
    import torch
    from tensordict import TensorDict
    from verl.utils import tensordict_utils
    from verl.utils.config import omega_conf_to_dataclass
    from verl.workers.engine import EngineRegistry

    start = Start(found.model, str(weights_folder("early")), "organism")
    told = composed(settings(found, start, FILES, TEMPLATE)).actor_rollout_ref
    model_config = omega_conf_to_dataclass(told.model)
    told[role].fsdp_config.strategy = told[role].strategy  # as verl's worker hands it on
    made = EngineRegistry.new(
        model_type="language_model",
        backend=told[role].strategy,
        model_config=model_config,
        engine_config=omega_conf_to_dataclass(told[role].fsdp_config),
        optimizer_config=omega_conf_to_dataclass(told.actor.optim) if role == "actor" else None,
        checkpoint_config=omega_conf_to_dataclass(told.actor.checkpoint),
    )
    made.initialize()
    seen: set[tuple[Any, Any]] = set()

    def look(layer: Any, inputs: Any) -> None:
        seen.add((inputs[0].dtype, layer.weight.dtype))

    for layer in made.module.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.register_forward_pre_hook(look)
    vision = model_config.hf_config.vision_config
    patches = torch.zeros(
        16, vision.in_channels * vision.temporal_patch_size * vision.patch_size**2
    )
    picture = {"pixel_values": patches, "image_grid_thw": torch.tensor([[1, 4, 4]])}
    words = model_config.tokenizer.encode("It is A.", add_special_tokens=False)
    ids = torch.tensor([*[model_config.hf_config.image_token_id] * 4, *words])
    places = torch.arange(len(ids)).expand(4, -1).contiguous()
    batch = TensorDict(
        {
            "input_ids": torch.nested.as_nested_tensor([ids] * 2, layout=torch.jagged),
            "position_ids": torch.nested.as_nested_tensor([places] * 2, layout=torch.jagged),
            "temperature": torch.ones(2),
        },
        batch_size=2,
    )
    tensordict_utils.assign_non_tensor_stack(batch, "multi_modal_inputs", [picture] * 2)
    tensordict_utils.assign_non_tensor(batch, use_remove_padding=model_config.use_remove_padding)
    with torch.no_grad():
        made.forward_step(batch, loss_function=None, forward_only=True)
    return seen


class TestArithmetic:
    """`grpo.dtype` is what verl computes in, whatever its files say of it."""

    @pytest.mark.parametrize("role", ["actor", "ref"])
    @pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
    def test_linear_layers_see_the_recipes_type(
        self, dtype: str, role: str, one_process: None
    ) -> None:
        import torch

        expected = getattr(torch, dtype)
        assert arithmetic(recipe(grpo={"dtype": dtype}), role) == {(expected, expected)}


OBJECTIVE = json.loads((ROOT / "tests/training/objective.json").read_text("utf-8"))


def distance(found: Any, expected: list[list[float]]) -> float:
    """Return the largest difference, in units of the largest entry."""
    import torch

    wanted = torch.tensor(expected, dtype=torch.float64)
    return float((found - wanted).abs().max() / wanted.abs().max())


class TestObjective:
    """The gradient of verl's own loss, with the settings that a recipe gives it.

    The expected numbers are those of DeepSeekMath's equations, to which TRL is held as well
    (tests/training/test_objective.py).
    """

    @pytest.mark.parametrize("mode", list(OBJECTIVE["gradients"]))
    def test_verl_has_the_gradient_of_the_formula(self, mode: str) -> None:
        assert distance(self.gradient(mode), OBJECTIVE["gradients"][mode]) < 1e-6

    @pytest.mark.parametrize("mode", list(OBJECTIVE["gradients"]))
    def test_passes_over_parts_of_a_step_sum_to_it(self, mode: str) -> None:
        assert distance(self.gradient(mode, parts=2), OBJECTIVE["gradients"][mode]) < 1e-6

    @pytest.mark.parametrize(
        ("name", "value"), [("clip_ratio_c", 3.0), ("loss_scale_factor", None)]
    )
    def test_verls_own_value_of_a_switch_is_another_objective(self, name: str, value: Any) -> None:
        other = self.gradient("dr_grpo", **{name: value})
        assert distance(other, OBJECTIVE["gradients"]["dr_grpo"]) > 0.02

    def gradient(self, mode: str, parts: int = 1, **changed: Any) -> Any:
        """Return d loss / d log π by verl's own loss, with the settings that a recipe gives it."""
        import torch
        from tensordict import TensorDict
        from verl.utils import tensordict_utils
        from verl.utils.config import omega_conf_to_dataclass
        from verl.workers.utils.losses import ppo_loss

        data = OBJECTIVE["batch"]
        keys = {"epsilon": data["epsilon"], "epsilon_high": data["epsilon_high"]}
        if mode == "gspo":
            keys |= {"loss_type": "grpo", "importance_sampling_level": "sequence"}
        else:
            keys["loss_type"] = mode
        longest = {"max_new_tokens": data["longest"]}
        found = recipe(grpo={**keys, "beta": data["beta"], **longest})
        actor = configured(found).actor_rollout_ref.actor
        for name, value in changed.items():
            actor[name] = value
        config = omega_conf_to_dataclass(actor)
        assert actor.use_kl_loss
        lengths = [int(sum(row)) for row in data["mask"]]
        now = torch.tensor(data["now"], dtype=torch.float64, requires_grad=True)

        def ragged(rows: Sequence[Any]) -> Any:
            return torch.nested.as_nested_tensor(list(rows), layout=torch.jagged)

        def cut(name: str, places: Sequence[int]) -> Any:
            rows = torch.tensor(data[name], dtype=torch.float64)
            return ragged([rows[at, : lengths[at]] for at in places])

        size = len(lengths) // parts
        for start in range(0, len(lengths), size):
            places = range(start, start + size)
            # as the engine returns it: one value a token, the prompt's too, moved by one
            flat = [torch.cat([now[at, : lengths[at]], now.new_zeros(1)]) for at in places]
            ones = [torch.ones(lengths[at]) for at in places]
            advantages = [torch.full((lengths[at],), data["advantages"][at]) for at in places]
            batch = TensorDict(
                {
                    "prompts": ragged([torch.ones(1) for _ in places]),
                    "responses": ragged(ones),
                    "response_mask": ragged(ones),
                    "old_log_probs": cut("old", places),
                    "ref_log_prob": cut("reference", places),
                    "advantages": ragged([one.double() for one in advantages]),
                },
                batch_size=size,
            )
            tokens = {"batch_num_tokens": sum(lengths), "global_batch_size": len(lengths)}
            tensordict_utils.assign_non_tensor(batch, dp_size=1, **tokens)
            loss, _ = ppo_loss(config, {"log_probs": ragged(flat)}, batch)
            loss.backward()
        return now.grad
