"""`metrics.json` read back: estimates by benchmark, variant and metric, and the curves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from unswayed.answers import TAGGED, AnswerRules, AnswerStyle, ConflictPolicy, StyleName
from unswayed.config.validation import first_fault
from unswayed.errors import RunError
from unswayed.metrics.contrasts import PREFIX as CONTRAST
from unswayed.perturbations.composition import TEXT_VARIANTS
from unswayed.pipeline.rules import recorded_style
from unswayed.run.folder import RunFolder
from unswayed.types import SCHEMA_VERSION, Estimate

FILE = "metrics.json"
ALL = "all"
"""Name of the pseudo-benchmark (every sample) and pseudo-variant (metrics that span several)."""


class Curve(BaseModel):
    """Risk among the answered against the share answered, best predicted first.

    Attributes:
        benchmark: benchmark, or `all`.
        variant: variant, if the curve is of one.
        predictor: what the questions were ranked by, such as `p_correct`.
        coverage: share answered, in (0, 1].
        risk: share of wrong answers among them, in [0, 1].
        n: number of questions; 0 where the file does not say.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    benchmark: str
    variant: str = ""
    predictor: str
    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    n: int = 0


class ConfidenceBin(BaseModel):
    """Rows of about the same confidence.

    Attributes:
        above: lower edge, not of the bin, in [0, 1).
        to: upper edge, of the bin.
        confidence: mean of the rows.
        accuracy: share of right rows, in [0, 1].
        low: lower end of its interval; None where there is none.
        high: upper end.
        n: number of rows.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    above: float
    to: float
    confidence: float
    accuracy: float
    low: float | None = None
    high: float | None = None
    n: int


class Diagram(BaseModel):
    """A reliability diagram: how often the likeliest letter is right, by its probability.

    Attributes:
        benchmark: benchmark, or `all`.
        variant: variant.
        bins: by rising confidence, without empty ones.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    benchmark: str
    variant: str
    bins: tuple[ConfidenceBin, ...]


