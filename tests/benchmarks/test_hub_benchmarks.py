"""Benchmarks of the hub, on small files in their official columns, and on real rows."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unswayed import registry
from unswayed.benchmarks.blink import Blink
from unswayed.benchmarks.blink_hub import BlinkHub
from unswayed.benchmarks.cv_bench import CVBench
from unswayed.benchmarks.inventory import take
from unswayed.benchmarks.mmbench import MMBench
from unswayed.benchmarks.mme_realworld import MMERealWorldLite
from unswayed.benchmarks.mmvp import MMVP
from unswayed.benchmarks.sources.mirror import Mirrored
from unswayed.benchmarks.three_dsr import ThreeDSRBench
from unswayed.errors import ConfigError, DataError
from unswayed.perturbations import Context
from unswayed.perturbations.composition import compose, variants_of
from unswayed.perturbations.texts.templates import Templates
from unswayed.prompts import render_user, shipped
from unswayed.types import Failure, ImageRef, Sample

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

REAL = Path(__file__).parents[2].parent / "shared" / "real"
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_PICTURE = re.compile(r"image(_\d)?")


def png(shade: int = 0) -> bytes:
    """Return a picture that is red on its left half and not on its right."""
    picture = Image.new("RGB", (4, 2), (0, 0, shade))
    picture.paste((255, 0, shade), (0, 0, 2, 2))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def in_base64(shade: int = 0) -> str:
    return base64.b64encode(png(shade)).decode()


def cell(shade: int = 0) -> dict[str, Any]:
    return {"bytes": png(shade), "path": None}


def parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds = {name: IMAGE if _PICTURE.fullmatch(name) else None for name in rows[0]}
    columns = {
        name: pa.array([row[name] for row in rows], type=kind) for name, kind in kinds.items()
    }
    pq.write_table(pa.table(columns), path)
    return path


def table(path: Path, rows: list[dict[str, Any]], delimiter: str = "\t") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def read(benchmark: Iterable[Sample | Failure]) -> tuple[list[Sample], list[Failure]]:
    items = list(benchmark)
    samples = [item for item in items if isinstance(item, Sample)]
    return samples, [item for item in items if isinstance(item, Failure)]


def only(benchmark: Iterable[Sample | Failure]) -> Sample:
    samples, failures = read(benchmark)
    assert failures == []
    assert len(samples) == 1
    return samples[0]


def red_is_left(data: bytes) -> bool:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGB").getpixel((0, 0))[0] == 255


# CV-Bench


def cv_row(idx: int = 0, **changes: Any) -> dict[str, Any]:
    row = {
        "idx": idx, "type": "2D", "task": "Count", "image": cell(),
        "question": "How many organs are in the image?", "choices": ["3", "2", "1", "0"],
        "answer": "(C)", "prompt": "How many organs are in the image? Select from …",
        "filename": f"img/2D/count/ade20k_{idx}.png", "source": "ADE20K",
        "source_dataset": "ADE20K Validation Set", "source_filename": "ADE_val_1.jpg",
    }  # fmt: skip
    return row | changes


def test_cv_bench_reads_the_letter_and_names_type_task_and_source(tmp_path: Path) -> None:
    path = parquet(tmp_path / "test_2d.parquet", [cv_row(answer="(A)", choices=["0", "2"])])
    sample = only(CVBench(str(path)))
    assert sample.id == "cv-bench/0"
    assert sample.options == {"A": "0", "B": "2"}
    assert sample.answer == "A"
    assert sample.category == "2D/Count/ADE20K"
    assert sample.cluster == "ADE20K Validation Set/ADE_val_1.jpg"
    assert sample.images[0].read() == png()


def test_cv_bench_has_up_to_six_options(tmp_path: Path) -> None:
    row = cv_row(choices=list("405867"), answer="(F)")
    assert only(CVBench(str(parquet(tmp_path / "test.parquet", [row])))).answer == "F"


def test_cv_bench_parts(tmp_path: Path) -> None:
    parquet(tmp_path / "test_2d.parquet", [cv_row(0), cv_row(1)])
    parquet(tmp_path / "test_3d.parquet", [cv_row(2, type="3D", task="Depth", source="Omni3D")])
    ids = {
        part: [s.id for s in read(CVBench(str(tmp_path), part=part))[0]] for part in CVBench.ROWS
    }
    assert ids == {
        "all": ["cv-bench/0", "cv-bench/1", "cv-bench/2"],
        "2D": ["cv-bench/2D/0", "cv-bench/2D/1"],
        "3D": ["cv-bench/3D/2"],
    }
    with pytest.raises(ConfigError, match="expected part to be one of all, 2D, 3D; found '4D'"):
        CVBench(str(tmp_path), part="4D")


def test_cv_bench_gold_outside_the_options_is_a_failure_of_that_row(tmp_path: Path) -> None:
    rows = [cv_row(0, answer="(E)"), cv_row(1)]
    samples, failures = read(CVBench(str(parquet(tmp_path / "test.parquet", rows))))
    assert [failure.id for failure in failures] == ["test.parquet:1"]
    assert [sample.id for sample in samples] == ["cv-bench/1"]


CV_REAL = REAL / "cv_bench" / "cv_bench.official_schema.reconstructed.jsonl"


@pytest.mark.skipif(not CV_REAL.is_file(), reason="the real data is not here")
def test_cv_bench_real_rows() -> None:
    samples, failures = read(CVBench(str(CV_REAL), images="none"))
    assert failures == []
    assert len(samples) == CVBench.ROWS["all"] == 2638
    assert Counter(sample.answer for sample in samples) == {
        "A": 1112, "B": 1104, "C": 169, "D": 167, "E": 63, "F": 23,
    }  # fmt: skip
    assert Counter(len(sample.options) for sample in samples) == {2: 1850, 4: 493, 5: 156, 6: 139}
    assert Counter(sample.category for sample in samples) == {
        "2D/Count/ADE20K": 342, "2D/Relation/ADE20K": 291, "2D/Count/COCO": 446,
        "2D/Relation/COCO": 359, "3D/Depth/Omni3D": 600, "3D/Distance/Omni3D": 600,
    }  # fmt: skip
    for part in ("2D", "3D"):
        assert len(read(CVBench(str(CV_REAL), part=part, images="none"))[0]) == CVBench.ROWS[part]


@pytest.mark.skipif(not CV_REAL.is_file(), reason="the real data is not here")
def test_cv_bench_rows_without_their_pictures_fail_and_say_what_to_do() -> None:
    samples, failures = read(CVBench(str(CV_REAL)))
    assert samples == []
    assert len(failures) == 2638
    assert "img/2D/count/ade20k_10.png" in failures[0].message
    assert "images=none" in failures[0].message


# MMBench


def mm_row(index: Any = 241, **changes: Any) -> dict[str, Any]:
    row = {
        "index": index, "question": "Which is true?", "hint": "nan", "answer": "B",
        "A": "this", "B": "that", "C": "nan", "D": "nan", "category": "logic",
        "image": cell(), "source": "x", "L2-category": "reasoning", "comment": "nan",
        "split": "dev",
    }  # fmt: skip
    return row | changes


def test_mmbench_nan_reaches_no_prompt(tmp_path: Path) -> None:
    rows = [mm_row(0), mm_row(1, hint=None), mm_row(2, hint="A hint.", C="more")]
    samples, _ = read(MMBench(str(parquet(tmp_path / "en" / "dev-00000-of-00001.parquet", rows))))
    assert [sample.question for sample in samples] == [
        "Which is true?", "Which is true?", "A hint.\nWhich is true?",
    ]  # fmt: skip
    assert [len(sample.options) for sample in samples] == [2, 2, 3]
    assert not any(
        "nan" in sample.model_dump_json(include={"question", "options"}) for sample in samples
    )


def test_mmbench_circular_copies_share_a_group(tmp_path: Path) -> None:
    rows = [mm_row(241), mm_row(1000241, answer="A", A="that", B="this"), mm_row(7)]
    path = str(parquet(tmp_path / "dev.parquet", rows))
    samples, _ = read(MMBench(path))
    assert [(sample.id, sample.group, sample.cluster) for sample in samples] == [
        ("mmbench/en-dev/241", "241", "241"),
        ("mmbench/en-dev/1000241", "241", "241"),
        ("mmbench/en-dev/7", "7", "7"),
    ]
    plain, _ = read(MMBench(path, scoring="plain"))
    assert [(sample.id, sample.group) for sample in plain] == [
        ("mmbench/en-dev-plain/241", None), ("mmbench/en-dev-plain/7", None),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["hint", "option"])
def test_mmbench_nan_is_in_no_text_that_a_model_sees(tmp_path: Path, kind: str) -> None:
    row = mm_row(hint="nan" if kind == "hint" else "A hint.", C="nan", D=float("nan"))
    row["D"] = None if kind == "hint" else "NaN"
    sample = only(MMBench(str(parquet(tmp_path / "dev.parquet", [row]))))
    context = Context(Templates(), "prefill", 0)
    (variant,) = variants_of(sample, [compose("base")], context)
    for profile in shipped().values():
        assert "nan" not in render_user(variant, profile).casefold()


@pytest.mark.parametrize("owner", ["lmms-lab", "lmms-lab-encoder"])
@pytest.mark.parametrize("spec", ["mmbench,hub_id={}/MMBench", "vstar,hub_id={}/vstar-bench"])
def test_the_owner_that_was_renamed_can_be_named_either_way(owner: str, spec: str) -> None:
    source = registry.create("benchmark", spec.format(owner)).source
    assert source.hub_id.partition("/")[0] == owner
    assert source.provenance()["hub_id"] == source.hub_id


def test_mmbench_test_split_has_no_golds(tmp_path: Path) -> None:
    rows = [mm_row(answer="nan"), mm_row(8, answer=None)]
    samples, failures = read(MMBench(str(parquet(tmp_path / "test.parquet", rows)), split="test"))
    assert samples == []
    assert all("golds of the test split are not public" in failure.message for failure in failures)


def test_mmbench_tsv_with_base64_and_float_indices(tmp_path: Path) -> None:
    rows = [mm_row("5.0", image=in_base64(3)), mm_row("x", image=in_base64(4))]
    samples, failures = read(MMBench(str(table(tmp_path / "MMBench_DEV_EN.tsv", rows))))
    assert [sample.id for sample in samples] == ["mmbench/en-dev/5"]
    assert samples[0].images[0].read() == png(3)
    assert failures[0].id == "MMBench_DEV_EN.tsv:2"
    assert "whole number as index" in failures[0].message


def test_mmbench_language_picks_the_configuration(tmp_path: Path) -> None:
    for language in ("en", "cn"):
        rows = [mm_row(question=f"In {language}?")]
        parquet(tmp_path / language / "dev-00000-of-00001.parquet", rows)
    assert only(MMBench(str(tmp_path), language="cn")).question == "In cn?"
    with pytest.raises(DataError, match="expected files of 'cc, test'"):
        MMBench(str(tmp_path), language="cc", split="test")
    with pytest.raises(ConfigError, match="language"):
        MMBench(str(tmp_path), language="de")


MM_REAL = REAL / "mmbench_samples" / "questions.jsonl"


@pytest.mark.skipif(not MM_REAL.is_file(), reason="the real data is not here")
@pytest.mark.parametrize(
    ("section", "lang", "config", "golds", "broken"),
    [
        ("MMBench", "en", "en", {"A": 6, "B": 8, "C": 3, "D": 3}, 0),
        ("MMBench", "cn", "cn", {"A": 6, "B": 8, "C": 3, "D": 3}, 0),
        ("CCBench", "cn", "cc", {"A": 3, "B": 7, "C": 1, "D": 1}, 2),
    ],
)
def test_mmbench_real_questions_in_the_official_columns(
    tmp_path: Path, section: str, lang: str, config: str, golds: dict[str, int], broken: int
) -> None:
    """The published samples, written to the TSV as VLMEvalKit distributes it."""
    rows: list[dict[str, Any]] = []
    for line in MM_REAL.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["section"].startswith(section) and row["lang"] == lang:
            photo = MM_REAL.parent / row["image"].removeprefix("official_samples/")
            options = {letter: row.get(letter, "nan") for letter in "ABCD"}
            rows.append(
                mm_row(row["index"], question=row["question"], answer=row["answer"], **options)
                | {"image": base64.b64encode(photo.read_bytes()).decode()}
            )
    split = "test" if config == "cc" else "dev"
    path = table(tmp_path / "samples.tsv", rows)
    samples, failures = read(MMBench(str(path), language=config, split=split))
    assert Counter(sample.answer for sample in samples) == golds
    assert len(failures) == broken
    for sample in samples:
        with Image.open(io.BytesIO(sample.images[0].read())) as picture:
            assert min(picture.size) > 0


# MME-RealWorld-Lite

CHOICES = ["(A) red", "(B) blue", "(C) green", "(D) white", "(E) The image does not feature it."]


def check_mme(sample: Sample, picture: bytes) -> None:
    assert sample.question == "What colour?"
    assert list(sample.options.values())[::4] == ["red", "The image does not feature it."]
    assert sample.answer == "E"
    assert sample.images[0].read() == picture


def test_mme_official_json(tmp_path: Path) -> None:
    row = {
        "Question_id": "perception/x/0001", "Question Type": "Multiple Choice",
        "Image": "a/b.png", "Text": "What colour?", "Answer choices": CHOICES,
        "Ground truth": "E", "Category": "color", "Subtask": "OCR", "Task": "Perception",
    }  # fmt: skip
    (tmp_path / "MME.json").write_text(
        json.dumps([row, row | {"Question_id": "2", "Image": "/etc/x.png"}])
    )
    (tmp_path / "photos" / "a").mkdir(parents=True)
    (tmp_path / "photos" / "a" / "b.png").write_bytes(png(9))
    benchmark = MMERealWorldLite(str(tmp_path / "MME.json"), images=str(tmp_path / "photos"))
    samples, failures = read(benchmark)
    check_mme(samples[0], png(9))
    assert samples[0].id == "mme-realworld-lite/perception/x/0001"
    assert (samples[0].category, samples[0].cluster) == ("Perception/OCR/color", "a/b.png")
    assert [failure.id for failure in failures] == ["MME.json:2"]
    assert "leads out of it" in failures[0].message


def test_mme_hub_copy_whose_split_is_called_train(tmp_path: Path) -> None:
    row = {
        "index": 3, "bytes": in_base64(5), "question": "What colour?",
        "multi-choice options": CHOICES, "answer": "E", "category": "Perception",
        "l2-category": "OCR",
    }  # fmt: skip
    parquet(tmp_path / "data" / "train-00000-of-00001.parquet", [row])
    sample = only(MMERealWorldLite(str(tmp_path)))
    check_mme(sample, png(5))
    assert (sample.id, sample.category) == ("mme-realworld-lite/3", "Perception/OCR")
    with pytest.raises(DataError, match="expected files of 'test'"):
        MMERealWorldLite(str(tmp_path), split="test")


def test_mme_tsv_with_options_as_a_python_list(tmp_path: Path) -> None:
    row = {
        "index": 3, "image": in_base64(6), "question": "What colour?",
        "multi-choice options": str(CHOICES), "answer": "E", "category": "Perception",
        "l2-category": "OCR",
    }  # fmt: skip
    check_mme(only(MMERealWorldLite(str(table(tmp_path / "MME.tsv", [row])))), png(6))
    letters = {letter: choice[4:] for letter, choice in zip("ABCDE", CHOICES, strict=True)}
    split = {key: value for key, value in row.items() if key != "multi-choice options"} | letters
    check_mme(only(MMERealWorldLite(str(table(tmp_path / "split.tsv", [split])))), png(6))


def mme_forms(folder: Path) -> list[MMERealWorldLite]:
    """Write five questions about three pictures in every form; the last repeats the first."""
    pictures, folder_of = [1, 1, 2, 3, 1], folder / "photos"
    folder_of.mkdir()
    official, copies = list[dict[str, Any]](), list[dict[str, Any]]()
    for number, colour in enumerate(pictures):
        (folder_of / f"{colour}.png").write_bytes(png(colour))
        asked = f"What colour{' now' * (number % 4)}?"
        official.append({
            "Question_id": f"x/{number % 4}", "Image": f"{colour}.png", "Text": asked,
            "Answer choices": CHOICES, "Ground truth": "E", "Category": "color",
            "Subtask": "OCR", "Task": "Perception",
        })  # fmt: skip
        copies.append({
            "index": number, "question": asked, "multi-choice options": CHOICES, "answer": "E",
            "category": "Perception", "l2-category": "OCR", "bytes": in_base64(colour),
        })  # fmt: skip
    (folder / "MME.json").write_text(json.dumps(official))
    parquet(folder / "hub" / "data" / "train-00000-of-00001.parquet", copies)
    tsv = [{**row, "image": row["bytes"], "multi-choice options": str(CHOICES)} for row in copies]
    for row in tsv:
        del row["bytes"]
    tsv[1]["image"] = "0"  # the picture of that row
    return [
        MMERealWorldLite(str(folder / "MME.json"), images=str(folder_of)),
        MMERealWorldLite(str(folder / "MME.json"), images="none"),
        MMERealWorldLite(str(folder / "hub")),
        MMERealWorldLite(str(folder / "hub"), images="none"),
        MMERealWorldLite(str(table(folder / "MME.tsv", tsv))),
        MMERealWorldLite(str(jsonl(folder / "copy.jsonl", copies))),
    ]


def test_mme_forms_give_the_same_questions_and_clusters(tmp_path: Path) -> None:
    for benchmark in mme_forms(tmp_path):
        samples, failures = read(benchmark)
        assert failures == []
        clusters = [sample.cluster for sample in samples]
        assert [clusters.index(one) for one in clusters] == [0, 0, 2, 3, 0]
        assert [s.question.count("now") for s in samples] == [0, 1, 2, 3, 0]
        found = take(benchmark)
        assert (found.usable, found.clusters, found.duplicates) == (5, 3, 1)


def test_mme_repeated_ids_are_numbered(tmp_path: Path) -> None:
    samples, _ = read(mme_forms(tmp_path)[0])
    assert [sample.id.removeprefix("mme-realworld-lite/") for sample in samples] == [
        "x/0",
        "x/1",
        "x/2",
        "x/3",
        "x/0#2",
    ]


def test_mme_label_twice_is_refused_in_every_form(tmp_path: Path) -> None:
    twice = [*CHOICES[:4], "(D) The image does not feature it."]
    official = {
        "Question_id": "1", "Image": "a.png", "Text": "What?", "Answer choices": twice,
        "Ground truth": "D", "Category": "c", "Subtask": "s", "Task": "t",
    }  # fmt: skip
    copy = {"index": 1, "question": "What?", "multi-choice options": str(twice), "answer": "D"}
    tsv = table(tmp_path / "x.tsv", [copy | {"category": "c", "image": in_base64(1)}])
    for path in (jsonl(tmp_path / "x.jsonl", [official]), tsv):
        _, [failure] = read(MMERealWorldLite(str(path), images="none"))
        assert "D is there 2 times" in failure.message


def test_mme_renamed_column(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "MME.jsonl", [{"Question_id": "1", "Prompt": "?", "Image": "a.png"}])
    _, [failure] = read(MMERealWorldLite(str(path), images="none"))
    assert "expected the column 'Text' or 'question', found only: Question_id" in failure.message


# BLINK


def blink_row(idx: str = "val_Relative_Depth_1", **changes: Any) -> dict[str, Any]:
    stem = "Two points are circled on the image. Which point is closer to the camera?"
    row = {
        "idx": idx, "question": "Which point is closer to the camera?",
        "sub_task": "Relative_Depth", "explanation": "",
        "image_1": cell(1), "image_2": None, "image_3": None, "image_4": None,
        "choices": ["A is closer", "B is closer"], "answer": "(B)",
        "prompt": f"{stem}\nSelect from the following choices.\n(A) A is closer\n(B) B is closer",
    }  # fmt: skip
    return row | changes


def test_blink_asks_the_prompt_without_its_options(tmp_path: Path) -> None:
    parquet(tmp_path / "Relative_Depth" / "val-00000-of-00001.parquet", [blink_row()])
    sample = only(BlinkHub(str(tmp_path), tasks="Relative_Depth"))
    assert sample.id == "blink/val_Relative_Depth_1"
    assert sample.question.startswith("Two points are circled")
    assert sample.question.endswith("closer to the camera?")
    assert sample.options == {"A": "A is closer", "B": "B is closer"}
    assert (sample.answer, sample.category) == ("B", "Relative_Depth")
    assert [ref.read() for ref in sample.images] == [png(1)]


def test_blink_questions_of_several_pictures_and_tasks(tmp_path: Path) -> None:
    jigsaw = blink_row(
        "val_Jigsaw_1", sub_task="Jigsaw", image_2=cell(2), image_3=cell(3),
        choices=["the second image", "the third image"], prompt=None, answer="(A)",
    )  # fmt: skip
    parquet(tmp_path / "Relative_Depth" / "val-00000-of-00001.parquet", [blink_row()])
    parquet(tmp_path / "Jigsaw" / "val-00000-of-00001.parquet", [jigsaw])
    samples, _ = read(BlinkHub(str(tmp_path), tasks="Relative_Depth+Jigsaw"))
    assert [sample.category for sample in samples] == ["Relative_Depth", "Jigsaw"]
    assert [ref.read() for ref in samples[1].images] == [png(1), png(2), png(3)]
    assert samples[1].question == "Which point is closer to the camera?"
    bare, _ = read(BlinkHub(str(tmp_path), tasks="Jigsaw", images="none"))
    assert bare[0].images == ()


def test_blink_hidden_golds_wrong_tasks_and_other_files(tmp_path: Path) -> None:
    path = parquet(tmp_path / "x.parquet", [blink_row(answer="hidden"), blink_row("2")])
    samples, failures = read(BlinkHub(str(path), tasks="Relative_Depth"))
    assert len(samples) == 1
    assert "the gold is hidden" in failures[0].message
    _, failures = read(BlinkHub(str(path), tasks="Counting"))
    assert "expected a question of Counting, found one of Relative_Depth" in failures[1].message
    with pytest.raises(ConfigError, match="found 'Depth'"):
        BlinkHub(str(path), tasks="Depth")


BLINK_REAL = {
    "Spatial_Relation": (REAL / "blink" / "spatial_relation", 143),
    "Relative_Depth": (REAL / "blink" / "relative_depth", 124),
}


@pytest.mark.skipif(not (REAL / "blink").is_dir(), reason="the real data is not here")
@pytest.mark.parametrize("task", list(BLINK_REAL))
def test_blink_real_rows_in_the_official_columns_equal_those_of_the_folders(
    tmp_path: Path, task: str
) -> None:
    """The prompts of the folders are the hub's; written to its columns they read the same."""
    folder, count = BLINK_REAL[task]
    expected, _ = read(Blink(str(folder)))
    rows: list[dict[str, Any]] = []
    for sample in expected:
        listed = "\n".join(f"({letter}) {text}" for letter, text in sample.options.items())
        picture = {"bytes": sample.images[0].read(), "path": "image.jpg"}
        rows.append(
            blink_row(
                sample.id.removeprefix("blink/"), sub_task=task, image_1=picture,
                choices=list(sample.options.values()), answer=f"({sample.answer})",
                question="not this", prompt=f"{sample.question}\nSelect from the following "
                f"choices.\n{listed}",
            )
        )  # fmt: skip
    parquet(tmp_path / task / "val-00000-of-00001.parquet", rows)
    samples, failures = read(BlinkHub(str(tmp_path), tasks=task))
    assert failures == []
    assert len(samples) == BlinkHub.ROWS[task] == count
    fields = {"id", "question", "options", "answer", "category"}
    assert [s.model_dump(include=fields) for s in samples] == [
        s.model_dump(include=fields) for s in expected
    ]
    assert samples[-1].images[0].read() == expected[-1].images[0].read()


