"""Completions as the reference of GRPO-CARE reads them: prompt, pictures, tokens, the answer's."""

# transformers and trl are typed in part, so what comes from them is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from trl.data_utils import apply_chat_template

from unswayed.training.reward.completion import read_completion
from unswayed.training.reward.likelihood import answer_span
from unswayed.training.reward.reference import ReferenceCase, tokens_of
from unswayed.types import Variant


def cases_of(
    inputs: Sequence[dict[str, Any]],
    prompts: Sequence[Any],
    completions: Sequence[Sequence[int]],
    processor: Any,
) -> list[ReferenceCase]:
    """Return what the reference reads of a batch.

    Args:
        inputs: the prompts' rows, each with its variant as JSON and its pictures.
        prompts: the same as chats, with places for the pictures.
        completions: the tokens, without the one that ended them.
        processor: of the policy.
    """
    decode: Callable[[list[int]], str] = processor.tokenizer.decode
    cases: list[ReferenceCase] = []
    for row, prompt, ids in zip(inputs, prompts, completions, strict=True):
        own = list(ids)
        text = apply_chat_template({"prompt": prompt}, processor)["prompt"]
        span = span_of(row["variant"], decode(own))
        images = row.get("images") or []
        cases.append(ReferenceCase(text, images, own, tokens_of(span, own, decode)))
    return cases


def span_of(variant: str, text: str) -> tuple[int, int] | None:
    """Return where a completion gives its answer, in characters; None where it does not.

    Args:
        variant: the prompt's variant, as JSON.
        text: the completion.
    """
    completion = read_completion(Variant.model_validate_json(variant), text)
    span, shift = answer_span(completion), len(completion.output) - len(text)
    return None if span is None else (span[0] - shift, span[1] - shift)
