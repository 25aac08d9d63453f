"""Perturbations and text sources by name, also of files: what they are called, and every slip."""

from __future__ import annotations

from pathlib import Path

import pytest

from unswayed.benchmarks.scenes import Scenes
from unswayed.errors import ConfigError, DataError, UnknownName, UserError
from unswayed.perturbations import Context
from unswayed.perturbations.composition import compose, compositions, variants_of
from unswayed.perturbations.texts import source
from unswayed.perturbations.texts.templates import Templates
from unswayed.types import Sample, Variant

FILE = """
from unswayed.perturbations import asserted

class Base:
    summary = "x"
    changes = "text"
    def apply(self, variant, context):
        return variant.model_copy(update={"caption": "Look", "text_source": "fixed"})

MY_HINT = Base()

class NoApply:
    summary, changes = "x", "text"
NO_APPLY = NoApply()
NUMBER = 3

class Named(Base):
    name = "we+ird <b>"
ODD = Named()
class Taken(Base):
    name = "wrong-think"
TAKEN = Taken()
class All(Base):
    name = "all"
ALL = All()

class Level(Base):
    def __init__(self, level: int = 1):
        self.level, self.name = level, f"level-{level}"
class Unnamed(Base):
    def __init__(self, level: int = 1):
        self.level = level

class Boom(Base):
    def apply(self, variant, context):
        raise KeyError("boom")
BOOM = Boom()
class Nothing(Base):
    def apply(self, variant, context):
        return None
NOTHING = Nothing()
class Typo(Base):
    def apply(self, variant, context):
        return variant.model_copy(update={"captoin": "x"})
TYPO = Typo()
class Gold(Base):
    def apply(self, variant, context):
        return variant.model_copy(update={"answer": "Z"})
GOLD = Gold()

class Upper(Base):
    changes = "options"
    def apply(self, variant, context):
        options = {letter: text.upper() for letter, text in variant.options.items()}
        return variant.model_copy(update={"options": options})
UPPER = Upper()

class Source:
    name = "mine"
    def __init__(self, say: str = "it is so"):
        self.say = say
    def text(self, part, stance, variant):
        return {"none": None, "number": 3, "empty": " ", "tag": "x</think>"}.get(self.say, self.say)
class Spaced(Source):
    name = "two words"
class Template(Source):
    name = "template"
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return str(path)


@pytest.fixture
def sample() -> Sample:
    return next(iter(Scenes(n=1, seed=3))).model_copy(update={"images": ()})


def made(sample: Sample, name: str, texts: str = "template") -> Variant:
    (variant,) = variants_of(sample, [compose(name)], Context(source(texts)))
    return variant


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("{}:MY_HINT", "my-hint"),
        ("abstain+{}:MY_HINT", "abstain+my-hint"),
        ("{}:MY_HINT + shuffle", "shuffle+my-hint"),
        ("{}:UPPER+wrong-think", "upper+wrong-think"),
        ("abstain+{}:UPPER", "abstain+upper"),
        ("{}:Level;level=3", "level-3"),
        ("{}:Level,level=3", "level-3"),
        ("{}:Unnamed", "unnamed"),
    ],
)
def test_what_a_variant_of_ones_own_is_called(
    sample: Sample, file: str, name: str, called: str
) -> None:
    variant = made(sample, name.format(file))
    assert variant.name == called
    assert Variant.model_validate_json(variant.model_dump_json()) == variant


def test_the_abstain_option_stays_last_and_as_it_is(sample: Sample, file: str) -> None:
    variant = made(sample, f"abstain+{file}:UPPER")
    assert list(variant.options.values())[-1] == "I'm not sure"
    assert variant.options["A"] == sample.options["A"].upper()


def test_a_variant_asked_for_twice_comes_once(file: str) -> None:
    names = [f"{file}:Unnamed;level=2", "base", f"{file}:Unnamed;level=2", "base"]
    assert [one.name for one in compositions(names)] == ["unnamed", "base"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["{}:NO_APPLY"], "found NoApply without a method apply"),
        (["{}:NUMBER"], "found int without a method apply"),
        (["{}:ODD"], "found 'we+ird <b>'"),
        (["{}:TAKEN"], "is called 'wrong-think', which is taken"),
        (["{}:ALL"], "is called 'all', which is taken"),
        (["{}:Level;level=x"], "option level of the perturbation '{}:Level': expected a whole"),
        (["{}:MY_HINT;level=1"], "takes no options"),
        (["{}:Unnamed;level=1", "{}:Unnamed;level=2"], "two variants are called 'unnamed'"),
        (["{}:MY_HNT"], "did you mean MY_HINT?"),
        (["{}:MY_HINT+{}:MY_HINT"], "names a part twice"),
        (["wrong-think+{}:MY_HINT"], "joins wrong-think and my-hint"),
        (["absent.py:X"], "found no absent.py"),
    ],
)
def test_slips_in_naming_a_variant(file: str, names: list[str], said: str) -> None:
    with pytest.raises((ConfigError, UnknownName)) as error:
        compositions([name.format(file, file) for name in names])
    assert said.format(file) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("BOOM", "cannot be made: KeyError: 'boom' (at {}:"),
        ("NOTHING", "to be a Variant, found NoneType"),
        ("TYPO", "has fields that a Variant has not: captoin"),
        ("GOLD", "has the gold 'Z', which is not among its options"),
    ],
)
def test_a_perturbation_that_fails_costs_its_sample(
    sample: Sample, file: str, name: str, said: str
) -> None:
    with pytest.raises(DataError) as error:
        made(sample, f"{file}:{name}")
    assert said.format(file) in str(error.value)
    assert sample.id in str(error.value)


# Text sources


def test_a_source_of_ones_own_is_recorded(sample: Sample, file: str) -> None:
    variant = made(sample, "wrong-caption", f"{file}:Source,say=look there")
    assert (variant.caption, variant.text_source) == ("look there", "mine")
    assert isinstance(source("template"), Templates)


@pytest.mark.parametrize("say", ["none", "number", "empty"])
@pytest.mark.parametrize("name", ["wrong-think", "correct-caption"])
def test_a_source_that_returns_no_text(sample: Sample, file: str, name: str, say: str) -> None:
    with pytest.raises(DataError, match="to be a text with words in it, found "):
        made(sample, name, f"{file}:Source,say={say}")


def test_a_text_with_a_tag_cannot_close_the_thought(sample: Sample, file: str) -> None:
    with pytest.raises(DataError, match="'mine' holds </think>"):
        made(sample, "wrong-think", f"{file}:Source,say=tag")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("{}:Spaced", "found the name 'two words'"),
        ("{}:Template", "found the name 'template', which is taken"),
        ("{}:Level", "found Level without a method text"),
        ("templat", "unknown text source 'templat'; did you mean template?"),
        ("template:x", "too many positional arguments"),
        ("file", "missing a required argument: 'path'"),
    ],
)
def test_slips_in_naming_a_source(file: str, spec: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        source(spec.format(file))
    assert said in str(error.value)
