"""One request over the wire: the only module that imports aiohttp, and the only one with the key.

Whatever goes wrong comes back as a value. aiohttp's exceptions carry the request's headers, and
with them the key, so none of them leaves this module, not even as the context of another one.
"""

from __future__ import annotations

import asyncio
import re
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import unswayed
from unswayed.chat.endpoints import Endpoint
from unswayed.errors import ConfigError
from unswayed.extras import require

if TYPE_CHECKING:
    import aiohttp

_CONNECT_S = 30.0
_IDLE_S = 4.0
"""Seconds an idle connection is kept; uvicorn closes its end after 5."""
_ERROR_BYTES = 1 << 16
_CHAT = "/chat/completions"
_MODELS = "/models"
_LIKE_A_KEY = re.compile(r"\b(?:(?:sk|pk|xai)-|(?:hf|gsk)_|AIza)[A-Za-z0-9_*-]{8,}")
_CREDENTIALS = re.compile(r"//[^/@\s]+@")


class Secret:
    """A key that shows itself nowhere."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Hold a key."""
        self._value = value

    def __repr__(self) -> str:
        """Return stars."""
        return "***"

    def headers(self) -> dict[str, str]:
        """Return the headers that carry the key; none if it is empty."""
        return {"Authorization": f"Bearer {self._value}"} if self._value else {}

    def without(self, text: str) -> str:
        """Return a text without the key, and without what looks like one."""
        if self._value:
            text = text.replace(self._value, "***")
        return _CREDENTIALS.sub("//***@", _LIKE_A_KEY.sub("***", text))

    def bytes_without(self, data: bytes) -> bytes:
        """Return a body without the key: a server may repeat it."""
        key = self._value.encode()
        return data.replace(key, b"***") if key and key in data else data


@dataclass(frozen=True)
class Answer:
    """A whole reply.

    Attributes:
        status: HTTP status.
        data: body, without the key if the server repeated it.
        retry_after: the header of that name.
    """

    status: int
    data: bytes
    retry_after: str | None = None


@dataclass(frozen=True)
class Lost:
    """No whole reply came.

    Attributes:
        message: why.
        slow: it took too long, so the server may have too much to do.
        large: the reply is larger than what is read.
    """

    message: str
    slow: bool = False
    large: bool = False


def secret_of(variable: str | None, environment: Any) -> Secret:
    """Return the key that an environment variable holds.

    Raises:
        ConfigError: it is not set, or holds what can be no key. The value is not repeated.
    """
    if variable is None:
        return Secret("")
    value = (environment.get(variable) or "").strip()
    if not value:
        raise ConfigError(
            f"expected the server's key in the environment variable {variable}, which is not "
            f"set; run: export {variable}=…"
        )
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ConfigError(
            f"the environment variable {variable} holds characters that no key has (blanks, "
            "line breaks or accents); set it again"
        )
    return Secret(value)


class Wire:
    """Pooled connections to one endpoint. Belongs to one event loop."""

    def __init__(
        self, endpoint: Endpoint, secret: Secret, timeout_s: float, reply_bytes: int
    ) -> None:
        """Note what is needed; no connection is opened.

        Raises:
            MissingExtra: aiohttp is not installed.
        """
        require("a model behind a server", "http")
        import aiohttp

        self._aiohttp = aiohttp
        self._base, self._secret = endpoint.base_url, secret
        self._timeout_s, self._reply_bytes = timeout_s, reply_bytes
        self._proxy = _proxy(endpoint.base_url)
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes, url: str | None = None) -> Answer | Lost:
        """Send a request and return what came.

        Args:
            body: the request.
            url: another route of the server; None for its chat completions.
        """
        return await self._send("POST", url or self._base + _CHAT, body)

    async def models(self) -> Answer | Lost:
        """Ask for the list of models and return what came."""
        return await self._send("GET", self._base + _MODELS, None)

    def without_key(self, text: str) -> str:
        """Return a text without the key."""
        return self._secret.without(text)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()
            await asyncio.sleep(0)  # lets the transports say that they are closed

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            aiohttp = self._aiohttp
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_S),
                timeout=aiohttp.ClientTimeout(
                    total=self._timeout_s, sock_connect=min(_CONNECT_S, self._timeout_s)
                ),
                headers={
                    "User-Agent": f"unswayed/{unswayed.__version__}",
                    "Content-Type": "application/json",
                    "Accept": "application/json",
                    **self._secret.headers(),
                },
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def _send(self, method: str, url: str, body: bytes | None) -> Answer | Lost:
        # No exception leaves, and none is the context of another: they know the headers.
        aiohttp = self._aiohttp
        try:
            async with self._open().request(
                method, url, data=body, proxy=self._proxy, allow_redirects=False
            ) as response:
                return await self._answer(response)
        except TimeoutError as error:
            connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
            what = "no connection" if connecting else "no whole reply"
            lost = Lost(f"{what} within {self._timeout_s:g} s", slow=not connecting)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            words = " ".join(str(error).split())[:200]
            lost = Lost(self._secret.without(f"{type(error).__name__}: {words}"))
        return lost

    async def _answer(self, response: aiohttp.ClientResponse) -> Answer | Lost:
        good = response.status == 200
        most = self._reply_bytes if good else min(_ERROR_BYTES, self._reply_bytes)
        parts: list[bytes] = []
        size = 0
        if good and (response.content_length or 0) > most:
            response.close()
            return self._too_large(response.content_length or 0)
        async for part in response.content.iter_any():
            size += len(part)
            if size > most:
                response.close()
                if good:
                    return self._too_large(size)
                break  # an error's first bytes say what it is
            parts.append(part)
        data = self._secret.bytes_without(parts[0] if len(parts) == 1 else b"".join(parts))
        return Answer(response.status, data, response.headers.get("Retry-After"))

    def _too_large(self, size: int) -> Lost:
        return Lost(
            f"expected a reply of at most {self._reply_bytes} bytes, found {size} or more",
            large=True,
        )


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for an address.

    Not left to aiohttp, which would then take passwords from `~/.netrc` as well.
    """
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)
