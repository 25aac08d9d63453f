"""The contract of a reward term: a finite number for whatever a model may write."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from unswayed.answers import answer_block, think_block
from unswayed.testing.material import require, variants
from unswayed.training.reward.completion import read_completion

_ODD = ("", "no tags", "<think>never closed", "<answer></answer>", "它是 \u202e <think></think>")


def check_reward(reward: Any, **options: Any) -> None:
    """Hold a reward term against its contract: it is given completions, right, wrong and odd.

    Args:
        reward: the function.
        options: options that it is called with.

    Raises:
        AssertionError: with what is not as training needs it.
    """
    require(callable(reward), f"expected a function of a completion, found {reward!r:.80}")
    for variant in variants("base", "wrong-think", "abstain", count=2):
        whole = [think_block("It is so.") + answer_block(letter) for letter in variant.options]
        for text in (*whole, *_ODD):
            completion = read_completion(variant, text)
            value = _value(reward, completion, options)
            require(
                _value(reward, completion, options) == value,
                f"the same completion must earn the same, found another number for {text!r}",
            )


def _value(reward: Any, completion: Any, options: dict[str, Any]) -> float:
    try:
        value: Any = reward(completion, **options)
    except Exception as error:
        raise AssertionError(
            f"a reward must be a number for whatever is written; for {completion.text!r} it raises "
            f"{type(error).__name__}: {error}"
        ) from error
    require(
        isinstance(value, Real) and math.isfinite(value),
        f"expected a finite number for {completion.text!r}, found {value!r}",
    )
    return float(value)
