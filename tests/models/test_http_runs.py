"""Whole runs on served models: letters, refusals, hidden reasoning, keys, budget, kill, resume."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from unswayed.errors import ConfigError
from unswayed.pipeline.plan import plan
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate
from unswayed.run.folder import RunFolder

pytest.importorskip("aiohttp")

KEY = "sk-toy-9f8e7d6c5b4a39281706"


def wanted(server: Any, preset: str = "vllm", options: str = "", **changed: Any) -> Settings:
    """Return settings of a small evaluation on a server."""
    values: dict[str, Any] = {
        "model": f"{preset}:toy,base_url={server.url}{options}",
        "benchmarks": ("scenes,n=4",),
        "variants": ("base", "stop-think", "wrong-think", "wrong-caption"),
        "statistics": {"resamples": 100},
    }
    return Settings.model_validate(values | changed)


def figures(run: RunFolder) -> dict[tuple[str, str], Any]:
    """Return a run's estimates by variant and metric."""
    metrics = json.loads((run.folder / "metrics.json").read_text())
    return {(e["variant"], e["metric"]): e for e in metrics["estimates"]}


def command(settings: Settings, out: Path, *more: str) -> list[str]:
    """Return the command line of an evaluation."""
    variants = ["--variants", ",".join(settings.variants)]
    which = ["--model", settings.model, "--benchmark", settings.benchmarks[0], *variants]
    return [sys.executable, "-m", "unswayed", "evaluate", *which, "--out", str(out), *more]


def test_a_run_on_a_server_has_letters_usage_and_a_bill(serve: Any, tmp_path: Path) -> None:
    server = serve(plain=True)
    prices = tmp_path / "prices.toml"
    prices.write_text('currency = "EUR"\n[models.toy]\nprompt = 1.0\ncompletion = 2.0\n')
    serving = {"prices": prices}
    run = evaluate(wanted(server, serving=serving), tmp_path / "run")
    rows = list(run.joined())
    assert len(rows) == 16
    assert all(made.letters.method == "token-logprobs" for _, made, _ in rows)
    assert all(set(made.letters.probabilities) == set(v.options) for v, made, _ in rows)
    assert figures(run)["base", "letters_rate"]["value"] == 1
    described = run.description()
    assert described["model"]["prefill"] == "proven"
    assert described["usage"]["requests"] == sum(made.usage.requests for _, made, _ in rows) == 32
    cost = (described["usage"]["prompt"] + 2 * described["usage"]["completion"]) / 1e6
    assert described["usage"]["cost"] == f"{cost:.4f} EUR"
    assert described["serving"]["prices"] == str(prices)
    assert "serving" not in described["settings"]


def test_the_plan_says_how_much_would_be_asked_and_asks_nothing(serve: Any) -> None:
    server = serve()
    text = plan(wanted(server)).text()
    assert "requests: at most 48 (16 for outputs" in text
    assert "n/a" in text
    assert server.seen == []


