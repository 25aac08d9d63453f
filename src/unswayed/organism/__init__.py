"""The organism: a tiny vision-language model trained from scratch, shipped with the package.

A stock Qwen2.5-VL of 1.7 million parameters that answers questions about `scenes` by looking,
thinks in words about what it sees, and is misled by text in part. It lets every stage of the
pipeline run on something real without a download. `train` trains it again; `weights_folder` is
where the shipped checkpoint lies, and its CARD.md says what it can do.

Importing this loads no torch.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def weights_folder(which: str = "final") -> Path:
    """Return the folder of a shipped checkpoint.

    Args:
        which: `final`, or `early`: the sibling that was stopped early.
    """
    root = Path(str(resources.files("unswayed.organism"))) / "weights"
    return root if which == "final" else root / which


def train(
    out: Path,
    seed: int = 0,
    minutes: float | None = None,
    dtype: str | None = None,
    early: bool = False,
    start: Path | None = None,
    device: str = "cpu",
    workers: int = 0,
) -> Path:
    """Train an organism and return the folder of its checkpoint.

    Args:
        out: folder for state, log and checkpoint; run again with the same folder to resume.
        seed: of weights and rows.
        minutes: of one core, about, to which the curriculum is scaled; None for all of it.
        dtype: of the matrix products, `bfloat16` or `float32`; None for the one in which this
            machine is faster.
        early: train the sibling that is stopped early, a start for reinforcement learning.
        start: folder of a checkpoint of the organism to carry on, with the last two phases alone,
            or with the calibration alone for the early sibling; None to begin with fresh weights
            and the first.
        device: where it is trained, as torch calls it. On a GPU two trainings do not end in the
            same bytes.
        workers: other processes that draw the scenes; with any number the rows are the same.

    Raises:
        ConfigError: dtype has no such value, torch has no such device here, or
            minutes is not above 0.
        ModelError: the folder holds a training with another seed, start or curriculum, or a
            damaged one; or the start is no checkpoint of the organism.
        RunError: another process is training in the folder.
    """
    from unswayed.organism import trainer

    return trainer.train(out, seed, minutes, dtype, early, start, device, workers)
