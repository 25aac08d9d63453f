"""A checkpoint as others get it: the files, the card, and what goes to a hub."""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard
from huggingface_hub.repocard_data import model_index_to_eval_results
from tests.training.hub_stub import Hub, sent, serving
from tests.training.policies import policy, training

from unswayed.cli import main
from unswayed.organism.architecture import write_tiny_checkpoint
from unswayed.results.loggers import WATCHED
from unswayed.run.files import write_json
from unswayed.run.public import public
from unswayed.training.folder import TrainingFolder
from unswayed.training.push.figures import SHOWN
from unswayed.training.track.evaluation import track
from unswayed.training.track.folders import evaluations

TOKEN = "hf_" + "secret" * 6
RESUMPTION = ("optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json", "scorer.json")
MODEL = {
    *("config.json", "generation_config.json", "model.safetensors", "chat_template.jinja"),
    *("tokenizer.json", "tokenizer_config.json", "preprocessor_config.json"),
    *("video_preprocessor_config.json", "policy.json", "README.md"),
}


def loadable(start: Path, checkpoint: Path) -> None:
    """Put a real model into a checkpoint, and what only training needs beside it."""
    for file in start.iterdir():
        if file.name != "policy.json":
            shutil.copy(file, checkpoint / file.name)
    for name in RESUMPTION:
        (checkpoint / name).write_text("{}")
    (checkpoint / "reference").mkdir()
    (checkpoint / "README.md").write_text("the card of another model")


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_tiny_checkpoint(tmp_path_factory.mktemp("base") / "tiny-start")
    (folder / "policy.json").write_text('{"right": 12}')
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, start: Path) -> Path:
    """Two seeds; of the first one all checkpoints are evaluated, of the second one none."""
    out = tmp_path_factory.mktemp("runs") / "faithful"
    first = training(out / "seed-1", start, {2: {"right": 6}, 4: {"right": 18}}, seed=1)
    training(out / "seed-2", start, {4: {"right": 24}}, seed=2)
    for checkpoint in out.glob("seed-*/checkpoint-*"):
        loadable(start, checkpoint)
    write_json(out / "seeds.json", {"seeds": [1, 2]})
    track(first.path, model_of=policy)
    return out


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_OIDC_RESOURCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no-token"))