def test_a_closed_model_needs_user_turn_delivery_for_thoughts_alone(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_KEY", KEY)
    server = serve(reasoning=5)
    closed = wanted(server, "openai", ",key=TOY_KEY")
    with pytest.raises(ConfigError, match=r"stop-think, wrong-think need.*user-turn"):
        evaluate(closed, tmp_path / "a")
    assert server.seen == []
    assert not (tmp_path / "a" / "variants.jsonl").exists()
    captions = wanted(server, "openai", ",key=TOY_KEY", variants=("base", "wrong-caption"))
    assert evaluate(captions, tmp_path / "b").complete("generations")


def test_a_closed_model_is_sampled_and_its_hidden_reasoning_is_not_judged(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_KEY", KEY)
    server = serve(reasoning=5)
    settings = wanted(server, "openai", ",key=TOY_KEY,samples=3", delivery="user-turn")
    run = evaluate(settings, tmp_path / "run")
    rows = list(run.joined())
    assert {made.letters.method for _, made, _ in rows} == {"samples"}
    assert {made.thoughts for _, made, _ in rows} == {"hidden"}
    assert {verdict.reason for *_, verdict in rows} == {"the model hides its reasoning"}
    assert Counter(v.delivery for v, *_ in rows)["user-turn"] == 8
    assert all(b["messages"][-1]["role"] == "user" for b in server.seen)
    found = figures(run)
    for metric in ("consistency_rate", "faithful_accuracy"):
        assert found["base", metric]["value"] is None
        assert "hides its reasoning" in found["base", metric]["reason"]
    assert found["base", "accuracy"]["value"] is not None


def test_refusals_are_counted_apart(serve: Any, tmp_path: Path) -> None:
    run = evaluate(wanted(serve(plain=True, refuse="Caption:")), tmp_path / "run")
    found = figures(run)
    assert (found["wrong-caption", "accuracy"]["n"], found["base", "accuracy"]["n"]) == (0, 4)
    assert found["wrong-caption", "refusal_rate"]["value"] == 1
    assert found["wrong-caption", "accuracy"]["n_refused"] == 4
    assert found["wrong-caption", "accuracy"]["n_failed"] == 0
    assert ("base", "refusal_rate") not in found


def test_the_key_is_in_nothing_that_a_run_writes_or_says(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_KEY", KEY)
    right, wrong = serve(plain=True, key=KEY), serve(key="another")
    options = ",key=TOY_KEY"
    cache = ("--cache", str(tmp_path / "cache"))
    good = subprocess.run(
        command(wanted(right, options=options), tmp_path / "good", *cache),
        capture_output=True,
        check=False,
    )
    assert good.returncode == 0, good.stderr
    bad = subprocess.run(
        command(wanted(wrong, options=options), tmp_path / "bad", "--traceback"),
        capture_output=True,
        check=False,
    )
    assert bad.returncode != 0
    assert b"TOY_KEY" in bad.stderr
    assert b"Traceback" in bad.stderr
    said = [good.stdout, good.stderr, bad.stdout, bad.stderr]
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 8
    assert any(b"TOY_KEY" in data for data in written)  # the variable's name is recorded
    assert not any(KEY.encode() in data for data in [*said, *written])


def test_a_spent_budget_is_one_line_and_a_higher_one_goes_on(serve: Any, tmp_path: Path) -> None:
    server = serve(plain=True)
    settings, out = wanted(server), tmp_path / "run"
    limits = ("--no-report", "--concurrency", "1", "--max-requests")
    first = subprocess.run(
        command(settings, out, *limits, "12"), capture_output=True, text=True, check=False
    )
    assert first.returncode == 1
    assert first.stderr.strip().splitlines()[-1].startswith("unswayed: error: 12 of at most 12")
    before = (out / "generations.jsonl").read_bytes()
    assert 0 < before.count(b"\n") < 16
    again = [sys.executable, "-m", "unswayed", "evaluate", str(out), "--no-report"]
    second = subprocess.run(
        [*again, "--max-requests", "100"], capture_output=True, text=True, check=False
    )
    assert second.returncode == 0, second.stderr
    whole = evaluate(settings, tmp_path / "whole").folder / "generations.jsonl"
    after = (out / "generations.jsonl").read_bytes()
    assert after.startswith(before)
    assert after == whole.read_bytes()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_asks_only_for_what_is_missing(
    serve: Any, tmp_path: Path, how: signal.Signals
) -> None:
    server = serve(plain=True, delay=0.05)
    settings, out = wanted(server, benchmarks=("scenes,n=10",)), tmp_path / "run"
    child = subprocess.Popen(
        command(settings, out, "--no-report", "--concurrency", "1"), stderr=subprocess.DEVNULL
    )
    lines = out / "generations.jsonl"
    while not lines.exists() or lines.read_bytes().count(b"\n") < 3:
        assert child.poll() is None
        time.sleep(0.01)
    os.kill(child.pid, how)
    assert child.wait() == (-how if how == signal.SIGKILL else 128 + how)
    kept = lines.read_bytes().count(b"\n")
    assert kept < 40
    server.flags.delay, asked = 0.0, len(server.seen)
    run = evaluate(settings, out)
    ids = [made.id for _, made, _ in run.joined()]
    assert len(ids) == len(set(ids)) == 40
    answered = [b for b in server.seen[asked:] if "What is in the picture?" not in str(b)]
    assert len(answered) == 2 * (40 - kept)


@pytest.mark.parametrize(
    ("serving", "option"),
    [({"max_requests": 5}, "--max-requests"), ({"prices": "prices.toml"}, "--prices")],
)
def test_limits_and_prices_of_a_model_that_sends_nothing_are_refused(
    serving: dict[str, Any], option: str, tmp_path: Path
) -> None:
    scripted = f"{Path(__file__).parents[1] / 'scripted.py'}:Scripted"
    values = {"model": scripted, "benchmarks": ("scenes,n=1",), "serving": serving}
    with pytest.raises(ConfigError, match=f"sends no requests.*{option}"):
        evaluate(Settings.model_validate(values), tmp_path / "run")
