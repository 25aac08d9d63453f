"""Answers that stand when the options are shuffled, the thought kept (after ACRE).

Huang et al. 2025, *Answer-Consistent Chain-of-thought Reinforcement Learning for Multi-modal Large
Language Models* (arXiv 2510.10104). After a thought and an answer the options are shuffled, and the
policy answers once more with the same thought. The reward is high only if both answers are right,
and lower otherwise:

    bonus = both_right   if both answers are right
            one_right    if one of them is
            same_wrong   if both name the same wrong option
            0            if they name two wrong ones, or there is no thought or no answer

Ours: the amounts, which we could not read. The second answer is given, not worked out here: the
letter that the policy holds likeliest behind the thought.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from unswayed.config.section import Section
from unswayed.training.reward.completion import Completion


class Reanswer(Section):
    """A bonus for an answer that stands when the options are shuffled (after ACRE).

    Attributes:
        both_right: bonus where both answers are right.
        one_right: where one of them is.
        same_wrong: where both name the same wrong option.
    """

    both_right: float = Field(default=0.5, ge=0)
    one_right: float = Field(default=0.0, ge=0)
    same_wrong: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _right_is_best(self) -> Reanswer:
        if self.both_right < max(self.one_right, self.same_wrong):
            raise ValueError("expected both_right to be at least one_right and same_wrong")
        return self


def reanswer_bonus(completion: Completion, term: Reanswer) -> float:
    """Return the bonus of a completion; 0 for a question without options."""
    variant, first, second = completion.variant, completion.answer, completion.second
    if variant.sample.answer_kind != "choice" or first is None or second is None:
        return 0.0
    gold = variant.origin.get(variant.answer, variant.answer)
    right = (completion.correct > 0) + (second == gold)
    if right:
        return term.both_right if right > 1 else term.one_right
    return term.same_wrong if first == second else 0.0
