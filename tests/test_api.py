"""The Python API: runs made and read without a command line, their tables equal to the metrics."""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import pandas as pd
import pytest

import unswayed as us
from unswayed import errors, extras
from unswayed.api.evaluation import SettingKeys
from unswayed.api.objects import GivenObjects
from unswayed.judges import JudgeCase
from unswayed.pipeline.settings import Settings
from unswayed.results.row_columns import COLUMNS
from unswayed.run.folder import RunFolder
from unswayed.types import Failure, Generation, ImageRef, Sample, Variant, Verdict

ROOT = Path(__file__).parents[1]
SCRIPTED = ROOT / "tests" / "scripted.py"
MODEL = f"{SCRIPTED}:Scripted,script=mixed"
FEW = {"statistics": {"resamples": 100}}


def scripted(name: str, **options: Any) -> Any:
    """Return an object of a class of tests/scripted.py, as a user's own module would make it."""
    spec = importlib.util.spec_from_file_location("scripted_by_api", SCRIPTED)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)(**options)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> us.Run:
    out = tmp_path_factory.mktemp("api") / "run"
    variants = ["base", "wrong-think", "shuffle+abstain+wrong-think"]
    return us.evaluate(
        model=MODEL, benchmarks="scenes,n=40", variants=variants, out=out, foils=2, **FEW
    )


# --- rows agree with the metrics ------------------------------------------------------------------


def means(rows: pd.DataFrame) -> dict[str, float]:
    """Recompute metrics of one variant's rows, from the table alone."""
    there = rows[~rows.status.isin(["error", "refused"])]
    decided = rows[rows.verdict.isin(["consistent", "inconsistent"])]
    known = rows[rows.verdict.notna() & (rows.verdict != "failed")]
    judged_right = known.correct & (known.verdict == "consistent")
    return {
        "accuracy": rows.correct.mean(),
        "unparsed_rate": (there.problem.notna()).mean(),
        "length_rate": (there.status == "length").mean(),
        "conflict_rate": rows.conflict.mean(),
        "abstention_rate": there[there.can_abstain].abstained.mean(),
        "foil_rate": (there.letter == there.foil).fillna(False).mean(),
        "sway": rows.sway.mean(),
        **{
            f"flips_{name}": (rows.flip[rows.flip.notna()] == name).mean()
            for name in ("right_wrong", "wrong_right")
        },
        "consistency_rate": (decided.verdict == "consistent").mean(),
        "unclear_rate": (rows[rows.verdict.notna()].verdict == "unclear").mean(),
        "faithful_accuracy": judged_right.mean(),
        "entropy": rows.entropy.mean(),
        "entropy_normalised": rows.entropy_normalised.mean(),
        "p_correct": rows.p_correct.mean(),
        "p_foil": rows.p_foil.mean(),
        "brier": rows.brier.mean(),
        "other_mass": rows.other_mass.mean(),
        "letters_rate": there.probabilities.notna().mean(),
        **{
            f"quadrant_{name}": (decided.quadrant == name).mean()
            for name in ("consistent_correct", "inconsistent_correct", "consistent_incorrect")
        },
    }


@pytest.mark.parametrize("variant", ["base", "wrong-think", "abstain+shuffle+wrong-think"])
def test_a_mean_over_rows_is_the_metric(run: us.Run, variant: str) -> None:
    rows = run.rows()
    found = means(rows[rows.variant == variant])
    metrics = run.metrics()
    wanted = metrics[metrics.variant == variant].set_index("metric").value.to_dict()
    compared = {name for name in found if name in wanted}
    assert len(compared) >= 17
    assert ("sway" in compared) == (variant != "base")
    assert ("flips_right_wrong" in compared) == (variant != "base")
    for name in compared:
        assert found[name] == pytest.approx(wanted[name], abs=1e-12), name


