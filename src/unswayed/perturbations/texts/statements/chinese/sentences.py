"""Chinese captions, codes, and what is so or not so."""

from __future__ import annotations

import re

from unswayed.answers import normalise
from unswayed.perturbations.texts.statements.chinese.asking import asked, bare
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_CAPTION = re.compile(r"(?:标题|描述|说法|陈述|句子|叙述|说明)")
_CODE = re.compile(r"(?:Python|python)?\s*代码")
_POST = re.compile(r"(?:推文|微博|朋友圈|配文)")
_YES = frozenset(("是", "是的", "对", "对的", "正确", "有", "能", "会", "可以", "真", "在"))
_NO = frozenset(
    (
        "否",
        "不是",
        "不",
        "不对",
        "错",
        "错误",
        "没有",
        "不能",
        "不会",
        "不可以",
        "假",
        "不在",
        "不是的",
    )
)
_WHETHER = re.compile(r"(?:是否|是不是|有没有|能不能|会不会|在不在)")
_POSITIVE = {
    "是否": "",
    "是不是": "是",
    "有没有": "有",
    "能不能": "能",
    "会不会": "会",
    "在不在": "在",
}
_NEGATIVE = {
    "是不是": "不是",
    "有没有": "没有",
    "能不能": "不能",
    "会不会": "不会",
    "在不在": "不在",
}
_VERB = re.compile(r"(?P<verb>是|有|在|能|会|可以|应该|像|属于)")


def _captions(question: Question) -> Say | None:
    body = asked(question.text)
    if not body or not _CAPTION.search(body) or not question.options:
        return None
    if min(len(bare(option)) for option in question.options) < 4:
        return None
    return bare


def _code(question: Question) -> Say | None:
    if not _CODE.search(question.text) or (
        "生成" not in question.text and "输出" not in question.text
    ):
        return None
    return lambda option: f"图片是这段代码的输出：{' '.join(option.split())}"


def _post(question: Question) -> Say | None:
    if not _POST.search(question.text):
        return None
    return lambda option: f"这张图片发布时的文字是“{' '.join(option.split())}”"


def _truth(option: str) -> bool | None:
    text = normalise(bare(option))
    return True if text in _YES else False if text in _NO else None


def _whether(question: Question) -> Say | None:
    """Whether something is so: "图片中的人没有戴着帽子"."""
    body = asked(question.text)
    truths = [_truth(option) for option in question.options]
    if not body or None in truths or len(set(truths)) < 2:
        return None
    if match := _WHETHER.search(body):
        before, after = body[: match.start()], body[match.end() :]
        word = match.group()
        yes = f"{before}{_POSITIVE[word]}{after}"
        denied = _NEGATIVE.get(word) or _denial(after)
        no = f"{before}{denied}{after.removeprefix('有') if denied == '没有' else after}"
    elif body.endswith(("吗", "么")):
        yes = body[:-1]
        match = _VERB.search(yes)
        if match is None:
            return None
        word = match["verb"]
        denied = "没有" if word == "有" else f"不{word}"
        no = f"{yes[: match.start()]}{denied}{yes[match.end() :]}"
    else:
        return None
    return lambda option: yes if _truth(option) else no


def _denial(after: str) -> str:
    """Return the word that denies what follows: 没有 of having and of what lasts, else 不."""
    return "没有" if after.startswith("有") or "着" in after[:6] or "了" in after[:6] else "不"


FORMS = (
    QuestionForm("code", _code),
    QuestionForm("post", _post),
    QuestionForm("caption", _captions),
    QuestionForm("yes-no", _whether),
)
