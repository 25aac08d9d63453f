"""Merged shards are the run of a single process, and what does not belong together is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unswayed.cli import main
from unswayed.errors import DataError, RunError
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.generations import generate
from unswayed.pipeline.merge import merge
from unswayed.pipeline.plan import plan
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import begin, evaluate
from unswayed.pipeline.variants import make_variants
from unswayed.run.folder import RunFolder

SCRIPTED = str(Path(__file__).parents[1] / "scripted.py")
FILES = (
    "variants.jsonl",
    "generations.jsonl",
    "verdicts.jsonl",
    "failures.jsonl",
    "metrics.json",
    "progress.json",
)
COUNT = 3


def wanted(**changed: Any) -> Settings:
    values: dict[str, Any] = {
        "model": f"{SCRIPTED}:Scripted,script=mixed",
        "benchmarks": ("scenes,n=23", f"{SCRIPTED}:Wide,n=15,broken=4"),
        "variants": ("base", "wrong-think", "abstain+shuffle"),
        "batch_size": 7,
        "statistics": {"resamples": 100},
    }
    return Settings.model_validate(values | changed)


def without_times(progress: bytes) -> bytes:
    """Return a `progress.json` without the times of the files whose digests it keeps."""
    document = json.loads(progress)
    for digest in document["files"].values():
        del digest["mtime_ns"]
    return json.dumps(document, sort_keys=True).encode()


def contents(folder: Path) -> dict[str, bytes]:
    found = {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()}
    found["progress.json"] = without_times(found["progress.json"])
    return found | {f"images/{p.name}": p.read_bytes() for p in folder.glob("images/*")}


def in_shards(folder: Path, count: int = COUNT, **changed: Any) -> list[Path]:
    return [
        evaluate(wanted(shard=f"{k}/{count}", **changed), folder / str(k)).folder
        for k in range(1, count + 1)
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the folders of three shards; tests that change one copy it."""
    return in_shards(tmp_path_factory.mktemp("shards"))


@pytest.fixture
def shards(made: list[Path], tmp_path: Path) -> list[Path]:
    return [shutil.copytree(folder, tmp_path / folder.name) for folder in made]


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))


DRAWN: dict[str, Any] = {"decoding": {"n": 3, "temperature": 0.7}}