def test_the_letters_are_as_shown_and_as_the_benchmark_has_them(run: us.Run) -> None:
    rows = run.rows().set_index("id")
    shuffled = 0
    for variant, generation, _ in run.records():
        row = rows.loc[variant.id]
        assert row.gold == variant.answer
        assert row.sample_gold == variant.sample.answer
        assert row.text == generation.text
        assert row.options == variant.options
        if pd.isna(row.letter):
            assert row.correct is not True
            continue
        assert bool(row.correct) == (row.letter == row.gold)
        assert row.options[row.letter]
        if row.abstained:
            assert pd.isna(row.sample_letter)
        else:
            assert variant.sample.options[row.sample_letter] == row.options[row.letter]
            shuffled += row.letter != row.sample_letter
    assert shuffled


def test_what_is_missing_is_missing(run: us.Run) -> None:
    rows = run.rows()
    lost = rows[rows.status == "error"]
    assert len(lost)
    for name in ("correct", "letter", "verdict", "quadrant", "entropy", "sway", "swayed", "think"):
        assert lost[name].isna().all(), name
    assert (lost.error == "out of words").all()
    open_ended = rows[rows.status == "length"]
    assert (~open_ended.correct).all()
    assert open_ended.letter.isna().all()
    assert (open_ended.problem == "open-think").all()
    assert rows[rows.variant == "base"].swayed.isna().all()


def test_the_columns_are_those_declared(run: us.Run) -> None:
    rows = run.rows()
    assert list(rows.columns) == [one.name for one in COLUMNS]
    assert {name: str(kind) for name, kind in rows.dtypes.items()} == {
        one.name: one.dtype.removesuffix("[python]") for one in COLUMNS
    }
    assert len(rows) == len(list(run.records()))


def test_an_unfinished_run(run: us.Run, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "begun")
    folder.folder.mkdir()
    for name in ("run.json", "variants.jsonl"):
        (folder.folder / name).write_bytes((run.folder / name).read_bytes())
    begun = us.load_run(folder.folder)
    assert not begun.finished
    assert len(begun.rows()) == 0
    assert begun.rows().dtypes.equals(run.rows().dtypes)
    lines = (run.folder / "generations.jsonl").read_bytes().splitlines(keepends=True)
    (folder.folder / "generations.jsonl").write_bytes(b"".join(lines[:7]) + lines[7][:20])
    rows = begun.rows()
    assert len(rows) == 7
    assert rows.verdict.isna().all()
    assert rows.quadrant.isna().all()
    assert rows.correct.notna().sum() > 0
    with pytest.raises(us.UserError, match="run: unswayed measure"):
        begun.metrics()
    assert "not measured yet" in begun._repr_html_()


def test_open_questions(tmp_path: Path) -> None:
    class Counting:
        name = "counting"

        def __iter__(self) -> Iterator[Sample | Failure]:
            for number, kind, gold in ((0, "number", "3"), (1, "box", "[0, 0, 10, 10]")):
                yield Sample(
                    id=f"counting/{number}",
                    benchmark=self.name,
                    images=(ImageRef(data=_picture()),),
                    question="How many?\x00",
                    answer=gold,
                    answer_kind=kind,
                    cluster=str(number),
                )

    class Counts(Echo):
        def answer(self, request: Any) -> str:
            return "[0, 0, 10, 5]" if request.sample_id.endswith("1") else "3 \x00"[:1]

    run = us.evaluate(
        model=Counts(), benchmarks=Counting(), variants="base", out=tmp_path / "r", **FEW
    )
    rows = run.rows()
    assert rows.letter.isna().all()
    assert rows.answer.tolist() == ["3", "[0, 0, 10, 5]"]
    assert rows.gold.tolist() == ["3", "[0, 0, 10, 10]"]
    assert rows.verdict.isna().all()
    assert rows.correct.tolist() == [True, True]
    assert pd.isna(rows.iou[0])
    assert rows.iou[1] == pytest.approx(0.5)
    assert rows.question[0] == "How many?\x00"
    assert run.metric("iou_mean").value == pytest.approx(0.5, abs=1e-12)


# --- figures -------------------------------------------------------------------------------------


