"""The run folder: nothing lost, nothing twice, one writer, one clear line for every damage."""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from unswayed.errors import DataError, RunError, StageError
from unswayed.run import pictures
from unswayed.run.files import content_hash, write_bytes, write_json
from unswayed.run.folder import RunFolder
from unswayed.run.stage import Stage
from unswayed.types import Generation, ImageRef, LetterDistribution, Sample, Variant, Verdict

HOLDER = """
import sys, time
from pathlib import Path
from unswayed.run.folder import RunFolder
with RunFolder(Path(sys.argv[1])).writing():
    print("held", flush=True)
    sys.stdin.read()
"""


def written(id: str, text: str = "x") -> Generation:
    return Generation(id=id, status="stop", text=text, tokens=3)


def judged(id: str, judge: str = "rules") -> Verdict:
    return Verdict(id=id, judge=judge, status="consistent")


def shown(id: str, sample: Sample) -> Variant:
    return Variant(id=id, sample=sample, name="base", options=sample.options, answer=sample.answer)


@pytest.fixture
def stage(tmp_path: Path) -> Stage[Generation]:
    return Stage(tmp_path / "generations.jsonl", Generation)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run")


def picture(format: str = "PNG", size: tuple[int, int] = (4, 3), mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, format)
    return file.getvalue()


# Stages


def test_an_absent_stage_is_empty(stage: Stage[Generation]) -> None:
    assert list(stage) == []
    assert stage.repair() == 0


def test_records_come_back_in_order(stage: Stage[Generation]) -> None:
    stage.append([written("a"), written("b")])
    stage.append([])
    stage.append(iter([written("c")]))
    assert [row.id for row in stage] == ["a", "b", "c"]
    assert stage.repair() == 3


@pytest.mark.parametrize("cut", [1, 2, 10, 40])
def test_a_torn_last_line_is_left_out_and_cut_off(stage: Stage[Generation], cut: int) -> None:
    stage.append([written("a"), written("b", "é" * 40)])
    os.truncate(stage.path, stage.path.stat().st_size - cut)
    assert [row.id for row in stage] == ["a"]
    assert stage.repair() == 1
    stage.append([written("c")])
    assert [row.id for row in stage] == ["a", "c"]


def test_a_record_is_read_by_where_its_line_begins(stage: Stage[Generation]) -> None:
    written = [Generation(id=str(n), status="stop", text="é" * n) for n in range(5)]
    stage.append(written)
    with stage.path.open("ab") as file:
        file.write(b'{"schema')
    starts = list(stage.starts())
    assert [stage.at(start) for start in starts] == written
    with pytest.raises(RunError, match=r"generations.jsonl byte 3 is no Generation"):
        stage.at(3)


def test_a_torn_only_line(stage: Stage[Generation]) -> None:
    stage.path.write_bytes(b'{"schema')
    assert list(stage) == []
    assert stage.repair() == 0
    assert stage.path.read_bytes() == b""


def test_every_cut_of_a_file_leaves_whole_records(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "g.jsonl", Generation)
    stage.append([written("a"), written("b"), written("c")])
    whole = stage.path.read_bytes()
    for size in range(len(whole) + 1):
        stage.path.write_bytes(whole[:size])
        count = stage.repair()
        assert count == whole[:size].count(b"\n")
        assert stage.path.read_bytes() == whole[: stage.path.stat().st_size]
        assert [row.id for row in stage] == ["a", "b", "c"][:count]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{}\n", "id"),
        (b"\n", "line"),
        (b"not json\n", "line"),
        (b'{"id":"x","status":"stop","text":"\xff"}\n', "line"),
        (b'{"id":"x","status":"done","text":""}\n', "status"),
        (b'{"id":"x","status":"stop","text":"","more":1}\n', "more"),
        (b'{"schema_version":2,"id":"x","status":"stop","text":""}\n', "schema_version"),
    ],
)
def test_a_broken_line_in_the_middle_is_named(
    stage: Stage[Generation], line: bytes, said: str
) -> None:
    stage.append([written("a")])
    with stage.path.open("ab") as file:
        file.write(line)
    stage.append([written("b")])
    with pytest.raises(RunError) as error:
        list(stage)
    message = str(error.value)
    assert f"{stage.path} line 2 is no Generation" in message
    assert f"({said}: " in message
    assert "\n" not in message


