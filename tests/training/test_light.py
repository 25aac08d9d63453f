"""Recipes, data and rewards are looked at without loading what trains."""

from __future__ import annotations

import ast
import subprocess
import sys

HEAVY = ("torch", "trl", "transformers", "datasets", "verl", "aiohttp")
MODULES = (
    "augmentation",
    "data",
    "recipe",
    "reward.guards",
    "reward.invariance",
    "reward.lagrangian",
    "reward.likelihood",
    "reward.scorer",
    "reward.own",
    "reward.settings",
    "reward.terms",
    "grpo",
    "track.settings",
    "verl.cluster",
)


def loaded_by(code: str) -> list[str]:
    script = f"{code}\nimport sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stdout.strip().splitlines()[-1])


def test_nothing_heavy_is_loaded() -> None:
    code = "\n".join(f"import unswayed.training.{module}" for module in MODULES)
    shipped = "unswayed.training.recipe.training_recipe('faithful')"
    assert loaded_by(f"{code}\n{shipped}") == []


def test_the_check_can_fail() -> None:
    assert loaded_by("import sys; sys.modules['trl'] = None") == ["trl"]
