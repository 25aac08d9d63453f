"""Options, in the many ways in which data sets write them.

Nothing is guessed: what can be read in two ways is refused with a message that says how to decide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from unswayed.benchmarks.parse.labels import unlabelled, without_own_labels
from unswayed.benchmarks.sources.fields import as_text, is_absent, short
from unswayed.benchmarks.sources.literals import parse_literal
from unswayed.errors import DataError
from unswayed.types import LETTERS

# The ways in which a label is written: "(A) ", "A. ", "A) ", "A: ", and their full-width forms.
_STYLES = (
    r"[(（]([A-Z])[)）]",
    r"([A-Z])[.．、](?!\w\.)",  # not "E.g."
    r"([A-Z])[)）]",
    r"([A-Z])[:：]",
)
_AT_LINE_START = tuple(re.compile(rf"^[ \t]*{style}[ \t]*", re.MULTILINE) for style in _STYLES)
_INLINE = re.compile(r"(?<![^\s.,;:?!。，；：？！])[(（]([A-Z])[)）][ \t]*")
_SENTENCE_END = ("?", ".", ":", "!", "？", "。", "：", "！")

# Lines around embedded options that speak of the answer's form: the prompt profile says that.
_LEAD_IN = re.compile(
    r"(?:^|(?<=\s))(?:select from the following choices\.?|(?:the )?(?:options|choices)"
    r"(?: are listed below)?:)\s*\Z",
    re.IGNORECASE,
)
_INSTRUCTION = re.compile(
    r"(?:answer with the option'?s letter from the given choices(?: directly)?"
    r"|please select the correct answer from the options above"
    r"|select the best answer to the above multiple-choice question based on the image\..*"
    r"|the best answer is)[.:]?\s*",
    re.IGNORECASE,
)


def from_columns(cells: Mapping[str, Any]) -> dict[str, str]:
    """Return the options from one cell a letter; trailing absent ones are no options.

    Raises:
        DataError: a letter is absent before one that is there, or there are fewer than 2.
    """
    texts = {letter: as_text(cell) for letter, cell in cells.items() if not is_absent(cell)}
    wanted = LETTERS[: len(texts)]
    if "".join(texts) != wanted and set(texts) != set(wanted):
        missing = next(letter for letter in wanted if letter not in texts)
        raise DataError(
            f"expected options without a gap; {missing} is absent, but {max(texts)} is there"
        )
    return without_own_labels(lettered([texts[letter] for letter in wanted]))


def from_value(value: Any, *, keep_order: bool = False) -> dict[str, str]:
    """Return the options from a list, a dict by letter, or a text that holds either.

    A text may also hold the options with their labels ("A. red" on lines of their own, or
    "(A) red (B) blue").

    Args:
        value: the options.
        keep_order: refuse labels that are out of order; see `labels.unlabelled`.

    Raises:
        DataError: it holds no options, or they are not as they must be.
    """
    if isinstance(value, str):
        value = parse_literal(value)
    if isinstance(value, str):
        stem, options = from_text(value)
        if not options or stem:
            raise DataError(f"expected a list of options, found the text {short(value)}")
        return options
    if isinstance(value, dict):
        return _from_dict(cast(dict[Any, Any], value))
    if isinstance(value, list | tuple):
        return from_list(cast(Sequence[Any], value), keep_order=keep_order)
    raise DataError(f"expected a list of options, found {short(value)}")


def from_list(entries: Sequence[Any], *, keep_order: bool = False) -> dict[str, str]:
    """Return the options from a list; labels in it are taken off, and their order is followed.

    Raises:
        DataError: there are fewer than 2 or more than 26, an entry in between is absent, or
            `labels.unlabelled` refuses their labels.
    """
    if len(entries) > len(LETTERS):  # before texts are made of very many
        raise DataError(f"expected at most {len(LETTERS)} options, found {len(entries)}")
    end = max((i + 1 for i, entry in enumerate(entries) if not is_absent(entry)), default=0)
    for position, entry in enumerate(entries[:end]):
        if is_absent(entry):
            raise DataError(
                f"expected options without a gap; entry {position + 1} of {end} is absent"
            )
    texts = [as_text(entry) for entry in entries[:end]]
    return lettered(unlabelled(texts, keep_order=keep_order))


def from_text(text: str) -> tuple[str, dict[str, str]]:
    """Take the options out of a question that ends with them.

    Known layouts: labels at line starts in one style, counted from A without a gap to the last;
    or "(A) … (B) …" within a line, after the end of a sentence. Where "A" occurs several times,
    the last one opens the options. A blank line ends the last option, and what follows it is kept
    with the question; known sentences about the answer's form are left out.

    Returns:
        The question without its options, and the options; none if there are none.

    Raises:
        DataError: labels at line starts and labels within lines tell different options, or labels
            at line starts are out of order.
    """
    text = text.replace("\r\n", "\n")
    at_lines = max((_run(text, style) for style in _AT_LINE_START), key=len)
    inline = _run(text, _INLINE)
    if inline and not _opens_options(text, inline[0]):
        inline = []
    if at_lines and len(inline) > len(at_lines) and _texts(text, inline)[-1]:
        raise DataError(
            f"the options in the question can be read in two ways, as {len(at_lines)} or as "
            f"{len(inline)}; give them in a column or list of their own"
        )
    labels = at_lines or inline
    if not labels:
        return text.strip(), {}
    if at_lines:
        _refuse_lost(text, labels)
    texts = _texts(text, labels)
    texts[-1], rest = _split_rest(texts[-1])
    stem = _LEAD_IN.sub("", text[: labels[0].start()].strip()).strip()
    return "\n".join(part for part in (stem, rest) if part), lettered(texts)


def lettered(texts: Sequence[str]) -> dict[str, str]:
    """Give letters from A to texts.

    Raises:
        DataError: there are fewer than 2 or more than 26, or one is empty.
    """
    if not 2 <= len(texts) <= len(LETTERS):
        raise DataError(f"expected 2 to {len(LETTERS)} options, found {len(texts)}")
    options = dict(zip(LETTERS, [text.strip() for text in texts], strict=False))
    if not all(options.values()):
        empty = next(letter for letter, text in options.items() if not text)
        raise DataError(f"expected a text for every option; option {empty} is empty")
    return options


def _run(text: str, label: re.Pattern[str]) -> list[re.Match[str]]:
    """Return the labels from the last A on, if they count up without a gap and are at least 2."""
    matches = list(label.finditer(text))
    starts = [i for i, match in enumerate(matches) if match[1] == "A"]
    run = matches[starts[-1] :] if starts else []
    in_order = "".join(match[1] for match in run) == LETTERS[: len(run)]
    return run if in_order and len(run) >= 2 else []


def _refuse_lost(text: str, labels: Sequence[re.Match[str]]) -> None:
    """Refuse options in another order than that of their labels, of which the first are lost.

    That is a label in front of A which goes on behind the last one ("C. …, A. …, B. …"), unless a
    list of its own ends with it.
    """
    before = list(labels[0].re.finditer(text[: labels[0].start()]))
    if not before or before[-1][1] not in LETTERS[len(labels) :]:
        return
    if not _in_order([match[1] for match in before]):
        found = ", ".join(match[1] for match in (*before, *labels))
        raise DataError(
            f"the options in the question are labelled {found}: list them in order, or give them "
            "in a column or list of their own"
        )


def _in_order(letters: Sequence[str]) -> bool:
    """Say whether letters end with a list that counts up from A without a gap."""
    start = max((i for i, letter in enumerate(letters) if letter == "A"), default=len(letters))
    run = letters[start:]
    return len(run) > 1 and "".join(run) == LETTERS[: len(run)]


def _opens_options(text: str, first: re.Match[str]) -> bool:
    """Tell "…? (A) yes (B) no" from "Is point (A) above point (B)?"."""
    before = text[: first.start()].rstrip()
    return not before or before.endswith(_SENTENCE_END)


def _texts(text: str, labels: Sequence[re.Match[str]]) -> list[str]:
    ends = [match.start() for match in labels[1:]] + [len(text)]
    return [text[label.end() : end].strip() for label, end in zip(labels, ends, strict=True)]


def _split_rest(last: str) -> tuple[str, str]:
    """Split what follows the last option off: after a blank line, or known instructions."""
    option, _, rest = re.sub(r"\n[ \t]*\n", "\n\n", last).partition("\n\n")
    lines = option.split("\n")
    while len(lines) > 1 and _INSTRUCTION.fullmatch(lines[-1].strip()):
        lines.pop()
    remainder = [line for line in rest.split("\n") if not _INSTRUCTION.fullmatch(line.strip())]
    return "\n".join(lines), "\n".join(remainder).strip()


def _from_dict(entries: dict[Any, Any]) -> dict[str, str]:
    cells = {str(key).strip().upper(): value for key, value in entries.items()}
    unknown = [key for key in cells if key not in LETTERS or len(key) != 1]
    if unknown or len(cells) != len(entries):
        keys = ", ".join(repr(key) for key in list(entries)[:10])
        raise DataError(f"expected the letters A, B, … as keys of the options, found {keys}")
    return from_columns(cells)
