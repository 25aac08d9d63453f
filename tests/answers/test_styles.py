"""Answer styles: where families write thought and answer, and what is refused there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unswayed.answers import AnswerRules, AnswerStyle, StyleName, parse_output, values
from unswayed.answers.values import OpenKind
from unswayed.types import Generation, Sample, Variant

WHERE = {"A": "left", "B": "right", "C": "above", "D": "below"}


OUTPUTS: list[tuple[StyleName, str, str | None]] = [
    (
        "after-think",
        "I look.\nIt is right.\n</think>\n\nIt is on the right side.\n\n**B. right**",
        "B",
    ),
    ("after-think", "hm A? no.\n</think>\n\nB", "B"),
    ("after-think", "hm\n</think>\n\nThe correct answer is **B**.", "B"),
    ("after-think", "hm\n</think>\n\nAnswer: B. right", "B"),
    (
        "after-think",
        "◁think▷The mug… maybe A◁/think▷It stands right of it, so the answer is **B. right**.",
        "B",
    ),
    ("after-think", "◁think▷The mug… maybe A◁/think▷\n\nAnswer: $\\boxed{B}$", "B"),
    ("after-think", "◁think▷The mug… maybe A", None),
    ("after-think", "<think>Got it</think><answer><|begin_of_box|>B<|end_of_box|></answer>", "B"),
    (
        "after-think",
        "<think>Got it</think>\nIt is right, so the answer is <|begin_of_box|>B<|end_of_box|>.",
        "B",
    ),
    ("after-think", "<think>Got it</think>\n<|begin_of_box|>right<|end_of_box|>", "B"),
    ("after-think", "<think>\nok\n</think>\n\nThe final answer is $\\boxed{\\text{B}}$.", "B"),
    ("after-think", "<think>\nok\n</think>\n\nThe mug is on the right of the plate.", None),
    (
        "after-think",
        "<think>\nok\n</think>\n\nIt is to the right. Therefore, the correct option is (B) right.",
        "B",
    ),
    ("after-think", "<|channel>thought\nI see a mug<channel|>The correct answer is B.<turn|>", "B"),
    ("after-think", "<|channel>thought\n<channel|>B", "B"),
    ("after-think", "B", "B"),
    ("after-think", "The answer is B. But wait, I must look again at the", None),
    ("after-think", "<think>x</think>\n\nI would choose option B because the mug is right.", "B"),
    ("after-think", "<think>x</think>\n\nOption B is correct.", "B"),
    ("after-think", "<think>x</think>\n\nThe correct answer is B, not A.", None),
    ("after-think", "<think>x</think>\n\nThe answer is A.\n\nWait, the answer is B.", None),
    ("after-think", "<think>x</think>\n\nThe answer is either A or B.", None),
    ("after-think", "<think>x</think>\n\nA. left\nB. right\nC. above\nD. below", None),
    ("after-think", "<think>x</think>\n\n所以答案是B。", "B"),
    ("after-think", "<think>x</think>\n\n杯子在盘子右边，因此选B。", "B"),
    ("after-think", "<think>x</think>\n\n### Final Answer\n**B**", "B"),
    ("after-think", "<think>x</think>\n\n**Final Answer**: B) right", "B"),
    ("plain", "B", "B"),
    ("plain", "(B) right\n\nThe mug is to the right of the plate; A cup is not visible.", "B"),
    ("plain", "**B. right**\n\n**Explanation:** The mug's handle...", "B"),
    ("plain", "The mug is at the right.\n\nAnswer: B", "B"),
    (
        "plain",
        "Option A says left. It is right.\n\nSo the correct answer is (B) right.",
        "B",
    ),
    (
        "plain",
        "At first the answer is A. But the mug is to the right.\n\nTherefore the answer is B.",
        "B",
    ),
    ("plain", "The answer is not B.", None),
    ("plain", "right", "B"),
    ("plain", "The mug is on the right.", None),
    ("plain", "I'm sorry, I cannot answer.", None),
    ("plain", "Looking at each option:\nA. left - no\nB. right - yes\n\nThe answer is B.", "B"),
    ("plain", "A. left - no\nB. right - yes\nC. above - no\nD. below - no", None),
    ("plain", "<think>it is B", None),
    ("plain", "Therefore, the correct answer is:\n(B) right", "B"),
    ("plain", "Therefore, the correct answer is:\n\n(B) right\n\nThere is one mug.", "B"),
    ("plain", "The best answer is B because the answer is visible.", "B"),
    ("plain", "Answer: right", None),
    ("tags", "The answer is B.", None),
    ("tags", "<s><think>x</think><answer >B</answer ><|im_end|>", "B"),
    ("after-think", "<think>x</think>\n\nI'd pick A. No, wait.", None),
    ("after-think", "<think>x</think>\n\nThe answer is B.\n\nExplanation: it is not left.", "B"),
    ("after-think", "<think>x</think>\n\n\\boxed{A} or \\boxed{B}", None),
    ("after-think", "<think>x</think>\n\n\\boxed{B}. So \\boxed{B}", "B"),
    ("after-think", "<think>x</think>\n\nA man stands there.", None),
    ("after-think", "<think>x</think>\n\n", None),
    ("after-think", "B. right", "B"),
    ("after-think", "B. First I look at the plate, then", None),
    ("after-think", "So the answer is B", None),  # perhaps a thought that was cut
    ("after-think", "<think>x</think>I cannot choose between A and B.", None),
    ("plain", "The mug is left, no, right.\nThe correct answer is B", "B"),
    ("plain", "The answer is A. Wait, no.", None),
    ("plain", "The answer could be A.\n\nThe answer could also be B.", None),
    ("plain", "My final answer: **(B)**", "B"),
    ("plain", "(B)", "B"),
    ("plain", "The answer is E.", None),
    ("plain", "", None),
]


@pytest.mark.parametrize(("style", "output", "letter"), OUTPUTS)
def test_where_families_write_the_answer(style: StyleName, output: str, letter: str | None) -> None:
    reading = parse_output(output, WHERE, style=style)
    assert (reading.letter, reading.problem is None) == (letter, letter is not None)
    if letter and not reading.flags & {"option-text", "dressed"}:
        assert output[reading.answer_at or 0] == letter


@pytest.mark.parametrize(
    ("style", "output", "flags"),
    [
        ("tags", "<think>x</think><answer>B</answer>", set()),
        ("after-think", "<think>x</think><answer>B</answer>", set()),
        ("after-think", "<think>x</think>B", {"alone"}),
        ("after-think", "<think>x</think>right", {"alone", "option-text"}),
        ("after-think", "<think>x</think>It is right: \\boxed{B}", {"box"}),
        ("after-think", "<think>x</think>It is right, so the answer is B.", {"stated"}),
        ("after-think", "<think>x</think>It is on the right.\n\nB. right", {"last-line"}),
        ("plain", "B\nIt is on the right.", {"alone"}),
        ("plain", "right\nIt is on the right.", {"first-line", "option-text"}),
    ],
)
def test_every_rule_leaves_its_flag(style: StyleName, output: str, flags: set[str]) -> None:
    reading = parse_output(output, WHERE, style=style)
    assert (reading.letter, set(reading.flags)) == ("B", flags)


@pytest.mark.parametrize(
    ("output", "think"),
    [
        ("B", None),
        ("(B) right", None),
        ("The mug stands there.\n\nAnswer: B", "The mug stands there."),
        ("The mug stands there. So the answer is B.", "The mug stands there."),
        ("The mug stands there.\n\n**B. right**", "The mug stands there."),
        ("<think>It stands there.</think>B", "It stands there."),
    ],
)
def test_the_thought_of_an_output_without_marks_is_what_stands_before_the_answer(
    output: str, think: str | None
) -> None:
    assert parse_output(output, WHERE, style="plain").think == think


def test_a_conflict_is_seen_in_every_style() -> None:
    for output in (
        "A. right",
        "The mug is there.\n\nThe answer is (A) right.",
        "\\boxed{A. right}",
    ):
        reading = parse_output(output, WHERE, style="plain")
        assert reading.conflicts
        assert (reading.named_letter, reading.text_letter) == ("A", "B")


@pytest.mark.parametrize(
    ("kind", "style", "output", "answer"),
    [
        ("number", "after-think", "<think>x</think>\\boxed{7}", "7"),
        ("number", "after-think", "<think>x</think>The answer is: 7", "7"),
        ("number", "after-think", "<think>x</think>7", "7"),
        ("number", "after-think", "7", None),
        ("number", "plain", "I see four and three.\nAnswer: 7", "7"),
        ("number", "plain", "(7)", "(7)"),
        ("number", "plain", "There may be 7 or 8.", None),
        ("text", "after-think", "<think>x</think><|begin_of_box|>a mug<|end_of_box|>", "a mug"),
        ("box", "after-think", "<think>x</think>It is at [1, 2, 3, 4].", "It is at [1, 2, 3, 4]."),
        ("number", "tags", "7", None),
    ],
)
def test_open_answers(kind: OpenKind, style: StyleName, output: str, answer: str | None) -> None:
    reading = values.parse_output(output, kind, style)
    assert (reading.value is not None, reading.answer if reading.value else None) == (
        answer is not None,
        answer,
    )


KIMI = AnswerStyle("after-think", "◁think▷", "◁/think▷")
BARE = AnswerStyle("plain", "", "\n\n")


def test_a_prefill_is_written_in_the_familys_own_marks() -> None:
    assert KIMI.native("<think>I see") == "◁think▷I see"
    assert BARE.native("<think>I see</think>") == "I see\n\n"
    assert AnswerStyle().native("<think>I see") == "<think>I see"


def test_a_forced_answer_stands_where_the_style_looks_for_one() -> None:
    for style in (KIMI, BARE, AnswerStyle("after-think")):
        output = style.native("<think>I see")
        reading = parse_output(output, WHERE, style=style.name)
        forced = output + style.forced_opening(reading.think, reading.problem) + "B)"
        assert parse_output(forced, WHERE, style=style.name).letter == "B"


def _variant(prefill: str = "") -> Variant:
    sample = Sample(
        id="toy/1", benchmark="toy", images=(), question="Where?", options=WHERE, answer="B",
        cluster="1",
    )  # fmt: skip
    return Variant(id="0", sample=sample, name="base", options=WHERE, answer="B", prefill=prefill)


def test_rules_read_prefill_and_continuation_together() -> None:
    variant = _variant("<think>It may be left, but I think")
    rules = AnswerRules(KIMI)
    reading = rules.read(variant, _output(" right.◁/think▷B"))
    assert (reading.letter, reading.think) == ("B", "It may be left, but I think right.")
    bare = AnswerRules(BARE).read(variant, _output(" right.\n\nAnswer: B"))
    assert (bare.letter, bare.think) == ("B", "It may be left, but I think right.")


@pytest.mark.parametrize(
    ("text", "think"),
    [
        ("It is on the right, so A?", "It is on the right, so A?"),
        ("<think>It is right.</think><answer>A</answer>", "It is right."),
        ("A", None),
        ("", None),
    ],
)
def test_a_recorded_answer_stands_for_the_outputs(text: str, think: str | None) -> None:
    reading = AnswerRules().read(_variant(), _output(text, answer="(B)"))
    assert (reading.letter, reading.think, reading.answer_at) == ("B", think, None)
    assert "recorded" in reading.flags
    assert AnswerRules().read(_variant(), _output(text, answer="?")).problem == "unreadable"


def test_a_generation_without_a_recorded_answer_is_written_as_ever() -> None:
    assert "answer" not in json.loads(_output("x").model_dump_json())
    written = _output("x", answer="B").model_dump_json()
    assert Generation.model_validate_json(written).answer == "B"


def _output(text: str, answer: str | None = None) -> Generation:
    return Generation(id="0", status="stop", text=text, answer=answer)


CASES = Path(__file__).parents[2].parent / "shared" / "cases"


@pytest.mark.parametrize("name", ["parser_answers", "answers_that_name_several_options"])
def test_collected_cases(name: str) -> None:
    file = CASES / f"{name}.jsonl"
    if not file.is_file():
        pytest.skip("no collected cases here")
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    wrong = [
        row
        for row in rows
        if (parse_output(row["output"], row["options"]).letter or "NONE")
        != row.get("letter", "NONE")
    ]
    assert rows
    assert wrong == []
