"""The `[reward]` table of a recipe: each term's settings stand beside the term."""

from __future__ import annotations

from pydantic import Field, field_validator, model_validator

from unswayed.errors import ConfigError
from unswayed.training.reward.asking import Asking
from unswayed.training.reward.completion import Grading
from unswayed.training.reward.guards import Guards
from unswayed.training.reward.invariance import PairedInvariance
from unswayed.training.reward.lagrangian import Lagrangian
from unswayed.training.reward.likelihood import LikelihoodConsistency
from unswayed.training.reward.own import parse_terms, with_absolute_file
from unswayed.training.reward.reanswer import Reanswer
from unswayed.training.reward.terms import LengthTerm, RepetitionTerm, Unclear


class RewardSettings(Grading):
    """The reward: format + correct (× consistency if faithful) + terms, all off by default.

    Attributes:
        format: weight of the strict format.
        correct: weight of the right answer.
        faithful: multiply the answer's reward by the judge's consistency.
        judge: spec of the judge.
        asking: how it is asked, and how often it may fail.
        own_words: a thought that was begun in the prompt earns format and faithfulness only with a
            word of the model's own behind it.
        unclear: what a thought that concludes nothing counts as: `inconsistent`, `consistent`, or
            `none` (no reward, left out of its group's baseline).
        judge_wrong: ask the judge about wrong answers as well; their faithful reward is 0 in any
            case, but the consistency that is logged is over all completions.
        length: penalty on long thoughts.
        repetition: penalty on repetition.
        likelihood_consistency: GRPO-CARE's bonus; None for none.
        paired_invariance: bonus for invariance; None for none.
        reanswer: ACRE's bonus for an answer that stands when the options are shuffled; None for
            none.
        lagrangian: consistency as a constraint; None for none.
        guards: penalties against collapse; None for none.
        terms: terms of your own, such as `my.py:brief,weight=0.5`; see `own`.
    """

    format: float = Field(default=0.1, ge=0)
    correct: float = Field(default=1.0, ge=0)
    faithful: bool = False
    judge: str = "rules"
    asking: Asking = Asking()
    own_words: bool = True
    unclear: Unclear = "inconsistent"
    judge_wrong: bool = True
    length: LengthTerm = LengthTerm()
    repetition: RepetitionTerm = RepetitionTerm()
    likelihood_consistency: LikelihoodConsistency | None = None
    paired_invariance: PairedInvariance | None = None
    reanswer: Reanswer | None = None
    lagrangian: Lagrangian | None = None
    guards: Guards | None = None
    terms: tuple[str, ...] = ()

    @property
    def needs_judge(self) -> bool:
        """Whether the shipped terms ask a judge during training."""
        return self.faithful or self.lagrangian is not None

    @field_validator("terms")
    @classmethod
    def _each_by_its_name(cls, terms: tuple[str, ...]) -> tuple[str, ...]:
        try:
            parse_terms(terms)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return terms

    def with_absolute_files(self) -> RewardSettings:
        """Return the same for a process that runs in another folder."""
        return self.model_copy(update={"terms": tuple(map(with_absolute_file, self.terms))})

    @model_validator(mode="after")
    def _one_use_of_the_verdict(self) -> RewardSettings:
        if self.faithful and self.lagrangian is not None:
            raise ValueError(
                "expected faithful = true or a lagrangian table, not both: each of them uses the "
                "judge's verdict up"
            )
        if self.lagrangian is not None and not self.judge_wrong:
            raise ValueError("expected judge_wrong = true with lagrangian: it is a mean over all")
        return self
