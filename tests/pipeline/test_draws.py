"""Runs with several outputs a prompt: whole, killed, in shards, judged, replayed and shown."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from unswayed.cli.evaluate import evaluate as command
from unswayed.errors import ConfigError, RunError
from unswayed.pipeline.plan import plan
from unswayed.pipeline.settings import Settings, settings
from unswayed.pipeline.stages import evaluate
from unswayed.run.folder import RunFolder

SCRIPTED = str(Path(__file__).parents[1] / "scripted.py")


def asked(**changed: Any) -> Settings:
    values: dict[str, Any] = {
        "model": f"{SCRIPTED}:Scripted,script=mixed",
        "benchmarks": ("scenes,n=9",),
        "variants": ("base", "wrong-think"),
        "batch_size": 7,
        "statistics": {"resamples": 100},
        "decoding": {"n": 3, "temperature": 0.7},
    }
    return Settings.model_validate(values | changed)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return evaluate(asked(), tmp_path_factory.mktemp("drawn") / "run")


def _lines(folder: Path) -> list[str]:
    return (folder / "generations.jsonl").read_text().splitlines()


def test_each_prompt_has_a_line_for_each_output(run: RunFolder) -> None:
    lines = [json.loads(line) for line in _lines(run.folder)]
    ids = [variant.id for variant in run.variants]
    assert len(ids) == 18
    expected = [(id, draw) for id in ids for draw in range(3)]
    assert [(line["id"], line.get("draw", 0)) for line in lines] == expected
    assert [(one.id, one.draw) for one in run.verdicts] == expected
    rows = list(run.joined())
    assert [(v.id, g.draw) for v, g, _ in rows] == expected
    texts = [{g.text for v, g, _ in rows if v.id == id} for id in ids]
    assert max(map(len, texts)) > 1


def test_the_first_outputs_are_those_of_a_run_with_one(run: RunFolder, tmp_path: Path) -> None:
    one = evaluate(asked(decoding={"temperature": 0.7}), tmp_path / "one")
    for name in ("generations", "verdicts"):
        lines = (run.folder / f"{name}.jsonl").read_bytes().splitlines()
        first = [line for line in lines if b'"draw"' not in line]
        assert first == (one.folder / f"{name}.jsonl").read_bytes().splitlines()
    assert "n" not in one.description()["settings"]["decoding"]


def test_every_output_is_judged_for_itself(run: RunFolder) -> None:
    for variant, generation, verdict in run.joined():
        assert verdict is not None
        assert (verdict.id, verdict.draw) == (variant.id, generation.draw)
        assert (verdict.status == "skipped") == (generation.status != "stop")


def test_an_output_cut_in_its_middle_is_drawn_again(run: RunFolder, tmp_path: Path) -> None:
    out = evaluate(asked(), tmp_path / "again").folder
    whole = (out / "generations.jsonl").read_bytes()
    os.truncate(out / "generations.jsonl", whole.index(b"\n", len(whole) // 2) - 9)
    (out / "verdicts.jsonl").unlink()
    progress = json.loads((out / "progress.json").read_text())
    del progress["files"]
    (out / "progress.json").write_text(json.dumps(progress | {"generations": 0, "verdicts": 0}))
    evaluate(asked(), out)
    for name in ("generations.jsonl", "verdicts.jsonl", "metrics.json"):
        assert (out / name).read_bytes() == (run.folder / name).read_bytes()


@pytest.mark.parametrize("swapped", ["generations", "verdicts"])
def test_outputs_out_of_order_are_refused(tmp_path: Path, swapped: str) -> None:
    run = evaluate(asked(), tmp_path / "run")
    path = run.folder / f"{swapped}.jsonl"
    first, second, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([second, first, *rest]))
    with pytest.raises(RunError, match="do not belong together"):
        list(run.joined())


@pytest.mark.parametrize("decoding", [{"n": 2}, {"n": 2, "temperature": 0}])
def test_equal_outputs_are_refused_before_anything_is_written(
    tmp_path: Path, decoding: dict[str, Any]
) -> None:
    def start() -> None:
        written = {"model": f"{SCRIPTED}:Scripted", "benchmarks": ["scenes,n=2"]}
        evaluate(settings(None, {**written, "decoding": decoding}), tmp_path / "run")

    with pytest.raises(ConfigError, match="at temperature 0 are 2 times the same") as refused:
        start()
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "run").exists()


def test_the_command_draws_and_says_what_it_costs() -> None:
    written = ["--model", "tiny", "--benchmark", "scenes,n=2", "--draws", "4", "--dry-run"]
    found = CliRunner().invoke(command, written)
    assert isinstance(found.exception, ConfigError)
    assert "--temperature 1" in str(found.exception)
    found = CliRunner().invoke(command, [*written, "--temperature", "1"])
    assert found.exit_code == 0, found.output
    assert "generations: 64 (4 a prompt)" in found.output


def test_the_plan_counts_every_output() -> None:
    one = plan(asked(decoding={}))
    three = plan(asked())
    assert three.shares[0].variants == one.shares[0].variants == 18
    assert three.shares[0].prompt_tokens == 3 * one.shares[0].prompt_tokens
    assert "generations: 54 (3 a prompt)" in three.text()


def test_recorded_outputs_of_one_prompt_are_replayed(run: RunFolder, tmp_path: Path) -> None:
    """The generations of a run are a recording: ids, draws and texts stand in them."""
    model = f"replay:{run.folder / 'generations.jsonl'},output=text,status=status,name=scripted"
    again = evaluate(asked(model=model), tmp_path / "again")
    ours, theirs = ([*each.generations] for each in (run, again))
    assert [(one.id, one.draw, one.text) for one in ours] == [
        (one.id, one.draw, one.text) for one in theirs
    ]
    more = evaluate(asked(model=model, decoding={"n": 4, "temperature": 0.7}), tmp_path / "more")
    lost = [one for one in more.generations if one.draw == 3]
    assert {one.status for one in lost} == {"error"}
    assert "output 4 of the prompt" in str(lost[0].error)


def test_the_table_of_rows_says_which_output_it_is(run: RunFolder) -> None:
    pytest.importorskip("pandas")
    from unswayed.results.rows import frame

    table = frame(run)
    assert table["draw"].tolist() == [0, 1, 2] * 18
    base = table[table["variant"] == "base"]
    marginal = base.groupby("sample")["entropy_marginal"].agg(["min", "max"]).dropna()
    assert (marginal["min"] == marginal["max"]).all()
    mean = base.groupby("sample")["p_correct"].mean().dropna()
    own = base.groupby("sample")["p_correct_marginal"].first().dropna()
    assert own.to_dict() == pytest.approx(mean.to_dict())


def test_agreement_and_marginals_are_shown(run: RunFolder) -> None:
    pytest.importorskip("jinja2")
    from unswayed.report.page import render
    from unswayed.report.terminal import summary

    text = summary(json.loads((run.folder / "metrics.json").read_text()))
    assert "several outputs a prompt" in text
    assert "Majority %" in text
    page = render(run)
    assert "Marginal P(correct)" in page
    assert "(output 2)" in page
    assert "(output 3)" not in page or "more outputs of these prompts" in page
