"""A run's generations as a table: one row each, and what the metrics made of it.

What is right, swayed or consistent comes from the columns that every metric starts from
(`metrics.columns`), so that a mean over this table is the metric. Only what those columns do not
keep is read from the records beside them: the texts, the letters as they were shown, and why an
answer could not be read.
"""

# pandas comes without types, so what comes from it is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from unswayed.answers import AnswerRules
from unswayed.metrics import codes, robustness
from unswayed.metrics.columns import Columns
from unswayed.metrics.intervals import Floats, Ints
from unswayed.metrics.records import columns_of
from unswayed.results import frames, measured
from unswayed.results.row_columns import COLUMNS
from unswayed.run.folder import RunFolder
from unswayed.run.pairing import JudgedOutput
from unswayed.types import LETTERS, Generation, Letter, Variant, Verdict

if TYPE_CHECKING:
    from pandas import DataFrame


def frame(run: RunFolder) -> DataFrame:
    """Return a run's generations as a table, those of an unfinished run as far as they go.

    Raises:
        MissingExtra: pandas is not installed.
        RunError: the run's files are damaged or do not belong together.
        DataError: a record does not fit its variant.
    """
    frames.require()
    rules = measured.rules(run)
    records = _Records(rules)
    columns = columns_of(records.kept(run.joined()), run.failures, rules)
    cells = {**records.cells, **measured_cells(columns), **_letters(columns, records)}
    return frames.frame(COLUMNS, cells)


class _Records:
    """What is kept of the records beside the columns, row by row."""

    def __init__(self, rules: AnswerRules) -> None:
        self.rules = rules
        self.cells: dict[str, list[Any]] = {name: [] for name in _KEPT}
        self.shown: list[Mapping[Letter, Letter]] = []
        """Of each row: letter of the sample → letter as shown."""
        self.abstain: list[Letter | None] = []
        """Of each row: letter of the abstain option, if it was added."""

    def kept(self, rows: Iterable[JudgedOutput]) -> Iterator[JudgedOutput]:
        """Pass the rows on, and keep the texts of each."""
        for row in rows:
            cells = {
                **_shown(row[0]),
                **_output_cells(*row[:2], self.rules),
                **_judged(row[2]),
            }
            for name, column in self.cells.items():
                column.append(cells[name])
            self.shown.append({own: shown for shown, own in row[0].origin.items()})
            self.abstain.append(row[0].abstain)
            yield row


def _shown(variant: Variant) -> dict[str, Any]:
    sample = variant.sample
    choice = sample.answer_kind == "choice"
    return {
        "gold": variant.answer,
        "foil": variant.foil,
        "asserts": variant.asserts,
        "sample_gold": variant.origin.get(variant.answer) if choice else None,
        "sample_foil": variant.origin.get(variant.foil or "") if choice else None,
        "category": sample.category or None,
        "difficulty": sample.difficulty,
        "cluster": sample.cluster,
        "group": sample.group,
        "question": sample.question,
        "options": dict(variant.options),
        "prefill": variant.prefill or None,
        "caption": variant.caption,
        "draft": variant.draft,
        "id": variant.id,
    }


def _output_cells(variant: Variant, generation: Generation, rules: AnswerRules) -> dict[str, Any]:
    lost = generation.status in ("error", "refused")
    choice = variant.sample.answer_kind == "choice"
    parsed = (rules.read if choice else rules.value)(variant, generation)
    letters = None if lost else generation.letters
    return {
        "text": generation.text,
        "error": generation.error,
        "tokens": generation.tokens,
        "problem": None if lost else parsed.problem,
        "think": None if lost else parsed.think,
        "answer": None if lost else parsed.answer,
        "probabilities": None if letters is None else dict(letters.probabilities),
    }


def _judged(verdict: Verdict | None) -> dict[str, Any]:
    if verdict is None:
        return dict.fromkeys(("judge", "judge_concludes", "judge_reason", "votes"))
    return {
        "judge": verdict.judge,
        "judge_concludes": verdict.concludes,
        "judge_reason": verdict.reason or None,
        "votes": {vote.judge: vote.status for vote in verdict.votes} or None,
    }


def _letters(columns: Columns, records: _Records) -> dict[str, Sequence[Any]]:
    """Return the letters answered, in the letters of the sample and as they were shown."""
    choices = columns.kind == codes.KINDS.index("choice")
    own = [
        LETTERS[place] if choice and place >= 0 else None
        for place, choice in zip(columns.chosen.tolist(), choices.tolist(), strict=True)
    ]
    abstained = (columns.chosen == codes.ABSTAINED).tolist()
    shown = [
        abstain if abstains else letters.get(letter or "")
        for abstains, abstain, letter, letters in zip(
            abstained, records.abstain, own, records.shown, strict=True
        )
    ]
    return {"letter": shown, "sample_letter": own}