# MMVP


def mmvp_row(index: int, gold: str, options: str = "(a) Open (b) Closed") -> dict[str, Any]:
    question = "Are the butterfly's wings closer to being open or closed?"
    return {"Index": index, "Question": question, "Options": options, "Correct Answer": gold}


def mmvp(tmp_path: Path, rows: list[dict[str, Any]]) -> Path:
    table(tmp_path / "Questions.csv", rows, ",")
    (tmp_path / "MMVP Images").mkdir(exist_ok=True)
    for row in rows:
        (tmp_path / "MMVP Images" / f"{row['Index']}.jpg").write_bytes(png(row["Index"] % 256))
    return tmp_path


def test_mmvp_official_folder_and_pairs(tmp_path: Path) -> None:
    mmvp(tmp_path, [mmvp_row(i, "(a)" if i % 2 else "(b)") for i in range(1, 5)])
    samples, failures = read(MMVP(str(tmp_path)))
    assert failures == []
    assert [sample.group for sample in samples] == ["1", "1", "2", "2"]
    assert [sample.answer for sample in samples] == list("ABAB")
    assert samples[0].options == {"A": "Open", "B": "Closed"}
    assert [sample.images[0].read() for sample in samples] == [png(i) for i in range(1, 5)]
    by_file, _ = read(MMVP(str(tmp_path / "Questions.csv")))
    assert by_file == samples


