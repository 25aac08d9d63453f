"""What a training does, step by step: the evaluations and the reward log as one long table.

    seed  step  benchmark  variant  metric  value  low  high  n

From an evaluation come all its estimates (`metrics.json`) and, by benchmark and variant:

    thought_words   median words of the thought that the model wrote itself
    thought_shared  share of thoughts whose template another question has too (see `collapse`)
    thought_none    share of thoughts without a word of the model's own (see `empty`)
    output_tokens   mean tokens of a completion
    variance/…      running variance of accuracy, consistency and thought length (see `variances`)

From the log, once an optimiser step, under the benchmark `training` and the variant `all`: `reward`
and its parts (`reward/format`, `reward/correct`, …), `output_words` and `output_tokens`, means over
the step's completions, and `variance/…` of the reward, of `reward/consistent` and of the words. A
value that is not known is null, and so is `n` where the log does not say
how many completions a mean is over.
"""

# pyarrow comes without types, so what comes from it is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false
from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import Any

from unswayed import extras
from unswayed.results import measured
from unswayed.run.files import write_bytes
from unswayed.run.folder import RunFolder
from unswayed.training.folder import TrainingFolder
from unswayed.training.seeds import folders
from unswayed.training.track.collapse import Collapse, detect, shared
from unswayed.training.track.empty import EmptyThoughts, empty_thoughts, wordless
from unswayed.training.track.folders import EVALUATIONS, evaluations
from unswayed.training.track.thoughts import Thought, thoughts_of
from unswayed.training.track.variances import running_variance, window_of

FILE = "dynamics.parquet"
TRAINING, ALL = "training", "all"
_OVER_ALL = {
    "reward": "reward",
    "parts/format": "reward/format",
    "parts/correct": "reward/correct",
    "completions/words": "output_words",
    "completions/mean_length": "output_tokens",
}
"""Keys of the log whose means are over every completion of a step, and their metrics."""
_PARTS = "parts/"
LOGGED = ("reward", "reward/consistent", "output_words")
"""Of the log: what may become unsteady, step by step."""
CHECKED = ("accuracy", "consistency_rate", "thought_words")
"""Of an evaluation: what may become unsteady, by variant."""
VARIANCE = "variance/"


@dataclass(frozen=True)
class TrackedValue:
    """One value of one metric after one step of one seed.

    Attributes:
        seed: seed of the training.
        step: optimiser steps taken.
        benchmark: benchmark, `all` for all of an evaluation, or `training` for the log.
        variant: variant, or `all`.
        metric: name of the metric.
        value: the value; None where it is not known.
        low: lower end of its interval over questions; None where there is none.
        high: upper end.
        n: what the value is over: outputs of an evaluation, completions of a step, and for
            a `variance/…` values of the line.
    """

    seed: int
    step: int
    benchmark: str
    variant: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None


@dataclass(frozen=True)
class Dynamics:
    """A training's table, and whether its thoughts collapsed or became empty.

    Attributes:
        rows: the table, by seed and step.
        findings: (seed, benchmark) → step → finding, for every evaluated step but the first.
        emptied: (seed, benchmark, variant) → step → finding, for the same steps.
        reference: (seed, benchmark) → the step that the thoughts are compared with.
        behind: (seed, benchmark, variant) → step → finding on the thoughts that have words, for
            every variant but base.
    """

    rows: tuple[TrackedValue, ...]
    findings: Mapping[tuple[int, str], Mapping[int, Collapse]]
    emptied: Mapping[tuple[int, str, str], Mapping[int, EmptyThoughts]]
    reference: Mapping[tuple[int, str], int]
    behind: Mapping[tuple[int, str, str], Mapping[int, Collapse]] = field(
        default_factory=dict[tuple[int, str, str], dict[int, Collapse]]
    )

    @property
    def seeds(self) -> list[int]:
        """The seeds that have rows."""
        return sorted({row.seed for row in self.rows})

    @property
    def evaluated(self) -> dict[int, set[int]]:
        """Seed → the steps that it was evaluated at, seeds without any left out."""
        steps: defaultdict[int, set[int]] = defaultdict(set)
        for row in self.rows:
            if row.benchmark != TRAINING:
                steps[row.seed].add(row.step)
        return dict(sorted(steps.items()))


def dynamics(out: Path, under: str = EVALUATIONS) -> Dynamics:
    """Read the evaluations and logs of a training, of each of its seeds.

    Args:
        out: folder of a training run, or with the folders of its seeds in it.
        under: folder of the evaluations in each.

    Raises:
        ConfigError: there is no training in the folder.
        RunError: a file of it cannot be read.
    """
    rows: list[TrackedValue] = []
    findings: dict[tuple[int, str], dict[int, Collapse]] = {}
    emptied: dict[tuple[int, str, str], dict[int, EmptyThoughts]] = {}
    behind: dict[tuple[int, str, str], dict[int, Collapse]] = {}
    reference: dict[tuple[int, str], int] = {}
    for folder in folders(out):
        seed = int(folder.run.description()["seed"])
        thoughts: dict[int, list[Thought]] = {}
        for step, path in evaluations(folder, under).items():
            run = RunFolder(path)
            thoughts[step] = thoughts_of(run)
            rows += _estimates(seed, step, run)
            rows += _thought_rows(seed, step, thoughts[step])
        rows += _logged(seed, folder)
        for (benchmark, variant), by_step in _by_variant(thoughts).items():
            (first, before), *later = by_step.items()
            if variant == "base":
                reference[seed, benchmark] = first
                findings[seed, benchmark] = {step: detect(before, now) for step, now in later}
            else:
                behind[seed, benchmark, variant] = {
                    step: detect(_spoken(before), _spoken(now)) for step, now in later
                }
            emptied[seed, benchmark, variant] = {
                step: empty_thoughts(before, now) for step, now in later
            }
    rows += list(_variances(rows))
    return Dynamics(tuple(rows), findings, emptied, reference, behind)


