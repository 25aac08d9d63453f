"""A run's generations as rows: one each, and what the metrics made of it.

What is right, swayed or consistent comes from the columns that every metric starts from
(`metrics.columns`), so that a mean over these rows is the metric. Only what those columns do not
keep is read from the records beside them: the texts, the letters as they were shown, and why an
answer could not be read. The records are streamed: no more than some thousand of them are in
memory, whatever the size of the run.
"""

# pandas comes without types.
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from unswayed.answers import AnswerRules
from unswayed.errors import RunError
from unswayed.metrics import codes, robustness
from unswayed.metrics.arrays import Floats, Ints
from unswayed.metrics.columns import Columns
from unswayed.pipeline.metrics import columns_of_run
from unswayed.pipeline.settings import settings_of
from unswayed.results import frames, measured
from unswayed.results.row_columns import COLUMNS
from unswayed.run.folder import RunFolder
from unswayed.run.pairing import JudgedOutput
from unswayed.types import LETTERS, Generation, Variant, Verdict

if TYPE_CHECKING:
    from pandas import DataFrame

RowChunk = Mapping[str, Sequence[Any]]
"""Name of each of `COLUMNS` → its cells, row by row; None where one is missing."""
CHUNK = 2048
"""Rows that are in memory at a time."""


def frame(run: RunFolder) -> DataFrame:
    """Return a run's generations as a table, those of an unfinished run as far as they go.

    Raises:
        MissingExtra: pandas is not installed.
        RunError: the run's files are damaged or do not belong together.
        DataError: a record does not fit its variant.
    """
    frames.require()
    cells: dict[str, list[Any]] = {one.name: [] for one in COLUMNS}
    for chunk in chunks(run):
        for name, column in cells.items():
            column.extend(chunk[name])
    return frames.frame(COLUMNS, cells)


def chunks(run: RunFolder, size: int = CHUNK) -> Iterator[RowChunk]:
    """Yield a run's generations, some rows at a time, those of an unfinished run as far as they go.

    Args:
        run: the run; one without a generation yields nothing.
        size: rows of a chunk, at least 1; the last one may have fewer.

    Raises:
        RunError: the run's files are damaged or do not belong together.
        DataError: a record does not fit its variant.
    """
    if next(iter(run.generations), None) is None:
        return
    rules = measured.rules(run)
    reading = {"on_conflict": rules.on_conflict, "tolerance": rules.tolerance}
    columns = columns_of_run(run, settings_of(run).model_copy(update=reading))
    sway, flip = _paired_cells(columns)
    start, records = 0, run.joined()
    while outputs := list(islice(records, size)):
        rows = slice(start, min(start + len(outputs), len(columns)))
        part = columns.take(np.arange(rows.start, rows.stop))
        own = _own_cells(part, sway[rows], flip[rows])
        yield _chunk(part, own, outputs[: len(part)], rules)
        start = rows.stop


def each_row(run: RunFolder) -> Iterator[Mapping[str, Any]]:
    """Yield the row of each generation, name of each of `COLUMNS` → cell; see `chunks`."""
    names = [one.name for one in COLUMNS]
    for chunk in chunks(run):
        for row in zip(*(chunk[name] for name in names), strict=True):
            yield dict(zip(names, row, strict=True))


def _chunk(
    columns: Columns, own: Mapping[str, Any], outputs: Sequence[JudgedOutput], rules: AnswerRules
) -> RowChunk:
    """Return the cells of some rows: what was measured of each, and its texts."""
    variants = [variant for variant, *_ in outputs]
    if [variant.sample.id for variant in variants] != own["sample"]:
        raise RunError("the records changed while they were read; run it again")
    texts = [
        {**_shown(variant), **_output_cells(variant, generation, rules), **_judged(verdict)}
        for variant, generation, verdict in outputs
    ]
    kept = {name: [row[name] for row in texts] for name in _KEPT}
    listed = {name: _listed(cells) for name, cells in own.items()}
    return {**kept, **listed, **_letters(columns, variants)}


def _listed(cells: Any) -> Sequence[Any]:
    """Return cells as a list, None where one is masked or NaN."""
    if not isinstance(cells, np.ndarray):
        return cells
    values: list[Any] = cells.tolist()
    return [None if value != value else value for value in values]


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


def _letters(columns: Columns, variants: Sequence[Variant]) -> RowChunk:
    """Return the letters answered, in the letters of the sample and as they were shown."""
    choices = columns.kind == codes.KINDS.index("choice")
    own = [
        LETTERS[place] if choice and place >= 0 else None
        for place, choice in zip(columns.chosen.tolist(), choices.tolist(), strict=True)
    ]
    abstained = (columns.chosen == codes.ABSTAINED).tolist()
    shown = [
        variant.abstain
        if abstains
        else next((shown for shown, mine in variant.origin.items() if mine == letter), None)
        for abstains, variant, letter in zip(abstained, variants, own, strict=True)
    ]
    return {"letter": shown, "sample_letter": own}


def measured_cells(columns: Columns) -> dict[str, Any]:
    """Return name → (n,) cells that every metric starts from; no record is read for them.

    Flags are masked where a row is in no figure, numbers NaN, texts None. The names are those of
    `row_columns.COLUMNS`.
    """
    return _own_cells(columns, *_paired_cells(columns))


def _own_cells(columns: Columns, sway: Floats, flip: Sequence[str | None]) -> dict[str, Any]:
    """Return the cells of some rows, whose base rows need not be among them; see above."""
    there = columns.has_output()
    choices = columns.kind == codes.KINDS.index("choice")
    has_letters = columns.method >= 0
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
    *("gold", "foil", "asserts", "sample_gold", "sample_foil", "category", "difficulty"),
    *("cluster", "group", "question", "options", "prefill", "caption", "draft", "id"),
    *("text", "error", "tokens", "problem", "think", "answer", "probabilities"),
    *("judge", "judge_concludes", "judge_reason", "votes"),
)
"""Columns that come from the records."""
