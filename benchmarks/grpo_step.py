"""Where the time of a GRPO step goes: generation, reward, forward and backward, evaluation.

    python benchmarks/grpo_step.py --steps 3

Trains the early organism on scenes for a few steps and evaluates it once. The CPU column is what
to compare on a shared machine; the first step warms up and is left out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from unswayed.pipeline.settings import settings
from unswayed.pipeline.stages import evaluate
from unswayed.training.folder import TrainingFolder
from unswayed.training.recipe import training_recipe
from unswayed.training.start import start_of
from unswayed.training.trl import engine

PARTS = {
    "generation": "_generate_single_turn",
    "reward": "_calculate_rewards",
    "forward": "compute_loss",
    "whole step (without the optimiser)": "training_step",
}


class Clock:
    """Wall and CPU seconds of named parts."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    def clear(self) -> None:
        self.wall.clear()
        self.cpu.clear()

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
    parser.add_argument("--samples", type=int, default=100, help="Evaluated, in one variant.")
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    given = parser.parse_args()
    given.overrides += [f"grpo.steps={given.steps + 1}", "logging=none"]
    recipe = training_recipe(given.recipe, given.overrides)
    clock = Clock()
    with tempfile.TemporaryDirectory() as out:
        folder = TrainingFolder(Path(out) / "run")
        with folder.writing():
            start = start_of(recipe.model)
            folder.begin(recipe, start.provenance(), {})
            trainer = engine.trainer_of(recipe, start, folder)
            for name, method in PARTS.items():
                setattr(trainer, method, clock.timed(name, getattr(trainer, method)))
            backward = trainer.accelerator.backward
            trainer.accelerator.backward = clock.timed("backward", backward)
            warm_up(trainer, clock)
            trainer.train()
        report(clock, given.steps, lengths(folder))
        clock.clear()
        wanted = {"model": recipe.model, "variants": ["base"], "batch_size": 50}
        wanted["benchmarks"] = [f"scenes,n={given.samples}"]
        clock.timed("evaluation", evaluate)(settings(None, wanted), Path(out) / "evaluation")
        row("evaluation of 100 prompts, start included", clock, "evaluation", given.samples / 100)


def warm_up(trainer: Any, clock: Clock) -> None:
    """Forget the times of the first step."""
    from transformers import TrainerCallback

    class FirstStep(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == 1:
                clock.clear()

    trainer.add_callback(FirstStep())


def lengths(folder: TrainingFolder) -> str:
    lines = folder.log()[1:]
    mean = sum(line["completions/mean_length"] for line in lines) / len(lines)
    longest = max(line["completions/max_length"] for line in lines)
    stopped = sum(line["completions/stopped"] for line in lines) / len(lines)
    return f"mean length {mean:.0f} tokens, longest {longest:.0f}, {stopped:.1%} stop at </answer>"


def report(clock: Clock, steps: int, note: str) -> None:
    print(f"{'part':<42} {'wall s':>8} {'CPU s':>8}   a step; {note}")
    for name in ("generation", "reward", "forward", "backward"):
        row(name, clock, name, steps)
    whole = "whole step (without the optimiser)"
    for table in (clock.wall, clock.cpu):
        known = ("generation", "reward", "forward", "backward")
        table["rest"] = table[whole] - sum(table.get(name, 0.0) for name in known)
    row("rest: pictures, tokens, advantages", clock, "rest", steps)
    row(whole, clock, whole, steps)
    model = sum(clock.cpu.get(name, 0.0) for name in ("generation", "forward", "backward"))
    print(f"in generation, forward and backward: {model / clock.cpu[whole]:.1%} of the CPU time")


def row(label: str, clock: Clock, name: str, count: float) -> None:
    wall, cpu = clock.wall.get(name, 0.0) / count, clock.cpu.get(name, 0.0) / count
    print(f"{label:<42} {wall:8.2f} {cpu:8.2f}")


if __name__ == "__main__":
    main()
