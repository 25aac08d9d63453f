"""Pictures by URL, from a server in a thread of this process."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from unswayed.benchmarks.sources.fetch import Fetched, FetchLimits, Link, fetch, file_name
from unswayed.errors import ConfigError, DataError

PICTURES = {f"/{i}.jpg": f"picture {i}".encode() * 100 for i in range(20)}
HUGE = b"x" * 5000
BODY = b"0123456789"
QUICK = FetchLimits(workers=4, bytes=4000, seconds=5.0)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves the pictures, and every misbehaviour by a path of its own."""

    asked: Counter[str]
    lock = threading.Lock()
    busy = 0
    busiest = 0

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.asked[self.path] += 1
        getattr(self, f"do_{self.path.strip('/').partition('/')[0]}", self.picture)()

    def send(self, body: bytes, length: int | None = None, status: int = 200) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def picture(self) -> None:
        body = PICTURES.get(self.path)
        self.send(body or b"gone", len(body or b"gone"), 200 if body else 404)

    def do_counted(self) -> None:
        """Count the requests at a time; a client has its answer only after it is counted off."""
        with self.lock:
            Handler.busy += 1
            Handler.busiest = max(Handler.busy, Handler.busiest)
        time.sleep(0.01)
        with self.lock:
            Handler.busy -= 1
        self.send(b"x", 1)

    def do_truncated(self) -> None:
        self.send(BODY, 2 * len(BODY))

    def do_huge(self) -> None:
        self.send(HUGE, len(HUGE))

    def do_endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(10_000):
                self.wfile.write(HUGE)
        except OSError:
            pass

    def do_slow(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x")
                time.sleep(0.02)
        except OSError:
            pass

    def do_redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", self.path.partition("/redirect/")[2])
        self.end_headers()

    def do_nonsense(self) -> None:
        self.wfile.write(b"this is no HTTP\r\n\r\n")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    Handler.asked, Handler.busy, Handler.busiest = Counter(), 0, 0
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()
    thread.join()


def one(url: str, data: bytes, folder: Path, limits: FetchLimits = QUICK) -> Fetched:
    (found,) = fetch([Link(url, digest(data))], folder, limits)
    return found


def links(server: str) -> list[Link]:
    return [Link(server + path, digest(body)) for path, body in PICTURES.items()]


def test_pictures_are_fetched_once_and_checked(server: str, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "pictures"
    found = list(fetch([*links(server), *links(server)], folder, QUICK))
    assert Counter(f.state for f in found) == {"fetched": 20}
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {
        file_name(digest(body)): body for body in PICTURES.values()
    }
    assert set(Handler.asked.values()) == {1}


def test_what_is_there_and_right_is_not_asked_for_again(server: str, tmp_path: Path) -> None:
    list(fetch(links(server)[:10], tmp_path, QUICK))
    wrong = tmp_path / file_name(links(server)[3].sha256)
    wrong.write_bytes(wrong.read_bytes()[:7])  # as a crash or a full disk leaves it
    Handler.asked.clear()
    found = list(fetch(links(server), tmp_path, QUICK))
    assert Counter(f.state for f in found) == {"fetched": 11, "present": 9}
    assert wrong.read_bytes() == PICTURES["/3.jpg"]
    assert len(Handler.asked) == 11


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("/gone.jpg", BODY, "HTTP status 404"),
        ("/1.jpg", BODY, "expected the SHA-256"),
        ("/truncated", BODY, "cut off after 10 of 20 bytes"),
        ("/huge", HUGE, "at most 4000 bytes"),
        ("/endless", HUGE, "at most 4000 bytes"),
        ("/nonsense", BODY, "no HTTP"),
        ("/redirect/file:///etc/hostname", BODY, "HTTP status 302"),
        ("/redirect/ftp://127.0.0.1/x", BODY, "http or https"),
        ("/redirect//redirect/", BODY, ""),
    ],
)
def test_a_broken_link_is_skipped_with_its_reason(
    server: str, tmp_path: Path, path: str, data: bytes, reason: str
) -> None:
    found = one(server + path, data, tmp_path)
    assert found.state == "skipped"
    assert reason in found.reason
    assert not list(tmp_path.iterdir())  # and no half of a file


def test_a_server_that_drips_is_left(server: str, tmp_path: Path) -> None:
    found = one(f"{server}/slow", BODY, tmp_path, FetchLimits(seconds=0.3))
    assert (found.state, "not there after 0.3 s" in found.reason) == ("skipped", True)
    assert not list(tmp_path.iterdir())


def test_redirects_to_the_web_are_followed(server: str, tmp_path: Path) -> None:
    assert one(f"{server}/redirect/{server}/1.jpg", PICTURES["/1.jpg"], tmp_path).state == "fetched"


@pytest.mark.parametrize(
    "url",
    ["file:///etc/hostname", "ftp://127.0.0.1/x", "data:,x", "//127.0.0.1/x", "", "http://",
     "http://127.0.0.1:port/", "http://[::/", "http://\udcff/", "http://" + "a" * 300 + "/",
     "http://127.0.0.1:9/\r\nX: y"],
)  # fmt: skip
def test_an_address_that_is_none_of_the_web_is_skipped(tmp_path: Path, url: str) -> None:
    assert one(url, BODY, tmp_path, FetchLimits(seconds=1.0)).state == "skipped"


def test_addresses_with_blanks_and_other_letters_are_escaped(server: str, tmp_path: Path) -> None:
    one(f"{server}/a é%20b.jpg?x=1&y=2", BODY, tmp_path)
    assert list(Handler.asked) == ["/a%20%C3%A9%20b.jpg?x=1&y=2"]


def test_links_are_read_as_they_are_needed(server: str, tmp_path: Path) -> None:
    read: list[int] = []

    def endless() -> Iterator[Link]:
        for i in range(1_000_000):
            read.append(i)
            yield Link(f"{server}/gone{i}", digest(str(i).encode()))

    running = fetch(endless(), tmp_path, QUICK)
    assert not read
    assert next(running).state == "skipped"
    assert len(read) <= 2 * QUICK.workers
    running.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_links_at_a_time_than_workers(server: str, tmp_path: Path, workers: int) -> None:
    wanted = [Link(f"{server}/counted/{i}", digest(str(i).encode())) for i in range(12)]
    list(fetch(wanted, tmp_path, FetchLimits(workers=workers)))
    assert len(Handler.asked) == 12
    assert 1 <= Handler.busiest <= workers


@pytest.mark.parametrize("sha256", ["", "../../x", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_a_digest_becomes_a_file_name_and_is_checked(sha256: str) -> None:
    with pytest.raises(DataError, match="64 hex digits"):
        Link("http://127.0.0.1/", sha256)


@pytest.mark.parametrize("values", [{"workers": 0}, {"bytes": 0}, {"seconds": 0}])
def test_limits_under_which_nothing_comes_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        FetchLimits(**values)