def require() -> None:
    """Require what tables and figures are made with, before an hour is spent on evaluations.

    Raises:
        MissingExtra: pyarrow or matplotlib is not installed.
    """
    extras.together(
        "drawing curves",
        [
            lambda: extras.require("writing dynamics.parquet", "train", only=("pyarrow",)),
            lambda: extras.require("drawing curves", "report", only=("matplotlib",)),
        ],
    )


def write(found: Dynamics, out: Path) -> Path:
    """Write the table as Parquet and return its path.

    Raises:
        MissingExtra: pyarrow is not installed.
        StageError: it cannot be written.
    """
    require()
    import pyarrow
    from pyarrow import parquet

    whole, real, text = pyarrow.int64(), pyarrow.float64(), pyarrow.string()
    kinds = (whole, whole, text, text, text, real, real, real, whole)
    names = list(TrackedValue.__dataclass_fields__)
    schema = pyarrow.schema(list(zip(names, kinds, strict=True)), {"schema_version": "1"})
    table = pyarrow.Table.from_pylist([asdict(row) for row in found.rows], schema)
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    write_bytes(out / FILE, buffer.getvalue())
    return out / FILE


def _estimates(seed: int, step: int, run: RunFolder) -> Iterator[TrackedValue]:
    for one in measured.load(run).estimates:
        names = (one.benchmark, one.variant, one.metric)
        yield TrackedValue(seed, step, *names, one.value, one.low, one.high, one.n)


def _thought_rows(seed: int, step: int, thoughts: Sequence[Thought]) -> Iterator[TrackedValue]:
    groups: defaultdict[tuple[str, str], list[Thought]] = defaultdict(list)
    for thought in thoughts:
        groups[thought.benchmark, thought.variant].append(thought)
    for (benchmark, variant), inside in groups.items():
        tokens = [one.tokens for one in inside if one.tokens is not None]
        figures: dict[str, tuple[float | None, int]] = {
            "thought_words": (median(one.words for one in inside), len(inside)),
            "thought_shared": (shared(inside), len(inside)),
            "thought_none": (wordless(inside), len(inside)),
            "output_tokens": (fmean(tokens) if tokens else None, len(tokens)),
        }
        for metric, (value, n) in figures.items():
            known = None if value is None else float(value)
            yield TrackedValue(seed, step, benchmark, variant, metric, known, None, None, n)


def _logged(seed: int, folder: TrainingFolder) -> Iterator[TrackedValue]:
    grpo = folder.recipe().grpo
    completions = grpo.prompts_per_step * grpo.group_size
    for line in folder.log():
        for metric, value, over_all in _of_line(line):
            n = completions if over_all else None
            yield TrackedValue(seed, int(line["step"]), TRAINING, ALL, metric, value, None, None, n)


def _variances(rows: Iterable[TrackedValue]) -> Iterator[TrackedValue]:
    """Yield the running variance of each line whose unrest is looked at."""
    lines: defaultdict[tuple[int, str, str, str], dict[int, float]] = defaultdict(dict)
    for row in rows:
        watched = LOGGED if row.benchmark == TRAINING else CHECKED
        if row.metric in watched and row.value is not None:
            lines[row.seed, row.benchmark, row.variant, row.metric][row.step] = row.value
    for (seed, benchmark, variant, metric), line in lines.items():
        n = window_of(len(line))
        for step, value in running_variance(line).items():
            names = (benchmark, variant, f"{VARIANCE}{metric}")
            yield TrackedValue(seed, step, *names, value, None, None, n)


def _spoken(thoughts: Iterable[Thought]) -> list[Thought]:
    return [thought for thought in thoughts if thought.words]


def _of_line(line: Mapping[str, Any]) -> Iterator[tuple[str, float | None, bool]]:
    """Yield the metrics of a line of the log: name, value, whether over every completion."""
    unscored = bool(line.get("parts/unscored"))
    for key, value in line.items():
        if key in _OVER_ALL:
            yield _OVER_ALL[key], value, not (unscored and key == "reward")
        elif key.startswith(_PARTS):
            yield f"reward/{key.removeprefix(_PARTS)}", value, key == "parts/unscored"


def _by_variant(
    thoughts: Mapping[int, Iterable[Thought]],
) -> dict[tuple[str, str], dict[int, list[Thought]]]:
    """Return (benchmark, variant) → step → thoughts, the first step first."""
    by_variant: defaultdict[tuple[str, str], dict[int, list[Thought]]] = defaultdict(dict)
    for step, of_step in sorted(thoughts.items()):
        for thought in of_step:
            by_variant[thought.benchmark, thought.variant].setdefault(step, []).append(thought)
    return dict(by_variant)
