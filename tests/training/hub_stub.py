"""A hub on this machine that takes repositories and commits: the requests that a push makes."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

_REGULAR = {"uploadMode": "regular", "shouldIgnore": False}
"""A file that comes inside the commit; the real hub takes large ones another way."""


@dataclass
class Hub:
    """What the stub was sent.

    Attributes:
        token: the one that it lets in.
        private: of each repository, by its id.
        files: id of a repository → name → bytes.
        bodies: every body of a request, as it came.
    """

    token: str
    private: dict[str, bool] = field(default_factory=dict[str, bool])
    files: dict[str, dict[str, bytes]] = field(default_factory=dict[str, dict[str, bytes]])
    bodies: list[bytes] = field(default_factory=list[bytes])
    url: str = ""

    def answer(self, path: str, body: bytes, token: str) -> tuple[int, Any]:
        """Answer a request as the hub does."""
        if token != self.token:
            return 401, {"error": "Invalid credentials"}
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if path == "/api/repos/create":
            return self._created(json.loads(body))
        kind = "datasets" if path.startswith("/api/datasets/") else "models"
        repo, _, what = path.removeprefix(f"/api/{kind}/").partition("/")
        name, _, what = what.partition("/")
        repo = f"{repo}/{name}"
        if not what:
            return 200, {"id": repo, "private": self.private[repo], "sha": "0" * 40}
        if what.startswith("tree/"):
            sizes = {name: len(data) for name, data in self.files[repo].items()}
            files = [{"path": name, "size": size} for name, size in sizes.items()]
            return 200, [{"type": "file", "oid": "0" * 40, **one} for one in files]
        if what.startswith("preupload/"):
            files = json.loads(body)["files"]
            modes = [{"path": one["path"], **_REGULAR} for one in files]
            return 200, {"files": modes}
        if what.startswith("commit/"):
            for line in map(json.loads, body.splitlines()):
                value = line["value"]
                if line["key"] == "file":
                    self.files[repo][value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "deletedFile":
                    del self.files[repo][value["path"]]
            return 200, {"commitUrl": f"{self.url}/{repo}/commit/{'1' * 40}", "commitOid": "1" * 40}
        return 404, {"error": f"no {path}"}

    def _created(self, asked: dict[str, Any]) -> tuple[int, Any]:
        repo = f"{asked.get('organization') or 'me'}/{asked['name']}"
        if repo in self.private:
            return 409, {
                "error": "You already created this model repo",
                "url": f"{self.url}/{repo}",
            }
        private = "private" in (asked.get("visibility"), "private" if asked.get("private") else "")
        self.private[repo], self.files[repo] = private, {}
        below = "datasets/" if asked.get("type") == "dataset" else ""
        return 200, {"url": f"{self.url}/{below}{repo}", "id": "1"}


@contextmanager
def serving(hub: Hub) -> Generator[Hub]:
    """Let the hub answer on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            hub.bodies.append(body)
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            status, answer = hub.answer(self.path.partition("?")[0], body, token)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _reply  # noqa: N815 - the names of http.server

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sent(
    hub: Hub, *arguments: object, token: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own that takes the stub for the hub.

    Args:
        hub: the stub.
        arguments: of the command line, the command first.
        token: of the user; the one that the stub lets in if None.
    """
    known = hub.token if token is None else token
    environment = os.environ | {"HF_ENDPOINT": hub.url, "HF_TOKEN": known, "HF_HUB_OFFLINE": "0"}
    command = [sys.executable, "-m", "unswayed", *map(str, arguments)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
