"""What the package brings keeps the contracts of unswayed."""

from __future__ import annotations

from unswayed_example.benchmark import Dots
from unswayed_example.judge import LastLetter
from unswayed_example.model import Stubborn
from unswayed_example.perturbation import RUMOUR
from unswayed_example.profile import TERSE
from unswayed_example.reward import brief
from unswayed_example.texts import Blunt

from unswayed import testing


def test_the_benchmark() -> None:
    testing.check_benchmark(Dots())


def test_the_model() -> None:
    testing.check_model(Stubborn())


def test_the_judge() -> None:
    testing.check_judge(LastLetter())


def test_the_perturbation() -> None:
    testing.check_perturbation(RUMOUR)


def test_the_text_source() -> None:
    testing.check_text_source(Blunt(level=3))


def test_the_reward() -> None:
    testing.check_reward(brief, most=20)


def test_the_profile() -> None:
    testing.check_profile(TERSE)
