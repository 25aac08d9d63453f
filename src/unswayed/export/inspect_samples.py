"""A generation as a sample of an Inspect log: what was asked and written, and how it was scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unswayed.prompts import Profile
from unswayed.prompts.rendering import render_system, render_user
from unswayed.types import Finish, Generation, Usage, Variant

SCORES = {"correct": "accuracy", "consistent": "consistency_rate", "sway": "sway"}
"""Name of a score of a sample → the metric of a run that is its mean."""
_STOPPED: Mapping[Finish, str] = {
    "stop": "stop",
    "length": "max_tokens",
    "refused": "content_filter",
    "error": "unknown",
}
_KEPT = (
    *("benchmark", "variant", "foil_index", "draw", "id", "category", "cluster", "group"),
    *("gold", "foil", "asserts", "swayed", "flip", "verdict", "quadrant", "conflict", "flags"),
    *("entropy", "p_correct", "p_foil", "probabilities", "letters_method", "judge", "tokens"),
)
"""Columns of a row that go into a sample's metadata."""


def sample_of(
    row: Mapping[str, Any], variant: Variant, generation: Generation, model: str, profile: Profile
) -> dict[str, Any]:
    """Return a generation as Inspect's `EvalSample`.

    Args:
        row: its row (`results.rows`).
        variant: what was shown.
        generation: what was written.
        model: name of the model.
        profile: the wording of the prompt.
    """
    asked = _asked(variant, profile)
    written = {
        "role": "assistant",
        "content": generation.text,
        "source": "generate",
        "model": model,
    }
    left_open = [{"role": "assistant", "content": variant.prefill}] if variant.prefill else []
    return {
        **_named(row, variant),
        "input": asked,
        "messages": [*asked, *left_open, written],
        "output": {
            "model": model,
            "choices": [{"message": written, "stop_reason": _STOPPED[generation.status]}],
            "completion": generation.text,
            **({"usage": _usage(generation.usage)} if generation.usage else {}),
        },
        "scores": scores_of(row),
        "metadata": {
            **{name: row[name] for name in _KEPT if row[name] is not None},
            "pictures": [image.path for image in variant.sample.images if image.path],
        },
        "store": {},
        "events": [],
        "model_usage": {},
        "attachments": {},
        **_error(generation),
    }


def summary_of(sample: Mapping[str, Any], variant: Variant) -> dict[str, Any]:
    """Return a sample as Inspect's `EvalSampleSummary`, by which its viewer lists samples."""
    error = sample.get("error", {}).get("message")
    return {
        **{name: sample[name] for name in ("id", "epoch", "choices", "target", "scores")},
        "input": variant.sample.question,
        "metadata": {name: sample["metadata"].get(name) for name in ("category", "quadrant")},
        "model_usage": {},
        "completed": error is None,
        "message_count": len(sample["messages"]),
        **({"error": error} if error else {}),
    }


def scores_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores of a row: those that are in the figures."""
    scores: dict[str, Any] = {}
    if row["correct"] is not None:
        answered = row["letter"] or row["answer"]
        scores["correct"] = _mark(row["correct"], answered, row["problem"])
        if row["problem"]:
            scores["correct"]["reason"] = "invalid_response_format"
    if row["verdict"] in ("consistent", "inconsistent"):
        agrees = row["verdict"] == "consistent"
        scores["consistent"] = _mark(agrees, row["judge_concludes"], row["judge_reason"])
    if row["sway"] is not None:
        scores["sway"] = {"value": row["sway"], "answer": row["letter"]}
    return scores


def _mark(right: bool, answer: str | None, why: str | None) -> dict[str, Any]:
    return {"value": "C" if right else "I", "answer": answer, "explanation": why}


def _named(row: Mapping[str, Any], variant: Variant) -> dict[str, Any]:
    """Return what names a sample; in the logs of a run's variants the same ids stand for pairs."""
    foil = f" (foil {variant.foil_index + 1})" if variant.foil_index else ""
    return {
        "id": f"{variant.sample.id}{foil}",
        "epoch": row["draw"] + 1,
        "choices": list(variant.options.values()) or None,
        "target": variant.answer,
    }


def _asked(variant: Variant, profile: Profile) -> list[dict[str, Any]]:
    system = render_system(variant, profile)
    user = {"role": "user", "content": render_user(variant, profile)}
    return [*([{"role": "system", "content": system}] if system else []), user]


def _usage(usage: Usage) -> dict[str, int]:
    known = {
        "output_tokens": usage.completion,
        "total_tokens": usage.total,
        "input_tokens_cache_read": usage.cached_prompt,
        "reasoning_tokens": usage.reasoning,
        "input_tokens": None if usage.prompt is None else usage.prompt - (usage.cached_prompt or 0),
    }
    return {name: count for name, count in known.items() if count is not None}


def _error(generation: Generation) -> dict[str, Any]:
    """Return why there is no output, as Inspect's `EvalError`; nothing where there is one."""
    if generation.status != "error":
        return {}
    message = generation.error or "no reason was recorded"
    return {"error": {"message": message, "traceback": message, "traceback_ansi": message}}