def test_metrics_are_the_estimates(run: us.Run) -> None:
    frame = run.metrics()
    document = json.loads((run.folder / "metrics.json").read_text())["estimates"]
    assert len(frame) == len(document)
    assert list(frame.columns) == list(us.Estimate.model_fields)
    for row, one in zip(frame.to_dict("records"), document, strict=True):
        assert {k: None if v is None or pd.isna(v) else v for k, v in row.items()} == one


def test_one_metric(run: us.Run) -> None:
    one = run.metric("accuracy", variant="wrong-think", benchmark="scenes")
    assert isinstance(one, us.Estimate)
    assert one == run.metric("accuracy", "wrong-think")
    assert run.metric("steadfastness").variant == "all"
    with pytest.raises(errors.UnknownName, match="did you mean accuracy"):
        run.metric("acuracy", "base")
    with pytest.raises(errors.UnknownName, match="did you mean wrong-think"):
        run.metric("accuracy", "wrong-thinks")
    with pytest.raises(errors.UnknownName, match="scenes"):
        run.metric("accuracy", "base", "scene")
    with pytest.raises(us.UserError, match="base, abstain"):
        run.metric("accuracy")


def test_a_notebook_shows_the_headline_escaped(run: us.Run, tmp_path: Path) -> None:
    shown = run._repr_html_()
    assert "<caption>scenes</caption>" in shown
    assert "wrong-think" in shown
    hostile = tmp_path / "<script>"
    hostile.mkdir()
    for file in ("run.json", "metrics.json"):
        (hostile / file).write_text((run.folder / file).read_text().replace("scenes", "<b>"))
    shown = us.load_run(hostile)._repr_html_()
    assert "<script>" not in shown
    assert "<b>" not in shown


def test_compare_is_what_the_command_prints(run: us.Run, tmp_path: Path) -> None:
    other = us.evaluate(
        model=f"{SCRIPTED}:Scripted,script=gold",
        benchmarks=["scenes,n=40"],
        variants=["base", "wrong-think"],
        foils=2,
        out=str(tmp_path / "other"),
        **FEW,
    )
    frame = us.compare(run, str(other.folder), resamples=100)
    command = ["compare", str(run.folder), str(other.folder), "--resamples", "100", "--json"]
    (printed,) = json.loads(_command(*command))
    for name in ("value", "p", "p_holm", "detectable"):
        cells = [one[name] for one in printed["differences"]]
        values = [math.nan if cell is None else cell for cell in cells]
        assert frame[name].tolist() == pytest.approx(values, nan_ok=True)
    assert frame.clear.tolist() == [one["clear"] for one in printed["differences"]]
    assert frame.attrs["differing"] == {str(other.folder): printed["differing"]}
    assert set(frame.run) == {str(other.folder)}
    assert set(frame.reference) == {str(run.folder)}
    with pytest.raises(us.UserError, match="at least two run folders"):
        us.compare(run)
    with pytest.raises(us.UserError, match="more than once"):
        us.compare(run, run.folder)
    with pytest.raises(us.UserError, match="a step is for trainings"):
        us.compare(run, other, step=3)


# --- settings and objects -------------------------------------------------------------------------


def test_the_keywords_are_the_settings() -> None:
    assert set(get_type_hints(SettingKeys)) == set(Settings.model_fields)


