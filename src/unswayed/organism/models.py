"""The organism as a model of the pipeline: `organism`, its early sibling, and `tiny`, untrained."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from unswayed.errors import ConfigError, ModelError
from unswayed.models.transformers.model import Transformers
from unswayed.organism import weights_folder

if TYPE_CHECKING:
    from unswayed.models.transformers.backend import Backend


class Organism(Transformers):
    """The trained organism that comes with the package."""

    profile = "organism"

    def __init__(
        self, which: str = "final", *, dtype: str = "float32", device: str = "cpu"
    ) -> None:
        """Name the shipped weights; nothing is loaded.

        Args:
            which: `final`, or `early`: stopped early, a start for reinforcement learning.
            dtype: of the arithmetic; stored is bfloat16.
            device: a torch device.

        Raises:
            ConfigError: there is no such organism.
            ModelError: the weights are not in the package.
        """
        if which not in ("final", "early"):
            raise ConfigError(f"expected the organism to be final or early; found {which!r}")
        folder = weights_folder(which)
        if not (folder / "model.safetensors").is_file():
            raise ModelError(
                f"expected the organism's weights in {folder}, found none; reinstall unswayed, or "
                "remake them: unswayed organism train --out FOLDER"
            )
        super().__init__(str(folder), dtype=dtype, device=device)
        self.name = "organism" if which == "final" else f"organism-{which}"


class Tiny(Transformers):
    """An organism that was never trained: it knows nothing, and its output is noise."""

    profile = "organism"

    def __init__(self, seed: int = 0) -> None:
        """Choose the weights; nothing is made.

        Args:
            seed: of the weights.
        """
        self.name, self.checkpoint, self._seed = "tiny", None, seed
        self._options = {"dtype": "float32", "device": "cpu"}

    @cached_property
    def backend(self) -> Backend:
        """The weights, made in a temporary folder that is gone once they are loaded."""
        from unswayed.organism import architecture

        with TemporaryDirectory(prefix="unswayed-tiny-") as folder:
            architecture.write_tiny_checkpoint(Path(folder), self._seed)
            return self._loaded(folder)

    def provenance(self) -> dict[str, Any]:
        """Say what was made, and that it knows nothing: reports show that as a banner."""
        origin = {"path": f"random weights of seed {self._seed}", "knows_nothing": True}
        return {**super().provenance(), **origin}
