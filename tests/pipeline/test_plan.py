"""The plan: what it promises is what a run then holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unswayed.benchmarks.scenes import Scenes
from unswayed.errors import ConfigError, UnknownName
from unswayed.pipeline.plan import Plan, plan
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate

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


def held(folder: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in (folder / "variants.jsonl").read_text().splitlines():
        benchmark = json.loads(line)["sample"]["benchmark"]
        counts[benchmark] = counts.get(benchmark, 0) + 1
    return counts


@pytest.mark.parametrize("foils", [1, 2, 5])
@pytest.mark.parametrize("limit", [None, 2])
def test_the_plan_counts_what_a_run_then_holds(
    tmp_path: Path, foils: int, limit: int | None
) -> None:
    asked = wanted(benchmarks=("scenes,n=6", questions(tmp_path)), foils=foils, limit=limit)
    found = plan(asked)
    run = evaluate(asked, tmp_path / "run")
    assert {share.benchmark: share.variants for share in found.shares} == held(run.folder)
    assert sum(share.failures for share in found.shares) == len(list(run.failures))
    assert found.names == ("base", "wrong-think", "abstain+shuffle")


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
    head, row, names, total = found.text().splitlines()
    assert head.split()[:4] == ["benchmark", "samples", "generations", "unusable"]
    assert row.split()[:4] == ["scenes", "6", "18", "0"]
    assert names == "variants: base, wrong-think, abstain+shuffle"
    assert total == "generations: 18; at most 18,432 new tokens (1024 each)"


def test_the_plan_refuses_what_a_run_would_refuse() -> None:
    for change in ({"judge": "ruels"}, {"variants": ("bsae",)}, {"model": "tinny"}):
        with pytest.raises(UnknownName, match="did you mean"):
            plan(wanted(**change))
    with pytest.raises(ConfigError, match="template or file:PATH"):
        plan(wanted(texts="magic"))


def test_the_plan_makes_no_model(tmp_path: Path) -> None:
    log = tmp_path / "log"
    plan(wanted(model=f"{SCRIPTED}:Scripted,log={log}"))
    assert not log.exists()
