"""Options that speak of the picture apart from the question: "The image does not feature it"."""

from __future__ import annotations

import re

_UNFEATURED = re.compile(
    r"^(?:the|this) (?:image|picture|photo) (?:does not|doesn['’]t|do not|don['’]t|cannot|can['’]t)"
    r" (?:feature|show|contain|include|have|depict|display|provide)\b ?(?P<what>.*?)\W*$",
    re.I,
)
_NOT_THERE = re.compile(
    r"^(?:图[片像]?|照片|画面)(?:中|里|上)?(?:没有|不包含|未显示|不存在)(?P<what>.*?)[。.]?$"
)
_VAGUE = re.compile(
    r"^(?:the |any |this |that |such )?(?:content|object|objects|information|answer)?$", re.I
)


def said(option: str) -> str:
    """Return such an option as a sentence; empty for any other."""
    text = " ".join(option.split())
    if match := _UNFEATURED.match(text):
        what = "it" if _VAGUE.match(match["what"].strip()) else match["what"].strip()
        return f"The picture does not show {what}"
    if match := _NOT_THERE.match(text):
        return text.rstrip("。.")
    return ""
