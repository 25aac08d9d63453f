"""Chinese questions of one wording each: what somebody does, either … or …, gaps, reasons, orders.

They stand before the general form that puts the option where the question word stood.
"""

from __future__ import annotations

import re

from unswayed.answers import normalise
from unswayed.perturbations.texts.statements.chinese.asking import asked, bare, is_clause
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_DOING = re.compile(r"^(?P<who>.+?)(?:正在|在)(?:做|干)(?:什么|些什么|啥)(?:事情|事|运动|呢)?$")
_USED = re.compile(r"^(?P<what>.+(?:用来|用于))(?:做|干)?什么(?P<end>的)?$")
_DIRECTION = re.compile(r"^(?P<what>.+的)(?:哪(?:个|一个)?|什么)(?:方向|方位|方)$")
_QUOTED = re.compile(r"[“\"「'‘](?P<said>[^”\"」]{2,200})[”\"」'’]")
_GAP = re.compile(r"[（(]\s*[）)]|_{2,}|＿+")
_WHY = re.compile(r"^(?P<before>.*?)为什么(?P<said>.+)$")
_ORDER = re.compile(
    r"^(?:请)?(?:判断|识别|指出|找出|说出|提取|选出|选择)(?:一下)?(?P<what>.{2,40})$"
)
_AMONG = re.compile(
    r"^(?:以下|下列|下面)(?:选项|图片)?(?:中)?(?:的)?哪(?:一)?(?:项|个|种|幅|张|件|些)"
    r"(?P<noun>物品|物体|东西|动物|植物|人物|选项|国家|城市|建筑|食物|生物|材料)?(?P<said>.+)$"
)
_FITS = re.compile(r"(?:符合|正确|匹配|描述|概括|表达)")
_THING = re.compile(r"^(?P<before>.*?)哪(?:一)?(?:个|种|件)(?:物体|物品|东西|选项)(?P<said>.+)$")
_SAME = re.compile(r"^(?P<what>.+?)(?:是否)?(?:相同|一样)(?:吗|么)?$")
_NEXT = re.compile(r"^(?P<when>.*?)(?:发生)(?:什么|什么事|什么事情)$")
_TRUE = frozenset(("对", "正确", "是", "真", "对的", "是的"))
_FALSE = frozenset(("错", "错误", "否", "假", "错的", "不对", "不是", "不正确"))


def _doing(question: Question) -> Say | None:
    match = _DOING.match(asked(question.text))
    if match is None:
        return None

    def say(option: str) -> str:
        text = bare(option)
        return text if is_clause(text) else f"{match['who']}正在{text.removeprefix('正在')}"

    return say


def _used(question: Question) -> Say | None:
    match = _USED.match(asked(question.text))
    if match is None:
        return None
    return lambda option: f"{match['what']}{bare(option)}{match['end'] or ''}"


def _direction(question: Question) -> Say | None:
    match = _DIRECTION.match(asked(question.text))
    if match is None:
        return None

    def say(option: str) -> str:
        text = bare(option)
        return (
            f"{match['what']}{text}{'' if text.endswith(('方', '边', '面', '部', '侧')) else '方'}"
        )

    return say


def _either(question: Question) -> Say | None:
    """One of two that the question names: "杯子在盘子的左边"."""
    body = asked(question.text)
    options = sorted((bare(one) for one in question.options), key=len, reverse=True)
    found = body.find("还是")
    first = next((one for one in options if body[:found].endswith(one)), "")
    if found < 1 or not first or not all(one in body for one in options):
        return None
    before = body[: found - len(first)]
    return lambda option: f"{before}{bare(option)}"


def _truth(question: Question) -> Say | None:
    """A sentence in quotation marks, to be called true or false."""
    quoted = _QUOTED.search(question.text)
    words = {normalise(bare(one)) for one in question.options}
    if quoted is None or len(words) < 2 or not words <= _TRUE | _FALSE:
        return None
    said = bare(quoted["said"])
    denied = _denied(said)
    return lambda option: said if normalise(bare(option)) in _TRUE else denied


def _denied(said: str) -> str:
    verb = re.search(r"(?:没有|不)?(?P<verb>正在|是|有|在|能|会|可以)", said)
    if verb is None:
        return f"并非{said}"
    if verb.group() != verb["verb"]:
        shown = verb["verb"]
    else:
        shown = {"有": "没有", "正在": "没有在"}.get(verb["verb"], f"不{verb['verb']}")
    return f"{said[: verb.start()]}{shown}{said[verb.end() :]}"


def _gap(question: Question) -> Say | None:
    line = "".join(question.text.split()).rstrip("。？?.")
    if len(line) > 600 or len(_GAP.findall(line)) != 1:
        return None
    body = re.split(r"[：:。]", line)[-1]
    return (lambda option: _GAP.sub(lambda _: bare(option), body)) if _GAP.search(body) else None


def _why(question: Question) -> Say | None:
    match = _WHY.match(asked(question.text))
    if match is None:
        return None
    said = f"{match['before']}{match['said']}"
    return lambda option: f"{said}，因为{bare(option).removeprefix('因为')}"


def _order(question: Question) -> Say | None:
    text = "".join(question.text.split()).rstrip("。？?.：:")
    match = _ORDER.match(text)
    if match is None or re.search(r"[什哪谁几吗]|多少|是否|答案|选项|错误|不", match["what"]):
        return None
    return lambda option: f"{match['what']}是{bare(option)}"


def _among(question: Question) -> Say | None:
    """Which of the following: the option fits the picture, or has what is said."""
    body = asked(question.text)
    match = _AMONG.match(body) or _AMONG.match(body.rpartition("，")[2]) or _THING.match(body)
    if match is None:
        return None
    if _FITS.search(match["said"]) and all(len(bare(one)) > 2 for one in question.options):
        return bare
    if re.match(r"(?:是)?(?:正确|最能|最符合)", match["said"]):
        fits = re.search(r"(?:描述|概括|符合|表达)(?:了)?(?P<what>.{2,20})$", match["said"])
        return (lambda option: f"{fits['what']}是{bare(option)}") if fits else None
    before = match.groupdict().get("before") or ""
    return lambda option: f"{before}{bare(option)}{match['said']}"


def _same(question: Question) -> Say | None:
    match = _SAME.match(asked(question.text))
    if match is None:
        return None

    def say(option: str) -> str:
        text = normalise(bare(option))
        if re.match(r"(?:无法|不能|看不)", text):
            return f"看不出{match['what']}是否相同"
        if text in _FALSE or re.match(r"(?:不同|不一样|不相同)", text):
            return f"{match['what']}不同"
        return f"{match['what']}相同" if text in _TRUE | {"相同", "一样", "相同的"} else ""

    return say


def _next(question: Question) -> Say | None:
    match = _NEXT.match(asked(question.text))
    if match is None or all(is_clause(option) for option in question.options):
        return None
    when = match["when"] or "接下来"
    return lambda option: bare(option) if is_clause(option) else f"{when}{bare(option)}"


FIRST = (QuestionForm("truth", _truth), QuestionForm("gap", _gap))
FORMS = (
    QuestionForm("same", _same),
    QuestionForm("alternative", _either),
    QuestionForm("doing", _doing),
    QuestionForm("use", _used),
    QuestionForm("direction", _direction),
    QuestionForm("why", _why),
    QuestionForm("next", _next),
    QuestionForm("which", _among),
    QuestionForm("name", _order),
)
