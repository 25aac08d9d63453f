"""The `[vllm]` table of a recipe: where vLLM samples completions for TRL, and with how much.

The key grpo.vllm says whether it does at all, and where: beside the trainer on the same GPUs
(`colocate`), or as a server on others (`server`). Each has keys of its own; one that the chosen way
does not read is refused.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from pydantic import Field

from unswayed.config.section import Section
from unswayed.errors import ConfigError

HOST = "127.0.0.1"
"""Where the server is looked for if nothing is said. Who reaches it can change its weights."""

PORT = 8100
"""The server's port if nothing is said.

TRL's own default is 8000, which is that of `vllm serve` as well, and so of judges and served models
(`chat.endpoints`). 30000 is SGLang's, 8265 Ray's, 6006 TensorBoard's, 51216 that of TRL's weights.
"""

_SERVER = ("host", "port", "timeout_s", "weights_port")
_BESIDE = ("memory_share", "tensor_parallel", "max_model_len")
_KEYS = {"server": _SERVER, "colocate": _BESIDE, "off": ()}
_THIS_MACHINE = {"localhost", "127.0.0.1", "0.0.0.0", "::1", "::"}
_USUAL_PORTS = {"http": 80, "https": 443}


class Rollouts(Section):
    """Where vLLM samples completions for TRL; None leaves what is said behind the colon.

    Attributes:
        host: of the server: this machine.
        port: of the server: 8100.
        timeout_s: seconds that the server has to come up: 240, TRL's.
        weights_port: port by which the server is sent the weights: 51216, TRL's. A second
            training on one machine needs another.
        memory_share: part of each GPU's memory that vLLM takes beside the trainer: 0.3, TRL's.
        tensor_parallel: GPUs that one copy of the model is spread over beside the trainer: 1.
        max_model_len: longest prompt and completion together, in tokens, that vLLM reserves memory
            for beside the trainer: what the model can do.
    """

    host: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    timeout_s: float | None = Field(default=None, gt=0)
    weights_port: int | None = Field(default=None, ge=1, le=65535)
    memory_share: float | None = Field(default=None, gt=0, lt=1)
    tensor_parallel: int | None = Field(default=None, ge=1)
    max_model_len: int | None = Field(default=None, ge=1)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the server."""
        return self.host or HOST, self.port or PORT

    def unread(self, way: str) -> list[str]:
        """Return the keys that are set and that a way of generating (grpo.vllm) does not read."""
        set_here = self.model_dump(exclude_none=True)
        return [key for key in set_here if key not in _KEYS[way]]


def check_apart(rollouts: Rollouts, asked: Iterable[tuple[str, str]]) -> None:
    """Refuse a judge at the address of the rollouts: one port has one server.

    Args:
        rollouts: where the policy samples.
        asked: pairs of a recipe key and an address (`http://HOST:PORT/v1`) that it stands for.

    Raises:
        ConfigError: one is that of the rollouts.
    """
    host, port = rollouts.address
    for key, url in asked:
        parts = urlsplit(url)
        theirs = parts.port or _USUAL_PORTS.get(parts.scheme)
        if (_machine(parts.hostname or ""), theirs) == (_machine(host), port):
            raise ConfigError(
                f"expected {key} and the rollouts (grpo.vllm = 'server') at two addresses, found "
                f"both at {host}:{port}, where one server can be; give the rollouts another "
                "vllm.port, or the judge another base_url"
            )


def _machine(host: str) -> str:
    """Return one name for all names of this machine."""
    host = host.lower()
    return "localhost" if host in _THIS_MACHINE | {socket.gethostname().lower()} else host
