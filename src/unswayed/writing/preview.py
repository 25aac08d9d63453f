"""The texts of a benchmark's questions, to be read before an evaluation is paid for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from unswayed import registry
from unswayed.perturbations import Context
from unswayed.perturbations.composition import Composition, compositions
from unswayed.perturbations.texts import source
from unswayed.pipeline.walk import expand
from unswayed.types import Failure, Sample, Variant
from unswayed.writing.checks import problem
from unswayed.writing.wanted import Wanted


@dataclass
class PreviewTally:
    """What was seen of the texts.

    Attributes:
        forms: texts by the form of their question.
        rejected: texts that the writer's check would not accept, by the kind of the problem.
        texts: all of them.
        unusable: rows of which no text can be made, by the first of their problems.
    """

    forms: Counter[str] = field(default_factory=Counter[str])
    rejected: Counter[str] = field(default_factory=Counter[str])
    texts: int = 0
    unusable: Counter[str] = field(default_factory=Counter[str])

    def lines(self) -> list[str]:
        """Return the counts, for people."""
        known = sum(n for form, n in self.forms.items() if form not in ("", "fallback"))
        made = sum(n for form, n in self.forms.items() if form)
        forms = ", ".join(f"{form} {n}" for form, n in self.forms.most_common() if form)
        lost = sum(self.rejected.values())
        why = ", ".join(f"{kind} {n}" for kind, n in self.rejected.most_common())
        lines = [f"{self.texts} texts"]
        if made:
            lines.append(f"of a recognised form: {known} of {made} ({known / made:.1%}): {forms}")
        if self.texts:
            passed = self.texts - lost
            told = f"accepted by the check: {passed} of {self.texts} ({passed / self.texts:.1%})"
            lines.append(f"{told}; not: {why}" if why else told)
        if self.unusable:
            first = next(iter(self.unusable))
            lines.append(f"{sum(self.unusable.values())} rows cannot be used; the first: {first}")
        return lines


def previews(
    benchmark: str,
    variants: Sequence[str],
    texts: str = "template",
    *,
    n: int = 50,
    seed: int = 0,
    foils: int = 1,
    tally: PreviewTally | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield what would be injected, as objects with the keys of `unswayed texts preview --json`.

    Args:
        benchmark: its spec; pictures are not looked at.
        variants: names of the variants; those without a text are passed over.
        texts: spec of the text source.
        n: usable questions, at most.
        seed: of the foils.
        foils: wrong options a question, at most.
        tally: counts what was seen.

    Raises:
        UnswayedError: a name or spec stands for nothing.
    """
    tally = tally if tally is not None else PreviewTally()
    context, asked = Context(source(texts), seed=seed), compositions(variants)
    used = 0
    for row in registry.create("benchmark", benchmark):
        if used >= n:
            return
        made = _made(row, asked, context, foils, tally)
        used += bool(made)
        for variant in made:
            if (one := _one(variant, tally)) is not None:
                yield one


def _made(
    row: Sample | Failure,
    asked: Sequence[Composition],
    context: Context,
    foils: int,
    tally: PreviewTally,
) -> tuple[Variant, ...]:
    if isinstance(row, Failure):
        tally.unusable[row.message] += 1
        return ()
    item = expand(row, asked, context, foils, lambda image: image)
    if item.failure and not item.variants:
        tally.unusable[item.failure.message] += 1
    return item.variants


def _one(variant: Variant, tally: PreviewTally) -> dict[str, Any] | None:
    """Return a variant's text as an object; None for a variant without one."""
    if variant.text_source in ("none", "fixed"):
        return None
    text = variant.caption or variant.draft or variant.prefill.removeprefix("<think>")
    shown = variant.asserts
    asserted = None if shown is None else variant.options.get(shown, shown)
    tally.texts += 1
    tally.forms[variant.form] += 1
    if found := _problem(variant, text):
        tally.rejected[found] += 1
    return {
        "sample": variant.sample.id,
        "question": variant.sample.question,
        "variant": variant.name,
        "asserted": asserted,
        "text": text,
        "form": variant.form,
        "fallback": variant.fallback,
    }


def _problem(variant: Variant, text: str) -> str:
    part = "caption" if variant.caption else "think"
    asserts = variant.asserts
    if asserts is not None:
        asserts = variant.origin.get(asserts, asserts)
    found = problem(text, Wanted(variant.sample, part, asserts), names_letter=variant.names_letter)
    return found.kind if found else ""
