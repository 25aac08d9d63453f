"""The exact prompt of an output, turn by turn, with what was injected distinguished.

The words are the profile's, as the run recorded it; the model's chat template stands around them
and is in no file of the run.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from unswayed.answers import AnswerStyle
from unswayed.prompts import Profile, render_system, render_user
from unswayed.run.folder import RunFolder
from unswayed.types import Variant


@dataclass(frozen=True)
class Piece:
    """A part of a turn; `injected` if the perturbation put it there."""

    text: str
    injected: bool = False


@dataclass(frozen=True)
class PromptTurn:
    """One turn of the prompt: `system`, `user` or `assistant`, and its parts in order."""

    role: str
    pieces: tuple[Piece, ...]


def recorded_profile(run: RunFolder) -> Profile | None:
    """Return the profile that a run recorded; None if it did not, or another version's.

    Raises:
        RunError: `run.json` cannot be read.
    """
    profile: Any = run.description().get("profile")
    try:
        return Profile.model_validate(profile)
    except ValidationError:
        return None


def turns(variant: Variant, profile: Profile, style: AnswerStyle) -> list[PromptTurn]:
    """Return the turns of a prompt; the pictures come before the user's text.

    Args:
        variant: what is shown.
        profile: the words around it.
        style: has the marks of the family's thoughts, which a prefill gets.
    """
    system, prefill = render_system(variant, profile), style.native(variant.prefill)
    shown = [PromptTurn("user", _user(variant, profile))]
    if system:
        shown.insert(0, PromptTurn("system", (Piece(system),)))
    if prefill:
        shown.append(PromptTurn("assistant", (Piece(prefill, injected=True),)))
    return shown


def _user(variant: Variant, profile: Profile) -> tuple[Piece, ...]:
    """Return the user's turn, cut where its injected texts begin and end.

    The texts are rendered between marks that no text can contain, since they are drawn here; so
    what is rendered without them is the prompt to the letter.
    """
    begins, ends = (f"⟦{secrets.token_hex(16)}⟧" for _ in range(2))

    def marked(text: str | None) -> str | None:
        return f"{begins}{text}{ends}" if text else text

    options = {
        letter: marked(text) or "" if letter == variant.abstain else text
        for letter, text in variant.options.items()
    }
    changes = {"caption": marked(variant.caption), "draft": marked(variant.draft)}
    text = render_user(variant.model_copy(update=changes | {"options": options}), profile)
    parts = re.split(f"{begins}(.*?){ends}", text, flags=re.DOTALL)
    pieces = (Piece(part, injected=bool(place % 2)) for place, part in enumerate(parts))
    return tuple(piece for piece in pieces if piece.text)
