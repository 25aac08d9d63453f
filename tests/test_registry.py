"""Specs and factories: built-ins, plugins, files of one's own, and every slip in one line."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed import extras, prompts, registry
from unswayed.errors import ConfigError, MissingExtra, UserError
from unswayed.registry import Spec, create, load, names, parse_spec
from unswayed.registry.about import About, about

PLUGIN = """
from dataclasses import dataclass

LIMIT = 3

@dataclass(frozen=True)
class Mine:
    path: str
    n: int = 1
    level: str = "easy"

def free(*, n: int = 1, **rest):
    return n, rest
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "my_file.py"
    path.write_text(PLUGIN)
    return path


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> dict[str, EntryPoint]:
    """The registered names, replaced by the test's own."""
    found: dict[str, EntryPoint] = {}
    monkeypatch.setattr(registry, "_points", lambda _: found)
    return found


def error_of(kind: Any, spec: str) -> str:
    """Return the one line that a spec's error says."""
    with pytest.raises(UserError) as error:
        create(kind, spec)
    message = str(error.value)
    assert len(message.splitlines()) == 1
    return message


# Specs


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("scenes", Spec("scenes")),
        ("file:a/b.jsonl", Spec("file", "a/b.jsonl")),
        ("file:C:/b.jsonl", Spec("file", "C:/b.jsonl")),
        ("file:", Spec("file", "")),
        ("scenes,n=500,level=hard", Spec("scenes", None, {"n": 500, "level": "hard"})),
        ("m.py:Mine,n=3", Spec("m.py:Mine", None, {"n": 3})),
        (" scenes , n = 5 ", Spec("scenes", None, {"n": 5})),
        ("x,a=true,b=false,c=True", Spec("x", None, {"a": True, "b": False, "c": "True"})),
        ("x,a=-1,b=0,c=1.5,d=1e-3,e=.5", Spec("x", None, dict(a=-1, b=0, c=1.5, d=1e-3, e=0.5))),
        ("x,a=007,b=1_000,c=0x1,d=", Spec("x", None, dict(a="007", b="1_000", c="0x1", d=""))),
        ('x,a="12",b="true"', Spec("x", None, {"a": "12", "b": "true"})),
        ("x,a=b=c", Spec("x", None, {"a": "b=c"})),
        ("x,a=٣", Spec("x", None, {"a": "٣"})),
    ],
)
def test_the_grammar_of_specs(text: str, spec: Spec) -> None:
    assert parse_spec(text) == spec
    kinds = [type(value) for value in parse_spec(text).options.values()]
    assert kinds == [type(value) for value in spec.options.values()]


@pytest.mark.parametrize("text", ["x,a", "x,=1", "x,a b=1", "x,", "", ":x", ",n=1", "x,n=1,n=2"])
def test_specs_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_spec(text)
    assert repr(text) in str(error.value)


VALUES = st.one_of(
    st.booleans(),
    st.integers(-(10**17), 10**17),
    st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: round(x, 3)),
    st.text(st.characters(exclude_characters=',"', exclude_categories=["Cs"])),
)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), VALUES, max_size=4))
def test_a_spec_is_written_as_it_is_read(options: dict[str, Any]) -> None:
    spec = Spec("name", "argument", options)
    assert parse_spec(str(spec)) == spec


def test_numbers_of_any_length_are_read() -> None:
    assert parse_spec("x,a=" + "9" * 5000).options["a"] in ("9" * 5000, float("inf"))


# Names


def test_the_builtins_are_registered_as_plugins_are() -> None:
    assert {"scenes", "file", "blink", "nlvr", "geometry3k", "replay"} <= set(names("benchmark"))
    assert {"transformers", "replay", "tiny"} <= set(names("model"))
    assert "rules" in names("judge")
    assert len(names("perturbation")) >= 12


def test_every_perturbation_loads() -> None:
    for name in names("perturbation"):
        assert load("perturbation", name).summary  # type: ignore[attr-defined]


def test_an_unknown_name_has_near_matches() -> None:
    assert error_of("benchmark", "scene") == "unknown benchmark 'scene'; did you mean scenes?"
    assert "unknown judge 'zzz'; known: " in error_of("judge", "zzz")


