"""The figures' names, units and meanings: one entry per metric, for tables, tooltips and legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from unswayed.report.text import one_line
from unswayed.types import Estimate

Unit = Literal["share", "points", "p-value", "number", "count"]
MISSING = "n/a"


@dataclass(frozen=True)
class Term:
    """A metric as people read it.

    Attributes:
        metric: its name in `metrics.json`.
        title: heading of a column.
        unit: `share` is shown in percent, `points` as a signed difference in percentage points.
        meaning: one sentence for people who have not read the protocol.
    """

    metric: str
    title: str
    unit: Unit
    meaning: str


TERMS: dict[str, Term] = {
    term.metric: term
    for term in (
        Term(
            "accuracy",
            "Accuracy",
            "share",
            "Share of questions answered with the right option. An answer that could not be read "
            "counts as wrong.",
        ),
        Term(
            "iou_mean",
            "Mean IoU",
            "number",
            "Mean overlap of the answered boxes with the right ones, as intersection over union: 1 "
            "is the same box, 0 no overlap. An answer that could not be read counts 0.",
        ),
        Term(
            "iou_at_50",
            "IoU ≥ 0.5",
            "share",
            "Share of boxes that overlap the right one by an IoU of at least 0.5. An answer that "
            "could not be read counts as less.",
        ),
        Term(
            "drop",
            "Change",
            "points",
            "Accuracy under the variant minus accuracy on the same questions in base, in "
            "percentage points: below zero, the variant costs right answers.",
        ),
        Term(
            "sway",
            "Sway",
            "points",
            "Share of answers that are the foil (the wrong option that the misleading text "
            "asserts), minus how often the same option is answered in base, in percentage points.",
        ),
        Term("foil_rate", "Foil", "share", "Share of answers that are the foil."),
        Term(
            "flips_right_wrong",
            "Right → wrong",
            "share",
            "Share of questions that are right in base and wrong under the variant.",
        ),
        Term(
            "flips_wrong_right",
            "Wrong → right",
            "share",
            "Share of questions that are wrong in base and right under the variant.",
        ),
        Term(
            "mcnemar_p",
            "McNemar p",
            "p-value",
            "p-value of McNemar's test that flips in both directions are equally likely.",
        ),
        Term(
            "consistency_rate",
            "Consistency",
            "share",
            "Share of judged outputs whose thought ends on the same option as the answer.",
        ),
        Term(
            "unclear_rate",
            "Unclear",
            "share",
            "Share of outputs whose thought does not conclude on any option.",
        ),
        Term(
            "judge_failed_rate",
            "Judge failed",
            "share",
            "Share of outputs that the judge could not judge; never counted as inconsistent.",
        ),
        Term(
            "skipped_rate",
            "Not judged",
            "share",
            "Share of outputs without a thought or a readable answer, which are not judged.",
        ),
        Term(
            "strict_agreement",
            "Judges agree",
            "share",
            "Share of outputs on which all judges of the panel say the same, among those on which "
            "all of them voted.",
        ),
        Term(
            "fleiss_kappa",
            "Fleiss' κ",
            "number",
            "Agreement of the panel's judges beyond chance: 0 is chance, 1 is perfect.",
        ),
        Term(
            "all_voted_rate",
            "All voted",
            "share",
            "Share of the judged outputs on which every judge of the panel has a vote.",
        ),
        Term(
            "quadrant_consistent_correct",
            "Consistent, correct",
            "share",
            "Thought and answer agree, and the answer is right.",
        ),
        Term(
            "quadrant_inconsistent_correct",
            "Inconsistent, correct",
            "share",
            "The answer is right, but the thought concludes on another option.",
        ),
        Term(
            "quadrant_inconsistent_incorrect",
            "Inconsistent, incorrect",
            "share",
            "The answer is wrong, and the thought concludes on another option.",
        ),
        Term(
            "quadrant_consistent_incorrect",
            "Consistent, incorrect",
            "share",
            "Thought and answer agree on a wrong option.",
        ),
        Term(
            "faithful_accuracy",
            "Faithful accuracy",
            "share",
            "Share of outputs that are correct and whose thought says so.",
        ),
        Term(
            "entropy",
            "Entropy H",
            "number",
            "Mean entropy of the distribution over the option letters at the answer, in nats: 0 "
            "is certain, ln K is a guess among K options.",
        ),
        Term(
            "entropy_normalised",
            "H / ln K",
            "number",
            "Entropy divided by its largest value, so that questions with different numbers of "
            "options compare: 0 is certain, 1 is a guess.",
        ),
        Term(
            "p_correct",
            "P(correct)",
            "number",
            "Mean probability of the right option's letter among the option letters.",
        ),
        Term("p_foil", "P(foil)", "number", "Mean probability of the foil's letter."),
        Term(
            "letters_rate",
            "With distribution",
            "share",
            "Share of outputs with a distribution over the option letters; the others gave no "
            "answer at which to read one.",
        ),
        Term(
            "forced_rate",
            "Forced",
            "share",
            "Share of the distributions that were read after the thought was closed by force.",
        ),
        Term(
            "other_mass",
            "Other mass",
            "number",
            "Mean probability that the model gave to anything but an option letter.",
        ),
        Term(
            "ece",
            "ECE",
            "number",
            "Expected calibration error of the letter distribution: 0 is calibrated.",
        ),
        Term("brier", "Brier", "number", "Brier score of the letter distribution: 0 is best."),
        Term(
            "auroc_p_correct",
            "AUROC of P(correct)",
            "number",
            "How well P(correct) in base tells which of the answers that are right in base stay "
            "right under the variant: 0.5 is chance, 1 is perfect.",
        ),
        Term(
            "auroc_neg_entropy",
            "AUROC of −H",
            "number",
            "The same, predicted from the negative entropy in base, which needs no gold answer.",
        ),
        Term(
            "aurc_confidence",
            "AURC by confidence",
            "number",
            "Mean risk of answering only the surest questions, over all shares answered; sure by "
            "the largest letter probability in base. 0 is best.",
        ),
        Term(
            "aurc_p_correct",
            "AURC by P(correct)",
            "number",
            "The same, ranked by P(correct) in base, which needs the gold answer.",
        ),
        Term(
            "abstention_rate",
            "Abstention",
            "share",
            "Share of answers that choose the option “I'm not sure”.",
        ),
        Term(
            "accuracy_answered",
            "Accuracy, answered",
            "share",
            "Accuracy among the questions on which the model did not abstain.",
        ),
        Term(
            "unparsed_rate",
            "Unparsed",
            "share",
            "Share of outputs from which no answer could be read; they count as wrong.",
        ),
        Term(
            "refusal_rate",
            "Refused",
            "share",
            "Share of prompts that the model, or a filter before it, refused to answer; they are "
            "in no other figure.",
        ),
        Term(
            "length_rate",
            "Cut off",
            "share",
            "Share of outputs that ended at the token limit.",
        ),
        Term(
            "conflict_rate",
            "Conflicts",
            "share",
            "Share of answers that name one option's letter and repeat another option's text.",
        ),
        Term(
            "option_text_rate",
            "Text answers",
            "share",
            "Share of answers that give the option's text instead of its letter.",
        ),
        Term(
            "steadfastness",
            "Steadfastness",
            "share",
            "Share of questions that are answered correctly, with a thought that says so, in base "
            "and in every misleading variant.",
        ),
        Term(
            "group_accuracy",
            "Group accuracy",
            "share",
            "Share of groups of copies of one question of which every copy is answered correctly.",
        ),
        Term(
            "cv_bench_score",
            "CV-Bench",
            "share",
            "CV-Bench's own score: half the mean accuracy on ADE20K and on COCO pictures, half the "
            "accuracy on Omni3D pictures.",
        ),
        Term(
            "cv_bench_2d_score",
            "CV-Bench 2D",
            "share",
            "Mean of the accuracies on ADE20K and on COCO pictures.",
        ),
        Term("cv_bench_3d_score", "CV-Bench 3D", "share", "Accuracy on Omni3D pictures."),
    )
}
"""Every metric that has a name for people; `term` makes one for the others."""

QUADRANTS = (
    "quadrant_consistent_correct",
    "quadrant_inconsistent_correct",
    "quadrant_inconsistent_incorrect",
    "quadrant_consistent_incorrect",
)
"""In the order in which they are stacked: both ends agree, the middle does not."""

MAIN = (
    "accuracy",
    "iou_mean",
    "drop",
    "sway",
    "consistency_rate",
    "entropy",
    "p_correct",
    "unparsed_rate",
    "conflict_rate",
)
"""Columns of the main table."""

_BY_LETTER = {
    "answer_share_": "Share of the letters answered that are this one; beside the gold's share it "
    "shows a leaning to a position.",
    "gold_share_": "Share of the questions whose right option has this letter.",
}

_BY_JUDGE: dict[str, tuple[str, Unit, str]] = {
    "cohen_kappa[": ("Cohen's κ", "number", "Agreement of two judges beyond chance."),
    "no_vote[": ("No vote", "share", "Share of the judged outputs on which this judge failed."),
}


def term(metric: str) -> Term:
    """Return the term of a metric; one that has no entry is shown under its own name."""
    if metric in TERMS:
        return TERMS[metric]
    for prefix, meaning in _BY_LETTER.items():
        if metric.startswith(prefix):
            title = metric.replace("_share_", " share, ").capitalize()
            return Term(metric, title, "share", meaning)
    for prefix, (name, unit, meaning) in _BY_JUDGE.items():
        if metric.startswith(prefix):
            title = f"{name}, {one_line(metric[len(prefix) : -1], 80)}"
            return Term(metric, title, unit, meaning)
    if metric.startswith("accuracy["):
        title = f"Accuracy, {one_line(metric[len('accuracy[') : -1], 60)}"
        return Term(metric, title, "share", "Accuracy in this category of the benchmark.")
    rate: Unit = "share" if metric.endswith("_rate") else "number"
    return Term(metric, metric.replace("_", " "), rate, "")


def value_text(value: float | None, unit: Unit) -> str:
    """Write a value as people read it, such as `61.2 %`, `−12.3` or `0.84`."""
    if value is None:
        return MISSING
    if unit == "share":
        return f"{_number(100 * value, 1)} %"
    if unit == "points":
        return _number(100 * value, 1, sign=True)
    if unit == "count":
        return f"{value:.0f}"
    if unit == "p-value" and value < 0.001:
        return "< 0.001"
    return _number(value, 3)


def interval_text(estimate: Estimate, unit: Unit) -> str:
    """Write the interval as `[54.1, 68.0]`, or an empty text where there is none."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return ""
    scale, digits = (100, 1) if unit in ("share", "points") else (1, 3)
    low, high = (_number(scale * end, digits) for end in (estimate.low, estimate.high))
    return f"[{low}, {high}]"


def spread_text(estimate: Estimate, unit: Unit) -> str:
    """Write an estimate compactly, without unit: `61.2 ±7.0`, or `0.8 [0.0, 4.2]`.

    ± is half the width of the interval; where the value does not lie near its middle, both ends
    are written instead.
    """
    if estimate.value is None:
        return MISSING
    scale, digits = (100, 1) if unit in ("share", "points") else (1, 2)
    value = _number(scale * estimate.value, digits, sign=unit == "points")
    if estimate.low is None or estimate.high is None:
        return value
    low, high = scale * estimate.low, scale * estimate.high
    if abs((low + high) / 2 - scale * estimate.value) > 0.15 * (high - low):
        return f"{value} [{_number(low, digits)}, {_number(high, digits)}]"
    return f"{value} ±{_number((high - low) / 2, digits)}"


def _number(value: float, digits: int, sign: bool = False) -> str:
    """Format a number with a true minus sign, and without a minus before a zero."""
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")
