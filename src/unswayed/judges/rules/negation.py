"""How far a denial reaches: one negation denies a whole list, a double one denies nothing."""

from __future__ import annotations

import re

_I = re.IGNORECASE
REACH = 110
"""Characters on either side of an option in which what denies it is looked for."""

_NEGATOR = (
    r"\b(?:not|never|no|neither|nor|without|cannot|rather than|instead of|unlike|other than|"
    r"except|isn't|aren't|wasn't|doesn't|don't|didn't|can't|won't|couldn't|wouldn't|ruled? out|"
    r"rules out|ruling out|eliminat(?:e[sd]?|ing)|exclud\w{1,4}|discard\w{0,3}|reject\w{0,3}|"
    r"unlikely|incorrect|wrong|hardly|opposed to|contradicts?|unrelated to|different from|"
    r"lacks?|lacking|absence of|free of)\b"
    r"(?!\s+(?:only|doubt|question|need|just|merely|simply)\b|\s?[,:;—–-])|"
    r"anything but|n't\b"
    r"|不是|没有|并非|不|非|排除"
)
_BEFORE = re.compile(rf"(?:{_NEGATOR})[^,.;，。]{{0,40}}$", _I)
"""A negation in the same stretch between commas."""
_LISTED = re.compile(
    rf"(?:{_NEGATOR})[^,.;，。]{{1,40}}(?P<items>(?:,[^,.;，。]{{0,40}}){{1,6}})$", _I
)
"""A negation and the items of one list after it, up to where an option begins."""
_LAST = re.compile(r"(?:^|[,\s])(?:or|nor|and)\s[^,]{0,40}$", _I)
_VERB = re.compile(
    r"\b(?:is|are|was|were|it's|that's|there's|has|have|must|should|shows?|looks?|seems?|appears?|"
    r"but|so|i|we|it|this|which|while|because|since|matches|fits|means)\b",
    _I,
)
_OR_LATER = re.compile(r"^[^.;]{0,60}?,?\s*\b(?:or|nor|and)\s", _I)
_AFFIRMED = re.compile(
    r"\b(?:nothing (?:but|other than|else than)|no(?:ne)? other than|not?\w* anything (?:but|other "
    r"than|except)|not?\b[^,.;]{0,40}\b(?:anywhere|anyone) (?:but|except)|"
    r"(?:not|no|never|nothing|useless|impossible|n't)\b[^,.;]{0,40}\b(?:without|except|other than|"
    r"unless)|(?:not|n't)\b[^,.;]{0,20}\b(?:rule[sd]? out|exclude[sd]?|unlikely|wrong|incorrect|"
    r"unlike|deny|denied|reject(?:ed)?))\b[^,.;]{0,30}$",
    _I,
)
"""Two negations, or one that leaves the option as the only exception."""
_AS = re.compile(r"\b(?:as\s+\w+\s+as|(?<!rather )(?<!other )than)\s+(?:(?:a|an|the)\s+)?$", _I)
"""What something is measured against is not what is denied of it."""
_AFTER = re.compile(
    r"^[^,.;，。]{0,45}?(?:\b(?:not|incorrect|wrong|false|ruled out|is out|are out|eliminated|"
    r"unlikely|doesn't|don't|isn't|aren't|wasn't|weren't|cannot|can't|couldn't|won't|wouldn't|"
    r"impossible|excluded|too (?:small|big|large|few|many|low|high)|absent|missing)\b"
    r"(?!\s+(?:only|doubt|just|merely|simply|necessary|to mention))|"
    r"错误|不对|不符|不正确|排除|错)|^\W*no\b",
    _I,
)
_OTHER = re.compile(
    r"\b(?:but|while|whereas)\b|\b(?:and|or)\s+(?:there (?:is|are)\s+)?(?:not|no|never|neither)$",
    _I,
)
"""What is denied after this is something else."""
_LIST_ON = re.compile(
    r"^(?:\s?,[^,.;]{1,30}){0,6}?\s?,?\s?\b(?:and|or|nor)\s[^,.;]{1,40}?(?=\s(?:is|are|was|were|do|"
    r"does|did|can|could|would|will|has|have|should|must|cannot|can't|isn't|aren't|don't|doesn't|"
    r"wouldn't|couldn't|seem|appear)\b)",
    _I,
)
"""The rest of a list that an option stands in, up to the verb of all of them."""
_BUT = re.compile(r"(?<!anything )\b(?:but|rather|however|instead)\b(?!\s+(?:than|of))", _I)


def is_denied(text: str, start: int, end: int) -> bool:
    """Say whether what stands at `start` … `end` of a clause is denied.

    Args:
        text: the clause.
        start: index at which an option, a relation or a proposition begins.
        end: index after it.
    """
    return denied_before(text[:start], text[end:]) or denied_after(text[end:])


def denied_before(before: str, after: str = "") -> bool:
    """Say whether what stands before an option denies it, alone or at the head of a list."""
    before = before[-REACH:]
    turns = list(_BUT.finditer(before))
    before = before[turns[-1].end() :] if turns else before
    if _AFFIRMED.search(before) or _AS.search(before):
        return False
    if _BEFORE.search(before):
        return True
    if "," not in before:
        return False
    match = _LISTED.search(before)
    if match is None:
        return False
    items = match["items"]
    return not _VERB.search(items) and bool(_LAST.search(items) or _OR_LATER.match(after))


def denied_after(after: str) -> bool:
    """Say whether what stands after an option denies it, or the list that it stands in."""
    after = after[:REACH]
    listed = _LIST_ON.match(after)
    if listed is not None and not _VERB.search(listed[0]):
        after = after[listed.end() :]
    match = _AFTER.search(after)
    if match is None:
        return False
    return not _OTHER.search(after[: match.end()])