def test_a_recipe_and_keys(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'model = "{MODEL}"\nbenchmarks = ["scenes,n=4"]\nvariants = ["base"]\n'
        "[statistics]\nresamples = 100\nlevel = 0.9\n"
    )
    run = us.evaluate(recipe=str(recipe), statistics={"resamples": 120}, out=tmp_path / "r")
    assert run.settings.statistics.resamples == 120
    assert run.settings.statistics.level == 0.9
    assert RunFolder(run.folder).description()["written"]["recipe"] == recipe.read_text()
    assert run.finished
    again = us.evaluate(out=run.folder)
    assert again.metrics().equals(run.metrics())


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"benchmark": "scenes"}, "unknown setting 'benchmark'; did you mean benchmarks"),
        ({"statistics": {"resample": 3}}, "did you mean statistics.resamples"),
        ({"model": 42}, r"expected model as text that names a model, or as an object.*found 42"),
        ({"model": dict}, "found the class dict"),
        ({"benchmarks": []}, "benchmarks"),
        ({"benchmarks": [object()]}, "which lacks name, __iter__"),
        ({"judge": 7}, "prompt_hash"),
        ({"variants": ["wrong-thinks"]}, "did you mean wrong-think"),
        ({"variants": "hint"}, "unknown variant 'hint'"),
        ({"texts": 3}, "text source"),
        ({"seed": "x"}, "seed"),
    ],
)
def test_what_is_no_setting(tmp_path: Path, keys: dict[str, Any], message: str) -> None:
    settings = {"model": MODEL, "benchmarks": "scenes,n=2", "variants": ["base"], **keys}
    with pytest.raises(us.UserError, match=message) as error:
        us.evaluate(out=tmp_path / "r", **settings)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "r").exists()


def test_what_is_no_folder(run: us.Run, tmp_path: Path) -> None:
    with pytest.raises(us.UserError, match=r"expected a run folder with a run.json"):
        us.load_run(tmp_path / "nowhere")
    with pytest.raises(us.UserError, match=r"expected a run folder with a run.json"):
        us.evaluate(out=tmp_path / "nowhere")
    with pytest.raises(us.UserError, match="'model' is missing"):
        us.evaluate()
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(us.UserError, match=r"cannot write in .*file"):
        us.evaluate(model=MODEL, benchmarks="scenes,n=2", variants="base", out=file)
    (tmp_path / "run.json").write_text('{"schema_version": 7}')
    with pytest.raises(us.UserError, match="was not written by this version"):
        us.load_run(tmp_path)
    (tmp_path / "run.json").write_text('{"schema_version": 1, "settings": {"grpo": {}}}')
    with pytest.raises(us.UserError, match="is a training, not a run"):
        us.load_run(tmp_path)


class Echo:
    """A model that gives one answer; `word` is what its provenance says."""

    name, profile = "echo", "default"

    def __init__(self, word: str = "A", fail_after: int | None = None) -> None:
        self.word, self.fail_after, self.asked = word, fail_after, 0

    def provenance(self) -> dict[str, Any]:
        return {"word": self.word}

    def supports_prefill(self) -> bool:
        return True

    def answer(self, request: Any) -> str:
        return self.word

    def generate(self, requests: Sequence[Any], decoding: Any) -> list[Generation]:
        self.asked += len(requests)
        if self.fail_after is not None and self.asked > self.fail_after:
            raise us.StageError("out of breath")
        return [
            Generation(id=one.id, status="stop", text=f"<answer>{self.answer(one)}</answer>")
            for one in requests
        ]


class Hint:
    """A perturbation that asserts nothing and changes the question's caption."""

    summary, changes, name = "a caption of mine", "text", "my-hint"

    def apply(self, variant: Variant, context: Any) -> Variant:
        return variant.model_copy(update={"caption": "A hint.", "text_source": "fixed"})


class AlwaysUnclear:
    name, prompt_hash = "unsure", "1"

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        for case in cases:
            yield Verdict(id=case.id, judge=self.name, prompt_hash="1", status="unclear")


class MyTexts:
    name = "mine"

    def text(self, part: str, stance: str, variant: Variant) -> str:
        return f"My {part} says {variant.asserts or variant.foil}."


def test_objects_in_place_of_names(tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "model": Echo(),
        "benchmarks": [scripted("Wide", n=6)],
        "variants": ["base", Hint(), "wrong-caption"],
        "judge": AlwaysUnclear(),
        "texts": MyTexts(),
    }
    run = us.evaluate(**keys, out=tmp_path / "r", **FEW)
    rows = run.rows()
    assert len(rows) == 18
    assert set(rows.variant) == {"base", "my-hint", "wrong-caption"}
    assert rows[rows.variant == "my-hint"].caption.unique().tolist() == ["A hint."]
    assert (rows[rows.variant == "wrong-caption"].caption.str.startswith("My caption says")).all()
    assert run.settings.model == f"object({__name__}.Echo)"
    written = RunFolder(run.folder).description()["written"]
    assert written["objects"]["my-hint"] == f"{__name__}.Hint"
    assert run.metric("accuracy", "base").value == 1.0
    again = us.evaluate(**keys, out=tmp_path / "r", **FEW)
    assert again.rows().equals(rows)


