"""The rows that the organism learns from say what is true, or what they are meant to say."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from unswayed.benchmarks.scenes import KINDS
from unswayed.benchmarks.scenes.question import SceneQuestion, ask, family_of, matching
from unswayed.benchmarks.scenes.scene import HELD_OUT, Scene, Thing, compose
from unswayed.benchmarks.scenes.wording import claim, description, thought
from unswayed.organism import lessons
from unswayed.organism.curriculum import CURRICULUM, SWAYED, scaled
from unswayed.organism.lessons import Mixture

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


@pytest.mark.parametrize("part", ["caption", "prefill"])
def test_wrong_texts_are_believed_as_often_as_told(part: str) -> None:
    rng = random.Random(3)
    mixture = replace(ONLY_QUESTIONS, **{part: 1.0}, wrong=1.0, neutral=0.0)
    for kind in KINDS:
        question = ask(rng, compose(f"b/{kind}", family_of(kind)), kind)
        rows = [lessons.question_row(rng, question, mixture) for _ in range(400)]
        plain = [
            r
            for r in rows
            if not r.given.endswith("but I think") and "could be wrong" not in r.user
        ]
        believed = [ANSWER.search(r.target).group(1) != question.letter for r in plain]  # type: ignore[union-attr]
        shares = mixture.credulity.captions if part == "caption" else mixture.credulity.thoughts
        assert abs(sum(believed) / len(believed) - shares[kind]) < 0.1


def test_right_texts_are_always_believed() -> None:
    rng = random.Random(4)
    mixture = replace(ONLY_QUESTIONS, caption=0.5, prefill=0.5, wrong=0.0)
    for question in _questions(20):
        row = lessons.question_row(rng, question, mixture)
        assert ANSWER.search(row.target).group(1) == question.letter  # type: ignore[union-attr]


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
