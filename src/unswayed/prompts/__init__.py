"""Prompts: the wording around a question, and the chat template left open for a prefill.

`profiles` has the wording of each model family (PROTOCOL section 2), `rendering` puts a variant
into it, `tail` leaves the turn open, and `template` does the same for trainers that render
chats themselves.
"""

from unswayed.prompts.profiles import Profile, Wording, profile, profile_names, shipped
from unswayed.prompts.rendering import render_question, render_system, render_user
from unswayed.prompts.tail import open_tail

__all__ = [
    "Profile",
    "Wording",
    "open_tail",
    "profile",
    "profile_names",
    "render_question",
    "render_system",
    "render_user",
    "shipped",
]