@given(st.text())
def test_whatever_a_model_writes_survives(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    stage = Stage(tmp_path_factory.mktemp("stage") / "g.jsonl", Generation)
    stage.append([written("a", text), written("b")])
    assert [row.text for row in stage] == [text, "x"]


@pytest.mark.parametrize("text", ["a\ud800b", "\udfff", "\x00", "\u2028\x85\r\x0c", "😀"])
def test_hostile_characters(stage: Stage[Generation], text: str) -> None:
    """Half a surrogate pair cannot be written as UTF-8; everything else can."""
    stage.append([written("a", text), written("b")])
    expected = text.replace("\ud800", "\ufffd").replace("\udfff", "\ufffd")
    assert [row.text for row in stage] == [expected, "x"]
    assert stage.repair() == 2


def test_what_json_cannot_hold_is_no_record() -> None:
    """Pydantic would write NaN as null, and the line could not be read again."""
    with pytest.raises(ValueError, match="finite"):
        LetterDistribution(probabilities={"A": float("nan")}, other_mass=0.0, method="logits")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_says_so_and_what_to_do(tmp_path: Path) -> None:
    full = tmp_path / "generations.jsonl"
    full.symlink_to("/dev/full")
    with pytest.raises(StageError, match=r"No space left.*make room"):
        Stage(full, Generation).append([written("a")])


# One writer


@pytest.fixture
def holder(run: RunFolder) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_gets_one_clear_line(
    run: RunFolder, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(RunError) as error, run.writing():
        raise AssertionError("two writers")
    message = str(error.value)
    assert f"is being written by process {holder.pid} on " in message
    assert "another --out" in message
    assert "\n" not in message


def test_a_killed_holder_leaves_the_folder_usable(
    run: RunFolder, holder: subprocess.Popen[str]
) -> None:
    torn = run.folder / ".new-left"
    torn.write_bytes(b"half")
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with run.writing():
        assert not torn.exists()
        assert json.loads((run.folder / ".holder.json").read_text())["pid"] == os.getpid()
    with run.writing():
        pass


def test_an_out_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with (
        pytest.raises(RunError, match=r"cannot write in .*taken"),
        RunFolder(tmp_path / "taken").writing(),
    ):
        pass


# Provenance and progress


def test_a_run_says_how_it_was_made(run: RunFolder) -> None:
    run.start({"model": "tiny", "variants": ("base",)}, {"model": "tiny"}, seed=7)
    found = run.description()
    assert found["settings"] == {"model": "tiny", "variants": ["base"]}
    assert (found["seed"], found["written"]) == (7, {"model": "tiny"})
    assert found["packages"]["pydantic"]
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))


def test_the_same_settings_go_on(run: RunFolder) -> None:
    run.start({"variants": ("base",), "seed": 1}, {}, seed=1)
    before = (run.folder / "run.json").read_bytes()
    run.start({"seed": 1, "variants": ("base",)}, {}, seed=1)
    assert (run.folder / "run.json").read_bytes() == before


def test_other_settings_are_named(run: RunFolder) -> None:
    run.start({"model": "tiny", "limit": 5, "seed": 1}, {}, seed=1)
    with pytest.raises(RunError) as error:
        run.start({"model": "organism", "seed": 1, "foils": 2}, {}, seed=1)
    message = str(error.value)
    assert "model was 'tiny', is 'organism'" in message
    assert "limit was 5, is None" in message
    assert "foils was None, is 2" in message
    assert "seed" not in message


def test_facts_that_are_known_later(run: RunFolder) -> None:
    run.start({}, {}, seed=1)
    run.add_to_description("model", {"sha256": "ab"})
    run.add_to_description("model", {"sha256": "cd"})
    assert run.description()["model"] == {"sha256": "cd"}
    assert run.description()["seed"] == 1


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"expected a run folder with a run\.json"):
        RunFolder.open(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"schema_version": 2}', "{}", '"\\ud800"'])
def test_a_damaged_description(run: RunFolder, text: str) -> None:
    run.folder.mkdir()
    (run.folder / "run.json").write_text(text)
    with pytest.raises(RunError, match=r"run\.json"):
        RunFolder.open(run.folder).description()


def test_progress(run: RunFolder) -> None:
    assert not run.complete("variants")
    run.mark_complete("variants")
    run.mark_complete("generations")
    run.mark_complete("variants", complete=False)
    assert [run.complete(name) for name in ("variants", "generations", "verdicts")] == [
        False,
        True,
        False,
    ]
    (run.folder / "progress.json").write_text("{")
    with pytest.raises(RunError, match=r"progress\.json"):
        run.complete("variants")


# Joining the stages


def test_stages_are_joined_line_by_line(run: RunFolder, sample: Sample) -> None:
    run.folder.mkdir()
    run.variants.append([shown(id, sample) for id in "abc"])
    run.generations.append([written(id) for id in "ab"])
    assert [(v.id, g.id, j) for v, g, j in run.joined()] == [("a", "a", None), ("b", "b", None)]
    run.verdicts.append([judged("a")])
    assert [j.id if j else None for _, _, j in run.joined()] == ["a", None]


