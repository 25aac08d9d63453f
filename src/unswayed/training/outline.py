"""A recipe in a few lines for people: what is trained on, for what reward, and how."""

from __future__ import annotations

from unswayed.training.recipe import TrainingRecipe
from unswayed.training.reward.own import parse_terms

_REMEDIES = ("likelihood_consistency", "paired_invariance", "reanswer", "lagrangian", "guards")
"""Parts of a reward that a table of the recipe switches on."""


def outline(recipe: TrainingRecipe) -> dict[str, str]:
    """Return what a recipe trains: name of a fact → the fact."""
    grpo = recipe.grpo
    rates = {name: rate for name, rate in recipe.augmentation.rates.items() if rate}
    completions = grpo.prompts_per_step * grpo.group_size
    lines = {
        "data": " + ".join(source.benchmark for source in recipe.data),
        "prompts": f"{recipe.prompts_needed}",
        "augmentation": ", ".join(f"{name} {rate:.0%}" for name, rate in rates.items()) or "none",
        "reward": _reward(recipe),
        "steps": f"{grpo.steps} of {grpo.prompts_per_step} prompts × {grpo.group_size} completions",
        "completions": f"{grpo.steps * completions // grpo.iterations:,} of at most "
        f"{grpo.max_new_tokens} tokens, a seed",
        "learning rate": f"{grpo.learning_rate:g} ({grpo.schedule}), KL weight {grpo.beta:g}",
        "weights": "all" if grpo.lora is None else f"adapters of rank {grpo.lora.rank}",
    }
    if besides := _besides(recipe):
        lines["besides"] = besides
    return lines


def _reward(recipe: TrainingRecipe) -> str:
    reward = recipe.reward
    answer = f"{reward.correct:g} correct"
    if reward.faithful:
        answer += f" × consistent ({reward.judge})"
    named = [name for name in _REMEDIES if getattr(reward, name) is not None]
    own = [f"{term.weight:g} {term.name}" for term in parse_terms(reward.terms)]
    return " + ".join([f"{reward.format:g} format", answer, *named, *own])


def _besides(recipe: TrainingRecipe) -> str:
    """Name what else the loss is made of."""
    advantage = recipe.advantage
    parts = {
        "leave-one-out baseline": advantage.baseline == "leave-one-out",
        f"advantage split by consistency ({recipe.reward.judge})": advantage.splitting is not None,
        f"constraint on consistency ({recipe.reward.judge})": advantage.constraint is not None,
        "loss on masked pictures": recipe.perception is not None,
    }
    return ", ".join(name for name, there in parts.items() if there)
