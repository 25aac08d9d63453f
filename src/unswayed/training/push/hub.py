"""A checkpoint written as a model folder, and sent to the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from unswayed import __version__, progress
from unswayed.errors import ConfigError
from unswayed.extras import require
from unswayed.publishing import send, token_for
from unswayed.training.push.chosen import Recorded, chosen
from unswayed.training.push.files import published, require_free, write_model

WEIGHTS = "model*.safetensors*"
"""Names of files of weights: one of an earlier push that a later one lacks is loaded in its place,
as `model.safetensors` is where the weights now come in parts.
"""
_INSTEAD = "leave the repository out and write a folder with --local"


def push(
    source: Path,
    repo: str | None = None,
    *,
    private: bool = False,
    local: Path | None = None,
    licence: str | None = None,
) -> Iterator[str]:
    """Write the model folder of each checkpoint, send it, and yield where it is.

    Args:
        source: a checkpoint of a training, or a finished training (see `chosen`).
        repo: `OWNER/NAME` on the hub; None sends nothing. Each of several seeds has a repository
            of its own, `OWNER/NAME-seed-N`.
        private: the repository is one that only its owner sees.
        local: folder to write to; of several seeds, a folder below it for each. None keeps none.
        licence: of the weights, as the hub names it.

    Raises:
        ConfigError: nothing is asked for, the checkpoint or the folder cannot be used, there is no
            token, or `private` and the repository is public.
        RunError: a folder holds no training of this version, or its files do not fit together.
        StageError: a file cannot be written, or the hub refuses or cannot be reached.
        MissingExtra: what it needs is not installed.
    """
    require("publishing a checkpoint", "hub", only=("huggingface_hub",))
    if repo is None and local is None:
        raise ConfigError("expected a repository (OWNER/NAME), --local FOLDER, or both; found none")
    local = None if local is None else local.absolute()  # `.` has no name
    found = chosen(source.absolute())
    repos = {seed: f"{repo}-{seed}" if seed else repo for seed in found} if repo else {}
    token = token_for(repos.values(), _INSTEAD) if repo else None
    for seed, one in found.items():
        published(one.checkpoint.path)
        if local is not None:
            require_free(local / seed)
    for seed, one in found.items():
        place = None if local is None else local / seed
        progress.say(f"{one.checkpoint.path} goes to {repos.get(seed, place)}")
        yield _one(one, repos.get(seed), token, private, place, licence)


def _one(
    one: Recorded,
    repo: str | None,
    token: str | None,
    private: bool,
    local: Path | None,
    licence: str | None,
) -> str:
    """Write one model folder, kept or only to be sent; return where it is."""
    from unswayed.training.push.card import card

    if local is not None:
        text = str(card(one, repo or local.name, licence))
        write_model(one.checkpoint.path, text, local)
        return str(local) if repo is None else _sent(local, repo, token, private)
    with TemporaryDirectory() as kept:
        folder, name = Path(kept) / "model", str(repo)
        text = str(card(one, name, licence))
        write_model(one.checkpoint.path, text, folder, lambda file, place: place.symlink_to(file))
        return _sent(folder, name, token, private)


def _sent(folder: Path, repo: str, token: str | None, private: bool) -> str:
    """Send a model folder; weights of an earlier push go, and other files that lie there stay."""
    message = f"Checkpoint by unswayed {__version__}"
    return send(
        folder, repo, token, kind="model", message=message, private=private, replaced=WEIGHTS
    )
