"""Samples that tell runs apart: those whose answers differ most between the first and the others.

A sample counts one for each variant that the first run answers right and another wrong, or the
other way round. Both are shown in turn, those with the most such variants first, and by id where
they are alike, so that what is shown is decided by the records alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from unswayed.report.outputs import ANSWER_CLASSES, AnswerClass, by_sample
from unswayed.report.text import one_line, visible
from unswayed.results import measured as figures_file
from unswayed.results.measured import variant_rank
from unswayed.run.folder import RunFolder

Answers = dict[str, tuple[AnswerClass, str]]
"""Variant → how its answer compares, and the answer."""


@dataclass(frozen=True)
class RunAnswers:
    """What a run answered to a sample.

    Attributes:
        place: of the run among all, from 0.
        cells: for each variant, how the answer compares, and it in words.
    """

    place: int
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TellingSample:
    """A sample under several runs.

    Attributes:
        key: its id.
        id: its id as it is shown.
        question: the question.
        variants: names of the columns.
        runs: a line for each run that has it.
        better: in how many variants a further run is right where the first is wrong.
        worse: the other way round.
    """

    key: str
    id: str
    question: str
    variants: tuple[str, ...]
    runs: tuple[RunAnswers, ...]
    better: int
    worse: int


def telling_samples(
    runs: Sequence[RunFolder], places: Sequence[int], count: int
) -> list[TellingSample]:
    """Return samples that tell the first run from others.

    Args:
        runs: all runs.
        places: of the runs that share questions with the first.
        count: samples at most.

    Raises:
        RunError: a run's files are damaged.
    """
    if count == 0:
        return []
    questions: dict[str, str] = {}
    answers: dict[int, dict[str, Answers]] = {}
    for place in (0, *places):
        answers[place] = dict(_answers(runs[place], questions))
    samples = [_sample(key, text, answers) for key, text in questions.items() if key in answers[0]]
    worse = sorted((s for s in samples if s.worse), key=lambda s: (-s.worse, s.better, s.key))
    better = sorted((s for s in samples if s.better), key=lambda s: (-s.better, s.worse, s.key))
    turns = itertools.chain.from_iterable(itertools.zip_longest(worse, better))
    once = {sample.key: sample for sample in turns if sample is not None}
    return list(once.values())[:count]


def _answers(run: RunFolder, questions: dict[str, str]) -> Iterator[tuple[str, Answers]]:
    """Yield id → answers of each sample: of the first foil and the first output of each variant."""
    for outputs in by_sample(run, figures_file.rules(run)):
        sample = outputs[0].variant.sample
        questions.setdefault(sample.id, visible(sample.question[:300]))
        yield (
            sample.id,
            {
                one.variant.name: (one.outcome, one_line(one.answer, 40))
                for one in reversed(outputs)
            },
        )


def _sample(key: str, question: str, answers: dict[int, dict[str, Answers]]) -> TellingSample:
    first = answers[0][key]
    better, worse = 0, 0
    for place, by_key in answers.items():
        for variant, (outcome, _) in by_key.get(key, {}).items():
            if place and variant in first:
                before, now = first[variant][0] == "right", outcome == "right"
                better, worse = better + (now and not before), worse + (before and not now)
    variants = tuple(sorted(first, key=variant_rank))
    lines = tuple(
        RunAnswers(place, tuple(_cell(by_key[key].get(name)) for name in variants))
        for place, by_key in answers.items()
        if key in by_key
    )
    return TellingSample(key, one_line(key), question, variants, lines, better, worse)


def _cell(answer: tuple[AnswerClass, str] | None) -> tuple[str, str]:
    if answer is None:
        return "", "–"
    outcome, text = answer
    return outcome, f"{ANSWER_CLASSES[outcome].mark} {text}".strip()