class _Document(BaseModel):
    """The whole of `metrics.json`, as far as a reader needs it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: Literal[1]
    settings: dict[str, Any] = {}
    estimates: tuple[Estimate, ...]
    risk_coverage: tuple[Curve, ...] = ()
    reliability: tuple[Diagram, ...] | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """Every figure of a run.

    Attributes:
        settings: how the figures were computed.
        estimates: every estimate, in the order of the file.
        curves: risk–coverage curves; empty if there are none.
        unread: a line for each benchmark with outputs that the answer style does not fit; it
            quotes three of them.
        diagrams: reliability diagrams; None where the file was written before there were any.
    """

    settings: Mapping[str, Any]
    estimates: tuple[Estimate, ...]
    curves: tuple[Curve, ...] = field(default=())
    unread: tuple[str, ...] = ()
    diagrams: tuple[Diagram, ...] | None = None

    @cached_property
    def _by_key(self) -> dict[tuple[str, str, str], Estimate]:
        return {(e.benchmark, e.variant, e.metric): e for e in self.estimates}

    def find(self, benchmark: str, variant: str, metric: str) -> Estimate | None:
        """Return one estimate, or None if it was not computed."""
        return self._by_key.get((benchmark, variant, metric))

    def benchmarks(self) -> tuple[str, ...]:
        """Return the benchmarks; `all` comes first, and only where there are several."""
        names = dict.fromkeys(e.benchmark for e in self.estimates)
        single = sorted(name for name in names if name != ALL)
        return (ALL, *single) if ALL in names and len(single) != 1 else tuple(single)

    def variants(self, benchmark: str | None = None) -> tuple[str, ...]:
        """Return the variants of a benchmark (or of any) in the order of the protocol's table."""
        names = {
            e.variant
            for e in self.estimates
            if e.variant != ALL and not is_contrast(e) and benchmark in (None, e.benchmark)
        }
        return tuple(sorted(names, key=variant_rank))

    def contrasts(self, benchmark: str) -> tuple[str, ...]:
        """Return the names of a benchmark's contrasts between variants, in the file's order."""
        inside = (e for e in self.estimates if is_contrast(e) and e.benchmark == benchmark)
        return tuple(dict.fromkeys(e.variant for e in inside))

    def of_metric(self, benchmark: str, metric: str) -> dict[str, Estimate]:
        """Return variant → estimate of one metric, in the order of the protocol's table.

        Of a metric of contrasts, contrast → estimate, in the order of the file.
        """
        contrast = metric.startswith(CONTRAST)
        names = self.contrasts(benchmark) if contrast else self.variants(benchmark)
        pairs = ((v, self.find(benchmark, v, metric)) for v in names)
        return {variant: estimate for variant, estimate in pairs if estimate is not None}

    def on_conflict(self) -> ConflictPolicy:
        """Return how answers whose letter and text disagree were read.

        Raises:
            RunError: the file names a policy that does not exist.
        """
        policy = self.settings.get("on_conflict", "letter")
        if policy not in get_args(ConflictPolicy):
            raise RunError(
                f"metrics.json: expected on_conflict to be one of {get_args(ConflictPolicy)}, "
                f"found {policy!r}; run `unswayed measure` again"
            )
        return policy

    def rules(self) -> AnswerRules:
        """Return how the outputs were read.

        Raises:
            RunError: the file names a style, a policy or a tolerance that does not exist.
        """
        return AnswerRules(self._style(), self.on_conflict(), self.tolerance())

    def _style(self) -> AnswerStyle:
        name = self.settings.get("answer_style", TAGGED.name)
        marks = self.settings.get("thought", [TAGGED.opens, TAGGED.closes])
        if name not in get_args(StyleName):
            raise RunError(
                f"metrics.json: expected answer_style to be one of {get_args(StyleName)}, found "
                f"{name!r}; run `unswayed measure` again"
            )
        opens, closes = marks
        return AnswerStyle(name, str(opens), str(closes))

    def tolerance(self) -> float:
        """Return the largest difference at which a number counted as the gold.

        Raises:
            RunError: the file names no such number.
        """
        value = self.settings.get("tolerance", 0.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise RunError(
                f"metrics.json: expected tolerance to be a number from 0, found {value!r}; run "
                "`unswayed measure` again"
            )
        return float(value)


def is_contrast(estimate: Estimate) -> bool:
    """Say whether the estimate's `variant` is the name of a contrast between variants."""
    return estimate.metric.startswith(CONTRAST)


def variant_rank(name: str) -> tuple[str, int, str]:
    """Sort key: plain variants first, in the order of the protocol; then composed ones alike."""
    *options, text = name.split("+")
    if text not in TEXT_VARIANTS:
        return ("+".join([*options, text]), -1, name)
    return ("+".join(options), TEXT_VARIANTS.index(text), name)


def parse(document: Mapping[str, Any], where: str = FILE) -> Measured:
    """Check the contents of a `metrics.json`.

    Args:
        document: its contents.
        where: the file's name, for the message.

    Raises:
        RunError: they are not what this version writes.
    """
    try:
        contents = _Document.model_validate(document)
    except ValidationError as error:
        raise RunError(
            f"{where} is not of schema version {SCHEMA_VERSION} "
            f"({first_fault(error).text('the whole')}); run `unswayed measure` again"
        ) from error
    return Measured(
        contents.settings,
        contents.estimates,
        contents.risk_coverage,
        contents.unread,
        contents.reliability,
    )


def exists(run: RunFolder) -> bool:
    """Say whether a run was measured."""
    return (run.folder / FILE).is_file()


def document(run: RunFolder) -> dict[str, Any]:
    """Return the contents of a run's `metrics.json` as they stand.

    Raises:
        RunError: the run was not measured, or the file is no JSON object.
    """
    path = run.folder / FILE
    advice = f"run: unswayed measure {run.folder}"
    try:
        contents: object = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise RunError(f"expected the figures of a run in {path}, found none; {advice}") from error
    except (OSError, ValueError) as error:
        raise RunError(f"expected JSON in {path}, found none ({error}); {advice}") from error
    if not isinstance(contents, dict):
        raise RunError(
            f"expected a JSON object in {path}, found a {type(contents).__name__}; {advice}"
        )
    return cast("dict[str, Any]", contents)


def rules(run: RunFolder) -> AnswerRules:
    """Return how the outputs of a run's figures are read; as its settings say before there are any.

    Raises:
        RunError: the run's files are damaged.
    """
    if exists(run):
        return load(run).rules()
    measured = Measured(run.description().get("measuring") or {}, ())
    return replace(measured.rules(), style=recorded_style(run))


def load(run: RunFolder) -> Measured:
    """Return every figure of a run.

    Raises:
        RunError: the run was not measured, or its file is not what this version writes.
    """
    return parse(document(run), str(run.folder / FILE))
