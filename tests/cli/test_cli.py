"""The command line: every command, what goes to which stream, and one line for every slip."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from unswayed.benchmarks.scenes import Scenes
from unswayed.cli import COMMANDS, SUMMARIES, main
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate
from unswayed.run.folder import RunFolder

SCRIPTED = str(Path(__file__).parents[1] / "scripted.py")
MODEL = f"{SCRIPTED}:Scripted"
FEW = ("--variants", "base,wrong-think", "--set", "statistics.resamples=100")


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str

    @property
    def last(self) -> str:
        return self.err.splitlines()[-1]


Call = Callable[..., Result]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Return a function that calls the command line as a shell would, in this process."""

    def called(*arguments: object) -> Result:
        capsys.readouterr()  # what the test itself has caused so far
        monkeypatch.setattr(sys, "argv", ["unswayed", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        code = ended.value.code
        return Result(code if isinstance(code, int) else 0, captured.out, captured.err)

    return called


def made(out: Path, **changed: Any) -> RunFolder:
    values: dict[str, Any] = {
        "model": f"{MODEL},script=mixed",
        "benchmarks": ("scenes,n=10",),
        "variants": ("base", "wrong-think"),
        "statistics": {"resamples": 100},
    }
    return evaluate(Settings.model_validate(values | changed), out)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run; tests that change it copy it."""
    return made(tmp_path_factory.mktemp("finished") / "run").folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "run")


# --- what each command prints


@pytest.mark.parametrize("name", [*COMMANDS, "organism train", "organism card"])
def test_every_command_has_help(call: Call, name: str) -> None:
    result = call(*name.split(), "--help")
    assert result.status == 0
    assert result.out.startswith(f"Usage: unswayed {name} ")
    assert result.err == ""


def test_the_top_help_names_every_command(call: Call) -> None:
    result = call("--help")
    assert result.status == 0
    for name in COMMANDS:
        assert f"\n  {name} " in result.out
    assert "\\b" not in result.out
    assert call("-h") == result


def test_without_a_command_the_help_is_shown(call: Call) -> None:
    result = call()
    assert result.status == 2
    assert result.out + result.err == call("--help").out


def test_the_version_is_the_packages(call: Call) -> None:
    import unswayed

    assert unswayed.__version__ in call("--version").out


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("benchmarks", "scenes"),
        ("variants", "wrong-think-but"),
        ("models", "transformers"),
        ("judges", "rules"),
        ("profiles", "vlaa-thinker"),
        ("texts", "template"),
    ],
)
def test_list_prints_names_as_lines_and_as_json(call: Call, kind: str, expected: str) -> None:
    plain, as_json = call("list", kind), call("list", kind, "--json")
    names = json.loads(as_json.out)
    assert expected in names
    lines = [line for line in plain.out.splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in lines] == list(names)
    for line, row in zip(lines, names.values(), strict=True):
        assert row["about"][:1].strip()
        assert line.endswith(row["about"])
    assert plain.err == as_json.err == ""


def test_list_says_what_is_known_of_a_benchmark(call: Call) -> None:
    names = json.loads(call("list", "benchmarks", "--json").out)
    facts = {"rows": {"all": 2638, "2D": 1438, "3D": 1200}, "licence": "Apache-2.0"}
    assert names["cv-bench"].items() >= facts.items()
    assert names["cv-bench"]["hub_id"] == "nyu-visionx/CV-Bench"
    lines = [line.strip() for line in call("list", "benchmarks").out.splitlines()]
    assert "rows: 2,638; licence: Apache-2.0; nyu-visionx/CV-Bench" in lines
    assert "licence: none stated; annotations Apache-2.0" in lines


def test_a_kind_that_nothing_is_registered_for_is_told(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unswayed import registry

    monkeypatch.setattr(registry, "_points", lambda _: {})
    result = call("list", "rewards")
    assert (result.status, result.out) == (0, "")
    assert "no package brings rewards; yours are named as my_file.py:NAME" in result.err


def test_a_summary_of_a_command_is_a_sentence_that_is_not_cut(call: Call) -> None:
    assert list(SUMMARIES) == list(COMMANDS)
    for line in call("--help").out.partition("Commands:\n")[2].splitlines():
        assert len(line) <= 80
        assert line.endswith(".")
        assert not line.endswith("...")


def test_check_reports_versions_extras_and_devices(call: Call) -> None:
    found = json.loads(call("check", "--json").out)
    assert set(found) == {"unswayed", "extras", "devices"}
    assert found["unswayed"]["python"].startswith("3.")
    assert "cores" in found["devices"]["cpu"]
    for section, rows in found.items():
        assert section in call("check").out
        assert rows


def test_evaluate_writes_figures_to_stdout_and_talk_to_stderr(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = ("evaluate", "--model", MODEL, "--benchmark", "scenes,n=6", *FEW, "--out", out)
    result = call(*command)
    assert result.status == 0
    assert "wrong-think" in result.out
    assert "accuracy" in result.out.casefold()
    assert "report.html" not in result.out
    assert result.last == f"report: {out / 'report.html'}"
    assert "\r" not in result.err  # a log gets whole lines, and none of short work
    assert (out / "report.html").stat().st_size > 1000
    again = call(*command, "--json", "--no-report")
    assert json.loads(again.out) == json.loads((out / "metrics.json").read_text())
    assert "report:" not in again.err


def test_a_run_folder_in_place_of_a_recipe_is_finished(call: Call, run: Path) -> None:
    before = (run / "metrics.json").read_bytes()
    (run / "metrics.json").unlink()
    assert call("evaluate", run, "--no-report").status == 0
    assert (run / "metrics.json").read_bytes() == before


def test_a_recipe_is_read_and_options_and_sets_win_over_it(call: Call, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'model = "{MODEL}"\nbenchmarks = ["scenes,n=9"]\nvariants = ["base"]\nseed = 1\n'
        "[decoding]\nmax_new_tokens = 5\n[statistics]\nresamples = 100\n"
    )
    out = tmp_path / "run"
    options = ("--limit", "4", "--seed", "2", "--max-new-tokens", "7", "--temperature", "0.5")
    more = ("--set", "decoding.top_p=0.9", "--set", "foils=2", "--on-conflict", "text")
    assert call("evaluate", recipe, *options, *more, "--out", out, "--no-report").status == 0
    description = RunFolder(out).description()
    settings = description["settings"]
    assert (settings["limit"], settings["seed"], settings["foils"]) == (4, 2, 2)
    assert settings["decoding"] == {
        "max_new_tokens": 7,
        "temperature": 0.5,
        "top_p": 0.9,
        "force_answer": False,
    }
    assert description["measuring"]["on_conflict"] == "text"
    assert description["written"]["recipe"] == recipe.read_text()
    assert sum(1 for _ in RunFolder(out).variants) == 4


def test_without_out_the_same_command_finds_its_folder_again(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ("generate", "--model", MODEL, "--benchmark", "scenes,n=2", "--variants", "base")
    first, again, other = call(*command), call(*command), call(*command, "--seed", "1")
    assert first.out == again.out != other.out
    assert (tmp_path / first.out.strip() / "generations.jsonl").is_file()
    assert len([*(tmp_path / "runs").iterdir()]) == 2


def test_the_plan_counts_and_writes_nothing(call: Call, tmp_path: Path) -> None:
    picture = Scenes(1)[0].images[0].data or b""
    (tmp_path / "good.png").write_bytes(picture)
    row = {"question": "Where?", "A": "left", "B": "right", "answer": "B"}
    rows = [row | {"image": "good.png"}, row | {"image": "none.png"}]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    before = sorted(tmp_path.iterdir())
    specs = ("--benchmark", "scenes,n=5", "--benchmark", f"file:{tmp_path / 'mine.jsonl'}")
    asked = ("--variants", "base,wrong-think,abstain+stop-think", "--out", tmp_path / "run")
    result = call("evaluate", "--model", "tiny", *specs, *asked, "--foils", "2", "--dry-run")
    assert result.status == 0
    assert result.err == ""
    lines = [line.split()[:4] for line in result.out.splitlines()]
    assert ["scenes", "5", "20", "0"] in lines  # base, two foils of wrong-think, abstain
    assert ["file/mine", "1", "3", "1"] in lines  # one wrong option, so one foil
    assert "generations: 23; at most 3,680 new tokens (160 each)" in result.out
    assert sorted(tmp_path.iterdir()) == before


def test_stage_by_stage_gives_the_files_of_evaluate(
    call: Call, finished: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    model = f"{MODEL},script=mixed"
    result = call("generate", "--model", model, "--benchmark", "scenes,n=10", *FEW, "--out", out)
    assert (result.status, result.out) == (0, f"{out}\n")
    assert not (out / "verdicts.jsonl").exists()
    early = call("measure", out, "--json")
    assert "the verdicts of" in early.err
    values = {e["metric"]: e["value"] for e in json.loads(early.out)["estimates"]}
    assert values["consistency_rate"] is None  # not judged yet, and so not 0
    judged = call("judge", out, "--json")
    assert json.loads(judged.out) == {"consistent": 14, "inconsistent": 3, "skipped": 3}
    assert call("measure", out).status == 0
    assert call("report", out, "--samples", "2").out == f"{out / 'report.html'}\n"
    for name in ("variants.jsonl", "generations.jsonl", "verdicts.jsonl", "metrics.json"):
        assert (out / name).read_bytes() == (finished / name).read_bytes()


def test_judging_with_another_judge_keeps_the_verdicts_and_says_measure(
    call: Call, run: Path
) -> None:
    before = (run / "verdicts.jsonl").read_bytes()
    result = call("judge", run, "--judge", f"{SCRIPTED}:SlowRules")
    assert result.status == 0
    assert "consistent" in result.out
    assert f"unswayed measure {run}" in result.last
    (aside,) = run.glob("verdicts-rules-*.jsonl")
    assert aside.read_bytes() == before
    assert call("measure", run).status == 0
    assert call("judge", run).err == ""  # nothing was left to do, and the figures are of it
    assert RunFolder(run).description()["measuring"]["judge"].endswith("SlowRules")


def test_measure_reads_conflicts_as_it_is_told(call: Call, run: Path) -> None:
    path = run / "generations.jsonl"
    rows = list(RunFolder(run).joined())
    first = rows[0][0]
    foil = first.options[first.foil or ""]
    lines = path.read_text().splitlines()
    changed = json.loads(lines[0])
    changed["text"] = f"<think>x</think><answer>{first.answer}. {foil}</answer>"
    path.write_text("\n".join([json.dumps(changed), *lines[1:]]) + "\n")
    RunFolder(run).mark_complete("generations")  # as if the model had written it
    found: dict[str, tuple[float, float]] = {}
    for policy in ("letter", "text", "unparsed"):
        metrics = json.loads(call("measure", run, "--on-conflict", policy, "--json").out)
        assert metrics["settings"]["on_conflict"] == policy
        base = {e["metric"]: e["value"] for e in metrics["estimates"] if e["variant"] == "base"}
        found[policy] = (base["accuracy"], base["unparsed_rate"])
        assert base["conflict_rate"] == pytest.approx(1 / 9)
    assert found["letter"] == (pytest.approx(7 / 9), pytest.approx(1 / 9))
    assert found["text"] == (pytest.approx(6 / 9), pytest.approx(1 / 9))
    assert found["unparsed"] == (pytest.approx(6 / 9), pytest.approx(2 / 9))
    kept = json.loads(call("measure", run, "--level", "0.5", "--json").out)
    assert kept["settings"]["on_conflict"] == "unparsed"
    assert kept["settings"]["level"] == 0.5


def test_compare_pairs_the_samples_that_both_runs_hold(
    call: Call, finished: Path, tmp_path: Path
) -> None:
    other = made(tmp_path / "other", model=MODEL).folder  # the gold always
    (found,) = json.loads(call("compare", finished, other, "--resamples", "100", "--json").out)
    assert (found["reference"], found["run"]) == (str(finished), str(other))
    assert found["differing"] == found["other_questions"] == []
    values = {(e["variant"], e["metric"]): e for e in found["differences"]}
    # of nine base rows that completed in both, two were wrong before: 6 and 7
    assert values["base", "accuracy_difference"]["value"] == pytest.approx(2 / 9)
    assert values["base", "accuracy_difference"]["n"] == 9
    assert values["wrong-think", "accuracy_difference"]["value"] == pytest.approx(6 / 9)
    third = shutil.copytree(other, tmp_path / "third")
    plain = call("compare", finished, other, third, "--resamples", "100")
    assert plain.status == 0
    assert plain.out.count(f"− {finished}") == 2
    assert plain.err == ""


def test_compare_refuses_runs_that_share_nothing_and_a_run_alone(
    call: Call, finished: Path, tmp_path: Path
) -> None:
    other = made(tmp_path / "other", benchmarks=("scenes,n=3,seed=9",)).folder
    assert_one_line(call("compare", finished, other), "share")
    assert_one_line(call("compare", finished), "at least two run folders", "found 1")
    again = finished.parent / "." / finished.name / ".." / finished.name
    assert_one_line(call("compare", finished, other, again), "different runs", "more than once")
    assert_one_line(call("compare", finished, other, "--level", "95"), "level")
    assert_one_line(call("compare", finished, other, "--resamples", "0"), "resamples")


def test_compare_refuses_other_questions_unless_they_are_wanted(
    call: Call, finished: Path, tmp_path: Path
) -> None:
    other = made(tmp_path / "other", delivery="user-turn").folder
    asked = ("compare", finished, other, "--resamples", "100")
    assert_one_line(call(*asked), "delivery: prefill → user-turn", "--allow-differing")
    allowed = call(*asked, "--allow-differing")
    assert allowed.status == 0
    assert "delivery: prefill → user-turn" in allowed.out.splitlines()[1]
    (found,) = json.loads(call(*asked, "--allow-differing", "--json").out)
    assert found["differing"] == [
        {"setting": "delivery", "reference": "prefill", "run": "user-turn"}
    ]
    (where,) = found["other_questions"]
    assert (where["variant"], where["rows"], where["shared"]) == ("wrong-think", 9, 9)


def test_show_lists_samples_and_shows_one(call: Call, run: Path) -> None:
    listing, one = call("show", run), call("show", run, "--sample", "scenes/0-3")
    assert (listing.status, one.status) == (0, 0)
    assert all(f"scenes/0-{number}" in listing.out for number in range(10))
    assert "⟦" in one.out
    assert "wrong-think" in one.out
    assert one.err == ""
    unparsed, truncated, failed = listing.err.splitlines()  # what the listing's marks add up to
    assert unparsed.startswith("unswayed: warning: scenes: unparsed: base 11.1 % (1 of 9): ")
    assert "truncated: base 11.1 % (1 of 9)" in truncated
    assert "failed: base 10.0 % (1 of 10), wrong-think 10.0 % (1 of 10)" in failed
    assert_one_line(call("show", run, "--sample", "scenes/0-33"), "unknown sample", "did you mean")


def test_judge_check_scores_a_judge(call: Call, tmp_path: Path, real: Path) -> None:
    labels = real / "judge_labels" / "vstar_consistency.jsonl"
    result = call("judge-check", labels, "--json")
    assert json.loads(result.out)["n"] == 179
    assert result.err == ""
    plain = call("judge-check", labels)
    assert plain.status == 0
    assert "agreement" in plain.out
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    assert_one_line(call("judge-check", empty), "found none")
    assert_one_line(call("judge-check", tmp_path / "none.jsonl"), "none.jsonl")


# --- what each slip prints


def assert_one_line(result: Result, *words: str) -> None:
    """Require the user's exit status, nothing on stdout, and one line with these words."""
    assert result.status == 2, result
    assert result.out == ""
    (line,) = result.err.splitlines()
    assert line.startswith("unswayed: error: ")
    assert "unexpected" not in line
    assert "Traceback" not in line
    for word in words:
        assert word in line, line


SLIPS: list[tuple[str, tuple[str, ...]]] = [
    ("evalute", ("unknown command", "did you mean evaluate")),
    ("evaluate --modle tiny", ("--modle", "--model")),
    ("evaluate --model tinny --benchmark scenes", ("unknown model 'tinny'", "tiny")),
    ("evaluate --model tiny --benchmark scense", ("unknown benchmark 'scense'", "scenes")),
    ("evaluate --model tiny --benchmark scenes --variants wrong-thnik", ("did you mean wrong-th",)),
    ("evaluate --model tiny --benchmark scenes --variants shuffle+wrong-thnik", ("wrong-think",)),
    ("evaluate --model tiny --benchmark scenes --variants stop-think+wrong-think", ("joins",)),
    ("evaluate --model tiny --benchmark scenes --judge ruels", ("unknown judge", "rules")),
    ("evaluate --model tiny --benchmark scenes --profile spaser", ("unknown profile", "spacer")),
    (
        "evaluate --model tiny --benchmark none.jsonl",
        ("unknown benchmark 'none.jsonl', and no such file exists", "file:PATH (.jsonl, .json"),
    ),
    ("evaluate --model tiny --benchmark plain.py", ("plain.py:NAME",)),
    ("evaluate --model tiny --benchmark scenes --judge a/j.py", ("a/j.py:NAME",)),
    ("evaluate --model tiny --benchmark scenes --judge j.toml", ("no such file", "MY_FILE.py")),
    ("evaluate --model tiny --benchmark scenes --texts t.jsonl", ("no such file", "file:PATH")),
    ("evaluate --model tiny --benchmark scenes --profile p.toml", ("no such file", "PATH.toml:N")),
    ("evaluate --model tiny --benchmark scenes --variants v.toml", ("no such file", "MY_FILE.py")),
    ("runs/none", ("unknown command 'runs/none', and no such file", "unswayed evaluate PATH")),
    ("evaluate --model tiny --benchmark scenes,m=3", ("unknown option of the benchmark", "'m'")),
    ("evaluate --model tiny --benchmark scenes,level=harrd", ("level", "easy, hard", "harrd")),
    ("evaluate --model tiny --benchmark scenes,n=0", ("n of at least 1",)),
    ("evaluate --model tiny --benchmark scenes,n", ("key=value", "'n'")),
    ("evaluate --model tiny --benchmark scenes,n=1,n=2", ("twice",)),
    ("evaluate --model tiny,sed=1 --benchmark scenes", ("unknown option of the model", "seed")),
    ("evaluate --model tiny --benchmark ,n=3", ("expected a name",)),
    ("evaluate --model tiny --benchmark file", ("cannot make the benchmark", "file:PATH")),
    ("evaluate --model tiny --benchmark file:none.jsonl", ("none.jsonl", "nothing there")),
    ("evaluate --model transformers:none --benchmark scenes", ("checkpoint folder", "none")),
    ("evaluate --model ./empty --benchmark scenes", ("no config.json",)),
    ("evaluate --model none.py:Model --benchmark scenes", ("Python file", "none.py")),
    ("evaluate --model broken.py:Model --benchmark scenes", ("broken.py", "SyntaxError")),
    ("evaluate --model raises.py:Model --benchmark scenes", ("raises.py", "no luck")),
    ("evaluate --model plain.py:Modle --benchmark scenes", ("unknown name in plain.py", "Model")),
    ("evaluate --model plain.py --benchmark scenes", ("plain.py:NAME",)),
    ("evaluate --benchmark scenes", ("'model' is missing",)),
    ("evaluate --model tiny", ("'benchmarks' is missing",)),
    ("evaluate --model tiny --benchmark scenes --limit 0", ("limit", "1", "0")),
    ("evaluate --model tiny --benchmark scenes --limit many", ("--limit", "many")),
    ("evaluate --model tiny --benchmark scenes --foils 26", ("foils", "25", "26")),
    ("evaluate --model tiny --benchmark scenes --batch-size 0", ("batch_size",)),
    ("evaluate --model tiny --benchmark scenes --max-new-tokens 0", ("max_new_tokens",)),
    ("evaluate --model tiny --benchmark scenes --temperature -1", ("temperature",)),
    ("evaluate --model tiny --benchmark scenes --temperature nan", ("temperature", "nan")),
    ("evaluate --model tiny --benchmark scenes --set decoding.top_p=2", ("top_p", "2")),
    ("evaluate --model tiny --benchmark scenes --set decoding.topp=1", ("did you mean", "top_p")),
    ("evaluate --model tiny --benchmark scenes --set sede=1", ("unknown setting", "seed")),
    ("evaluate --model tiny --benchmark scenes --set seed", ("--set key=value", "'seed'")),
    ("evaluate --model tiny --benchmark scenes --set .a=1", ("--set key=value",)),
    ("evaluate --model tiny --benchmark scenes --set seed.a=1", ("'seed'",)),
    ("evaluate --model tiny --benchmark scenes --set model.a=1", ("model",)),
    ("evaluate --model tiny --benchmark scenes --set seed=[1]", ("seed", "[1]")),
    ("evaluate --model tiny --benchmark scenes --set variants=base", ("variants",)),
    ("evaluate --model tiny --benchmark scenes --set statistics.level=95", ("level", "95")),
    ("evaluate --model tiny --benchmark scenes --texts magic", ("template", "magic")),
    ("evaluate --model tiny --benchmark scenes --texts file:none.jsonl", ("none.jsonl",)),
    ("evaluate --model tiny --benchmark scenes --delivery post", ("--delivery", "post")),
    ("evaluate --model plain.py:Model --benchmark scenes --out file.txt", ("file.txt",)),
    ("evaluate none.toml", ("none.toml", "nothing there")),
    ("evaluate empty", ("recipe file (TOML) or a run folder", "empty")),
    ("evaluate broken.toml", ("broken.toml", "no TOML", "line 1")),
    ("evaluate latin.toml", ("latin.toml", "UTF-8")),
    ("evaluate unknown.toml", ("unknown.toml", "unknown setting 'bench_size'", "batch_size")),
    ("evaluate wrong.toml", ("wrong.toml", "limit", "'ten'")),
    ("generate empty", ("recipe file (TOML) or a run folder",)),
    ("judge empty", ("expected a run folder", "empty")),
    ("judge none", ("expected a run folder", "none")),
    ("measure empty", ("expected a run folder",)),
    ("report empty", ("expected a run folder",)),
    ("show empty", ("expected a run folder",)),
    ("compare empty none", ("expected a run folder",)),
    ("report none --samples -1", ("--samples", "-1")),
    ("judge-check none.jsonl", ("none.jsonl",)),
    ("judge-check latin.toml", ("latin.toml",)),
    ("list moduls", ("moduls", "models")),
    ("judge", ("RUN",)),
]


@pytest.fixture
def slips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with an empty folder, broken plugins and broken recipes in it."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("a file")
    (tmp_path / "plain.py").write_text(
        "class Model:\n    def supports_prefill(self): return True\n"
    )
    (tmp_path / "broken.py").write_text("class Model(:\n")
    (tmp_path / "raises.py").write_text("raise RuntimeError('no luck')\n")
    (tmp_path / "broken.toml").write_text("model = tiny\n")
    (tmp_path / "latin.toml").write_bytes('model = "caf\xe9"\n'.encode("latin-1"))
    (tmp_path / "unknown.toml").write_text('model = "tiny"\nbench_size = 3\n')
    (tmp_path / "wrong.toml").write_text('model = "tiny"\nbenchmarks = ["scenes"]\nlimit = "ten"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("line", "words"), SLIPS, ids=[line for line, _ in SLIPS])
def test_a_slip_is_one_line_and_writes_nothing(
    call: Call, slips: Path, line: str, words: tuple[str, ...]
) -> None:
    before = sorted(path for path in slips.rglob("*") if "__pycache__" not in path.parts)
    assert_one_line(call(*line.split()), *words)
    after = sorted(path for path in slips.rglob("*") if "__pycache__" not in path.parts)
    assert after == before


def test_a_run_made_with_other_settings_names_them(call: Call, run: Path) -> None:
    recipe = ("--model", f"{MODEL},script=mixed", "--benchmark", "scenes,n=10", *FEW)
    before = (run / "run.json").read_bytes()
    result = call("evaluate", *recipe, "--seed", "3", "--limit", "2", "--out", run)
    assert_one_line(result, "seed was 0, is 3", "limit was None, is 2", "another --out")
    assert (run / "run.json").read_bytes() == before


def test_options_beside_a_run_folder_are_refused_not_ignored(call: Call, run: Path) -> None:
    result = call("evaluate", run, "--seed", "3", "--benchmark", "scenes", "--set", "limit=2")
    assert_one_line(result, "--benchmark, --seed, --set")
    assert_one_line(call("generate", run, "--batch-size", "3"), "--batch-size")


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda run: (run / "run.json").write_text("{"), "run.json"),
        (lambda run: (run / "run.json").write_text('{"schema_version": 2}'), "this version"),
        (lambda run: (run / "variants.jsonl").write_text("{}\n"), "variants.jsonl is not what"),
        (lambda run: (run / "generations.jsonl").write_bytes(b"\xff\n"), "generations.jsonl"),
        (lambda run: (run / "generations.jsonl").unlink(), "it is gone"),
    ],
)
@pytest.mark.parametrize("verb", ["measure", "report"])
def test_a_damaged_run_is_one_line(
    call: Call, run: Path, damage: Callable[[Path], object], word: str, verb: str
) -> None:
    damage(run)
    assert_one_line(call(verb, run), word)


