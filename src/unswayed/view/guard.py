"""Who may ask the explorer for what: only pages of its own, under names that are its own.

A page of another site can make a browser ask any address, 127.0.0.1 too. So the Host must be one
that was asked for (a foreign name that is rebound to this machine is refused), what another site
asks for is refused unless it is a plain visit, and labels are taken only from forms of this
process: their secret token, origin and fetch metadata must be its own. Headers let a page run no
script but the explorer's own file, and keep it out of frames.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL = ("127.0.0.1", "localhost", "[::1]")
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}
"""Headers of every answer."""


class Guard:
    """The application behind the rules above."""

    def __init__(self, app: ASGIApp, bound: str) -> None:
        """Guard an application.

        Args:
            app: the application.
            bound: the address that it is served on, as it was asked for.
        """
        self.app, self.bound = app, bound

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        refusal = self._refusal(Headers(scope=scope), str(scope["method"]))
        answer = self.app if refusal is None else PlainTextResponse(refusal, 403)
        await answer(scope, receive, guarded)

    def _refusal(self, headers: Headers, method: str) -> str | None:
        """Say why a request is refused; None if it is not."""
        host = headers.get("host", "")
        if not is_own_host(host, self.bound):
            return f"expected a request to {self.bound}, found one to another host"
        site = headers.get("sec-fetch-site", "none")
        visit = method == "GET" and headers.get("sec-fetch-mode") == "navigate"
        if site not in ("same-origin", "none") and not visit:
            return "expected a request of the explorer's own pages, found one of another site"
        return None


def is_own_host(host: str, bound: str) -> bool:
    """Say whether a Host header names the explorer, whatever the port (tunnels change it).

    Args:
        host: the header.
        bound: the address that it is served on. One that stands for all of this machine's is met
            by this machine's name and by numbers, which no foreign name server can rebind.
    """
    name, _, port = host.rpartition(":") if ":" in host.rpartition("]")[2] else (host, "", "0")
    if not port.isdigit():
        return False
    name = name.lower().rstrip(".")
    if name in (*LOCAL, bound.lower(), f"[{bound.lower()}]"):
        return True
    return is_everywhere(bound) and (_is_number(name) or name == socket.gethostname().lower())


def is_everywhere(bound: str) -> bool:
    """Say whether an address stands for all of this machine's."""
    return bound in ("0.0.0.0", "::")


def is_own_form(headers: Mapping[str, str], given: str, token: str) -> bool:
    """Say whether a form was sent by a page of this process.

    Args:
        headers: of the request, with names in lower case.
        given: the token in the form.
        token: the process's own.
    """
    if not secrets.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        return False
    origin, host = headers.get("origin"), headers.get("host", "")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        return False
    return headers.get("sec-fetch-site", "same-origin") == "same-origin"


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
