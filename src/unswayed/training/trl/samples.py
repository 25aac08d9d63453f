"""Completions of a step where the training is watched: texts, rewards and pictures in a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unswayed.results.loggers import LoggerName, module, send, table, tolerated

SHOWN = 16
"""Completions of a step that a logger is sent."""


def send_completions(name: LoggerName, logs: Mapping[str, Any], step: int) -> None:
    """Send the first completions of a step to the logger, if it has a run open.

    Args:
        name: the logger; no error of it comes through.
        logs: what TRL keeps of a step: `extra` and `rewards` (name → values), and `images`.
        step: the step.
    """
    if not logs["extra"].get("text"):
        return
    columns = {key: list(values) for key, values in {**logs["extra"], **logs["rewards"]}.items()}
    images: list[Any] = list(logs["images"] or [])
    rows: list[dict[str, Any]] = []
    pictures: list[Any] = []
    for at in range(min(SHOWN, len(columns["text"]))):
        rows.append({"step": step, **{key: values[at] for key, values in columns.items()}})
        pictures.append(images[at][0] if at < len(images) and images[at] else None)
    with tolerated(name):
        send(name, {"completions": table(module(name), rows, pictures)})
