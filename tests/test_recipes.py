"""The recipes: every one is read, its names are there, and its plan can be made."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from unswayed import prompts
from unswayed.errors import DataError
from unswayed.perturbations.composition import DEFAULT
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.plan import plan
from unswayed.pipeline.settings import settings
from unswayed.registry import parse_spec

ROOT = Path(__file__).parents[1]
STUDY = sorted((ROOT / "recipes" / "study").glob("*.toml"))
SCRIPTS = sorted((ROOT / "recipes").glob("*/*.sh"))
CLOSED = {"o3", "o4-mini", "gemini-2.5-pro", "gemini-3.1-pro"}
SCENES = ("scenes,n=2",)


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the recipes expect beside them, with nothing in them yet."""
    names = [f"spatial-mm/spatial_mm_{part}.json" for part in ("one_obj", "two_obj", "multihop")]
    names += ["whatsup/controlled_images_dataset.json", "whatsup/controlled_clevr_dataset.json"]
    for name in names:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("[{}]")
    monkeypatch.chdir(tmp_path)


def study() -> Any:
    return pytest.mark.parametrize("recipe", STUDY, ids=lambda path: path.stem)


def test_the_models_of_the_study_are_all_there() -> None:
    assert len(STUDY) == 11
    assert {path.stem for path in STUDY} >= CLOSED
    table = (ROOT / "recipes" / "study" / "README.md").read_text("utf-8")
    listed = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \|", table, re.MULTILINE)
    found = {p.stem: settings(p, {}) for p in STUDY}
    assert listed
    assert {name: (model, profile) for name, model, profile in listed} == {
        name: (one.model.partition(":")[2], one.profile) for name, one in found.items()
    }


@study()
@pytest.mark.usefixtures("local")
def test_every_name_in_a_recipe_exists(recipe: Path) -> None:
    pytest.importorskip("aiohttp")
    found = settings(recipe, {})
    Evaluation(found).resolve()
    assert found.profile is not None
    assert prompts.profile(found.profile).name == found.profile
    assert set(found.variants) == set(DEFAULT)
    assert (
        len({parse_spec(spec).name for spec in found.benchmarks}) == 7
    )  # Spatial-MM: Obj and Multihop
    assert all("subset=" in spec or "mm_" in spec for spec in found.benchmarks[2:7])
    assert found.delivery == ("user-turn" if recipe.stem in CLOSED else "prefill")


@study()
def test_the_plan_of_a_recipe_can_be_made(recipe: Path) -> None:
    pytest.importorskip("aiohttp")
    (share,) = plan(settings(recipe, {"benchmarks": SCENES})).shares
    assert share.variants == 2 * 8


@study()
def test_a_recipe_says_how_to_serve_it_and_that_it_was_not_run(recipe: Path) -> None:
    text = recipe.read_text("utf-8")
    model = parse_spec(tomllib.loads(text)["model"]).argument
    assert model is not None
    assert f"unswayed evaluate recipes/study/{recipe.name}" in text
    assert "# Not run here:" in text
    if recipe.stem in CLOSED:
        assert "_API_KEY=" in text
    else:
        assert f"recipes/serve/vllm.sh {model} " in text


@pytest.mark.usefixtures("local")
def test_a_hub_that_is_out_of_reach_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("aiohttp")
    datasets = pytest.importorskip("datasets")

    def offline(hub_id: str, *_: object, **__: object) -> None:
        raise ConnectionError(f"Couldn't reach {hub_id!r} on the Hub\nand more")

    monkeypatch.setattr(datasets, "load_dataset", offline)
    for recipe in STUDY:
        with pytest.raises(DataError, match="cannot load ccvl/3DSRBench") as error:
            plan(settings(recipe, {}))
        assert "\n" not in str(error.value)
        assert "3dsrbench:PATH" in str(error.value)


def test_a_file_that_is_not_at_hand_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("aiohttp")
    monkeypatch.chdir(tmp_path)
    for recipe in STUDY:
        with pytest.raises(DataError, match=r"spatial_mm_one_obj\.json") as error:
            plan(settings(recipe, {}))
        assert "\n" not in str(error.value)


def test_the_demo_is_the_embedded_model() -> None:
    found = settings("demo", {})
    Evaluation(found).resolve()
    assert found.model == "organism"


# --- scripts


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_whole_and_says_how_to_use_it(script: Path) -> None:
    done = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text = script.read_text("utf-8")
    assert "set -euo pipefail" in text
    called = subprocess.run(["bash", str(script)], capture_output=True, text=True)
    assert called.returncode == 2
    assert called.stderr.startswith("usage: ")


