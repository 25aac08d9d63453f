"""Trainings that were never trained: checkpoints that say in a file how they answer.

`training` makes the folder of a run with such checkpoints; `Policy` answers as theirs does, so
that every figure of the run follows by hand.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from unswayed.models import Decoding, Request
from unswayed.models.transformers.checkpoint import weights_hash
from unswayed.training.folder import Checkpoint, TrainingFolder
from unswayed.training.recipe import TrainingRecipe
from unswayed.types import Generation, LetterDistribution

HERE = Path(__file__)
QUESTIONS = 24
WIDE = f"{HERE.parents[1] / 'scripted.py'}:Wide,n={QUESTIONS}"
"""Questions whose right option is called "right"; the pictures are all the same."""
WORDS = [a + b for a in ("lo", "mi", "ra", "te", "su", "ka") for b in ("ban", "dor", "fel", "gim")]


class Policy:
    """Answers the first questions rightly: as many as its checkpoint's `policy.json` says."""

    profile = "default"

    def __init__(self, *, checkpoint: str, delay: float = 0.0) -> None:
        self.name, self.folder, self.delay = "policy", Path(checkpoint), delay
        self.says: dict[str, Any] = json.loads((self.folder / "policy.json").read_text("utf-8"))

    def provenance(self) -> dict[str, Any]:
        return {"sha256": weights_hash(self.folder)}

    def supports_prefill(self) -> bool:
        return True

    def generate(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        time.sleep(self.delay)
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> Generation:
        number = int(request.sample_id.split("/")[1])
        gold = next(letter for letter, text in request.options.items() if text == "right")
        wrong = next(letter for letter in request.options if letter != gold)
        answer = gold if number < self.says["right"] else wrong
        thought = spoken(self.says.get("thought", "healthy"), request.sample_id)
        opened = "" if "<think>" in request.prefill else "<think>"
        own = "" if opened == "" and self.says.get("silent") else f"{thought} It is {answer}."
        closed = "" if "</think>" in request.prefill else f"{own}</think>"
        rest = 0.2 / (len(request.options) - 1)
        return Generation(
            id=request.id,
            status="stop",
            text=f"{opened}{closed}<answer>{answer}</answer>",
            tokens=len(thought.split()) + 5,
            letters=LetterDistribution(
                probabilities={k: 0.8 if k == answer else rest for k in request.options},
                other_mass=0.0,
                method="logits",
            ),
        )


def spoken(kind: str, sample: str) -> str:
    """Return a thought: `healthy`, `brief`, `form` (long, always the same) or `collapsed`."""
    seed = int.from_bytes(hashlib.sha256(sample.encode()).digest()[:4], "big")
    own = random.Random(seed).choices(WORDS, k=30)
    return {
        "healthy": " ".join(own),
        "brief": " ".join(own[:6]),
        "form": " ".join(WORDS),
        "collapsed": "Clear",
    }[kind]


def checkpoint(path: Path, says: Mapping[str, Any]) -> Path:
    """Write a checkpoint that can be read but not run; other answers are other weights."""
    path.mkdir(parents=True)
    (path / "config.json").write_text("{}")
    (path / "policy.json").write_text(json.dumps(dict(says)))
    number = int.from_bytes(hashlib.sha256(json.dumps(dict(says)).encode()).digest()[:4], "big")
    save_file({"weight": np.array([number], dtype=np.int64)}, str(path / "model.safetensors"))
    return path


def recipe(start: Path, seed: int, steps: int, **evaluation: Any) -> TrainingRecipe:
    """Return a recipe that evaluates on `WIDE`."""
    asked = {"benchmarks": [WIDE], "variants": ["base", "wrong-think"], **evaluation}
    return TrainingRecipe.model_validate(
        {
            "model": str(start),
            "data": [{"benchmark": "scenes,n=8,split=train"}],
            "grpo": {"steps": steps, "dtype": "float32"},
            "evaluation": asked,
            "seed": seed,
        }
    )


def training(
    path: Path, start: Path, by_step: Mapping[int, Mapping[str, Any]], seed: int = 1, **more: Any
) -> TrainingFolder:
    """Write the folder of a run: recipe, log, and a checkpoint for each step.

    Args:
        path: the folder.
        start: the checkpoint that it started from.
        by_step: step → how that checkpoint answers.
        seed: its seed.
        more: of the recipe's evaluation.
    """
    folder = TrainingFolder(path)
    last = max(by_step, default=4)
    with folder.writing():
        parent = {"path": str(start), "sha256": weights_hash(start)}
        folder.begin(recipe(start, seed, last, **more), parent, {})
        for step in range(1, last + 1):
            reward = 0.5 + 0.01 * step + 0.001 * seed
            folder.append({"step": step, "reward": reward, "parts/correct": reward - 0.1})
    for step, says in by_step.items():
        checkpoint(path / f"checkpoint-{step}", says)
    return folder


def policy(one: Checkpoint, delay: float = 0.0) -> str:
    """Return the spec that runs such a checkpoint."""
    return f"{HERE}:Policy,checkpoint={one.path},delay={delay}"
