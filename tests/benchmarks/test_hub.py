"""The shared source of hub data sets: local files in hub layout, and `datasets` itself."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unswayed.benchmarks.sources import arrow, hub, pictures
from unswayed.benchmarks.sources.hub import HubRows
from unswayed.errors import DataError, MissingExtra
from unswayed.types import ImageRef, Sample

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def png(shade: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3), (shade, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def write(path: Path, columns: dict[str, Sequence[Any]], group: int = 2, **types: Any) -> Path:
    """Write a Parquet file with the image columns of `datasets`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        name: pa.array(list(values), type=IMAGE if name.startswith("image") else types.get(name))
        for name, values in columns.items()
    }
    pq.write_table(pa.table(arrays), path, row_group_size=group)
    return path


def picture(shade: int) -> dict[str, Any]:
    return {"bytes": png(shade), "path": f"{shade}.png"}


def five(path: Path) -> Path:
    return write(path, {"q": list("abcde"), "image": [picture(i) for i in range(5)]})


def rows(source: HubRows) -> list[dict[str, Any]]:
    return [row for _, row in source if not isinstance(row, DataError)]


def local(path: Path, **options: Any) -> HubRows:
    return HubRows("owner/name", "test", path=str(path), **options)


def test_parquet_gives_every_row_its_own_picture_across_row_groups(tmp_path: Path) -> None:
    five(tmp_path / "data" / "test-00000-of-00001.parquet")
    source = local(tmp_path)
    found = list(source)
    assert [where for where, _ in found] == [
        f"test-00000-of-00001.parquet:{i}" for i in range(1, 6)
    ]
    assert [row["q"] for row in rows(source)] == list("abcde")
    read = [source.find(row)[0].read() for row in rows(source)]
    assert read == [png(i) for i in range(5)]


def test_reading_rows_reads_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = five(tmp_path / "test.parquet")
    asked: list[list[str]] = []
    real = pq.ParquetFile.iter_batches

    def spy(self: Any, *args: Any, columns: list[str], **kwargs: Any) -> Any:
        asked.append(columns)
        return real(self, *args, columns=columns, **kwargs)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", spy)
    monkeypatch.setattr(arrow, "_column", lambda *_: pytest.fail("a picture was read"))
    assert len(rows(local(path))) == 5
    assert asked == [["q", "image.path"]] * 3


def test_lists_of_pictures_and_absent_ones(tmp_path: Path) -> None:
    lists = pa.array([[png(1), png(2)], []], type=pa.list_(pa.binary()))
    structs = pa.array([[picture(3)], [picture(4), picture(5)]], type=pa.list_(IMAGE))
    one = pa.array([None, picture(6)], type=IMAGE)
    path = tmp_path / "test.parquet"
    pq.write_table(pa.table({"raw": lists, "many": structs, "one": one}), path)
    source = local(path, pictures=("raw", "many", "one"))
    first, second = rows(source)
    assert [ref.read() for ref in source.find(first, "raw")] == [png(1), png(2)]
    assert second["raw"] == () == first["one"]
    assert [ref.read() for ref in source.find(second, "many")] == [png(4), png(5)]
    assert [ref.read() for ref in source.find(second, "raw", "one")] == [png(6)]
    with pytest.raises(DataError, match="expected a picture in raw or one, found none"):
        source.find({"raw": (), "one": ()}, "raw", "one")


def test_a_loader_is_never_written_out() -> None:
    ref = ImageRef(loader=lambda: b"x")
    sample = Sample(
        id="a/1", benchmark="a", images=(ref,), question="q", options={"A": "x", "B": "y"},
        answer="A", cluster="c",
    )  # fmt: skip
    assert sample.images[0].read() == b"x"
    assert Sample.model_validate_json(sample.model_dump_json()).images == (ImageRef(),)


