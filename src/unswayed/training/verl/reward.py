"""The reward as verl calls it: `compute_score`, once for each completion, in processes of its own.

It never raises and always returns the same keys: in verl one exception loses a prompt's whole
group, and a key that is missing in one row ends the step. A reward that is not known (the judge
failed, or the row cannot be read) is NaN; `advantage` leaves it out of its group. How often that
may be is counted by `failures`, over all of these processes; none of them stops by its own share,
which would take the known verdicts of its batch along. Completions that arrive while others are
scored are scored together, so that a judge behind a network is asked about many at once.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from unswayed.errors import first_line
from unswayed.training.reward.own import parse_terms
from unswayed.training.reward.parts import TERMS, RewardParts
from unswayed.training.reward.scorer import Scorer
from unswayed.training.reward.settings import RewardSettings
from unswayed.types import Variant

KEYS = ("score", "format", "correct", "answer", "consistent", *TERMS)
"""What is returned for every completion, beside the user's own terms; NaN where it is not known."""


class BatchedScorer:
    """Scores completions one batch after the other, in the event loop of one process."""

    def __init__(self, scorer: Scorer) -> None:
        """Take the reward."""
        self._scorer = scorer
        self._waiting: list[tuple[Variant, str, asyncio.Future[RewardParts]]] = []
        self._turn = asyncio.Lock()

    async def score(self, variant: Variant, text: str) -> RewardParts:
        """Return the reward of a completion, scored together with all that wait by then.

        Raises:
            Exception: whatever the reward of its batch raised.
        """
        known: asyncio.Future[RewardParts] = asyncio.get_running_loop().create_future()
        self._waiting.append((variant, text, known))
        async with self._turn:
            if not known.done():
                await self._score_waiting()
        return await known

    async def _score_waiting(self) -> None:
        batch, self._waiting = self._waiting, []
        variants, texts = [one[0] for one in batch], [one[1] for one in batch]
        try:
            scores = await self._scorer.ascore(variants, texts)
        except Exception as error:
            for _, _, known in batch:
                if not known.done():
                    known.set_exception(error)
        else:
            for (_, _, known), parts in zip(batch, scores, strict=True):
                if not known.done():
                    known.set_result(parts)


async def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: Mapping[str, Any] | None = None,
    *,
    settings: str,
    opens_thought: bool = False,
    records: str | None = None,
    **_: Any,
) -> dict[str, float]:
    """Return the reward of one completion, and its parts.

    Args:
        data_source: the benchmark; not used, the variant has it.
        solution_str: what the model wrote, without the prefill.
        ground_truth: the gold; not used, the variant has it.
        extra_info: has the variant as JSON; the prefill that is read before the completion is
            taken from it.
        settings: the reward's settings as JSON.
        opens_thought: the chat template writes `<think>` itself where there is no prefill.
        records: folder that each completion is recorded in with its parts; None for nowhere.

    Returns:
        A number for each of `KEYS` and each term of the user's, NaN where it is not known. `score`
        is the reward.
    """
    reason, parts = "", None
    shown: Variant | None = None
    try:
        shown = Variant.model_validate_json((extra_info or {})["variant"])
        scoring = _scoring(settings, opens_thought, asyncio.get_running_loop())
        parts = await scoring.score(shown, solution_str)
    except Exception as error:
        reason = first_line(error)
        print(f"unswayed: a completion has no reward: {reason}", flush=True)
    if records is not None:
        _record(Path(records), shown, solution_str, parts, (extra_info or {}).get("step"), reason)
    return numbers(parts, _own_names(settings))


def numbers(parts: RewardParts | None, own: Sequence[str] = ()) -> dict[str, float]:
    """Return a reward as verl takes it: a number for each part, NaN where it is not known.

    Args:
        parts: the reward; None if nothing of it is known.
        own: names of the user's terms.
    """
    keys = (*KEYS, *own)
    if parts is None:
        return dict.fromkeys(keys, math.nan)
    values: dict[str, Any] = {**dict.fromkeys(TERMS, 0.0), **vars(parts), **parts.terms}
    values["score"] = parts.total
    return {key: math.nan if values[key] is None else float(values[key]) for key in keys}


@cache
def _own_names(settings: str) -> tuple[str, ...]:
    """Return the names of the user's terms; nothing is imported for it."""
    reward = RewardSettings.model_validate_json(settings)
    return tuple(term.name for term in parse_terms(reward.terms))


@cache
def _scoring(settings: str, opens_thought: bool, _: asyncio.AbstractEventLoop) -> BatchedScorer:
    reward = RewardSettings.model_validate_json(settings)
    never = reward.asking.model_copy(update={"most_failed": 1.0})
    reward = reward.model_copy(update={"asking": never})
    return BatchedScorer(Scorer(reward, opens_thought=opens_thought, quiet=True))


def _record(
    folder: Path,
    shown: Variant | None,
    text: str,
    parts: RewardParts | None,
    step: Any,
    reason: str,
) -> None:
    """Append a completion to this process's file; what cannot be written is said, not raised."""
    line = {
        "step": None if step is None else int(step),
        "sample": shown.sample.id if shown else None,
        "variant": shown.name if shown else None,
        "prefill": shown.prefill if shown else None,
        "text": text,
        "parts": None if parts is None else asdict(parts),
        "reason": reason,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{socket.gethostname()}-{os.getpid()}.jsonl"
        data = json.dumps(line, ensure_ascii=False).encode("utf-8", "replace")
        with path.open("ab", buffering=0) as file:
            file.write(data + b"\n")
    except (OSError, ValueError) as error:
        print(f"unswayed: a completion was not recorded: {error}", flush=True)
