"""Words of a thought: plain text cut into sentences, clauses and tokens.

Everything here is linear in the text: no pattern has a repetition inside a repetition, and every
sentence is cut to `LONGEST` characters before a clause is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from unswayed.judges.rules.inflection import NUMBER_WORDS, fold

LONGEST = 600
"""Characters of a sentence; a longer one is cut at a blank, so that work per clause is bounded."""

_KEPT = 256  # texts whose tokens are remembered
_DIGITS = frozenset(NUMBER_WORDS.values())
ARTICLES = frozenset({"a", "an", "the"})

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_FACTOR = rf"(?:{_NUMBER}\s?[*·×]?\s?√\s?{_NUMBER}|√\s?{_NUMBER}|{_NUMBER}\s?π|π|{_NUMBER})"
_TOKEN = re.compile(
    rf"(?P<number>(?<![A-Za-z0-9_.)])[-−]?{_FACTOR}(?:\s?/\s?{_FACTOR})?(?!\w*√))"
    r"|(?P<count>[一二两三四五六七八九十]{1,2}(?=[个只张条把辆头位名本朵棵块件双匹座台架]))"
    r"|(?P<word>[^\W\d_\u3400-\u9fff]+(?:['’][a-z]+)?)"
    r"|(?P<han>[\u3400-\u9fff])|(?P<sign>[=≈%])|(?P<digits>\d+)"
)
_HAN = "零一二三四五六七八九十"
_PARTS = re.compile(rf"({_NUMBER})?\s?[*·×]?\s?(√\s?{_NUMBER}|π)?")
_END = re.compile(r"[.!?。！？…]+[\"'”’)\]]*(?=\s|$)|[。！？；]+|[;\n]+")
_GOES_ON = re.compile(r"\s{1,3}(?:is|are|was|would|means|says)\b")
"""After a quoted sentence the one around it goes on: "the answer to “Is it red?” is …"."""
_LABEL_STOP = re.compile(r"(?:^|[\s(\"“':：⟦])[A-Z]\.$")
_STARTER = re.compile(
    r"[\"'”’)\]]*\s+(?:Wait|So|But|Therefore|However|No|Let|I|This|That|Actually|Hmm|Okay|Ok|Thus|"
    r"Hence|Because|Since|Option|Also|Now|If|Oh|Alternatively|Looking|We|And|Then|Point)\b"
)
_ABBREVIATED = re.compile(r"(?i)\b(?:e\.g|i\.e|vs|approx|fig|mr|ms|mrs|dr|st)\.$")
_JOINT = re.compile(
    r"(?:,(?!\d{3}(?!\d))|[，—–])\s*|\s-\s|\s+(?=(?:but|so|while|whereas|because|since|therefore|thus|hence|"
    r"although|though|however|which|and|as|meaning|making)\s)",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"(?i)\b(?:is|are|was|were|be|has|have|had|looks?|appears?|seems?|must|should|would|can|could|"
    r"might|may|lies|sits|stands|fits?|match(?:es)?|shows?|does|do|did|gives?|equals?|makes?|"
    r"means?|"
    r"indicates?|suggests?|points?|corresponds?|confirms?|isn't|aren't|doesn't|can't|it's|that's|"
    r"there's|i'm|i'd|i'll|goes|go|choose|select|pick|conclude|leaves|rises|holds?|represents?|"
    r"depicts?|says?|reads?|wears?|contains?|making|meaning|positioned|located)\b|=|≈|"
    r"[\u3400-\u9fff]"
)
_UNFINISHED = re.compile(r"(?i)\b(?:is|are|was|were|be|must|would|that|of)\s*$")
_QUOTED = re.compile(r"\"[^\"]{1,300}\"|“[^”]{1,300}”")
"""What is quoted is one thing, whatever joins its parts."""
_JOINING = re.compile(
    r"(?i)\s*(?:but|so|while|whereas|because|since|therefore|thus|hence|although|though|however)\b"
)

_OPENING = re.compile(
    r"(?i)\s*(?:\w+\W+)?(?:based|given|according|considering|from|among|of|with|if|when|since|as|"
    r"because|while|\w+ing)\b"
)


class Token(NamedTuple):
    """One word, number or sign.

    Attributes:
        text: folded: lower case, without a plural or possessive s, number words as digits.
        raw: as written.
        start: index in the clause.
        end: index after it.
        value: the number it says, None for a word.
        decimals: digits after the point, for comparing rounded numbers.
    """

    text: str
    raw: str
    start: int
    end: int
    value: float | None = None
    decimals: int = 0


def sentences(text: str) -> Iterator[str]:
    """Cut plain text into sentences, each of at most `LONGEST` characters.

    "A. red" is one sentence, and so is "the answer is:" with the line after it.
    """
    start = 0
    for end in _END.finditer(text):
        head = text[max(start, end.start() - 12) : end.start()]
        if not head.strip() and not text[start : end.start()].strip():
            start = end.end()
            continue
        if "\n" in end[0] and head.rstrip().endswith((":", "：")):
            continue
        if _GOES_ON.match(text, end.end()) and end[0][-1] in '"”’)':
            continue
        if end[0] == "." and _inside(head + ".", text, end.end()):
            continue
        yield from _cut(text[start : end.end()].strip())
        start = end.end()
    if text[start:].strip():
        yield from _cut(text[start:].strip())


def clauses(sentence: str) -> list[str]:
    """Cut a sentence where a new statement begins; an enumeration stays together."""
    pieces: list[str] = []
    start = 0
    quoted = [match.span() for match in _QUOTED.finditer(sentence)]
    for joint in _JOINT.finditer(sentence):
        if any(begin < joint.start() < end for begin, end in quoted):
            continue
        if sentence[start : joint.start()].strip():
            pieces.append(sentence[start : joint.end()])
            start = joint.end()
    pieces.append(sentence[start:])
    merged: list[str] = []
    whole = False  # whether the last one has a verb: looked for once per piece
    for piece in pieces:
        has_verb = _VERB.search(piece) is not None
        joins = merged and not _JOINING.match(piece) and not _OPENING.match(merged[-1])
        if merged and _UNFINISHED.search(merged[-1]):
            merged[-1] += piece
            whole = True
        elif joins and not (whole and has_verb):
            merged[-1] += piece
            whole = whole or has_verb
        else:
            merged.append(piece)
            whole = has_verb
    return merged


def tokens(text: str) -> tuple[Token, ...]:
    """Return the tokens of plain text."""
    return _remembered(text) if len(text) <= LONGEST else _tokens(text)


def _tokens(text: str) -> tuple[Token, ...]:
    return tuple(_token(match) for match in _TOKEN.finditer(text))


_remembered = lru_cache(_KEPT)(_tokens)  # a clause is looked at by several rules


def _token(match: re.Match[str]) -> Token:
    raw, (start, end) = match[0], match.span()
    if match["number"]:
        value, decimals = _value(raw)
        return Token(f"{value:.10g}", raw, start, end, value, decimals)
    if match["count"]:
        value = _han(raw)
        return Token(f"{value:.10g}", raw, start, end, value)
    text = fold(raw)
    if match["word"] and text in _DIGITS:
        return Token(text, raw, start, end, float(text))
    if match["digits"]:
        return Token(raw, raw, start, end)
    return Token({"%": "percent"}.get(raw, text), raw, start, end)


def _han(raw: str) -> float:
    """Return the value of a Chinese numeral up to 99 of at most two signs."""
    digits = [_HAN.index(sign.replace("两", "二")) for sign in raw]
    if len(digits) == 1:
        return float(digits[0])
    tens, ones = digits
    return float(10 + ones if tens == 10 else 10 * tens if ones == 10 else 10 * tens + ones)


def _value(raw: str) -> tuple[float, int]:
    """Return the value of a number such as 1,200 or 5√3/2 or 25π, and its decimals."""
    sign = -1.0 if raw[0] in "-−" else 1.0
    over, _, under = raw.lstrip("-−").partition("/")
    value = sign * _factor(over)
    divisor = _factor(under) if under else 1.0
    _, _, digits = raw.partition(".")
    decimals = len(digits) if digits.isdigit() else 0
    return (value / divisor if divisor else value), decimals


def _factor(text: str) -> float:
    match = _PARTS.match(text.strip())
    if match is None:
        return 1.0
    value = _float(match[1]) if match[1] else 1.0
    rest = match[2]
    if rest == "π":
        return value * 3.141592653589793
    return value * _float(rest.lstrip("√ ")) ** 0.5 if rest else value


def _float(digits: str) -> float:
    return float(digits.replace(",", "")[:300])


def _inside(head: str, text: str, at: int) -> bool:
    """A full stop after an option's letter or an abbreviation does not end a sentence."""
    if _LABEL_STOP.search(head):
        return _STARTER.match(text, at) is None and "\n" not in text[at : at + 2]
    return _ABBREVIATED.search(head) is not None


def _cut(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST:
        at = sentence.rfind(" ", LONGEST // 2, LONGEST)
        at = at if at > 0 else LONGEST
        yield sentence[:at]
        sentence = sentence[at:].lstrip()
    if sentence:
        yield sentence