def test_mmvp_known_swapped_golds(tmp_path: Path) -> None:
    rows = [mmvp_row(index, gold) for index, gold in [(99, "(a)"), (100, "(b)"), (101, "(a)")]]
    mmvp(tmp_path, rows)
    assert [s.answer for s in read(MMVP(str(tmp_path)))[0]] == list("ABA")
    assert [s.answer for s in read(MMVP(str(tmp_path), corrected=True))[0]] == list("BAA")


def test_mmvp_copy_with_pictures_in_its_rows(tmp_path: Path) -> None:
    rows = [mmvp_row(i, "(b)") | {"image": cell(i)} for i in (1, 2)]
    parquet(tmp_path / "data" / "train-00000-of-00001.parquet", rows)
    samples, _ = read(MMVP(str(tmp_path)))
    assert [sample.images[0].read() for sample in samples] == [png(1), png(2)]


def test_mmvp_broken_rows_and_missing_pictures(tmp_path: Path) -> None:
    rows = [
        mmvp_row(1, "(c)"),
        mmvp_row(2, "Open"),
        mmvp_row(3, "(a)", "Open or closed"),
        mmvp_row(4, "(b)"),
    ]
    mmvp(tmp_path, rows)
    (tmp_path / "MMVP Images" / "4.jpg").unlink()
    samples, failures = read(MMVP(str(tmp_path)))
    assert samples == []
    messages = [failure.message for failure in failures]
    for expected, message in zip(
        ("not one of the options", "expected a gold as (a)", "expected options as (a)", "4.jpg"),
        messages,
        strict=True,
    ):
        assert expected in message


