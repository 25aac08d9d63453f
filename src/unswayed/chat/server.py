"""What the calls of one client know of its server, and the words for what every call would meet."""

from __future__ import annotations

import asyncio
import difflib
import json
import random
from dataclasses import dataclass, field

from unswayed.chat.budget import Budget
from unswayed.chat.cache import Cache
from unswayed.chat.endpoints import Endpoint
from unswayed.chat.faults import HttpFault
from unswayed.chat.limits import Limits
from unswayed.chat.pace import Pace
from unswayed.chat.wire import Answer, Wire
from unswayed.errors import ConfigError, ModelError, ServerDown, UnswayedError


@dataclass
class Server:
    """What the calls of one client share about the server.

    Attributes:
        failed: items in a row that failed with all their attempts.
        changed: set whenever a request ends, for those who wait for the budget.
    """

    endpoint: Endpoint
    limits: Limits
    wire: Wire
    pace: Pace
    budget: Budget
    cache: Cache | None
    failed: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    chance: random.Random = field(default_factory=random.Random)


def asks_to_wait(server: Server, fault: HttpFault) -> ServerDown:
    """Return the error of a server that asks to wait for longer than is waited."""
    return ServerDown(
        f"{server.endpoint.base_url} asks to wait {fault.wait_s:.0f} s "
        f"({fault.message}); run the same command later, it goes on where it stopped"
    )


async def fatal(server: Server, fault: HttpFault) -> UnswayedError:
    """Return the error of a fault that every request would meet."""
    endpoint = server.endpoint
    if fault.kind == "key":
        return _key_error(endpoint, fault.message)
    if fault.kind == "quota":
        return ServerDown(
            f"the account at {endpoint.base_url} has no quota left ({fault.message}); see to it "
            "and run the same command again, it goes on where it stopped"
        )
    if fault.kind == "images":
        return ModelError(
            f"{endpoint.model} at {endpoint.base_url} takes no pictures ({fault.message}); serve a "
            "vision-language model, or start the server with pictures allowed"
        )
    if fault.kind == "address":
        return ConfigError(
            f"{endpoint.base_url} is no address of chat completions ({fault.message}); "
            "base_url ends in the version, as in http://HOST:PORT/v1"
        )
    return _model_error(endpoint, fault.message, await listed(server.wire))


def _key_error(endpoint: Endpoint, message: str) -> ConfigError:
    if endpoint.key_variable is None:
        return ConfigError(
            f"{endpoint.base_url} wants a key ({message}); put it into an environment variable "
            "and give its name: key=NAME"
        )
    return ConfigError(
        f"{endpoint.base_url} does not take the key in {endpoint.key_variable} for "
        f"{endpoint.model} ({message}); set the variable to a key that is allowed to use it"
    )


def _model_error(endpoint: Endpoint, message: str, names: list[str]) -> ModelError:
    if not names or endpoint.model in names:
        return ModelError(
            f"{endpoint.base_url} serves no chat completions of {endpoint.model!r} ({message}); "
            "check the model's name, and that base_url ends in the version, as in "
            "http://HOST:PORT/v1"
        )
    near = difflib.get_close_matches(endpoint.model, names, n=3, cutoff=0.5)
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    hint = f"did you mean {' or '.join(near)}? it" if near else "it"
    return ModelError(
        f"{endpoint.base_url} knows no model {endpoint.model!r}; {hint} serves: "
        f"{', '.join(names[:20])}{more}"
    )


async def listed(wire: Wire) -> list[str]:
    """Return the models that a server lists; empty if it lists none."""
    answer = await wire.models()
    return names_of(answer.data) if isinstance(answer, Answer) and answer.status == 200 else []


def names_of(data: bytes) -> list[str]:
    """Return the names in a server's list of models; empty if it is none."""
    try:
        entries = json.loads(data)["data"]
        names = [str(entry["id"]).removeprefix("models/") for entry in entries]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return sorted(name for name in names if name.isprintable())
