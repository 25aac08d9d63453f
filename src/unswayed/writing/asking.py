"""A text that is wanted → a chat request, by the prompt files in prompts/.

The files of a version are never changed: a better prompt is a new version, and the hash of the text
stands with everything written by it.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from unswayed.chat.endpoints import Capabilities
from unswayed.chat.records import ChatRequest
from unswayed.perturbations import Part
from unswayed.writing.checks import bounds
from unswayed.writing.wanted import Wanted

VERSION = "v1"
_NAMES = ("system", "caption", "think", "neutral-caption", "neutral-think", "rewrite")
_FIELD = re.compile(r"\{(question|options|asserted|least|most|problem)\}")


@dataclass(frozen=True)
class Sampling:
    """How the writer samples: temperature (None leaves it to the server) and longest reply."""

    temperature: float | None = 0.7
    max_tokens: int = 1024


@cache
def prompts() -> Mapping[str, str]:
    """Return the prompt files by name."""
    folder = resources.files("unswayed.writing").joinpath("prompts", VERSION)
    return {name: folder.joinpath(f"{name}.txt").read_text("utf-8").strip() for name in _NAMES}


@cache
def prompt_hash() -> str:
    """Return 16 hex digits that identify the text of all prompt files."""
    text = "\x1e".join(prompts()[name] for name in _NAMES)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def request(
    wanted: Wanted,
    words: int | None,
    capabilities: Capabilities,
    sampling: Sampling,
    before: tuple[str, str] | None = None,
) -> ChatRequest:
    """Return the request for a text.

    Args:
        wanted: the text.
        words: length that a neutral text must have.
        capabilities: what the server takes.
        sampling: how to sample.
        before: the text that was not accepted, and why, if this is the second request.
    """
    user = _user(wanted, words)
    messages = [{"role": "user", "content": user}]
    if before is not None:
        text, problem = before
        again = _filled(prompts()["rewrite"], problem=problem)
        messages += [{"role": "assistant", "content": text}, {"role": "user", "content": again}]
    body: dict[str, Any] = {
        "messages": _with_system(messages, capabilities),
        capabilities.max_tokens_field: sampling.max_tokens,
    }
    if capabilities.temperature and sampling.temperature is not None:
        body["temperature"] = sampling.temperature
    # questions that read alike get texts of their own, also where equal requests are sent once
    draw = zlib.crc32(identify(wanted).encode("utf-8", "surrogatepass"))
    return ChatRequest(identify(wanted), body, draw)


def identify(wanted: Wanted) -> str:
    """Return the name of a text in a list of requests."""
    return "\x1f".join(str(part) for part in wanted.key)


def _with_system(messages: list[dict[str, str]], can: Capabilities) -> list[dict[str, str]]:
    system = prompts()["system"]
    if can.system_role != "user":
        return [{"role": can.system_role, "content": system}, *messages]
    first, *others = messages
    return [{**first, "content": f"{system}\n\n{first['content']}"}, *others]


def _user(wanted: Wanted, words: int | None) -> str:
    part: Part = wanted.part
    name = f"neutral-{part}" if wanted.asserts is None else part
    least, most = bounds(wanted, words)
    options = [f"- {' '.join(text.split())}" for text in wanted.sample.options.values()]
    return _filled(
        prompts()[name],
        question=wanted.sample.question,
        options="\n".join(["Possible answers:", *options, ""]) if options else "",
        asserted=wanted.said or "",
        least=str(least),
        most=str(most),
    )


def _filled(pattern: str, **values: str) -> str:
    """Fill the named fields in one pass, so that braces in a question stay as they are."""
    return _FIELD.sub(lambda match: values[match[1]], pattern)
