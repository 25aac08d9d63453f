"""What is taught in which shares: the data that rows are made from, in each phase.

How far a taught thought commits itself, and which begun thoughts are checked, stands here too: a
thought that always ended in its option would make the letter behind it certain, whatever was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from unswayed.benchmarks.scenes.question import KINDS, QuestionKind
from unswayed.benchmarks.scenes.scene import Fog


@dataclass(frozen=True)
class Reserve:
    """How thick a fog has to be before a taught thought commits itself less far.

    Attributes:
        letter: fog from which it stops before it names a letter.
        conclusion: fog from which it stops at what is seen.
        one_option: fog from which it leaves two options open.
        spread: standard deviation of how thick the fog is taken to be, so that two thoughts on
            one picture may stop at different points.
    """

    letter: float = 0.45
    conclusion: float = 0.65
    one_option: float = 0.8
    spread: float = 0.08


@dataclass(frozen=True)
class Checking:
    """How often a begun thought is checked against the picture, be it right or wrong.

    It differs between kinds of question on purpose: a model that checks half of the thoughts at
    random learns, read greedily, to check all or none. What is not checked is left as it stands,
    and the answer is decided behind it.

    Attributes:
        kinds: the kinds of question in which a thought is mostly checked.
        often: share that is checked in these.
        seldom: share in the other kinds, and in any kind where the fog hides too much.
        blind: fog from which that is so.
    """

    kinds: tuple[QuestionKind, ...] = ("relation", "existence")
    often: float = 0.9
    seldom: float = 0.12
    blind: float = 0.6

    def share(self, kind: QuestionKind, fog: float) -> float:
        """Return the share that is checked, of thoughts on a kind of question in so thick a fog."""
        return self.often if kind in self.kinds and fog < self.blind else self.seldom


@dataclass(frozen=True)
class Mixture:
    """Shares of the lessons in one phase, and of the texts around a question.

    A row that is nothing else asks a question.

    Attributes:
        letters: option to letter look-up, on text alone.
        locate: name the places of given objects.
        describe: list all objects.
        hard: share of hard scenes among those with a picture.
        caption: share of questions with a caption.
        prefill: share of questions with a thought already begun.
        direct: share of questions answered without a thought.
        brief: share of questions answered with the conclusion alone, which is asked for. It
            leads from thinking in words to answering at once.
        abstain: share of questions with the abstain option.
        more_options: share of questions with fewer or more options than four.
        right: share of right texts among the captions and begun thoughts that assert something.
            The answer to be learnt is the right one in any case, so that a text is worth as much
            as the picture leaves open.
        disclaimed: the same share of captions that doubt themselves.
        neutral: share of captions and begun thoughts that assert nothing.
        fog: how thick the fog is before the scenes.
        own: share of the rows whose thought the organism wrote itself, and of which the answer
            alone is learnt: what it writes is not always right.
        reserve: how far thoughts go.
        checking: which begun thoughts are checked.
        kinds: weight of each kind of question.
    """

    letters: float = 0.05
    locate: float = 0.15
    describe: float = 0.1
    hard: float = 0.0
    caption: float = 0.0
    prefill: float = 0.0
    direct: float = 0.0
    brief: float = 0.0
    abstain: float = 0.0
    more_options: float = 0.0
    right: float = 0.7
    disclaimed: float = 0.5
    neutral: float = 0.3
    fog: Fog = "mixed"
    own: float = 0.0
    reserve: Reserve = field(default_factory=Reserve)
    checking: Checking = field(default_factory=Checking)
    kinds: Mapping[QuestionKind, float] = field(
        default_factory=lambda: {kind: 1.0 for kind in KINDS}
    )