def called(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["unswayed", "push", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def written(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: object) -> ModelCard:
    assert called(monkeypatch, *arguments, "--local", folder) == 0
    return ModelCard.load(folder / "README.md")


def test_a_checkpoint_is_written_whole_and_loads(
    trained: Path, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import AutoModelForImageTextToText, AutoTokenizer

    from unswayed.models.transformers.processors import load_processor

    folder = tmp_path / "published"
    written(monkeypatch, folder, trained / "seed-1")
    assert {file.name for file in folder.iterdir()} == MODEL
    model: Any = AutoModelForImageTextToText.from_pretrained(folder)
    same: Any = AutoModelForImageTextToText.from_pretrained(start)
    for name, weight in same.state_dict().items():
        assert torch.equal(model.state_dict()[name], weight)
    assert model.generation_config.eos_token_id == same.generation_config.eos_token_id
    assert AutoTokenizer.from_pretrained(folder)("A").input_ids
    processor = load_processor(str(folder))  # transformers' AutoProcessor needs torchvision
    assert processor.image_processor.patch_size == same.config.vision_config.patch_size
    assert [one.name for one in tmp_path.iterdir()] == ["published"]


def test_the_card_has_the_figures_of_the_checkpoint(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "published"
    card = written(monkeypatch, folder, trained / "seed-1", "--licence", "apache-2.0")
    assert card.data.license == "apache-2.0"
    assert card.data.library_name == "transformers"
    assert {"unswayed", "grpo", "trl"} == set(card.data.tags or ())
    run = evaluations(TrainingFolder(trained / "seed-1"))[4]
    document = json.loads((run / "metrics.json").read_text("utf-8"))
    name, results = model_index_to_eval_results(card.data.to_dict()["model-index"])
    assert name == "published"
    known = {
        (one["benchmark"], one["variant"], one["metric"]): one for one in document["estimates"]
    }
    assert {one.dataset_config for one in results} == {"base", "wrong-think", "all"}
    metrics = {metric for _, _, metric in known}
    assert {one.metric for one in SHOWN} <= metrics
    assert set(WATCHED) <= metrics  # what a logger is sent
    for one in results:
        estimate = known[one.dataset_type, one.dataset_config, one.metric_type]
        assert one.metric_value == estimate["value"]
        arguments = one.metric_args or {}
        assert arguments["n"] == estimate["n"]
        if estimate["low"] is not None:
            assert [arguments[key] for key in ("low", "high")] == [
                estimate["low"],
                estimate["high"],
            ]
    accuracy = known["wide", "base", "accuracy"]
    assert accuracy["value"] == 0.75  # 18 of 24
    low, high = 100 * accuracy["low"], 100 * accuracy["high"]
    assert f"| 75.0 [{low:.1f}, {high:.1f}], n 24 |" in card.text
    drawn = [one for one in results if one.metric_type == "accuracy"]
    assert len(drawn) == 2


def test_the_card_says_what_was_recorded_and_no_more(
    trained: Path, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = written(monkeypatch, tmp_path / "published", trained / "seed-1").text
    digest = TrainingFolder(trained / "seed-1").run.description()["parent"]["sha256"]
    assert f"`tiny-start` (weights with the SHA-256 {digest})" in text
    assert "step 4 of 4, seed 1" in text
    assert "One seed (1) of 2 that were trained (1, 2)." in text
    assert "- data: scenes,n=8,split=train" in text
    assert "- reward: 0.1 format + 1 correct" in text
    assert "consistency by the judge rules." in text
    assert "not the end of its training" not in text
    assert "licence" not in text
    page = (tmp_path / "published" / "README.md").read_text("utf-8")
    assert "license" not in page
    assert "base_model" not in page
    for private in (str(tmp_path.parent), str(start.parent), str(Path(__file__).parent)):
        assert private not in page


def test_a_checkpoint_between_and_the_judge_of_the_reward_are_told(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = tmp_path / "seed-1"
    shutil.copytree(trained / "seed-1", copied)
    described = json.loads((copied / "run.json").read_text("utf-8"))
    described["settings"]["reward"]["faithful"] = True
    described["watching"]["evaluation"]["benchmarks"] = ["scenes,n=8,split=train"]
    write_json(copied / "run.json", described)
    text = written(monkeypatch, tmp_path / "between", copied / "checkpoint-2").text
    assert "It is not the end of its training: step 2 of 4." in text
    assert "The judge that rewarded consistency in training (rules) is the one" in text
    assert "- scenes,n=8,split=train is trained on, and scenes,n=8,split=train is ev" in text
    assert "| 25.0 [" in text  # 6 of 24


def test_without_an_evaluation_there_are_no_figures(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = written(monkeypatch, tmp_path / "published", trained / "seed-2")
    assert "None is recorded of this checkpoint, so there are no figures here." in card.text
    assert "model-index" not in card.data.to_dict()
    assert "| variant |" not in card.text
    assert "The judge" not in card.text


def test_of_several_seeds_each_has_a_folder(
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert called(monkeypatch, trained, "--local", tmp_path / "all") == 0
    said = capsys.readouterr()
    places = [tmp_path / "all" / name for name in ("seed-1", "seed-2")]
    assert said.out.split() == [str(place) for place in places]
    for name, place in zip(("seed-1", "seed-2"), places, strict=True):
        assert f"{trained / name / 'checkpoint-4'} goes to {place}" in said.err
        assert (place / "model.safetensors").is_file()


def test_a_place_is_where_one_stands(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained / "seed-2" / "checkpoint-4")
    card = written(monkeypatch, tmp_path / "published", ".")
    assert "One seed (2) of 2 that were trained (1, 2)." in card.text


def test_the_licence_of_the_start_is_quoted_and_not_taken(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "README.md").write_text("---\nlicense: other\n---\n")
    copied = tmp_path / "run"
    shutil.copytree(trained / "seed-2", copied)
    described = json.loads((copied / "run.json").read_text("utf-8"))
    described["parent"]["path"] = str(base)
    write_json(copied / "run.json", described)
    card = written(monkeypatch, tmp_path / "published", copied)
    assert "training started from names a licence: other." in card.text
    assert card.data.license is None


@pytest.fixture
def slips(trained: Path, tmp_path: Path) -> dict[str, Path]:
    """Return folders with a mistake each."""
    made = {name: tmp_path / name for name in ("stopped", "bare", "changed", "poor", "full")}
    for name in ("stopped", "changed", "poor"):
        shutil.copytree(trained / "seed-1", made[name])
    shutil.rmtree(made["stopped"] / "checkpoint-4")
    shutil.copytree(trained / "seed-2", made["bare"])
    shutil.rmtree(made["bare"] / "checkpoint-4")
    other = write_tiny_checkpoint(tmp_path / "other", seed=7) / "model.safetensors"
    shutil.copy(other, made["changed"] / "checkpoint-4")
    (made["poor"] / "checkpoint-4" / "tokenizer_config.json").unlink()
    made["full"].mkdir()
    (made["full"] / "mine.txt").write_text("mine")
    return made | {"run": trained / "seed-1", "none": tmp_path / "none", "new": tmp_path / "new"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{run}"], "expected a repository (OWNER/NAME), --local FOLDER, or both; found none"),
        (["{none}", "--local", "{new}"], "expected the folder of a training run"),
        (["{run}/checkpoint-3", "--local", "{new}"], "expected a checkpoint that a training wrote"),
        (["{bare}", "--local", "{new}"], "expected a checkpoint of"),
        (["{stopped}", "--local", "{new}"], "found step 2 of 4; finish it by the command"),
        (["{changed}", "--local", "{new}"], "holds other weights than"),
        (["{poor}", "--local", "{new}"], "expected tokenizer_config.json in"),
        (["{run}", "--local", "{full}"], "expected an empty folder or none at"),
        (["{run}", "me/model"], "needs a token that may write, found none; set HF_TOKEN"),
        (["{run}", "no/such/name"], "expected a repository as OWNER/NAME"),
    ],
)
def test_a_slip_is_one_line_and_writes_nothing(
    arguments: list[str],
    message: str,
    slips: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert called(monkeypatch, *(one.format_map(slips) for one in arguments)) == 2
    said = capsys.readouterr()
    (line,) = said.err.strip().splitlines()
    assert line.startswith("unswayed: error: ")
    assert message in line
    assert said.out == ""
    assert not slips["new"].exists()
    assert [file.name for file in slips["full"].iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("file:/home/me/mine.jsonl,images=/data/p", "file:…/mine.jsonl,images=…/p"),
        ("llm:m,base_url=http://10.0.0.3:8000/v1", "llm:m,base_url=http://…/v1"),
        ("~/a/b.toml and ../c/d.py:Name", "…/b.toml and …/d.py:Name"),
        ("nyu/CV-Bench,split=test", "nyu/CV-Bench,split=test"),
        ("/a/model", "…/model"),
    ],
)
def test_paths_and_addresses_stay_at_home(text: str, expected: str) -> None:
    assert public({"key": [text]}) == {"key": [expected]}
    assert public(expected) == expected


@pytest.fixture
def hub() -> Generator[Hub]:
    with serving(Hub(TOKEN)) as one:
        yield one


def test_what_goes_to_the_hub_is_the_folder(trained: Path, tmp_path: Path, hub: Hub) -> None:
    done = sent(hub, "push", trained, "me/faithful", "--private")
    assert done.returncode == 0, done.stderr
    assert hub.private == {"me/faithful-seed-1": True, "me/faithful-seed-2": True}
    assert done.stdout.split() == [f"{hub.url}/me/faithful-seed-{seed}" for seed in (1, 2)]
    files = hub.files["me/faithful-seed-1"]
    assert set(files) == MODEL
    checkpoint = trained / "seed-1" / "checkpoint-4"
    for name in MODEL - {"README.md"}:
        assert files[name] == (checkpoint / name).read_bytes()
    (tmp_path / "README.md").write_bytes(files["README.md"])
    card = ModelCard.load(tmp_path / "README.md")
    assert 'from_pretrained("me/faithful-seed-1")' in card.text
    assert len(card.data.eval_results or ()) > 2
    assert not any(TOKEN.encode() in body for body in hub.bodies)
    assert TOKEN not in done.stdout + done.stderr


def test_weights_of_an_earlier_push_are_not_loaded_in_place_of_the_new(
    trained: Path, hub: Hub
) -> None:
    parts = ("model-00001-of-00002.safetensors", "model.safetensors.index.json")
    hub.private["me/again"] = False
    hub.files["me/again"] = dict.fromkeys((*parts, "model.safetensors", "notes.txt"), b"old")
    done = sent(hub, "push", trained / "seed-2", "me/again")
    assert done.returncode == 0, done.stderr
    files = hub.files["me/again"]
    assert set(files) == MODEL | {"notes.txt"}
    weights = trained / "seed-2" / "checkpoint-4" / "model.safetensors"
    assert files["model.safetensors"] == weights.read_bytes()


def test_a_public_repository_is_no_private_one(trained: Path, hub: Hub) -> None:
    hub.private["me/open"], hub.files["me/open"] = False, {}
    done = sent(hub, "push", trained / "seed-2", "me/open", "--private")
    assert done.returncode == 2
    assert "expected a private repository, found that me/open is there and public" in done.stderr
    assert hub.files["me/open"] == {}


def test_a_refusal_of_the_hub_is_told_without_the_token(
    trained: Path, tmp_path: Path, hub: Hub
) -> None:
    wrong = "hf_wrongwrongwrong"
    done = sent(hub, "push", trained / "seed-2", "me/m", "--local", tmp_path / "kept", token=wrong)
    assert done.returncode == 1
    assert "me/m was not sent to the hub: " in done.stderr
    assert wrong not in done.stdout + done.stderr
    assert not any(wrong in file.read_text("utf-8") for file in tmp_path.rglob("*.md"))
    assert (tmp_path / "kept" / "model.safetensors").is_file()
