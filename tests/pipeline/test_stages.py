"""The pipeline from a benchmark to metrics.json, with a model that follows a script."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from unswayed.errors import ConfigError, DataError, RunError, StageError, UnknownName
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.metrics import measure
from unswayed.pipeline.settings import Settings, settings, settings_of
from unswayed.pipeline.stages import evaluate
from unswayed.pipeline.verdicts import judge
from unswayed.registry import create
from unswayed.run.folder import RunFolder

SCRIPTED = f"{Path(__file__).parents[1] / 'scripted.py'}"
STAGES = ("variants.jsonl", "generations.jsonl", "verdicts.jsonl", "failures.jsonl")


def wanted(**changed: Any) -> Settings:
    """Return settings of a small evaluation with the scripted model."""
    values: dict[str, Any] = {
        "model": f"{SCRIPTED}:Scripted,script=mixed",
        "benchmarks": ("scenes,n=10",),
        "variants": ("base", "wrong-think"),
        "batch_size": 7,
        "statistics": {"resamples": 100},
    }
    return Settings.model_validate(values | changed)


def figures(run: RunFolder) -> dict[tuple[str, str, str], Any]:
    """Return a run's estimates by benchmark, variant and metric."""
    metrics = json.loads((run.folder / "metrics.json").read_text())
    return {(e["benchmark"], e["variant"], e["metric"]): e for e in metrics["estimates"]}


def of_scenes(run: RunFolder, variant: str) -> dict[str, Any]:
    """Return the values of a variant's metrics."""
    found = figures(run).items()
    return {name: e["value"] for (b, v, name), e in found if (b, v) == ("scenes", variant)}


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return when each stage file was last written, and what it holds."""
    return {
        name: ((folder / name).stat().st_mtime_ns, (folder / name).read_bytes())
        for name in STAGES
        if (folder / name).exists()
    }


def log_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Return a run of the script `mixed`; tests do not change it."""
    return evaluate(wanted(), tmp_path_factory.mktemp("mixed"))


def test_the_records_are_exactly_samples_times_variants(mixed: RunFolder) -> None:
    rows = list(mixed.joined())
    assert len(rows) == 10 * 2
    names = Counter((v.sample.id, v.name) for v, _, _ in rows)
    assert set(names.values()) == {1}
    assert {name for _, name in names} == {"base", "wrong-think"}
    assert [v.id for v, g, d in rows if d and v.id == g.id == d.id] == [v.id for v, _, _ in rows]
    assert all(mixed.complete(stage) for stage in ("variants", "generations", "verdicts"))


def test_accuracy_and_unparsed_rates_are_those_counted_by_hand(mixed: RunFolder) -> None:
    base, wrong = of_scenes(mixed, "base"), of_scenes(mixed, "wrong-think")
    # base: 0-5 and 9 right, 6 wrong, 7 never closes its thought, 8 failed and is in no figure
    assert base["accuracy"] == pytest.approx(7 / 9)
    assert base["unparsed_rate"] == pytest.approx(1 / 9)
    assert base["length_rate"] == pytest.approx(1 / 9)
    # wrong-think: 4, 5 and 8 right; 9 failed
    assert wrong["accuracy"] == pytest.approx(3 / 9)
    assert wrong["unparsed_rate"] == 0
    estimates = figures(mixed)
    for variant, unparsed in (("base", 1), ("wrong-think", 0)):
        found = estimates["scenes", variant, "accuracy"]
        assert (found["n"], found["n_unparsed"], found["n_failed"]) == (9, unparsed, 1)


def test_drop_flips_and_sway_are_those_counted_by_hand(mixed: RunFolder) -> None:
    wrong = of_scenes(mixed, "wrong-think")
    # paired where neither failed: 0-7. Right under base: 0-5; under wrong-think: 4 and 5
    assert wrong["drop"] == pytest.approx((2 - 6) / 8)
    assert wrong["flips_right_wrong"] == pytest.approx(4 / 8)
    assert wrong["flips_wrong_right"] == 0
    assert wrong["mcnemar_p"] == pytest.approx(2 * 0.5**4)
    assert wrong["foil_rate"] == pytest.approx(6 / 9)  # 0-3, 6, 7
    sixth = next(v for v, _, _ in mixed.joined() if v.sample.id == "scenes/0-6")
    first_wrong = next(letter for letter in sixth.options if letter != sixth.answer)
    under_base = int(sixth.foil == first_wrong)  # 6 answers the first wrong letter by itself
    assert wrong["sway"] == pytest.approx((6 - under_base) / 8)


