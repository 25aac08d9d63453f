"""A sample with all its variants as plain text, for a terminal.

Injected text stands in marks, ``⟦ ⟧``, that are there with and without colour. Text of models and
data cannot steer the terminal: its control characters are written out.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

from unswayed.answers import AnswerRules
from unswayed.errors import UnknownName
from unswayed.report.folding import folded
from unswayed.report.outputs import ANSWER_CLASSES, ScoredOutput, by_sample, score
from unswayed.report.text import one_line, visible
from unswayed.results import measured as figures_file
from unswayed.run.folder import RunFolder
from unswayed.types import Letter

_INCONSISTENT = "≠"
_NAMES_SHOWN = 10


def show_sample(
    run: RunFolder, sample_id: str | None = None, width: int | None = None
) -> Iterator[str]:
    """Yield lines that show one sample with all its variants, or that list the samples.

    Args:
        run: a run with generations.
        sample_id: the sample; None lists every sample with a mark for each variant.
        width: columns that lines are folded to; None folds none. Ids of samples and paths of
            pictures stay whole, so that they can be copied.

    Raises:
        UnknownName: the run has no such sample; the message offers near matches.
        RunError: the run's files do not belong together.
    """
    rules = figures_file.rules(run)
    if sample_id is None:
        yield from _listing(run, rules, width)
        return
    outputs = _outputs_of(run, sample_id, rules)
    sample = outputs[0].variant.sample
    yield click.style(one_line(sample.id), bold=True)
    for image in sample.images:
        yield f"picture: {_place(run, image.path)}"
    yield from _folded(_question(outputs[0]), width)
    for one in outputs:
        yield ""
        yield from _folded(_variant(one), width)


def _folded(lines: Iterable[str], width: int | None) -> Iterator[str]:
    """Fold lines; what goes on below an option is indented as far as its text."""
    for line in lines:
        indent = " " * 5 if line.startswith("  ") else ""
        yield from [line] if width is None else folded(line, width, indent)


def _place(run: RunFolder, path: str | None) -> str:
    """Return where a picture lies, as a path that can be opened from here."""
    return visible(str(run.folder / path)) if path else "none"


def _listing(run: RunFolder, rules: AnswerRules, width: int | None) -> Iterator[str]:
    legend = "  ".join(f"{mark} {words}" for mark, words in ANSWER_CLASSES.values())
    yield from _folded([f"{legend}  {_INCONSISTENT} thought and answer differ"], width)
    before: list[str] = []
    for outputs in by_sample(run, rules):
        labels = [one_line(one.label, 60) for one in outputs]
        if labels != before:
            before = labels
            yield from _folded([f"variants, from left to right: {', '.join(labels)}"], width)
        marks = " ".join(_mark(one) for one in outputs)
        yield f"{marks}  {one_line(outputs[0].variant.sample.id)}"


def _mark(output: ScoredOutput) -> str:
    return ANSWER_CLASSES[output.outcome].mark + (_INCONSISTENT if output.inconsistent else " ")


def _outputs_of(run: RunFolder, sample_id: str, rules: AnswerRules) -> list[ScoredOutput]:
    """Return the sample's outputs; those of other samples are not parsed."""
    names: dict[str, None] = {}
    samples = itertools.groupby(run.joined(), key=lambda records: records[0].sample.id)
    for name, records in samples:
        if name == sample_id:
            return [score(*one, rules) for one in records]
        names[name] = None
    raise UnknownName("sample", sample_id, _nearest(sample_id, list(names)))


def _nearest(wanted: str, names: Sequence[str]) -> list[str]:
    """Return names for the error's message: the near ones, or the first few of many."""
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    more = [f"… and {len(names) - _NAMES_SHOWN} more"] if len(names) > _NAMES_SHOWN else []
    return near or [*names[:_NAMES_SHOWN], *more]


def _question(output: ScoredOutput) -> Iterator[str]:
    yield visible(output.variant.sample.question)
    yield from _options(output.variant.options, output)
    if not output.variant.options:
        yield f"  right: {one_line(output.variant.answer)}"
        if output.variant.foil is not None:
            yield f"  foil: {one_line(output.variant.foil)}"


def _options(options: Mapping[Letter, str], output: ScoredOutput) -> Iterator[str]:
    for letter, text in options.items():
        role = {output.variant.foil: "  ← foil", output.variant.answer: "  ← right"}.get(letter, "")
        yield f"  {letter}. {one_line(text)}{role}"


def _variant(output: ScoredOutput) -> Iterator[str]:
    shown, generation = output.variant, output.generation
    yield click.style(f"── {one_line(output.label, 60)}", bold=True) + f"  {_outcome(output)}"
    if shown.options != shown.sample.options:
        yield from _options(shown.options, output)
    if shown.caption:
        yield f"caption: {_injected(shown.caption)}"
    if shown.draft:
        yield f"draft in the user's turn: {_injected(shown.draft)}"
    if generation.error:
        lost = output.outcome in ("failed", "refused")
        label = ANSWER_CLASSES[output.outcome].words if lost else "remark"
        yield f"{label}: {one_line(generation.error, 500)}"
    start = _injected(shown.prefill) if shown.prefill else ""
    if start or generation.text:
        yield start + visible(generation.text)
    yield from _after(output)


def _after(output: ScoredOutput) -> Iterator[str]:
    """Yield the letter distribution, the verdict and the flags of the answer."""
    letters, verdict = output.generation.letters, output.verdict
    if letters is not None:
        shares = "  ".join(f"{k} {p:.3f}" for k, p in letters.probabilities.items())
        yield f"letters: {shares}{'  (forced)' if letters.forced else ''}"
    if verdict is not None:
        concludes = f", the thought concludes on {verdict.concludes}" if verdict.concludes else ""
        reason = f": {one_line(verdict.reason, 500)}" if verdict.reason else ""
        yield f"verdict: {verdict.status}{concludes}{reason}"
    if output.parsed.flags:
        yield f"flags: {', '.join(sorted(output.parsed.flags))}"


def _outcome(output: ScoredOutput) -> str:
    answer = f"{one_line(output.answer, 80)}, " if output.answer else ""
    problem = f" ({output.problem})" if output.outcome == "unparsed" else ""
    ended = ", cut off at the token limit" if output.generation.status == "length" else ""
    return f"{answer}{ANSWER_CLASSES[output.outcome].words}{problem}{ended}"


def _injected(text: str) -> str:
    return click.style(f"⟦{visible(text)}⟧", fg="yellow")
