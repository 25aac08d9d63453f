"""The checkpoint that training starts from: where it lies, and what it is.

Models are named as in an evaluation. Whatever runs a checkpoint in this process and says where it
came from (its attribute `checkpoint`) can be trained.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unswayed import registry
from unswayed.errors import ConfigError
from unswayed.registry import model_spec

_HUB = ("revision", "trust_remote_code")
_PIXELS = ("max_pixels", "min_pixels")


@dataclass(frozen=True)
class Start:
    """A checkpoint to start from.

    Attributes:
        spec: the model as the recipe names it.
        path: folder or hub id.
        profile: name of the prompt profile that goes with it.
        hub: `revision` and `trust_remote_code`, where given.
        pixels: limits of a picture's size, where given.
        attention: attention implementation, if one is asked for.
    """

    spec: str
    path: str
    profile: str
    hub: dict[str, Any] = field(default_factory=dict[str, Any])
    pixels: dict[str, int] = field(default_factory=dict[str, int])
    attention: str | None = None

    def provenance(self) -> dict[str, Any]:
        """Return what `run.json` says of it: path, revision, hash of the weights."""
        from unswayed.models.transformers.checkpoint import weights_hash

        digest = weights_hash(Path(self.path))
        return {"spec": self.spec, "path": self.path, "sha256": digest, **self.hub, **self.pixels}


def start_of(spec: str) -> Start:
    """Find the checkpoint behind a model spec.

    Raises:
        UnknownName: there is no such model.
        ConfigError: it is no checkpoint that can be trained here.
        ModelError: there is nothing at its path.
    """
    parsed = model_spec(spec)
    factory: Any = registry.load("model", parsed.name)
    options: dict[str, Any] = dict(parsed.options) if parsed.name == "transformers" else {}
    path: str | None = getattr(registry.create("model", parsed), "checkpoint", None)
    if path is None:
        raise ConfigError(
            f"expected a checkpoint to train, found {spec!r}, whose weights lie in no folder; "
            "name a checkpoint folder, a hub id, or organism,which=early"
        )
    from unswayed.models.transformers.checkpoint import check_folder

    check_folder(path)
    return Start(
        spec,
        path,
        factory.profile,
        {key: options[key] for key in _HUB if key in options},
        {key: options[key] for key in _PIXELS if key in options},
        options.get("attention"),
    )
