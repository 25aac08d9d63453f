"""Variants by name: parse `abstain+wrong-think`, draw the foils, apply the perturbations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from unswayed.answers import values
from unswayed.errors import ConfigError, DataError, UnswayedError, told
from unswayed.perturbations import Context, Perturbation
from unswayed.perturbations.foils import draw as draw_foils
from unswayed.perturbations.lookup import perturbation
from unswayed.run.files import content_hash
from unswayed.types import Sample, Variant

TEXT_VARIANTS = (
    "base",
    "stop-think",
    "wrong-think",
    "wrong-think-but",
    "wrong-caption",
    "wrong-caption-disclaimer",
    "correct-think",
    "correct-caption",
    "neutral-think",
    "neutral-caption",
)
"""Every text variant of the protocol, in the order of its table."""

DEFAULT = TEXT_VARIANTS[:8]


@dataclass(frozen=True)
class Composition:
    """A variant's name with the perturbations that make it, in the order they apply."""

    name: str
    steps: tuple[Perturbation, ...]

    def depends_on_foil(self) -> bool:
        """Say whether the variant differs between foils."""
        return any(getattr(step, "stance", None) == "foil" for step in self.steps)

    def injects_thought(self) -> bool:
        """Say whether the variant gives the model a thought, which a prefill delivers."""
        return any(getattr(step, "part", None) == "think" for step in self.steps)

    def applies_to(self, sample: Sample) -> bool:
        """Say whether the variant can be made of a sample of this kind.

        An open question (number, text, box) has no options to change, and a text has no foil, which
        a neutral text needs as well: it is as long as the foil's.
        """
        if sample.answer_kind == "choice":
            return True
        stances = {getattr(step, "stance", None) for step in self.steps}
        needs_foil = bool(stances & {"foil", "neutral"})
        changes_options = any(step.changes == "options" for step in self.steps)
        return not changes_options and not (needs_foil and sample.answer_kind == "text")


def compositions(names: Sequence[str]) -> list[Composition]:
    """Resolve the names of variants, in the order asked for, without repetition.

    Raises:
        UnknownName: a part of a name is no perturbation.
        ConfigError: a name joins what cannot be joined, or two perturbations have one name.
    """
    by_name: dict[str, Composition] = {}
    for name in dict.fromkeys(names):
        composition = compose(name)
        if by_name.setdefault(composition.name, composition) != composition:
            raise ConfigError(
                f"two variants are called {composition.name!r}, the second from {name!r}; give its "
                "perturbation an attribute `name` of its own"
            )
    return list(by_name.values())


def compose(name: str) -> Composition:
    """Resolve a variant's name.

    Args:
        name: parts joined by `+`, at most one of them a text perturbation; a part is registered,
            or `my_file.py:NAME`.

    Raises:
        UnknownName: a part is no perturbation.
        ConfigError: two text perturbations, or a part twice.
    """
    pairs = [perturbation(part.strip()) for part in name.split("+")]
    parts, known = [part for part, _ in pairs], dict(pairs)
    if len(known) != len(parts):
        raise ConfigError(f"variant {name!r} names a part twice; name each once")
    texts = [part for part in parts if known[part].changes == "text"]
    if len(texts) > 1:
        raise ConfigError(
            f"variant {name!r} joins {' and '.join(texts)}; only option perturbations "
            "(shuffle, abstain) can be joined to one text perturbation"
        )
    options = sorted((part for part in parts if part not in texts), key=_option_rank)
    named = [part for part in texts if part != "base" or not options]  # abstain+base is abstain
    canonical = "+".join(sorted(options) + named)
    return Composition(canonical, tuple(known[part] for part in [*options, *texts]))


def variants_of(
    sample: Sample, compositions: Sequence[Composition], context: Context, foils: int = 1
) -> Iterator[Variant]:
    """Yield the variants of a sample in the order of the compositions.

    A composition that asserts the foil is repeated for each of up to `foils` foils (fewer where the
    sample has fewer wrong options, one for open questions); the others appear once.

    Raises:
        DataError: a variant cannot be made for this sample.
    """
    _check_gold(sample)
    foil_answers = draw_foils(sample, context.seed, foils)
    for composition in compositions:
        count = len(foil_answers) if composition.depends_on_foil() else 1
        for index in range(max(count, 1)):
            yield _apply(composition, _plain(sample, foil_answers, index), context)


def _check_gold(sample: Sample) -> None:
    """Refuse an open question whose gold could never be answered."""
    if sample.answer_kind == "choice":
        return
    problem = values.parse_value(sample.answer, sample.answer_kind).problem
    if problem:
        raise DataError(
            f"expected a {sample.answer_kind} as the gold of {sample.id}, found "
            f"{sample.answer!r:.80} ({problem})"
        )


def _option_rank(part: str) -> tuple[int, str]:
    """Sort key: shuffle, those of plug-ins by name, and abstain, so that its option stays last."""
    return {"shuffle": 0, "abstain": 2}.get(part, 1), part


def _plain(sample: Sample, foils: list[str], index: int) -> Variant:
    return Variant(
        id="",
        sample=sample,
        name="base",
        options=sample.options,
        answer=sample.answer,
        origin={letter: letter for letter in sample.options},
        foil=foils[index] if foils else None,
        foil_index=index,
    )


def _apply(composition: Composition, variant: Variant, context: Context) -> Variant:
    for step in composition.steps:
        variant = _stepped(composition.name, step, variant, context)
    named = variant.model_copy(update={"name": composition.name})
    return named.model_copy(update={"id": variant_id(named)})


def _stepped(name: str, step: Perturbation, variant: Variant, context: Context) -> Variant:
    """Apply one perturbation, which may be anybody's code.

    Raises:
        DataError: it raised an error, or what it returned cannot be shown.
    """
    whose = f"the variant {name} of {variant.sample.id}"
    try:
        changed: Any = step.apply(variant, context)
    except UnswayedError:
        raise
    except Exception as error:
        raise DataError(f"{whose} cannot be made: {told(error)}") from error
    if not isinstance(changed, Variant):
        raise DataError(f"expected {whose} to be a Variant, found {type(changed).__name__}")
    if strange := vars(changed).keys() - Variant.model_fields.keys():
        raise DataError(f"{whose} has fields that a Variant has not: {', '.join(sorted(strange))}")
    if changed.options and changed.answer not in changed.options:
        raise DataError(f"{whose} has the gold {changed.answer!r}, which is not among its options")
    return changed


_HIDDEN: Any = {
    "id": True,
    "sample": {"images", "statements", "difficulty"},
    **dict.fromkeys(("form", "fallback", "wordings", "names_letter", "language"), True),
}
"""What is not shown, or only known of what is shown."""


def variant_id(variant: Variant) -> str:
    """Return the content hash of what is shown: pictures by their bytes, not by where they lie."""
    content = variant.model_dump(mode="json", exclude=_HIDDEN)
    return content_hash([content, [image.sha256 for image in variant.sample.images]])
