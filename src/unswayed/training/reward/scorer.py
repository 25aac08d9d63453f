"""The scorer: rewards of a batch of completions, with the judge asked once for each thought.

Verdicts are cached by what the judge sees, so that the same thought and answer is judged once;
failed verdicts are not, so that it may succeed the next time. What depends on the other completions
of a prompt is worked out here and handed to `rewards`.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

from unswayed import registry
from unswayed.errors import ConfigError, StageError
from unswayed.judges import Judge, JudgeCase, case_of
from unswayed.run.files import content_hash
from unswayed.training.reward import guards, invariance, likelihood
from unswayed.training.reward.lagrangian import Multiplier
from unswayed.training.reward.terms import (
    Outcome,
    RewardParts,
    correctness,
    read_completion,
    reward_parts,
)
from unswayed.training.tables import RewardSettings
from unswayed.types import Variant, Verdict

MAX_CACHED = 200_000
"""Verdicts that are kept; the one that was not asked for longest goes first."""

MAX_FAILED_BATCHES = 3
"""Batches in a row in which the judge fails on every case, after which training stops."""

Gather = Callable[[Sequence[bool | None]], Sequence[bool | None]]


class Scorer:
    """Scores completions by a recipe's reward.

    Attributes:
        settings: the reward.
        judge: the judge; None if the reward needs none.
        multiplier: of the consistency constraint; it is updated after each batch.
        asked: cases that the judge was given; repeated ones come from the cache.
    """

    def __init__(
        self,
        settings: RewardSettings,
        judge: Judge | None = None,
        *,
        opens_thought: bool = False,
        gather: Gather | None = None,
    ) -> None:
        """Make the judge that the reward needs, unless one is given.

        Args:
            settings: the reward.
            judge: used instead of the one that the settings name.
            opens_thought: the chat template writes `<think>` itself where there is no prefill.
            gather: joins the consistencies of all processes, so that each of them keeps the same
                multiplier; None for one process.

        Raises:
            UserError: the judge cannot be made.
        """
        self.settings = settings
        self.judge: Judge | None = judge if settings.needs_judge else None
        if self.judge is None and settings.needs_judge:
            self.judge = registry.create("judge", settings.judge)
        self.multiplier = Multiplier(
            value=settings.lagrangian.start if settings.lagrangian else 0.0
        )
        self.asked = 0
        self._opens_thought, self._gather = opens_thought, gather
        self._cache: OrderedDict[str, Verdict] = OrderedDict()
        self._lock = Lock()
        self._failed_batches = 0

    def score(
        self,
        variants: Sequence[Variant],
        completions: Sequence[str],
        *,
        likelihoods: Sequence[float | None] | None = None,
    ) -> list[RewardParts]:
        """Return the reward of each completion, in order.

        Args:
            variants: the prompt of each completion; completions of one prompt are a group, and
                have to be in one batch as far as the reward looks at groups.
            completions: what the model wrote, without prefill and end token.
            likelihoods: mean log-likelihood of each answer under the reference model (see
                `likelihood`), if the reward asks for it.

        Raises:
            ConfigError: there is not one prompt for each completion, the likelihoods are missing,
                or the twin of a prompt is not in the batch.
            StageError: a part of a reward is NaN or infinite; the judge returned other cases, or
                failed on all cases of several batches.
        """
        self._check(variants, completions, likelihoods)
        outcomes = [
            read_completion(variant, completion, opens_thought=self._opens_thought)
            for variant, completion in zip(variants, completions, strict=True)
        ]
        verdicts = self._verdicts(outcomes)
        terms = self._terms(outcomes, likelihoods)
        made = [
            reward_parts(outcome, verdict, self.settings, term, self.multiplier.value)
            for outcome, verdict, term in zip(outcomes, verdicts, terms, strict=True)
        ]
        self._update_multiplier([parts.consistent for parts in made])
        return made

    async def ascore(
        self,
        variants: Sequence[Variant],
        completions: Sequence[str],
        *,
        likelihoods: Sequence[float | None] | None = None,
    ) -> list[RewardParts]:
        """Return the same as `score`, in a thread, so that judge calls overlap with other work."""
        return await asyncio.to_thread(self.score, variants, completions, likelihoods=likelihoods)

    def state(self) -> dict[str, Any]:
        """Return what a resumed run needs beside the weights: JSON values only."""
        return {"multiplier": self.multiplier.model_dump()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a saved state.

        Raises:
            RunError: it is no such state.
        """
        self.multiplier = Multiplier.restored(state.get("multiplier"))

    def _check(
        self,
        variants: Sequence[Variant],
        completions: Sequence[str],
        likelihoods: Sequence[float | None] | None,
    ) -> None:
        if len(variants) != len(completions):
            raise ConfigError(
                f"expected one prompt a completion, found {len(variants)} and {len(completions)}"
            )
        wanted = self.settings.likelihood_consistency is not None
        if wanted and (likelihoods is None or len(likelihoods) != len(completions)):
            raise ConfigError(
                "expected the log-likelihood of each answer under the reference model, which the "
                "recipe's likelihood_consistency needs; found none, or another number of them"
            )

    def _terms(
        self, outcomes: Sequence[Outcome], likelihoods: Sequence[float | None] | None
    ) -> list[dict[str, float]]:
        """Return the terms of each completion that need more than the completion itself."""
        terms: list[dict[str, float]] = [{} for _ in outcomes]
        settings = self.settings
        if settings.guards is not None:
            for at, outcome in enumerate(outcomes):
                terms[at]["thin"] = guards.thin_penalty(outcome, settings.guards)
            for group in _groups(outcomes):
                found = guards.duplicate_penalties([outcomes[at] for at in group], settings.guards)
                _put(terms, "duplicate", group, found)
        if settings.likelihood_consistency is not None and likelihoods is not None:
            for group in _groups(outcomes):
                correct = [correctness(outcomes[at], settings) for at in group]
                likely = [likelihoods[at] for at in group]
                found = likelihood.bonuses(correct, likely, settings.likelihood_consistency)
                _put(terms, "likelihood", group, found)
        if settings.paired_invariance is not None:
            found = invariance.bonuses(outcomes, settings)
            _put(terms, "invariance", range(len(outcomes)), found)
        return terms

    def _update_multiplier(self, consistent: Sequence[bool | None]) -> None:
        if self.settings.lagrangian is None:
            return
        everyone = self._gather(consistent) if self._gather else consistent
        self.multiplier = self.multiplier.updated(everyone, self.settings.lagrangian)

    def _verdicts(self, outcomes: Sequence[Outcome]) -> list[Verdict | None]:
        if not self.settings.needs_judge or self.judge is None:
            return [None] * len(outcomes)
        judge = self.judge
        asked = [
            _case(outcome)
            if self.settings.judge_wrong or correctness(outcome, self.settings) > 0
            else None
            for outcome in outcomes
        ]
        keys = [_key(judge, found) if isinstance(found, JudgeCase) else None for found in asked]
        known = self._judged(judge, asked, keys)
        return [
            known[key] if key is not None else found if isinstance(found, Verdict) else None
            for key, found in zip(keys, asked, strict=True)
        ]

    def _judged(
        self,
        judge: Judge,
        asked: Sequence[JudgeCase | Verdict | None],
        keys: Sequence[str | None],
    ) -> dict[str, Verdict]:
        """Return the verdict of each key; the judge is asked for those that are not cached."""
        wanted = {
            # one prompt has many completions, and judges tell cases apart by their id
            key: replace(found, id=key)
            for key, found in zip(keys, asked, strict=True)
            if key is not None and isinstance(found, JudgeCase)
        }
        with self._lock:
            known = {key: self._cache[key] for key in wanted if key in self._cache}
            for key in known:
                self._cache.move_to_end(key)
        fresh = {key: case for key, case in wanted.items() if key not in known}
        made = list(judge.judge(list(fresh.values())))
        if [verdict.id for verdict in made] != [case.id for case in fresh.values()]:
            raise StageError(
                f"expected the judge {judge.name} to return one verdict for each of {len(fresh)} "
                f"cases, in their order; found {len(made)}, or others"
            )
        self._check_alive(judge, made)
        with self._lock:
            self.asked += len(fresh)
            for key, verdict in zip(fresh, made, strict=True):
                known[key] = verdict
                if verdict.status != "failed":
                    self._cache[key] = verdict
            while len(self._cache) > MAX_CACHED:
                self._cache.popitem(last=False)
        return known

    def _check_alive(self, judge: Judge, made: Sequence[Verdict]) -> None:
        """Stop a training whose judge is gone: its steps would train on nothing."""
        if not made:
            return
        failed = all(verdict.status == "failed" for verdict in made)
        self._failed_batches = self._failed_batches + 1 if failed else 0
        if self._failed_batches >= MAX_FAILED_BATCHES:
            raise StageError(
                f"the judge {judge.name} failed on every case of {self._failed_batches} batches in "
                f"a row, at last so: {made[-1].reason}; mend it and resume from the last checkpoint"
            )


def _groups(outcomes: Sequence[Outcome]) -> list[list[int]]:
    """Return the places of each prompt's completions."""
    found: dict[str, list[int]] = defaultdict(list)
    for at, outcome in enumerate(outcomes):
        found[outcome.variant.id].append(at)
    return list(found.values())


def _put(
    terms: list[dict[str, float]], name: str, places: Sequence[int], found: Sequence[float]
) -> None:
    for at, value in zip(places, found, strict=True):
        terms[at][name] = value


def _case(outcome: Outcome) -> JudgeCase | Verdict | None:
    """Return what the judge is asked; a `skipped` verdict, or None for an open question."""
    variant = outcome.variant
    if variant.sample.answer_kind != "choice":
        return None
    return case_of(variant.id, variant.sample.question, variant.options, outcome.reading)


def _key(judge: Judge, case: JudgeCase) -> str:
    seen = [case.question, dict(case.options), case.think, case.answer]
    return content_hash([judge.name, judge.prompt_hash, *seen, case.letter, case.text_letter])
