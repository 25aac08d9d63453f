"""The base of every table of settings: immutable, strict about its keys, and finite."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of settings; an unknown key, a NaN or an infinity is an error.

    Settings are written to `run.json`, and JSON has neither NaN nor infinity.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
