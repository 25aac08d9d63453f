"""The perturbed benchmark as a data set: loaded by `datasets`, its licences told, sent to a hub."""

from __future__ import annotations

import io
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.training.hub_stub import Hub, sent, serving

from unswayed.export.exporting import export
from unswayed.export.sources import OPEN, sources_of
from unswayed.registry import names
from unswayed.registry.about import about
from unswayed.run.folder import RunFolder
from unswayed.types import Variant

datasets = pytest.importorskip("datasets")
hub_client = pytest.importorskip("huggingface_hub")
TOKEN = "hf_" + "secret" * 6


def loaded(folder: Path, name: str, tmp_path: Path) -> Any:
    return datasets.load_dataset(str(folder), name, split="test", cache_dir=str(tmp_path / "cache"))


def by_sample(run: RunFolder, benchmark: str) -> dict[str, list[Variant]]:
    samples: dict[str, list[Variant]] = {}
    for variant in run.variants:
        if variant.sample.benchmark == benchmark:
            samples.setdefault(variant.sample.id, []).append(variant)
    return samples


@pytest.mark.parametrize("benchmark", ["scenes", "wide"])
def test_it_loads_with_every_variant(run: RunFolder, tmp_path: Path, benchmark: str) -> None:
    rows = loaded(export(run, "dataset"), benchmark, tmp_path)
    samples = by_sample(run, benchmark)
    assert rows["id"][:] == list(samples)
    for row in rows:
        variants = samples[row["id"]]
        assert row["question"] == variants[0].sample.question
        assert [one["name"] for one in row["variants"]] == [one.name for one in variants]
        for one, variant in zip(row["variants"], variants, strict=True):
            assert {o["letter"]: o["text"] for o in one["options"]} == variant.options
            told = (one["answer"], one["foil"], one["caption"], one["prefill"])
            assert told == (variant.answer, variant.foil, variant.caption, variant.prefill)


def test_pictures_come_where_the_licence_lets_them(run: RunFolder, tmp_path: Path) -> None:
    folder = export(run, "dataset")
    drawn, unknown = loaded(folder, "scenes", tmp_path)[0], loaded(folder, "wide", tmp_path)[0]
    (reference,) = by_sample(run, "scenes")[drawn["id"]][0].sample.images
    with Image.open(run.folder / str(reference.path)) as picture:
        assert drawn["pictures"][0].tobytes() == picture.tobytes()
    assert (unknown["pictures"], len(unknown["pictures_sha256"])) == ([], 1)
    card = hub_client.DatasetCard.load(folder / "README.md")
    assert "licence: Apache-2.0\n" in card.text
    assert "licence: not stated; its pictures are left out" in card.text
    assert [one["config_name"] for one in card.data.to_dict()["configs"]] == ["scenes", "wide"]
    assert str(tmp_path.parent) not in (folder / "README.md").read_text("utf-8")
    whole = export(run, "dataset", tmp_path / "whole", all_pictures=True)
    (picture,) = loaded(whole, "wide", tmp_path)[0]["pictures"]
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    assert buffer.tell() > 100


def test_open_answers_and_hostile_texts_load(
    open_answers: RunFolder, hostile: RunFolder, tmp_path: Path
) -> None:
    rows = loaded(export(open_answers, "dataset"), "replay-counts", tmp_path)
    assert {row["answer"] for row in rows} == {"3"}
    rows = loaded(export(hostile, "dataset"), "replay-recorded", tmp_path)
    assert rows[0]["options"][1] == {"letter": "B", "text": "=no"}


def test_a_picture_that_is_gone_is_told(run: RunFolder) -> None:
    for picture in (run.folder / "images").iterdir():
        picture.unlink()
    with pytest.raises(Exception, match="cannot read the picture"):
        export(run, "dataset")
    assert not any((run.folder / "exports").iterdir())


def test_a_licence_counts_as_open_as_benchmarks_write_it() -> None:
    stated = {about(place).licence for place in names("benchmark").values()}
    assert set(OPEN) - stated <= {"CC0-1.0"}
    assert {"none stated", "see its card", "MIT (code)"} <= stated - set(OPEN)


def test_sources_are_those_of_the_run(run: RunFolder) -> None:
    sources = sources_of(run)
    assert {name: one.licence for name, one in sources.items()} == {
        "scenes": "Apache-2.0",
        "wide": "not stated",
    }
    assert sources["scenes"].spec == "scenes,n=10"


@pytest.fixture
def hub() -> Generator[Hub]:
    with serving(Hub(TOKEN)) as one:
        yield one


def test_what_goes_to_the_hub_is_the_folder(run: RunFolder, hub: Hub) -> None:
    done = sent(hub, "export", run.folder, "--to", "dataset", "--push", "me/swayed", "--private")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{hub.url}/datasets/me/swayed\n"
    assert hub.private == {"me/swayed": True}
    folder = run.folder / "exports" / "dataset"
    written = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }
    assert hub.files["me/swayed"] == written
    assert not any(TOKEN.encode() in body for body in hub.bodies)
    assert not any(TOKEN.encode() in content for content in written.values())
    assert TOKEN not in done.stdout + done.stderr


def test_what_may_not_be_passed_on_goes_to_no_public_place(run: RunFolder, hub: Hub) -> None:
    done = sent(hub, "export", run.folder, "--to", "dataset", "--push", "me/swayed")
    assert done.returncode == 2
    assert "found wide (not stated); send to a repository of your own with --private" in done.stderr
    assert hub.private == {}
    assert not (run.folder / "exports").exists()
    done = sent(
        hub, "export", run.folder, "--to", "dataset", "--push", "me/swayed", "--all-pictures"
    )
    assert done.returncode == 0, done.stderr
    assert hub.private == {"me/swayed": False}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "csv", "--push", "me/x"], "belong to --to dataset"),
        (["--to", "dataset", "--push", "no/such/name", "--private"], "expected a repository as"),
    ],
)
def test_a_slip_sends_nothing(run: RunFolder, hub: Hub, arguments: list[str], message: str) -> None:
    done = sent(hub, "export", run.folder, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert hub.private == {}