def fake(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/usr/bin/env bash\n{text}\n")
    path.chmod(0o755)


def test_the_array_serves_a_shard_of_a_recipe_and_the_merge_names_all(tmp_path: Path) -> None:
    """With commands that only write down how they were called."""
    log = tmp_path / "log"
    fake(tmp_path, "vllm", f'echo "vllm $*" >> {log}; exec sleep 60')
    fake(tmp_path, "unswayed", f'echo "unswayed $*" >> {log}')
    fake(tmp_path, "curl", f"grep -q vllm {log}")
    environment = {
        "PATH": f"{tmp_path}:{Path(sys.executable).parent}:/usr/bin:/bin",
        "SLURM_ARRAY_TASK_ID": "2",
        "SLURM_ARRAY_TASK_MAX": "4",
        "SLURM_ARRAY_JOB_ID": "70",
    }
    slurm = ROOT / "recipes" / "slurm"
    recipe = ROOT / "recipes" / "study" / "spacer.toml"
    calls = (
        [str(slurm / "array.sh"), str(recipe), "runs/spacer", "--max-model-len", "8192"],
        [str(slurm / "merge.sh"), "runs/spacer", "4"],
    )
    for call in calls:
        done = subprocess.run(["bash", *call], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    served, evaluated, merged = log.read_text().splitlines()
    assert served.startswith("vllm serve RUBBISHLIKE/SpaceR --host 127.0.0.1 --port 20072 ")
    assert "--generation-config vllm" in served
    assert served.endswith("--max-model-len 8192")
    assert evaluated == (
        f"unswayed evaluate {recipe} --no-report --shard 2/4 --out runs/spacer-2 "
        "--model vllm:RUBBISHLIKE/SpaceR,base_url=http://127.0.0.1:20072/v1"
    )
    shards = " ".join(f"runs/spacer-{k}" for k in range(1, 5))
    assert merged == f"unswayed merge runs/spacer {shards}"


def loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their module up while it is imported
    spec.loader.exec_module(module)
    return module


def test_ray_is_told_twice_that_there_is_no_gpu() -> None:
    config = loaded(ROOT / "recipes" / "serve" / "ray_serve.py").config
    on_gpu, on_cpu = config("a/b", 4, False, None), config("a/b", 1, True, "b")
    assert on_gpu["deployment_config"] == {"num_replicas": 4}
    assert "placement_group_config" not in on_gpu
    assert on_cpu["placement_group_config"] == {"bundles": [{"CPU": 1}]}
    assert on_cpu["accelerator_config"] == {"kind": "cpu"}
    assert on_cpu["model_loading_config"] == {"model_id": "b", "model_source": "a/b"}
    assert all(c["engine_kwargs"]["generation_config"] == "vllm" for c in (on_gpu, on_cpu))


# --- the plan of the whole study


def test_the_page_on_scale_holds_what_the_arithmetic_gives() -> None:
    module = loaded(ROOT / "benchmarks" / "scale_plan.py")
    page = module.PAGE.read_text("utf-8")
    assert module.written(page) == page, "run: python benchmarks/scale_plan.py --write"


def test_the_page_on_clusters_holds_what_the_arithmetic_gives() -> None:
    module = loaded(ROOT / "benchmarks" / "training_memory.py")
    page = module.PAGE.read_text("utf-8")
    assert module.written(page) == page, "run: python benchmarks/training_memory.py --write"


def test_the_weights_are_those_of_transformers_and_their_bytes_by_hand() -> None:
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    module = loaded(ROOT / "benchmarks" / "training_memory.py")
    text, vision = module.Text(), module.Vision()
    told = {
        "vocab_size": text.vocabulary,
        "hidden_size": text.hidden,
        "intermediate_size": text.inner,
        "num_hidden_layers": text.layers,
        "num_attention_heads": text.heads,
        "num_key_value_heads": text.shared_heads,
        "rope_parameters": {"rope_type": "default", "mrope_section": [16, 24, 24]},
    }
    seen = {
        "depth": vision.depth,
        "hidden_size": vision.hidden,
        "intermediate_size": vision.inner,
        "out_hidden_size": vision.out,
        "patch_size": 14,
    }
    config = transformers.Qwen2_5_VLConfig(
        text_config=told, vision_config=seen, tie_word_embeddings=False
    )
    with torch.device("meta"):
        model = transformers.Qwen2_5_VLForConditionalGeneration(config)
    assert module.WEIGHTS == sum(p.numel() for p in model.parameters()) == 8_292_166_656
    whole, shared, zero2 = module.WAYS[0], module.WAYS[1], module.WAYS[2]
    assert whole.gigabytes(1) == whole.gigabytes(8) == pytest.approx(8.292166656 * 16)
    assert shared.gigabytes(8, reference=True) == pytest.approx(8.292166656 * 20 / 8)
    assert zero2.gigabytes(4, reference=True) == pytest.approx(8.292166656 * (2 + 2 + 14 / 4))
    assert [module.fits(gigabytes) for gigabytes in (46.0, 46.1)] == [True, False]


def test_the_arithmetic_of_one_row_by_hand() -> None:
    module = loaded(ROOT / "benchmarks" / "scale_plan.py")
    row = module.Set("x", 1, 1, 640, 480, 0, "")
    assert row.picture_tokens == 23 * 17  # 644 × 476 pixels, in patches of 28
    whole = module.SYSTEM + 391 + module.ASKED
    assert module.prompt_tokens(row) == 8 * whole + 7 * module.INJECTED
    assert module.fresh_tokens(row) == whole + 7 * module.INJECTED + 3 * module.ASKED
    card = module.fitted()
    for width, height, text, rate in (module.CARD[0], module.CARD[-1]):
        tokens = module.Set("", 1, 1, width, height, 0, "").picture_tokens + text
        assert card.prompt * tokens + card.new * 128 == pytest.approx(1 / rate)


def test_the_plan_is_of_the_recipes_benchmarks_and_the_default_variants() -> None:
    module = loaded(ROOT / "benchmarks" / "scale_plan.py")
    names = [each.name.partition(" ")[0] for each in module.SETS]
    for recipe in STUDY:
        assert [parse_spec(spec).name for spec in settings(recipe, {}).benchmarks] == names
    assert len(module.VARIANTS) == len(DEFAULT) == 8
    assert sum("think" in name for name in DEFAULT) == module.VARIANTS.count("think")
    assert sum("caption" in name for name in DEFAULT) == module.VARIANTS.count("caption")
