"""Chinese asks in place: the option stands where the question word stood.

"左图是谁的作品？" with "徐悲鸿" gives "左图是徐悲鸿的作品".
"""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.chinese.asking import asked, bare, is_clause
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_CLASSIFIERS = "个位种座项款类条首部本张家国辆只头匹名幅件把棵朵架艘台栋群对双片块颗根支次层组"
_COUNT = re.compile(
    rf"(?P<before>.*?)(?:有)?(?P<how>多少|几)(?P<unit>[{_CLASSIFIERS}])?(?P<after>.*)"
)
_WORD = re.compile(
    rf"什么时候|什么样的|什么样|怎样的|怎么样|哪(?:一)?[{_CLASSIFIERS}]|哪(?:里|儿|边|侧|一边|一侧|些|种|个|方)|哪|谁|什么|如何"
)
_NUMBER = re.compile(r"^[约大概]*(?:\d+|[零一二两三四五六七八九十百]+)")
_RELATION = re.compile(
    r"^(?:.*?[和与跟].*?(?:中|之间|，)?)(?:谁|哪(?:一)?[个张幅](?=更|最|离|比))(?P<rest>.+)$"
)
_KINDS = re.compile(r"^(?:动物|植物|水果|人物|国家|城市|物体|物品|东西|食物|乐器|运动(?!项))")
_FEELINGS = r"(?:情绪|心情|感情|情感|感觉|氛围|气氛|表情)$"
_PLACED = re.compile(r"^(?:左|右|上|下|中|前|后)")


def _count(question: Question) -> Say | None:
    """How many there are: "图中有六辆卡车"."""
    body = asked(question.text)
    match = re.search(rf"(?P<how>多少|几)(?P<unit>[{_CLASSIFIERS}])?", body)
    if match is None or not all(_NUMBER.match(bare(option)) for option in question.options):
        return None
    before, after, unit = body[: match.start()], body[match.end() :], match["unit"] or ""

    def say(option: str) -> str:
        number = bare(option)
        rest = after.removeprefix(number[-1]) if number[-1] in _CLASSIFIERS and not unit else after
        number = (
            number
            if not unit or number.endswith(unit) or not number[-1].isalnum()
            else f"{number}{unit}"
        )
        if unit and len(number) > 1 and number[-2] in _CLASSIFIERS:
            number = number[:-1]
        if rest and not number[-1].isdigit() and number.endswith(rest):
            rest = ""  # "几点" with "3点"
        return f"{before}{number}{rest}"

    return say


def _who(question: Question) -> Say | None:
    """Which of two: "穿黑色球衣的球员离足球更近"."""
    body = asked(question.text)
    match = _RELATION.match(body)
    if match is None:
        return None
    lead = "，".join(re.split("，", body)[:-1])
    lead = f"{lead}，" if lead and "谁" not in lead else ""

    def say(option: str) -> str:
        text = bare(option)
        if re.fullmatch(r"(?:无法|不能)(?:确定|判断|看出)", text):
            return f"{lead}{text}谁{match['rest']}"
        return text if is_clause(text) and _apart(text) else f"{lead}{text}{match['rest']}"

    return say


def _apart(option: str) -> bool:
    """Whether an option says something of all of them: the same, or that it cannot be told."""
    return bool(re.search(r"(?:相等|相同|一样|无法|不能|都)", option))


def _in_place(question: Question) -> Say | None:
    body = asked(question.text)
    found = list(_WORD.finditer(body))
    if not found:
        return None
    word = found[-1]
    before, after = body[: word.start()], body[word.end() :]
    text = word.group()
    if before.endswith(("以下", "下列", "下面")):
        return None
    if all(is_clause(option) for option in question.options) and re.search(
        r"(?:发生|描述|说法|陈述|标题|正确|怎么样|关系)", body
    ):
        return bare
    if word.group() != "谁":
        after = _KINDS.sub("", after)
    if before.endswith(("向", "朝", "往")):
        after = after.removeprefix("方向")
    if before.endswith("有") and re.fullmatch(
        r"(?:共同点|特点|特征|特性|区别|不同|作用|功能|用途|优点|缺点)", after
    ):
        return lambda option: f"{before[:-1].removesuffix('具')}的{after}是{bare(option)}"
    if text == "哪些" and after:
        return lambda option: f"{before}的{after}是{bare(option)}"
    if text in ("怎么样", "如何") and not after:
        return lambda option: f"{before.removesuffix('是')}是{bare(option)}"

    def say(option: str) -> str:
        return _placed(before, after, bare(option), text, question)

    return say


def _placed(before: str, after: str, option: str, word: str, question: Question) -> str:
    """Put the option in its place, once: what it says itself is not said again behind it."""
    if _apart(option) and is_clause(option):
        return option.partition("；")[2].strip() or option
    noun = re.match(r"[^的中是在有为]{1,6}", after)
    if noun and not before and word.startswith("哪"):
        if noun.group() in option or all(noun.group()[:2] in bare(one) for one in question.options):
            return f"{option}{after[noun.end() :]}"
        option = option.removesuffix("的") if _PLACED.match(option) else option
        return f"{option}的{after}" if _PLACED.match(option) else f"{option}{after}"
    if after.startswith("颜色") and option.endswith("色"):
        after = after.removeprefix("颜色")
    if word == "什么" and re.match(_FEELINGS, after) and not option.endswith("的"):
        return f"{before}{option.removesuffix(after)}的{after}"
    rest = after
    for length in range(len(rest), 0, -1):
        if option.endswith(rest[:length]):
            whole = len(noun.group()) if noun and word != "谁" else 0
            rest = rest[max(length, whole if whole <= 2 else 0) :]  # "节日" with "春节"
            break
    else:
        if (
            before.endswith(("是", "为", "于", "在", "叫"))
            and noun
            and noun.group() == rest
            and rest != "关系"
        ) or (option.endswith("》") and noun):
            rest = (
                rest[len(noun.group()) :] if noun else ""
            )  # "是什么美食" with "雪糕": the option is one itself
        elif word in ("什么样的", "怎样的") and rest and not option.endswith("的"):
            rest = f"的{rest}"
    if rest.startswith("的") and len(rest) == 1:
        rest = "" if option.endswith(("的", "色")) else rest
    if word in ("哪边", "哪一边", "哪侧", "哪一侧") and len(option) == 1:
        option = f"{option}边"
    return f"{before}{option}{rest}"


def _open_end(question: Question) -> Say | None:
    """A sentence that its option ends: "图中所示建筑名称为"."""
    body = asked(question.text)
    if (
        not body
        or _WORD.search(body)
        or not body.endswith(("为", "是", "叫", "位于", "属于", "称为"))
    ):
        return None
    return lambda option: f"{body}{bare(option)}"


COUNTS = (QuestionForm("count", _count),)
FORMS = (
    QuestionForm("comparison", _who),
    QuestionForm("in-place", _in_place),
    QuestionForm("completion", _open_end),
)
