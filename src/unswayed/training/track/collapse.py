"""Does a policy collapse onto short, templated thoughts?

Zhao et al. (arXiv 2602.12506) saw that a reward for consistency, together with augmentation, can
end in thoughts that are short and alike whatever is asked: consistent, and empty. A checkpoint's
thoughts are compared with those of the one that training started from, on the same questions:

    short       median words ≤ 1/2 of the start's
    templated   at least half of the thoughts are shared with another question, and 25 points more
                than at the start; or distinct-3 ≤ 1/2 of the start's
    collapsed   short and templated

Shared means the same template (see `thoughts`): the same words but for option texts, letters and
numbers. Distinct-3 is the share of different word trigrams among all (Li et al. 2016, arXiv
1510.03055, there for n = 1, 2), over equally many words of both, because it falls with their
number. The thresholds are ours. A model that only learns to be brief is short and not templated;
one that only learns a form is templated and not short; both are said, neither is called collapse.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

from unswayed.training.reward.completion import ngrams
from unswayed.training.track.thoughts import Thought

SHORT = 0.5
"""Of the start's median number of words: at most this is short."""
SHARED = 0.5
"""Share of thoughts that another question has too: at least this is templated, if it has risen."""
RISE = 0.25
"""By so much a share must have risen since the start, where it may have been high already."""
DISTINCT = 0.5
"""Of the start's distinct-3: at most this is templated."""
LEAST_THOUGHTS = 20
"""Fewer thoughts than this say nothing about how alike thoughts are."""
LEAST_WORDS = 6
"""A start with fewer words than this cannot become short in any way that matters."""
_TRIGRAM = 3


@dataclass(frozen=True)
class Shape:
    """What the thoughts of one checkpoint look like.

    Attributes:
        n: number of thoughts.
        words: median number of words.
        shared: share of the thoughts whose template another question has too, in [0, 1].
        distinct: distinct-3 over as many words as the other checkpoint has; None without trigrams.
    """

    n: int
    words: float
    shared: float
    distinct: float | None


@dataclass(frozen=True)
class Collapse:
    """Whether a checkpoint's thoughts have collapsed.

    Attributes:
        collapsed: None where it is unknown.
        short: the thoughts have become short.
        templated: the thoughts have become alike.
        start: the thoughts that they are compared with.
        now: the thoughts.
        reason: why it is unknown.
    """

    collapsed: bool | None
    short: bool
    templated: bool
    start: Shape
    now: Shape
    reason: str = ""

    def words(self) -> str:
        """Return the finding in a line for people."""
        if self.collapsed is None:
            return f"collapse unknown: {self.reason}"
        parts = {"short": self.short, "templated": self.templated}
        named = " and ".join(name for name, there in parts.items() if there)
        what = "collapsed: short and templated" if self.collapsed else named or "not collapsed"
        start, now = self.start, self.now
        distinct = ""
        if start.distinct is not None and now.distinct is not None:
            distinct = f", distinct-3 {now.distinct:.2f} (was {start.distinct:.2f})"
        return (
            f"{what}: median {now.words:g} words (was {start.words:g}), {now.shared:.0%} shared "
            f"between questions (was {start.shared:.0%}){distinct}"
        )


def detect(start: Sequence[Thought], now: Sequence[Thought]) -> Collapse:
    """Compare a checkpoint's thoughts with those that training started from.

    Args:
        start: thoughts of the first checkpoint.
        now: thoughts of this one; those on samples that the first has no thought on are left out,
            and the other way round.
    """
    start, now = same_samples(start, now)
    least = min(sum(len(thought.template) for thought in side) for side in (start, now))
    before, after = _shape(start, least), _shape(now, least)
    if before.n < LEAST_THOUGHTS:
        return Collapse(None, False, False, before, after, _few(before))
    alike = after.shared >= SHARED and after.shared >= before.shared + RISE
    poor = (
        after.distinct is not None
        and before.distinct is not None
        and after.distinct <= DISTINCT * before.distinct
    )
    if before.words < LEAST_WORDS:  # it may have become alike nevertheless
        return Collapse(None, False, alike or poor, before, after, _brief(before))
    short = after.words <= SHORT * before.words
    return Collapse(short and (alike or poor), short, alike or poor, before, after)


def shared(thoughts: Sequence[Thought]) -> float | None:
    """Return the share of thoughts whose template another sample has too; None without any."""
    if not thoughts:
        return None
    samples: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for thought in thoughts:
        samples[thought.template].add(thought.sample)
    return sum(len(samples[thought.template]) > 1 for thought in thoughts) / len(thoughts)


def distinct(thoughts: Sequence[Thought], most: int | None = None) -> float | None:
    """Return the share of different trigrams among those of the first thoughts.

    Args:
        thoughts: the thoughts; trigrams do not go from one to the next.
        most: words to look at: whole thoughts, until they are reached; None for all.
    """
    counts = accumulate((len(thought.template) for thought in thoughts), initial=0)
    looked = [one for one, before in zip(thoughts, counts, strict=False) if _below(before, most)]
    trigrams = [gram for one in looked for gram in ngrams(list(one.template), _TRIGRAM)]
    return len(set(trigrams)) / len(trigrams) if trigrams else None


def same_samples(
    start: Sequence[Thought], now: Sequence[Thought]
) -> tuple[list[Thought], list[Thought]]:
    """Return the thoughts of both sides on the samples that both have one on."""
    both = {thought.sample for thought in start} & {thought.sample for thought in now}
    first, second = ([one for one in side if one.sample in both] for side in (start, now))
    return first, second


def _below(count: int, most: int | None) -> bool:
    return most is None or count < most


def _shape(thoughts: Sequence[Thought], words: int) -> Shape:
    lengths = [thought.words for thought in thoughts]
    return Shape(
        n=len(thoughts),
        words=median(lengths) if lengths else 0.0,
        shared=shared(thoughts) or 0.0,
        distinct=distinct(thoughts, words),
    )


def _few(start: Shape) -> str:
    return f"expected at least {LEAST_THOUGHTS} thoughts that both have, found {start.n}"


def _brief(start: Shape) -> str:
    return (
        f"expected thoughts of at least {LEAST_WORDS} words at the start (their median), "
        f"found {start.words:g}"
    )