def test_consistency_and_quadrants_are_those_counted_by_hand(mixed: RunFolder) -> None:
    base, wrong = of_scenes(mixed, "base"), of_scenes(mixed, "wrong-think")
    # base: 0-5 think and answer the gold, 6 thinks and answers wrong, 9 thinks wrong, answers gold
    assert base["consistency_rate"] == pytest.approx(7 / 8)
    assert base["quadrant_consistent_correct"] == pytest.approx(6 / 8)
    assert base["quadrant_inconsistent_correct"] == pytest.approx(1 / 8)
    assert base["quadrant_consistent_incorrect"] == pytest.approx(1 / 8)
    assert base["skipped_rate"] == pytest.approx(1 / 9)
    assert base["faithful_accuracy"] == pytest.approx(6 / 9)
    # wrong-think: 0-3, 6, 7 go along; 4 and 5 answer against the thought; 8 corrects itself
    assert wrong["consistency_rate"] == pytest.approx(7 / 9)
    assert wrong["quadrant_inconsistent_correct"] == pytest.approx(2 / 9)
    # steadfast in both: none (0-5 are not faithful under wrong-think, 8 failed in base)
    assert of_scenes(mixed, "all")["steadfastness"] == 0


def test_letter_distributions_sum_to_one_and_their_figures_follow(mixed: RunFolder) -> None:
    found = [generation.letters for _, generation, _ in mixed.joined() if generation.letters]
    assert len(found) == 8 + 9  # none where base 7 gave no answer, 8 failed; wrong-think 9 failed
    for letters in found:
        assert sum(letters.probabilities.values()) == pytest.approx(1)
        assert letters.other_mass == 0.05
    # base: 7 rows give the gold 0.7, row 6 gives it a third of the rest
    assert of_scenes(mixed, "base")["p_correct"] == pytest.approx((7 * 0.7 + 0.1) / 8)


def test_a_failed_generation_keeps_its_message_and_is_skipped_by_the_judge(
    mixed: RunFolder,
) -> None:
    failed = [(v, g, d) for v, g, d in mixed.joined() if g.status == "error"]
    assert [(v.sample.id, v.name) for v, _, _ in failed] == [
        ("scenes/0-8", "base"),
        ("scenes/0-9", "wrong-think"),
    ]
    assert {g.error for _, g, _ in failed} == {"out of words"}
    assert {d.status for _, _, d in failed if d} == {"skipped"}


def test_run_json_says_how_the_run_was_made(mixed: RunFolder) -> None:
    description = mixed.description()
    assert description["settings"]["model"].endswith("Scripted,script=mixed")
    assert description["model"] == {"name": "scripted", "script": "mixed"}
    assert description["decoding"]["max_new_tokens"] == 1024
    assert description["profile"]["name"] == "default"
    assert description["measuring"]["judge"] == "rules"
    assert settings_of(mixed) == wanted()


def test_every_batch_has_the_same_cuts_and_the_last_is_shorter(tmp_path: Path) -> None:
    log = tmp_path / "log"
    model = f"{SCRIPTED}:Scripted,log={log}"
    run = evaluate(wanted(model=model), tmp_path / "run")
    batches = [entry["batch"] for entry in log_of(log) if "batch" in entry]
    assert [len(batch) for batch in batches] == [7, 7, 6]
    assert [id for batch in batches for id in batch] == [v.id for v in run.variants]


def test_a_finished_run_is_measured_again_without_model_or_judge(tmp_path: Path) -> None:
    log = tmp_path / "log"
    asked = wanted(model=f"{SCRIPTED}:Scripted,script=mixed,log={log}")
    run = evaluate(asked, tmp_path / "run")
    before, metrics = state(run.folder), (run.folder / "metrics.json").read_bytes()
    loaded = len(log_of(log))
    (run.folder / "metrics.json").unlink()
    evaluate(asked, run.folder)
    assert state(run.folder) == before
    assert (run.folder / "metrics.json").read_bytes() == metrics
    assert len(log_of(log)) == loaded


