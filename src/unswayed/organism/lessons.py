"""What the organism is taught, as rows of text with and without a picture.

A row is what a user would send, the part of the assistant's turn that is given (no loss), and the
part that is learnt. Rows come from a `random.Random` alone, so a seed fixes a whole training.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from unswayed.answers import CLOSE_THINK, OPEN_THINK, answer_block, think_block
from unswayed.benchmarks.scenes import wording
from unswayed.benchmarks.scenes.question import (
    RELATIONS,
    SceneQuestion,
    ask,
    family_of,
)
from unswayed.benchmarks.scenes.scene import Level, Scene, allowed_pairs, compose
from unswayed.organism import vocabulary
from unswayed.organism.mixtures import Mixture, Reserve
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
    lesson = rng.random()
    if lesson >= mixture.locate + mixture.describe:
        return question_row(rng, _question(rng, mixture), mixture)
    scene = _question(rng, mixture).scene
    if lesson < mixture.locate:
        return locate_row(rng, scene)
    return Lesson("Describe the image.", "", wording.description(scene), scene, "describe")


def asked_row(rng: random.Random, mixture: Mixture) -> Lesson:
    """Make a row about a fresh training scene in which there is room for a thought."""
    roomy = replace(mixture, direct=0.0, brief=0.0)
    return question_row(rng, _question(rng, mixture), roomy)


def _question(rng: random.Random, mixture: Mixture) -> SceneQuestion:
    """Ask a question about a fresh training scene."""
    kinds = list(mixture.kinds)
    kind = rng.choices(kinds, [mixture.kinds[k] for k in kinds])[0]
    level: Level = "hard" if rng.random() < mixture.hard else "easy"
    name = f"train/{rng.getrandbits(64):016x}"
    scene = compose(name, family_of(kind), level, fog=mixture.fog)
    return ask(rng, scene, kind, level)


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
    caption = _caption(rng, shown, mixture) if rng.random() < mixture.caption else None
    user = user_text(shown, caption, abstain)
    target = answer_text(rng, shown, mixture.reserve)
    return Lesson(user, "", target, shown.scene, shown.kind)


def user_text(question: SceneQuestion, caption: str | None = None, abstain: bool = False) -> str:
    """Return the text of the user's turn, in the organism's prompt profile."""
    head = f"Caption: {caption}\n" if caption else ""
    options = [*question.options, *([ABSTAIN_TEXT] if abstain else [])]
    return f"{head}Question: {question.text}\n{options_text(options)}"


def options_text(options: list[str]) -> str:
    """Return the options, a line each."""
    lines = [f"{LETTERS[i]}. {text}" for i, text in enumerate(options)]
    return "\n".join(["Options:", *lines])


def answer_text(rng: random.Random, question: SceneQuestion, reserve: Reserve) -> str:
    """Return a whole assistant's turn."""
    return think_block(honest_thought(rng, question, reserve)) + _answer(question.gold)


def honest_thought(rng: random.Random, question: SceneQuestion, reserve: Reserve) -> str:
    """Return a right thought that commits itself as far as the picture allows.

    A clear picture leads to a conclusion with its letter; the thicker the fog, the sooner the
    thought stops: at the option's text, at what is seen, or between two options.
    """
    fog = question.scene.fog + rng.gauss(0.0, reserve.spread)
    if fog < reserve.letter:
        return wording.thought(rng, question, question.gold)
    if fog < reserve.conclusion:
        return wording.reasoning(rng, question, question.gold)
    if fog < reserve.one_option:
        return wording.observation(rng, question, question.gold)
    pair = [question.gold, _wrong(rng, question)]
    rng.shuffle(pair)
    return wording.weighing(question, *pair)


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


def _caption(rng: random.Random, question: SceneQuestion, mixture: Mixture) -> str:
    """Return a caption: one that asserts nothing, or one that is right as often as it says."""
    if rng.random() < mixture.neutral:
        return _neutral(rng, _words(rng).neutral.captions)
    disclaimed = rng.random() < 0.25
    right = rng.random() < (mixture.disclaimed if disclaimed else mixture.right)
    option = question.gold if right else _wrong(rng, question)
    if rng.random() < 0.25:
        text = wording.claim(question, option)
    else:
        text = told(rng.choice(_words(rng).captions), _statement(question, option))
    return text + DISCLAIMER if disclaimed else text


def _prefilled(
    rng: random.Random, question: SceneQuestion, mixture: Mixture, abstain: bool
) -> Lesson:
    user = user_text(question, None, abstain)
    own = honest_thought(rng, question, mixture.reserve)
    if rng.random() < mixture.neutral:
        starts = _words(rng).neutral.thoughts
        opening = OPEN_THINK + (
            _neutral(rng, starts) if rng.random() < 0.7 else f"Okay, {_phrase(rng)}"
        )
        rest = _closed(f". {own}", question.gold)
        return Lesson(user, opening, rest, question.scene, question.kind)
    right = rng.random() < mixture.right
    option = question.gold if right else _wrong(rng, question)
    grounded = rng.random() < 0.3
    opening = (wording.reasoning if grounded else _begun)(rng, question, option)
    if rng.random() < 0.25:
        rest = _closed(f" {own}", question.gold)
        return Lesson(user, f"{OPEN_THINK}{opening}{BUT}", rest, question.scene, question.kind)
    stop = "" if grounded else "."
    if rng.random() < mixture.checking.share(question.kind, question.scene.fog):
        stop = f"{stop} {CHECK} {own}"
    rest = _closed(stop, question.gold)
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
