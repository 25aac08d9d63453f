"""The model that training started from, as a card names it: by its hub id, or without its path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, try_to_load_from_cache


@dataclass(frozen=True)
class BaseModel:
    """What a training started from.

    Attributes:
        hub_id: its id on the hub; None if it lay in a folder.
        text: what it is, for people.
        licence: the licence that its own card names; None if there is no card, or it names none.
    """

    hub_id: str | None
    text: str
    licence: str | None


def base_of(parent: Mapping[str, Any]) -> BaseModel:
    """Return what a training started from.

    Args:
        parent: what its `run.json` says; weights on the hub have no hash there.
    """
    path, digest = str(parent.get("path", "")), parent.get("sha256")
    licence = _licence(path)
    if digest is None:
        revision = f" at revision {parent['revision']}" if parent.get("revision") else ""
        return BaseModel(path, f"[{path}](https://huggingface.co/{path}){revision}", licence)
    spec = str(parent.get("spec", path))
    named = f"`{spec}`" if "/" not in spec and "\\" not in spec else f"`{Path(path).name}`"
    return BaseModel(None, f"{named} (weights with the SHA-256 {digest})", licence)


def _licence(path: str) -> str | None:
    """Return the licence that the card beside the weights names; nothing is downloaded."""
    card: Any = Path(path) / "README.md"
    if not card.is_file():
        try:
            card = try_to_load_from_cache(path, "README.md")
        except ValueError:  # no id of the hub
            return None
    if not isinstance(card, str | Path):
        return None
    try:
        licence: Any = ModelCard.load(card).data.get("license")
    except (OSError, ValueError):
        return None
    return licence if isinstance(licence, str) else None
