"""One objective: TRL's loss has the gradient that DeepSeekMath's equations say, KL term and all.

The reference is the formula in float64, derived by hand. `objective.json` holds a tiny batch with
its gradients; tests/verl_cpu compares verl's own code with the same numbers. To write it
anew: python tests/training/test_objective.py
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from unswayed.training.recipe import training_recipe  # noqa: E402

GOLDEN = Path(__file__).parent / "objective.json"
MODES = ("grpo", "dapo", "dr_grpo", "gspo")
Rows = list[list[float]]


def batch() -> dict[str, Any]:
    """Return a tiny batch: log-probabilities of three policies, a mask and advantages."""
    generator = torch.Generator().manual_seed(5)
    shape = (4, 6)

    def drawn(scale: float) -> Any:
        return scale * torch.randn(shape, generator=generator, dtype=torch.float64)

    now = -1.5 + drawn(0.5)
    old = now + drawn(0.25)
    old[1][1] = now[1][1] - math.log(4)  # with a negative advantage: a second clipping would bind
    return {
        "now": now.tolist(),
        "old": old.tolist(),
        "reference": (now + drawn(0.4)).tolist(),
        "mask": [[1.0] * length + [0.0] * (6 - length) for length in (6, 2, 4, 1)],
        "advantages": [1.2, -0.7, 0.4, -1.1],
        "epsilon": 0.2,
        "epsilon_high": 0.28,
        "beta": 0.3,
        "longest": 9,  # not the width of the tensors
    }


def gradient(data: dict[str, Any], mode: str) -> Rows:
    """Return d loss / d log π by DeepSeekMath (arXiv 2402.03300), equations 3 and 4, by hand.

    For a token with ratio r = π / π_old, advantage A and u = log π_ref − log π: the policy term is
    −r A where the clipped one is not smaller, else constant; the KL term is β (1 − e^u). `grpo` is
    the mean over a completion's tokens, then over completions; `dapo` the mean over all tokens
    (arXiv 2503.14476, eq. 8); `dr_grpo` the sum over all tokens by completions × longest
    (arXiv 2503.20783). `gspo` has one ratio a completion, the geometric mean of its tokens' (arXiv
    2507.18071, equations 5 to 7), and averages as `grpo` does.
    """
    rows = len(data["now"])
    tokens = sum(map(sum, data["mask"]))
    found: Rows = []
    for i, advantage in enumerate(data["advantages"]):
        length = sum(data["mask"][i])
        share = {
            "grpo": 1 / (length * rows),
            "gspo": 1 / (length * rows),
            "dapo": 1 / tokens,
            "dr_grpo": 1 / (rows * data["longest"]),
        }[mode]
        ratios = [math.exp(a - b) for a, b in zip(data["now"][i], data["old"][i], strict=True)]
        if mode == "gspo":
            inside = ratios[: int(length)]
            ratios = [math.prod(inside) ** (1 / length)] * len(ratios)
        line: list[float] = []
        for j, now in enumerate(data["now"][i]):
            ratio = ratios[j]
            clipped = min(max(ratio, 1 - data["epsilon"]), 1 + data["epsilon_high"])
            policy = -ratio * advantage if ratio * advantage <= clipped * advantage else 0.0
            kl = data["beta"] * (1 - math.exp(data["reference"][i][j] - now))
            line.append(data["mask"][i][j] * share * (policy + kl))
        found.append(line)
    return found


def by_trl(data: dict[str, Any], mode: str, **changed: Any) -> Rows:
    """Return the same of TRL's own loss, with the settings that a recipe gives it."""
    from trl.trainer.grpo_trainer import GRPOTrainer

    from unswayed.training.trl.settings import trl_config

    recipe = training_recipe(
        "accuracy",
        [
            f"grpo.loss_type={'grpo' if mode == 'gspo' else mode}",
            f"grpo.importance_sampling_level={'sequence' if mode == 'gspo' else 'token'}",
            f"grpo.beta={data['beta']}",
            f"grpo.epsilon={data['epsilon']}",
            f"grpo.epsilon_high={data['epsilon_high']}",
            f"grpo.max_new_tokens={data['longest']}",
            "logging=none",
        ],
    )
    args = trl_config(recipe, Path("nowhere"))
    for name, value in changed.items():
        setattr(args, name, value)
    now = torch.tensor(data["now"], dtype=torch.float64, requires_grad=True)
    mask = torch.tensor(data["mask"], dtype=torch.float64)
    trainer: Any = object.__new__(GRPOTrainer)
    attributes = {
        "args": args,
        "beta": args.beta,
        "epsilon_low": args.epsilon,
        "epsilon_high": args.epsilon_high,
        "loss_type": args.loss_type,
        "importance_sampling_level": args.importance_sampling_level,
        "top_entropy_quantile": args.top_entropy_quantile,
        "off_policy_mask_threshold": args.off_policy_mask_threshold,
        "vllm_importance_sampling_correction": args.vllm_importance_sampling_correction,
        "max_completion_length": args.max_completion_length,
        "use_vllm": True,  # whose probabilities are a little off
        "aux_loss_enabled": False,
        "_entropy_bonus_enabled": bool(args.entropy_coef),
        "current_gradient_accumulation_steps": 1,
        "model": SimpleNamespace(training=True),
        "_metrics": {"train": defaultdict(list)},
        "accelerator": SimpleNamespace(
            num_processes=1,
            reduce=lambda value, **_: value,
            gather=lambda value: value,
            gather_for_metrics=lambda value: value,
        ),
        "_get_per_token_logps_and_entropies": lambda *_, **__: (now, torch.zeros_like(mask), None),
    }
    vars(trainer).update(attributes)
    args.steps_per_generation = 1
    ids = torch.zeros(mask.shape, dtype=torch.long)
    inputs = {
        "prompt_ids": ids,
        "prompt_mask": ids,
        "completion_ids": ids,
        "completion_mask": mask,
        "advantages": torch.tensor(data["advantages"], dtype=torch.float64),
        "old_per_token_logps": torch.tensor(data["old"], dtype=torch.float64),
        "ref_per_token_logps": torch.tensor(data["reference"], dtype=torch.float64),
        "num_items_in_batch": mask.sum(),
        "importance_sampling_ratio": torch.linspace(0.5, 1.5, mask.numel()).view(mask.shape),
    }
    trainer._compute_loss(None, inputs).backward()
    return now.grad.tolist()