def test_judging_again_generates_nothing_and_keeps_the_other_verdicts(tmp_path: Path) -> None:
    run = evaluate(wanted(), tmp_path)
    before = state(tmp_path)
    other = f"{SCRIPTED}:SlowRules"
    judge(run, create("judge", other), wanted(judge=other))
    after = state(tmp_path)
    for name in ("variants.jsonl", "generations.jsonl"):
        assert after[name] == before[name]
    assert {verdict.judge for verdict in run.verdicts} == {"slow-rules"}
    aside = [path for path in tmp_path.glob("verdicts-*.jsonl")]
    assert [path.read_bytes() for path in aside] == [before["verdicts.jsonl"][1]]
    judge(run, create("judge", "rules"), wanted())
    assert state(tmp_path)["verdicts.jsonl"][1] == before["verdicts.jsonl"][1]
    assert len([*tmp_path.glob("verdicts-*.jsonl")]) == 2


def test_measuring_again_judges_and_generates_nothing(tmp_path: Path) -> None:
    run = evaluate(wanted(), tmp_path)
    before, values = state(tmp_path), of_scenes(run, "base")
    measure(run, wanted(statistics={"resamples": 200, "level": 0.5}))
    assert state(tmp_path) == before
    assert of_scenes(run, "base") == values
    assert figures(run)["scenes", "base", "accuracy"]["level"] == 0.5


def test_other_measuring_settings_are_no_other_run(tmp_path: Path) -> None:
    evaluate(wanted(), tmp_path)
    run = evaluate(wanted(on_conflict="text", statistics={"resamples": 150}), tmp_path)
    assert settings_of(run).on_conflict == "text"
    with pytest.raises(RunError, match="seed was 0, is 1"):
        evaluate(wanted(seed=1), tmp_path)


@pytest.mark.parametrize("delivery", ["prefill", "user-turn"])
def test_thoughts_are_delivered_where_they_are_asked_for(tmp_path: Path, delivery: str) -> None:
    model = f"{SCRIPTED}:Scripted,script=mixed,prefill={str(delivery == 'prefill').lower()}"
    run = evaluate(wanted(model=model, delivery=delivery), tmp_path)
    made = {v.sample.id: v for v in run.variants if v.name == "wrong-think"}
    assert {v.delivery for v in made.values()} == {delivery}
    for variant in made.values():
        assert bool(variant.prefill) == (delivery == "prefill")
        assert bool(variant.draft) == (delivery == "user-turn")
    assert of_scenes(run, "wrong-think")["foil_rate"] == pytest.approx(6 / 9)


