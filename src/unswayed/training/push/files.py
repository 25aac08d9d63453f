"""The files of a published checkpoint: all that loads it, and nothing that only training needs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from unswayed.errors import ConfigError, StageError
from unswayed.training.folder import RESUMPTION, SCORER

CARD = "README.md"
_NOT_PUBLISHED = (*RESUMPTION, SCORER, "trainer_state.json", "*.md", ".*")
_NEEDED = ("config.json", "tokenizer_config.json", "*processor_config.json")
"""Beside the weights: what a model of pictures and text cannot be loaded without."""


def published(checkpoint: Path) -> list[Path]:
    """Return the files of a checkpoint that make up the model, its optimiser left out.

    Raises:
        ConfigError: one is missing without which nobody could load it.
    """
    for pattern in _NEEDED:
        if not any(checkpoint.glob(pattern)):
            raise ConfigError(
                f"expected {pattern} in {checkpoint}, found none; put the file of the model that "
                "training started from there"
            )
    return [
        file
        for file in sorted(checkpoint.iterdir())
        if file.is_file() and not any(file.match(pattern) for pattern in _NOT_PUBLISHED)
    ]


def require_free(folder: Path) -> None:
    """Refuse a folder that something else lies in.

    Raises:
        ConfigError: it is not empty, or it is a file.
    """
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists():
        what = "other files" if folder.is_dir() else "a file"
        raise ConfigError(f"expected an empty folder or none at {folder}, found {what}")


def write_model(
    checkpoint: Path, card: str, folder: Path, place: Callable[[Path, Path], object] = shutil.copy
) -> None:
    """Write a complete model folder, whole or not at all.

    Args:
        checkpoint: the checkpoint, which stays as it is.
        card: the model card.
        folder: where to, free (see `require_free`).
        place: how a file is brought there: copied, or linked where it is only read.

    Raises:
        ConfigError: the checkpoint lacks a file.
        StageError: it cannot be written, or something came into the folder meanwhile.
    """
    files = published(checkpoint)
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for file in files:
            place(file.resolve(), partial / file.name)
        (partial / CARD).write_text(card, "utf-8")
        if folder.is_dir():
            folder.rmdir()
        partial.replace(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StageError(f"cannot write {folder}: {error.strerror}") from error
