"""Reward terms of your own: `[reward] terms = ["my.py:brief,weight=0.5,most=40"]`.

A spec names a function of a file, or one that a plug-in registers in the group `unswayed.rewards`.
Two options are read here: `weight` (1) scales what it returns, `name` is what the log calls it (the
function's own name). All others are handed to the function by their names.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from numbers import Real
from pathlib import Path
from typing import Any

from unswayed import progress, registry
from unswayed.errors import ConfigError, StageError
from unswayed.registry import Spec
from unswayed.registry.calls import bind
from unswayed.training.reward.completion import Completion
from unswayed.training.reward.parts import NAMES

MAX_FAILED_BATCHES = 3
"""Batches in a row in which a term fails on every completion, after which training stops."""
_OURS = ("weight", "name")


@dataclass(frozen=True)
class TermSpec:
    """A term as the recipe names it.

    Attributes:
        name: what the log calls it.
        spec: the function's place and its options.
        weight: factor of what it returns.
    """

    name: str
    spec: Spec
    weight: float


class OwnTerm:
    """A term of the user's: it returns None, never 0, where the function gives no number.

    Attributes:
        name: what the log calls it.
        needs_verdict: whether the judge is asked because of it.
    """

    def __init__(self, term: TermSpec) -> None:
        """Load the function.

        Raises:
            UserError: it is not there, cannot be imported, or takes other options.
        """
        self.name, self._term = term.name, term
        self._function, self.needs_verdict = _loaded(term.spec)
        self._failed_batches = 0
        self._reported = False

    def __call__(self, batch: Sequence[Completion]) -> list[float | None]:
        """Return what each completion earns, weighted; None where the function gave no number.

        Raises:
            StageError: it failed on every completion of several batches in a row.
        """
        results = [self._result(completion) for completion in batch]
        reasons = [result for result in results if isinstance(result, str)]
        if reasons and not self._reported:
            self._reported = True
            progress.say(f"{reasons[0]}; its completion has no reward, and is left out")
        failed = bool(batch) and len(reasons) == len(batch)
        self._failed_batches = self._failed_batches + 1 if failed else 0
        if self._failed_batches >= MAX_FAILED_BATCHES:
            raise StageError(
                f"{reasons[-1]}; so did every completion of {self._failed_batches} batches in a "
                "row: mend the term and resume from the last checkpoint"
            )
        return [None if isinstance(result, str) else result for result in results]

    def _result(self, completion: Completion) -> float | str:
        """Return what a completion earns, or in words why that is not known."""
        variant = completion.variant
        term = f"the reward term {self.name!r} ({self._term.spec.name})"
        place = f"on {variant.sample.id} ({variant.name})"
        try:
            value = self._function(completion)
        except Exception as error:
            message = " ".join(str(error).split())[:200]
            return f"{term} raised {type(error).__name__}: {message} {place}"
        if not isinstance(value, Real) or not math.isfinite(value):
            return f"{term} was expected to return a finite number, found {value!r:.80} {place}"
        return self._term.weight * float(value)


def parse_terms(texts: Sequence[str]) -> list[TermSpec]:
    """Read the specs of a recipe; nothing is imported.

    Raises:
        ConfigError: one is no spec, has a weight that is no finite number, or a name that another
            part of the reward has.
    """
    terms = [_parsed(text) for text in texts]
    known: list[str] = [*NAMES]
    for term in terms:
        if term.name in known:
            raise ConfigError(
                f"two parts of the reward are called {term.name!r}; give the term another name: "
                f"{term.spec},name=…"
            )
        known.append(term.name)
    return terms


def own_terms(texts: Sequence[str]) -> list[OwnTerm]:
    """Load the terms of a recipe.

    Raises:
        UserError: see `parse_terms` and `OwnTerm`.
    """
    return [OwnTerm(term) for term in parse_terms(texts)]


def with_absolute_file(text: str) -> str:
    """Return a spec whose file is named by its absolute path."""
    spec = registry.parse_spec(text)
    file, colon, name = spec.name.rpartition(":")
    return str(replace(spec, name=f"{Path(file).absolute()}:{name}")) if colon else text


def _parsed(text: str) -> TermSpec:
    spec = registry.parse_spec(text)
    if spec.argument is not None:
        raise ConfigError(
            f"expected a reward term as NAME or FILE.py:NAME, with options; found {text!r}"
        )
    weight: Any = spec.options.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
        raise ConfigError(f"expected a number as the weight of the term {text!r}, found {weight!r}")
    name = spec.options.get("name", spec.name.rpartition(":")[2])
    if not str(name).replace("-", "_").isidentifier():
        raise ConfigError(f"expected a plain word as the name of the term {text!r}, found {name!r}")
    options = {key: value for key, value in spec.options.items() if key not in _OURS}
    return TermSpec(str(name), replace(spec, options=options), float(weight))


def _loaded(spec: Spec) -> tuple[Callable[[Completion], Any], bool]:
    """Return the function with its options, and whether it needs the judge's verdict."""
    term: Any = registry.load("reward", spec.name)
    if inspect.isclass(term):
        term, spec = registry.create("reward", spec), replace(spec, options={})
    if not callable(term):
        raise ConfigError(f"expected a function at {spec.name!r}, found {term!r:.80}")
    with suppress(ValueError):  # what is written in C has no signature
        if not _takes_one(inspect.signature(term)):
            raise ConfigError(
                f"expected a function whose first argument is a completion at {spec.name!r}, found "
                f"one that takes {inspect.signature(term)}"
            )
    options = bind(f"the reward {spec.name!r}", spec, partial(term, None))

    def reward(completion: Completion, /) -> Any:
        return term(completion, *options.args, **options.kwargs)

    return reward, bool(getattr(term, "needs_verdict", False))


def _takes_one(signature: inspect.Signature) -> bool:
    try:
        signature.bind_partial(None)
    except TypeError:
        return False
    return True
