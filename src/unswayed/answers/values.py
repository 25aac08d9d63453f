"""Open answers as values: numbers, boxes and short texts, read as strictly as letters are.

`answers.parse_output` finds the answer block, this module says what stands in it. Nothing is
guessed: an answer with two different numbers or boxes has no value, and a box is taken in the
coordinates that the question asked for, whatever its figures look like.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from unswayed.answers import styles, wrapping
from unswayed.answers.letters import AnswerProblem
from unswayed.answers.styles import StyleName
from unswayed.answers.texts import normalise
from unswayed.errors import ConfigError

OpenKind = Literal["number", "text", "box"]
Box = tuple[float, float, float, float]
"""x1, y1, x2, y2: left, top, right and bottom edge, with x1 < x2 and y1 < y2."""

Value = Fraction | Box | str
Coordinates = Literal["pixel", "resized", "unit", "thousand"]
Several = Literal["unread", "first", "last"]
ValueProblem = AnswerProblem | Literal["empty", "no-number", "no-box", "several-boxes", "no-area"]

CORRECT_IOU = 0.5
"""A box is right if it overlaps the gold at least so much (Everingham et al., *The Pascal Visual
Object Classes Challenge*, IJCV 2010, section 4.2)."""

MAX_NUMBER = 200
"""Characters; no number that anyone would write as an answer is longer."""

_DIGITS = r"(?:[0-9]{1,3}+(?:,[0-9]{3})++(?![0-9,])|[0-9]++)(?:\.[0-9]++)?|\.[0-9]++"
_NUMBER = re.compile(
    rf"(?P<sign>[-+−]?+)(?P<digits>{_DIGITS})(?:[eE](?P<power>[-+]?+[0-9]{{1,3}}+))?"
    r"(?:\s*+/\s*+(?P<below>[0-9]++))?"
)
_LEAD = re.compile(
    rf"{wrapping.LEAD}|there\s++(?:is|are)\s++|[a-z]\s*+=\s*+|一共有?|共有?|有", re.IGNORECASE
)
_FRACTION = re.compile(r"\\[dt]?frac\{([0-9]+)\}\{([0-9]+)\}")
_LATEX_BLANK = re.compile(r"\\[,;!]|\\circ\b|\^")
_WRAPPING = " \t\r\n$*_\"'`“”‘’"
_GLUED = re.compile(r"(?:%|°[CF]?|[mck]?m|k?g|px|ft|in|s|h)(?:\s+|$)")
_UNIT = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*[²³]?|%|°[CF]?")
_MAX_UNIT_WORDS = 3
_NO_UNITS = {
    *("pi", "π", "k", "e", "x", "i"),
    *("hundred", "thousand", "million", "billion", "trillion", "dozen", "dozens"),
    *("half", "halves", "third", "thirds", "quarter", "quarters", "squared", "cubed"),
    *("plus", "minus", "times", "over", "per", "divided", "by", "point"),
    *("and", "or", "to", "not", "no", "but", "from", "than", "more", "less", "fewer"),
}
"""Words behind a figure that make it another number, or none."""

_UP_TO_TEN = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_TEENS = ("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen")
_WORDS = (*_UP_TO_TEN, *_TEENS, "eighteen", "nineteen", "twenty")

_FIGURE = r"\s*+(-?+[0-9]{0,9}+(?:\.[0-9]{0,20}+)?+)\s*+"
_FOUR = re.compile(
    rf"[\[(]{_FIGURE},{_FIGURE},{_FIGURE},{_FIGURE}[\])]"
    rf"|\({_FIGURE},{_FIGURE}\)\s*+,?+\s*+\({_FIGURE},{_FIGURE}\)"
    rf"|\[{_FIGURE},{_FIGURE}\]\s*+,\s*+\[{_FIGURE},{_FIGURE}\]"
)


@dataclass(frozen=True)
class ParsedValue:
    """What an output answers.

    Attributes:
        value: the number, box or text; None if unparsed.
        problem: why there is no value; None if there is one.
        think: text of the thought, None without one.
        answer: text between the answer tags, stripped; None without an answer block.
    """

    value: Value | None
    problem: ValueProblem | None
    think: str | None = None
    answer: str | None = None


def parse_output(
    output: str, kind: OpenKind, style: StyleName = "tags", given: int = 0
) -> ParsedValue:
    """Read a whole output (a prefill of `given` characters and the rest) as `styles` says."""
    think, problem, spans = styles.answer_spans(output, style, given)
    if not spans:
        return ParsedValue(None, problem, think)
    tried = [(output[start:end].strip(), output[start:end]) for start, end in spans]
    readings = [replace(parse_value(raw, kind), think=think, answer=said) for said, raw in tried]
    return next((one for one in readings if one.value is not None), readings[0])


def parse_value(text: str, kind: OpenKind) -> ParsedValue:
    """Read the text between the answer tags, or a gold answer."""
    readers: dict[OpenKind, Callable[[str], ParsedValue]] = {
        "number": number,
        "text": short_text,
        "box": box,
    }
    return readers[kind](text)


def number(text: str) -> ParsedValue:
    r"""Read one number exactly: `7`, `7.0`, `1,234`, `-.5`, `3/4`, `$\boxed{7}$`, `7 apples`.

    A unit of up to three words may follow and is not compared. English number words up to twenty
    are numbers. `7 or 8`, `2 pi`, `7 million`, `7th` and `3 + 4 = 7` are none.
    """
    if len(text) > MAX_NUMBER:
        return ParsedValue(None, "no-number")
    plain = _unwrapped(text)
    if not plain:
        return ParsedValue(None, "empty")
    match = _NUMBER.match(plain)
    if match is None:
        value = _number_word(plain)
        return ParsedValue(value, "no-number" if value is None else None)
    value = _fraction(match) if _is_unit(plain[match.end() :]) else None
    return ParsedValue(value, "no-number" if value is None else None)


def short_text(text: str) -> ParsedValue:
    """Read a text, as it is compared: case, blanks, quotes and a closing full stop folded."""
    folded = normalise(text)
    return ParsedValue(folded, None) if folded else ParsedValue(None, "empty")


def box(text: str, several: Several = "unread") -> ParsedValue:
    """Read the one box of a text: `[x1, y1, x2, y2]`, also as `(x1, y1), (x2, y2)`.

    The four figures are looked for wherever they stand, so that JSON (`{"bbox_2d": [...]}`),
    code fences and tags such as `<box>` need not be whole. A repeated box counts once.

    Args:
        text: answer text.
        several: what counts where two different boxes stand there; by default none does.
    """
    boxes = list(dict.fromkeys(_boxes(text)))
    if not boxes:
        return ParsedValue(None, "no-box")
    if len(boxes) > 1 and several == "unread":
        return ParsedValue(None, "several-boxes")
    x1, y1, x2, y2 = boxes[-1] if several == "last" else boxes[0]
    if x1 >= x2 or y1 >= y2:
        return ParsedValue(None, "no-area")
    return ParsedValue((x1, y1, x2, y2), None)


def same(
    said: Value, wanted: Value, tolerance: float = 0.0, least_iou: float = CORRECT_IOU
) -> bool:
    """Say whether two values of one kind count as the same answer.

    Args:
        said: the value answered.
        wanted: the gold or the foil.
        tolerance: largest difference of two numbers, as its decimals say.
        least_iou: least overlap of two boxes, in (0, 1].
    """
    if isinstance(said, Fraction) and isinstance(wanted, Fraction):
        return abs(said - wanted) <= Fraction(str(tolerance))
    if isinstance(said, tuple) and isinstance(wanted, tuple):
        return iou(said, wanted) >= least_iou
    return said == wanted


def iou(a: Box, b: Box) -> float:
    """Return the area that two boxes share over the area that they cover together, in [0, 1].

    Edges are where they are, not pixels that count themselves: no 1 is added to a width.
    """
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (_area(a) + _area(b) - shared)


def extent(
    coordinates: Coordinates,
    size: tuple[int, int] | None = None,
    resized: tuple[int, int] | None = None,
) -> tuple[float, float]:
    """Return the width and height that a picture has in some coordinates.

    Args:
        coordinates: `pixel` of the picture, pixel of the `resized` picture that the model sees,
            `unit` (0 to 1) or `thousand` (0 to 1000).
        size: (width, height) of the picture, for `pixel`.
        resized: (width, height) of the resized picture, for `resized`.

    Raises:
        ConfigError: the size that is needed is not given.
    """
    if coordinates == "unit":
        return (1.0, 1.0)
    if coordinates == "thousand":
        return (1000.0, 1000.0)
    known = size if coordinates == "pixel" else resized
    if known is None:
        what = "the picture" if coordinates == "pixel" else "the resized picture"
        raise ConfigError(f"{coordinates} coordinates need the width and height of {what}")
    return (float(known[0]), float(known[1]))


def qwen_resized(
    size: tuple[int, int],
    side: int = 28,
    least: int = 56 * 56,
    most: int = 16384 * 28 * 28,
) -> tuple[int, int]:
    """Return the (width, height) to which Qwen2.5-VL's processor resizes a picture.

    Each side becomes a multiple of `side` and the area is kept between two bounds (Bai et al.,
    *Qwen2.5-VL Technical Report*, arXiv 2502.13923, section 2.1.1; bounds of the released
    processor). The model's boxes are in pixels of this size.

    Args:
        size: (width, height) of the picture.
        side: patch size times merge size.
        least: smallest area in pixels.
        most: largest area in pixels.
    """
    width, height = (round(n / side) * side for n in size)
    area = size[0] * size[1]
    if width * height > most:
        shrink = math.sqrt(area / most)
        width, height = (max(side, math.floor(n / shrink / side) * side) for n in size)
    elif width * height < least:
        grow = math.sqrt(least / area)
        width, height = (math.ceil(n * grow / side) * side for n in size)
    return (width, height)


def rescale(edges: Box, before: tuple[float, float], after: tuple[float, float]) -> Box:
    """Return a box in other coordinates, given what the picture measures in both (`extent`)."""
    (width, height), (new_width, new_height) = before, after
    x1, x2 = (edges[at] * new_width / width for at in (0, 2))
    y1, y2 = (edges[at] * new_height / height for at in (1, 3))
    return (x1, y1, x2, y2)


def box_text(edges: Box) -> str:
    """Write a box as prompts and records hold it: `[x1, y1, x2, y2]`, to at most 4 decimals."""
    return f"[{', '.join(_figure(edge) for edge in edges)}]"


def _figure(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _area(of: Box) -> float:
    return (of[2] - of[0]) * (of[3] - of[1])


def _boxes(text: str) -> list[Box]:
    """Return every four figures in brackets, in order."""
    boxes: list[Box] = []
    for match in _FOUR.finditer(text):
        figures = [figure for figure in match.groups() if figure is not None]
        if all(any(c.isdigit() for c in figure) for figure in figures):
            x1, y1, x2, y2 = (float(figure) for figure in figures)
            boxes.append((x1, y1, x2, y2))
    return boxes


def _unwrapped(text: str) -> str:
    """Take LaTeX, quotes, a lead-in ("the answer is") and a closing full stop away."""
    plain = _LATEX_BLANK.sub(" ", _FRACTION.sub(r"\1/\2", text))
    plain = wrapping.unbracketed(_stripped(wrapping.plain(plain).replace("\\%", "%")))
    lead = _LEAD.match(plain)
    return wrapping.unbracketed(_stripped(plain[lead.end() :])) if lead else _stripped(plain)


def _stripped(text: str) -> str:
    return text.strip(_WRAPPING).removesuffix(".").removesuffix("。").strip(_WRAPPING)


def _number_word(plain: str) -> Fraction | None:
    word, _, rest = plain.casefold().partition(" ")
    if word not in _WORDS or not _is_unit(f" {rest}"):
        return None
    return Fraction([*_WORDS].index(word))


def _is_unit(rest: str) -> bool:
    """Say whether what follows the figures leaves them the number that they are."""
    rest = rest.rstrip()
    if not rest:
        return True
    if not rest[0].isspace():
        glued = _GLUED.match(rest)
        if glued is None:
            return False
        rest = rest[glued.end() :]
    words = rest.split()
    return len(words) <= _MAX_UNIT_WORDS and all(
        _UNIT.fullmatch(word) and word.casefold() not in _NO_UNITS for word in words
    )


def _fraction(match: re.Match[str]) -> Fraction | None:
    value = Fraction(match["digits"].replace(",", ""))
    if match["power"]:
        value *= Fraction(10) ** int(match["power"])
    if match["below"]:
        if int(match["below"]) == 0:
            return None
        value /= int(match["below"])
    return -value if match["sign"] in ("-", "−") else value
