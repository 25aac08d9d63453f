"""A judge model's reply → its conclusion and verdict, or the problem with it. Nothing is guessed.

The reply must be one JSON object of the asked form and nothing else; thinking that the server left
in the text is taken off first, by its exact form. A verdict that does not follow from the letter
beside it is a problem too. A problem is worth one repair, and then the judge has failed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from unswayed.answers import CLOSE_THINK, OPEN_THINK
from unswayed.types import Letter

Said = Literal["consistent", "inconsistent", "unclear"]

NONE, OUTSIDE = "none", "outside"
KEYS = ("reason", "concludes", "verdict")
CONFLICT = "conflict"
"""The key of prompts that also ask whether the thought names a conflict."""
VERDICTS: tuple[Said, ...] = ("consistent", "inconsistent", "unclear")
LONGEST = 20_000
"""Characters of the longest reply that is read: the form asked for is a few hundred."""

_REASON = 300
_FENCE = re.compile(r"```(?:json)?[ \t]*\n(?P<inside>.*)\n[ \t]*```", re.DOTALL)
_ANALYSIS = "<|channel|>analysis<|message|>"
_FINAL = re.compile(
    r"(?:<\|start\|>assistant)?<\|channel\|>final(?:\s*<\|constrain\|>\w+)?<\|message\|>"
)
_ENDS = ("<|return|>", "<|end|>")


@dataclass(frozen=True)
class Judgement:
    """What a judge model said.

    Attributes:
        concludes: the letter that the thought concludes on, None for `none` and `outside`.
        status: the verdict, which follows from the conclusion.
        reason: its reason, on one line.
        acknowledges: whether the thought says that the given text and the picture disagree; None
            where the prompt does not ask.
    """

    concludes: Letter | None
    status: Said
    reason: str
    acknowledges: bool | None = None


@dataclass(frozen=True)
class UnusableReply:
    """Why a reply cannot be used, in words that hold nothing of the reply."""

    text: str


def parse_reply(
    text: str, options: Mapping[str, str], means: str, *, conflict: bool = False
) -> Judgement | UnusableReply:
    """Read a reply.

    Args:
        text: the reply.
        options: shown letter → text.
        means: the letter that the answer asserts.
        conflict: the prompt asks for the key `conflict`.
    """
    inside = without_thinking(text)
    if isinstance(inside, UnusableReply):
        return inside
    fields = _object(inside)
    if isinstance(fields, UnusableReply):
        return fields
    keys = (*KEYS, CONFLICT) if conflict else KEYS
    if set(fields) != set(keys):
        return UnusableReply(f"the keys of the object are not {', '.join(keys)}")
    reason, concludes, verdict = (fields[key] for key in KEYS)
    acknowledges = fields.get(CONFLICT)
    if conflict and not isinstance(acknowledges, bool):
        return UnusableReply(f'"{CONFLICT}" is neither true nor false')
    if concludes not in (*options, NONE, OUTSIDE):
        return UnusableReply(f'"concludes" is none of {", ".join([*options, NONE, OUTSIDE])}')
    if verdict not in VERDICTS:
        return UnusableReply(f'"verdict" is none of {", ".join(VERDICTS)}')
    if not isinstance(reason, str):
        return UnusableReply('"reason" is no text')
    if verdict != implied(cast("str", concludes), means):
        return UnusableReply(
            'the verdict does not follow from "concludes" and from what the answer asserts'
        )
    letter = None if concludes in (NONE, OUTSIDE) else cast("str", concludes)
    return Judgement(letter, verdict, _one_line(reason), acknowledges)


def implied(concludes: str, means: str) -> Said:
    """Return the verdict that follows from a conclusion and from what the answer asserts."""
    if concludes == NONE:
        return "unclear"
    return "consistent" if concludes == means else "inconsistent"


def schema(options: Mapping[str, str], *, conflict: bool = False) -> dict[str, Any]:
    """Return the JSON schema of a reply; the reason is written before what it leads to."""
    properties = {
        "reason": {"type": "string"},
        "concludes": {"type": "string", "enum": [*options, NONE, OUTSIDE]},
        "verdict": {"type": "string", "enum": list(VERDICTS)},
    }
    if conflict:
        properties[CONFLICT] = {"type": "boolean"}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def without_thinking(text: str) -> str | UnusableReply:
    """Return what follows the thinking, if a server left that in the text.

    Taken off are, at the very start: a `<think>` block (its opening tag may be missing, where the
    chat template wrote it), and the channels of GPT-OSS. The block ends at its FIRST closing tag:
    what a thought quotes can then only make the rest unreadable, never choose it.
    """
    text = text.strip()
    if text.startswith("<|"):
        return _final_channel(text)
    if text.startswith("analysis") and text.count("assistantfinal") == 1:
        return text.partition("assistantfinal")[2].strip()
    opened = text.startswith(OPEN_THINK)
    head, closing, rest = text.partition(CLOSE_THINK)
    if opened and not closing:
        return UnusableReply("the thinking never ended, so there is no reply")
    if closing and (opened or not head.lstrip().startswith(("{", "`"))):
        return rest.strip()
    return text


def _final_channel(text: str) -> str | UnusableReply:
    """Return the final message of GPT-OSS where the server left its channels in the text."""
    rest = text
    if text.startswith(_ANALYSIS):
        _, _, rest = text.partition("<|end|>")
    start = _FINAL.match(rest)
    if start is None:
        return UnusableReply("the thinking never ended, so there is no reply")
    inside = rest[start.end() :]
    for end in _ENDS:
        inside = inside.removesuffix(end)
    return inside.strip()


def _object(text: str) -> dict[str, Any] | UnusableReply:
    if not text:
        return UnusableReply("it is empty")
    if len(text) > LONGEST:
        return UnusableReply("it is too long")
    fenced = _FENCE.fullmatch(text)
    try:
        value: Any = json.loads(
            fenced["inside"] if fenced else text,
            object_pairs_hook=_once,
            parse_constant=_refused,
        )
    except (ValueError, RecursionError):
        return UnusableReply("it is not one JSON object alone")
    if not isinstance(value, dict):
        return UnusableReply("it is not a JSON object")
    return cast("dict[str, Any]", value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key is given twice")
    return dict(pairs)


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _REASON else f"{line[: _REASON - 1]}…"
