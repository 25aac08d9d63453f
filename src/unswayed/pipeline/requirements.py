"""What an evaluation needs to be installed: asked before it begins, and named all at once."""

from __future__ import annotations

from functools import partial

from unswayed import extras, registry
from unswayed.pipeline.settings import Settings
from unswayed.registry import Kind, Spec


def require(settings: Settings, *needed: str | None) -> None:
    """Require what the model, the benchmarks and the judge of an evaluation need, and extras.

    A class that a spec names says which extras it needs in its attribute `extras`, or fails to be
    imported without them. A benchmark that is given files says itself what those need.

    Args:
        settings: the evaluation's.
        needed: extras that are needed beside; None for none.

    Raises:
        MissingExtra: packages are missing; all of them are named.
        ConfigError: a spec names nothing, or what it names cannot be imported.
    """
    extras.together(
        "this evaluation",
        [
            partial(_require_plugin, "model", registry.model_spec(settings.model)),
            *(
                partial(_require_plugin, "benchmark", registry.parse_spec(b))
                for b in settings.benchmarks
            ),
            partial(_require_plugin, "judge", registry.parse_spec(settings.judge)),
            *(partial(extras.require, "the report", extra) for extra in needed if extra),
        ],
    )


def _require_plugin(kind: Kind, spec: Spec) -> None:
    factory = registry.load(kind, spec.name)
    if kind == "benchmark" and (spec.argument or spec.options.get("path")):
        return
    extras.require(f"the {kind} {spec.name!r}", *getattr(factory, "extras", ()))
