"""Rows as a run would have them, in one line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from unswayed.types import (
    Estimate,
    Generation,
    LetterDistribution,
    Sample,
    Variant,
    Verdict,
)

Row = tuple[Variant, Generation, Verdict | None]


def _row(
    sample: str = "s1",
    variant: str = "base",
    answer: str | None = "A",
    *,
    gold: str = "A",
    foil: str | None = "B",
    verdict: str | None = None,
    p: Sequence[float] | None = None,
    text: str | None = None,
    options: str = "ABCD",
    shown: str | None = None,
    benchmark: str = "toy",
    cluster: str | None = None,
    group: str | None = None,
    category: str = "",
    foil_index: int = 0,
    draw: int = 0,
    abstain: bool = False,
    status: str = "stop",
    other_mass: float | None = 0.0,
    forced: bool = False,
    method: str = "logits",
    prefill: str = "",
    caption: str | None = None,
    acknowledges: bool | None = None,
) -> Row:
    """Build one row; gold, foil and answer are SHOWN letters; `shown[i]` is the sample's letter."""
    origin = dict(zip("ABCDEF", shown or options, strict=False))
    last = "ABCDEF"[len(options)]
    letters = {**origin, last: "?"} if abstain else origin
    texts = {letter: f"text {where}" for letter, where in letters.items()}
    source = Sample(
        id=f"{benchmark}/{sample}",
        benchmark=benchmark,
        images=(),
        question="which?",
        options={letter: f"text {letter}" for letter in options},
        answer=origin[gold],
        cluster=cluster or sample,
        group=group,
        category=category,
    )
    made = Variant(
        id=f"{benchmark}/{sample}/{variant}/{foil_index}",
        sample=source,
        name=variant,
        options=texts,
        answer=gold,
        origin=origin,
        foil=foil,
        foil_index=foil_index,
        abstain=last if abstain else None,
        prefill=prefill,
        caption=caption,
    )
    body = f"<think>hm</think><answer>{answer}</answer>" if answer else "<think>hm</think> hm"
    letters_at = None
    if p is not None:
        letters_at = LetterDistribution(
            probabilities=dict(zip(letters, p, strict=True)),
            other_mass=other_mass,
            method=method,  # pyright: ignore[reportArgumentType]
            forced=forced,
        )
    generation = Generation(
        id=made.id,
        draw=draw,
        status=status,  # pyright: ignore[reportArgumentType]
        text=body if text is None else text,
        letters=letters_at,
        error="out of memory" if status == "error" else None,
    )
    if verdict is None:
        return made, generation, None
    judged = Verdict(
        id=made.id,
        judge="toy",
        status=verdict,  # pyright: ignore[reportArgumentType]
        acknowledges=acknowledges,
    )
    return made, generation, judged


def _find(
    estimates: Sequence[Estimate], metric: str, variant: str = "base", benchmark: str = "toy"
) -> Estimate:
    """Return the one estimate of a metric."""
    (found,) = [
        one
        for one in estimates
        if (one.metric, one.variant, one.benchmark) == (metric, variant, benchmark)
    ]
    return found


@pytest.fixture(scope="session")
def row() -> Callable[..., Row]:
    return _row


@pytest.fixture(scope="session")
def find() -> Callable[..., Estimate]:
    return _find
