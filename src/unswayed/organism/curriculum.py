"""The phases of the organism's training, as data: what is taught, how long, how fast.

Lengths are in steps, so that a seed decides the weights and a slow machine only takes longer. The
look-up of letters alone also has a mark to reach: it is learnt all at once, after a time that
differs between seeds, and nothing that follows can be learnt without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from unswayed.errors import ConfigError
from unswayed.organism.mixtures import Mixture

MOST = 4
"""A phase that has not learnt what it is for after so many times its steps is given up."""

STEPS_PER_MINUTE = 120
"""What one core of a 2025 server does; turns a number of minutes into steps."""


@dataclass(frozen=True)
class Phase:
    """One phase.

    Attributes:
        name: stands in the log.
        steps: optimiser steps in the full curriculum; more of them where `until` wants it.
        until: share of letters looked up right before the phase may end; None to count steps alone.
        lesson: `letters` (text alone), `vision` (picture tokens alone) or `scenes`.
        mixture: what the rows are, for `scenes`.
        batch: rows in a step.
        rate: learning rate at the start, for Muon and Adam alike.
        end_rate: learning rate at the end; linear in between.
        aligned: weight of the loss on the picture tokens' labels.
        letter_weight: weight of an option letter among the learnt tokens, 1 for all others.
        hunch: weight of the loss on the letter before the thought is written.
    """

    name: str
    steps: int
    lesson: str
    mixture: Mixture = field(default_factory=Mixture)
    batch: int = 64
    rate: float = 3e-3
    end_rate: float = 3e-3
    aligned: float = 0.5
    letter_weight: float = 1.0
    hunch: float = 0.0
    until: float | None = None


GROUNDING = Mixture(letters=0.2, locate=0.5, describe=0.4)
QUESTIONS = Mixture(letters=0.08, locate=0.08, describe=0.06, direct=0.1, hard=0.1)
SWAYED = replace(
    QUESTIONS,
    letters=0.05,
    locate=0.03,
    describe=0.02,
    caption=0.25,
    prefill=0.2,
    direct=0.25,
    brief=0.12,
    abstain=0.07,
    more_options=0.07,
    hard=0.2,
    right=0.8,
    neutral=0.4,
    kinds={"relation": 1.2, "count": 2.0, "existence": 1.2, "size": 0.7, "occlusion": 1.0},
)
OWN = 0.6
"""Share of the rows with a thought of the organism's own, where its letters are calibrated."""

SETTLING = Phase("settling", 1500, "scenes", SWAYED, end_rate=1e-4, letter_weight=5.0, hunch=0.3)
CALIBRATION = Phase(
    "calibration",
    300,
    "scenes",
    replace(SWAYED, own=OWN),
    rate=3e-4,
    end_rate=1e-5,
    letter_weight=2.0,
)

CURRICULUM: tuple[Phase, ...] = (
    Phase("letters", 1200, "letters", until=0.95),
    Phase("vision", 700, "vision", end_rate=2e-3),
    Phase("grounding", 750, "scenes", GROUNDING),
    Phase("questions", 500, "scenes", QUESTIONS, letter_weight=2.0),
    Phase("swayed", 2500, "scenes", SWAYED, letter_weight=5.0, hunch=0.3),
    SETTLING,
    CALIBRATION,
)
"""Every phase after the second keeps the labels of the picture tokens as a further loss."""

EARLY_CALIBRATION = replace(CALIBRATION, steps=150)
EARLY: tuple[Phase, ...] = (
    *CURRICULUM[:4],
    replace(CURRICULUM[4], steps=1000),
    EARLY_CALIBRATION,
)
"""Stopped when it has the forms and two thirds of the answers: room for reinforcement learning."""

EARLY_FURTHER: tuple[Phase, ...] = (replace(EARLY_CALIBRATION, aligned=0.0),)
"""What makes the early sibling from a checkpoint of the whole curriculum, as it stood after so
many steps of `swayed`."""

FURTHER: tuple[Phase, ...] = (
    replace(SETTLING, name="further", steps=1000, rate=1.5e-3, aligned=0.0),
    replace(CALIBRATION, aligned=0.0),
)
"""What a checkpoint is carried on with, when the texts around a question have changed.

The labels of the picture tokens are left out: what reads them is no part of a checkpoint.
"""


def scaled(phases: tuple[Phase, ...], minutes: float) -> tuple[Phase, ...]:
    """Return phases with their lengths scaled to a number of minutes.

    Args:
        phases: such as CURRICULUM.
        minutes: of one core, about; above 0. Each phase keeps at least two steps, and ends when
            they are done, whatever was learnt.

    Raises:
        ConfigError: minutes is not above 0.
    """
    if not minutes > 0:
        raise ConfigError(f"expected minutes above 0, found {minutes}")
    total = sum(phase.steps for phase in phases)
    factor = minutes * STEPS_PER_MINUTE / total
    return tuple(
        replace(phase, steps=max(2, round(phase.steps * factor)), until=None) for phase in phases
    )
