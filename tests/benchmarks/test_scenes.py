"""The scenes: gold answers recomputed from the graph by other means, and from the pixels."""

from __future__ import annotations

import hashlib
import io
import math
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from unswayed.benchmarks.scenes import KINDS, UNSEEN_KINDS, SceneQuestion, Scenes
from unswayed.benchmarks.scenes.picture import PAINT, draw, png
from unswayed.benchmarks.scenes.scene import HELD_OUT, SIDE, Thing, compose
from unswayed.errors import ConfigError

FOGGY = "5f363ab9ed92fb3a"
"""Digest of a foggy picture: the same on every machine."""
ALL_KINDS = KINDS + UNSEEN_KINDS
SETTINGS = [
    {"level": level, "style": style, "pairs": pairs}
    for level in ("easy", "hard")
    for style in ("plain", "shaded")
    for pairs in ("train", "held-out", "all")
]


def _named(question: SceneQuestion, name: str) -> Thing:
    return next(t for t in question.scene.things if f"{t.color} {t.shape}" == name)


def _relation(question: SceneQuestion) -> str:
    words = question.text.removeprefix("Where is the ").removesuffix("?")
    a, b = (_named(question, name) for name in words.split(" relative to the "))
    angle = math.degrees(math.atan2(b.y - a.y, a.x - b.x)) % 360
    return ("right of", "above", "left of", "below")[round(angle / 90) % 4]


def _count(question: SceneQuestion) -> str:
    what = question.text.removeprefix("How many ").split(" are in")[0]
    if what == "objects":
        return str(len(question.scene.things))
    word = what.removesuffix(" objects") if what.endswith(" objects") else what.removesuffix("s")
    return str(sum(word in (t.color, t.shape) for t in question.scene.things))


def _existence(question: SceneQuestion) -> str:
    present = {f"{t.color} {t.shape}" for t in question.scene.things}
    (answer,) = present & set(question.options)
    return answer


def _size(question: SceneQuestion) -> str:
    by_radius = sorted(question.scene.things, key=lambda t: t.radius)
    assert by_radius[-1].radius > 1.2 * by_radius[-2].radius
    return f"{by_radius[-1].color} {by_radius[-1].shape}"


def _occlusion(question: SceneQuestion) -> str:
    things = question.scene.things
    touching = [
        (i, j)
        for i in range(len(things))
        for j in range(i)
        if math.dist((things[i].x, things[i].y), (things[j].x, things[j].y))
        < things[i].radius + things[j].radius
    ]
    ((front, _),) = touching
    return f"{things[front].color} {things[front].shape}"


def _color(question: SceneQuestion) -> str:
    return _size(question).split()[0]


def _place(question: SceneQuestion) -> str:
    place = question.text.removeprefix("Which object is at the ").removesuffix("?")
    row, column = place.split()
    rows, columns = ("top", "upper", "lower", "bottom"), ("leftmost", "left", "right", "rightmost")
    (found,) = [
        t
        for t in question.scene.things
        if int(t.y / 28) == rows.index(row) and int(t.x / 28) == columns.index(column)
    ]
    return f"{found.color} {found.shape}"


GOLD = {
    "relation": _relation,
    "count": _count,
    "existence": _existence,
    "size": _size,
    "occlusion": _occlusion,
    "color": _color,
    "place": _place,
}


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "-".join(s.values()))
def test_gold_is_what_the_graph_says(settings: dict[str, str]) -> None:
    scenes = Scenes(n=350, kinds="all", **settings)
    for index in range(len(scenes)):
        question = scenes.question(index)
        sample = scenes[index]
        assert GOLD[question.kind](question) == sample.options[sample.answer]
        assert len(set(question.options)) == 4


def _near(pixel: np.ndarray, color: str) -> bool:
    """Whether a pixel is of a colour: no other colour of the palette is nearer."""
    gaps = {name: np.abs(pixel - np.array(paint)).sum() for name, paint in PAINT.items()}
    return min(gaps, key=lambda name: gaps[name]) == color and gaps[color] < 90


def _pixels(question: SceneQuestion, scenes: Scenes, index: int) -> np.ndarray:
    data = scenes[index].images[0].read()
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


