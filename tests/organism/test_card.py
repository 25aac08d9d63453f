"""The card: measured on a model that knows nothing, written, read, printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from unswayed.benchmarks.scenes import Scenes  # noqa: E402
from unswayed.cli.organism import organism  # noqa: E402
from unswayed.errors import ModelError  # noqa: E402
from unswayed.organism import architecture, card, card_page  # noqa: E402

CHOSEN = tuple(
    c for c in card.CONDITIONS if c.name in ("base", "wrong-caption", "blank picture", "abstain")
)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[card.Score]]:
    folder = architecture.write_tiny_checkpoint(tmp_path_factory.mktemp("tiny"))
    scores = list(card.measure(folder, n=5, conditions=CHOSEN))
    card_page.write(
        folder, card.OrganismCard({"command": "unswayed organism train", "seed": 0}, scores)
    )
    return folder, scores


def test_an_untrained_model_scores_nothing_and_that_is_said(
    measured: tuple[Path, list[card.Score]],
) -> None:
    overall = [score for score in measured[1] if score.kind == "all"]
    assert [score.condition for score in overall] == [c.name for c in CHOSEN]
    assert {score.n for score in overall} == {5}
    assert {score.unread for score in overall} == {1.0}
    assert {score.consistent for score in overall} == {None}
    assert len([score for score in measured[1] if score.condition == "base"]) == 6


def test_a_card_is_read_as_it_was_written(measured: tuple[Path, list[card.Score]]) -> None:
    told = card.read(measured[0])
    assert told.made == {"command": "unswayed organism train", "seed": 0}
    assert told.scores == measured[1]
    assert told.doubt is None
    assert (measured[0] / "CARD.md").read_text() == card_page.page(told)


def test_the_command_prints_a_card(measured: tuple[Path, list[card.Score]]) -> None:
    done = CliRunner().invoke(organism, ["card", "--weights", str(measured[0])])
    assert done.exit_code == 0, done.output
    assert "| wrong-caption | 5 | 0.0 " in done.output
    assert "- command: unswayed organism train" in done.output


def test_a_folder_without_a_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"expected card.json in .* measure the checkpoint"):
        card.read(tmp_path)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("config.json", "expected a checkpoint folder with a config.json"),
        ("tokenizer.json", r"expected a tokenizer \(tokenizer.json or .* found none"),
        ("preprocessor_config.json", r"expected an image processor \(pre.* found none"),
        ("model.safetensors", "cannot load .* as an image-text-to-text model"),
    ],
)
def test_a_checkpoint_without_a_part_is_not_measured(
    tmp_path: Path, part: str, message: str
) -> None:
    folder = architecture.write_tiny_checkpoint(tmp_path / "made")
    (folder / part).unlink()
    with pytest.raises(ModelError, match=message):
        next(card.measure(folder, n=5))


def test_a_tokenizer_of_other_words_is_refused(tmp_path: Path) -> None:
    folder = architecture.write_tiny_checkpoint(tmp_path / "made")
    path = folder / "tokenizer.json"
    found = json.loads(path.read_text())
    found["model"]["vocab"].popitem()
    path.write_text(json.dumps(found))
    with pytest.raises(ModelError, match=r"expected the organism's tokenizer of \d+ tokens"):
        next(card.measure(folder, n=5))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--save"], "expected --measure or --fog with --save"),
        (["--early", "--weights", "."], "expected --weights or --early, found both"),
        (["--measure", "--n", "0"], "0 is not in the range x>=1"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: list[str], message: str) -> None:
    done = CliRunner().invoke(organism, ["card", *options])
    assert done.exit_code == 2
    assert message in done.output


def test_the_pictures_are_the_ones_that_were_meant() -> None:
    scenes = Scenes(n=20)
    step = len(scenes.kinds)
    own = [card._shown(scenes, i, step, "own") for i in range(20)]
    swapped = [card._shown(scenes, i, step, "swapped") for i in range(20)]
    assert swapped == own[step:] + own[:step]
    assert all(not card._shown(scenes, i, step, "blank").things for i in range(20))


def test_every_text_variant_has_a_condition() -> None:
    names = {condition.name for condition in card.CONDITIONS}
    assert {"base", "stop-think", "wrong-think", "wrong-think-but", "correct-caption"} <= names
    assert {"abstain", "shuffle", "held-out pairs", "shaded", "swapped picture"} <= names
