"""The facts of each benchmark stand in its class; docs/benchmarks.md says the same."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from unswayed import registry
from unswayed.benchmarks.base import HubOptions, PublishedBenchmark
from unswayed.benchmarks.refcoco import COPIES, OWNER, RefCOCO
from unswayed.errors import DataError

PAGE = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text("utf-8")
TABLE = {
    name: line
    for line in PAGE.splitlines()
    if line.startswith("| `") and line.count("|") in (6, 7)
    for name in re.findall(r"`([^`]+)`", line.split("|")[1])
}
"""Name of a benchmark → its line in the tables of the page."""


def published() -> dict[str, type[PublishedBenchmark[object]]]:
    """Return the built-in benchmarks that read published data, by the names that users type."""
    known = registry.names("benchmark")
    classes = {name: registry.load("benchmark", name) for name in known}
    return {
        name: cls
        for name, cls in classes.items()
        if isinstance(cls, type) and issubclass(cls, PublishedBenchmark)
    }


def test_there_are_as_many_as_the_page_lists() -> None:
    assert len(published()) == 19
    assert TABLE.keys() == published().keys() - {"blink", "geometry3k", "nlvr"}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_page_says_what_the_class_says(name: str) -> None:
    cls = published()[name]
    source, licence = (TABLE[name].split("|")[column] for column in (2, -2))
    assert (cls.HUB_ID or cls.SOURCE.removeprefix("github.com/")) in source
    for count in cls.ROWS.values():
        assert re.search(rf"(?<![\d,]){count:,}(?!\d|,\d)", TABLE[name]), count
    assert cls.LICENCE in licence


@pytest.mark.parametrize("name", sorted(published()))
def test_every_benchmark_states_its_facts(name: str) -> None:
    cls = published()[name]
    first = (inspect.getdoc(cls) or "").partition("\n")[0]
    assert first.endswith((".", "?", "!"))
    assert len(first) <= 95
    assert re.search(r"\d{4}", cls.PAPER)
    assert cls.LICENCE
    assert bool(cls.HUB_ID) != bool(cls.SOURCE)
    assert bool(cls.HUB_ID) == issubclass(cls, HubOptions)
    assert not cls.REVISION or re.fullmatch("[0-9a-f]{40}", cls.REVISION)
    assert all(count > 0 for count in cls.ROWS.values())


def test_the_page_lists_the_pinned_commits() -> None:
    pinned = {cls.HUB_ID: cls.REVISION for cls in published().values() if cls.REVISION}
    pinned |= {f"{OWNER}/{c.name}": c.revision for c in COPIES.values() if c.revision}
    listed = dict(re.findall(r"^\| `([^`/]+/[^`]+)` \| `([0-9a-f]{40})` \|$", PAGE, re.M))
    assert listed == pinned
    assert len(listed) == 9


def test_the_commit_is_that_of_the_copy_that_is_read() -> None:
    for dataset, copy in COPIES.items():
        source = RefCOCO(dataset=dataset).source
        assert (source.hub_id, source.pinned) == (f"{OWNER}/{copy.name}", copy.revision)
        assert RefCOCO(dataset=dataset, owner="another").source.asked == "main"
        assert RefCOCO(dataset=dataset, hub_id="my/copy").source.asked == "main"
    mine = published()["cv-bench"](hub_id="my/copy")
    assert (mine.source.hub_id, mine.source.asked) == ("my/copy", "main")


@pytest.mark.parametrize(
    ("spec", "rows"),
    [
        ("cv-bench", 2638),
        ("cv-bench,part=3D", 1200),
        ("mmbench", 4329),
        ("mmbench,language=cc,split=test", None),
        ("mmbench,scoring=plain", None),
        ("blink-hub", 267),
        ("blink-hub,tasks=all", None),
        ("blink-hub,split=test", None),
        ("3dsrbench", None),
        ("3dsrbench,scoring=flip", 5157),
        ("3dsrbench,scoring=flip-circular", None),
        ("sat", 150),
        ("sat,circular=true", None),
        ("sat,split=train", None),
        ("pixmo-count,split=train", 36_916),
        ("geometry3k-text", 601),
        ("geometry3k-choices", None),
        ("refcoco", None),
        ("vstar", 191),
    ],
)
def test_how_many_rows_there_should_be(spec: str, rows: int | None) -> None:
    assert registry.create("benchmark", spec).rows == rows


HUB = sorted(name for name, cls in published().items() if issubclass(cls, HubOptions))


@pytest.mark.parametrize("name", HUB)
def test_without_the_hub_the_advice_is_a_spec_that_reads_files(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets = pytest.importorskip("datasets")

    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("no network")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(hub.HfApi, "dataset_info", unreachable)
    with pytest.raises(DataError) as error:
        list(registry.create("benchmark", name))
    message = str(error.value)
    assert "no network" in message
    assert message.endswith(f"in the benchmark's spec: {name}:PATH")
    assert "--data" not in message
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"a": 1}\n', "utf-8")
    benchmark = registry.create("benchmark", f"{name}:{rows}")
    try:
        told = " ".join(f"{item.id} {item.message}" for item in benchmark)
    except DataError as failure:
        told = str(failure)
    assert "rows.jsonl" in told  # and not the hub


def test_a_hub_benchmark_of_ones_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from unswayed.benchmarks.cv_bench import CVBench\nclass Mine(CVBench):\n    pass\n"
    )
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: 1 / 0)
    with pytest.raises(DataError, match=r"spec: path=PATH$"):
        list(registry.create("benchmark", f"{file}:Mine"))