@pytest.mark.parametrize(
    ("config", "split", "expected"),
    [
        (None, "train", ["data/train-00000-of-00001.parquet"]),
        ("2D", "test", ["test_2d.parquet"]),
        ("en", "dev", ["en/dev-00000-of-00001.parquet"]),
        ("cn", "dev", ["cn/dev/0000.parquet", "cn/dev/0001.parquet"]),
        (None, "val", ["SAT_val.parquet"]),
    ],
)
def test_layouts(tmp_path: Path, config: str | None, split: str, expected: list[str]) -> None:
    for name in (
        "data/train-00000-of-00001.parquet", "test_2d.parquet", "test_3d.parquet",
        "en/dev-00000-of-00001.parquet", "en/test-00000-of-00001.parquet",
        "cn/dev/0000.parquet", "cn/dev/0001.parquet", "README.md", "SAT_val.parquet",
        "SAT_static.parquet",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = hub.files(tmp_path, split, config)
    assert [path.relative_to(tmp_path).as_posix() for path in found] == expected


def test_the_folder_of_a_configuration_may_be_named_itself(tmp_path: Path) -> None:
    five(tmp_path / "en" / "dev-00000-of-00001.parquet")
    assert len(hub.files(tmp_path / "en", "dev", "en")) == 1


def test_wrong_split_lists_what_is_there(tmp_path: Path) -> None:
    five(tmp_path / "data" / "test-00000-of-00001.parquet")
    with pytest.raises(DataError, match=r"files of 'val' .*found data/test-00000-of-00001"):
        HubRows("o/n", "val", path=str(tmp_path)).check()


def test_missing_shard(tmp_path: Path) -> None:
    five(tmp_path / "data" / "test-00001-of-00003.parquet")
    five(tmp_path / "data" / "test-00002-of-00003.parquet")
    with pytest.raises(DataError, match=r"expected 3 shards .* shard 00000 is missing"):
        local(tmp_path).check()


def test_truncated_parquet(tmp_path: Path) -> None:
    path = five(tmp_path / "test.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"test\.parquet is no whole Parquet file"):
        list(local(path))


def test_a_picture_that_is_damaged_inside_the_file_is_an_error_of_its_own(tmp_path: Path) -> None:
    path = five(tmp_path / "test.parquet")
    source = local(path)
    [ref] = source.find(rows(source)[0])
    path.write_bytes(b"PAR1 and nothing more")
    arrow._column.cache_clear()
    with pytest.raises(DataError, match="cannot read pictures"):
        ref.read()


def test_renamed_column_and_no_rows(tmp_path: Path) -> None:
    path = five(tmp_path / "test.parquet")
    with pytest.raises(DataError, match=r"expected the column 'question' .*found only: q, image"):
        list(local(path, columns=("question",)))
    empty = write(tmp_path / "empty.parquet", {"q": []}, q=pa.string())
    with pytest.raises(DataError, match="has no rows"):
        list(local(empty))


def test_missing_path_and_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found nothing there"):
        local(tmp_path / "absent.parquet").check()
    with pytest.raises(DataError, match="expected Parquet, TSV"):
        local(tmp_path).check()


def test_text_files_keep_broken_rows_apart(tmp_path: Path) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text('{"q": "a", "image": "a.png"}\n{"q": \n{"q": "c", "image": "../c.png"}\n')
    (tmp_path / "a.png").write_bytes(png())
    source = local(path)
    found = list(source)
    assert isinstance(found[1][1], DataError)
    assert found[1][0] == "test.jsonl:2"
    first, third = rows(source)
    assert source.find(first)[0].path == str(tmp_path / "a.png")
    with pytest.raises(DataError, match="leads out of it"):
        source.find(third)
    assert local(path, images="none").find(third) == ()


def tsv(path: Path, lines: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter="\t").writerows(lines)
    return path


def coded(shade: int) -> str:
    return base64.b64encode(png(shade)).decode()


def test_pictures_of_a_table_stay_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'Breaks\nits line, has "quotes"\tand a tab é'
    lines = [["index", "q", "image"], ["1", text, coded(1)], ["2", "b", coded(2)], ["3", "c", ""]]
    source = local(tsv(tmp_path / "test.tsv", lines))
    monkeypatch.setattr(pictures, "decode_picture", lambda _: pytest.fail("a picture was decoded"))
    found = rows(source)
    monkeypatch.undo()
    assert [row["q"] for row in found] == [text, "b", "c"]
    assert [source.find(row)[0].read() for row in found[:2]] == [png(1), png(2)]
    assert not any(ref.data for row in found[:2] for ref in source.find(row))
    with pytest.raises(DataError, match="expected a picture"):
        source.find(found[2])


def test_rows_of_a_table_may_share_the_picture_of_an_earlier_row(tmp_path: Path) -> None:
    lines = [["index", "image"], ["1", coded(1)], ["2", coded(2)], ["1000001", "1"], ["5", "9"]]
    source = local(tsv(tmp_path / "test.tsv", lines))
    *known, unknown = rows(source)
    assert [source.find(row)[0].read() for row in known] == [png(1), png(2), png(1)]
    with pytest.raises(DataError, match="expected a picture's path or base64 text"):
        source.find(unknown)


def test_tables_without_an_index_share_nothing(tmp_path: Path) -> None:
    source = local(tsv(tmp_path / "test.tsv", [["image"], [coded(1)], [coded(2)]]))
    assert [source.find(row)[0].read() for row in rows(source)] == [png(1), png(2)]


def test_long_paths_in_a_table_are_no_base64(tmp_path: Path) -> None:
    name = "a-very-long-name-" * 6 + ".png"
    (tmp_path / name).write_bytes(png(3))
    source = local(tsv(tmp_path / "test.tsv", [["image"], [name]]))
    assert source.find(rows(source)[0])[0].path == str(tmp_path / name)


def test_broken_tables(tmp_path: Path) -> None:
    ragged = local(tsv(tmp_path / "ragged.tsv", [["index", "image"], ["1"], ["2", "x.png"]]))
    (where, error), (_, row) = ragged
    assert where == "ragged.tsv:1"
    assert "expected 2 fields" in str(error)
    assert row == {"index": "2", "image": "x.png"}
    latin = tmp_path / "latin.tsv"
    latin.write_bytes(b"index\timage\n1\t\xe9\n")
    with pytest.raises(DataError, match="not UTF-8"):
        list(local(latin))
    quotes = tmp_path / "quotes.tsv"
    quotes.write_text('index\timage\n1\t"never closed\n')
    with pytest.raises(DataError, match="quotes inside a field must be doubled"):
        list(local(quotes))


def test_hub_route_through_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`datasets` reads a local copy in hub layout as it would read the hub."""
    datasets = pytest.importorskip("datasets")
    five(tmp_path / "hub" / "data" / "test-00000-of-00001.parquet")
    made = datasets.Dataset.from_dict(
        {"q": ["x", "y"], "image": [picture(7), None], "images": [[picture(8), picture(9)], []]},
        features=datasets.Features(
            q=datasets.Value("string"),
            image=datasets.Image(),
            images=datasets.Sequence(datasets.Image()),
        ),
    )
    made.to_parquet(tmp_path / "typed" / "data" / "test-00000-of-00001.parquet")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    plain = HubRows(str(tmp_path / "hub"), "test")
    assert [row["q"] for row in rows(plain)] == list("abcde")
    assert [plain.find(row)[0].read() for row in rows(plain)] == [png(i) for i in range(5)]
    typed = HubRows(str(tmp_path / "typed"), "test", pictures=("image", "images"))
    first, second = rows(typed)
    assert typed.find(first)[0].read() == png(7)
    assert [ref.read() for ref in typed.find(first, "images")] == [png(8), png(9)]
    assert second["image"] == () == second["images"]
    # The same files, read directly, give the same rows.
    direct = rows(local(tmp_path / "typed", pictures=("image", "images")))
    assert [ref.read() for ref in direct[0]["images"]] == [png(8), png(9)]
    assert [len(row["image"]) for row in direct] == [1, 0]


@pytest.mark.parametrize(("config", "split"), [(None, "val"), ("3D", "test")])
def test_hub_route_with_a_wrong_split_or_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str | None, split: str
) -> None:
    datasets = pytest.importorskip("datasets")
    five(tmp_path / "hub" / "data" / "test-00000-of-00001.parquet")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    with pytest.raises(DataError, match=r"cannot load .* from the hub: .*path=PATH"):
        list(HubRows(str(tmp_path / "hub"), split, config))


def test_hub_route_offline_says_how_to_read_local_files(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")

    def offline(*_: Any, **__: Any) -> Any:
        raise ConnectionError("Couldn't reach the hub\nand a second line")

    monkeypatch.setattr(datasets, "load_dataset", offline)
    with pytest.raises(DataError) as caught:
        list(HubRows("owner/name", "test", revision="abc"))
    assert "revision abc" in str(caught.value)
    assert str(caught.value).endswith("spec: path=PATH")
    assert "\n" not in str(caught.value)


def test_missing_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    with pytest.raises(MissingExtra, match=r"pip install 'unswayed\[hub\]'"):
        list(HubRows("owner/name", "test"))