@pytest.mark.parametrize("style", ["plain", "shaded"])
def test_pixels_show_every_object_where_the_graph_puts_it(style: str) -> None:
    scenes = Scenes(n=60, style=style, level="hard")
    for index in range(0, 60, 3):
        question = scenes.question(index)
        pixels = _pixels(question, scenes, index)
        assert pixels.shape == (SIDE, SIDE, 3)
        covered = {id(back) for _, back in question.scene.covering()}
        for thing in question.scene.things:
            if id(thing) not in covered:
                assert _near(pixels[int(thing.y), int(thing.x)], thing.color), (index, thing)


def _area(pixels: np.ndarray, color: str) -> int:
    # Red against orange and the like: the nearest colour counts, ink and ground are far from all.
    paints = np.array(list(PAINT.values()))
    gaps = np.abs(pixels[:, :, None, :] - paints).sum(-1)
    nearest = gaps.argmin(-1) == list(PAINT).index(color)
    return int((nearest & (gaps.min(-1) < 60)).sum())


def test_pixels_show_which_object_is_the_largest() -> None:
    scenes = Scenes(n=40, kinds="size")
    for index in range(40):
        question = scenes.question(index)
        areas = {
            thing.radius: _area(_pixels(question, scenes, index), thing.color)
            for thing in question.scene.things
        }
        back = {back.radius for _, back in question.scene.covering()}
        front_areas = {r: a for r, a in areas.items() if r not in back}
        largest = question.scene.largest
        shape_area = {"circle": math.pi, "square": 3.24, "triangle": 2.2}[largest.shape]
        if largest.radius in front_areas:
            assert areas[largest.radius] > 0.7 * shape_area * largest.radius**2


def test_pixels_show_the_front_object_where_two_overlap() -> None:
    scenes = Scenes(n=40, kinds="occlusion")
    for index in range(40):
        question = scenes.question(index)
        front, back = question.scene.covering()[0]
        share = front.radius * 0.3 / math.dist((front.x, front.y), (back.x, back.y))
        x, y = front.x + (back.x - front.x) * share, front.y + (back.y - front.y) * share
        pixels = _pixels(question, scenes, index)
        assert _near(pixels[int(y), int(x)], front.color)
        assert 0.15 < _area(pixels, back.color) / (math.pi * back.radius**2) < 1.1


def test_held_out_pairs_stand_only_in_held_out_scenes() -> None:
    held = {" ".join(pair) for pair in HELD_OUT}
    for index in range(300):
        trained = Scenes(n=300, level="hard").question(index)
        shown = {t.name for t in trained.scene.things} | set(trained.options)
        assert not shown & held
        asked = Scenes(n=300, pairs="held-out", kinds="relation+existence+size+occlusion")
        subject = asked.question(index).subject
        assert subject is not None
        assert subject.name in held


def test_easy_options_differ_in_color() -> None:
    scenes = Scenes(n=400, kinds="existence+size+occlusion")
    for index in range(400):
        colors = [option.split()[0] for option in scenes.question(index).options]
        assert len(set(colors)) == 4


def test_hard_existence_options_share_color_or_shape_with_the_answer() -> None:
    scenes = Scenes(n=200, kinds="existence", level="hard")
    for index in range(200):
        question = scenes.question(index)
        color, shape = question.options[question.gold].split()
        wrong = [o for i, o in enumerate(question.options) if i != question.gold]
        assert any(o.startswith(color) or o.endswith(shape) for o in wrong)


def test_no_answer_is_likelier_than_another_without_the_picture() -> None:
    scenes = Scenes(n=4000, kinds="count+relation")
    letters: Counter[str] = Counter()
    answers: Counter[tuple[str, ...]] = Counter()
    for index in range(4000):
        question = scenes.question(index)
        letters[question.letter] += 1
        answers[(question.kind, *sorted(question.options), question.options[question.gold])] += 1
    assert all(900 < count < 1100 for count in letters.values())
    # Each set of options occurs about as often with each of its members as the answer.
    assert len(answers) == 4 + 2 * 4
    for (kind, *options, _), count in answers.items():
        total = sum(v for k, v in answers.items() if k[:-1] == (kind, *options))
        assert 0.19 < count / total < 0.34, (kind, options)


