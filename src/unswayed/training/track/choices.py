"""What is asked of an evaluation of checkpoints beside what the recipe says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from unswayed.config.validation import explain
from unswayed.errors import ConfigError
from unswayed.training.track.evaluation import Change, ModelOf


def changed(keys: Mapping[str, Any]) -> Change:
    """Return what puts settings over a recipe's `[evaluation]`.

    Args:
        keys: the settings; None values are left out. A wrong one is a `ConfigError` of the call.
    """
    known = {name: value for name, value in keys.items() if value is not None}

    def change(own: Any) -> Any:
        schema: type[BaseModel] = own.__class__
        try:
            return schema.model_validate({**dict(own), **known})
        except ValidationError as error:
            raise ConfigError(explain(error, schema, "setting")) from error

    return change


def run_as(model: str | None) -> ModelOf | None:
    """Return what names the model of a checkpoint: `{}` in a spec stands for its folder."""
    if model is None:
        return None
    return lambda checkpoint: model.replace("{}", str(checkpoint.path.resolve()))
