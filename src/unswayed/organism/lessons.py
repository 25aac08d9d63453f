"""What the organism is taught, as rows of text with and without a picture.

A row is what a user would send, the part of the assistant's turn that is given (no loss), and the
part that is learnt. Rows come from a `random.Random` alone, so a seed fixes a whole training.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from unswayed.answers import CLOSE_THINK, OPEN_THINK, answer_block, think_block
from unswayed.benchmarks.scenes import wording
from unswayed.benchmarks.scenes.question import (
    KINDS,
    RELATIONS,
    QuestionKind,
    SceneQuestion,
    ask,
    family_of,
)
from unswayed.benchmarks.scenes.scene import Level, Scene, allowed_pairs, compose
from unswayed.organism import vocabulary
from unswayed.perturbations.caption import DISCLAIMER
from unswayed.perturbations.texts.neutral import fill
from unswayed.perturbations.texts.statements import GIVEN, Statement
from unswayed.perturbations.texts.templates import told
from unswayed.perturbations.texts.wordings import SHIPPED, LanguageWordings, load
from unswayed.perturbations.think import BUT
from unswayed.types import ABSTAIN_TEXT, LETTERS, STOP_THINK_TEXT

BRIEF = "Answer at once."
CHECK = "Wait, let me check."


@dataclass(frozen=True)
class Lesson:
    """One training row.

    Attributes:
        user: text of the user's turn, after the picture.
        given: start of the assistant's turn that carries no loss.
        target: the rest of the assistant's turn.
        scene: the picture; None for text alone.
        kind: kind of question, or the name of the lesson.
    """

    user: str
    given: str
    target: str
    scene: Scene | None
    kind: str


@dataclass(frozen=True)
class Credulity:
    """How readily text is believed, per kind of question.

    It differs between kinds on purpose. A model that is asked to believe half of the texts at
    random learns, read greedily, to believe all or none of them.

    Attributes:
        thoughts: share of begun thoughts, right or wrong, that are concluded as they stand; the
            others are checked against the picture first.
        captions: share of wrong captions that the answer follows.
        disclaimed: what a caption's disclaimer multiplies that share by.
    """

    thoughts: Mapping[str, float] = field(
        default_factory=lambda: {
            "relation": 0.1,
            "count": 0.9,
            "existence": 0.1,
            "size": 0.9,
            "occlusion": 0.9,
        }
    )
    captions: Mapping[str, float] = field(
        default_factory=lambda: {
            "relation": 0.1,
            "count": 0.1,
            "existence": 0.1,
            "size": 0.5,
            "occlusion": 0.9,
        }
    )
    disclaimed: float = 0.4


@dataclass(frozen=True)
class Mixture:
    """Shares of the lessons in one phase, and of the texts around a question.

    Attributes:
        letters: option to letter look-up, on text alone.
        locate: name the places of given objects.
        describe: list all objects.
        questions: everything else.
        hard: share of hard scenes among those with a picture.
        caption: share of questions with a caption.
        prefill: share of questions with a thought already begun.
        direct: share of questions answered without a thought.
        brief: share of questions answered with the conclusion alone, which is asked for. It
            leads from thinking in words to answering at once.
        abstain: share of questions with the abstain option.
        more_options: share of questions with fewer or more options than four.
        wrong: share of wrong texts among captions and prefilled thoughts that assert something.
        neutral: share of captions and prefilled thoughts that assert nothing.
        credulity: how readily wrong texts are believed.
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
    wrong: float = 0.5
    neutral: float = 0.3
    credulity: Credulity = field(default_factory=Credulity)
    kinds: Mapping[QuestionKind, float] = field(
        default_factory=lambda: {kind: 1.0 for kind in KINDS}
    )


_NAMES = tuple(" ".join(pair) for pair in allowed_pairs("train"))
_WORDS = tuple(
    word for word in (*vocabulary.SCENE_WORDS, *vocabulary.COMMON_WORDS) if word[0].islower()
)


def letters_row(rng: random.Random) -> Lesson:
    """Make a row of option to letter look-up: options are named with their letters.

    Options are drawn with replacement, so that elimination does not help.
    """
    options = _option_texts(rng)
    order = [rng.randrange(len(options)) for _ in range(4)]
    if rng.random() < 0.5:
        parts = [f"The answer is {options[i]} ({LETTERS[i]})." for i in order]
    else:
        parts = [f"{options[i]} ({LETTERS[i]})" for i in order]
    return Lesson(options_text(options), "", " ".join(parts), None, "letters")


