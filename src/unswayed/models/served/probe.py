"""Proof, before the first prompt, that a server continues an open assistant's turn as it is.

A server that closes the turn and opens another one, or a chat template that rewrites a thought,
answers like any other: only the rendered prompt shows it. The server is asked for it, and it must
end with the very text that was to be continued.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image

from unswayed.answers import OPEN_ANSWER, OPEN_THINK, AnswerStyle, think_block
from unswayed.errors import ModelError
from unswayed.models.served.routes import NoRoute, Routes
from unswayed.types import STOP_THINK_TEXT

OPEN = f"{OPEN_THINK}Let me look at the picture. The"
CLOSED = think_block(STOP_THINK_TEXT)
ANSWER = f"{think_block('I see what it is.')}\n{OPEN_ANSWER}"
QUESTION = "What is in the picture? A. a square B. a circle"
_SHOWN = 60

Ask = Callable[[str], dict[str, Any]]
"""Body of a request of one token whose open turn begins with a text."""


@dataclass(frozen=True)
class Proof:
    """What is known of how the server renders prompts.

    Attributes:
        proven: prefills stand at the end of the prompt as they are; False: the server does not
            tell, which was said to the user.
        opens: the chat template itself opens a thought in an empty assistant's turn.
        doubles: … and in front of a prefill as well, so that a prefill goes without its tag.
    """

    proven: bool
    opens: bool = False
    doubles: bool = False


UNPROVEN = Proof(proven=False)
"""Before anything was proven, and of a server that shows no rendered prompt."""


def prove(routes: Routes, ask: Ask, where: str) -> Proof:
    """Prove that prefills are continued as they are.

    Args:
        routes: the server's other routes.
        ask: body of a request with a prefill; empty for none.
        where: model and server, for messages.

    Raises:
        ModelError: a prefill is closed, changed or moved.
    """
    try:
        opens = routes.rendered(ask("")).rstrip().endswith(OPEN_THINK)
        head = _before(routes, ask, OPEN, where)
        doubles = head.rstrip().endswith(OPEN_THINK)
        for prefill in (CLOSED, ANSWER, *([OPEN] if doubles else [])):
            sent = prefill.removeprefix(OPEN_THINK) if doubles else prefill
            before = _before(routes, ask, sent, where).rstrip()
            if before.endswith(OPEN_THINK) != doubles:
                raise _broken(where, f"{before[-_SHOWN:]}{sent}", prefill)
    except NoRoute:
        return UNPROVEN
    return Proof(True, opens, doubles)


def prove_marks(routes: Routes, ask: Ask, style: AnswerStyle, where: str) -> None:
    """Prove that thoughts between a family's own marks are continued as they are, too.

    Some templates take such a thought out of an assistant's turn, and leave `<think>` alone.

    Args:
        routes: the server's other routes.
        ask: body of a request with a prefill.
        style: has the marks.
        where: model and server, for messages.

    Raises:
        ModelError: a thought is closed, changed or taken out.
    """
    for prefill in (OPEN, CLOSED):
        _before(routes, ask, style.native(prefill), where)


def _before(routes: Routes, ask: Ask, prefill: str, where: str) -> str:
    """Return the rendered prompt before a prefill that ends it."""
    prompt = routes.rendered(ask(prefill))
    if not prompt.endswith(prefill):
        raise _broken(where, prompt, prefill)
    return prompt.removesuffix(prefill)


def _broken(where: str, prompt: str, prefill: str) -> ModelError:
    return ModelError(
        f"{where} does not leave the assistant's turn open: expected a prompt that ends with "
        f"{prefill!r}, found {prompt[-_SHOWN - len(prefill) :]!r}; serve the model with a chat "
        "template that leaves the last message as it is, or give the model prefill=false and "
        "--delivery user-turn"
    )


def picture() -> str:
    """Return a picture of 56 × 56 pixels as a `data:` URL."""
    file = io.BytesIO()
    Image.new("RGB", (56, 56), (200, 60, 40)).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
