"""The figures of a run as a `model-index` block: the metadata of a model card on the hub.

The file is a card of that block alone, which `huggingface_hub.ModelCard.load` reads; its metadata
is what is put into the card of the model that was evaluated.
"""

# huggingface_hub is typed in part.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from pathlib import Path

import unswayed
from unswayed.errors import RunError
from unswayed.export.figures import current_figures
from unswayed.pipeline.differing import model_of
from unswayed.results.model_index import eval_results
from unswayed.run.folder import RunFolder
from unswayed.run.public import public

_SIGNED = "<!-- model-index by unswayed"


def write_block(run: RunFolder, path: Path) -> None:
    """Write the block of a measured run.

    Raises:
        RunError: the run was not measured as it is now, or no figure of it has a value.
    """
    from huggingface_hub import ModelCardData

    results = eval_results(current_figures(run))
    if not results:
        raise RunError(f"no figure of {run.folder} has a value, so there is nothing to index")
    name = public(model_of(run)).rpartition("/")[2]
    data = ModelCardData(model_name=name, eval_results=results, tags=["unswayed"])
    signed = f"{_SIGNED} {unswayed.__version__}: put the metadata above into the model's card -->"
    path.write_text(f"---\n{data.to_yaml()}\n---\n\n{signed}\n", "utf-8")


def is_block(path: Path) -> bool:
    """Say whether a file is an export of a block, and holds nothing else."""
    try:
        _, _, after = path.read_text("utf-8").rpartition("\n---\n")
    except (OSError, ValueError):
        return False
    return after.strip().startswith(_SIGNED) and after.count("\n") <= 2
