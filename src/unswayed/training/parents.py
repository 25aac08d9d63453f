"""The files of the checkpoint that training starts from: its tokenizer and processor."""

# transformers is typed in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

import shutil
from pathlib import Path

from unswayed.errors import StageError

_WEIGHTS = (
    "*.safetensors",
    "*.safetensors.index.json",
    "*.bin",
    "*.pt",
    "*.pth",
    "*.onnx",
    "*.gguf",
)
_NOT_COPIED = (*_WEIGHTS, "config.json", "trainer_state.json", "card.json", "*.jsonl", "*.md")


def files_of(path: str, revision: str | None = None) -> Path:
    """Return the folder that a checkpoint's files lie in, in the hub's cache for a hub id.

    Raises:
        StageError: they are not there.
    """
    if Path(path).is_dir():
        return Path(path)
    from transformers.utils.hub import cached_file

    file = cached_file(path, "config.json", revision=revision)
    if file is None:
        raise StageError(f"expected the files of {path} in the hub's cache, found none")
    return Path(file).parent


def copy_processor(parent: Path, target: Path) -> None:
    """Copy a checkpoint's tokenizer and processor beside other weights, byte for byte."""
    for file in sorted(parent.iterdir()):
        if file.is_file() and not any(file.match(pattern) for pattern in _NOT_COPIED):
            shutil.copyfile(file, target / file.name)
