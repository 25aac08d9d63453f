"""The plan: what it promises is what a run then holds."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unswayed.benchmarks.scenes import Scenes
from unswayed.errors import UnknownName
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.plan import Plan, Share, plan
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import begin
from unswayed.pipeline.variants import make_variants
from unswayed.run.folder import RunFolder

REAL = Path(__file__).parents[2].parent / "shared" / "real"
REAL_SPECS = ("blink:blink", "nlvr:nlvr/dev_120.jsonl", "geometry3k:geometry3k")
SCRIPTED = str(Path(__file__).parents[1] / "scripted.py")


def wanted(**changed: Any) -> Settings:
    values: dict[str, Any] = {
        "model": f"{SCRIPTED}:Scripted",
        "benchmarks": ("scenes,n=6",),
        "variants": ("base", "wrong-think", "abstain+shuffle"),
        "statistics": {"resamples": 100},
    }
    return Settings.model_validate(values | changed)


def questions(folder: Path) -> str:
    """Write four questions: two good, one with three options, one without its picture."""
    (folder / "good.png").write_bytes(Scenes(1)[0].images[0].data or b"")
    row = {"question": "Where?", "image": "good.png", "answer": "right"}
    options = [{"A": "left", "B": "right"}] * 2 + [{"A": "left", "B": "right", "C": "above"}]
    rows = [row | pair for pair in options] + [row | options[0] | {"image": "none.png"}]
    (folder / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return f"file:{folder / 'mine.jsonl'}"


def agreeing(asked: Settings, folder: Path) -> Plan:
    """Make the plan and the run of the same settings, and compare them, benchmark by benchmark."""
    promised = plan(asked)
    run, evaluation = RunFolder(folder), Evaluation(asked)
    with run.writing():
        begin(run, evaluation)
        make_variants(run, evaluation)
    variants, failures = Counter[str](), Counter[str]()
    samples: dict[str, set[str]] = {}
    for variant in run.variants:
        variants[variant.sample.benchmark] += 1
        samples.setdefault(variant.sample.benchmark, set()).add(variant.sample.id)
    for failure in run.failures:
        failures[failure.benchmark] += 1
    for share in promised.shares:
        name = share.benchmark
        held = (len(samples.get(name, ())), variants[name], failures[name])
        assert (share.samples, share.variants, share.failures) == held, name
    return promised


@pytest.mark.parametrize("foils", [1, 2, 5])
@pytest.mark.parametrize("limit", [None, 2])
def test_the_plan_counts_what_a_run_then_holds(
    tmp_path: Path, foils: int, limit: int | None
) -> None:
    asked = wanted(benchmarks=("scenes,n=6", questions(tmp_path)), foils=foils, limit=limit)
    promised = agreeing(asked, tmp_path / "run")
    assert promised.names == ("base", "wrong-think", "abstain+shuffle")


def open_questions(folder: Path) -> str:
    """Write eight recorded questions: six good, one with a bad gold, one with half a picture."""
    picture = Scenes(1)[0].images[0].data or b""
    (folder / "open.png").write_bytes(picture)
    (folder / "cut.png").write_bytes(picture[: len(picture) // 2])
    golds = ["3", "4", "5", "6", "7", "8", "none", "9"]
    rows = [
        {
            "id": at,
            "question": f"How many, {at}?",
            "image": "cut.png" if at == 7 else "open.png",
            "answer": gold,
            "output": f"<think>a</think><answer>{gold}</answer>",
        }
        for at, gold in enumerate(golds)
    ]
    path = folder / "open.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return f"replay:{path},answer_kind=number,images={folder}"


@pytest.mark.parametrize("shard", [None, "1/2", "2/2"])
@pytest.mark.parametrize("limit", [None, 1, 4])
def test_the_plan_and_the_run_agree_on_open_questions_limits_shards_and_broken_pictures(
    tmp_path: Path, limit: int | None, shard: str | None
) -> None:
    benchmarks = (open_questions(tmp_path), questions(tmp_path), "scenes,n=3")
    asked = wanted(benchmarks=benchmarks, limit=limit, shard=shard)
    agreeing(asked, tmp_path / "run")


def test_a_plan_of_open_questions_alone_has_their_samples(tmp_path: Path) -> None:
    promised = agreeing(wanted(benchmarks=(open_questions(tmp_path),)), tmp_path / "run")
    (share,) = promised.shares
    assert (share.samples, share.failures) == (6, 8)  # two broken, six without abstain+shuffle
    assert share.variants == 6 * 2


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real benchmark files beside the checkout")
@pytest.mark.parametrize("spec", REAL_SPECS)
def test_the_plan_and_the_run_agree_on_real_benchmarks(tmp_path: Path, spec: str) -> None:
    name, _, path = spec.partition(":")
    asked = wanted(benchmarks=(f"{name}:{REAL / path}",), limit=9, shard="1/2")
    assert agreeing(asked, tmp_path / "run").shares[0].variants


def test_new_tokens_are_the_profiles_or_the_settings() -> None:
    assert plan(wanted()).max_new_tokens == 1024
    assert plan(wanted(profile="vision-r1")).max_new_tokens == 16000
    assert plan(wanted(decoding={"max_new_tokens": 5})).max_new_tokens == 5


def test_prompt_tokens_grow_with_pictures_and_text(tmp_path: Path) -> None:
    def tokens(side: int, question: str) -> int:
        Image.new("RGB", (side, side)).save(tmp_path / "p.png")
        row = {"question": question, "image": "p.png", "A": "left", "B": "right", "answer": "A"}
        (tmp_path / "one.jsonl").write_text(json.dumps(row))
        asked = wanted(benchmarks=(f"file:{tmp_path / 'one.jsonl'}",), variants=("base",))
        return plan(asked).shares[0].prompt_tokens

    small = tokens(28, "Where?")
    assert tokens(280, "Where?") - small == 100 - 1  # 28 × 28 pixels a token
    assert tokens(28, "Where?" + "x" * 400) - small == 100  # four characters a token
    assert small < 200


def test_the_plan_reads_as_a_table() -> None:
    found: Plan = plan(wanted())
    head, row, names, total, *shows = found.text().splitlines()
    assert head.split()[:4] == ["benchmark", "samples", "generations", "unusable"]
    assert row.split()[:4] == ["scenes", "6", "18", "0"]
    assert names == "variants: base, wrong-think, abstain+shuffle"
    assert total == "generations: 18; at most 18,432 new tokens (1024 each)"
    assert "80 % of runs" in shows[1]
    assert shows[2].split()[:4] == ["benchmark", "questions", "images", "accuracy"]
    assert shows[2].split()[4::2] == ["10", "20", "40"]
    assert shows[3].split()[:3] == ["scenes", "6", "3"]
    assert shows[3].split()[4:] == ["none"] * 3
    assert "correlate by 0.3" in shows[4]


def test_the_plan_says_what_n_can_show_by_benchmark_and_for_all() -> None:
    share = Share("one", 400, 800, 0, 1, (1,) * 400)
    text = Plan((share, replace(share, benchmark="two")), ("base",), 9).text()
    lines = {line.split()[0]: line.split() for line in text.splitlines() if "±" in line}
    assert lines["one"][2:] == ["400", "±4.9", "±4.4", "±6.2", "±8.8"]
    assert lines["all"][2:] == ["800", "±3.5", "±3.1", "±4.4", "±6.3"]
    assert "correlate" not in text
    assert "what n can show" not in Plan((replace(share, clusters=()),), ("base",), 9).text()


def test_the_plan_refuses_what_a_run_would_refuse() -> None:
    for change in ({"judge": "ruels"}, {"variants": ("bsae",)}, {"model": "tinny"}):
        with pytest.raises(UnknownName, match="did you mean"):
            plan(wanted(**change))
    with pytest.raises(UnknownName, match="text source"):
        plan(wanted(texts="magic"))


def test_the_plan_makes_no_model(tmp_path: Path) -> None:
    log = tmp_path / "log"
    plan(wanted(model=f"{SCRIPTED}:Scripted,log={log}"))
    assert not log.exists()