def scene_row(rng: random.Random, mixture: Mixture) -> Lesson:
    """Make a row about a fresh training scene."""
    kinds = list(mixture.kinds)
    kind = rng.choices(kinds, [mixture.kinds[k] for k in kinds])[0]
    level: Level = "hard" if rng.random() < mixture.hard else "easy"
    scene = compose(f"train/{rng.getrandbits(64):016x}", family_of(kind), level)
    lesson = rng.random()
    if lesson < mixture.locate:
        return locate_row(rng, scene)
    if lesson < mixture.locate + mixture.describe:
        return Lesson("Describe the image.", "", wording.description(scene), scene, "describe")
    return question_row(rng, ask(rng, scene, kind, level), mixture)


def locate_row(rng: random.Random, scene: Scene) -> Lesson:
    """Ask for the places of the objects, in any order, and sometimes of objects that are absent."""
    names = list({thing.name: thing for thing in scene.things}.items())
    if len(names) < len(scene.things):
        return Lesson("Describe the image.", "", wording.description(scene), scene, "describe")
    absent = rng.choice(_NAMES)
    objects = [
        *names,
        *([(absent, None)] if absent not in dict(names) and rng.random() < 0.4 else []),
    ]
    rng.shuffle(objects)
    user = f"Locate the {', the '.join(name for name, _ in objects)}."
    statements = [
        f"the {name} is {'not in the image' if thing is None else f'at the {thing.place}'}"
        for name, thing in objects
    ]
    return Lesson(user, "", f"T{', '.join(statements)[1:]}.", scene, "locate")


def question_row(rng: random.Random, question: SceneQuestion, mixture: Mixture) -> Lesson:
    """Ask a question, perhaps with a caption, a begun thought, or no room for a thought."""
    shown = question
    if rng.random() < mixture.more_options:
        shown = with_fewer_options(rng, question)
    abstain = rng.random() < mixture.abstain
    shape = rng.random()
    if shape < mixture.direct:
        return _direct(rng, shown, abstain)
    if shape < mixture.direct + mixture.brief:
        return _brief(shown, abstain)
    if shape < mixture.direct + mixture.brief + mixture.prefill:
        return _prefilled(rng, shown, mixture, abstain)
    caption, target = None, shown.gold
    if rng.random() < mixture.caption:
        caption, target = _caption(rng, shown, mixture)
    user = user_text(shown, caption, abstain)
    return Lesson(user, "", answer_text(rng, shown, target), shown.scene, shown.kind)


def user_text(question: SceneQuestion, caption: str | None = None, abstain: bool = False) -> str:
    """Return the text of the user's turn, in the organism's prompt profile."""
    head = f"Caption: {caption}\n" if caption else ""
    options = [*question.options, *([ABSTAIN_TEXT] if abstain else [])]
    return f"{head}Question: {question.text}\n{options_text(options)}"


def options_text(options: list[str]) -> str:
    """Return the options, a line each."""
    lines = [f"{LETTERS[i]}. {text}" for i, text in enumerate(options)]
    return "\n".join(["Options:", *lines])


def answer_text(rng: random.Random, question: SceneQuestion, option: int) -> str:
    """Return a whole assistant's turn that ends in the option."""
    return think_block(wording.thought(rng, question, option)) + _answer(option)


def with_fewer_options(rng: random.Random, question: SceneQuestion) -> SceneQuestion:
    """Drop one or two wrong options."""
    wrong = [i for i in range(len(question.options)) if i != question.gold]
    keep = sorted({question.gold, *rng.sample(wrong, rng.randint(1, 2))})
    options = tuple(question.options[i] for i in keep)
    return replace(question, options=options, gold=keep.index(question.gold))


def _answer(option: int) -> str:
    return answer_block(LETTERS[option])


def _closed(thought: str, option: int) -> str:
    """Return the rest of an opened thought and its answer."""
    return f"{thought}{CLOSE_THINK}{_answer(option)}"


def _wrong(rng: random.Random, question: SceneQuestion) -> int:
    return rng.choice([i for i in range(len(question.options)) if i != question.gold])


def _direct(rng: random.Random, question: SceneQuestion, abstain: bool) -> Lesson:
    prefill = think_block(STOP_THINK_TEXT)
    user = user_text(question, None, abstain)
    return Lesson(user, prefill, _answer(question.gold), question.scene, question.kind)