# 3DSRBench


def dsr_row(index: str, answer: str = "A", **changes: Any) -> dict[str, Any]:
    row = {
        "index": index, "question": "Is the cat to the left?", "A": "yes", "B": "no", "C": None,
        "D": None, "answer": answer, "category": "location_above", "image_source": "COCO",
        "image_url": "http://images.cocodataset.org/train2017/000000000009.jpg",
    }  # fmt: skip
    return row | changes


TWINS = [dsr_row("VIN6MS3J"), dsr_row("VIN6MS3J-flip", "B"), dsr_row("ABCDEFGH", C="nan", D="nan")]


def dsr(tmp_path: Path, rows: list[dict[str, Any]], **options: str) -> list[Sample]:
    photos = tmp_path / "photos"
    photos.mkdir(exist_ok=True)
    (photos / "000000000009.jpg").write_bytes(png())
    path = parquet(tmp_path / "3dsrbench.parquet", rows)
    samples, failures = read(ThreeDSRBench(str(path), images=str(photos), **options))
    assert failures == []
    return samples


def test_3dsr_plain_reads_no_mirrored_rows_and_two_way_questions(tmp_path: Path) -> None:
    samples = dsr(tmp_path, TWINS)
    assert [sample.id for sample in samples] == ["3dsrbench/VIN6MS3J", "3dsrbench/ABCDEFGH"]
    assert [sample.options for sample in samples] == [{"A": "yes", "B": "no"}] * 2
    assert {sample.group for sample in samples} == {None}