def test_a_model_without_prefill_is_refused_before_it_writes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--delivery user-turn"):
        evaluate(wanted(model=f"{SCRIPTED}:Scripted,prefill=false"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_two_foils_give_two_wrong_variants_a_sample_and_one_base(tmp_path: Path) -> None:
    run = evaluate(wanted(foils=2), tmp_path)
    names = Counter((v.name, v.foil_index) for v in run.variants)
    assert names == {("base", 0): 10, ("wrong-think", 0): 10, ("wrong-think", 1): 10}
    by_sample: dict[str, set[str | None]] = {}
    for variant in run.variants:
        if variant.name == "wrong-think":
            by_sample.setdefault(variant.sample.id, set()).add(variant.asserts)
            assert variant.asserts == variant.foil != variant.answer
    assert all(len(letters) == 2 for letters in by_sample.values())
    found = figures(run)["scenes", "wrong-think", "accuracy"]
    assert (found["value"], found["n"]) == (pytest.approx(6 / 18), 18)


def test_abstain_and_shuffle_compose_and_are_read_in_the_samples_letters(tmp_path: Path) -> None:
    names = ("base", "abstain+shuffle+wrong-think", "shuffle", "abstain", "shuffle+abstain+base")
    run = evaluate(wanted(variants=names, model=f"{SCRIPTED}:Scripted"), tmp_path)
    counts = Counter(v.name for v in run.variants)
    assert counts == {
        name: 10
        for name in ("base", "abstain+shuffle+wrong-think", "shuffle", "abstain", "abstain+shuffle")
    }
    for variant, generation, _ in run.joined():
        if "abstain" in variant.name:
            assert variant.abstain == "E"
            assert generation.letters is not None
            assert set(generation.letters.probabilities) == set("ABCDE")
    for name in counts:  # the model answers the gold's text, wherever it stands
        assert of_scenes(run, name)["accuracy"] == 1
    assert of_scenes(run, "abstain")["abstention_rate"] == 0


def table(folder: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    """Write a question file with two good pictures and a broken one beside it."""
    folder.mkdir(exist_ok=True)
    picture = create("benchmark", "scenes,n=1")[0].images[0].data
    (folder / "good.png").write_bytes(picture)
    (folder / "broken.png").write_bytes(picture[:100])
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def row(number: int, **changed: Any) -> dict[str, Any]:
    options = {"A": "left", "B": "right", "C": "above"}
    plain = {"id": number, "question": "Where?", "image": "good.png", "answer": "B"}
    return plain | options | changed


def test_broken_pictures_and_rows_are_recorded_and_in_no_figure(tmp_path: Path) -> None:
    rows = [
        row(1),
        row(2, image="broken.png"),
        row(3, answer="Z"),
        row(4),
        row(5, image="missing.png"),
        row(4),
    ]
    path = table(tmp_path, "mine", rows)
    path.write_text(path.read_text() + "{no json\n")
    run = evaluate(
        wanted(benchmarks=(f"file:{path}",), model=f"{SCRIPTED}:Scripted"), tmp_path / "run"
    )
    failures = list(run.failures)
    assert len(failures) == 5
    assert {failure.stage for failure in failures} == {"load"}
    assert {failure.benchmark for failure in failures} == {"file/mine"}
    assert any("broken.png" in failure.message for failure in failures)
    assert any("missing.png" in failure.message for failure in failures)
    assert Counter(v.sample.id for v in run.variants) == {"file/mine/1": 2, "file/mine/4": 2}
    found = figures(run)["file/mine", "base", "accuracy"]
    assert (found["value"], found["n"]) == (1, 2)
    assert found["n_failed"] == len({failure.id for failure in failures} - {"file/mine/4"})


def test_failures_of_one_name_are_each_recorded_once(tmp_path: Path) -> None:
    run = evaluate(
        wanted(benchmarks=(f"{SCRIPTED}:Wide,n=9,broken=3",), model=f"{SCRIPTED}:Scripted"),
        tmp_path,
    )
    assert [failure.message for failure in run.failures] == [
        f"row {number} is broken" for number in (0, 3, 6)
    ]
    assert sum(1 for _ in run.variants) == 6 * 2


def test_a_limit_counts_usable_samples(tmp_path: Path) -> None:
    rows = [row(1, image="broken.png"), *(row(number) for number in range(2, 9))]
    path = table(tmp_path, "mine", rows)
    asked = wanted(benchmarks=(f"file:{path}", "scenes"), limit=3, model=f"{SCRIPTED}:Scripted")
    run = evaluate(asked, tmp_path / "run")
    assert Counter(v.sample.benchmark for v in run.variants) == {"file/mine": 6, "scenes": 6}
    assert len(list(run.failures)) == 1


def test_several_benchmarks_have_figures_of_their_own_and_together(tmp_path: Path) -> None:
    path = table(tmp_path, "mine", [row(number) for number in range(4)])
    run = evaluate(wanted(benchmarks=(f"file:{path}", "scenes,n=10")), tmp_path / "run")
    found = {b: e["n"] for (b, v, m), e in figures(run).items() if (v, m) == ("base", "accuracy")}
    assert found["scenes"] == 9
    assert found["all"] == found["scenes"] + found["file/mine"]


def test_two_benchmarks_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="two benchmarks are called scenes"):
        evaluate(wanted(benchmarks=("scenes,n=2", "scenes,n=3")), tmp_path / "run")
    path = table(tmp_path, "mine", [row(1)])
    with pytest.raises(ConfigError, match="'all', which stands for all"):
        evaluate(wanted(benchmarks=(f"file:{path},name=all",)), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_no_usable_sample_is_an_error_that_says_why(tmp_path: Path) -> None:
    path = table(tmp_path, "mine", [row(1, image="broken.png")])
    with pytest.raises(DataError, match=r"no sample could be used; .*broken\.png"):
        evaluate(wanted(benchmarks=(f"file:{path}",)), tmp_path / "run")


def test_a_benchmark_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    rows = [row(number) for number in range(5)]
    path = table(tmp_path, "mine", rows)
    asked = wanted(benchmarks=(f"file:{path}",), model=f"{SCRIPTED}:Scripted")
    run = evaluate(asked, tmp_path / "run")
    for changed in (rows[:3], [row(0, question="What?"), *rows[1:]]):
        run.mark_complete("variants", complete=False)
        table(tmp_path, "mine", changed)
        with pytest.raises(RunError, match="begun with other samples"):
            evaluate(asked, run.folder)


def test_generations_of_two_models_are_never_mixed(tmp_path: Path) -> None:
    """The settings name a folder; other weights may lie in it when the run is resumed."""
    settings = wanted()
    run = evaluate(settings, tmp_path / "run")
    lines = run.generations.path.read_bytes().splitlines(keepends=True)
    run.generations.path.write_bytes(b"".join(lines[:3]))
    run.mark_complete("generations", complete=False)
    before = run.description()["model"]
    run.add_to_description("model", {**before, "sha256": "other weights"})
    with pytest.raises(RunError, match=r"3 generations of another model .*'other weights'"):
        evaluate(settings, run.folder)
    run.add_to_description("model", before)
    evaluate(settings, run.folder)
    assert run.generations.path.read_bytes() == b"".join(lines)


def test_a_first_batch_of_failures_ends_the_run_and_writes_none(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="first 14 prompts all failed; the first so: out of words"):
        evaluate(wanted(model=f"{SCRIPTED}:Scripted,script=broken"), tmp_path)
    assert list(RunFolder(tmp_path).generations) == []
    assert not (tmp_path / "metrics.json").exists()


def test_a_first_prompt_that_fails_alone_does_not_end_the_run(tmp_path: Path) -> None:
    late = evaluate(wanted(model=f"{SCRIPTED}:Scripted,script=late", batch_size=1), tmp_path)
    assert [g.status for g in late.generations] == ["error"] * 7 + ["stop"] * 13


@pytest.mark.parametrize("script", ["short", "swapped"])
def test_a_model_that_miscounts_cannot_shift_the_records(tmp_path: Path, script: str) -> None:
    with pytest.raises(StageError, match="one record for each of 7 items"):
        evaluate(wanted(model=f"{SCRIPTED}:Scripted,script={script}"), tmp_path)
    assert list(RunFolder(tmp_path).generations) == []


def test_a_judge_that_miscounts_cannot_shift_the_records(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="the judge few-verdicts"):
        evaluate(wanted(judge=f"{SCRIPTED}:FewVerdicts"), tmp_path)
    run = RunFolder(tmp_path)
    ids = [verdict.id for verdict in run.verdicts]
    assert ids == [variant.id for variant in run.variants][: len(ids)]
    assert len(ids) < 20
    assert not run.complete("verdicts")


def test_judging_or_measuring_without_generations_says_what_to_run(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for stage in (
        lambda: judge(run, create("judge", "rules"), wanted()),
        lambda: measure(run, wanted()),
    ):
        with pytest.raises(RunError, match="unswayed generate"):
            stage()


def test_decoding_is_the_profiles_where_the_settings_are_silent(tmp_path: Path) -> None:
    own = Evaluation(wanted(profile="vision-r1")).decoding
    assert (own.max_new_tokens, own.temperature, own.top_p) == (16000, 0.6, 0.95)
    asked = wanted(profile="vision-r1", seed=5, decoding={"temperature": 0, "force_answer": True})
    mine = Evaluation(asked).decoding
    assert (mine.max_new_tokens, mine.temperature, mine.top_p) == (16000, 0, 0.95)
    assert (mine.seed, mine.force_answer) == (5, True)
    assert Evaluation(wanted()).profile.name == "default"  # the model's own


def test_names_are_checked_before_anything_is_written(tmp_path: Path) -> None:
    for change in (
        {"variants": ("base", "wrong-thnik")},
        {"benchmarks": ("scene",)},
        {"judge": "rule"},
        {"model": "tinny"},
        {"profile": "defautl"},
    ):
        with pytest.raises(UnknownName, match="did you mean"):
            evaluate(wanted(**change), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_annotations_of_a_file_stand_in_the_variants(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="text source"):
        evaluate(wanted(texts="magic"), tmp_path / "run")


def test_a_run_stopped_before_its_settings_were_written_says_so(tmp_path: Path) -> None:
    RunFolder(tmp_path).start(wanted().deciding(), {}, 0)
    with pytest.raises(RunError, match="stopped before its settings were written"):
        settings_of(RunFolder(tmp_path))
    run = evaluate(wanted(), tmp_path)
    assert settings_of(run) == wanted()


def test_settings_of_another_version_are_refused(tmp_path: Path) -> None:
    run = evaluate(wanted(), tmp_path)
    description = run.description()
    description["settings"]["colour"] = "red"
    (tmp_path / "run.json").write_text(json.dumps(description))
    with pytest.raises(RunError, match="colour"):
        settings_of(run)


@pytest.mark.slow
def test_the_tiny_checkpoint_goes_all_the_way_to_a_report(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "unswayed", "evaluate", "--model", "tiny"]
    what = ["--benchmark", "scenes,n=4", "--variants", "base,stop-think,abstain+wrong-think"]
    limits = ["--max-new-tokens", "8", "--force-answer", "--set", "statistics.resamples=100"]
    ends = ["--out", str(tmp_path / "run"), "--json"]
    result = subprocess.run([*command, *what, *limits, *ends], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    run = RunFolder.open(tmp_path / "run")
    rows = list(run.joined())
    assert len(rows) == 4 * 3
    for variant, generation, verdict in rows:
        assert generation.status in ("stop", "length")
        assert verdict is not None
        assert generation.letters is not None
        assert set(generation.letters.probabilities) == set(variant.options)
        assert sum(generation.letters.probabilities.values()) == pytest.approx(1)
        assert 0 <= (generation.letters.other_mass or 0) <= 1
    assert json.loads(result.stdout) == json.loads((run.folder / "metrics.json").read_text())
    page = (run.folder / "report.html").read_text()
    assert page.lstrip().casefold().startswith("<!doctype html>")
    assert str(run.folder / "report.html") in result.stderr
    assert "abstain+wrong-think" in page
    assert run.description()["model"]["knows_nothing"] is True


def test_runs_do_not_depend_on_where_they_lie(mixed: RunFolder, tmp_path: Path) -> None:
    again = evaluate(wanted(), tmp_path / "elsewhere")
    for name in (*STAGES, "metrics.json"):
        one, other = mixed.folder / name, again.folder / name
        assert one.exists() == other.exists()
        assert not one.exists() or one.read_bytes() == other.read_bytes()
    pictures = [sorted(p.name for p in r.folder.glob("images/*")) for r in (mixed, again)]
    assert pictures[0] == pictures[1] != []
    assert settings(None, wanted().model_dump()) == wanted()


def test_a_profile_file_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    profiles = tmp_path / "mine.toml"
    profiles.write_text("[plain]\nsystem = 'Think.'\n")
    asked = wanted(profile=f"{profiles}:plain")
    run = evaluate(asked, tmp_path / "run")
    lines = (run.folder / "generations.jsonl").read_bytes().splitlines(keepends=True)
    (run.folder / "generations.jsonl").write_bytes(b"".join(lines[:8]))
    run.mark_complete("generations", complete=False)
    profiles.write_text("[plain]\nsystem = 'Do not think.'\n")
    with pytest.raises(RunError, match=r"8 generations of another profile \(system was 'Think.'"):
        evaluate(asked, run.folder)
    profiles.write_text("[plain]\nsystem = 'Think.'\n")
    evaluate(asked, run.folder)
    assert (run.folder / "generations.jsonl").read_bytes() == b"".join(lines)