def test_a_path_is_told_how_a_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wanted = "name questions of your own as file:PATH (.jsonl, .json, .tsv or .csv)"
    missing = error_of("benchmark", "mine.jsonl")
    assert missing == f"unknown benchmark 'mine.jsonl', and no such file exists; {wanted}"
    (tmp_path / "mine.jsonl").touch()
    assert error_of("benchmark", "mine.jsonl") == f"unknown benchmark 'mine.jsonl'; {wanted}"
    assert "did you mean cv-bench" in error_of("benchmark", "cv.bench")
    assert "no such file exists; name one of your own as MY_FILE.py" in error_of("judge", "a/b")
    assert "known: " in error_of("judge", "a" * 5000)
    assert "no such file" in error_of("judge", "a/" * 5000)


def test_unknown_options_have_near_matches(plugin: Path) -> None:
    message = error_of("benchmark", f"{plugin}:Mine,leval=1")
    assert "unknown option of the benchmark" in message
    assert "'leval'; did you mean level?" in message


def test_a_missing_extra_is_named_with_its_install_line(
    points: dict[str, EntryPoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    points["big"] = EntryPoint("big", "unswayed_absent_module:Big", "unswayed.models")
    monkeypatch.setattr(extras, "packages", lambda: {"transformers": ("unswayed_absent_module",)})
    with pytest.raises(MissingExtra) as error:
        create("model", "big")
    assert str(error.value) == (
        "the model 'big' needs the package 'unswayed_absent_module', which is not installed; "
        "run: pip install 'unswayed[transformers]'"
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("unswayed_absent_module:Big", "ModuleNotFoundError: No module named"),
        ("unswayed.errors:Absent", "AttributeError: module 'unswayed.errors' has no attribute"),
    ],
)
def test_a_broken_plugin(points: dict[str, EntryPoint], value: str, said: str) -> None:
    points["big"] = EntryPoint("big", value, "unswayed.models")
    message = error_of("model", "big")
    assert message.startswith("cannot import the model 'big': ")
    assert said in message


# Files of one's own


def test_a_class_of_a_file(plugin: Path) -> None:
    made = create("benchmark", f"{plugin}:Mine,path=x,n=3")
    assert (made.path, made.n, made.level) == ("x", 3, "easy")
    assert load("benchmark", f"{plugin}:Mine") is type(made)


def test_a_function_that_takes_any_option(plugin: Path) -> None:
    assert create("model", f"{plugin}:free,n=2,other=x") == (2, {"other": "x"})


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        (":Mine", "missing a required argument: 'path'; it takes"),
        (":Mien", "'Mien'; did you mean Mine?"),
        (":LIMIT", "expected a class or function at"),
        ("", ".py:NAME"),
    ],
)
def test_slips_in_naming_a_file(plugin: Path, tail: str, said: str) -> None:
    assert said in error_of("benchmark", f"{plugin}{tail}")


def test_a_file_that_is_none(tmp_path: Path) -> None:
    assert "found no " in error_of("benchmark", f"{tmp_path}/none.py:Mine")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = (", "SyntaxError: '(' was never closed (at {}:1)"),
        ("x = 1\nimport unswayed_absent", "No module named 'unswayed_absent' (at {}:2)"),
        ("def f():\n    raise ValueError('a\\nb')\nf()", "ValueError: a b (at {}:2)"),
        ("x = '\0'", "SyntaxError: source code string cannot contain null bytes"),
    ],
)
def test_an_error_inside_a_file_names_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "broken.py"
    path.write_text(text)
    for _ in range(2):  # the second time no half of it may be left behind
        assert said.format(path) in error_of("benchmark", f"{path}:Mine")
    assert not [name for name in sys.modules if str(path) in name]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("file", "missing a required argument: 'path'; it takes file:PATH"),
        ("file:a,path=b", "multiple values for argument 'path'"),
        ("rules:x", "too many positional arguments"),
    ],
)
def test_arguments_are_checked_before_the_call(spec: str, said: str) -> None:
    kind: Any = "judge" if spec.startswith("rules") else "benchmark"
    assert said in error_of(kind, spec)