@pytest.mark.parametrize("changed", [{}, {"limit": 9}, {"foils": 2}, DRAWN])
def test_the_merged_run_is_the_undisturbed_one_byte_for_byte(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    single = evaluate(wanted(**changed), tmp_path / "single")
    folders = in_shards(tmp_path, **changed)
    merged = merge(tmp_path / "merged", folders[::-1])
    assert merged.judged
    assert contents(merged.run.folder) == contents(single.folder)
    assert len(list(merged.run.joined())) == len(list(single.joined())) > 50
    sizes = [len((folder / "generations.jsonl").read_bytes().splitlines()) for folder in folders]
    assert max(sizes) < 0.5 * sum(sizes)  # each has done its part only


def test_the_tiny_models_shards_give_the_same_metrics(tmp_path: Path) -> None:
    """A batch holds other prompts in a shard, which may change the last digits of a logit."""
    pytest.importorskip("torch")
    few: dict[str, Any] = {
        "model": "tiny",
        "benchmarks": ("scenes,n=4",),
        "variants": ("base", "wrong-think"),
        "decoding": {"max_new_tokens": 6, "force_answer": True},
    }
    single = evaluate(wanted(**few), tmp_path / "single")
    merged = merge(tmp_path / "merged", in_shards(tmp_path, 2, **few)).run
    assert contents(merged.folder)["variants.jsonl"] == contents(single.folder)["variants.jsonl"]
    texts = [[g.text for g in run.generations] for run in (single, merged)]
    assert texts[0] == texts[1]
    for one, other in zip(figures(single), figures(merged), strict=True):
        assert one["metric"] == other["metric"]
        for key in ("value", "low", "high"):
            assert one[key] == pytest.approx(other[key], abs=1e-5)


def figures(run: RunFolder) -> list[dict[str, Any]]:
    return json.loads((run.folder / "metrics.json").read_text())["estimates"]


def test_a_merged_run_is_a_run_like_any_other(made: list[Path], tmp_path: Path) -> None:
    run = merge(tmp_path / "merged", made).run
    before = contents(run.folder)
    assert evaluate(wanted(), run.folder).folder == run.folder  # nothing is left to do
    assert contents(run.folder) == before
    described = run.description()
    assert described["settings"]["shard"] is None
    assert [part["shard"] for part in described["merged"]] == ["1/3", "2/3", "3/3"]
    assert described["model"]["name"] == "scripted"


def test_shards_without_verdicts_are_merged_and_judged_afterwards(tmp_path: Path) -> None:
    folders = [tmp_path / f"{k}" for k in (1, 2)]
    for number, folder in enumerate(folders, 1):
        work, run = Evaluation(wanted(shard=f"{number}/2")), RunFolder(folder)
        work.resolve(run)
        with run.writing():
            begin(run, work)
            make_variants(run, work)
            generate(run, work)
    merged = merge(tmp_path / "merged", folders)
    assert not merged.judged
    assert not (tmp_path / "merged" / "metrics.json").exists()
    evaluate(wanted(), tmp_path / "merged")
    single = evaluate(wanted(), tmp_path / "single")
    assert contents(tmp_path / "merged") == contents(single.folder)


def test_the_plan_of_a_shard_is_what_the_shard_holds(made: list[Path]) -> None:
    for number, folder in enumerate(made, 1):
        shares = plan(wanted(shard=f"{number}/3")).shares
        run = RunFolder(folder)
        assert sum(share.variants for share in shares) == len(list(run.variants))
        assert sum(share.failures for share in shares) == len(list(run.failures))


def test_a_stopped_merge_is_done_again(
    made: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "merged"
    with monkeypatch.context() as patched:
        patched.setattr("unswayed.pipeline.merge._describe", stop)
        with pytest.raises(KeyboardInterrupt):
            merge(out, made)
    assert (out / "variants.jsonl").exists()
    assert not (out / "run.json").exists()
    whole = merge(tmp_path / "whole", made)
    assert contents(merge(out, made).run.folder) == contents(whole.run.folder)


# --- what is refused


def refused(tmp_path: Path, folders: list[Path], match: str) -> None:
    with pytest.raises(RunError, match=match):
        merge(tmp_path / "merged", folders)
    assert not (tmp_path / "merged").exists()


def test_missing_and_double_shards_are_named(shards: list[Path], tmp_path: Path) -> None:
    refused(tmp_path, shards[:1], r"missing: 2/3, 3/3")
    double = shutil.copytree(shards[1], tmp_path / "again")
    refused(tmp_path, [*shards, double], r"shard 2/3 is there 2 times: .*2 and .*again")


def test_shards_of_different_numbers(shards: list[Path], tmp_path: Path) -> None:
    (other,) = in_shards(tmp_path / "one", 1)
    refused(tmp_path, [*shards, other], "different numbers: .*1 is 1/1")


def test_a_run_that_is_no_shard(shards: list[Path], tmp_path: Path) -> None:
    whole = evaluate(wanted(), tmp_path / "whole").folder
    refused(tmp_path, [*shards, whole], r"whole is no shard")
    refused(tmp_path, [*shards, tmp_path / "none"], "expected a run folder")


@pytest.mark.parametrize(
    ("where", "key"),
    [("settings", "seed"), ("settings", "model"), ("model", "script"), ("measuring", "judge")],
)
def test_shards_that_were_made_differently(
    shards: list[Path], tmp_path: Path, where: str, key: str
) -> None:
    value: Any = 5 if key == "seed" else "other"
    edit(shards[2] / "run.json", lambda found: found[where].update({key: value}))
    named = key if where != "model" else "the recorded model"
    refused(tmp_path, shards, f"1 and .*3 were not made alike .*{named} is")


def test_a_servers_address_may_differ(shards: list[Path], tmp_path: Path) -> None:
    def move(port: int) -> Callable[[dict[str, Any]], None]:
        def change(found: dict[str, Any]) -> None:
            url = f"http://localhost:{port}/v1"
            found["settings"]["model"] = f"vllm:some/model,base_url={url}"
            found["model"]["base_url"] = url

        return change

    for number, folder in enumerate(shards):
        edit(folder / "run.json", move(8000 + number))
    assert merge(tmp_path / "merged", shards).judged


@pytest.mark.parametrize("stage", ["variants", "generations"])
def test_a_shard_that_is_not_finished(shards: list[Path], tmp_path: Path, stage: str) -> None:
    RunFolder(shards[1]).mark_complete(stage, complete=False)  # type: ignore[arg-type]
    refused(tmp_path, shards, rf"the {stage} of .*2 \(shard 2/3\) are not finished")


def test_what_the_shards_cost_is_added_up(shards: list[Path], tmp_path: Path) -> None:
    spent = {"prompt": 10, "completion": 2, "reasoning": None, "cost": "$1"}
    for folder in shards:
        edit(folder / "run.json", lambda found: found.update(usage=spent))
    described = merge(tmp_path / "merged", shards).run.description()
    total = {"prompt": 30, "completion": 6, "reasoning": None, "cost": "$1 + $1 + $1"}
    assert described["usage"] == total
    assert described["merged"][0]["usage"] == spent


def test_a_benchmark_that_changed_between_shards(shards: list[Path], tmp_path: Path) -> None:
    edit(shards[1] / "shard.json", lambda found: found.update(digest="0" * 16))
    refused(tmp_path, shards, "read other samples")


def test_places_that_were_edited(shards: list[Path], tmp_path: Path) -> None:
    edit(shards[1] / "shard.json", lambda found: found["variants"].__setitem__(0, 10**6))
    refused(tmp_path, shards, "do not hold each of the 38 items once")
    (shards[1] / "shard.json").unlink()
    refused(tmp_path, shards, "cannot use .*shard.json")


def test_lines_that_were_cut(shards: list[Path], tmp_path: Path) -> None:
    path = shards[0] / "generations.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(RunError, match=r"generations\.jsonl is not what its stage wrote"):
        merge(tmp_path / "merged", shards)
    without_digests(shards[0])
    with pytest.raises(RunError, match=rf"expected {len(lines)} lines in .*found {len(lines) - 1}"):
        merge(tmp_path / "merged", shards)
    path.write_bytes(b"".join([*lines, lines[-1]]))
    with pytest.raises(RunError, match="found more"):
        merge(tmp_path / "merged", shards)


def without_digests(folder: Path) -> None:
    """Make a run's progress that of a version that kept no digests."""
    progress = json.loads((folder / "progress.json").read_text())
    del progress["files"]
    (folder / "progress.json").write_text(json.dumps(progress))


def test_a_folder_that_holds_something_else(shards: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "merged"
    out.mkdir()
    (out / "variants.jsonl").write_text("mine")
    with pytest.raises(RunError, match="merged is not empty"):
        merge(out, shards)
    assert (out / "variants.jsonl").read_text() == "mine"


def test_more_shards_than_pictures(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no sample for shard 3/3: .* use fewer shards"):
        evaluate(wanted(benchmarks=("scenes,n=2",), shard="3/3"), tmp_path / "run")


# --- the command


def call(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["unswayed", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code if isinstance(ended.value.code, int) else 0


def test_the_command_merges_and_prints(
    made: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "merged"
    assert call(monkeypatch, "merge", out, *made, "--json", "--no-report") == 0
    assert json.loads(capsys.readouterr().out) == json.loads((out / "metrics.json").read_text())
    assert call(monkeypatch, "merge", out, *made, "--no-report") == 2
    assert "is not empty" in capsys.readouterr().err


def test_the_option_reaches_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = ("--model", f"{SCRIPTED}:Scripted", "--benchmark", "scenes,n=4")
    out = ("--out", tmp_path / "run")
    assert call(monkeypatch, "generate", *model, *out, "--shard", "2/2") == 0
    assert json.loads((tmp_path / "run" / "run.json").read_text())["settings"]["shard"] == "2/2"
    capsys.readouterr()
    assert call(monkeypatch, "generate", *model, *out, "--shard", "3/2") == 2
    assert "setting 'shard'" in capsys.readouterr().err


def test_a_shard_that_lacks_an_output_is_refused(tmp_path: Path) -> None:
    first, *others = in_shards(tmp_path, 2, **DRAWN)
    path = first / "generations.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    edit(first / "progress.json", lambda progress: progress.pop("files"))
    with pytest.raises(RunError, match=r"expected \d+ lines in"):
        merge(tmp_path / "whole", [first, *others])
