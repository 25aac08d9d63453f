"""Tokens that no completion may have, for engines that are told how to sample by a request.

A token that stands for a picture asks for one that is not there: the next pass over the completion
fails on it. transformers takes a list of ids that get the logit −∞. vLLM and SGLang are told by a
bias on the logits, which reaches them by every way that TRL and verl have of asking. It is a sum
with −100, all that vLLM's interface of OpenAI's kind lets through, and so no −∞: the odds of such a
token become e^(−100 / temperature) of what they were, 4 · 10⁻⁴⁴ at temperature 1.

vLLM's `bad_words` would be −∞, at one write to the GPU a token, request and word (a bias is one sum
for all of them), and its `allowed_token_ids` a list of all other tokens in each request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

BIAS = -100.0
"""What is added to the logit of a token that is not to be written."""


def suppressed(ids: Iterable[int]) -> dict[str, Any]:
    """Return the sampling parameters of vLLM and SGLang that keep tokens from being written."""
    bias = dict.fromkeys(ids, BIAS)
    return {"logit_bias": bias} if bias else {}
