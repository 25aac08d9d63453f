"""Where the time of a GRPO step goes, beside TRL's own trainer with the same prompts.

    python benchmarks/grpo_step.py --steps 3 --rounds 2

Trains the early organism on scenes for a few steps, by turns with `unswayed`'s trainer and with
TRL's `GRPOTrainer` as it is: the same weights, prompts, settings and seed, a reward of its letters
alone, no stop string and nothing suppressed. Then it evaluates once. The CPU column is what to
compare on a shared machine; the first step of a trainer warms up and is left out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from unswayed import prompts
from unswayed.models.transformers.loading import load_model
from unswayed.models.transformers.processors import load_processor
from unswayed.pipeline.settings import settings
from unswayed.pipeline.stages import evaluate
from unswayed.training.data import training_prompts
from unswayed.training.folder import TrainingFolder
from unswayed.training.recipe import TrainingRecipe, training_recipe
from unswayed.training.start import start_of
from unswayed.training.trl import engine
from unswayed.training.trl.prompts import dataset_of
from unswayed.training.trl.settings import trl_config
from unswayed.types import Variant

WHOLE = "whole step (without the optimiser)"
PARTS = {
    "generation": "_generate_single_turn",
    "reward": "_calculate_rewards",
    "forward": "compute_loss",
    WHOLE: "training_step",
}
KNOWN = ("generation", "reward", "forward", "backward")


class Clock:
    """Wall and CPU seconds of named parts."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    def copy(self) -> Clock:
        """Return what has been measured so far."""
        clock = Clock()
        clock.wall, clock.cpu = dict(self.wall), dict(self.cpu)
        return clock

    def reset(self, earlier: Clock) -> None:
        """Forget what was measured since."""
        self.wall, self.cpu = dict(earlier.wall), dict(earlier.cpu)

    def timed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*args: Any, **options: Any) -> Any:
            wall, cpu = time.perf_counter(), time.process_time()
            try:
                return call(*args, **options)
            finally:
                self.wall[name] = self.wall.get(name, 0.0) + time.perf_counter() - wall
                self.cpu[name] = self.cpu.get(name, 0.0) + time.process_time() - cpu

        return inner


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="accuracy")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=1, help="Of each trainer, by turns.")
    parser.add_argument("--samples", type=int, default=100, help="Evaluated, in one variant.")
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    given = parser.parse_args()
    given.overrides += [f"grpo.steps={given.steps + 1}", "logging=none"]
    recipe = training_recipe(given.recipe, given.overrides)
    steps = given.steps * given.rounds
    clocks = {"unswayed": Clock(), "TRL as it is": Clock()}
    notes: dict[str, list[dict[str, float]]] = {name: [] for name in clocks}
    with tempfile.TemporaryDirectory() as out:
        for turn in range(given.rounds):
            for name, train in (("unswayed", ours), ("TRL as it is", plain)):
                notes[name] += train(recipe, Path(out) / f"{turn}-{name}", clocks[name])
        for name, clock in clocks.items():
            report(name, clock, steps, lengths(notes[name]))
        wholes = [clock.cpu[WHOLE] for clock in clocks.values()]
        print(f"CPU time of a step, to TRL's: {wholes[0] / wholes[1]:.2f}")
        clock = Clock()
        wanted = {"model": recipe.model, "variants": ["base"], "batch_size": 50}
        wanted["benchmarks"] = [f"scenes,n={given.samples}"]
        clock.timed("evaluation", evaluate)(settings(None, wanted), Path(out) / "evaluation")
        row("evaluation of 100 prompts, start included", clock, "evaluation", given.samples / 100)


def ours(recipe: TrainingRecipe, out: Path, clock: Clock) -> list[dict[str, float]]:
    """Train by the project's trainer; return the figures of the steps after the first."""
    folder = TrainingFolder(out)
    with folder.writing():
        start = start_of(recipe.model)
        folder.begin(recipe, start.provenance(), {})
        watched(engine.trainer_of(recipe, start, folder), clock).train()
    return folder.log()[1:]


def plain(recipe: TrainingRecipe, out: Path, clock: Clock) -> list[dict[str, float]]:
    """Train by TRL's own trainer; return the figures of the steps after the first."""
    from transformers import PrinterCallback
    from trl.trainer.grpo_trainer import GRPOTrainer

    start = start_of(recipe.model)
    processor = load_processor(start.path)
    processor.tokenizer.padding_side = "left"
    config = trl_config(recipe, out)
    config.save_strategy = "no"  # it cannot save a processor without a video part
    made = training_prompts(recipe, prompts.profile(recipe.profile or start.profile), out)
    trainer = GRPOTrainer(
        model=load_model(start.path, "float32", start.attention, start.hub),
        args=config,
        train_dataset=dataset_of(made, recipe.grpo.prompts_per_step),
        processing_class=processor,
        reward_funcs=letter,
    )
    trainer.remove_callback(PrinterCallback)
    watched(trainer, clock).train()
    return [line for line in trainer.state.log_history if "loss" in line][1:]


def letter(completions: list[Any], variant: list[str], **_: Any) -> list[float]:
    """Reward the right letter, as the simplest reward function would."""
    gold = [Variant.model_validate_json(text).answer for text in variant]
    said = [completion[-1]["content"] for completion in completions]
    return [
        float(f"<answer>{answer}</answer>" in text) for text, answer in zip(said, gold, strict=True)
    ]


def watched(trainer: Any, clock: Clock) -> Any:
    """Measure the parts of a trainer's steps, the first left out."""
    for name, method in PARTS.items():
        setattr(trainer, method, clock.timed(name, getattr(trainer, method)))
    trainer.accelerator.backward = clock.timed("backward", trainer.accelerator.backward)
    warm_up(trainer, clock)
    return trainer


def warm_up(trainer: Any, clock: Clock) -> None:
    """Forget the times of the first step."""
    from transformers import TrainerCallback

    before = clock.copy()

    class FirstStep(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == 1:
                clock.reset(before)

    trainer.add_callback(FirstStep())


def lengths(log: list[dict[str, float]]) -> str:
    mean = sum(line["completions/mean_length"] for line in log) / len(log)
    longest = max(line["completions/max_length"] for line in log)
    return f"mean length {mean:.0f} tokens, longest {longest:.0f}"


def report(name: str, clock: Clock, steps: int, note: str) -> None:
    print(f"{name + ', a step':<42} {'wall s':>8} {'CPU s':>8}   {note}")
    for part in KNOWN:
        row(part, clock, part, steps)
    for table in (clock.wall, clock.cpu):
        table["rest"] = table[WHOLE] - sum(table.get(part, 0.0) for part in KNOWN)
    row("rest: pictures, tokens, advantages", clock, "rest", steps)
    row(WHOLE, clock, WHOLE, steps)
    model = sum(clock.cpu.get(part, 0.0) for part in ("generation", "forward", "backward"))
    print(f"in generation, forward and backward: {model / clock.cpu[WHOLE]:.1%} of the CPU time\n")


def row(label: str, clock: Clock, name: str, count: float) -> None:
    wall, cpu = clock.wall.get(name, 0.0) / count, clock.cpu.get(name, 0.0) / count
    print(f"{label:<42} {wall:8.2f} {cpu:8.2f}")


if __name__ == "__main__":
    main()
