r"""What stands around an answer and is none of it: LaTeX, end tokens, words that lead up to it.

Letters and open values are taken out of the same wrapping, by one standard. A text keeps its
length: what is taken away is blanked, so that places in it are places in the output.
"""

from __future__ import annotations

import re

# Possessive quantifiers (`*+`) throughout: model output is hostile, and no input may make the
# match more than linear.
_COMMANDS = (
    *("boxed", "fbox", "text", "textbf", "textit", "textrm", "textsf"),
    *("mathrm", "mathbf", "mathsf", "mathit", "operatorname", "bf", "rm", "emph"),
)
_BRACE = re.compile(rf"\\(?P<command>{'|'.join(_COMMANDS)})\s*+\{{|\\[{{}}]|[{{}}]")
_BARE = re.compile(r"\\[()\[\]]|\$")
_TOKEN = re.compile(r"<\|[A-Za-z_0-9]{1,30}\|>|</?s>|<(?:bos|eos|pad|end_of_turn)>|<turn\|>")
_WIDE = {
    wide: wide - 0xFEE0
    for wide in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
"""Full-width figures and letters → the ones of ASCII."""

_PAIRS = {"(": ")", "（": "）", "[": "]", "【": "】", "{": "}"}
_BRACKETS = "".join([*_PAIRS, *_PAIRS.values()])

_ENGLISH = (
    r"(?i:(?:(?:so|thus|therefore|hence)\b[\s,]*+)?"
    r"(?:(?:the|my)\s++)?(?:(?:correct|right|final|best)\s++){0,2}+(?:answer|option|choice)"
    r"(?:\s++(?:is|would\s++be|should\s++be)\b)?(?=[\s:：=(\[*_\"'`])[\s:：=*_(\"'`]*+"
    r"(?:(?:the\s++)?(?:option|choice|letter)\b[\s:：*_]*+)?)"
)
_CHINESE = (
    r"(?:(?:所以|因此|故|综上)[\s,，]*+)?"
    r"(?:(?:(?:正确|最终|最后)的?)?(?:答案|选项)(?:应该|应)?[是为选]?|(?:应该|应|我)?选(?:择|项)?)"
    r"[\s:：【「]*+"
)
LEAD = rf"(?:{_ENGLISH}|{_CHINESE})"
"""Pattern of words that lead up to an answer: `The correct answer is option`, `答案是`, `选`."""

LEADING = re.compile(LEAD)


def plain(text: str) -> str:
    r"""Return a text without its LaTeX dress and its control tokens, of the same length.

    `$\boxed{\text{B}}$` and `<|begin_of_box|>B<|im_end|>` are `B` between blanks, and full-width
    letters and figures are those of ASCII.
    """
    text = text.translate(_WIDE)
    if "\\" in text or "$" in text:
        text = _BARE.sub(_blank, _without_commands(text))
    return _TOKEN.sub(_blank, text) if "<" in text else text


def boxed(text: str) -> list[tuple[int, int]]:
    r"""Return where the content of each `\boxed{…}` lies, braces inside it counted.

    Of boxes in boxes the innermost count: were each read, thousands of them would take minutes.
    """
    spans = [(start, end) for name, _, start, end in _groups(text) if name in ("boxed", "fbox")]
    following = [*(start for start, _ in spans[1:]), len(text) + 1]
    return [span for span, after in zip(spans, following, strict=False) if after > span[1]]


def unbracketed(text: str) -> str:
    """Return a text without the one pair of brackets around the whole of it: `(2)`."""
    inner = text.strip()
    closing = _PAIRS.get(inner[:1])
    if len(inner) < 2 or closing != inner[-1] or any(c in inner[1:-1] for c in _BRACKETS):
        return text
    return inner[1:-1]


def _without_commands(text: str) -> str:
    """Blank each command that dresses text, with its braces."""
    letters = [*text]
    for _, opening, start, end in _groups(text):
        letters[opening:start] = " " * (start - opening)
        letters[end] = " "
    return "".join(letters)


def _groups(text: str) -> list[tuple[str, int, int, int]]:
    """Return each command that dresses text: its name, where it and its content begin, and end."""
    groups: list[tuple[str, int, int, int]] = []
    opened: list[tuple[str, int, int]] = []
    for match in _BRACE.finditer(text):
        if match["command"] or match[0] == "{":
            opened.append((match["command"] or "", match.start(), match.end()))
        elif match[0] == "}" and opened:
            name, opening, start = opened.pop()
            if name:
                groups.append((name, opening, start, match.start()))
    return sorted(groups, key=lambda group: group[1])


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])