def test_a_run_without_generations_says_what_to_run(call: Call, tmp_path: Path) -> None:
    generate = ("generate", "--model", f"{MODEL},script=broken", "--benchmark", "scenes,n=2")
    failed = call(*generate, "--out", tmp_path / "run")
    assert failed.status == 1
    assert failed.last.startswith("unswayed: error: the first 16 prompts all failed")
    for verb in ("judge", "measure"):
        result = call(verb, tmp_path / "run")
        assert (result.status, result.out) == (2, "")
        assert "unswayed generate" in result.last


def test_traceback_shows_where_an_error_came_from() -> None:
    command = [sys.executable, "-m", "unswayed", "measure", "nowhere"]
    plain = subprocess.run(command, capture_output=True, text=True)
    shown = subprocess.run([*command, "--traceback"], capture_output=True, text=True)
    assert (plain.returncode, plain.stdout) == (2, "")
    assert len(plain.stderr.splitlines()) == 1
    assert "Traceback" in shown.stderr
    assert "RunError" in shown.stderr


def test_an_error_that_nobody_meant_is_one_line_with_status_1(call: Call, slips: Path) -> None:
    (slips / "bug.py").write_text("class Bench:\n    name = 'b'\n    def __iter__(self): 1 / 0\n")
    result = call("evaluate", "--model", MODEL, "--benchmark", "bug.py:Bench", *FEW, "--out", "r")
    assert result.status == 1
    assert result.last.startswith("unswayed: error: ZeroDivisionError")
    assert "--traceback" in result.last
    assert "Traceback" not in result.err


