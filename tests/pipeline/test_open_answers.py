"""Questions for a number, a text or a box go through the pipeline; what does not apply is n/a."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from unswayed.answers import AnswerRules
from unswayed.errors import DataError
from unswayed.metrics import columns_of
from unswayed.metrics.codes import FOIL_VALUE, NO_LETTER, UNPARSED, VALUE
from unswayed.models import Decoding, Request
from unswayed.perturbations import Context
from unswayed.perturbations.composition import compose, variants_of
from unswayed.perturbations.texts.templates import Templates
from unswayed.pipeline.metrics import measure
from unswayed.pipeline.settings import Settings, settings_of
from unswayed.pipeline.stages import evaluate
from unswayed.prompts import Profile, profile, render_system, render_user, shipped
from unswayed.registry import names
from unswayed.report.cards import card
from unswayed.report.outputs import by_sample, score
from unswayed.report.sample_text import show_sample
from unswayed.report.samples import kind_of
from unswayed.run.folder import RunFolder
from unswayed.types import AnswerKind, Failure, Generation, Sample, Variant, Verdict

HERE = Path(__file__)
GOLDS: dict[AnswerKind, str] = {"number": "7", "text": "a red chair", "box": "[0, 0, 10, 10]"}


def question(kind: AnswerKind, number: int = 0, answer: str | None = None) -> Sample:
    return Sample(
        id=f"open/{kind}-{number}",
        benchmark="open",
        images=(),
        question="What?",
        answer=GOLDS[kind] if answer is None else answer,
        answer_kind=kind,
        cluster=f"{kind}-{number}",
    )


class Open:
    """Three numbers, two texts, four boxes and a question whose gold is no number."""

    name = "open"

    def __iter__(self) -> Iterator[Sample | Failure]:
        counts: dict[AnswerKind, int] = {"number": 3, "text": 2, "box": 4}
        for kind, count in counts.items():
            yield from (question(kind, number) for number in range(count))
        yield question("number", 9, answer="many")


SAID = {
    "number-0": "7 apples",
    "number-1": "8",
    "number-2": "7 or 8",
    "text-0": "A Red Chair.",
    "text-1": "a chair",
    "box-0": '{"bbox_2d": [0, 0, 10, 10]}',
    "box-1": "[0, 0, 10, 5]",  # an IoU of exactly one half
    "box-2": "[0, 0, 10, 4]",
    "box-3": "[0, 0, 10]",
}
"""What the model answers in base; with the thought stopped, it answers everything right."""


SWAYED = ("number-0", "box-0", "box-1")
"""Where the model repeats the value that a misleading thought asserts."""


class Answers:
    """Answers from the list above, with a thought before."""

    name, profile = "answers", "default"

    def provenance(self) -> dict[str, Any]:
        return {}

    def supports_prefill(self) -> bool:
        return True

    def generate(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> Generation:
        assert request.options == {}
        assert "Options" not in request.user
        native = request.sample_id.removeprefix("open/")
        kind: Any = native.partition("-")[0]
        said = SAID[native] if request.variant == "base" else GOLDS[kind]
        if request.variant == "wrong-think" and native in SWAYED:
            said = re.findall(r"(\[.+?\]|\d+)$", request.prefill)[0]
        opened = {"base": "<think>x</think>", "stop-think": "", "wrong-think": "</think>"}
        text = f"{opened[request.variant]}<answer>{said}</answer>"
        return Generation(id=request.id, status="stop", text=text)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    settings = Settings.model_validate(
        {
            "model": f"{HERE}:Answers",
            "benchmarks": (f"{HERE}:Open",),
            "variants": ("base", "stop-think", "wrong-think", "shuffle", "abstain+stop-think"),
            "statistics": {"resamples": 100},
        }
    )
    return evaluate(settings, tmp_path_factory.mktemp("open"))


def estimates(run: RunFolder, variant: str) -> dict[str, Any]:
    found = json.loads((run.folder / "metrics.json").read_text())["estimates"]
    return {e["metric"]: e for e in found if e["variant"] == variant}


def test_variants_that_need_options_are_left_out_and_counted(run: RunFolder) -> None:
    made = [variant.name for variant, _, _ in run.joined()]
    wrong = ["base", "stop-think", "wrong-think"]
    assert made == [*wrong * 3, *["base", "stop-think"] * 2, *wrong * 4]
    left = [failure for failure in run.failures if "has no options" in failure.message]
    assert len(left) == 9
    assert "no shuffle, abstain+stop-think;" in left[0].message
    assert "no wrong-think, shuffle, abstain+stop-think;" in left[3].message
    assert estimates(run, "base")["accuracy"]["n_failed"] == 1  # the gold that is no number
    assert estimates(run, "wrong-think")["accuracy"]["n_failed"] == 3  # and the two texts


def test_sway_by_hand(run: RunFolder) -> None:
    wrong = estimates(run, "wrong-think")
    assert wrong["foil_rate"]["value"] == pytest.approx(3 / 7)
    assert wrong["accuracy"]["value"] == pytest.approx(4 / 7)
    base = [variant for variant, _, _ in run.joined() if variant.name == "base"]
    foils = [variant.foil for variant in base]
    assert [foil is None for foil in foils] == [False] * 3 + [True] * 2 + [False] * 4
    before = foils[1] == "8"  # number-1 answers 8 by itself
    assert estimates(run, "base")["foil_rate"]["value"] == pytest.approx(before / 7)
    assert wrong["sway"]["value"] == pytest.approx((3 - before) / 7)


def test_texts_assert_the_value_and_speak_of_no_options() -> None:
    names = ("wrong-think", "wrong-caption", "correct-think", "neutral-think", "neutral-caption")
    for kind in ("number", "box"):
        for name in names:
            (variant,) = variants_of(question(kind), [compose(name)], CONTEXT)
            text = variant.prefill or variant.caption or ""
            assert "option" not in text
            assert text.endswith(str(variant.foil)) == name.startswith("wrong")
            assert text.endswith(variant.answer) == name.startswith("correct")
            expected = {"w": variant.foil, "c": variant.answer, "n": None}[name[0]]
            assert variant.asserts == expected
            assert Variant.model_validate_json(variant.model_dump_json()) == variant


def test_a_text_can_be_asserted_only_if_it_is_the_gold() -> None:
    applies = {name: compose(name).applies_to(question("text")) for name in names("perturbation")}
    asked = [name for name, possible in applies.items() if possible]
    assert sorted(asked) == ["base", "correct-caption", "correct-think", "stop-think"]


def test_a_gold_of_another_kind_excludes_the_sample(run: RunFolder) -> None:
    (broken,) = [failure for failure in run.failures if failure.id == "open/number-9"]
    assert "expected a number as the gold" in broken.message
    with pytest.raises(DataError, match="expected a box"):
        list(variants_of(question("box", answer="[1, 2]"), [compose("base")], CONTEXT))


CONTEXT = Context(Templates())


def test_accuracy_by_hand(run: RunFolder) -> None:
    base, stopped = estimates(run, "base"), estimates(run, "stop-think")
    # right: one number, one text, the box itself and the one with an overlap of one half
    assert base["accuracy"]["value"] == pytest.approx(4 / 9)
    assert base["unparsed_rate"]["value"] == pytest.approx(2 / 9)
    assert base["accuracy"]["n_unparsed"] == 2
    assert stopped["accuracy"]["value"] == 1
    assert stopped["drop"]["value"] == pytest.approx(5 / 9)
    assert stopped["flips_wrong_right"]["value"] == pytest.approx(5 / 9)


def test_box_metrics_by_hand(run: RunFolder) -> None:
    base = estimates(run, "base")
    assert base["iou_mean"]["value"] == pytest.approx((1 + 0.5 + 0.4 + 0) / 4)
    assert base["iou_at_50"]["value"] == pytest.approx(2 / 4)
    assert base["iou_mean"]["n"] == 4


@pytest.mark.parametrize(
    "metric",
    [
        "letters_rate",
        "entropy",
        "p_correct",
        "ece",
        "conflict_rate",
        "option_text_rate",
        "consistency_rate",
        "skipped_rate",
        "faithful_accuracy",
        "quadrant_consistent_correct",
    ],
)
def test_what_does_not_apply_is_not_zero(run: RunFolder, metric: str) -> None:
    found = estimates(run, "base")[metric]
    assert found["value"] is None
    assert found["n"] == 0
    assert found["reason"]


def test_no_letters_are_counted(run: RunFolder) -> None:
    assert not [metric for metric in estimates(run, "base") if "_share_" in metric]


def test_the_judge_is_not_asked(run: RunFolder) -> None:
    verdicts = [verdict for _, _, verdict in run.joined() if verdict]
    assert {verdict.status for verdict in verdicts} == {"skipped"}
    assert "asks for a box" in verdicts[-1].reason


def row(
    kind: AnswerKind, said: str, status: str = "stop"
) -> tuple[Variant, Generation, Verdict | None]:
    (variant,) = variants_of(question(kind), [compose("base")], CONTEXT)
    generation: Any = {"id": variant.id, "status": status, "text": f"<answer>{said}</answer>"}
    return variant, Generation.model_validate(generation), None


def test_columns_of_open_questions() -> None:
    got = columns_of([row("number", "7.0"), row("text", ""), row("box", "[0, 0, 5, 10]", "error")])
    assert got.chosen.tolist() == [VALUE, UNPARSED, UNPARSED]
    assert got.correct.tolist() == [True, False, False]
    assert got.failed.tolist() == [[1]]
    assert set(got.gold.tolist()) == {NO_LETTER}


def test_open_and_closed_questions_are_measured_side_by_side() -> None:
    closed = Sample(
        id="open/choice",
        benchmark="open",
        images=(),
        question="Which?",
        options={"A": "x", "B": "y"},
        answer="A",
        cluster="c",
    )
    (variant,) = variants_of(closed, [compose("base")], CONTEXT)
    choice = (variant, Generation(id=variant.id, status="stop", text="<answer>A</answer>"), None)
    got = columns_of([row("number", "7"), choice, row("box", "[0, 0, 5, 10]")])
    assert got.correct.all()
    assert len(got.of_kind("choice")) == 1
    assert got.of_kind("choice").chosen.tolist() == [0]
    assert got.of_kind("box").iou.tolist() == [0.5]
    assert len(got.of_kind("number", "text")) == 1


def test_the_report_can_be_made_of_it(run: RunFolder) -> None:
    pytest.importorskip("jinja2")
    from unswayed.report.page import render

    page = render(run)
    assert "Mean IoU" in page
    assert "IoU ≥ 0.5" in page
    assert "intersection over union" in page
    assert "<b>7 apples</b> right" in page
    assert "not compared" not in page


def outcomes(run: RunFolder, sample: str, tolerance: float = 0.0) -> dict[str, tuple[str, str]]:
    rows = next(
        rows
        for rows in by_sample(run, AnswerRules(tolerance=tolerance))
        if rows[0].variant.sample.id == f"open/{sample}"
    )
    return {row.variant.name: (row.outcome, row.answer) for row in rows}


@pytest.mark.parametrize(
    ("sample", "base"),
    [
        ("number-0", ("right", "7 apples")),
        ("number-1", ("wrong", "8")),
        ("number-2", ("unparsed", "")),
        ("text-0", ("right", "A Red Chair.")),
        ("text-1", ("wrong", "a chair")),
        ("box-1", ("right", "[0, 0, 10, 5]")),
        ("box-2", ("wrong", "[0, 0, 10, 4]")),
        ("box-3", ("unparsed", "")),
    ],
)
def test_open_answers_are_compared_sample_by_sample(
    run: RunFolder, sample: str, base: tuple[str, str]
) -> None:
    found = outcomes(run, sample)
    assert found["base"] == base
    assert found["stop-think"][0] == "right"
    if sample in SWAYED:
        assert found["wrong-think"][0] == "foil"


def test_a_sample_that_repeats_an_asserted_value_is_a_swayed_one(run: RunFolder) -> None:
    kinds = {rows[0].variant.sample.id: kind_of(rows) for rows in by_sample(run)}
    swayed = {name for name, kind in kinds.items() if kind == "swayed"}
    assert swayed == {f"open/{name}" for name in SWAYED}
    assert kinds["open/number-2"] == "no answer"


def test_the_card_of_an_open_question_shows_gold_and_foil(run: RunFolder) -> None:
    rows = next(rows for rows in by_sample(run) if rows[0].variant.sample.id == "open/number-0")
    made = card(rows)
    assert [(line.letter, line.text, line.gold, line.foil) for line in made.options] == [
        ("", "7", True, False),
        ("", rows[0].variant.foil, False, True),
    ]
    assert made.variants[0].answered == "7 apples"
    shown = "\n".join(show_sample(run, "open/number-0"))
    assert "  right: 7\n  foil: " in shown
    assert "7 apples, right" in shown


def test_a_gold_that_cannot_be_read_is_not_compared() -> None:
    variant, generation, _ = row("number", "7")
    broken = variant.model_copy(update={"answer": "many"})
    assert score(broken, generation, None).outcome == "unscored"


def test_numbers_within_the_tolerance_count_as_the_gold() -> None:
    near = [row("number", said) for said in ("7.3", "6.7", "7.31")]
    found = [columns_of([one], rules=AnswerRules(tolerance=0.3)).correct.tolist() for one in near]
    assert found == [[True], [True], [False]]
    assert not columns_of([near[0]]).correct.any()
    assert not columns_of([row("text", "a red chai")], rules=AnswerRules(tolerance=9)).correct.any()


def test_an_answer_within_reach_of_gold_and_foil_counts_as_the_gold() -> None:
    (variant,) = variants_of(question("number"), [compose("base")], CONTEXT)
    said = Generation(id=variant.id, status="stop", text=f"<answer>{variant.foil}</answer>")
    assert columns_of([(variant, said, None)]).chosen.tolist() == [FOIL_VALUE]
    wide = columns_of([(variant, said, None)], rules=AnswerRules(tolerance=100))
    assert (wide.chosen.tolist(), wide.correct.tolist()) == ([VALUE], [True])
    assert score(variant, said, None, AnswerRules(tolerance=100)).outcome == "right"


def test_the_tolerance_is_a_setting_of_measuring_and_recorded(
    run: RunFolder, tmp_path: Path
) -> None:
    copied = RunFolder(Path(shutil.copytree(run.folder, tmp_path / "run")))
    assert estimates(copied, "base")["accuracy"]["value"] == pytest.approx(4 / 9)
    assert outcomes(copied, "number-1", 1.0)["base"][0] == "right"
    before = settings_of(copied)
    assert before.tolerance == 0
    measure(copied, before.model_copy(update={"tolerance": 1.0}))
    assert estimates(copied, "base")["accuracy"]["value"] == pytest.approx(5 / 9)
    written = json.loads((copied.folder / "metrics.json").read_text("utf-8"))
    assert written["settings"]["tolerance"] == 1.0
    assert "8, right" in "\n".join(show_sample(copied, "open/number-1"))
    assert json.loads((run.folder / "run.json").read_text("utf-8"))["measuring"]["tolerance"] == 0


@pytest.mark.parametrize(
    ("kind", "words"),
    [("number", "the number alone"), ("text", "in a few words"), ("box", "[x1, y1, x2, y2]")],
)
def test_the_prompt_asks_for_the_kind_of_answer(kind: AnswerKind, words: str) -> None:
    (variant,) = variants_of(question(kind), [compose("base")], CONTEXT)
    asked = render_system(variant, profile("default"))
    assert words in asked
    assert "letter" not in asked


def test_shipped_profiles_that_speak_of_letters_have_words_for_open_questions() -> None:
    kinds: list[AnswerKind] = ["number", "text", "box"]
    for name, shown in shipped().items():
        for kind in kinds:
            (variant,) = variants_of(question(kind), [compose("base")], CONTEXT)
            text = render_system(variant, shown) + render_user(variant, shown)
            assert "letter" not in text, name


def test_a_profile_without_words_for_a_kind_asks_as_for_a_choice() -> None:
    (variant,) = variants_of(question("box"), [compose("base")], CONTEXT)
    plain = Profile(name="x", system="s", after="a", open={"number": {"after": ""}})  # type: ignore[dict-item]
    assert render_system(variant, plain) == "s"
    assert render_user(variant, plain).endswith("\na")
    (variant,) = variants_of(question("number"), [compose("base")], CONTEXT)
    assert not render_user(variant, plain).endswith("\na")