def test_3dsr_flip_mirrors_the_same_photo(tmp_path: Path) -> None:
    first, twin, _ = dsr(tmp_path, TWINS, scoring="flip")
    assert (first.group, twin.group) == ("VIN6MS3J", "VIN6MS3J")
    assert (first.answer, twin.answer) == ("A", "B")
    assert first.cluster == twin.cluster
    assert red_is_left(first.images[0].read())
    assert not red_is_left(twin.images[0].read())


@pytest.mark.parametrize("scoring", ["flip", "circular", "flip-circular"])
def test_3dsr_twins_repeat_no_question(tmp_path: Path, scoring: str) -> None:
    rows = [dsr_row("VIN6MS3J"), dsr_row("VIN6MS3J-flip", "B")]
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "000000000009.jpg").write_bytes(png())
    hub = parquet(tmp_path / "x.parquet", rows)
    tsv = table(tmp_path / "x.tsv", [row | {"image": in_base64(i)} for i, row in enumerate(rows)])
    same = table(tmp_path / "same.tsv", [row | {"image": in_base64()} for row in rows])
    for path, images, duplicates in (
        (hub, str(photos), 0),
        (hub, "none", 0),
        (tsv, "", 0),
        (tsv, "none", 0),
        (same, "", 1),  # not mirrored: that is the repetition it looks like
    ):
        found = take(ThreeDSRBench(str(path), images=images, scoring=scoring))
        assert (found.usable, found.duplicates, found.contradictions) == (2, duplicates, duplicates)


