"""One picture through every door: models, servers, reports, mirrors and trainings see the same."""

from __future__ import annotations

import base64
import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from unswayed import evaluate, load_run
from unswayed.benchmarks.file import File
from unswayed.benchmarks.inventory import take
from unswayed.benchmarks.sources.mirror import Mirrored
from unswayed.errors import RunError
from unswayed.models.served.bodies import data_url
from unswayed.report.pictures import thumbnail
from unswayed.run.appearance import told
from unswayed.run.files import read_object, write_json
from unswayed.run.folder import RunFolder
from unswayed.run.pictures import pixels_of
from unswayed.training.data import TrainingPrompt
from unswayed.types import ImageRef, Sample, Variant

SCRIPTED = f"{Path(__file__).parents[1] / 'scripted.py'}:Scripted"


@pytest.fixture
def file(kind: Any, tmp_path: Path) -> Path:
    """A picture as somebody's file, whose name says nothing of its format."""
    path = tmp_path / "picture.png"
    path.write_bytes(kind.data)
    return path


def decoded(data: bytes) -> Any:
    """Return the pixels as a server decodes them: RGB, and nothing else asked."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


def in_process(file: Path) -> Any:
    return np.asarray(pixels_of(ImageRef(path=str(file))))


def test_a_chat_request_carries_the_pixels_that_a_model_in_this_process_sees(
    file: Path, kind: Any
) -> None:
    head, _, body = data_url(file).partition(";base64,")
    data = base64.b64decode(body)
    with Image.open(io.BytesIO(data)) as picture:
        told = {"MPO": "JPEG"}.get(str(picture.format), str(picture.format))
    assert head == f"data:image/{told.lower()}"
    assert told in ("JPEG", "PNG", "WEBP", "GIF")
    assert np.array_equal(decoded(data), in_process(file))
    assert (data == kind.data) == (not kind.changes)


def test_what_a_run_stored_goes_out_unchanged(file: Path, tmp_path: Path) -> None:
    stored = RunFolder(tmp_path).store_image(ImageRef(path=str(file)))
    path = tmp_path / str(stored.path)
    body = data_url(path).partition(";base64,")[2]
    assert base64.b64decode(body) == path.read_bytes()
    assert np.array_equal(in_process(path), in_process(file))


def test_a_mirror_shows_the_same_mirrored(file: Path) -> None:
    mirrored = decoded(Mirrored(ImageRef(path=str(file)))())
    assert np.array_equal(mirrored, in_process(file)[:, ::-1])


def test_a_report_shows_the_same(file: Path, tmp_path: Path) -> None:
    shown = thumbnail(ImageRef(path=file.name), tmp_path)
    data = base64.b64decode(shown.uri.partition("base64,")[2])
    expected = in_process(file)
    assert (shown.width, shown.height) == (expected.shape[1], expected.shape[0])
    far = np.abs(decoded(data).astype(int) - expected)
    assert far.max() == 0 or (shown.uri.startswith("data:image/jpeg") and far.mean() < 8)


def prompt_of(file: Path) -> TrainingPrompt:
    options = {"A": "x", "B": "y"}
    sample = Sample(
        id="t/1",
        benchmark="t",
        images=(ImageRef(path=file.name),),
        question="Q",
        options=options,
        answer="A",
        cluster="1",
    )
    variant = Variant(id="v", sample=sample, name="base", options=options, answer="A")
    return TrainingPrompt(variant, (file,), "", "Q")


def test_verl_trains_on_the_same(file: Path) -> None:
    pytest.importorskip("pyarrow")
    from unswayed.training.verl.data import row

    (image,) = row(prompt_of(file), 0, "default", (1, 2))["images"]
    assert np.array_equal(decoded(image["bytes"]), in_process(file))


def test_trl_trains_on_the_same(file: Path, kind: Any, tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    if kind.name == "MPO":
        pytest.skip("datasets reads it, but never closes its file")
    from unswayed.training.trl.prompts import dataset_of

    store = RunFolder(tmp_path / "training")
    stored = store.store_image(ImageRef(path=str(file)))  # as the prompts of a training are made
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # datasets leaves some files open
        (image,) = dataset_of([prompt_of(store.folder / str(stored.path))], 1)[0]["images"]
    assert image.mode == "RGB"
    assert np.array_equal(image, in_process(file))


# A whole run


@pytest.fixture
def questions(kinds: list[Any], tmp_path: Path) -> str:
    rows = list[dict[str, Any]]()
    for number, kind in enumerate(kinds):
        (tmp_path / f"{number}.png").write_bytes(kind.data)
        rows.append(
            {"id": number, "image": f"{number}.png", "question": "Which?", "A": "right", "B": "y"}
            | {"answer": "A"}
        )
    path = tmp_path / "q.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return str(path)


def counted(kinds: list[Any]) -> dict[str, int]:
    stored: dict[Any, tuple[str, ...]] = {kind.data: kind.changes for kind in kinds}
    changes = [change for each in stored.values() for change in each]
    return {change: changes.count(change) for change in dict.fromkeys(changes)}


def test_a_run_says_and_records_what_was_done(
    questions: str, kinds: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    evaluate(model=SCRIPTED, benchmarks=[f"file:{questions}"], variants=["base"], out=out)
    recorded = read_object(out / "run.json")["pictures"]
    run = RunFolder.open(out)
    stored = {image.sha256: image for v in run.variants for image in v.sample.images}
    changes = [change for image in stored.values() for change in image.changes]
    assert recorded["changed"] == {one: changes.count(one) for one in recorded["changed"]}
    assert set(recorded["changed"]) == set(changes) == set(counted(kinds))
    said = capsys.readouterr().err
    assert f"unswayed: note: {told(recorded['changed'])}\n" in said
    assert "the first of several frames" in said


def test_data_check_counts_what_will_be_done(questions: str, kinds: list[Any]) -> None:
    found = take(File(questions), pictures=True)
    assert found.changed == counted(kinds)
    assert told(found.changed) in found.odd
    assert take(File(questions)).changed == {}


def test_a_folder_of_an_earlier_version_is_not_mixed(questions: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    options: dict[str, Any] = {"model": SCRIPTED, "benchmarks": [f"file:{questions}"]}
    evaluate(**options, variants=["base"], out=out)
    earlier = read_object(out / "run.json")
    earlier.pop("pictures")
    write_json(out / "run.json", earlier)
    evaluate(**options, variants=["base"], out=out)  # finished: only read
    RunFolder(out).mark_complete("generations", complete=False)
    assert load_run(out)
    evaluate(**options, variants=["base"], out=out)  # the pictures need nothing
    RunFolder(out).mark_complete("generations", complete=False)
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.new("RGB", (4, 3)).save(out / "images" / "old.jpg", exif=exif)
    with pytest.raises(RunError, match=r"old\.jpg would now be shown otherwise \(turned\)"):
        evaluate(**options, variants=["base"], out=out)
