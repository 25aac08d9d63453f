"""The text of a prompt: a variant in the words of a profile."""

from __future__ import annotations

import re
from collections.abc import Mapping

from unswayed.prompts.profiles import Profile
from unswayed.types import Variant

_FIELD = re.compile(r"\{(question|letter|text)\}")


def render_system(variant: Variant, profile: Profile) -> str:
    """Return the system message for a variant's kind of question; empty for none."""
    return _for(variant, profile).system


def render_user(variant: Variant, profile: Profile) -> str:
    """Return the text of the user's turn; the pictures come before it.

    The order is fixed: caption, question, options, draft thought. What differs between variants
    stands as late as the protocol allows, so that they share the longest prefix.
    """
    injected = (variant.caption or "", variant.draft or "")
    question = variant.sample.question
    return render_question(question, variant.options, _for(variant, profile), *injected)


def render_question(
    question: str, options: Mapping[str, str], profile: Profile, caption: str = "", draft: str = ""
) -> str:
    """Return the text of a user's turn that asks a question; see `render_user`."""
    lines = [
        profile.before,
        f"Caption: {caption}" if caption else "",
        _fill(profile.question, question=question),
        profile.options if options else "",
        *(_fill(profile.option, letter=k, text=v) for k, v in options.items()),
        profile.after,
        f"Draft reasoning: {draft}" if draft else "",
    ]
    return "\n".join(line for line in lines if line)


def _for(variant: Variant, profile: Profile) -> Profile:
    """Return the profile in its words for the kind of answer that a variant asks for."""
    kind = variant.sample.answer_kind
    if kind == "choice" or kind not in profile.open:
        return profile
    return profile.model_copy(update=profile.open[kind].model_dump(exclude_none=True))


def _fill(pattern: str, **values: str) -> str:
    """Fill the named fields in one pass, so that braces in a question stay as they are."""
    return _FIELD.sub(lambda match: values[match[1]], pattern)
