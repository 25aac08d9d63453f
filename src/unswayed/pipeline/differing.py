"""What two runs were made with that differs, besides the model: named before their figures are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from unswayed.pipeline.data import fingerprint
from unswayed.pipeline.rules import recorded_style
from unswayed.pipeline.settings import settings_of
from unswayed.run.folder import RunFolder

_ELSEWHERE = {"model", "decoding", "profile", "answer_style", "judge", "statistics", "serving"}
"""Settings of which `run.json` has what became of them, or that change no row."""
_ABSENT = "none"


@dataclass(frozen=True)
class DifferingSetting:
    """A setting that two runs do not have in common.

    Attributes:
        setting: its name, such as `delivery` or `decoding.max_new_tokens`.
        reference: what the first run has, as text.
        run: what the other has.
    """

    setting: str
    reference: str
    run: str

    def text(self) -> str:
        """Return it as people read it, such as `delivery: prefill → user-turn`."""
        return f"{self.setting}: {self.reference} → {self.run}"


def differing_settings(reference: RunFolder, run: RunFolder) -> list[DifferingSetting]:
    """Return every setting that differs between two runs besides the model, in a fixed order.

    Raises:
        RunError: a run's settings cannot be read.
    """
    pairs = [*_of_settings(reference, run), *_of_records(reference, run)]
    return [DifferingSetting(name, _text(a), _text(b)) for name, a, b in pairs if a != b]


def model_of(run: RunFolder) -> str:
    """Return the name of a run's model, or its spec where nothing was generated yet."""
    model: Any = run.description().get("model")
    named = cast("dict[str, Any]", model).get("name") if isinstance(model, dict) else None
    return str(named or settings_of(run).model)


_Pair = tuple[str, Any, Any]


def _of_settings(reference: RunFolder, run: RunFolder) -> Iterator[_Pair]:
    ours, theirs = (settings_of(one).model_dump(mode="json") for one in (reference, run))
    for name in ours:
        if name in _ELSEWHERE:
            continue
        a, b = ours[name], theirs[name]
        if isinstance(a, list) and isinstance(b, list):
            a, b = _own(cast("list[str]", a), cast("list[str]", b))
        yield name, a, b


def _own(a: list[str], b: list[str]) -> tuple[list[str], list[str]]:
    """Return what only one of two lists has."""
    return [one for one in a if one not in b], [one for one in b if one not in a]


def _of_records(reference: RunFolder, run: RunFolder) -> Iterator[_Pair]:
    """Yield what the runs say that was used: a profile, a judge, data, versions."""
    ours, theirs = reference.description(), run.description()
    yield from _by_key("decoding", ours, theirs, leave={"seed"})
    yield "answer_style", recorded_style(reference).name, recorded_style(run).name
    yield from _profiles(_table(ours, "profile"), _table(theirs, "profile"))
    yield from _named("judge", _table(ours, "judge"), _table(theirs, "judge"))
    yield from _data(ours, theirs)
    yield "version", _version(ours), _version(theirs)
    yield from _by_key("packages", ours, theirs, shared=True)


def _by_key(
    name: str,
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    leave: set[str] | None = None,
    shared: bool = False,
) -> Iterator[_Pair]:
    a, b = _table(ours, name), _table(theirs, name)
    if not a or not b:  # of a run that is not generated
        return
    for key in dict.fromkeys([*a, *b]):
        if key not in (leave or ()) and not (shared and (key not in a or key not in b)):
            yield f"{name}.{key}", a.get(key), b.get(key)


def _profiles(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[_Pair]:
    """Yield the profiles' names, or what differs in two of one name; decoding is apart."""
    if not a or not b:
        return
    yield "profile", a.get("name"), b.get("name")
    if a.get("name") == b.get("name"):
        apart = {"max_new_tokens", "temperature", "top_p", "source", "notes"}
        keys = [key for key in dict.fromkeys([*a, *b]) if key not in apart]
        yield from ((f"profile.{key}", a.get(key), b.get(key)) for key in keys)


def _named(name: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[_Pair]:
    if not a or not b:
        return
    yield name, a.get("name"), b.get("name")
    if a.get("name") == b.get("name"):
        yield f"{name}.prompt_hash", a.get("prompt_hash"), b.get("prompt_hash")


def _data(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[_Pair]:
    """Yield the data that both say they read, benchmark by benchmark, and those of the texts."""
    before, now = _by_benchmark(ours), _by_benchmark(theirs)
    pairs = {f"data of {name}": (before[name], now[name]) for name in before if name in now}
    pairs["data of the texts"] = _table(ours, "texts"), _table(theirs, "texts")
    for name, (a, b) in pairs.items():
        if (first := fingerprint(a)) and (second := fingerprint(b)):
            yield name, first, second


def _by_benchmark(description: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    data: Any = description.get("data")
    rows = cast("list[dict[str, Any]]", data) if isinstance(data, list) else []
    return {str(one.get("benchmark")): one for one in rows}


def _table(description: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value: Any = description.get(key)
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _version(description: Mapping[str, Any]) -> str:
    commit = description.get("git")
    version = str(description.get("unswayed"))
    return f"{version} at {commit}" if commit else version


def _text(value: object) -> str:
    if value is None or value == []:
        return _ABSENT
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    text = " ".join(str(value).split())
    return text if len(text) <= 80 else f"{text[:79]}…"
