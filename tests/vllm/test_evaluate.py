"""`unswayed evaluate` against the server gives the figures that it gives in this process."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from unswayed.organism import weights_folder
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate
from unswayed.run.folder import RunFolder
from unswayed.types import Generation

TOLERANCE = 1e-4
VARIANTS = ("base", "stop-think", "wrong-think", "wrong-caption", "abstain", "shuffle+wrong-think")


def settings(model: str, **changed: Any) -> Settings:
    return Settings.model_validate(
        {
            "model": model,
            "profile": "organism",
            "benchmarks": ("scenes,n=12",),
            "variants": VARIANTS,
            "statistics": {"resamples": 200},
        }
        | changed
    )


@pytest.fixture(scope="module")
def here(server: Any, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The run in this process, its checkpoint in float32 as the server's."""
    model = f"transformers:{weights_folder('final')},dtype=float32,device=cpu"
    return evaluate(settings(model), tmp_path_factory.mktemp("here") / "run")


@pytest.fixture(scope="module")
def there(server: Any, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return evaluate(settings(server.spec()), tmp_path_factory.mktemp("there") / "run")


def estimates(run: RunFolder) -> dict[tuple[str, str, str], dict[str, Any]]:
    rows = json.loads((run.folder / "metrics.json").read_text("utf-8"))["estimates"]
    return {(row["benchmark"], row["variant"], row["metric"]): row for row in rows}


def test_every_answer_is_the_same(here: RunFolder, there: RunFolder) -> None:
    count = 0
    for (variant, one, judged), (_, other, judged_too) in zip(
        here.joined(), there.joined(), strict=True
    ):
        assert (other.id, other.text) == (one.id, one.text), variant.name
        assert (other.status, other.tokens) == (one.status, one.tokens), variant.name
        assert judged is not None
        assert judged == judged_too
        count += 1
    assert count == 12 * len(VARIANTS)


def test_every_figure_is_the_same(here: RunFolder, there: RunFolder) -> None:
    expected, found = estimates(here), estimates(there)
    assert expected.keys() == found.keys()
    assert len(expected) > 50
    for name, one in expected.items():
        other = found[name]
        for count in ("n", "n_clusters", "n_unparsed", "n_failed", "reason", "method"):
            assert other[count] == one[count], name
        for figure in ("value", "low", "high"):
            assert other[figure] == pytest.approx(one[figure], abs=TOLERANCE), name


def test_the_run_says_how_it_was_served(there: RunFolder, server: Any) -> None:
    told = there.description()["model"]
    assert (told["backend"], told["preset"], told["base_url"]) == ("http", "vllm", server.url)
    assert (told["prefill"], told["letters"]) == ("proven", "token-logprobs")


def test_the_letters_find_their_prompt_in_the_cache(there: RunFolder) -> None:
    """A second request of one token repeats the first one's prompt: little of it is new."""
    usages = [g.usage for g in there.generations if isinstance(g, Generation) and g.usage]
    assert len(usages) == 12 * len(VARIANTS)
    assert {usage.requests for usage in usages} == {2}
    assert sum(u.cached_prompt or 0 for u in usages) > 0.4 * sum(u.prompt or 0 for u in usages)


def test_the_key_is_in_no_file(there: RunFolder, server: Any) -> None:
    key = os.environ[server.key].encode()
    files = [path for path in there.folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not [path for path in files if key in path.read_bytes()]
    assert any(server.key.encode() in path.read_bytes() for path in files)  # its name is


def test_a_budget_stops_the_run_and_a_higher_one_ends_it(
    server: Any, there: RunFolder, tmp_path: Path
) -> None:
    from unswayed.errors import BudgetSpent

    few = settings(server.spec(), serving={"max_requests": 60, "concurrency": 4})
    with pytest.raises(BudgetSpent):
        evaluate(few, tmp_path / "run")
    before = sum(1 for _ in RunFolder(tmp_path / "run").generations)
    assert 0 < before < 12 * len(VARIANTS)
    run = evaluate(settings(server.spec()), tmp_path / "run")
    whole = [(g.id, g.text) for g in there.generations]
    assert [(g.id, g.text) for g in run.generations] == whole