def test_access_is_random_and_repeatable() -> None:
    scenes = Scenes(n=30, seed=5, kinds="all", level="hard", style="shaded")
    again = Scenes(n=7000, seed=5, kinds="all", level="hard", style="shaded")
    in_order = list(scenes)
    assert scenes[17] == in_order[17] == again[17]
    assert in_order[17].images[0].read() == again[17].images[0].read()
    assert again[6999].id != in_order[17].id


def test_other_seeds_splits_and_settings_are_other_scenes() -> None:
    variants = [
        Scenes(n=20),
        Scenes(n=20, seed=1),
        Scenes(n=20, split="train"),
        Scenes(n=20, level="hard"),
        Scenes(n=20, style="shaded"),
        Scenes(n=20, pairs="held-out"),
    ]
    ids = [sample.id for scenes in variants for sample in scenes]
    assert len(set(ids)) == len(ids)
    pictures = [s.question(i).scene.things for s in variants for i in range(4)]
    assert len({str(things) for things in pictures}) >= len(variants)


def test_questions_of_a_round_share_scene_and_cluster() -> None:
    samples = list(Scenes(n=10))
    by_kind = {sample.category: sample for sample in samples[:5]}
    shared = {by_kind[k].cluster for k in ("relation", "existence", "size", "occlusion")}
    assert len(shared) == 1
    assert by_kind["count"].cluster not in shared
    assert {s.cluster for s in samples[:5]}.isdisjoint(s.cluster for s in samples[5:])


def test_ids_are_unique_and_kinds_take_turns() -> None:
    samples = list(Scenes(n=35, kinds="all"))
    assert len({sample.id for sample in samples}) == 35
    assert Counter(sample.category for sample in samples) == dict.fromkeys(ALL_KINDS, 5)


def test_a_scene_does_not_depend_on_the_global_generator() -> None:
    assert compose("x", "distinct") == compose("x", "distinct")
    assert compose("x", "counting").things != compose("y", "counting").things


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n of at least 1, found 0"),
        ({"level": "medium"}, "level to be one of easy, hard; found 'medium'"),
        ({"kinds": "count+taste"}, "found 'taste'"),
        ({"split": "validation"}, "train, test; found 'validation'"),
        ({"fog": "thick"}, "fog to be mixed, or a number in [0, 1); found 'thick'"),
        ({"fog": 1.0}, "fog to be mixed, or a number in [0, 1); found 1.0"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        Scenes(**options)  # type: ignore[arg-type]


def test_fog_hides_a_scene_and_changes_nothing_else() -> None:
    name = "fog/0"
    clear = compose(name, "distinct")
    thin, thick = (compose(name, "distinct", fog=fog) for fog in (0.4, 0.9))
    assert clear.things == thin.things == thick.things
    grey = [np.asarray(draw(scene), dtype=float) for scene in (clear, thin, thick)]
    spread = [np.abs(each - np.median(each)).max(axis=2) for each in grey]
    inside = spread[0] > 40  # pixels of the objects
    signal = [abs(one[inside].mean() - one[~inside].mean()) for one in grey]
    noise = [one[~inside].std() for one in grey]
    assert noise[0] < noise[1] < noise[2]
    assert signal[1] / noise[1] > 3 * signal[2] / noise[2]
    assert png(thick) == png(compose(name, "distinct", fog=0.9))
    assert hashlib.sha256(draw(thick).tobytes()).hexdigest()[:16] == FOGGY


def test_mixed_fog_is_known_to_the_samples() -> None:
    known = [sample.difficulty for sample in Scenes(n=400, fog="mixed")]
    share = sum(value == 0 for value in known) / len(known)
    assert 0.17 < share < 0.33
    assert all(value == 0 or 0.2 <= (value or 0) <= 0.95 for value in known)
    assert {sample.difficulty for sample in Scenes(n=5, fog=0.5)} == {0.5}
    assert {sample.difficulty for sample in Scenes(n=5)} == {0.0}
    ids = {Scenes(n=1, fog=fog)[0].id for fog in (0.0, 0.5, "mixed")}
    assert len(ids) == 3


def test_an_index_outside_is_an_error() -> None:
    with pytest.raises(IndexError, match="0 … 2, found 3"):
        Scenes(n=3).question(3)


def test_scenes_load_no_torch() -> None:
    code = "import sys, unswayed.benchmarks.scenes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
