"""A checkpoint in this process: named and described before torch is imported."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from unswayed.errors import ConfigError
from unswayed.extras import require
from unswayed.models import Decoding, Request
from unswayed.models.transformers.checkpoint import check_folder, hub_options
from unswayed.types import Generation

if TYPE_CHECKING:
    from unswayed.models.transformers.backend import Backend

_DTYPES = ("auto", "float32", "bfloat16", "float16")


class Transformers:
    """Any `AutoModelForImageTextToText` checkpoint; its weights are loaded when they are needed.

    Attributes:
        name: the path or hub id as given.
        profile: prompt profile used when the user names none.
        checkpoint: folder or hub id that the weights come from; None if they lie nowhere.
    """

    extras: ClassVar[tuple[str, ...]] = ("transformers",)
    profile = "default"
    checkpoint: str | None

    def __init__(
        self,
        path: str,
        *,
        dtype: str = "auto",
        device: str = "auto",
        revision: str | None = None,
        attention: str | None = None,
        max_pixels: int | None = None,
        min_pixels: int | None = None,
        trust_remote_code: bool = False,
    ) -> None:
        """Name a checkpoint; nothing is loaded.

        Args:
            path: folder or hub id.
            dtype: `auto` (as stored), `float32`, `bfloat16` or `float16`.
            device: `auto` (a GPU if there is one), or a torch device such as `cpu` or `cuda:1`.
            revision: revision on the hub.
            attention: attention implementation, such as `sdpa` or `eager`.
            max_pixels: most pixels a picture is scaled to, where the family has such a limit.
            min_pixels: fewest pixels, likewise.
            trust_remote_code: run code that the checkpoint brings along.

        Raises:
            ModelError: there is no checkpoint in the folder.
            ConfigError: an option has no such value.
        """
        if dtype not in _DTYPES:
            raise ConfigError(f"expected a dtype of {', '.join(_DTYPES)}; found {dtype!r}")
        check_folder(path)
        self.name = self.checkpoint = path
        self._options: dict[str, Any] = {
            "dtype": dtype,
            "device": device,
            "revision": revision,
            "attention": attention,
            "max_pixels": max_pixels,
            "min_pixels": min_pixels,
            "trust_remote_code": trust_remote_code,
        }

    @cached_property
    def backend(self) -> Backend:
        """The loaded checkpoint.

        Raises:
            ModelError: it cannot be found or loaded.
            ConfigError: torch has no such device.
            MissingExtra: torch or transformers is not installed.
        """
        return self._loaded(str(self.checkpoint))

    def load(self) -> None:
        """Load the weights, unless they are loaded; see `backend` for what can go wrong."""
        _ = self.backend

    def provenance(self) -> dict[str, Any]:
        """Say what was loaded: path, revision, architecture, size, dtype, device, pixel limits."""
        return self.backend.provenance()

    def supports_prefill(self) -> bool:
        """An open assistant turn is ours to render, so it always works."""
        return True

    def generate(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        """Continue every request, in order; an item that fails comes back as an error."""
        return self.backend.generate(requests, decoding)

    def _loaded(self, path: str) -> Backend:
        require(f"the model {self.name!r}", *self.extras)
        hub_options(path, self._options.get("revision"))  # before torch, whose import takes long
        from unswayed.models.transformers.backend import Backend

        return Backend(path, name=self.name, **self._options)
