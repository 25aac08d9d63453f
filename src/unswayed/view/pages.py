"""What the pages show: lists, one output with all that belongs to it, labels. Values, no HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from unswayed.judges.agreement.labels import NO_LETTER
from unswayed.report.cards import VariantCard, option_lines, split_output, variant_card
from unswayed.report.outputs import ANSWER_CLASSES, ScoredOutput
from unswayed.report.text import Passage, passage
from unswayed.types import Verdict
from unswayed.view.filters import Filter
from unswayed.view.form import form
from unswayed.view.labels import LabelRow, ReaderLabels, case_to_label, label_id
from unswayed.view.lines import OutputKey, OutputLine
from unswayed.view.prompt import recorded_profile, turns
from unswayed.view.runs import PAGE, ViewedRun

LONGEST_SHOWN = 200_000
"""Characters of one text on a page; the whole of it is a link away."""


@dataclass(frozen=True)
class Judged:
    """What one judge says; `member` if it is one of a panel."""

    judge: str
    status: str
    concludes: str
    reason: str
    acknowledges: bool | None
    member: bool = False


@dataclass(frozen=True)
class Sibling:
    """Another output of the same sample, as a card and as an address."""

    line: OutputLine
    card: VariantCard
    url: str
    chosen: bool


@dataclass(frozen=True)
class Beside:
    """The same question in another run; `card` is None if the run has no such output."""

    run: ViewedRun
    lines: dict[OutputKey, OutputLine]
    card: VariantCard | None
    line: OutputLine | None
    url: str
    same_shown: bool


def list_address(run: ViewedRun, chosen: Filter, page: int = 1) -> str:
    """Return the address of a page of a list."""
    query = chosen.query(**({"page": page} if page > 1 else {}))
    return f"/r/{run.name}" + (f"?{query}" if query else "")


def output_address(
    run: ViewedRun, key: OutputKey, chosen: Filter | None = None, at: int | None = None
) -> str:
    """Return the address of an output; with its place in a list, if it comes from one."""
    if chosen is None or at is None:
        return f"/r/{run.name}/output?{urlencode(key.query(), errors='backslashreplace')}"
    return f"/r/{run.name}/output?{chosen.query(**key.query(), at=at)}"


def list_page(run: ViewedRun, chosen: Filter, page: int) -> dict[str, Any]:
    """Return a page of a run's list.

    Args:
        run: the run.
        chosen: what is listed.
        page: which page, from 1; one behind the last shows the last.
    """
    total = run.count(chosen)
    pages = max(1, math.ceil(total / PAGE))
    page = min(max(page, 1), pages)
    start = (page - 1) * PAGE
    lines = run.listed(chosen, start)
    rows = [(one, output_address(run, one.key, chosen, start + i)) for i, one in enumerate(lines)]
    return {
        "run": run,
        "chosen": chosen,
        "choices": form(run, chosen),
        "rows": rows,
        "total": total,
        "first": start + 1,
        "page": page,
        "pages": pages,
        "before": list_address(run, chosen, page - 1) if page > 1 else None,
        "behind": list_address(run, chosen, page + 1) if page < pages else None,
        "here": list_address(run, chosen, page),
        "outcomes": ANSWER_CLASSES,
        "label": f"/r/{run.name}/label?{chosen.query()}",
    }


def output_page(
    run: ViewedRun, key: OutputKey, chosen: Filter, at: int | None, others: Sequence[ViewedRun]
) -> dict[str, Any]:
    """Return one output with its prompt, its judges, its sample's other outputs, and other runs.

    Args:
        run: the run.
        key: which output.
        chosen: the list that it is looked at from.
        at: its place in that list; None if it comes from nowhere.
        others: further runs that are open.

    Raises:
        UnknownName: the run has no such output.
        RunError: the files are not those that were indexed.
    """
    line = run.find(key)
    output = run.output(line)
    lines = run.of_sample(key.sample)
    profile = recorded_profile(run.run)
    thought, answer = split_output(output)
    siblings = _siblings(run, line, lines, (chosen, at))
    return {
        "run": run,
        "line": line,
        "card": variant_card(output, output),
        "options": option_lines(output),
        "question": passage(output.variant.sample.question, LONGEST_SHOWN, LONGEST_SHOWN),
        "prompt": () if profile is None else turns(output.variant, profile, run.rules.style),
        "profile": profile,
        "replayed": run.recorded,
        "thought": passage(thought, LONGEST_SHOWN, LONGEST_SHOWN),
        "prefill": passage(output.variant.prefill, LONGEST_SHOWN, LONGEST_SHOWN),
        "answer": passage(answer, LONGEST_SHOWN, LONGEST_SHOWN),
        "judges": _judges(output, run.earlier_verdicts(line.row)),
        "pictures": [image.path for image in output.variant.sample.images],
        "siblings": siblings,
        "draws": _draws(run, line, lines),
        "besides": [_beside(one, line) for one in others],
        "raw": f"/r/{run.name}/text?{urlencode(key.query(), errors='backslashreplace')}",
        "label": f"/r/{run.name}/label?{urlencode(key.query(), errors='backslashreplace')}",
        "outcomes": ANSWER_CLASSES,
        "chosen": chosen,
        **_neighbours(run, line, chosen, at),
    }


def _neighbours(run: ViewedRun, line: OutputLine, chosen: Filter, at: int | None) -> dict[str, Any]:
    """Return the addresses of the list, and of the outputs before and behind in it."""
    back = list_address(run, chosen, 1 + (at or 0) // PAGE)
    nowhere = {"back": back, "before": None, "behind": None, "place": None, "total": None}
    if at is None:
        return nowhere
    start = max(at - 1, 0)
    around = {start + i: one for i, one in enumerate(run.listed(chosen, start, 3))}
    if at not in around or around[at].key != line.key:  # an address of other data
        return nowhere
    urls = {
        name: output_address(run, around[place].key, chosen, place) if place in around else None
        for name, place in (("before", at - 1), ("behind", at + 1))
    }
    return {"back": back, **urls, "place": at + 1, "total": run.count(chosen)}


def _siblings(
    run: ViewedRun, line: OutputLine, lines: Sequence[OutputLine], where: tuple[Filter, int | None]
) -> list[Sibling]:
    """Return the sample's outputs of the same draw, under every variant and foil."""
    same = [one for one in lines if one.key.draw == line.key.draw]
    outputs = [run.output(one) for one in same]
    return [
        Sibling(
            one,
            variant_card(output, outputs[0]),
            output_address(run, one.key, *where) if one == line else output_address(run, one.key),
            one == line,
        )
        for one, output in zip(same, outputs, strict=True)
    ]


