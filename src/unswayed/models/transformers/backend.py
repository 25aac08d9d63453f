"""Loads any `AutoModelForImageTextToText` checkpoint into this process, to generate with it."""

# torch and transformers are typed in part, so what comes from them is of unknown type here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

from pathlib import Path
from typing import Any

from unswayed.models.transformers.checkpoint import weights_hash
from unswayed.models.transformers.held import HeldModel
from unswayed.models.transformers.loading import device_of, load_checkpoint


class Backend(HeldModel):
    """A loaded checkpoint; its name is the path or hub id unless another one was given."""

    def __init__(
        self,
        path: str,
        *,
        name: str | None = None,
        dtype: str = "auto",
        device: str = "auto",
        revision: str | None = None,
        attention: str | None = None,
        max_pixels: int | None = None,
        min_pixels: int | None = None,
        trust_remote_code: bool = False,
    ) -> None:
        """Load a checkpoint.

        Args:
            path: folder or hub id.
            name: what it is called; the path if None.
            dtype: `auto` (as stored), `float32`, `bfloat16` or `float16`.
            device: `auto` (a GPU if there is one), or a torch device such as `cpu` or `cuda:1`.
            revision: revision on the hub.
            attention: attention implementation, such as `sdpa` or `eager`.
            max_pixels: most pixels a picture is scaled to, where the family has such a limit.
            min_pixels: fewest pixels, likewise.
            trust_remote_code: run code that the checkpoint brings along.

        Raises:
            ModelError: the checkpoint cannot be found or loaded.
            ConfigError: torch has no such device.
        """
        self._revision, self._folder = revision, Path(path)
        place = device_of(device)
        hub: dict[str, Any] = {"revision": revision} if revision else {}
        if trust_remote_code:
            hub["trust_remote_code"] = True
        pixels = {"max_pixels": max_pixels, "min_pixels": min_pixels}
        self._pixels = {name: value for name, value in pixels.items() if value is not None}
        model, processor = load_checkpoint(path, dtype, attention, hub, self._pixels)
        super().__init__(name or path, model.to(place).eval(), processor)

    def provenance(self) -> dict[str, Any]:
        """Say what was loaded: path, revision, architecture, size, dtype, device, pixel limits."""
        return {
            "backend": "transformers",
            "path": self.name,
            "revision": getattr(self._model.config, "_commit_hash", None) or self._revision,
            "sha256": weights_hash(self._folder),
            **self.about(),
            **self._pixels,
        }
