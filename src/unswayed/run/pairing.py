"""Reads the stages of a run side by side: variants, their generations, and the verdicts on them.

Each file is in the order of the variants, so that a run of any size is joined without an index. A
variant has one line in the later stages, or one for each of its outputs, one behind the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

from unswayed.errors import RunError
from unswayed.types import Generation, Variant, Verdict

VariantOutput = tuple[Variant, Generation]
JudgedOutput = tuple[Variant, Generation, Verdict | None]
"""An output with its verdict; None where it is not judged."""


def with_variants(
    variants: Iterable[Variant], generations: Iterable[Generation], folder: Path
) -> Iterator[VariantOutput]:
    """Yield each generation with its variant, which has draws 0 … k−1; variants may be left over.

    Raises:
        RunError: the files of the folder do not belong together.
    """
    stream, variant, expected = iter(variants), None, 0
    for generation in generations:
        if generation.draw == 0:
            variant, expected = next(stream, None), 0
        if variant is None or (variant.id, expected) != (generation.id, generation.draw):
            raise _apart(folder, variant, generation, None)
        yield variant, generation
        expected += 1


def with_verdicts(
    outputs: Iterable[VariantOutput], verdicts: Iterable[Verdict], folder: Path
) -> Iterator[JudgedOutput]:
    """Yield outputs with their verdict; None where there is none yet.

    Raises:
        RunError: the files of the folder do not belong together.
    """
    for output, verdict in zip_longest(outputs, verdicts):
        if output is None:
            raise _apart(folder, None, None, verdict)
        variant, generation = output
        if verdict and (verdict.id, verdict.draw) != (generation.id, generation.draw):
            raise _apart(folder, variant, generation, verdict)
        yield variant, generation, verdict


def _apart(
    folder: Path, variant: Variant | None, generation: Generation | None, verdict: Verdict | None
) -> RunError:
    return RunError(
        f"the stages of {folder} do not belong together: "
        f"{_named(variant)} meets {_named(generation)} and {_named(verdict)}; a file "
        "was edited or replaced: put it back or run the stage again"
    )


def _named(record: Variant | Generation | Verdict | None) -> str:
    if record is None:
        return "nothing"
    draw = 0 if isinstance(record, Variant) else record.draw
    which = f" (output {draw + 1})" if draw else ""
    return f"{type(record).__name__.lower()} {record.id}{which}"
