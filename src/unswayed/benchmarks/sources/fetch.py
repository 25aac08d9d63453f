"""Pictures by URL: fetched into a folder, checked against their SHA-256, a broken link skipped.

A file is named by its digest and put in place whole or not at all, so a fetch that was stopped goes
on where it was: what is there and right is not asked for again. Addresses come from a data set and
are hostile: only http and https are followed (redirects as well), for a limited time and size, and
nothing is kept whose digest is not the one named.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from unswayed.errors import ConfigError, DataError, UnswayedError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SCHEMES = ("http://", "https://")
_CHUNK = 1 << 16
_AGENT = "unswayed (fetches the pictures of a data set)"

State = Literal["fetched", "present", "skipped"]


@dataclass(frozen=True)
class Link:
    """Where a picture lies, and the SHA-256 of its bytes in hex.

    Raises:
        DataError: the digest is none. (The address is looked at when it is fetched.)
    """

    url: str
    sha256: str

    def __post_init__(self) -> None:
        """Check the digest, which becomes a file name."""
        if not _SHA256.fullmatch(self.sha256):
            raise DataError(f"expected a SHA-256 in 64 hex digits, found {self.sha256[:80]!r}")


@dataclass(frozen=True)
class FetchLimits:
    """What one picture may cost.

    Attributes:
        workers: links fetched at a time.
        bytes: size of a file.
        seconds: time for a file, from connecting to its last byte.
    """

    workers: int = 8
    bytes: int = 64 << 20
    seconds: float = 60.0

    def __post_init__(self) -> None:
        """Refuse limits under which nothing could be fetched."""
        if not (1 <= self.workers <= 64 and self.bytes >= 1 and self.seconds > 0):
            raise ConfigError(f"expected 1 to 64 workers, a size and a time above 0; found {self}")


@dataclass(frozen=True)
class Fetched:
    """The result of one link: a file, or the reason why there is none."""

    link: Link
    state: State
    reason: str = ""


class _LinkError(UnswayedError):
    """A link that gives no picture."""


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https alone."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:  # fmt: skip
        """Refuse a redirect that leads elsewhere."""
        _address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def file_name(sha256: str) -> str:
    """Return the name of a picture's file in the folder."""
    return f"{sha256}.img"


def fetch(
    links: Iterable[Link], folder: Path, limits: FetchLimits | None = None
) -> Iterator[Fetched]:
    """Fetch pictures into a folder, and yield the result of each as soon as it is known.

    Links with the same digest are fetched once. Nothing is fetched before the first is asked for,
    and no more than a few links are read ahead.

    Args:
        links: what to fetch.
        folder: where to; made if it is not there.
        limits: what one picture may cost.

    Raises:
        OSError: the folder cannot be written to.
    """
    limits = limits or FetchLimits()
    folder.mkdir(parents=True, exist_ok=True)
    opener, seen = _opener(), set[str]()
    running: set[Future[Fetched]] = set()
    with ThreadPoolExecutor(limits.workers) as pool:
        try:
            for link in links:
                if link.sha256 in seen:
                    continue
                seen.add(link.sha256)
                running.add(pool.submit(_fetch, link, folder, limits, opener))
                if len(running) >= 2 * limits.workers:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _fetch(
    link: Link, folder: Path, limits: FetchLimits, opener: urllib.request.OpenerDirector
) -> Fetched:
    path = folder / file_name(link.sha256)
    if _is_right(path, link.sha256):
        return Fetched(link, "present")
    handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as part:
            _write(link, part, limits, opener)
        Path(name).replace(path)
    except _LinkError as error:
        return Fetched(link, "skipped", " ".join(str(error).split())[:300])
    finally:
        Path(name).unlink(missing_ok=True)
    return Fetched(link, "fetched")


def _write(
    link: Link, part: IO[bytes], limits: FetchLimits, opener: urllib.request.OpenerDirector
) -> None:
    digest = hashlib.sha256()
    for chunk in _body(link.url, limits, opener):
        digest.update(chunk)
        part.write(chunk)
    if digest.hexdigest() != link.sha256:
        raise _LinkError(f"expected the SHA-256 {link.sha256}, found {digest.hexdigest()}")


def _body(url: str, limits: FetchLimits, opener: urllib.request.OpenerDirector) -> Iterator[bytes]:
    """Yield what an address gives, within the limits; whatever goes wrong is a refusal."""
    end, size = time.monotonic() + limits.seconds, 0
    try:
        request = urllib.request.Request(_address(url), headers={"User-Agent": _AGENT})
        with opener.open(request, timeout=limits.seconds) as response:
            announced = response.length  # None where the server does not say
            while chunk := response.read1(_CHUNK):
                size += len(chunk)
                if size > limits.bytes or (announced or 0) > limits.bytes:
                    raise _LinkError(f"expected at most {limits.bytes} bytes, found more")
                if time.monotonic() > end:
                    raise _LinkError(f"not there after {limits.seconds:g} s ({size} bytes came)")
                yield chunk
    except urllib.error.HTTPError as error:
        error.close()
        raise _LinkError(f"HTTP status {error.code}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _LinkError(str(error) or type(error).__name__) from error
    if announced is not None and size < announced:
        raise _LinkError(f"cut off after {size} of {announced} bytes")


def _address(url: str) -> str:
    """Return an address as it may be sent: other characters than ASCII, and blanks, escaped."""
    if not url.lower().startswith(_SCHEMES):
        raise _LinkError(f"expected an address with http or https, found {url[:200]!r}")
    return urllib.parse.quote(url, safe="%/:=&?~#+!$,;'@()*[]")


def _opener() -> urllib.request.OpenerDirector:
    """Return an opener that knows http and https and nothing else: no files, no FTP."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _WebOnly(),
    ):
        opener.add_handler(handler)
    return opener


def _is_right(path: Path, sha256: str) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