def _draws(
    run: ViewedRun, line: OutputLine, lines: Sequence[OutputLine]
) -> list[tuple[OutputLine, str]]:
    """Return all outputs of the same prompt with their addresses; none if there is only one."""
    key = line.key
    same = [one for one in lines if (one.key.variant, one.key.foil) == (key.variant, key.foil)]
    return [(one, output_address(run, one.key)) for one in same] if len(same) > 1 else []


def _beside(other: ViewedRun, line: OutputLine) -> Beside:
    lines = {one.key: one for one in other.of_sample(line.key.sample)}
    same = lines.get(line.key)
    output = None if same is None else other.output(same)
    return Beside(
        run=other,
        lines=lines,
        card=None if output is None else variant_card(output, output),
        line=same,
        url=output_address(other, line.key),
        same_shown=same is not None and same.shown == line.shown,
    )


def _judges(output: ScoredOutput, earlier: Sequence[Verdict]) -> list[Judged]:
    verdicts = ([output.verdict] if output.verdict else []) + list(earlier)
    judged: list[Judged] = []
    for verdict in verdicts:
        judged.append(_judged(verdict.judge, verdict))
        judged += [_judged(vote.judge, vote, member=True) for vote in verdict.votes]
    return judged


def _judged(judge: str, said: Any, member: bool = False) -> Judged:
    """Return a verdict or a vote as it is shown."""
    return Judged(judge, said.status, said.concludes or "", said.reason, said.acknowledges, member)


def label_page(
    run: ViewedRun,
    line: OutputLine | None,
    reader: ReaderLabels,
    chosen: Filter,
    queue: tuple[int, int],
) -> dict[str, Any]:
    """Return what a reader is asked: what a judge sees, and neither picture nor gold nor verdict.

    Args:
        run: the run.
        line: the output to be labelled; None if nothing is left.
        reader: who labels.
        chosen: the list that is labelled.
        queue: outputs of it that are labelled, and all that can be.
    """
    shared: dict[str, Any] = {
        "run": run,
        "reader": reader.reader,
        "chosen": chosen,
        "done": queue[0],
        "total": queue[1],
        "back": list_address(run, chosen),
        "path": str(reader.path),
    }
    if line is None:
        return {**shared, "case": None}
    output = run.output(line)
    case = case_to_label(output)
    before: LabelRow | None = reader.latest.get(label_id(output))
    return {
        **shared,
        "line": line,
        "case": case,
        "think": passage(case.think, LONGEST_SHOWN, LONGEST_SHOWN) if case else Passage(),
        "answer": passage(case.answer, LONGEST_SHOWN, LONGEST_SHOWN) if case else Passage(),
        "before": before,
        "conclusions": (*case.options, *NO_LETTER) if case else (),
        "fields": {**line.key.query(), **chosen.values()},
        "skip": f"/r/{run.name}/label?{chosen.query(after=line.row)}",
    }
