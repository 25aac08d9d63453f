"""A Chinese question without its frame: politeness, orders, hints and talk of the exercise."""

from __future__ import annotations

import re

LONGEST = 600
"""Characters of a question that is read."""

_HINT = re.compile(r"(?:<br>|\n)?\s*(?:HINT|Hint|提示)[.:：。]?.*$", re.S)
_FRAME = re.compile(
    r"^(?:(?:请问|请|试|根据(?:这|该|上|下)?(?:张|幅)?(?:图片|图像|图|照片|画面)(?:的内容|所示)?[，,]?"
    r"|(?:请)?(?:识别|指出|找出|判断|预测|说出|回答)(?:一下)?|在(?:这|该)?(?:张|幅)?(?:图片|照片)(?:中|里|上)[，,])\s*)+"
)
_EXERCISE = re.compile(r"(?:题|问题|选项|答案)")
_WRONG = re.compile(r"(?:错误|不正确|不符合|不属于|不是的|不对|有误)")


def asked(text: str) -> str:
    """Return what asks, without frame and end; empty where it cannot be stated."""
    if not 2 <= len(text) <= LONGEST:
        return ""
    line = (
        "".join(_HINT.sub("", text).split())
        if not re.search(r"[A-Za-z] ", text)
        else " ".join(_HINT.sub("", text).split())
    )
    line = line.rstrip("？?。.：: ")
    clauses = [one for one in re.split(r"[，,。；;]", line) if one]
    kept = [one for one in clauses[:-1] if not _EXERCISE.search(one)] + clauses[-1:]
    kept = [one for one in (_FRAME.sub("", clause) for clause in kept) if one]
    body = "，".join(kept)
    return "" if _WRONG.search(body) else body


def bare(option: str) -> str:
    """Return an option on one line, without its full stop."""
    return " ".join(option.split()).rstrip("。.；; ")


def is_clause(option: str) -> bool:
    """Whether an option reads as a clause of its own."""
    text = bare(option)
    return len(text) > 4 and bool(
        re.search(r"(?:是|有|在|会|被|着|了|应该|相等|相同|无法|可以|正在|没有|一样)", text)
    )