# Options of the right type

TYPED = """
from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

if TYPE_CHECKING:
    from absent_package import Absent
    from pathlib import Path

class Typed:
    def __init__(
        self,
        start: int = 0,
        *,
        n: int = 1,
        share: float = 0.5,
        on: bool = False,
        text: str = "",
        path: Path | None = None,
        level: Literal["easy", "hard", "3"] = "easy",
        size: Optional[Annotated[int, "pixels"]] = None,
        odd: Absent | None = None,
        parts: list[int] | None = None,
        free: Any = None,
        plain=None,
    ) -> None:
        self.values = dict(locals())
        if n == 13:
            raise ValueError("thirteen\\nis unlucky")
        if n == 14:
            raise TypeError("a bug of ours")
"""


@pytest.fixture
def typed(tmp_path: Path) -> str:
    path = tmp_path / "typed.py"
    path.write_text(TYPED)
    return f"{path}:Typed"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("n=-3", -3),
        ("share=1", 1),
        ("share=.25", 0.25),
        ("on=true", True),
        ("text=12", "12"),
        ("text=false", "false"),
        ('text="1.50"', "1.50"),
        ("path=a/b", Path("a/b")),
        ("path=7", Path("7")),
        ("level=hard", "hard"),
        ("level=3", "3"),
        ("size=7", 7),
        ("odd=x", "x"),
        ("parts=1", 1),
        ("free=1.5", 1.5),
        ("plain=x", "x"),
    ],
)
def test_an_option_has_the_type_of_its_annotation(typed: str, option: str, value: Any) -> None:
    found = create("benchmark", f"{typed},{option}").values[option.partition("=")[0]]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("n=abc", "expected a whole number, found 'abc'"),
        ("n=3.5", "expected a whole number, found 3.5"),
        ("n=3.0", "expected a whole number, found 3.0"),
        ("n=true", "expected a whole number, found true"),
        ('n="3"', "expected a whole number, found '3'"),
        ("share=x", "expected a number, found 'x'"),
        ("share=false", "expected a number, found false"),
        ("on=1", "expected true or false, found 1"),
        ("on=yes", "expected true or false, found 'yes'"),
        ("text=1.50", 'expected text, found 1.5; put it in double quotes: text="…"'),
        ("path=1.5", "expected a path, found 1.5"),
        ("level=medium", "expected easy, hard or 3, found 'medium'"),
        ("size=x", "expected a whole number, found 'x'"),
    ],
)
def test_an_option_of_another_type_is_refused(typed: str, option: str, said: str) -> None:
    name = option.partition("=")[0]
    message = error_of("model", f"{typed},{option}")
    assert message == f"option {name} of the model {typed!r}: {said}"


def test_an_argument_is_read_as_its_annotation_says(points: dict[str, EntryPoint]) -> None:
    points["scenes"] = EntryPoint("scenes", "unswayed.benchmarks.scenes:Scenes", "unswayed.x")
    assert create("benchmark", "scenes:24").n == 24
    assert error_of("benchmark", "scenes:x") == (
        "argument of the benchmark 'scenes': expected a whole number, found 'x'"
    )


@pytest.mark.parametrize(
    ("kind", "spec", "meant"),
    [
        ("benchmark", "scenes:n=24", "scenes,n=24"),
        ("benchmark", "scenes:n=24,level=hard", "scenes,n=24,level=hard"),
        ("benchmark", "file:path=a.csv", "file,path=a.csv"),
    ],
)
def test_an_option_behind_a_colon_is_told(kind: Any, spec: str, meant: str) -> None:
    assert error_of(kind, spec).endswith(f"write {meant}")


@pytest.mark.parametrize(
    ("kind", "spec", "said"),
    [
        (
            "benchmark",
            "scenes,n=abc",
            "option n of the benchmark 'scenes': expected a whole number",
        ),
        ("benchmark", "scenes,seed=x", "option seed of the benchmark 'scenes': expected a whole"),
        ("model", "openai:o3,samples=x", "option samples of the model 'openai': expected a whole"),
        (
            "judge",
            "qwen3-32b,thinking=x",
            "option thinking of the judge 'qwen3-32b': expected true",
        ),
        ("text source", "template,level=1", "unknown option of the text source 'template'"),
    ],
)
def test_options_of_every_kind_are_read_alike(kind: Any, spec: str, said: str) -> None:
    assert said in error_of(kind, spec)


