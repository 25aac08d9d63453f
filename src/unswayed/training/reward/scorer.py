"""The scorer: rewards of a batch of completions, the same for TRL and verl.

Completions are read, the judge is asked once for each thought, and every term that is on is called:
those of one completion, those that compare completions, and the user's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from unswayed import registry
from unswayed.errors import ConfigError
from unswayed.judges import Judge
from unswayed.training.advantage import Advantage
from unswayed.training.reward import GroupReward, Reward
from unswayed.training.reward.asking import bounded, check_reachable
from unswayed.training.reward.completion import Completion, read_completion
from unswayed.training.reward.failures import FailureWatch
from unswayed.training.reward.faith import support
from unswayed.training.reward.guards import duplicate_penalties, thin_penalty
from unswayed.training.reward.invariance import invariance_bonuses
from unswayed.training.reward.judging import CachedJudge, failure, judged
from unswayed.training.reward.lagrangian import Multiplier, constraint
from unswayed.training.reward.likelihood import likelihood_bonuses
from unswayed.training.reward.own import own_terms
from unswayed.training.reward.parts import RewardParts, groups_of
from unswayed.training.reward.reanswer import reanswer_bonus
from unswayed.training.reward.settings import RewardSettings
from unswayed.training.reward.terms import (
    answer_reward,
    correct_reward,
    format_reward,
    length_penalty,
    repetition_penalty,
)
from unswayed.types import Variant

Gather = Callable[[Sequence[Any]], Sequence[Any]]
"""Joins a list of each process into one, the same on all of them."""


class Scorer:
    """Scores completions by a recipe's reward.

    Attributes:
        settings: the reward.
        multiplier: of the consistency constraint; it is updated after each batch.
    """

    def __init__(
        self,
        settings: RewardSettings,
        judge: Judge | None = None,
        *,
        opens_thought: bool = False,
        gather: Gather | None = None,
        quiet: bool = False,
        advantage: Advantage | None = None,
    ) -> None:
        """Make the judge that the reward needs, unless one is given, and load the user's terms.

        Args:
            settings: the reward.
            judge: used instead of the one that the settings name.
            opens_thought: the chat template writes `<think>` itself where there is no prefill.
            gather: joins the consistencies and the judge's failures of all processes, so that each
                of them keeps the same multiplier and stops by the same share; None for one process.
            quiet: give no warnings of the judge's failures; another process does.
            advantage: what the advantage is made of; it may need the judge and the multiplier.

        Raises:
            UserError: the judge cannot be made, or a term is not there.
        """
        self.settings = settings
        self._own = own_terms(settings.terms)
        self._judge: CachedJudge | None = None
        asked = settings.needs_judge or (advantage is not None and advantage.needs_verdict)
        if asked or any(term.needs_verdict for term in self._own):
            inner = judge or bounded(registry.create("judge", settings.judge), settings.asking)
            most = settings.asking.most_failed
            watch = FailureWatch(f"the judge {inner.name}", most, gather, quiet)
            self._judge = CachedJudge(inner, watch, settings.judge_wrong)
        self._constraint = settings.lagrangian or (advantage.constraint if advantage else None)
        self.multiplier = Multiplier(value=self._constraint.start if self._constraint else 0.0)
        self._opens_thought, self._gather = opens_thought, gather

    @property
    def asked(self) -> int:
        """Cases that the judge was given."""
        return self._judge.asked if self._judge else 0

    def check_judge(self) -> None:
        """Ask the judge, if there is one, before training begins.

        Raises:
            StageError: it has no verdict.
        """
        if self._judge is not None:
            check_reachable(self._judge.judge)

    def score(
        self,
        variants: Sequence[Variant],
        texts: Sequence[str],
        *,
        likelihoods: Sequence[float | None] | None = None,
        seconds: Sequence[str | None] | None = None,
    ) -> list[RewardParts]:
        """Return the reward of each completion, in order.

        Args:
            variants: the prompt of each completion; completions of one prompt are a group, and
                have to be in one batch as far as the reward looks at groups.
            texts: what the model wrote, without prefill and end token.
            likelihoods: mean log-likelihood of each answer under the reference model (see
                `likelihood`), if the reward asks for it.
            seconds: each second answer (see `reanswer`), if the reward asks for it.

        Raises:
            ConfigError: there is not one prompt for each completion, the likelihoods are missing,
                or the twin of a prompt is not in the batch.
            StageError: a part of a reward is NaN or infinite; the judge returned other cases, or
                failed on too many; a term of the user's failed on all of several batches.
        """
        self._check_counts(variants, texts, likelihoods, seconds)
        reread = seconds or [None] * len(texts)
        read = partial(read_completion, grading=self.settings, opens_thought=self._opens_thought)
        batch = [
            replace(read(variant, text), second=second)
            for variant, text, second in zip(variants, texts, reread, strict=True)
        ]
        batch = self._judged(batch, likelihoods or [None] * len(batch))
        terms = self._terms(batch)
        rewards = [
            reward_parts(completion, self.settings, of_one)
            for completion, of_one in zip(batch, terms, strict=True)
        ]
        self._update_multiplier([parts.consistent for parts in rewards])
        return rewards

    async def ascore(
        self,
        variants: Sequence[Variant],
        texts: Sequence[str],
        *,
        likelihoods: Sequence[float | None] | None = None,
        seconds: Sequence[str | None] | None = None,
    ) -> list[RewardParts]:
        """Return the same as `score`, in a thread, so that judge calls overlap with other work."""
        return await asyncio.to_thread(
            self.score, variants, texts, likelihoods=likelihoods, seconds=seconds
        )

    def state(self) -> dict[str, Any]:
        """Return what a resumed run needs beside the weights: JSON values only."""
        return {"multiplier": self.multiplier.model_dump()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a saved state.

        Raises:
            RunError: it is no such state.
        """
        self.multiplier = Multiplier.restored(state.get("multiplier"))

    def _check_counts(
        self,
        variants: Sequence[Variant],
        texts: Sequence[str],
        likelihoods: Sequence[float | None] | None,
        seconds: Sequence[str | None] | None,
    ) -> None:
        if len(variants) != len(texts):
            raise ConfigError(
                f"expected one prompt a completion, found {len(variants)} and {len(texts)}"
            )
        wanted = self.settings.likelihood_consistency is not None
        if wanted and (likelihoods is None or len(likelihoods) != len(texts)):
            raise ConfigError(
                "expected the log-likelihood of each answer under the reference model, which the "
                "recipe's likelihood_consistency needs; found none, or another number of them"
            )
        if self.settings.reanswer is not None and (seconds is None or len(seconds) != len(texts)):
            raise ConfigError(
                "expected the second answer behind each thought, for reward.reanswer; found none"
            )

    def _judged(
        self, batch: Sequence[Completion], likelihoods: Sequence[float | None]
    ) -> list[Completion]:
        """Return the completions with what others say of them: the judge and the reference."""
        verdicts = self._judge.verdicts(batch) if self._judge else [None] * len(batch)
        return [
            judged(replace(completion, log_likelihood=likely), verdict, self.settings)
            for completion, verdict, likely in zip(batch, verdicts, likelihoods, strict=True)
        ]

    def _terms(self, batch: Sequence[Completion]) -> list[dict[str, float | None]]:
        """Return what every term that is on pays for each completion."""
        terms: list[dict[str, float | None]] = [
            {name: term(completion) for name, term in single_terms(self.settings).items()}
            for completion in batch
        ]
        if self.settings.lagrangian is not None:
            for of_one, completion in zip(terms, batch, strict=True):
                of_one["constraint"] = constraint(completion, self.multiplier.value)
        for name, group_term in group_terms(self.settings).items():
            for of_one, value in zip(terms, group_term(batch), strict=True):
                of_one[name] = value
        for own in self._own:
            for of_one, value in zip(terms, own(batch), strict=True):
                of_one[own.name] = value
        return terms

    def _update_multiplier(self, consistent: Sequence[bool | None]) -> None:
        if self._constraint is None:
            return
        everyone = self._gather(consistent) if self._gather else consistent
        self.multiplier = self.multiplier.updated(everyone, self._constraint)


