"""How a run's outputs are read: by its profile's answer style, or by the one asked for."""

from __future__ import annotations

from typing import Any

from unswayed.answers import TAGGED, AnswerRules, AnswerStyle
from unswayed.pipeline.settings import Settings, settings_of
from unswayed.prompts import Profile
from unswayed.run.folder import RunFolder


def style_of(profile: Profile, settings: Settings) -> AnswerStyle:
    """Return where thought and answer stand: as the settings say, the profile's own otherwise."""
    return profile.style.named(settings.answer_style)


def rules_of(run: RunFolder, settings: Settings | None = None) -> AnswerRules:
    """Return how a run's outputs are read.

    Args:
        run: the run; one of an earlier version has its answers in tags.
        settings: give the conflict policy and the tolerance; by default the run's own.
    """
    settings = settings or settings_of(run)
    return AnswerRules(recorded_style(run), settings.on_conflict, settings.tolerance)


def recorded_style(run: RunFolder) -> AnswerStyle:
    """Return a run's answer style as `run.json` has it; tags where no stage has written one."""
    description = run.description() if (run.folder / "run.json").exists() else {}
    profile: dict[str, Any] = description.get("profile") or {}
    settings: dict[str, Any] = description.get("settings") or {}
    opens, closes = profile.get("thought", (TAGGED.opens, TAGGED.closes))
    own = AnswerStyle(profile.get("answer_style", TAGGED.name), opens, closes)
    return own.named(settings.get("answer_style"))
