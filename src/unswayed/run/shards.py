"""Shards: one evaluation in several runs, cut between pictures and never through one.

Every shard reads the whole benchmark and takes its own samples, so that no list of them has to be
handed around: the same benchmark is dealt out in the same way on every machine. Where each line of
a shard stands in the whole is written down, so that merged files have the order of a single run.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from dataclasses import dataclass
from typing import Any

from unswayed.errors import ConfigError
from unswayed.types import Failure, Sample, Variant

_SHARD = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})")


@dataclass(frozen=True)
class Shard:
    """One of `count` shards; `number` counts from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        """Return it as it is written: `2/8`."""
        return f"{self.number}/{self.count}"


def parse(text: str) -> Shard:
    """Read `K/N`.

    Raises:
        ConfigError: it is not so written, or K is above N.
    """
    match = _SHARD.fullmatch(text.strip())
    if match is None or int(match[1]) > int(match[2]):
        raise ConfigError(
            f"expected a shard as K/N with K from 1 to N, such as 2/8, found {text!r}"
        )
    return Shard(int(match[1]), int(match[2]))


class Dealer:
    """Deals the items of an evaluation out to shards, in the order in which they come.

    A picture or scene that is new goes to the shard that has the fewest samples so far, and
    whatever shares it follows: variants, copies and rows of one cluster are never apart. Shards
    therefore differ by no more samples than the largest cluster has.
    """

    def __init__(self, shard: Shard | None) -> None:
        """Say which shard is ours; without one all items are."""
        self._shard = shard
        self._loads = [0] * (shard.count if shard else 1)
        self._taken: dict[tuple[str, str], int] = {}
        self._digest = hashlib.sha256()
        self._seen = 0
        self._lines = {"variants": array("q"), "failures": array("q")}

    def takes(self, item: Sample | Failure) -> bool:
        """Say whether the next item of the evaluation is ours; to be asked once of every item."""
        self._seen += 1
        if self._shard is None:
            return True
        self._digest.update(f"{item.benchmark}\x1f{item.id}\x1e".encode("utf-8", "surrogatepass"))
        return self._number(item) == self._shard.number

    def note(self, line: Variant | Failure) -> None:
        """Remember that a line belongs to the item asked about last."""
        if self._shard is not None:
            kind = "failures" if isinstance(line, Failure) else "variants"
            self._lines[kind].append(self._seen - 1)

    def places(self) -> dict[str, Any]:
        """Return what `shard.json` holds.

        `items` is how many items the whole has, `digest` a hash of their names in order: shards
        belong together if both agree. `variants` and `failures` have, for each line of those
        files, the index of its item in the whole.
        """
        lines = {kind: list(places) for kind, places in self._lines.items()}
        whole = {"items": self._seen, "digest": self._digest.hexdigest()[:16]}
        return {"schema_version": 1, "shard": str(self._shard), **whole, **lines}

    def _number(self, item: Sample | Failure) -> int:
        """Return the number of the shard that an item belongs to, from 1."""
        broken = isinstance(item, Failure)  # it has no cluster, and costs nothing
        key = (item.benchmark, f"failure {item.id}" if broken else f"cluster {item.cluster}")
        at = self._taken.setdefault(key, self._loads.index(min(self._loads)))
        self._loads[at] += not broken
        return at + 1