BLOCKER = """
import sys

missing = sys.argv.pop(1).split(",")

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from unswayed.cli import main
main()
"""


@pytest.mark.parametrize(
    ("module", "line", "extra"),
    [
        ("jinja2", f"evaluate --model {MODEL} --benchmark scenes,n=2 --out run", "report"),
        ("matplotlib", f"evaluate --model {MODEL} --benchmark scenes,n=2 --out run", "report"),
        ("torch", "evaluate --model tiny --benchmark scenes,n=2 --out run", "transformers"),
        ("transformers", "evaluate --model x/y --benchmark scenes,n=2 --out run", "transformers"),
    ],
)
def test_a_missing_extra_is_one_line_with_the_install_line(
    tmp_path: Path, module: str, line: str, extra: str
) -> None:
    command = [sys.executable, "-c", BLOCKER, module, *line.split()]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert_one_line(
        Result(done.returncode, done.stdout, done.stderr),
        module,
        f"pip install 'unswayed[{extra}]'",
    )
    assert [*tmp_path.iterdir()] == []


def test_without_any_extra_everything_but_model_and_report_works(tmp_path: Path) -> None:
    missing = "torch,transformers,tokenizers,safetensors,jinja2,matplotlib"
    line = f"evaluate --model {MODEL} --benchmark scenes,n=2 --no-report --out run --json"
    command = [sys.executable, "-c", BLOCKER, missing, *line.split(), *FEW]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["estimates"]


def test_a_reader_that_leaves_early_is_no_error(finished: Path) -> None:
    command = f"{sys.executable} -m unswayed measure {finished} --json | head -c 1"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment)
    assert done.stdout == "{"
    assert "BrokenPipe" not in done.stderr
    assert "error" not in done.stderr
