"""What stands beside every accuracy: answers that were lost or are in doubt, and warnings of them.

An accuracy of 0 because no answer could be read is no finding about a model; a letter distribution
behind answers that are no letters is none either. Both are measured, and both are said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unswayed.report.text import one_line
from unswayed.results.measured import ALL, Measured
from unswayed.types import Estimate

WARN_ABOVE = 0.05
"""Share of a variant's outputs above which a loss is warned of (ours)."""
OPTION_TEXT_ABOVE = 0.05
"""Share of answers by the option's text above which letter metrics are off-format (ours)."""
OTHER_MASS_ABOVE = 0.1
"""Mean probability of anything but the options above which they are (ours)."""

_NAMES_SHOWN, _LINE = 3, 600


@dataclass(frozen=True)
class LossKind:
    """A way in which an answer can be lost.

    Attributes:
        name: heading of its column.
        meaning: one sentence, for tooltips.
        advice: what follows for the figures, and what to do.
    """

    name: str
    meaning: str
    advice: str


KINDS = (
    LossKind(
        "unparsed",
        "Outputs from which no answer could be read; they count as wrong.",
        "they count as wrong; read some (unswayed show RUN), and choose the answer style of the "
        "outputs (--answer-style) or the prompt profile of the model's family (--profile)",
    ),
    LossKind(
        "truncated",
        "Outputs that hit the token limit.",
        "they hit the token limit; raise it (--max-new-tokens)",
    ),
    LossKind(
        "failed",
        "Items that failed; they are in no metric.",
        "they are in no figure; the reasons stand in the run folder (failures.jsonl, unswayed show "
        "RUN)",
    ),
    LossKind(
        "refused",
        "Prompts that the model refused; they are in no metric but the refusal rate.",
        "they are in no figure: accuracy is that of the prompts that were answered",
    ),
    LossKind(
        "conflicts",
        "Answers whose letter and text disagree.",
        "their letter and their text disagree; read them otherwise (unswayed measure RUN "
        "--on-conflict text or unparsed) to see what hangs on it",
    ),
)


@dataclass(frozen=True)
class Loss:
    """How many outputs of a variant were lost in one way.

    Attributes:
        count: how many.
        of: of how many.
    """

    count: int
    of: int

    @property
    def share(self) -> float:
        """The share that was lost, in [0, 1]."""
        return self.count / self.of if self.of else 0.0


def losses(measured: Measured, scope: str, variant: str) -> dict[str, Loss]:
    """Return what a variant lost: name of each of `KINDS` → its number.

    Args:
        measured: the figures.
        scope: a benchmark, or `all`.
        variant: the variant.
    """
    whole = measured.find(scope, variant, "accuracy")
    if whole is None:
        return {kind.name: Loss(0, 0) for kind in KINDS}
    truncated, conflicts = (
        measured.find(scope, variant, metric) for metric in ("length_rate", "conflict_rate")
    )
    asked = whole.n + whole.n_failed + whole.n_refused
    return {
        "unparsed": Loss(whole.n_unparsed, whole.n),
        "truncated": _counted(truncated),
        "failed": Loss(whole.n_failed, asked),
        "refused": Loss(whole.n_refused, asked),
        "conflicts": _counted(conflicts),
    }


def in_words(lost: dict[str, Loss]) -> str:
    """Say what was lost, such as `24 of 24 unparsed, 3 of 24 truncated`; empty if nothing was."""
    return ", ".join(f"{one.count} of {one.of} {name}" for name, one in lost.items() if one.count)


def warnings(measured: Measured) -> list[str]:
    """Return a line for each loss above 5 % in a benchmark, and for letters that are off-format.

    What the answer style does not fit comes last, with the style that would.
    A loss in the figures of all benchmarks together is one of at least one of them.
    """
    scopes = [scope for scope in measured.benchmarks() if scope != ALL]
    of_scopes = (
        line
        for scope in scopes
        for line in (
            *_lost(measured, scope),
            *_letters(measured, scope),
            *_fallbacks(measured, scope),
        )
    )
    return [*of_scopes, *(one_line(line, _LINE) for line in measured.unread)]


def _counted(rate: Estimate | None) -> Loss:
    if rate is None or rate.value is None:
        return Loss(0, 0)
    return Loss(round(rate.value * rate.n), rate.n)


def _lost(measured: Measured, scope: str) -> list[str]:
    by_variant = {name: losses(measured, scope, name) for name in measured.variants(scope)}
    lines: list[str] = []
    for kind in KINDS:
        much = {
            name: lost[kind.name]
            for name, lost in by_variant.items()
            if lost[kind.name].share > WARN_ABOVE
        }
        worst = sorted(much, key=lambda name: -much[name].share)
        if worst:
            told = [f"{one_line(v, 40)} {_percent(much[v])}" for v in worst]
            lines.append(f"{one_line(scope, 60)}: {kind.name}: {_first(told)}: {kind.advice}")
    return lines


def _letters(measured: Measured, scope: str) -> list[str]:
    """Say where letter distributions do not describe how the model answers."""
    told: list[str] = []
    for name in measured.variants(scope):
        texts, other, entropy = (
            measured.find(scope, name, metric)
            for metric in ("option_text_rate", "other_mass", "entropy")
        )
        there = entropy is not None and entropy.value is not None
        if there and is_off_format(texts, other):
            share = "n/a" if texts is None or texts.value is None else f"{100 * texts.value:.1f} %"
            mass = "n/a" if other is None or other.value is None else f"{other.value:.2f}"
            told.append(
                f"{one_line(name, 40)} ({share} of the answers are option text, other_mass {mass})"
            )
    if not told:
        return []
    return [
        f"{one_line(scope, 60)}: letters off-format: {_first(told)}: entropy, P(correct), "
        "calibration and AUROC there do not describe how the model decides"
    ]


def _fallbacks(measured: Measured, scope: str) -> list[str]:
    """Say how many injected texts were made of questions of no known form."""
    rates = measured.of_metric(scope, "fallback_rate")
    told = [
        f"{one_line(name, 40)} {round(one.value * one.n)} of {one.n}"
        for name, one in rates.items()
        if one.value
    ]
    if not told:
        return []
    return [
        f"{one_line(scope, 60)}: texts of no recognised form: {_first(told)}: their question could "
        "not be turned into a statement; read some (unswayed texts preview BENCHMARK)"
    ]


def is_off_format(option_text: Estimate | None, other_mass: Estimate | None) -> bool:
    """Say whether a variant's letter metrics are off-format: either measure is high."""
    if other_mass is not None and (other_mass.value or 0) > OTHER_MASS_ABOVE:
        return True
    return option_text is not None and (option_text.value or 0) > OPTION_TEXT_ABOVE


def _percent(loss: Loss) -> str:
    return f"{100 * loss.share:.1f} % ({loss.count} of {loss.of})"


def _first(told: Sequence[str]) -> str:
    """Join the first few, and say how many more there are."""
    more = len(told) - _NAMES_SHOWN
    return ", ".join(told[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
