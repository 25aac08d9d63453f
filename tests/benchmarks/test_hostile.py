"""What hostile or damaged files do to every loader: an error that names the row or the file."""

from __future__ import annotations

import inspect
import io
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unswayed import registry
from unswayed.benchmarks.inventory import problem, take
from unswayed.benchmarks.spatial_mm import SpatialMM
from unswayed.benchmarks.vstar import VStar
from unswayed.benchmarks.whatsup import WhatsUp
from unswayed.errors import DataError
from unswayed.registry import Spec
from unswayed.run.folder import RunFolder
from unswayed.types import Failure, Sample

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

CHOICE = {"question": "Colour?", "A": "red", "B": "tan", "answer": "A"}
ROWS: dict[str, tuple[dict[str, Any], str, str]] = {
    "file": (CHOICE, "image", "answer"),
    "3dsrbench": ({"index": "ABCDEFGH", "category": "height", **CHOICE}, "image", "answer"),
    "cv-bench": (
        {
            "idx": 0, "type": "2D", "task": "Count", "question": "How many?",
            "choices": ["1", "2"], "answer": "(A)", "source": "ADE20K",
        },
        "filename",
        "choices",
    ),
    "mmbench": ({"index": 1, "hint": "nan", **CHOICE}, "image", "index"),
    "mme-realworld-lite": (
        {
            "Question_id": "q", "Text": "Colour?", "Answer choices": ["(A) red", "(B) tan"],
            "Ground truth": "A", "Category": "c", "Subtask": "s", "Task": "t",
        },
        "Image",
        "Ground truth",
    ),
    "blink-hub": (
        {"idx": "q", "question": "Colour?", "choices": ["red", "tan"], "answer": "(A)"},
        "image_1",
        "choices",
    ),
    "refcoco": (
        {"question_id": "1", "answer": ["the dog"], "bbox": [1, 2, 3, 4]},
        "image",
        "bbox",
    ),
    "mmvp": (
        {"Index": 1, "Question": "Open?", "Options": "(a) yes (b) no", "Correct Answer": "(a)"},
        "image",
        "Options",
    ),
    "sat": (
        {"question": "Where?", "answers": ["left", "right"], "correct_answer": "left"},
        "image_bytes",
        "answers",
    ),
    "sat-v2": (
        {"question": "Where?", "answers": ["left", "right"], "correct_answer": "left"},
        "images",
        "correct_answer",
    ),
    "pixmo-count": ({"question": "How many cats?", "answer": "2"}, "image", "answer"),
    "geometry3k-text": ({"problem": "<image>Find x.", "answer": "4"}, "images", "answer"),
    "geometry3k-choices": (
        {"problem": "Find x.", "choices": ["2", "3", "4", "5"], "ground_truth": "C"},
        "images",
        "ground_truth",
    ),
    "vsr": ({"caption": "The cat is on the mat.", "label": 1, "relation": "on"}, "image", "label"),
}  # fmt: skip
"""Benchmark → a row in its columns, the column of the picture, a column that it needs."""

OPTIONS = {"blink-hub": {"tasks": "Spatial_Relation"}}
IDS = ("idx", "index", "Index", "Question_id", "question_id")
HUB = [name for name in ROWS if name not in ("file", "vsr")]
LISTS = ("sat", "sat-v2", "geometry3k-text", "geometry3k-choices")
"""Benchmarks whose column of pictures holds a list."""


def png(side: int = 4) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(buffer, "PNG")
    return buffer.getvalue()


def bomb(side: int = 40_000) -> bytes:
    """Return a PNG of some hundred bytes that claims side × side pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4)

    header = side.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def numbered(name: str, *changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Return rows of a benchmark that differ in their id."""
    row, _, _ = ROWS[name]
    ids = [column for column in IDS if column in row]
    made: list[dict[str, Any]] = []
    for i, change in enumerate(changes, 1):
        kept = {column: f"{i}" if isinstance(row[column], str) else i for column in ids}
        made.append({**row, **kept, **change})
    return made


def shown(name: str, *pictures: str) -> list[dict[str, Any]]:
    """Return rows that name these pictures."""
    return numbered(name, *({ROWS[name][1]: picture} for picture in pictures))


