"""Training is seeded, resumes exactly, and its first losses are known."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from unswayed import organism  # noqa: E402
from unswayed.benchmarks.scenes.scene import compose  # noqa: E402
from unswayed.errors import ConfigError, ModelError, RunError  # noqa: E402
from unswayed.organism import architecture, batches, card, lessons, rollouts, trainer  # noqa: E402
from unswayed.organism.alignment import WORDS, Alignment, labels  # noqa: E402
from unswayed.organism.curriculum import (  # noqa: E402
    CALIBRATION,
    GROUNDING,
    QUESTIONS,
    SWAYED,
    Phase,
)
from unswayed.organism.optimiser import Muon, orthogonalised, split_parameters  # noqa: E402
from unswayed.run.folder import RunFolder  # noqa: E402

PHASES = (
    Phase("letters", 3, "letters", batch=4),
    Phase("vision", 3, "vision", batch=4),
    Phase("scenes", 4, "scenes", QUESTIONS, batch=4),
    replace(CALIBRATION, steps=3, batch=4),
)
MINUTE = (
    Phase("letters", 40, "letters", batch=32),
    Phase("vision", 40, "vision", batch=32),
    Phase("grounding", 20, "scenes", GROUNDING, batch=32),
    Phase("swayed", 10, "scenes", QUESTIONS, batch=32, letter_weight=5.0, hunch=0.3),
)
CURVE = {
    "letters": [6.838, 5.072, 3.121, 2.001],
    "vision": [7.513, 5.752, 5.230, 4.515],
    "grounding": [5.503, 4.027],
    "swayed": [4.111],
}
"""Mean loss of every ten steps, in float32: about a minute of one core."""


@pytest.fixture(autouse=True)
def _frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "SAVE_EVERY", 2)
    monkeypatch.setattr(batches, "POOL", 2)
    monkeypatch.setattr(trainer, "ROLLOUTS", 6)
    monkeypatch.setattr(rollouts, "_LIMIT", 8)


def _train(out: Path, phases: tuple[Phase, ...] = PHASES, seed: int = 0) -> trainer.OrganismTrainer:
    made = trainer.OrganismTrainer(out, seed, phases, torch.float32)
    made.run()
    return made


def _losses(out: Path) -> dict[str, list[float]]:
    curve: dict[str, list[float]] = {}
    for line in (out / trainer.LOG).read_text().splitlines():
        entry = json.loads(line)
        found = entry["aligned"] if entry["phase"] == "vision" else entry["loss"]
        curve.setdefault(entry["phase"], []).append(found)
    return curve


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, trainer.OrganismTrainer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "SAVE_EVERY", 2)
        patch.setattr(batches, "POOL", 2)
        patch.setattr(trainer, "ROLLOUTS", 6)
        patch.setattr(rollouts, "_LIMIT", 8)
        out = tmp_path_factory.mktemp("trained")
        return out, _train(out)


def test_a_minute_of_training_has_the_known_losses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(trainer, "LOG_EVERY", 10)
    _train(tmp_path, MINUTE)
    found = _losses(tmp_path)
    # Machines differ in the last digits, and a training carries them on.
    assert found == {name: pytest.approx(curve, abs=0.08) for name, curve in CURVE.items()}
    assert all(curve == sorted(curve, reverse=True) for curve in found.values())


def test_a_phase_with_a_mark_goes_on_until_it_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = iter([0.2, 0.3, 0.4, 0.9, 0.5])
    monkeypatch.setattr(trainer, "LOG_EVERY", 1)
    monkeypatch.setattr(
        trainer.OrganismTrainer, "_step", lambda *_: {"loss": 1.0, "letters_letter": next(shares)}
    )
    made = _train(
        tmp_path, (Phase("letters", 2, "letters", until=0.8), Phase("more", 1, "letters"))
    )
    assert made.progress.finished == (4, 1)
    assert card.made(tmp_path / "checkpoint")["steps"] == "letters 4, more 1"


def test_a_mark_that_is_never_reached_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "LOG_EVERY", 1)
    monkeypatch.setattr(
        trainer.OrganismTrainer, "_step", lambda *_: {"loss": 1.0, "letters_letter": 0.3}
    )
    message = r"expected 95% of the letters right .* found 30% after 8 steps; .* another --seed"
    with pytest.raises(ModelError, match=message):
        _train(tmp_path, (Phase("letters", 2, "letters", until=0.95),))


def test_a_stopped_training_resumes_to_the_same_weights(
    trained: tuple[Path, trainer.OrganismTrainer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = trainer.OrganismTrainer._step
    calls = 0

    def stopping(self: trainer.OrganismTrainer, *given: object) -> dict[str, float]:
        nonlocal calls
        calls += 1
        if calls == 12:  # among thoughts of its own, a step after the last save
            raise KeyboardInterrupt
        return step(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(trainer.OrganismTrainer, "_step", stopping)
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path)
    again = _train(tmp_path)
    weights, wanted = again.model.state_dict(), trained[1].model.state_dict()
    assert all(torch.allclose(weights[name], wanted[name], atol=1e-6) for name in wanted)


def test_the_checkpoint_loads(trained: tuple[Path, trainer.OrganismTrainer]) -> None:
    from unswayed.organism.exam import load

    model, tokenizer = load(trained[0] / "checkpoint")
    kept = trained[1].model.state_dict()["model.language_model.norm.weight"]
    found = model.state_dict()["model.language_model.norm.weight"]
    assert torch.equal(found, kept.bfloat16().float())
    assert len(tokenizer) == model.config.text_config.vocab_size


def test_another_seed_in_the_same_folder_is_refused(
    trained: tuple[Path, trainer.OrganismTrainer],
) -> None:
    with pytest.raises(ModelError, match="expected a training with seed 1"):
        trainer.OrganismTrainer(trained[0], 1, PHASES, torch.float32)


def test_another_arithmetic_in_the_same_folder_is_refused(
    trained: tuple[Path, trainer.OrganismTrainer],
) -> None:
    with pytest.raises(
        ModelError, match=r"found one in torch\.float32; go on with --dtype float32"
    ):
        trainer.OrganismTrainer(trained[0], 0, PHASES, torch.bfloat16)


def test_another_curriculum_in_the_same_folder_is_refused(
    trained: tuple[Path, trainer.OrganismTrainer],
) -> None:
    with pytest.raises(ModelError, match=r"\('vision', 3\).* choose another folder"):
        trainer.OrganismTrainer(trained[0], 0, PHASES[:2], torch.float32)


def test_the_checkpoint_says_how_it_was_made(trained: tuple[Path, trainer.OrganismTrainer]) -> None:
    how = card.made(trained[0] / "checkpoint")
    assert how["seed"] == 0
    assert how["steps"] == "letters 3, vision 3, scenes 4, calibration 3"
    assert "transformers" in how["versions"]


@pytest.mark.parametrize("damage", [b"", b"junk", b"PK\x03\x04"])
def test_a_damaged_state_is_named(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / trainer.STATE).write_bytes(damage)
    with pytest.raises(ModelError, match=r"expected the state of a training in .*/state\.pt"):
        organism.train(tmp_path, minutes=0.01)


def test_what_is_no_state_is_named(tmp_path: Path) -> None:
    torch.save({"weights": 1}, tmp_path / trainer.STATE)
    with pytest.raises(ModelError, match=r"found something else; choose another folder"):
        organism.train(tmp_path, minutes=0.01)


def test_a_folder_has_one_writer(tmp_path: Path) -> None:
    with RunFolder(tmp_path).writing(), pytest.raises(RunError, match="is being written by"):
        organism.train(tmp_path, minutes=0.01)


def test_a_line_that_was_cut_off_is_dropped(tmp_path: Path) -> None:
    made = _train(tmp_path)
    log = tmp_path / trainer.LOG
    whole = log.read_text()
    log.write_text(whole + '{"step": 4, "seco')
    assert trainer.OrganismTrainer(tmp_path, 0, PHASES, torch.float32).progress == made.progress
    assert log.read_text() == whole


def test_wrong_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a dtype of bfloat16, float32; found 'int8'"):
        organism.train(tmp_path, dtype="int8")
    for device in ("abacus", "cuda:99", "meta:x", "xpu"):
        with pytest.raises(ConfigError, match=device):
            organism.train(tmp_path, device=device)
    with pytest.raises(ConfigError, match="minutes above 0, found -1"):
        organism.train(tmp_path, minutes=-1)


def test_orthogonalised_matrices_have_singular_values_near_one() -> None:
    matrices = torch.randn(3, 16, 40, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalised(matrices))
    assert values.min() > 0.5
    assert values.max() < 1.4


def test_muon_takes_the_inner_matrices_only() -> None:
    model = architecture.build_model(architecture.build_tokenizer())
    matrices, rest = split_parameters(list(model.named_parameters()))
    assert all(weight.ndim == 2 for weight in matrices)
    assert {id(w) for w in matrices + rest} == {id(w) for w in model.parameters()}
    embedding = model.get_input_embeddings().weight
    assert any(weight is embedding for weight in rest)


def test_muon_descends() -> None:
    generator = torch.Generator().manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(8, 8, generator=generator))
    optimiser = Muon([weight], lr=0.3)
    losses: list[float] = []
    for _ in range(60):
        loss = (weight - torch.eye(8)).square().mean()
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_labels_say_what_lies_where() -> None:
    scene = compose("labels", "distinct")
    made = labels([scene])
    front, back = scene.covering()[0]
    for thing in scene.things:
        at = thing.cell[0] * 4 + thing.cell[1]
        assert made["color"][0, at] > 0
        assert made["size"][0, at] == 1 + (thing.size == "large")
        wanted = 1 if thing == front else 2 if thing == back else 0
        assert made["order"][0, at] == wanted
    assert int((made["shape"] > 0).sum()) == len(scene.things)
    assert made["row"][0].tolist() == [i // 4 for i in range(16)]


def test_alignment_is_perfect_for_the_words_themselves() -> None:
    tokenizer = architecture.build_tokenizer()
    alignment = Alignment(tokenizer)
    scene = compose("labels", "distinct")
    wanted = {trait: torch.from_numpy(made) for trait, made in labels([scene]).items()}
    embeddings = torch.eye(len(tokenizer))
    features = torch.zeros(1, 16, len(tokenizer))
    for trait in WORDS:
        ids = alignment.ids(trait)
        shift = 0 if trait in ("row", "column") else 1
        for at in range(16):
            if (index := int(wanted[trait][0, at]) - shift) >= 0:
                features[0, at, ids[index]] = 20.0
    loss, accuracy = alignment(features, embeddings, wanted)
    assert set(accuracy.values()) == {1.0}
    assert loss.item() < 5


def test_batches_mark_what_is_learnt() -> None:
    tokenizer = architecture.build_tokenizer()
    rng = random.Random(0)
    rows = [lessons.scene_row(rng, SWAYED) for _ in range(5)]
    batch = batches.collate(tokenizer, rows)
    assert batch.pictures is not None
    assert batch.pictures.shape == (5, 112, 112, 3)
    assert batch.ids.shape[1] % batches.LENGTH_STEP == 0
    for row, ids, learnt in zip(rows, batch.ids, batch.learnt, strict=True):
        assert tokenizer.decode(ids[learnt]) == row.target + "<|im_end|>"
    start = (batch.ids == tokenizer.convert_tokens_to_ids("<|image_pad|>")).argmax(1)
    assert start.tolist() == [4] * 5


def test_a_checkpoint_is_carried_on(
    trained: tuple[Path, trainer.OrganismTrainer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = trained[0] / "checkpoint"
    monkeypatch.setattr(trainer.curriculum, "FURTHER", PHASES[-2:-1])
    begun = trainer.OrganismTrainer(tmp_path / "begun", 0, PHASES[-2:-1], torch.float32, start)
    for name, weight in trained[1].model.state_dict().items():
        stored = weight.to(torch.bfloat16).float()
        assert torch.equal(begun.model.state_dict()[name], stored), name
    folder = organism.train(tmp_path / "on", dtype="float32", start=start)
    made = json.loads((folder / card.MADE).read_text())
    assert made["steps"] == "scenes 4"
    assert made["start"].startswith("weights with sha256 ")
    with pytest.raises(ModelError, match="found one that began with weights with sha256"):
        trainer.OrganismTrainer(tmp_path / "on", 0, PHASES[-2:-1], torch.float32)


def test_a_start_that_is_none(
    tmp_path: Path, trained: tuple[Path, trainer.OrganismTrainer]
) -> None:
    with pytest.raises(ModelError, match=r"found no model\.safetensors"):
        organism.train(tmp_path / "out", start=tmp_path)
