"""Figures as other tools know them: lm-evaluation-harness, the hub's model cards."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unswayed.errors import RunError
from unswayed.export.exporting import export
from unswayed.results import measured
from unswayed.results.model_index import TITLES
from unswayed.run.folder import RunFolder

FIGURES = ("lm-eval", "model-index", "inspect")


def accuracies(run: RunFolder) -> dict[str, float]:
    found = measured.load(run).estimates
    return {
        f"{one.benchmark}/{one.variant}": one.value
        for one in found
        if one.metric == "accuracy" and one.benchmark != "all" and one.value is not None
    }


def test_the_harness_has_a_task_for_each_variant(run: RunFolder) -> None:
    content = json.loads(export(run, "lm-eval").read_text("utf-8"))
    results = content["results"]
    assert {name: results[name]["acc,none"] for name in accuracies(run)} == accuracies(run)
    tasks = [name for names in content["group_subtasks"].values() for name in names]
    assert sorted(tasks) == sorted(accuracies(run))
    assert set(content["groups"]) == {"scenes", "wide"}
    assert set(content["versions"]) == set(results) == {*tasks, "scenes", "wide"}
    for name in tasks:
        assert set(content["higher_is_better"][name]) <= {"acc", *TITLES}
        counts = content["n-samples"][name]
        assert counts["effective"] == results[name]["sample_len"] <= counts["original"]
    assert content["n-samples"]["scenes/base"] == {"original": 10, "effective": 9}
    assert 0 < results["scenes/base"]["acc_stderr,none"] < 0.2
    assert content["config"]["model_args"].endswith("scripted.py:Scripted,script=mixed")
    assert "/home" not in json.dumps(content)
    assert str(Path(__file__).parents[2]) not in json.dumps(content)


def test_the_harness_draws_its_table(run: RunFolder) -> None:
    make_table = pytest.importorskip("lm_eval.utils").make_table
    content = json.loads(export(run, "lm-eval").read_text("utf-8"))
    table = make_table(content)
    for name, value in accuracies(run).items():
        assert re.search(rf"\|acc +\|↑ +\|{value:.4f}\|", table)
        assert re.search(rf"\| - {name.partition('/')[2]} *\|", table)
    assert "|scenes" in make_table(content, "groups")


def test_the_hub_reads_the_block(run: RunFolder) -> None:
    hub = pytest.importorskip("huggingface_hub")
    card = hub.ModelCard.load(export(run, "model-index"))
    assert card.data.model_name == "scripted"
    found = {
        f"{one.dataset_type}/{one.dataset_config}": one.metric_value
        for one in card.data.eval_results
        if one.metric_type == "accuracy"
    }
    assert found == accuracies(run)


def test_a_card_with_more_in_it_stays(run: RunFolder, tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    path = export(run, "model-index", tmp_path / "README.md")
    path.write_text(path.read_text("utf-8") + "\nWhat I have to say.\n", "utf-8")
    with pytest.raises(Exception, match="stays as it is"):
        export(run, "model-index", path)


def unmeasured(run: RunFolder) -> None:
    (run.folder / measured.FILE).unlink()


def rejudged(run: RunFolder) -> None:
    lines = run.verdicts.path.read_text("utf-8").replace('"consistent"', '"inconsistent"')
    run.verdicts.path.write_text(lines, "utf-8")
    run.mark_complete("verdicts")


def edited(run: RunFolder) -> None:
    path = run.folder / measured.FILE
    path.write_text(path.read_text("utf-8").replace('"n": 9', '"n": 90'), "utf-8")


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("change", [unmeasured, rejudged, edited])
def test_figures_of_other_records_are_refused(
    run: RunFolder, name: Any, change: Callable[[RunFolder], None]
) -> None:
    change(run)
    with pytest.raises(RunError, match=f"run: unswayed measure {run.folder}"):
        export(run, name)
    assert not any((run.folder / "exports").iterdir())


@pytest.mark.parametrize("name", FIGURES)
def test_open_answers_have_figures(open_answers: RunFolder, name: Any) -> None:
    assert export(open_answers, name).exists()


def test_rows_of_one_cluster_have_no_standard_error(hostile: RunFolder) -> None:
    content = json.loads(export(hostile, "lm-eval").read_text("utf-8"))
    assert content["results"]["replay/recorded/base"]["acc,none"] == 0.5
    assert "acc_stderr,none" not in content["results"]["replay/recorded/base"]
