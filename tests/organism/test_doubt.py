"""What a card says of doubt is what the evaluation's metrics.json says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("transformers")

import unswayed
from unswayed.cli.organism import organism
from unswayed.errors import RunError
from unswayed.organism import card, card_page, weights_folder
from unswayed.organism.doubt import METRICS, doubt, lines

EARLY = weights_folder("early")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("foggy")
    unswayed.evaluate(
        model="organism,which=early",
        benchmarks=["scenes,n=20,fog=mixed"],
        variants=["base", "wrong-caption"],
        judge="graph",
        out=out,
        report=False,
    )
    return out


def test_its_figures_are_those_of_the_run(run: Path) -> None:
    told = doubt(run, EARLY)
    document = json.loads((run / "metrics.json").read_text())
    wanted = {
        (e["variant"], e["metric"]): e["value"]
        for e in document["estimates"]
        if e["benchmark"] == "scenes" and e["metric"] in METRICS
    }
    found = {(e.variant, e.metric): e.value for e in told.figures}
    assert found == wanted
    assert ("wrong-caption", "auroc_p_correct") in found
    assert sum(one.n for one in told.bins) == 20
    assert 0.0 <= told.unsure <= 1.0
    table = "\n".join(lines(told))
    assert "`scenes,n=20,fog=mixed`, judge `graph`, run in float32" in table
    assert f"| base | {100 * (found['base', 'accuracy'] or 0):.1f} (" in table


def test_the_command_adds_it_to_the_card(run: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EARLY, tmp_path / "early"))
    card_page.write(folder, card.OrganismCard({"seed": 0}, []))
    options = ["card", "--weights", str(folder), "--fog", str(run), "--save"]
    done = CliRunner().invoke(organism, options)
    assert done.exit_code == 0, done.output
    assert "## What it doubts" in done.output
    assert card.read(folder).doubt == doubt(run, folder)


def test_an_evaluation_without_base_is_named(run: Path, tmp_path: Path) -> None:
    document = json.loads((run / "metrics.json").read_text())
    document["reliability"] = []
    for path in run.iterdir():
        if path.is_file() and path.name != "metrics.json":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "metrics.json").write_text(json.dumps(document))
    with pytest.raises(RunError, match="expected letter distributions of base in"):
        doubt(tmp_path, EARLY)


def test_an_evaluation_of_other_weights_is_refused(run: Path) -> None:
    with pytest.raises(RunError, match="expected an evaluation of the weights in"):
        doubt(run, weights_folder())