@pytest.mark.parametrize(
    ("scoring", "groups"),
    [
        ("plain", [None]),
        ("flip", ["AAAAAAAA", "AAAAAAAA-1", "AAAAAAAA", "AAAAAAAA-1"]),
        ("circular", ["AAAAAAAA", "AAAAAAAA", "AAAAAAAA-flip", "AAAAAAAA-flip"]),
        ("flip-circular", ["AAAAAAAA"] * 4),
    ],
)
def test_3dsr_groups(tmp_path: Path, scoring: str, groups: list[str | None]) -> None:
    ids = ["AAAAAAAA", "AAAAAAAA-1", "AAAAAAAA-flip", "AAAAAAAA-flip-1"]
    rows = [dsr_row(str(i), qid=qid) for i, qid in enumerate(ids)]
    samples = dsr(tmp_path, rows, scoring=scoring)
    assert [sample.group for sample in samples] == groups


def test_3dsr_groups_are_those_of_the_official_script(tmp_path: Path) -> None:
    """VLMEvalKit groups by qid without "-flip", by qid[:8] or qid[:13], and by qid[:8]."""
    ids = [f"{base}{flip}{k}" for base in ("AAAAAAAA", "BBBBBBBB") for flip in ("", "-flip")
           for k in ("", "-1", "-2", "-3")]  # fmt: skip
    rows = [dsr_row(str(i), qid=qid) for i, qid in enumerate(ids)]
    official = {
        "flip": lambda qid: qid.replace("-flip", ""),
        "circular": lambda qid: qid[:13] if "-flip" in qid else qid[:8],
        "flip-circular": lambda qid: qid[:8],
    }
    for scoring, key in official.items():
        samples = dsr(tmp_path, rows, scoring=scoring)
        ours: dict[str | None, set[str]] = {}
        theirs: dict[str, set[str]] = {}
        for qid, sample in zip(ids, samples, strict=True):
            ours.setdefault(sample.group, set()).add(qid)
            theirs.setdefault(key(qid), set()).add(qid)
        assert sorted(map(sorted, ours.values())) == sorted(map(sorted, theirs.values()))


