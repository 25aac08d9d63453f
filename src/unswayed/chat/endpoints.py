"""Where a chat server is and what it can do.

A preset says what a kind of server offers, so that a run that needs more fails before its first
request. `endpoint` fills in the address, the model and the NAME of the environment variable that
holds the key; any capability can be overridden, because a server may be started with other flags.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from unswayed.errors import ConfigError, UnknownName
from unswayed.types import Thoughts

LetterLogprobs = Literal["token-logprobs", "top-logprobs"]
SystemRole = Literal["system", "developer", "user"]


@dataclass(frozen=True)
class Capabilities:
    """What a server takes and gives.

    Attributes:
        prefill: the assistant's turn can be left open and is continued.
        letter_logprobs: how the probabilities of the option letters can be had: exactly, of token
            ids that are asked for (`token-logprobs`), as far as they are among the most probable
            tokens (`top-logprobs`), or not at all (None).
        top_logprobs: most alternatives a token; 0 for none.
        images: pictures as data URLs in the user's message.
        system_role: role that instructions go by; `user` where they must stand in the user's
            message.
        temperature: takes `temperature` and `top_p`.
        max_tokens_field: name of the field with the token limit.
        seed: takes `seed`.
        structured_output: takes a JSON schema as `response_format`.
        thoughts: the thinking is written out (`text`), given as a summary, or hidden.
        samples: takes `n` above 1.
    """

    prefill: bool = False
    letter_logprobs: LetterLogprobs | None = None
    top_logprobs: int = 0
    images: bool = False
    system_role: SystemRole = "system"
    temperature: bool = True
    max_tokens_field: str = "max_tokens"
    seed: bool = False
    structured_output: bool = False
    thoughts: Thoughts = "text"
    samples: bool = False


@dataclass(frozen=True)
class Endpoint:
    """One model on one server. Holds no secret: it may be written into a run folder.

    Attributes:
        preset: name of the preset it was made from.
        base_url: address up to and with the version, such as `http://localhost:8000/v1`.
        model: the server's name of the model.
        key_variable: NAME of the environment variable that holds the key; None if the server
            needs none.
        capabilities: what it can do.
    """

    preset: str
    base_url: str
    model: str
    key_variable: str | None
    capabilities: Capabilities


@dataclass(frozen=True)
class ServerPreset:
    """A kind of server: its usual address, the usual variable of its key, its capabilities.

    Attributes:
        capabilities: of its models in general.
        base_url: where it is if nothing is said; None if that must be said.
        key_variable: where its key is if nothing is said; None if it needs none.
        models: pattern of a model's name → capabilities of the models that match it.
    """

    capabilities: Capabilities
    base_url: str | None = None
    key_variable: str | None = None
    models: Mapping[str, Capabilities] = field(default_factory=dict[str, Capabilities])


_ENGINE = Capabilities(
    prefill=True,
    letter_logprobs="token-logprobs",
    top_logprobs=20,
    images=True,
    seed=True,
    structured_output=True,
    samples=True,
)

PRESETS: Mapping[str, ServerPreset] = {
    "vllm": ServerPreset(_ENGINE, "http://localhost:8000/v1"),
    "sglang": ServerPreset(
        replace(_ENGINE, letter_logprobs="top-logprobs"), "http://localhost:30000/v1"
    ),
    "openai": ServerPreset(
        Capabilities(
            images=True,
            system_role="developer",
            temperature=False,
            max_tokens_field="max_completion_tokens",
            structured_output=True,
            thoughts="hidden",
        ),
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        {
            r"(?:chat)?gpt-(?:3\.5|4)": Capabilities(
                letter_logprobs="top-logprobs",
                top_logprobs=20,
                images=True,
                max_tokens_field="max_completion_tokens",
                seed=True,
                structured_output=True,
                samples=True,
            )
        },
    ),
    "gemini": ServerPreset(
        Capabilities(images=True, structured_output=True, thoughts="hidden"),
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "GEMINI_API_KEY",
    ),
    "http": ServerPreset(Capabilities()),
}
"""Presets by name.

`vllm` and `sglang` leave an assistant turn open and give log-probabilities; only vLLM gives them
for token ids that are asked for (`logprob_token_ids`). `openai` is o3, o4-mini and their like,
which take neither temperature nor log-probabilities nor `max_tokens` and hide their thinking; its
older models take all of these. `gemini` is Google's OpenAI-compatible endpoint. `http` is any other
server: nothing is assumed that it might not have.
"""

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


def endpoint(
    preset: str, model: str, base_url: str | None = None, key: str | None = None, **overrides: Any
) -> Endpoint:
    """Return the endpoint of a model.

    Args:
        preset: name of a preset.
        model: the server's name of the model.
        base_url: address up to and with the version; the preset's own by default.
        key: NAME of the environment variable that holds the key; the preset's own by default.
        overrides: capabilities that this server has or lacks, by their names in `Capabilities`.

    Raises:
        UnknownName: there is no such preset or capability.
        ConfigError: the address or the name of the variable cannot be one, or an override is of
            the wrong type.
    """
    if preset not in PRESETS:
        raise UnknownName("preset", preset, PRESETS)
    if not model:
        raise ConfigError(f"expected the name of a model, as in {preset}:NAME")
    defaults = PRESETS[preset]
    url = base_url or defaults.base_url
    if url is None:
        raise ConfigError(
            f"the preset {preset} needs the server's address: base_url=http://HOST:PORT/v1"
        )
    matching = (c for pattern, c in defaults.models.items() if re.match(pattern, model))
    capabilities = _overridden(next(matching, defaults.capabilities), overrides)
    return Endpoint(
        preset, _address(url), model, _variable(key) or defaults.key_variable, capabilities
    )


def _address(url: str) -> str:
    """Check an address and take a closing slash away; secrets have no place in it."""
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        raise ConfigError("expected base_url=http://HOST:PORT/v1, found no address") from None
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            "expected a base_url without user name, password and query, because it is written "
            "into the run folder; put the key into an environment variable and give its name: "
            "key=NAME"
        )
    if not usable:
        raise ConfigError(f"expected base_url=http://HOST:PORT/v1, found {url!r}")
    return url.rstrip("/")


def _variable(name: str | None) -> str | None:
    """Check the name of a variable; the text is not repeated, it may be the key itself."""
    if name and not _VARIABLE.fullmatch(name):
        raise ConfigError(
            "expected the NAME of an environment variable as key, in capitals such as MY_KEY, "
            "found something else; export MY_KEY=… and give key=MY_KEY"
        )
    return name or None


def _overridden(capabilities: Capabilities, overrides: Mapping[str, Any]) -> Capabilities:
    known = {each.name for each in fields(Capabilities)}
    values: dict[str, Any] = {}
    for name, value in overrides.items():
        if name not in known:
            raise UnknownName("capability", name, known)
        allowed = _choices(name)
        values[name] = None if value == "none" and None in allowed else value
        before: object = getattr(capabilities, name)
        if not (values[name] in allowed if allowed else type(value) is type(before)):
            wanted = " or ".join("none" if each is None else each for each in allowed)
            wanted = wanted or ("true or false" if isinstance(before, bool) else "another type")
            raise ConfigError(f"expected {name} = {wanted}, found {value!r}")
    return replace(capabilities, **values)


def _choices(name: str) -> list[str | None]:
    """Return the values that a capability may have; none where its type says all."""
    options: list[str | None] = []
    for part in (hint := get_type_hints(Capabilities)[name], *get_args(hint)):
        if part is type(None):
            options.append(None)
        elif get_origin(part) is Literal:
            options += [str(each) for each in get_args(part)]
    return options
