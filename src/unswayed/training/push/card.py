"""The model card of a checkpoint: what it is, how it was trained, what was measured, its limits.

Every sentence follows from what the training and its evaluation recorded. What is not recorded is
left out, and that there is no evaluation is said.
"""

# huggingface_hub is typed in part.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from huggingface_hub import ModelCard, ModelCardData

from unswayed import registry
from unswayed.config import toml
from unswayed.prompts import profile
from unswayed.results.model_index import eval_results
from unswayed.run.folder import RunFolder
from unswayed.run.public import public
from unswayed.training.data import overlaps
from unswayed.training.outline import outline
from unswayed.training.push import figures
from unswayed.training.push.base import base_of
from unswayed.training.push.chosen import Recorded


def card(one: Recorded, name: str, licence: str | None = None) -> ModelCard:
    """Return the card of a checkpoint.

    Args:
        one: the checkpoint, and what was recorded of it.
        name: repository or folder that it is loaded from.
        licence: of the weights, as the hub names it; None leaves it out.

    Raises:
        RunError: its evaluation cannot be read.
    """
    found = None if one.evaluation is None else figures.load(one.evaluation)
    results = eval_results(found) if found else []
    base = base_of(one.description.get("parent", {}))
    data = ModelCardData(
        base_model=base.hub_id,
        library_name="transformers",
        license=licence,
        pipeline_tag="image-text-to-text",
        tags=["unswayed", "grpo", one.recipe.engine],
        model_name=name.rpartition("/")[2] if results else None,
        eval_results=results or None,
    )
    sections = {
        f"# {name.rpartition('/')[2]}": _summary(one, base.text),
        "## How it was trained": _training(one),
        "## Evaluation": _evaluation(one, found),
        "## Intended use": _use(one, name),
        "## Limits": _limits(one, base.licence),
    }
    body = "\n\n".join(f"{heading}\n{text}" for heading, text in sections.items())
    return ModelCard(f"---\n{data.to_yaml()}\n---\n\n{body}\n")


def _summary(one: Recorded, base: str) -> str:
    step, steps = one.checkpoint.step, one.recipe.grpo.steps
    return (
        f"A vision-language model: {base}, trained with GRPO by unswayed (step {step} of {steps}, "
        f"seed {one.recipe.seed}). unswayed measures whether such a model is swayed by misleading "
        "text, and whether its chain of thought says what its answer says."
    )


def _training(one: Recorded) -> str:
    facts = {**outline(one.recipe), "seed": str(one.recipe.seed), "engine": _engine(one)}
    facts["made with"] = _versions(one.description)
    lines = [f"- {name}: {text}" for name, text in public(facts).items()]
    recipe = toml.dumps(public(one.recipe.deciding())).strip()
    return "\n".join(
        [
            *lines,
            "",
            "The whole recipe; folders and addresses of the machine of training are left out (…):",
            "",
            f"```toml\n{recipe}\n```",
        ]
    )


def _engine(one: Recorded) -> str:
    engine: Mapping[str, Any] = one.description.get("engine", {})
    versions: Mapping[str, str] = engine.get("versions", {})
    named = ", ".join(f"{package} {version}" for package, version in versions.items())
    return f"{one.recipe.engine} ({named})" if named else one.recipe.engine


def _versions(description: Mapping[str, Any]) -> str:
    commit = description.get("git")
    if not commit:
        return f"unswayed {description.get('unswayed')}"
    clean = commit.removesuffix("-dirty")
    changed = ", with changes that were not committed" if clean != commit else ""
    return f"unswayed {description.get('unswayed')}, commit {clean}{changed}"


def _evaluation(one: Recorded, found: figures.Measured | None) -> str:
    if found is None or one.evaluation is None:
        return "None is recorded of this checkpoint, so there are no figures here."
    run = RunFolder(one.evaluation).description()
    settings: Mapping[str, Any] = public(run["settings"])
    level = found.settings.get("level", 0.95)
    limit = f", {settings['limit']} samples each" if settings.get("limit") else ""
    lines = [
        f"On {' + '.join(settings['benchmarks'])}{limit}; injected texts: {settings['texts']}, "
        f"delivered as {settings['delivery']}; consistency by the judge "
        f"{public(run.get('measuring', {}).get('judge', 'unknown'))}. In brackets the "
        f"{level:.0%} interval over questions, behind it the n that a figure is computed on.",
    ]
    for benchmark in found.benchmarks():
        lines += ["", f"### {benchmark}", figures.table(found, benchmark)]
        lines += ["", *across] if (across := figures.across(found, benchmark)) else []
    return "\n".join(lines)


def _use(one: Recorded, name: str) -> str:
    factory: Any = registry.load("model", registry.model_spec(one.recipe.model).name)
    style = profile(one.recipe.profile or factory.profile)
    return "\n".join(
        [
            "Research on misleading text and on chains of thought. It was trained on questions "
            f"about pictures in the wording of the prompt profile `{style.name}`, to write its "
            f"thought in `{style.thought[0]}…{style.thought[1]}` and its answer in "
            "`<answer>…</answer>`.",
            "",
            f"```\nunswayed evaluate --model {name} --profile {style.name} --benchmark scenes\n```",
            "",
            "```python",
            "from transformers import AutoModelForImageTextToText, AutoProcessor",
            "",
            f'model = AutoModelForImageTextToText.from_pretrained("{name}")',
            f'processor = AutoProcessor.from_pretrained("{name}")',
            "```",
        ]
    )


def _limits(one: Recorded, base_licence: str | None) -> str:
    step, steps, seeds = one.checkpoint.step, one.recipe.grpo.steps, one.seeds
    lines = [
        "Nothing is recorded here of other questions, of its safety or of its biases.",
        f"One seed ({one.recipe.seed}) of {len(seeds)} that were trained ({_listed(seeds)})."
        if len(seeds) > 1
        else f"The only seed that is recorded ({one.recipe.seed}).",
    ]
    lines[-1] += " The intervals are over questions and do not say how much seeds differ."
    if step < steps:
        lines.append(f"It is not the end of its training: step {step} of {steps}.")
    if one.evaluation is not None:
        judge = RunFolder(one.evaluation).description().get("measuring", {}).get("judge")
        if one.recipe.reward.needs_judge and judge == one.recipe.reward.judge:
            lines.append(
                f"The judge that rewarded consistency in training ({public(judge)}) is the one "
                "that measures it here: that consistency is what was trained for."
            )
        lines += [public(line) + "." for line in overlaps(one.recipe)]
    if base_licence:
        started = "The card of the model that training started from"
        lines.append(f"{started} names a licence: {base_licence}.")
    return "\n".join(f"- {line}" for line in lines)


def _listed(seeds: tuple[int, ...]) -> str:
    return ", ".join(str(seed) for seed in seeds)
