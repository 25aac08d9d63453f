"""A chat endpoint around the embedded model's early sibling, for the tests beside it.

Run by the project's own environment: `.venv/bin/python tests/verifiers/server.py`. It prints its
port, answers one request after the other, greedily, and keeps a thought's tags in the text.
"""

from __future__ import annotations

import base64
import json
import tempfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from unswayed.models import Decoding, Request
from unswayed.models.transformers.backend import Backend
from unswayed.organism import weights_folder

MODEL = Backend(str(weights_folder("early")), dtype="float32", device="cpu")
FOLDER = Path(tempfile.mkdtemp())


def request_of(body: dict[str, Any]) -> Request:
    system = next((m["content"] for m in body["messages"] if m["role"] == "system"), "")
    [user] = [m["content"] for m in body["messages"] if m["role"] == "user"]
    pictures: list[Path] = []
    for part in user:
        if part["type"] == "image_url":
            place = FOLDER / f"{len(list(FOLDER.iterdir()))}.png"
            place.write_bytes(base64.b64decode(part["image_url"]["url"].partition(",")[2]))
            pictures.append(place)
    text = "".join(part["text"] for part in user if part["type"] == "text")
    return Request(
        id="1", sample_id="1", variant="base", system=system, user=text, images=tuple(pictures),
        prefill="", options={"A": "a", "B": "b", "C": "c", "D": "d"},
    )  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        [made] = MODEL.generate([request_of(body)], Decoding(max_new_tokens=110))
        reply = {
            "id": "1", "object": "chat.completion", "created": 0, "model": body["model"],
            "choices": [{
                "index": 0, "finish_reason": made.status,
                "message": {"role": "assistant", "content": made.text},
            }],
            "usage": {"prompt_tokens": 1, "completion_tokens": made.tokens, "total_tokens": 1},
        }  # fmt: skip
        data = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


with HTTPServer(("127.0.0.1", 0), Handler) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
