"""Completions of a step where the training is watched: texts, rewards and pictures in a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from unswayed.results.loggers import LOGGERS, LoggerName, module, send, table

SHOWN = 16
"""Completions of a step that a logger is sent."""


def send_completions(reported: Collection[str], logs: Mapping[str, Any], step: int) -> None:
    """Send the first completions of a step to the loggers that are open.

    Args:
        reported: names of loggers, as transformers has them.
        logs: what TRL keeps of a step: `extra` and `rewards` (name → values), and `images`.
        step: the step.
    """
    names: list[LoggerName] = [name for name in LOGGERS if name in reported]
    if not names or not logs["extra"].get("text"):
        return
    columns = {key: list(values) for key, values in {**logs["extra"], **logs["rewards"]}.items()}
    images: list[Any] = list(logs["images"] or [])
    rows: list[dict[str, Any]] = []
    pictures: list[Any] = []
    for at in range(min(SHOWN, len(columns["text"]))):
        rows.append({"step": step, **{key: values[at] for key, values in columns.items()}})
        pictures.append(images[at][0] if at < len(images) and images[at] else None)
    for name in names:
        send(name, {"completions": table(module(name), rows, pictures)})
