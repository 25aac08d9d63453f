"""The explorer as a process: it listens on this machine alone, unless another address is named."""

from __future__ import annotations

import errno
import socket

import uvicorn
from starlette.types import ASGIApp

from unswayed.errors import ConfigError


def listen(host: str, port: int) -> socket.socket:
    """Open the socket that the explorer is served on.

    Args:
        host: a name or number of this machine.
        port: the port; 0 takes one that is free.

    Raises:
        ConfigError: it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen()  # whoever opens the address at once waits for an answer
    except OSError as error:
        found.close()
        taken = error.errno == errno.EADDRINUSE
        advice = "use another --port, or --port 0 for a free one" if taken else "use another --host"
        raise ConfigError(
            f"cannot listen on {host}, port {port}: {error.strerror or error}; {advice}"
        ) from error
    return found


def address(found: socket.socket, host: str) -> str:
    """Return the address that a browser opens."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{found.getsockname()[1]}/"


def serve(app: ASGIApp, found: socket.socket) -> None:
    """Serve until the process is interrupted."""
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, lifespan="off"
    )
    uvicorn.Server(config).run(sockets=[found])