def test_3dsr_tsv_pictures_are_mirrored_already(tmp_path: Path) -> None:
    rows = [dsr_row("AAAAAAAA-flip", image=in_base64(), C="nan", D="")]
    path = table(tmp_path / "3dsrbench_v1_vlmevalkit.tsv", rows)
    assert red_is_left(only(ThreeDSRBench(str(path), scoring="flip")).images[0].read())
    assert only(ThreeDSRBench(str(path), scoring="flip", images="none")).images == ()


def test_3dsr_rows_without_pictures_name_the_file(tmp_path: Path) -> None:
    path = parquet(tmp_path / "x.parquet", [dsr_row("A"), dsr_row("B", image_url="")])
    _, failures = read(ThreeDSRBench(str(path)))
    assert "000000000009.jpg" in failures[0].message
    assert "image_url" in failures[1].message


def test_mirroring_respects_the_orientation_and_refuses_what_is_no_picture() -> None:
    picture = Image.new("RGB", (4, 2))
    picture.paste((255, 0, 0), (0, 0, 2, 2))
    exif = picture.getexif()
    exif[0x0112] = 3  # turned by half: as seen, red is on the right
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", exif=exif)
    assert red_is_left(Mirrored(ImageRef(data=buffer.getvalue()))())
    with pytest.raises(DataError, match="its format is not known"):
        Mirrored(ImageRef(data=b"no picture"))()


def test_a_very_large_picture_is_not_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unswayed.run.pictures.MAX_PIXELS", 7)
    with pytest.raises(DataError, match="has 4×2 pixels; at most 7 are decoded"):
        Mirrored(ImageRef(data=png()))()


# All of them


@pytest.mark.parametrize(
    "name", ["3dsrbench", "cv-bench", "mmbench", "mme-realworld-lite", "blink-hub", "mmvp"]
)
def test_names_are_registered_and_need_no_path_to_be_made(name: str) -> None:
    benchmark = registry.create("benchmark", name)
    source = getattr(benchmark, "source", None) or next(iter(benchmark.sources.values()))
    assert source.path == ""
    assert source.revision == ""
    assert source.asked == (type(benchmark).REVISION or "main")
    assert registry.create("benchmark", f"{name},revision=main").provenance() != {}
    assert registry.create("benchmark", f"{name},revision=abc").name == benchmark.name
    with pytest.raises(DataError, match="found nothing there"):
        registry.create("benchmark", f"{name}:nowhere.parquet")
