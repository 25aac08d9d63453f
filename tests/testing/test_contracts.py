"""The contract tests: what is sound passes, and each fault is said in a sentence."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from unswayed import prompts, registry, testing
from unswayed.benchmarks.scenes import Scenes
from unswayed.judges import JudgeCase
from unswayed.judges.rules.judge import Rules
from unswayed.models import Decoding, Request
from unswayed.perturbations import Context, Part, Stance, asserted
from unswayed.perturbations.composition import TEXT_VARIANTS
from unswayed.perturbations.texts.templates import Templates
from unswayed.prompts import Profile
from unswayed.testing.material import samples
from unswayed.types import (
    Failure,
    Generation,
    ImageRef,
    LetterDistribution,
    Sample,
    Variant,
    Verdict,
)

EXAMPLE = Path(__file__).parents[1] / "plugin_package" / "src"


def refused(check: Callable[[Any], None], thing: Any) -> str:
    """Return the sentence that a contract test says of a thing."""
    with pytest.raises(AssertionError) as error:
        check(thing)
    return str(error.value)


# Benchmarks


class Rows:
    """A benchmark of given rows."""

    name = "scenes"

    def __init__(self, rows: Sequence[Any]) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)


SAMPLE = samples(1)[0]
OPEN = SAMPLE.model_copy(update={"options": {}, "answer": "7", "answer_kind": "number"})
FAILURE = Failure.of("load", SAMPLE, ValueError("broken"))


def changed(**changes: Any) -> Sample:
    return SAMPLE.model_copy(update=changes)


def test_sound_benchmarks() -> None:
    testing.check_benchmark(Scenes(n=12))
    testing.check_benchmark(Rows([SAMPLE, FAILURE, OPEN.model_copy(update={"id": "scenes/open"})]))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "expected samples, found none"),
        ([FAILURE], "expected samples, found none"),
        (["x"], "expected each row as a Sample or a Failure, found str"),
        ([SAMPLE, SAMPLE], "ids must be unique"),
        ([changed(benchmark="other")], "is of 'other'"),
        ([changed(question=" ")], "asks no question"),
        ([changed(answer="Z")], "which is none of its options"),
        ([changed(options={"A": "x"}, answer="A")], "a choice needs two"),
        ([changed(options={"A": "x", "C": "y"}, answer="A")], "without gaps, found AC"),
        ([changed(options={"A": "x", "B": " "}, answer="A")], "option B of"),
        ([changed(answer_kind="number")], "asks for a number and has options"),
        ([OPEN.model_copy(update={"answer": "seven?"})], "is no number"),
        ([changed(images=(ImageRef(data=b"no picture"),))], "cannot be shown"),
        ([changed(images=(ImageRef(path="/absent.png"),))], "cannot be shown"),
        ([SAMPLE, Failure.of("judge", SAMPLE, ValueError("x"))], "a Failure of the stage `load`"),
    ],
)
def test_faults_of_benchmarks(rows: list[Any], said: str) -> None:
    assert said in refused(testing.check_benchmark, Rows(rows))


def test_a_benchmark_that_differs_each_time() -> None:
    class Restless(Rows):
        def __iter__(self) -> Iterator[Any]:
            yield changed(answer="B", options={"A": "x", "B": str(random.random())})

    assert "iterating again" in refused(testing.check_benchmark, Restless([]))
    once = Rows([])
    once.rows = iter([SAMPLE])  # type: ignore[assignment]
    assert "iterating again" in refused(testing.check_benchmark, once)


def test_a_benchmark_that_reads_pictures_while_iterating(tmp_path: Path) -> None:
    picture = tmp_path / "scene.png"
    picture.write_bytes(SAMPLE.images[0].read())
    sample = changed(images=(ImageRef(path=str(picture)),))
    testing.check_benchmark(Rows([sample]))

    class Eager(Rows):
        def __iter__(self) -> Iterator[Any]:
            for row in self.rows:
                Path(row.images[0].path).read_bytes()
                yield row

    assert "not while iterating" in refused(testing.check_benchmark, Eager([sample]))


@pytest.mark.parametrize("name", [None, 3, "", " x", "a\nb"])
def test_a_benchmark_without_a_sound_name(name: Any) -> None:
    rows = Rows([SAMPLE])
    rows.name = name
    assert "name" in refused(testing.check_benchmark, rows)


def test_a_benchmark_whose_provenance_is_no_json() -> None:
    rows = Rows([SAMPLE])
    rows.provenance = lambda: {"path": Path("x")}  # type: ignore[attr-defined]
    assert "JSON values only" in refused(testing.check_benchmark, rows)


# Models


class Model:
    """A model that always answers A; `change` alters what it returns."""

    name, profile = "model", "default"

    def __init__(self, change: Callable[[list[Generation]], list[Any]] = list) -> None:
        self.change = change

    def provenance(self) -> dict[str, Any]:
        return {}

    def supports_prefill(self) -> bool:
        return True

    def generate(self, requests: Sequence[Request], decoding: Decoding) -> list[Any]:
        return self.change([self._answer(request) for request in requests])

    def _answer(self, request: Request) -> Generation:
        share = 1 / len(request.options)
        letters = LetterDistribution(
            probabilities=dict.fromkeys(request.options, share), other_mass=0.0, method="logits"
        )
        return Generation(id=request.id, status="stop", text="</answer>", tokens=3, letters=letters)


def each(**changes: Any) -> Callable[[list[Generation]], list[Any]]:
    return lambda made: [one.model_copy(update=changes) for one in made]


def lettered(**chances: float) -> LetterDistribution:
    return LetterDistribution(probabilities=chances, other_mass=0.0, method="logits")


def refuse_broken(made: list[Generation]) -> list[Generation]:
    if any(one.id == "broken" for one in made):
        raise FileNotFoundError("missing.png")
    return made


def test_sound_models() -> None:
    testing.check_model(Model())
    testing.check_model(Model(each(status="error", error="down", letters=None)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda made: made[::-1], "in the order of the prompts"),
        (lambda made: made[:-1], "one generation for each prompt"),
        (lambda made: [vars(one) for one in made], "expected generate() to return Generation"),
        (refuse_broken, "found that generate() raises FileNotFoundError: missing.png"),
        (each(status="error", error=None, letters=None), "needs a message"),
        (each(status="lost"), "is none"),
        (each(tokens=1000), "expected at most 24 new tokens, found 1000"),
        (each(letters=lettered(Q=1.0)), "a letter distribution is over the options"),
        (lambda made: [one.model_copy(update={"text": str(random.random())}) for one in made],
         "the same prompts"),
    ],
)  # fmt: skip
def test_faults_of_models(change: Any, said: str) -> None:
    assert said in refused(testing.check_model, Model(change))


def test_probabilities_that_do_not_sum_to_one() -> None:
    def half(made: list[Generation]) -> list[Generation]:
        few = [dict.fromkeys(one.letters.probabilities, 0.1) for one in made if one.letters]
        return [
            one.model_copy(update={"letters": lettered(**chances)})
            for one, chances in zip(made, few, strict=True)
        ]

    assert "must sum to 1" in refused(testing.check_model, Model(half))


def test_a_model_that_repeats_the_prefill() -> None:
    class Echo(Model):
        def generate(self, requests: Sequence[Request], decoding: Decoding) -> list[Any]:
            made = super().generate(requests, decoding)
            return [
                one.model_copy(update={"text": request.prefill + one.text})
                for one, request in zip(made, requests, strict=True)
            ]

    assert "`text` is the continuation only" in refused(testing.check_model, Echo())


@pytest.mark.parametrize(
    ("attribute", "value", "said"),
    [
        ("profile", "no-such", "must name a prompt profile: unknown profile 'no-such'"),
        ("generate", None, "needs a method generate()"),
        ("provenance", None, "needs a method provenance()"),
        ("supports_prefill", lambda: 1, "to be a bool"),
    ],
)
def test_a_model_that_lacks_something(attribute: str, value: Any, said: str) -> None:
    model = Model()
    setattr(model, attribute, value)
    assert said in refused(testing.check_model, model)


# Judges


class Judge:
    """A judge to which every thought concludes nothing; `change` alters what it yields."""

    name, prompt_hash = "judge", "1"

    def __init__(self, change: Callable[[list[Verdict]], list[Any]] = list) -> None:
        self.change = change

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Any]:
        verdicts = [
            Verdict(id=case.id, judge="judge", prompt_hash="1", status="unclear") for case in cases
        ]
        yield from self.change(verdicts)


def verdicts(**changes: Any) -> Callable[[list[Verdict]], list[Any]]:
    return lambda made: [one.model_copy(update=changes) for one in made]


def test_sound_judges() -> None:
    testing.check_judge(Rules())
    testing.check_judge(Judge())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda made: made[::-1], "in the order of the cases"),
        (lambda made: made[1:], "one verdict for each case"),
        (lambda made: [one.status for one in made], "expected Verdict records"),
        (verdicts(judge="other"), "signed with the judge's name"),
        (verdicts(status="consistent", concludes="Q"), "one of the options ABC, found Q"),
        (verdicts(status="consistent", concludes="A"), "cannot be consistent"),
        (verdicts(status="inconsistent", concludes="B"), "cannot be inconsistent"),
        (lambda made: [one.model_copy(update={"status": "failed" if len(made) == 1 else "unclear"})
                       for one in made], "whichever cases are asked beside it"),
        (lambda made: 1 / 0, "found that judge() raises ZeroDivisionError"),
    ],
)  # fmt: skip
def test_faults_of_judges(change: Any, said: str) -> None:
    assert said in refused(testing.check_judge, Judge(change))


def test_a_judge_without_a_prompt_hash() -> None:
    judge = Judge()
    judge.prompt_hash = None  # type: ignore[assignment]
    assert "needs `prompt_hash`" in refused(testing.check_judge, judge)


# Perturbations


@pytest.mark.parametrize("name", [*TEXT_VARIANTS, "abstain", "shuffle"])
def test_the_perturbations_of_the_protocol_are_sound(name: str) -> None:
    testing.check_perturbation(registry.load("perturbation", name))


@dataclass
class Change:
    """A perturbation that changes fields to given values, or calls a function for them."""

    fields: Any
    changes: str = "text"
    summary: str = "a change"
    stance: str | None = None
    part: str | None = None

    def apply(self, variant: Variant, context: Context) -> Any:
        fields = self.fields(variant) if callable(self.fields) else self.fields
        return variant.model_copy(update=fields)


SAID = {"text_source": "fixed"}
SOUND = Change({"caption": "A picture", **SAID})


def rotated(variant: Variant) -> dict[str, Any]:
    letters = list(variant.options)
    return {"options": dict(zip(letters, list(variant.options.values())[::-1], strict=True))}


def misled(variant: Variant) -> dict[str, Any]:
    return {"origin": dict(zip(variant.options, reversed(variant.options), strict=True))}


def test_a_sound_perturbation_of_ones_own() -> None:
    testing.check_perturbation(SOUND)


@pytest.mark.parametrize(
    ("perturbation", "said"),
    [
        (object(), "without a method apply"),
        (replace(SOUND, changes="caption"), "found changes = 'caption'"),
        (replace(SOUND, summary="two\nlines"), "one line"),
        (Change({"caption": "x"}), "says where it came from"),
        (Change({"captoin": "x"}), "is no Variant"),
        (Change({"caption": 3, **SAID}), "is no Variant"),
        (Change({"options": {}}, "options"), "the gold must stay the gold"),
        (Change(rotated, "options"), "the gold must stay the gold"),
        (Change(misled, "options"), "`origin` must lead"),
        (Change({"abstain": "A"}, "options"), None),
        (replace(SOUND, changes="options"), "must inject no text"),
        (Change(lambda v: {"options": {**v.options, "Z": "more"}}), "leave the options alone"),
        (Change({"prefill": "<think>x", **SAID}), 'needs part = "think"'),
        (Change({"asserts": "Z", **SAID}), "`asserts` is the foil, the gold or None"),
        (Change(lambda v: {"caption": v.options[v.foil or "A"], "asserts": v.foil, **SAID}),
         'needs stance = "foil"'),
        (Change(lambda _: {"caption": str(random.random()), **SAID}), "must be changed alike"),
        (Change({"asserts": None, **SAID}, stance="foil"), None),
        (Change(lambda v: {"asserts": v.answer, **SAID}, stance="foil"), "must be the foil"),
    ],
)  # fmt: skip
def test_faults_of_perturbations(perturbation: Any, said: str | None) -> None:
    if said is None:
        testing.check_perturbation(perturbation)
    else:
        assert said in refused(testing.check_perturbation, perturbation)


# Text sources


@dataclass
class Texts:
    """A text source that says what a function says."""

    say: Callable[[Part, Stance, Variant], Any]
    name: Any = "mine"

    def text(self, part: Part, stance: Stance, variant: Variant) -> Any:
        return self.say(part, stance, variant)


def plain(part: Part, stance: Stance, variant: Variant) -> str:
    said = asserted(variant, stance)
    return "a picture" if said is None else f'it is "{variant.options[said]}", option {said}'


def test_sound_text_sources() -> None:
    # Statements of two options differ in grammar too: "there is 1 cube", "there are 3 cubes".
    testing.check_text_source(Templates(), same_wording=False)
    testing.check_text_source(Texts(plain))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (object(), "without a method text"),
        (Texts(plain, name="two words"), "found the name 'two words'"),
        (Texts(plain, name="template"), "is taken"),
        (Texts(lambda *_: None), "found None"),
        (Texts(lambda *_: " "), "found ' '"),
        (Texts(lambda *_: 3), "found 3"),
        (Texts(lambda p, s, v: plain(p, s, v) + "</think>"), "holds </think>"),
        (Texts(lambda p, s, v: plain(p, s, v) + "."), "without a full stop"),
        (Texts(lambda p, s, v: plain(p, "foil", v)), "must differ from that for the gold"),
        (Texts(lambda p, s, v: s + plain(p, s, v)), "differ in the option alone"),
        (Texts(lambda p, s, v: plain(p, s, v) + str(random.random())), "each time"),
    ],
)
def test_faults_of_text_sources(source: Any, said: str) -> None:
    assert said in refused(testing.check_text_source, source)


def test_texts_that_are_written_one_by_one() -> None:
    source = Texts(lambda p, s, v: s + plain(p, s, v))
    testing.check_text_source(source, same_wording=False)


# Rewards


def test_sound_rewards() -> None:
    testing.check_reward(lambda completion: len(completion.text) / 1000)
    testing.check_reward(lambda completion, most: min(most, completion.correct), most=1)


@pytest.mark.parametrize(
    ("reward", "said"),
    [
        (3, "expected a function"),
        (lambda completion: None, "expected a finite number"),
        (lambda completion: float("nan"), "expected a finite number"),
        (lambda completion: 1 / len(completion.text), "raises ZeroDivisionError"),
        (lambda completion: ord(completion.parsed.letter), "raises TypeError"),
        (lambda completion: random.random(), "must earn the same"),
    ],
)
def test_faults_of_rewards(reward: Any, said: str) -> None:
    assert said in refused(testing.check_reward, reward)


# Prompt profiles


@pytest.mark.parametrize("name", prompts.shipped())
def test_the_shipped_profiles_are_sound(name: str) -> None:
    testing.check_profile(prompts.profile(name))


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("x", "expected a Profile, found str"),
        (Profile(name="x"), "set `source`"),
        (Profile(name="x", source="ours", after="Answer {question}"), "nothing is filled in"),
        (Profile(name="a\nb", source="ours"), "found 'a\\nb'"),
    ],
)
def test_faults_of_profiles(profile: Any, said: str) -> None:
    assert said in refused(testing.check_profile, profile)


def test_a_check_holds_under_optimisation() -> None:
    """`python -O` leaves `assert` out; a contract test must say what is wrong all the same."""
    import subprocess

    code = "from unswayed import testing\ntesting.check_profile('x')"
    done = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True)
    assert "AssertionError: expected a Profile, found str" in done.stderr