def measured_cells(columns: Columns) -> dict[str, Any]:
    """Return name → (n,) cells that every metric starts from; no record is read for them.

    Flags are masked where a row is in no figure, numbers NaN, texts None. The names are those of
    `row_columns.COLUMNS`.
    """
    there = columns.has_output()
    choices = columns.kind == codes.KINDS.index("choice")
    has_letters = columns.method >= 0
    sway, flip = _paired_cells(columns)
    return {
        "benchmark": _named(columns.benchmarks, columns.benchmark),
        "sample": columns.samples[columns.sample].tolist(),
        "variant": _named(columns.variants, columns.variant),
        "foil_index": columns.foil_index,
        "draw": columns.draw,
        "correct": np.ma.array(columns.correct, mask=~there),
        "sway": sway,
        "swayed": np.ma.array(sway == 1, mask=np.isnan(sway)),
        "flip": flip,
        "verdict": _named(codes.CONSISTENCY, columns.consistency),
        "quadrant": _quadrants(columns),
        "status": _named(codes.FINISH, columns.finish),
        "thoughts": _named(codes.THOUGHTS, columns.thoughts),
        "answer_kind": _named(codes.KINDS, columns.kind),
        "can_abstain": columns.can_abstain,
        "abstained": np.ma.array(columns.chosen == codes.ABSTAINED, mask=~there),
        "conflict": np.ma.array(columns.flagged("letter-text-conflict"), mask=~(there & choices)),
        "flags": [_flags(bits) for bits in columns.flags.tolist()],
        "letters_method": _named(codes.METHODS, columns.method),
        "forced": np.ma.array(columns.forced, mask=~has_letters),
        "bounded": np.ma.array(columns.bounded, mask=~has_letters),
        **{name: getattr(columns, name) for name in _NUMBERS},
        "iou": np.where(there, columns.iou, np.nan),
    }


def _paired_cells(columns: Columns) -> tuple[Floats, list[str | None]]:
    """Return what a row changes against its base row: its sway, and the name of its flip.

    The sway is −1, 0 or 1; NaN in base rows and where there is no foil or no pair.
    """
    base = columns.base_rows()
    not_base = np.array([name != codes.BASE for name in columns.variants], dtype=np.bool_)
    paired = np.flatnonzero(columns.has_output() & (base >= 0) & not_base[columns.variant])
    pairs = robustness.Pairs(columns.take(base[paired]), columns.take(paired))
    sway = np.full(len(columns), np.nan)
    sway[paired] = robustness.sway_values(pairs)
    flip: list[str | None] = [None] * len(columns)
    before, after = pairs.base.correct.tolist(), pairs.variant.correct.tolist()
    for row, change in zip(paired.tolist(), zip(before, after, strict=True), strict=True):
        flip[row] = _FLIPS[change]
    return sway, flip


def _quadrants(columns: Columns) -> list[str | None]:
    """Return the quadrant of each row that was judged either way (Zhao et al., 2602.12506)."""
    conflict = columns.flagged("letter-text-conflict").tolist()
    decided = columns.judged("consistent", "inconsistent").tolist()
    agrees, right = columns.judged("consistent").tolist(), columns.correct.tolist()
    names = {
        (True, True): "consistent_correct",
        (False, True): "inconsistent_correct",
        (True, False): "consistent_incorrect",
        (False, False): "inconsistent_incorrect",
    }
    rows = zip(decided, conflict, agrees, right, strict=True)
    return [
        None if not known else codes.CONFLICT if torn else names[agree, correct]
        for known, torn, agree, correct in rows
    ]


def _named(names: Sequence[str], codes: Ints) -> list[str | None]:
    places: list[int] = codes.tolist()
    return [names[place] if place >= 0 else None for place in places]


def _flags(bits: int) -> tuple[str, ...]:
    return tuple(name for name, bit in codes.FLAGS.items() if bits & bit)


_FLIPS = {
    (True, True): "none",
    (False, False): "none",
    (True, False): "right_wrong",
    (False, True): "wrong_right",
}
"""Right in base, right under the variant → the flip."""
_NUMBERS = (
    "entropy",
    "entropy_normalised",
    "p_correct",
    "p_foil",
    "p_top",
    "other_mass",
    "brier",
    "entropy_marginal",
    "p_correct_marginal",
)
"""Columns that are shown as they are; NaN without a letter distribution."""
_KEPT = (
    *("gold", "foil", "asserts", "sample_gold", "sample_foil"),
    *(
        "category",
        "difficulty",
        "cluster",
        "group",
        "question",
        "options",
        "prefill",
        "caption",
        "draft",
        "id",
    ),
    *("text", "error", "tokens", "problem", "think", "answer", "probabilities"),
    *("judge", "judge_concludes", "judge_reason", "votes"),
)
"""Columns that come from the records."""
