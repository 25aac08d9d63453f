"""Quantities of a diagram: "Find the area of the figure" → "The area of the figure is 5"."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.grammar import bare, one_line, sentence
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_FIND = re.compile(
    r"(?:^|[.,;]\s*|\b(?:to|and|then)\s+)(?:find|calculate|determine|solve for|compute|evaluate"
    r"|what is|what are|what's) (?P<what>[^?]+?)\s*[.?]?\s*(?:$|(?=(?:Round|Assume|Express"
    r"|Give|Write"
    r"|If necessary|\(?Hint|Use)\b))",
    re.I,
)
_CUT = re.compile(
    r"\s*(?:\((?:hint|assume)[^)]*\)|,? (?:to the nearest|rounded to|round to|if [A-Z\\]|given that"
    r"|, given|when|in simplest|use) .*)",
    re.I,
)
_QUANTITY = re.compile(
    r"^(?:(?i:(?:the )?(?:value|measure|area|perimeter|length|circumference|radius|diameter|height"
    r"|volume|scale factor|ratio|distance|sum|slope|missing|angle|degree|surface|lateral|total)\b"
    r"|its |the figure)|m ?\\?angle|m ?\\widehat|\\?angle|[a-z]\b|[A-Z](?: ?[A-Z]){1,3}\b|\\)"
)
_LATEX = (
    (re.compile(r"\$"), ""),
    (re.compile(r"\bm ?(?:\\angle|angle|∠) ?"), "the measure of angle "),
    (re.compile(r"\bm ?\\widehat ?\{? ?"), "the measure of arc "),
    (re.compile(r"\\widehat ?\{? ?"), "arc "),
    (re.compile(r"(?:\\angle|∠) ?"), "angle "),
    (re.compile(r"\\odot ?|⊙ ?"), "circle "),
    (re.compile(r"\\(?:overline|text|mathrm) ?\{([^{}]*)\}"), r"\1"),
    (re.compile(r"(?<=[A-Z]) (?=[A-Z]\b)"), ""),
    (re.compile(r"(?<=[A-Z])\}"), ""),
)
_NUMERIC = re.compile(r"[\d\\√π/]|^[a-z]$")


def _quantity(question: Question) -> Say | None:
    """A quantity that is asked for, whose options are numbers or expressions."""
    values = question.options
    if values and not all(_NUMERIC.search(value) for value in values):
        return None
    if not values and question.kind != "number":
        return None
    found = list(_FIND.finditer(one_line(question.text)))
    for match in reversed(found):
        what = _CUT.sub("", match["what"]).strip(" .,;")
        if _QUANTITY.match(what) and len(what) < 200:
            said = _plain(what)
            return lambda option: _said(said, option)
    return None


def _plain(what: str) -> str:
    for pattern, replacement in _LATEX:
        what = pattern.sub(replacement, what)
    shape = re.match(r"^(?P<name>[a-z]) \((?:the )?(?P<part>[^)]+)\)$", what)
    return one_line(f"{shape['part']}, marked {shape['name']}," if shape else what)


def _said(what: str, option: str) -> str:
    value = bare(option).strip("$ ")
    text = f"{what} is {value}"
    if re.match(r"^[a-z] is", text):
        return one_line(f"The value of {text}")
    if re.match(r"^[A-Z]{2,4} is", text):
        return one_line(f"The length of {text}")
    return sentence(text)


FORMS = (QuestionForm("quantity", _quantity),)