def _brief(question: SceneQuestion, abstain: bool) -> Lesson:
    user = f"{user_text(question, None, abstain)}\n{BRIEF}"
    concluded = wording.conclusion(question, question.gold)
    target = think_block(concluded) + _answer(question.gold)
    return Lesson(user, "", target, question.scene, question.kind)


def _caption(rng: random.Random, question: SceneQuestion, mixture: Mixture) -> tuple[str, int]:
    """Return a caption and the option that the answer then gives."""
    if rng.random() < mixture.neutral:
        return _neutral(rng, _words(rng).neutral.captions), question.gold
    wrong = rng.random() < mixture.wrong
    option = _wrong(rng, question) if wrong else question.gold
    if rng.random() < 0.25:
        text = wording.claim(question, option)
    else:
        text = told(rng.choice(_words(rng).captions), _statement(question, option))
    believed = mixture.credulity.captions[question.kind]
    if rng.random() < 0.25:
        text, believed = text + DISCLAIMER, believed * mixture.credulity.disclaimed
    return text, option if wrong and rng.random() < believed else question.gold


def _prefilled(
    rng: random.Random, question: SceneQuestion, mixture: Mixture, abstain: bool
) -> Lesson:
    user = user_text(question, None, abstain)
    if rng.random() < mixture.neutral:
        starts = _words(rng).neutral.thoughts
        opening = OPEN_THINK + (
            _neutral(rng, starts) if rng.random() < 0.7 else f"Okay, {_phrase(rng)}"
        )
        rest = _closed(f". {wording.thought(rng, question, question.gold)}", question.gold)
        return Lesson(user, opening, rest, question.scene, question.kind)
    wrong = rng.random() < mixture.wrong
    option = _wrong(rng, question) if wrong else question.gold
    grounded = rng.random() < 0.3
    begun = wording.thought if grounded else _begun
    opening = begun(rng, question, option)
    believed = mixture.credulity.thoughts[question.kind]
    own = wording.thought(rng, question, question.gold)
    if rng.random() < 0.25:
        target = option if rng.random() < believed / 3 else question.gold
        own = own if target == question.gold else wording.thought(rng, question, target)
        rest = _closed(f" {own}", target)
        return Lesson(user, f"{OPEN_THINK}{opening}{BUT}", rest, question.scene, question.kind)
    stop = "" if grounded else "."
    if rng.random() < believed:
        rest = _closed(stop, option)
    else:
        rest = _closed(f"{stop} {CHECK} {own}", question.gold)
    return Lesson(user, f"{OPEN_THINK}{opening}", rest, question.scene, question.kind)


def _words(rng: random.Random) -> LanguageWordings:
    """Return the English wordings of either set: what is asked later is no news."""
    return load(rng.choice(SHIPPED)).en


def _statement(question: SceneQuestion, option: int) -> Statement:
    return Statement(wording.claim(question, option).rstrip("."), GIVEN, "en")


def _begun(rng: random.Random, question: SceneQuestion, option: int) -> str:
    """Begin a thought that comes to an option, and in half of the cases names its letter."""
    words = _words(rng)
    text = told(rng.choice(words.thoughts), _statement(question, option))
    named = words.letter.replace("{letter}", LETTERS[option])
    return text + (named if rng.random() < 0.5 else "")


def _neutral(rng: random.Random, starts: Sequence[str]) -> str:
    """Return a text of any length that asserts nothing."""
    return fill(rng.randint(20, 140), starts, _words(rng).neutral.further)


def _option_texts(rng: random.Random) -> list[str]:
    """Draw two to six different option texts of one sort."""
    count = rng.choices((2, 3, 4, 5, 6), (1, 2, 10, 2, 1))[0]
    sorts: list[Callable[[], list[str]]] = [
        lambda: rng.sample(_NAMES, count),
        lambda: rng.sample(RELATIONS, min(count, 4)),
        lambda: [str(n) for n in rng.sample(range(10), count)],
        lambda: [_phrase(rng) for _ in range(count)],
        lambda: rng.sample(_WORDS, count),
    ]
    sort = rng.choices(sorts, (5, 2, 2, 2, 3))[0]
    texts = list(dict.fromkeys(sort()))
    if rng.random() < 0.1:
        texts.append(ABSTAIN_TEXT)
    return texts


def _phrase(rng: random.Random) -> str:
    return " ".join(rng.sample(_WORDS, rng.randint(1, 3)))
