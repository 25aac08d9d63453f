"""The contract of a prompt profile: every question is shown whole, whatever it asks for."""

from __future__ import annotations

from typing import Any

from unswayed import prompts
from unswayed.prompts import Profile
from unswayed.testing.material import require, require_name, variants


def check_profile(profile: Any) -> None:
    """Hold a prompt profile against its contract: questions about scenes are put in its words.

    Raises:
        AssertionError: with what is not as the pipeline needs it.
    """
    require(isinstance(profile, Profile), f"expected a Profile, found {type(profile).__name__}")
    require_name(profile, "prompt profile")
    require(profile.source.strip(), "a profile says where its wording comes from: set `source`")
    require(
        Profile.model_validate(profile.model_dump(mode="json")) == profile,
        "a profile must be the same when it is read from JSON, as run.json keeps it",
    )
    for variant in variants("base", "wrong-caption", count=2):
        shown = prompts.render_user(variant, profile)
        for text in (variant.sample.question, *variant.options.values(), variant.caption or ""):
            require(text in shown, f"expected {text!r} in the user's message, found {shown!r}")
    for template in (profile.system, profile.before, profile.after):
        require(
            "{question}" not in template and "{text}" not in template,
            "`system`, `before` and `after` are shown as they are: nothing is filled in, found "
            f"{template!r}",
        )
