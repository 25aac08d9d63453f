"""What was done to a run's pictures so that they show what a person sees: counted, said, recorded.

A folder of an earlier version holds pictures as their files were, and models saw them so; it is not
gone on with where they would now be shown otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from unswayed import progress
from unswayed.errors import RunError
from unswayed.run.appearance import CHANGES, told
from unswayed.run.folder import RunFolder
from unswayed.run.pictures import read_image
from unswayed.types import ImageRef, PictureChange, Variant

RULES = 1
"""Version of the rules by which pictures are shown (`unswayed.run.appearance`); in `run.json`."""


@dataclass
class ChangedPictures:
    """The pictures of a run that are not as their files were, each once.

    Attributes:
        changes: digest of the stored picture → what was done.
    """

    changes: dict[str, tuple[PictureChange, ...]] = field(
        default_factory=dict[str, tuple[PictureChange, ...]]
    )

    def add(self, variant: Variant) -> None:
        """Count the pictures of a variant."""
        for image in variant.sample.images:
            if image.changes:
                self.changes[image.sha256 or ""] = image.changes

    def record(self) -> dict[str, Any]:
        """Return what `run.json` says of the pictures."""
        return _record(Counter(change for each in self.changes.values() for change in each))


def say(record: Mapping[str, Any]) -> None:
    """Tell the user in a line what was done to pictures, if anything was."""
    if record["changed"]:
        progress.say(f"note: {told(record['changed'])}")


def summed(records: Sequence[Any]) -> dict[str, Any]:
    """Return what a merged `run.json` says of its pictures, under `pictures`, from its shards'.

    Nothing if a shard does not say it: an earlier version made it.
    """
    if not all(isinstance(record, dict) for record in records):
        return {}
    total = Counter[PictureChange]()
    for record in records:
        total.update(record["changed"])
    return {"pictures": _record(total)}


def _record(counts: Counter[PictureChange]) -> dict[str, Any]:
    return {"rules": RULES, "changed": {c: counts[c] for c in CHANGES if counts[c]}}


def require_shown_alike(run: RunFolder) -> None:
    """Refuse to go on with a folder whose pictures were shown otherwise to the model before.

    Raises:
        RunError: an earlier version began it, and one of its pictures would be shown otherwise now.
    """
    if "pictures" in run.description():
        return
    for file in sorted((run.folder / "images").glob("[!.]*")):
        changes = read_image(ImageRef(path=str(file))).changes
        if changes:
            raise RunError(
                f"{run.folder} was begun by a version that showed pictures as their files are; "
                f"{file.name} would now be shown otherwise ({', '.join(changes)}): use another "
                "--out"
            )
