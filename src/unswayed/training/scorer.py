"""The scorer: rewards of a batch of completions, with the judge asked once for each thought.

Verdicts are cached by what the judge sees, so that the same thought and answer is judged once;
failed verdicts are not, so that it may succeed the next time. What depends on the other completions
of a prompt is worked out here and handed to `rewards`.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from unswayed import registry
from unswayed.errors import ConfigError, StageError
from unswayed.judges.cases import Judge, JudgeCase, case_of
from unswayed.runs import content_hash
from unswayed.training.recipe import RewardSettings
from unswayed.training.rewards import Outcome, RewardParts, read_completion, reward_parts
from unswayed.types import Variant, Verdict

MAX_CACHED = 200_000
"""Verdicts that are kept; the one that was not asked for longest goes first."""


class Scorer:
    """Scores completions by a recipe's reward.

    Attributes:
        settings: the reward.
        judge: the judge; None if the reward needs none.
        asked: cases that the judge was given; repeated ones come from the cache.
    """

    def __init__(
        self,
        settings: RewardSettings,
        judge: Judge | None = None,
        *,
        opens_thought: bool = False,
    ) -> None:
        """Make the judge that the reward needs, unless one is given.

        Args:
            settings: the reward.
            judge: used instead of the one that the settings name.
            opens_thought: the chat template writes `<think>` itself where there is no prefill.

        Raises:
            UserError: the judge cannot be made.
        """
        self.settings = settings
        self.judge: Judge | None = judge
        if self.judge is None and settings.needs_judge:
            self.judge = registry.create("judge", settings.judge)
        self.asked = 0
        self._opens_thought = opens_thought
        self._cache: OrderedDict[str, Verdict] = OrderedDict()
        self._lock = Lock()

    def score(
        self,
        variants: Sequence[Variant],
        completions: Sequence[str],
        *,
        likelihoods: Sequence[float | None] | None = None,
    ) -> list[RewardParts]:
        """Return the reward of each completion, in order.

        Args:
            variants: the prompt of each completion; completions of one prompt are a group.
            completions: what the model wrote, without prefill and end token.
            likelihoods: mean log-likelihood of each answer under the reference model (see
                `likelihood`), if the reward asks for it.

        Raises:
            ConfigError: there is not one prompt for each completion.
            StageError: a part of a reward is NaN or infinite, or the judge returned other cases.
        """
        if len(variants) != len(completions):
            raise ConfigError(
                f"expected one prompt a completion, found {len(variants)} and {len(completions)}"
            )
        outcomes = [
            read_completion(variant, completion, opens_thought=self._opens_thought)
            for variant, completion in zip(variants, completions, strict=True)
        ]
        verdicts = self._verdicts(outcomes)
        return [
            reward_parts(outcome, verdict, self.settings)
            for outcome, verdict in zip(outcomes, verdicts, strict=True)
        ]

    async def ascore(
        self,
        variants: Sequence[Variant],
        completions: Sequence[str],
        *,
        likelihoods: Sequence[float | None] | None = None,
    ) -> list[RewardParts]:
        """Return the same as `score`, in a thread, so that judge calls overlap with other work."""
        return await asyncio.to_thread(self.score, variants, completions, likelihoods=likelihoods)

    def _verdicts(self, outcomes: Sequence[Outcome]) -> list[Verdict | None]:
        if not self.settings.needs_judge or self.judge is None:
            return [None] * len(outcomes)
        judge = self.judge
        asked = [_case(outcome) for outcome in outcomes]
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
            key: found
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
        with self._lock:
            self.asked += len(fresh)
            for key, verdict in zip(fresh, made, strict=True):
                known[key] = verdict
                if verdict.status != "failed":
                    self._cache[key] = verdict
            while len(self._cache) > MAX_CACHED:
                self._cache.popitem(last=False)
        return known


def _case(outcome: Outcome) -> JudgeCase | Verdict | None:
    """Return what the judge is asked; a `skipped` verdict, or None for an open question."""
    variant = outcome.variant
    if variant.sample.answer_kind != "choice":
        return None
    return case_of(variant.id, variant.sample.question, variant.options, outcome.reading)


def _key(judge: Judge, case: JudgeCase) -> str:
    seen = [case.question, dict(case.options), case.think, case.answer]
    return content_hash([judge.name, judge.prompt_hash, *seen, case.letter, case.text_letter])
