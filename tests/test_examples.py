"""The examples run as they are."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from unswayed import registry
from unswayed.benchmarks.scenes import Scenes
from unswayed.judges import JudgeCase
from unswayed.models import Decoding, Request
from unswayed.organism import weights_folder
from unswayed.perturbations import Context
from unswayed.perturbations.composition import compose, variants_of
from unswayed.perturbations.texts.templates import Templates
from unswayed.run.folder import RunFolder

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_parity_is_a_benchmark(tmp_path: Path) -> None:
    benchmark = registry.create("benchmark", f"{EXAMPLES}/parity.py:Parity,n=6,seed=2")
    samples = list(benchmark)
    assert len(samples) == 6
    assert {sample.options[sample.answer] for sample in samples} == {"even", "odd"}
    assert [s.id for s in benchmark] == [s.id for s in samples]
    run = RunFolder(tmp_path)
    stored = run.store_image(samples[0].images[0])
    assert stored.sha256
    made = list(variants_of(samples[0], [compose("wrong-caption")], Context(Templates())))
    assert made[0].foil != samples[0].answer


def test_last_letter_is_a_judge() -> None:
    judge = registry.create("judge", f"{EXAMPLES}/last_letter.py:LastLetter")
    options = {"A": "even", "B": "odd"}
    thoughts = {"first A, then B": "consistent", "so A": "inconsistent", "who knows": "unclear"}
    cases = [
        JudgeCase(str(index), "Even or odd?", options, thought, "B", "B", None)
        for index, thought in enumerate(thoughts)
    ]
    assert [verdict.status for verdict in judge.judge(cases)] == list(thoughts.values())


def test_plain_transformers_says_what_the_backend_says(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from unswayed.organism.models import Organism

    sample = next(iter(Scenes(n=1, seed=4)))
    picture, question = tmp_path / "scene.png", tmp_path / "question.txt"
    picture.write_bytes(sample.images[0].read())
    lines = [f"{letter}. {text}" for letter, text in sample.options.items()]
    text = "\n".join([f"Question: {sample.question}", "Options:", *lines])
    question.write_text(text)
    said = _without_unswayed(str(weights_folder()), str(picture), str(question))
    request = Request("0", sample.id, "base", "", text, (picture,), "", dict(sample.options))
    (done,) = Organism().generate([request], Decoding(max_new_tokens=160))
    assert said.strip() == done.text
    assert done.text.endswith("</answer>")


def test_python_api_runs(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "python_api.py"), str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "swayed on: scenes/" in done.stdout
    assert "accuracy_difference" in done.stdout


def test_the_notebook_runs_from_its_first_cell_to_its_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run the code cells in one namespace, and show what each ends in as a notebook would."""
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    cells = json.loads((EXAMPLES / "quickstart.ipynb").read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    namespace: dict[str, object] = {"__name__": "__main__"}
    shown = [_run_cell("".join(cell["source"]), namespace) for cell in code]
    assert len(shown) == len(code) > 5
    assert sum("<table" in html for html in shown) >= 4
    assert (tmp_path / "runs" / "quickstart" / "report.html").is_file()


def test_the_notebook_holds_no_output() -> None:
    cells = json.loads((EXAMPLES / "quickstart.ipynb").read_text("utf-8"))["cells"]
    assert [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []


def _run_cell(source: str, namespace: dict[str, object]) -> str:
    """Run a cell and return its last expression as HTML or text; empty if it ends in none."""
    statements = ast.parse(source).body
    last = statements.pop() if isinstance(statements[-1], ast.Expr) else None
    exec(compile(ast.Module(statements, []), "cell", "exec"), namespace)
    if not isinstance(last, ast.Expr):
        return ""
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), namespace)
    as_html = getattr(value, "_repr_html_", None)
    return str(as_html()) if as_html else repr(value)


def _without_unswayed(*arguments: str) -> str:
    """Run the example in a process in which unswayed cannot be imported."""
    code = (
        "import runpy, sys; sys.modules['unswayed'] = None; sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    script = str(EXAMPLES / "plain_transformers.py")
    command = [sys.executable, "-c", code, script, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
