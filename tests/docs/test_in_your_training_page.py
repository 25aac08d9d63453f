"""The examples of docs/in-your-training.md, run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from unswayed.models.transformers.processors import load_processor
from unswayed.organism import weights_folder

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "in-your-training.md").read_text("utf-8")
REWARD, CALLBACK = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[:2]


def test_the_reward_prints_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    exec(REWARD, {})
    assert f"It prints `{capsys.readouterr().out.strip()}`" in PAGE


@pytest.mark.slow
def test_the_callback_is_added_in_two_lines() -> None:
    """What it does inside TRL's own trainer: tests/training/trl/test_callback.py."""
    pytest.importorskip("trl")
    added: list[Any] = []
    trainer = SimpleNamespace(
        model=SimpleNamespace(parameters=tuple),
        processing_class=load_processor(str(weights_folder("early"))),
        is_deepspeed_enabled=False,
        is_fsdp_enabled=False,
        accelerator=SimpleNamespace(state=None),
        add_callback=added.append,
    )
    exec(CALLBACK, {"trainer": trainer})
    assert [type(one).__name__ for one in added] == ["UnswayedCallback"]
