"""Where the questions and pictures of a run come from, and under which licence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from unswayed import registry
from unswayed.registry.about import about
from unswayed.registry.specs import parse_spec
from unswayed.run.folder import RunFolder
from unswayed.run.public import public

OPEN = ("Apache-2.0", "MIT", "CC BY 4.0", "CC0-1.0", "ODC-BY")
"""Licences that let data be passed on, as benchmarks state theirs (`LICENCE`)."""
_UNKNOWN = "not stated"


@dataclass(frozen=True)
class Source:
    """The source of a benchmark's questions and pictures.

    Attributes:
        benchmark: name of the benchmark, as its samples bear it.
        spec: how it was named, without folders of the machine.
        licence: as its source states it; `not stated` of the user's own data.
        hub_id: data set on the hub; empty if it is none.
        revision: commit of it that was read; empty where that is not known.
        passed_on: whether it may be passed on: its licence lets it, or the user says so.
    """

    benchmark: str
    spec: str
    licence: str
    hub_id: str = ""
    revision: str = ""
    passed_on: bool = False

    def text(self) -> str:
        """Return the source on a line, for people."""
        hub = (
            f"[{self.hub_id}](https://huggingface.co/datasets/{self.hub_id})" if self.hub_id else ""
        )
        commit = f"commit `{self.revision}`" if self.revision else ""
        parts = [part for part in (hub, commit, f"licence: {self.licence}") if part]
        return f"`{self.spec}`: {', '.join(parts)}"


def sources_of(run: RunFolder, all_passed_on: bool = False) -> dict[str, Source]:
    """Return the source of each benchmark of a run, by the name that its samples bear.

    Args:
        run: the run.
        all_passed_on: whether the user says that all of them may be passed on.
    """
    description = run.description()
    specs: list[str] = description["settings"]["benchmarks"]
    data: list[Mapping[str, Any]] = description.get("data") or []
    named = [one for one in data if "benchmark" in one]
    pairs = zip(specs, named, strict=False)
    known = {one["benchmark"]: _source(spec, one) for spec, one in pairs}
    there = {name: known.get(name) or Source(name, name, _UNKNOWN) for name in _benchmarks(run)}
    return {
        name: replace(one, passed_on=all_passed_on or one.licence in OPEN)
        for name, one in there.items()
    }


def _benchmarks(run: RunFolder) -> dict[str, None]:
    return dict.fromkeys(variant.sample.benchmark for variant in run.variants)


def _source(spec: str, data: Mapping[str, Any]) -> Source:
    place = registry.names("benchmark").get(parse_spec(spec).name)
    facts = about(place) if place else None
    return Source(
        benchmark=data["benchmark"],
        spec=public(spec),
        licence=(facts.licence if facts else "") or _UNKNOWN,
        hub_id=facts.hub_id if facts else "",
        revision=str(data.get("commit") or data.get("revision") or ""),
    )
