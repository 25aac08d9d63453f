"""The contracts of perturbations and text sources: the gold stays; nothing is left to chance."""

from __future__ import annotations

from typing import Any, cast, get_args

from pydantic import ValidationError

from unswayed.errors import DataError, UnswayedError
from unswayed.perturbations import Context, InjectedText, Part, Perturbation, Stance, asserted
from unswayed.perturbations.composition import Composition, variants_of
from unswayed.perturbations.lookup import require_perturbation
from unswayed.perturbations.texts import require_source
from unswayed.perturbations.texts.templates import Templates
from unswayed.testing.material import SEED, require, samples, variants
from unswayed.types import Variant

_TEXTS = ("caption", "draft", "prefill", "asserts")


def check_perturbation(perturbation: Any) -> None:
    """Hold a perturbation against its contract: it is applied to questions about scenes.

    Raises:
        AssertionError: with what is not as the pipeline needs it.
    """
    try:
        require_perturbation(type(perturbation).__name__, perturbation)
    except UnswayedError as error:
        raise AssertionError(str(error)) from error
    one = cast("Perturbation", perturbation)
    require("\n" not in one.summary, "the summary of a perturbation is one line")
    applied = 0
    for delivery in ("prefill", "user-turn"):
        context = Context(Templates(), delivery, SEED)
        # abstain comes after every other change of the options, and before the texts
        for before in variants("base", *(["abstain"] if one.changes == "text" else [])):
            try:
                after = one.apply(before, context)
            except DataError:
                continue  # it says that it cannot be made of this question
            applied += 1
            _check_change(one, before, after)
            require(one.apply(before, context) == after, "the same variant must be changed alike")
    require(applied, "expected a change of some question; found that each raised DataError")
    _check_stance(one)


def _check_change(one: Perturbation, before: Variant, after: Any) -> None:
    require(isinstance(after, Variant), f"expected a Variant, found {type(after).__name__}")
    try:
        Variant.model_validate({**vars(after), "sample": after.sample})
    except ValidationError as error:
        raise AssertionError(f"what apply() returned is no Variant: {error}") from error
    sample = before.sample
    require(after.sample.id == sample.id, "a variant keeps the id of its sample")
    shown = after.options.get(after.answer)
    require(
        shown == sample.options[sample.answer],
        f"the gold must stay the gold: {sample.options[sample.answer]!r} is asked for, and the "
        f"answer stands for {shown!r}",
    )
    require(
        all(sample.options.get(own) == after.options.get(at) for at, own in after.origin.items()),
        "`origin` must lead from each shown letter to the sample's letter of the same text",
    )
    same_options = (before.options, before.answer) == (after.options, after.answer)
    same_texts = all(getattr(before, name) == getattr(after, name) for name in _TEXTS)
    if one.changes == "text":
        require(same_options, 'a perturbation with changes = "text" must leave the options alone')
    else:
        require(same_texts, 'a perturbation with changes = "options" must inject no text')
    if not same_texts:
        require(
            after.text_source != "none",
            "a variant with an injected text says where it came from: set text_source, to "
            "context.texts.name or to `fixed` for words of the perturbation's own",
        )
    thought = bool(after.prefill or after.draft)
    require(
        not thought or getattr(one, "part", None) == "think",
        'a perturbation that gives the model a thought needs part = "think": models that take no '
        "prefill refuse it then",
    )
    require(
        after.asserts in (None, after.foil, after.answer),
        f"`asserts` is the foil, the gold or None, found {after.asserts!r}",
    )


def _check_stance(one: Perturbation) -> None:
    """Require that what depends on the foil says so: it is made once for each foil then."""
    stance: Any = getattr(one, "stance", None)
    composition = Composition("checked", (one,))
    context = Context(Templates(), seed=SEED)
    for sample in samples():
        try:
            if stance == "foil":
                variants = list(variants_of(sample, [composition], context, 2))
                wrong = [v for v in variants if v.asserts is not None and v.asserts != v.foil]
                require(not wrong, 'with stance = "foil", `asserts` must be the foil')
                continue
            shown = [one.apply(v, context) for v in _with_two_foils(sample.id)]
        except DataError:
            continue
        named = [_names_foil(variant) for variant in shown]
        require(
            not all(named),
            'the text asserts the foil, so the perturbation needs stance = "foil"; it is then made '
            "for each of several foils",
        )


def _names_foil(variant: Variant) -> bool:
    texts = " ".join(getattr(variant, name) or "" for name in _TEXTS[:3])
    return variant.asserts == variant.foil or variant.options[variant.foil or ""] in texts


def _with_two_foils(id: str) -> list[Variant]:
    """Return the plain question of a sample with each of two foils."""
    base = next(v for v in variants("base") if v.sample.id == id)
    wrong = [letter for letter in base.options if letter != base.answer]
    return [base.model_copy(update={"foil": letter}) for letter in wrong[:2]]


def check_text_source(source: Any, *, same_wording: bool = True) -> None:
    """Hold a text source against its contract: it is asked for texts about scenes.

    Args:
        source: an object of it.
        same_wording: the texts for the foil and for the gold must differ in the option alone;
            False for texts that are written one by one.

    Raises:
        AssertionError: with what is not as the pipeline needs it.
    """
    try:
        require_source(type(source).__name__, source)
    except UnswayedError as error:
        raise AssertionError(str(error)) from error
    context = Context(source, seed=SEED)
    texts = 0
    for variant in variants("base", "abstain"):
        for part in get_args(Part):
            of_stance = {one: _text(context, part, one, variant) for one in get_args(Stance)}
            texts += sum(text is not None for text in of_stance.values())
            foil, gold = of_stance["foil"], of_stance["gold"]
            if foil is None or gold is None:
                continue
            require(foil != gold, f"the {part} for the foil must differ from that for the gold")
            if same_wording:
                require(
                    _without(foil, variant, "foil") == _without(gold, variant, "gold"),
                    f"the {part} for the foil and that for the gold must differ in the option "
                    f"alone, found {foil!r} and {gold!r}",
                )
    require(texts, "expected texts; found that each question raised DataError")


def _text(context: Context, part: Part, stance: Stance, variant: Variant) -> str | None:
    try:
        raw: Any = context.texts.text(part, stance, variant)
    except DataError:
        return None  # there is no text for this question
    try:
        text = context.text(part, stance, variant).text
    except DataError as error:
        raise AssertionError(str(error)) from error
    raw = raw.text if isinstance(raw, InjectedText) else raw
    require(raw == text, f"the same {part} must be returned each time, found {raw!r} and {text!r}")
    require(
        not text.rstrip().endswith("."),
        f"a text must end without a full stop: suffixes read on from it; found {text[-40:]!r}",
    )
    return text


def _without(text: str, variant: Variant, stance: Stance) -> str:
    """Return a text without the option that it asserts."""
    letter = asserted(variant, stance) or ""
    words = text.replace(variant.options[letter].rstrip("."), "⟨option⟩").split(" ")
    bare = [word.strip(",;:()") for word in words]
    return " ".join(
        word.replace(letter, "⟨letter⟩") if plain == letter else word
        for word, plain in zip(words, bare, strict=True)
    )