def bench(name: str, path: Path) -> Any:
    return registry.create("benchmark", Spec(name, str(path), OPTIONS.get(name, {})))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a picture, beside a picture that must not be reached from it."""
    (tmp_path / "secret.png").write_bytes(png())
    inside = tmp_path / "data"
    inside.mkdir()
    (inside / "good.png").write_bytes(png())
    return inside


def jsonl(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def two(name: str, path: Path) -> tuple[Sample, Failure]:
    good, bad = bench(name, path)
    assert isinstance(good, Sample), good
    assert isinstance(bad, Failure), bad
    return good, bad


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("way", ["../secret.png", "x/../../secret.png", "{root}/secret.png"])
def test_paths_that_lead_out_of_the_folder(name: str, way: str, folder: Path) -> None:
    path = jsonl(folder, shown(name, "good.png", way.format(root=folder.parent)))
    good, bad = two(name, path)
    assert good.images[0].path == str(folder / "good.png")
    assert bad.id.startswith("rows.jsonl:2")
    assert "leads out of it" in bad.message


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("way", ["gone.png", "http://example.org/a.png", "a\0.png"])
def test_pictures_that_are_not_there(name: str, way: str, folder: Path) -> None:
    _, bad = two(name, jsonl(folder, shown(name, "good.png", way)))
    assert bad.id.startswith("rows.jsonl:2")
    assert "picture" in bad.message


@pytest.mark.parametrize("name", ROWS)
def test_a_decompression_bomb_is_found_when_it_is_decoded(name: str, folder: Path) -> None:
    (folder / "bomb.png").write_bytes(bomb())
    benchmark = bench(name, jsonl(folder, shown(name, "good.png", "bomb.png")))
    good, bad = list(benchmark)
    run = RunFolder(folder / "run")
    assert run.store_image(good.images[0]).sha256
    with pytest.raises(DataError, match=r"(?s)bomb\.png is no readable.*decompression bomb"):
        run.store_image(bad.images[0])
    found = take(benchmark, pictures=True)
    assert (found.usable, found.undecodable) == (1, 1)
    assert found.messages[0][0] == bad.id


@pytest.mark.parametrize("name", ROWS)
def test_a_renamed_column_is_named(name: str, folder: Path) -> None:
    needed = ROWS[name][2]
    rows = shown(name, "good.png", "good.png")
    renamed = [
        {f"my_{column}" if column == needed else column: cell for column, cell in row.items()}
        for row in rows
    ]
    path = jsonl(folder, renamed)
    try:
        items = list(bench(name, path))
    except DataError as error:
        said = [str(error)]
    else:
        assert not [item for item in items if isinstance(item, Sample)]
        said = [item.message for item in items]
        assert items[0].id.startswith("rows.jsonl:1")
    assert all(needed in message for message in said), said


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("cell", [None, "", "nan", 7, [], {"a": 1}, "\ud800", "E" * 300])
def test_cells_of_the_wrong_kind_are_failures(name: str, cell: object, folder: Path) -> None:
    rows = shown(name, "good.png", "good.png")
    rows[1][ROWS[name][2]] = cell
    items = list(bench(name, jsonl(folder, rows)))
    assert [item for item in items if isinstance(item, Sample)][:1] == items[:1]
    assert all(item.message for item in items[1:] if isinstance(item, Failure))


def in_parquet(name: str, path: Path, rows: list[dict[str, Any]], picture: bytes = b"") -> Path:
    column = ROWS[name][1]
    kind: Any = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    cells: list[Any] = [{"bytes": picture or png(64), "path": None} for _ in rows]
    if name in LISTS:
        kind, cells = pa.list_(kind), [[cell] for cell in cells]
    columns = {c: pa.array([row[c] for row in rows]) for c in rows[0] if c != column}
    key = "image" if name in ("cv-bench", "mme-realworld-lite") else column
    pq.write_table(pa.table({**columns, key: pa.array(cells, type=kind)}), path)
    return path


@pytest.mark.parametrize("name", HUB)
def test_a_bomb_inside_a_row_is_found_when_it_is_decoded(name: str, tmp_path: Path) -> None:
    path = in_parquet(name, tmp_path / "rows.parquet", numbered(name, {}, {}), bomb())
    found = take(bench(name, path), pictures=True)
    assert (found.usable, found.undecodable) == (0, 2)
    assert "decompression bomb" in found.messages[0][1]


@pytest.mark.parametrize("name", ROWS)
def test_broken_rows_are_skipped_only_where_that_is_said(name: str, folder: Path) -> None:
    found = take(bench(name, jsonl(folder, shown(name, "good.png", "gone.png"))))
    assert (found.usable, found.broken, found.missing) == (1, 1, 1)
    assert "1 of the 2 rows" in problem(found)
    assert problem(found, skip_broken=True) == ""


@pytest.mark.parametrize("name", ROWS)
def test_the_remedy_for_a_missing_picture_names_options_that_there_are(
    name: str, folder: Path
) -> None:
    _, bad = two(name, jsonl(folder, shown(name, "good.png", "gone.png")))
    options = inspect.signature(registry.load("benchmark", name)).parameters
    named = re.findall(r"(\w+)=", bad.message)
    assert named
    assert set(named) <= options.keys()


@pytest.mark.parametrize("name", HUB)
def test_parquet_cut_off(name: str, tmp_path: Path) -> None:
    path = in_parquet(name, tmp_path / "rows.parquet", numbered(name, *[{}] * 20))
    assert len([item for item in bench(name, path) if isinstance(item, Sample)]) == 20
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"rows\.parquet"):
        list(bench(name, path))


@pytest.mark.parametrize("name", HUB)
def test_parquet_damaged_in_the_middle(name: str, tmp_path: Path) -> None:
    path = in_parquet(name, tmp_path / "rows.parquet", numbered(name, *[{}] * 20))
    whole = path.read_bytes()
    for start in range(4, len(whole) - 8, max(1, len(whole) // 40)):
        path.write_bytes(whole[:start] + b"\xff" * 20 + whole[start + 20 :])
        said = ""
        try:
            items = list(bench(name, path))
        except DataError as error:
            items, said = [], str(error)
        assert items or "rows.parquet" in said or "column" in said


def test_every_benchmark_of_the_hub_is_tested_here() -> None:
    """Every benchmark that reads a data set of the hub is in the tests above."""
    ours = [
        name
        for name, place in registry.names("benchmark").items()
        if place.startswith("unswayed.benchmarks.")
        and "revision" in inspect.signature(registry.load("benchmark", name)).parameters
    ]
    assert set(ours) - {"vstar"} == set(HUB)


@pytest.mark.parametrize("name", HUB)
def test_another_split_is_not_taken_for_the_one_asked_for(name: str, tmp_path: Path) -> None:
    in_parquet(name, tmp_path / "other-00000-of-00001.parquet", numbered(name, {}, {}))
    with pytest.raises(DataError, match=r"other-00000-of-00001\.parquet"):
        list(bench(name, tmp_path))


# Annotation files: pictures lie beside them, and a row has no columns but fields.


def annotated(name: str, folder: Path, pictures: list[str]) -> Any:
    """Write the official file of a benchmark with these pictures and open it."""
    if name == "vstar":
        text = "Colour?\n(A) red\n(B) tan\nAnswer with the option's letter."
        rows: list[dict[str, Any]] = [
            {"image": p, "text": text, "category": "c", "label": "A", "question_id": i}
            for i, p in enumerate(pictures)
        ]
        path = folder / "test_questions.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        return VStar(str(path))
    if name == "whatsup":
        path = folder / "controlled_images_dataset.json"
        captions = [f"A cup {where} a chair" for where in ("on", "under", "left", "right")]
        rows = [{"image_path": p, "caption_options": captions} for p in pictures]
        path.write_text(json.dumps(rows), "utf-8")
        return WhatsUp(str(path))
    path = folder / "dataset_one_obj.json"
    row = {"question": "Where?\nA. left\nB. right", "answer": "A. left"}
    path.write_text(json.dumps([{**row, "image_name": p} for p in pictures]), "utf-8")
    return SpatialMM(str(path), subset="one-obj")


@pytest.mark.parametrize("name", ["vstar", "whatsup", "spatial-mm"])
@pytest.mark.parametrize("way", ["../data/../cup_on_secret.png", "{root}/cup_on_secret.png"])
def test_annotation_files_cannot_lead_out_of_their_folder(
    name: str, way: str, folder: Path
) -> None:
    for place in (folder / "cup_on_chair.png", folder.parent / "cup_on_secret.png"):
        place.write_bytes(png())
    bad = way.format(root=folder.parent)
    items = list(annotated(name, folder, ["cup_on_chair.png", bad]))
    assert isinstance(items[0], Sample), items[0]
    assert isinstance(items[1], Failure)
    assert "leads out of it" in items[1].message


@pytest.mark.parametrize("name", ["vstar", "whatsup", "spatial-mm"])
def test_annotation_files_cut_off(name: str, folder: Path) -> None:
    (folder / "cup_on_chair.png").write_bytes(png())
    whole = annotated(name, folder, ["cup_on_chair.png"] * 3)
    subset = {"subset": "one-obj"} if name == "spatial-mm" else {}
    (file,) = (p for p in folder.iterdir() if p.suffix in (".json", ".jsonl"))
    file.write_bytes(file.read_bytes()[:-30])
    said = ""
    try:
        items = list(type(whole)(str(file), **subset))
    except DataError as error:
        items, said = [], str(error)
    last = items[-1] if items else None
    assert file.name in (last.id if isinstance(last, Failure) else said)
