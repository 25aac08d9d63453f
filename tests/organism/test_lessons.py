"""The rows that the organism learns from say what is true, or what they are meant to say."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from unswayed.benchmarks.scenes import KINDS
from unswayed.benchmarks.scenes.question import (
    QuestionKind,
    SceneQuestion,
    ask,
    family_of,
    matching,
)
from unswayed.benchmarks.scenes.scene import HELD_OUT, Scene, Thing, compose
from unswayed.benchmarks.scenes.wording import claim, description, thought
from unswayed.judges.graph import entailed
from unswayed.organism import lessons
from unswayed.organism.curriculum import CURRICULUM, SWAYED, scaled
from unswayed.organism.mixtures import Mixture, Reserve
from unswayed.perturbations.think import BUT
from unswayed.types import LETTERS

ONLY_QUESTIONS = Mixture(letters=0, locate=0, describe=0)
ANSWER = re.compile(r"<answer>([A-Z])</answer>$")


def _questions(count: int = 40) -> list[SceneQuestion]:
    made: list[SceneQuestion] = []
    for kind in KINDS:
        for i in range(count):
            scene = compose(f"lesson/{kind}/{i}", family_of(kind))
            made.append(ask(random.Random(i), scene, kind))
    return made


def test_no_row_shows_or_names_a_held_out_pair() -> None:
    rng = random.Random(0)
    held = {" ".join(pair) for pair in HELD_OUT}
    mixture = replace(SWAYED, hard=0.5)
    for _ in range(1500):
        row = lessons.scene_row(rng, mixture)
        text = row.user + row.given + row.target
        assert not [name for name in held if name in text], text
        assert row.scene is not None
        assert not {thing.name for thing in row.scene.things} & held
        assert not [name for name in held if name in lessons.letters_row(rng).user]


def test_gold_thoughts_tell_the_truth() -> None:
    for question in _questions():
        text = thought(random.Random(0), question, question.gold)
        assert text.endswith(f"{question.options[question.gold]} ({question.letter}).")
        if question.kind == "count":
            places = [thing.place for thing in matching(question.scene, question.counted)]
            assert re.findall(r" at the (\w+ \w+)", text) == places
            continue
        places = {f"{t.name} at the {t.place}" for t in question.scene.things}
        places |= {f"{t.name} is at the {t.place}" for t in question.scene.things}
        for found in re.findall(r"(\w+ (?:circle|square|triangle)(?: is)? at the \w+ \w+)", text):
            assert found in places


def test_wrong_thoughts_end_in_their_option() -> None:
    for question in _questions():
        wrong = (question.gold + 1) % 4
        text = thought(random.Random(0), question, wrong)
        assert text.endswith(f"The answer is {question.options[wrong]} ({'ABCD'[wrong]}).")
        assert question.options[wrong] in claim(question, wrong)
        if question.kind == "count":
            places = re.findall(r" at the (\w+ \w+)", text)
            assert len(places) == len(set(places)) == int(question.options[wrong])


@pytest.mark.parametrize(
    ("counted", "one"),
    [(("color", "red"), "a red object"), (("shape", "circle"), "a circle")],
)
def test_counting_names_nothing_but_what_is_counted(counted: tuple[str, str], one: str) -> None:
    things = (Thing("red", "circle", 10, 10, 9), Thing("red", "circle", 70, 40, 9))
    scene = Scene("s", things, "s", theme=counted)
    question = SceneQuestion("count", scene, "", ("1", "2", "3", "4"), 1, counted=counted)
    many = f"{one.removeprefix('a ')}s"
    assert thought(random.Random(0), question, 1) == (
        f"I see {one} at the top leftmost, {one} at the upper right, so there are 2 {many}. "
        "The answer is 2 (B)."
    )


def test_letter_rows_name_the_right_letters() -> None:
    rng = random.Random(1)
    for _ in range(300):
        row = lessons.letters_row(rng)
        options = dict(line.split(". ", 1) for line in row.user.split("\n")[1:])
        named = re.findall(r"\s*(?:The answer is )?([^()]+?) \(([A-Z])\)\.?", row.target)
        assert len(named) == 4
        assert all(options[letter] == text.strip() for text, letter in named)


def test_descriptions_name_every_object_once() -> None:
    scene = compose("describe", "distinct", "hard")
    text = description(scene)
    assert text.count(" at the ") == len(scene.things)
    assert all(
        f"a {thing.size} {thing.name} at the {thing.place}" in text for thing in scene.things
    )


def test_questions_without_extras_are_answered_rightly() -> None:
    rng = random.Random(2)
    for question in _questions(10):
        row = lessons.question_row(rng, question, ONLY_QUESTIONS)
        assert row.given == ""
        assert ANSWER.search(row.target).group(1) == question.letter  # type: ignore[union-attr]
        assert row.user.startswith(f"Question: {question.text}\nOptions:\nA. ")


def _about(kind: QuestionKind, fog: float) -> SceneQuestion:
    scene = compose(f"about/{kind}", family_of(kind), fog=fog)
    return ask(random.Random(kind), scene, kind)


@pytest.mark.parametrize("part", ["caption", "prefill"])
@pytest.mark.parametrize("right", [0.0, 0.7, 1.0])
def test_texts_are_right_as_often_as_told_and_the_answer_always(part: str, right: float) -> None:
    rng = random.Random(3)
    mixture = replace(
        ONLY_QUESTIONS, **{part: 1.0}, right=right, disclaimed=right, neutral=0.0, fog=0.0
    )
    for kind in KINDS:
        question = _about(kind, 0.0)
        rows = [lessons.question_row(rng, question, mixture) for _ in range(200)]
        assert {ANSWER.search(row.target)[1] for row in rows} == {question.letter}  # type: ignore[index]
        options = {LETTERS[i]: text for i, text in enumerate(question.options)}
        texts = [row.given or row.user.partition("\nQuestion:")[0] for row in rows]
        told = [
            entailed(text.removesuffix(BUT), question.text, options) == options[question.letter]
            for text in texts
        ]
        assert abs(sum(told) / len(told) - right) < 0.12, kind


def test_captions_that_doubt_themselves_are_right_less_often() -> None:
    rng = random.Random(4)
    mixture = replace(ONLY_QUESTIONS, caption=1.0, right=1.0, disclaimed=0.0, neutral=0.0)
    question = _about("size", 0.0)
    claimed = claim(question, question.gold).rstrip(".").casefold()
    doubted: set[bool] = set()
    for _ in range(100):
        caption = lessons.question_row(rng, question, mixture).user.partition("\n")[0].casefold()
        doubts = "could be wrong" in caption
        assert (claimed in caption) != doubts
        doubted.add(doubts)
    assert doubted == {True, False}


@pytest.mark.parametrize("kind", KINDS)
def test_thoughts_go_as_far_as_the_fog_allows(kind: QuestionKind) -> None:
    rng, reserve = random.Random(5), Reserve(spread=0.0)
    thoughts = [
        lessons.honest_thought(rng, _about(kind, fog), reserve) for fog in (0.0, 0.5, 0.7, 0.9)
    ]
    question = _about(kind, 0.0)
    options = {LETTERS[i]: text for i, text in enumerate(question.options)}
    gold = question.options[question.gold]
    named, concluded, seen, weighed = thoughts
    assert named.endswith(f"({question.letter}).")
    assert "The answer is" not in concluded
    assert [entailed(text, question.text, options) for text in (named, concluded)] == [gold, gold]
    # Of the largest object the place alone is seen, which names no option.
    assert entailed(seen, question.text, options) == (None if kind == "size" else gold)
    assert seen.endswith(".")
    assert ", so " not in seen
    assert entailed(weighed, question.text, options) is None
    assert gold in weighed


def test_two_thoughts_on_one_picture_may_stop_at_different_points() -> None:
    rng, question = random.Random(6), _about("relation", 0.45)
    named = ["(" in lessons.honest_thought(rng, question, Reserve()) for _ in range(100)]
    assert 25 < sum(named) < 75


@pytest.mark.parametrize("right", [0.0, 1.0])
@pytest.mark.parametrize(
    ("kind", "fog", "share"), [("relation", 0.0, 0.9), ("relation", 0.7, 0.12), ("size", 0.0, 0.12)]
)
def test_begun_thoughts_are_checked_be_they_right_or_wrong(
    kind: QuestionKind, fog: float, share: float, right: float
) -> None:
    rng, question = random.Random(7), _about(kind, fog)
    mixture = replace(ONLY_QUESTIONS, prefill=1.0, right=right, neutral=0.0)
    rows = [lessons.question_row(rng, question, mixture) for _ in range(400)]
    plain = [row for row in rows if not row.given.endswith(BUT)]
    checked = [lessons.CHECK in row.target for row in plain]
    assert abs(sum(checked) / len(checked) - share) < 0.06
    left = [row.target for row, one in zip(plain, checked, strict=True) if not one]
    assert {target.lstrip(".") for target in left} == {
        f"</think><answer>{question.letter}</answer>"
    }


def test_given_and_target_make_a_well_formed_turn() -> None:
    rng = random.Random(5)
    mixture = replace(SWAYED, locate=0, describe=0, caption=0.3, prefill=0.4, direct=0.2)
    whole = re.compile(r"<think>[^<]+</think><answer>[A-F]</answer>")
    for _ in range(600):
        row = lessons.scene_row(rng, mixture)
        assert whole.fullmatch(row.given + row.target), row.given + row.target


def test_fewer_options_keep_the_answer() -> None:
    rng = random.Random(6)
    for question in _questions(10):
        fewer = lessons.with_fewer_options(rng, question)
        assert 2 <= len(fewer.options) <= 3
        assert fewer.options[fewer.gold] == question.options[question.gold]


def test_rows_follow_from_the_seed() -> None:
    first, second = random.Random(7), random.Random(7)
    for _ in range(50):
        assert lessons.scene_row(first, SWAYED) == lessons.scene_row(second, SWAYED)


def test_the_curriculum_scales_to_minutes() -> None:
    short = scaled(CURRICULUM, 1)
    assert [phase.name for phase in short] == [phase.name for phase in CURRICULUM]
    assert sum(p.steps for p in short) < sum(p.steps for p in scaled(CURRICULUM, 10))
    with pytest.raises(Exception, match="minutes above 0, found 0"):
        scaled(CURRICULUM, 0)