@pytest.mark.parametrize(
    ("variants", "generations", "verdicts"),
    [("abc", "acb", ""), ("ab", "ab", "b"), ("a", "ab", ""), ("ab", "a", "ab"), ("", "a", "")],
)
def test_stages_that_do_not_belong_together(
    run: RunFolder, sample: Sample, variants: str, generations: str, verdicts: str
) -> None:
    run.folder.mkdir()
    run.variants.append([shown(id, sample) for id in variants])
    run.generations.append([written(id) for id in generations])
    run.verdicts.append([judged(id) for id in verdicts])
    with pytest.raises(RunError, match="do not belong together"):
        list(run.joined())


def test_verdicts_of_another_judge_are_kept(run: RunFolder) -> None:
    run.folder.mkdir()
    for judge in ("llm:http://x/y", "rules", "rules"):
        run.verdicts.append([judged("a", judge)])
        run.mark_complete("verdicts")
        run.set_aside_verdicts()
        assert not run.complete("verdicts")
        assert list(run.verdicts) == []
    kept = sorted(path.name for path in run.folder.glob("verdicts-*"))
    assert kept == [
        "verdicts-llm_http___x_y-none.jsonl",
        "verdicts-rules-none-2.jsonl",
        "verdicts-rules-none.jsonl",
    ]


# Pictures


def test_a_picture_is_stored_once_by_content(run: RunFolder, tmp_path: Path) -> None:
    data = picture()
    (tmp_path / "one.png").write_bytes(data)
    (tmp_path / "other.dat").write_bytes(data)
    stored = [
        run.store_image(ImageRef(path=str(tmp_path / "one.png"))),
        run.store_image(ImageRef(path=str(tmp_path / "other.dat"))),
        run.store_image(ImageRef(data=data)),
    ]
    assert len({(ref.path, ref.sha256) for ref in stored}) == 1
    assert stored[0].path == f"images/{stored[0].sha256}.png"
    assert [path.read_bytes() for path in (run.folder / "images").iterdir()] == [data]


@pytest.mark.parametrize(
    ("format", "suffix"), [("JPEG", "jpg"), ("WEBP", "webp"), ("GIF", "gif"), ("MPO", "jpg")]
)
def test_the_suffix_follows_the_bytes(run: RunFolder, format: str, suffix: str) -> None:
    path = run.store_image(ImageRef(path=None, data=picture(format))).path
    assert path is not None
    assert path.endswith(f".{suffix}")


@pytest.mark.parametrize(
    "data",
    [b"", b"no picture", picture()[:-30], picture("JPEG", (64, 64))[:300], picture("EPS")],
    ids=["empty", "text", "cut-png", "cut-jpeg", "eps"],
)
def test_a_broken_picture_is_a_data_error(run: RunFolder, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(data)
    with pytest.raises(DataError) as error:
        run.store_image(ImageRef(path=str(path)))
    assert f"{path} is no readable picture" in str(error.value)
    assert "\n" not in str(error.value)
    assert not (run.folder / "images").exists()


@pytest.mark.parametrize("path", ["missing.png", ".", "nul\0.png", None])
def test_a_picture_that_cannot_be_read(run: RunFolder, path: str | None) -> None:
    with pytest.raises(DataError, match="cannot read the picture"):
        run.store_image(ImageRef(path=path))


def test_a_huge_picture_is_refused_before_it_is_unpacked(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 11)
    with pytest.raises(DataError, match="has 4×3 pixels; at most 11"):
        run.store_image(ImageRef(data=picture()))


def test_a_decompression_bomb_is_refused(run: RunFolder) -> None:
    head = b"IHDR" + struct.pack(">II", 20_000, 20_000) + picture()[24:29]
    bomb = picture()[:12] + head + struct.pack(">I", zlib.crc32(head)) + picture()[33:]
    with pytest.raises(DataError, match="decompression bomb"):
        run.store_image(ImageRef(data=bomb))


# Whole files


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_has_no_nan(tmp_path: Path, value: float) -> None:
    path = tmp_path / "metrics.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"a": value})
    assert json.loads(path.read_text()) == {"a": 1}


def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "deep" / "file"
    write_bytes(path, b"old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StageError, match="No space left"):
        write_bytes(path, b"new")
    assert [(file.name, file.read_bytes()) for file in path.parent.iterdir()] == [("file", b"old")]


def test_others_may_read_what_is_written(tmp_path: Path) -> None:
    write_json(tmp_path / "run.json", {"text": "\ud800"})
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "run.json").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert json.loads((tmp_path / "run.json").read_text("utf-8")) == {"text": "\ufffd"}


def test_content_hashes_are_the_same_everywhere() -> None:
    assert content_hash({"b": [1, "é"], "a": None}) == content_hash({"a": None, "b": [1, "é"]})
    assert content_hash({"a": None, "b": [1, "é"]}) == "f8f17faab95c0248"
    assert content_hash(["\ud800"]) != content_hash(["\ufffd"])