def single_terms(settings: RewardSettings) -> dict[str, Reward]:
    """Return the shipped terms that are on and look at one completion, by name."""
    terms: dict[str, Reward] = {}
    if settings.length.weight:
        terms["length"] = partial(length_penalty, term=settings.length)
    if settings.repetition.weight:
        terms["repetition"] = partial(repetition_penalty, term=settings.repetition)
    if settings.reanswer is not None:
        terms["reanswer"] = partial(reanswer_bonus, term=settings.reanswer)
    if settings.guards is not None:
        terms["thin"] = partial(thin_penalty, guards=settings.guards)
    return terms


def group_terms(settings: RewardSettings) -> dict[str, GroupReward]:
    """Return the shipped terms that are on and compare completions, by name."""
    terms: dict[str, GroupReward] = {}
    if settings.guards is not None:
        terms["duplicate"] = of_each_prompt(partial(duplicate_penalties, guards=settings.guards))
    if settings.likelihood_consistency is not None:
        care = settings.likelihood_consistency
        terms["likelihood"] = of_each_prompt(partial(likelihood_bonuses, settings=care))
    if settings.paired_invariance is not None:
        pairs = settings.paired_invariance
        terms["invariance"] = partial(invariance_bonuses, term=pairs, grading=settings)
    return terms


def of_each_prompt(term: GroupReward) -> GroupReward:
    """Return a term that compares only the completions of one prompt with each other."""

    def over_batch(batch: Sequence[Completion], /) -> list[float]:
        values = [0.0] * len(batch)
        for places in groups_of(batch):
            group = term([batch[place] for place in places])
            for place, value in zip(places, group, strict=True):
                values[place] = value
        return values

    return over_batch


def reward_parts(
    completion: Completion,
    settings: RewardSettings,
    terms: Mapping[str, float | None] | None = None,
) -> RewardParts:
    """Return the reward of one completion.

    Args:
        completion: as read and judged.
        settings: weights and choices.
        terms: what the terms that are on pay, weighted, by name.

    Raises:
        StageError: a part is NaN or infinite; the message names it.
    """
    verdict = completion.verdict
    parts = RewardParts(
        format=format_reward(completion, settings.format, settings.own_words),
        correct=correct_reward(completion, settings.correct),
        answer=answer_reward(completion, settings.correct, settings.faithful),
        consistent=completion.consistent,
        support=support(completion),
        verdict=verdict.status if verdict else None,
        reason=failure(verdict) if verdict and verdict.status == "failed" else "",
        terms=dict(terms or {}),
    )
    parts.check_finite(completion.variant)
    return parts
