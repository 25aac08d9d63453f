"""The client can be imported without what it needs to send."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from unswayed.chat.prices import load

ROOT = Path(__file__).parents[2]


def test_aiohttp_is_imported_when_a_client_is_made() -> None:
    code = "import sys, unswayed.chat.client; print('aiohttp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_the_price_file_of_the_docs_can_be_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "chat.md").read_text()
    path = tmp_path / "prices.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0])
    assert load(path)["my-model"].completion == pytest.approx(8.0)
