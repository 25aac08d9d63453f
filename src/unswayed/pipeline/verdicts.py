"""The stage `verdicts`: whether thought and answer agree, as the judge says of every generation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from tqdm import tqdm

from unswayed import progress
from unswayed.answers import AnswerRules, ParsedAnswer
from unswayed.judges import Judge, JudgeCase, batch_size, case_of, described
from unswayed.pipeline.batches import batches, other_records
from unswayed.pipeline.rules import rules_of
from unswayed.pipeline.settings import Settings
from unswayed.run.folder import RunFolder
from unswayed.types import Generation, Variant, Verdict

WRITE_EVERY = 64
"""Verdicts per write, where writing one by one would wait on the disk each time."""


def judge(run: RunFolder, judge: Judge, settings: Settings) -> None:
    """Write `verdicts.jsonl`; verdicts of another judge are set aside, not lost.

    A verdict does not depend on which cases are asked together, so a resumed run asks only for
    those that are missing: they may cost money. Verdicts are written as they come, also those that
    came before an error.

    Raises:
        RunError: the run holds no generation yet.
        StageError: the judge did not return a verdict for each case.
    """
    first = next(iter(run.verdicts), None)
    if first and (first.judge, first.prompt_hash) != (judge.name, judge.prompt_hash):
        run.set_aside_verdicts()
    if run.complete("verdicts") and run.complete("generations"):
        return
    done, total = run.verdicts.repair(), run.generations.repair()
    if total == 0:
        raise run.no_generations()
    run.add_to_description("judge", described(judge))
    rules = rules_of(run, settings)
    with progress.bar("judge", total, done=done) as bar:
        for _, batch in batches(islice(run.outputs(), done, None), batch_size(judge)):
            _write_verdicts(run, _verdicts(batch, judge, rules), bar)
    run.mark_complete("verdicts", complete=run.complete("generations"))


def _write_verdicts(run: RunFolder, verdicts: Iterator[Verdict], bar: tqdm[Any]) -> None:
    """Write verdicts as they come; what came before an error is written too."""
    pending: list[Verdict] = []
    try:
        for verdict in verdicts:
            pending.append(verdict)
            if len(pending) >= WRITE_EVERY:
                full, pending = pending, []
                run.verdicts.append(full)
                bar.update(len(full))
    finally:
        run.verdicts.append(pending)
        bar.update(len(pending))


def _verdicts(
    pairs: Sequence[tuple[Variant, Generation]], judge: Judge, rules: AnswerRules
) -> Iterator[Verdict]:
    """Yield a verdict a pair, in order; the judge is asked where there is something to judge."""
    items = [_case(variant, generation, judge, rules) for variant, generation in pairs]
    cases = [case for case in items if isinstance(case, JudgeCase)]
    verdicts = iter(judge.judge(cases))
    for (variant, generation), case in zip(pairs, items, strict=True):
        verdict = case if isinstance(case, Verdict) else next(verdicts, None)
        if verdict is None or verdict.id != case.id:
            raise other_records(f"the judge {judge.name}", len(cases))
        if generation.draw:
            verdict = verdict.model_copy(update={"id": variant.id, "draw": generation.draw})
        yield verdict
    if next(verdicts, None) is not None:
        raise other_records(f"the judge {judge.name}", len(cases))


def case_of_output(
    variant: Variant, generation: Generation, reading: ParsedAnswer
) -> JudgeCase | Verdict:
    """Return what a judge is asked about an output, or an unsigned verdict where there is nothing.

    Outputs of one prompt are cases of their own, so a judge may go by their ids.

    Args:
        variant: what was shown.
        generation: what was written.
        reading: its thought and answer.
    """
    id = f"{variant.id}#{generation.draw}" if generation.draw else variant.id
    kind = variant.sample.answer_kind
    reason = _unjudged(generation)
    if kind != "choice":
        reason = reason or f"judges compare options, and the question asks for a {kind}"
    if reason:
        return Verdict(id=id, judge="", status="skipped", reason=reason)
    return case_of(id, variant.sample.question, variant.options, reading)


def _case(
    variant: Variant, generation: Generation, judge: Judge, rules: AnswerRules
) -> JudgeCase | Verdict:
    """Return what the judge is asked, or a signed verdict where there is nothing to ask."""
    case = case_of_output(variant, generation, rules.read(variant, generation))
    if isinstance(case, JudgeCase):
        return case
    return case.model_copy(update={"judge": judge.name, "prompt_hash": judge.prompt_hash})


def _unjudged(generation: Generation) -> str:
    """Say why a generation is not for any judge; empty if it is."""
    if generation.status == "error":
        return "the generation failed"
    if generation.status == "refused":
        return "the model refused"
    return "the model hides its reasoning" if generation.thoughts == "hidden" else ""
