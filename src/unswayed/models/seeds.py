"""The seed of one output: it belongs to the prompt and the draw, not to the batch or the shard."""

from __future__ import annotations

import hashlib

from unswayed.models import Request


def seed_of(seed: int, request: Request) -> int:
    """Return the seed of an output, at least 0 and below 2³¹, which every server takes.

    Args:
        seed: seed of the run's sampling.
        request: its id and draw count, and nothing of what it is asked together with.
    """
    name = f"{seed}\x1f{request.id}" + (f"\x1f{request.draw}" if request.draw else "")
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1