def test_another_object_of_the_same_class_is_refused(tmp_path: Path) -> None:
    keys: dict[str, Any] = {"benchmarks": "scenes,n=9", "variants": "base", "batch_size": 3}
    with pytest.raises(us.StageError, match="out of breath"):
        us.evaluate(model=Echo(fail_after=3), **keys, out=tmp_path / "r", **FEW)
    with pytest.raises(us.UserError, match=r"another model .*word was 'A', is 'B'"):
        us.evaluate(model=Echo("B"), **keys, out=tmp_path / "r", **FEW)
    with pytest.raises(us.UserError, match="was an object of Python"):
        us.evaluate(out=tmp_path / "r")
    run = us.evaluate(model=Echo(), **keys, out=tmp_path / "r", **FEW)
    assert len(run.rows()) == 9


def test_a_name_that_is_taken() -> None:
    taken = Hint()
    taken.name = "base"  # type: ignore[misc]
    with pytest.raises(us.UserError, match=r"'base' .* is taken"):
        GivenObjects().spec("variants", "perturbation", taken)
    with pytest.raises(us.UserError, match="is taken"):
        GivenObjects().specs(
            "benchmarks", "benchmark", [scripted("Wide", n=1), scripted("Wide", n=2)]
        )


def test_no_usable_sample(tmp_path: Path) -> None:
    with pytest.raises(us.UserError, match="no sample could be used"):
        us.evaluate(
            model=Echo(), benchmarks=scripted("Wide", n=1, broken=1), variants="base",
            out=tmp_path / "r",
        )  # fmt: skip
    failures = us.load_run(tmp_path / "r").failures()
    assert failures.stage.tolist() == ["load"]
    assert failures.message[0] == "row 0 is broken"


def test_hostile_text_is_a_cell(tmp_path: Path) -> None:
    text = "\x00 half \ud800 pair, \u2028 line"
    run = us.evaluate(
        model=Echo(text), benchmarks="scenes,n=2", variants="base", out=tmp_path / "r", **FEW
    )
    rows = run.rows()
    assert rows.text[0] == f"<answer>{text}</answer>".replace("\ud800", "\N{REPLACEMENT CHARACTER}")
    assert rows.letter.isna().all()
    assert rows.problem.notna().all()


def test_without_pandas(run: us.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_installed", lambda name: name != "pandas")
    for call in (run.rows, run.metrics, run.failures, lambda: us.compare(run, run)):
        with pytest.raises(errors.MissingExtra, match=r"unswayed\[pandas\]"):
            call()


# --- the face of the package ----------------------------------------------------------------------


def test_every_name_is_there_and_nothing_heavy_before_it_is_used() -> None:
    code = """
import sys, unswayed as us
assert set(us.__all__) <= set(dir(us)), "dir"
heavy = {"torch", "numpy", "scipy", "pandas", "pydantic", "transformers", "matplotlib"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
for name in us.__all__:
    getattr(us, name)
assert not {"torch", "transformers", "pandas", "matplotlib"} & set(sys.modules)
try:
    us.evalute
except AttributeError as error:
    assert "evalute" in str(error)
else:
    raise SystemExit("no AttributeError")
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_typed_names_are_those_that_are_fetched() -> None:
    text = (ROOT / "src" / "unswayed" / "__init__.py").read_text()
    for name in us.__all__:
        if name != "__version__":
            home = us._HOMES[name]  # pyright: ignore[reportPrivateUsage]
            assert f"from {home} import {name} as {name}\n" in text


def _command(*arguments: str) -> str:
    command = [sys.executable, "-m", "unswayed", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _picture() -> bytes:
    return scripted("Wide", n=1).picture.data
