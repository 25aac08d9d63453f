"""`unswayed data fetch`: what it prints and how it ends."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from unswayed.cli import main


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "web").mkdir()
    handler = partial(Quiet, directory=str(tmp_path / "web"))
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()
    thread.join()


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["unswayed", "data", "fetch", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    code = ended.value.code
    return code if isinstance(code, int) else 0


def rows(tmp_path: Path, server: str, names: str) -> Path:
    """Write rows about pictures; those in lower case are on the server."""
    made: list[str] = []
    for name in names:
        if name.islower():
            (tmp_path / "web" / f"{name}.jpg").write_bytes(name.encode())
        digest = hashlib.sha256(name.encode()).hexdigest()
        row = {"image_url": f"{server}/{name}.jpg", "image_sha256": digest, "label": "cats"}
        made.append(json.dumps({**row, "count": 3}))
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(made), "utf-8")
    return path


def test_pictures_come_once_and_dead_links_are_counted(
    tmp_path: Path,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, out = rows(tmp_path, server, "abX"), tmp_path / "pictures"
    assert run(monkeypatch, "pixmo-count", "--data", path, "--out", out) == 0
    assert capsys.readouterr().out == (
        "fetched: 2, present: 0, skipped: 1\n  skipped 1: HTTP status 404\n"
    )
    assert run(monkeypatch, "pixmo-count", "--data", path, "--out", out, "--json") == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts == {"fetched": 0, "present": 2, "skipped": 1, "reasons": {"HTTP status 404": 1}}


def test_nothing_that_can_be_had(
    tmp_path: Path,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = rows(tmp_path, server, "X")
    assert run(monkeypatch, "pixmo-count", "--data", path, "--out", tmp_path / "o") == 2
    assert "not one picture" in capsys.readouterr().err
    assert run(monkeypatch, "scenes,n=2", "--out", tmp_path / "o") == 2
    assert "nothing to fetch" in capsys.readouterr().err