def distance(one: Rows, other: Rows) -> float:
    """Return the largest difference, in units of the largest entry."""
    a, b = (torch.tensor(rows, dtype=torch.float64) for rows in (one, other))
    return float((a - b).abs().max() / b.abs().max())


@pytest.mark.parametrize("mode", MODES)
def test_trl_has_the_gradient_of_the_formula(mode: str) -> None:
    data = batch()
    assert distance(by_trl(data, mode), gradient(data, mode)) < 1e-6


@pytest.mark.parametrize("mode", MODES)
def test_the_numbers_that_verl_is_held_to_are_the_formulas(mode: str) -> None:
    golden = json.loads(GOLDEN.read_text("utf-8"))
    assert golden["batch"] == batch()
    assert distance(golden["gradients"][mode], gradient(batch(), mode)) < 1e-12


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("use_bias_correction_kl", True),
        ("vllm_importance_sampling_correction", True),
        ("delta", 3.0),
        ("max_completion_length", 6),
    ],
)
def test_another_value_of_a_switch_is_another_objective(name: str, value: Any) -> None:
    data, mode = batch(), "dr_grpo"
    other = by_trl(data, mode, **{name: value})
    assert distance(other, gradient(data, mode)) > 0.02


def test_without_a_kl_term_there_is_nothing_to_correct() -> None:
    data = batch() | {"beta": 0.0}
    assert distance(by_trl(data, "grpo"), gradient(data, "grpo")) < 1e-6


if __name__ == "__main__":
    table = {"batch": batch(), "gradients": {mode: gradient(batch(), mode) for mode in MODES}}
    GOLDEN.write_text(json.dumps(table, indent=1) + "\n", "utf-8")
    for each in MODES:
        print(each, distance(by_trl(batch(), each), gradient(batch(), each)))
    default = by_trl(batch(), "grpo", use_bias_correction_kl=True)
    print("TRL's default", distance(default, gradient(batch(), "grpo")))
