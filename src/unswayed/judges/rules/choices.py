"""The options of a question as things that a thought may mention.

An option is found by its whole text, by its *core* (what sets it apart from options of the same
frame: "The car is [red]." / "The car is [blue]."), by another name, by its value where all options
are numbers, or by its letter where the context says that a letter is meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from unswayed.judges.rules.inflection import fold
from unswayed.judges.rules.names import Name

Form = Literal["letter", "text", "core", "name", "value", "paraphrase"]
"""How a mention names its option."""
_COMMON = """
a an the is are was were be been of in on at to for from by with as and or that this these those
it its there their they which what who whose where when how why do does did can could would
should will may might must has have had not no yes so than then also very only just image
picture photo figure shown following option answer question best most i we you he she his her
one
"""
STOPWORDS = frozenset(map(fold, _COMMON.split()))
_COLORED = """
red green blue yellow orange purple pink brown black white gray silver gold golden beige cyan
magenta violet turquoise teal maroon navy cream tan
"""
COLORS = frozenset(_COLORED.split())


@dataclass(frozen=True)
class Choice:
    """One option, ready to be looked for.

    Attributes:
        letter: its letter.
        full: its tokens without a leading article.
        core: the tokens that set it apart.
        value: its number where the question's options are all numbers.
        decimals: digits after the point of that number.
        unit: the word after it.
        relation: the spatial relation that it says and nothing more.
        polarity: True for yes, False for no.
        none: it says that none of the others fits.
        every: it says that all of the others fit.
        words: content words that no other option has.
        names: what else it may be called.
    """

    letter: str
    full: tuple[str, ...]
    core: tuple[str, ...]
    value: float | None = None
    decimals: int = 0
    relation: str | None = None
    polarity: bool | None = None
    none: bool = False
    words: frozenset[str] = frozenset()
    names: tuple[Name, ...] = ()
    unit: str | None = None
    every: bool = False


@dataclass(frozen=True)
class Pattern:
    """Words by which an option may be mentioned.

    Attributes:
        choice: the option.
        form: how they name it.
        words: the words, folded.
        stems: the same without verb endings.
    """

    choice: Choice
    form: Form
    words: Name
    stems: Name


@dataclass(frozen=True)
class AnalysedQuestion:
    """A question and its options, analysed once.

    Attributes:
        choices: the options in order.
        numeric: all options (but a "none") are numbers of different value.
        polar: letters of yes and no, or None.
        spatial: all options are spatial relations.
        compared: words of the question's comparison and of its opposite, or None.
        points: the options' cores are single letters ("A is closer"), not to be mixed up with
            the options' own letters.
        subject: content words before the relation that is asked about.
        object: content words after it.
        relation: the relation that a yes/no question asks about.
        frame: content words of the question and of what the options share.
        negative: it asks which option does not fit ("Which is NOT visible?").
        fixed: pairs of neighbouring words in what the options share ("pink-haired"), in which an
            option's word says something else.
        target: those of them that say what is sought ("Find the radius": radius).
        patterns: stem of a first word → what may begin with it.
        joined: the letters of a compound run together → what it says ("snowmobile").
        letters: letters of the options.
        asked: the question's words in order.
    """

    choices: tuple[Choice, ...]
    numeric: bool
    polar: tuple[str, str] | None
    spatial: bool
    compared: tuple[frozenset[str], frozenset[str]] | None
    points: bool
    subject: frozenset[str]
    object: frozenset[str]
    relation: str | None
    frame: frozenset[str]
    negative: bool
    fixed: frozenset[tuple[str, str]]
    target: frozenset[str]
    patterns: Mapping[str, tuple[Pattern, ...]]
    joined: Mapping[str, Pattern]
    letters: frozenset[str]
    asked: tuple[str, ...]

    def choice(self, letter: str) -> Choice:
        """Return the option with a letter."""
        return next(choice for choice in self.choices if choice.letter == letter)


def content(words: Sequence[str]) -> frozenset[str]:
    """Return the words that carry meaning."""
    return frozenset(word for word in words if word not in STOPWORDS)