def test_a_factorys_own_refusal_is_the_users_slip_and_its_bug_is_not(typed: str) -> None:
    message = error_of("benchmark", f"{typed},n=13")
    assert "ValueError: thirteen is unlucky (at " in message
    with pytest.raises(TypeError, match="a bug of ours"):
        create("benchmark", f"{typed},n=14")


def test_a_name_that_two_packages_bring_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for package in ("one", "two"):
        info = tmp_path / package / f"unswayed_{package}-1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: unswayed-{package}\nVersion: 1\n"
        )
        (info / "entry_points.txt").write_text(f"[unswayed.benchmarks]\ntwice = {package}:Twice\n")
        monkeypatch.syspath_prepend(str(tmp_path / package))
    assert error_of("benchmark", "twice") == (
        "2 packages bring a benchmark called 'twice' (one:Twice of unswayed-one, two:Twice of "
        "unswayed-two); uninstall all but one"
    )


# What a thing is, read from its source


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package that hands its names on, and whose code cannot be imported."""
    folder = tmp_path / "about_package"
    (folder / "deep").mkdir(parents=True)
    (folder / "__init__.py").write_text("TABLE = 'about_package.deep'\n")
    (folder / "deep" / "__init__.py").write_text("")
    (folder / "face.py").write_text("from .deep.rows import Rows as Table\n")
    (folder / "loop.py").write_text("from about_package.loop import Loop\n")
    (folder / "deep" / "rows.py").write_text(
        "import absent_package\n\nclass Rows:\n"
        '    """Rows of a table. More of it.\n\n    And more.\n    """\n'
        '    ROWS: dict = {"all": 7}\n    LICENCE = "MIT"\n    HUB_ID = "a" + "b"\n\n'
        'made = Rows()\n"""Rows, ready\nmade."""\nbare = 3\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return "about_package"


def test_a_sentence_is_read_from_the_source(package: str) -> None:
    found = about(f"{package}.deep.rows:Rows")
    assert (found.sentence, found.rows, found.licence) == ("Rows of a table.", {"all": 7}, "MIT")
    assert found.hub_id == ""  # it is worked out, and nothing is run
    assert about(f"{package}.deep.rows:made").sentence == "Rows, ready made."
    assert "absent_package" not in sys.modules


@pytest.mark.parametrize(
    "place",
    [
        "about_package.deep.rows:bare",
        "about_package.deep.rows:none",
        "absent_package:X",
        "a b:c",
        "",
    ],
)
def test_what_cannot_be_read_has_no_sentence(package: str, place: str) -> None:
    assert about(place) == About("", place)


def test_a_name_that_is_handed_on_is_followed(package: str) -> None:
    assert about(f"{package}.face:Table").sentence == "Rows of a table."
    assert about(f"{package}.loop:Loop") == About("", f"{package}.loop:Loop")
    assert "absent_package" not in sys.modules


# Prompt profiles


def test_a_profile_of_a_file_or_package(
    tmp_path: Path, points: dict[str, EntryPoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "my_words.py"
    path.write_text("from unswayed.prompts import Profile\nTERSE = Profile(name='terse')\nN = 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert prompts.profile(f"{path}:TERSE").name == "terse"
    points["terse"] = EntryPoint("terse", "my_words:TERSE", "unswayed.profiles")
    assert prompts.profile("terse").name == "terse"
    assert prompts.profile_names()[-1] == "terse"
    points["default"] = EntryPoint("default", "my_words:TERSE", "unswayed.profiles")
    points["n"] = EntryPoint("n", "my_words:N", "unswayed.profiles")
    for name, said in (
        (f"{path}:N", "expected a Profile at"),
        ("n", "expected a Profile at 'n', found int"),
        ("default", "as one that is shipped is"),
        ("ters", "unknown profile 'ters'; did you mean terse?"),
    ):
        with pytest.raises(UserError, match=said):
            prompts.profile(name)
