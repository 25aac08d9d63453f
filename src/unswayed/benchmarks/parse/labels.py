"""Labels that stand in the options themselves: "(A) red", "B. blue", "3) green".

Letters in the order of the list are taken off, and so are numbers from 1. Letters in another order
say which option is which, since golds name them: the options are put in their order. What labels
that are repeated or missing mean is not known: such a list is refused. A letter with a stop or a
colon may also be the start of a text ("C. elegans"), so it counts as a label only beside others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from unswayed.errors import DataError
from unswayed.types import LETTERS

_LETTER = re.compile(
    r"\s*(?:(?:[(（](?P<both>[A-Za-z])[)）]|(?P<behind>[A-Za-z])[)）])"
    r"|(?P<stop>[A-Za-z])(?:[.．、](?!\w\.)|[:：]))\s*(?P<text>.*)",  # not "E.g."
    re.DOTALL,
)
_NUMBER = re.compile(
    r"\s*(?:[(（](?P<both>\d{1,2})[)）]\s*|(?P<behind>\d{1,2})(?:[)）]|[.．:：](?=\s)|、)\s*)"
    r"(?P<text>.*)",
    re.DOTALL,
)
_OWN_COLUMNS = "give each option a column of its own (A, B, …)"


@dataclass(frozen=True)
class Entry:
    """An option that begins with a letter and a mark.

    Attributes:
        letter: the letter, large.
        text: what follows it.
        bracketed: whether a bracket closes behind the letter, so that it is a label for sure.
    """

    letter: str
    text: str
    bracketed: bool


def unlabelled(texts: Sequence[str], *, keep_order: bool = False) -> list[str]:
    """Return the options of a list without their labels, in the order of the labels.

    Args:
        texts: the options as they are listed, at most 26.
        keep_order: whether something else counts the options by their place in the list, so that
            labels in another order could be meant, or the places.

    Raises:
        DataError: labels are repeated or missing, numbers are out of order, one option is nothing
            but its label, or the labels are out of order and `keep_order` says that places count.
    """
    entries = [_entry(text) for text in texts]
    labelled = [entry for entry in entries if entry is not None]
    if not labelled:
        return _without_numbers(texts)
    if len(labelled) < len(texts):
        _refuse_half_labelled(entries)
        return list(texts)
    found, wanted = [entry.letter for entry in labelled], LETTERS[: len(texts)]
    if sorted(found) != list(wanted):
        if any(entry.bracketed for entry in labelled) or _count_options(found, wanted):
            raise _wrong_labels(found, wanted)
        return list(texts)
    in_order = found == list(wanted)
    marks_alone = len({entry.text for entry in labelled}) == 1
    if not in_order and (keep_order or marks_alone):
        why = "are all that tells them apart" if marks_alone else "are counted by their places, too"
        raise DataError(
            f"the options are labelled {', '.join(found)} and {why}: list them in the order "
            f"{', '.join(wanted)}, or {_OWN_COLUMNS}"
        )
    return _ordered(texts, labelled)


def without_own_labels(options: dict[str, str]) -> dict[str, str]:
    """Return options that have their letters from columns or keys, without the same ones inside.

    Raises:
        DataError: the texts bear the same letters in another order.
    """
    labelled = [entry for text in options.values() if (entry := _entry(text)) is not None]
    found = [entry.letter for entry in labelled]
    if len(labelled) < len(options) or sorted(found) != list(options):
        return options
    if found != list(options):
        raise DataError(
            f"the options {', '.join(options)} bear the labels {', '.join(found)} in their texts; "
            "leave one of the two out"
        )
    return dict(zip(options, _ordered(list(options.values()), labelled), strict=True))


def numbered_text(text: str) -> tuple[int, str] | None:
    """Return the number and the rest of a text that begins with a number as a label."""
    match = _NUMBER.fullmatch(text)
    return (int(match["both"] or match["behind"]), match["text"].strip()) if match else None


def _entry(text: str) -> Entry | None:
    match = _LETTER.fullmatch(text)
    if match is None:
        return None
    bracketed = match["both"] or match["behind"]
    letter = (bracketed or match["stop"]).upper()
    return Entry(letter, match["text"].strip(), bool(bracketed))


def _count_options(found: Sequence[str], wanted: str) -> bool:
    """Tell labels from the initials of names ("A. Miller", "C. Jones") where neither is sure."""
    known = [(place, letter) for place, letter in enumerate(found) if letter in wanted]
    return len(known) > 1 or any(wanted[place] != letter for place, letter in known)


def _ordered(texts: Sequence[str], labelled: Sequence[Entry]) -> list[str]:
    """Return the texts behind labels that are all there, in the labels' order.

    Where labels are all that tells the options apart ("(A) is closer"), they are marks in the
    picture and belong to the texts.
    """
    if len({entry.text for entry in labelled}) == 1:
        return list(texts)
    empty = [entry.letter for entry in labelled if not entry.text]
    if empty:
        raise DataError(f"expected a text for every option; option {empty[0]} is empty")
    return [entry.text for entry in sorted(labelled, key=lambda entry: entry.letter)]


def _without_numbers(texts: Sequence[str]) -> list[str]:
    pairs = [numbered_text(text) for text in texts]
    numbers = [pair[0] for pair in pairs if pair is not None and pair[1]]
    wanted = list(range(1, len(texts) + 1))
    if sorted(numbers) != wanted or len(texts) < 2:
        return list(texts)
    if numbers != wanted:
        raise DataError(
            f"the options are numbered {', '.join(map(str, numbers))}, so A could be the first or "
            "number 1; list them in order, or leave the numbers out"
        )
    return [pair[1] for pair in pairs if pair is not None]


def _refuse_half_labelled(entries: Sequence[Entry | None]) -> None:
    """Refuse a list in which some labels are lost; a few that agree with their place are text."""
    wanted = LETTERS[: len(entries)]
    labels = {place: entry for place, entry in enumerate(entries) if entry is not None}
    sure = any(entry.bracketed for entry in labels.values())
    if not sure and not all(entry.letter in wanted for entry in labels.values()):
        return
    agree = all(wanted[place] == entry.letter for place, entry in labels.items())
    between = max(labels) - min(labels) + 1 > len(labels)
    most = len(labels) > len(entries) - len(labels)
    if (sure and not agree) or ((between or most) and len(labels) > 1):
        without = next(place for place, entry in enumerate(entries, 1) if entry is None)
        raise DataError(
            f"{len(labels)} of {len(entries)} options bear labels "
            f"({', '.join(entry.letter for entry in labels.values())}), and number {without} of "
            f"the list bears none; label all or none, or {_OWN_COLUMNS}"
        )


def _wrong_labels(found: Sequence[str], wanted: str) -> DataError:
    twice = next((letter for letter in found if found.count(letter) > 1), None)
    what = (
        f"{twice} is there {found.count(twice)} times"
        if twice
        else f"{next(letter for letter in wanted if letter not in found)} is missing"
    )
    return DataError(
        f"expected options labelled {', '.join(wanted)}, found {', '.join(found)}: {what}; mend "
        f"the labels, or if they belong to the texts {_OWN_COLUMNS}"
    )
