"""The one parser of model output (PROTOCOL section 5)."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.answers import STYLES, normalise, option_with_text, parse_answer, parse_output

ABCD = {"A": "a chair", "B": "a table", "C": "a lamp", "D": "a red chair"}
CLOSER = {"A": "B is closer", "B": "A is closer"}


def test_letters_in_the_thought_do_not_count() -> None:
    reading = parse_output("<think>A chair … option B is wrong.</think><answer>C</answer>", ABCD)
    assert (reading.letter, reading.problem, reading.flags) == ("C", None, frozenset())
    assert reading.think == "A chair … option B is wrong."
    assert reading.answer == "C"


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("B", "B"),
        ("  B\n", "B"),
        ("(B)", "B"),
        ("[B]", "B"),
        ("B.", "B"),
        ("B)", "B"),
        ("**B**", "B"),
        ("`B`", "B"),
        ('"B"', "B"),
        ("B。", "B"),
        ("（B）", "B"),
        ("【B】", "B"),
        ("B选项", "B"),
        ("B. a table", "B"),
        ("B: a table", "B"),
        ("B) a table", "B"),
        ("(B) a table", "B"),
        ("B - a table", "B"),
        ("B\na table", "B"),
        ("B、a table", "B"),
        ("B：a table", "B"),
        ("B, a table", "B"),
        ("B (a table)", "B"),
        ("a table (B)", "B"),
        ("A table [B].", "B"),
        ("**B.** a table", "B"),
        ("B. it stands on four legs and nothing else does", "B"),
        ("B. a table, because a lamp has no legs", "B"),
        ("B. a table. A man sits at it", "B"),
        ("B. a table, where people wait for food", "B"),
        ("B. a table; the statement about the chair is false", "B"),
    ],
)
def test_a_letter_in_its_usual_dress(answer: str, letter: str) -> None:
    reading = parse_answer(answer, ABCD)
    assert (reading.letter, reading.problem, reading.flags) == (letter, None, frozenset())
    assert reading.answer_at is not None
    assert answer[reading.answer_at] == letter


@pytest.mark.parametrize(
    "answer",
    [
        r"\boxed{B}",
        r"$\boxed{\text{B}}$",
        r"\(\boxed{B}\)",
        r"\[\mathrm{B}\]",
        r"\mathbf{(B)}",
        r"\text{B. a table}",
        "B<|im_end|>",
        "<s> B </s>",
        "B<turn|>",
        "<|begin_of_box|>B<|end_of_box|>",
        "Ｂ",
        "（Ｂ）",
    ],
)
def test_a_letter_in_latex_or_control_tokens(answer: str) -> None:
    reading = parse_answer(answer, ABCD)
    assert (reading.letter, reading.flags) == ("B", {"dressed"})
    assert answer[reading.answer_at or 0] in "BＢ"


@pytest.mark.parametrize(
    "answer",
    [
        "**Answer: B**",
        "**Answer:** B",
        "The correct answer is B.",
        "The answer is (B)",
        "Final answer: **B**",
        "Option B",
        "answer：B",
        "The answer is B. a table",
        "The answer is option B",
        "The answer is option B: a table",
        "So the right answer would be B",
        "Option B is correct.",
        "选B",
        "选择B。",
        "应该选B",
        "答案：B",
        "答案是B",
        "正确答案为【B】",
        "所以答案是B选项",
        "因此选B",
    ],
)
def test_words_that_lead_up_to_a_letter(answer: str) -> None:
    reading = parse_answer(answer, ABCD)
    assert (reading.letter, reading.flags) == ("B", {"worded"})
    assert answer[reading.answer_at or 0] == "B"


@pytest.mark.parametrize("answer", ["2", "(2)", "2.", "2. a table", "Option 2", "2) a table"])
def test_a_number_counts_the_options_where_none_speaks_of_numbers(answer: str) -> None:
    reading = parse_answer(answer, ABCD)
    assert (reading.letter, "numbered" in reading.flags) == ("B", True)
    counts = {"A": "1", "B": "3", "C": "2"}
    assert parse_answer(answer, counts).letter in ("C", None)  # there a number is an option's text
    assert parse_answer(answer, {"A": "one", "B": "two", "C": "none"}).letter is None
    assert parse_answer(answer, {"A": "两个", "B": "三个"}).letter is None


def test_a_number_of_no_option_or_of_another_text() -> None:
    assert parse_answer("5", ABCD).problem == "not-an-option"
    assert parse_answer("2. a lamp", ABCD).problem == "unreadable"
    assert parse_answer("0", ABCD).problem == "unreadable"
    assert parse_answer("2 or 3", ABCD).problem == "unreadable"


@pytest.mark.parametrize(
    "answer",
    [
        "A. B",
        "(A) or (B)",
        "A. B. C",
        "A. a chair B. a table",
        "A) a chair, B) a table",
        "(A) a chair or (B) a table",
        "A. a chair or a table",
        "A. a chair / a lamp",
        "A: a chair, or maybe B",
        "Option A: a chair. Option D: a red chair.",
        "A. a chair? Or C?",
        "A. a chair is wrong.",
        "A. a chair isn't it",
        "A. Wrong.",
        "A. Not this one",
        "A) is incorrect",
        "A. a chair ✗",
        "A. No, wait",
        "A. a chair. Wait, no",
        "A. a chair -> a table",
        "A. a chair. Hmm, actually, a table",
        "A. a chair. This option is wrong.",
        "A\n\nFinal answer: B",
        "A、a chair不对，应该是B",
        "A。等等，选B",
    ],
)
def test_several_options_denials_and_corrections_answer_nothing(answer: str) -> None:
    reading = parse_answer(answer, ABCD)
    assert (reading.letter, reading.problem) == (None, "several-options")


@pytest.mark.parametrize("answer", ["b", "(b)", "b.", "b) a table", "b. A table."])
def test_a_lower_case_letter_counts_and_is_flagged(answer: str) -> None:
    reading = parse_answer(answer, ABCD)
    assert (reading.letter, reading.flags) == ("B", frozenset({"lowercase"}))


@pytest.mark.parametrize(
    "answer",
    [
        "A or B",
        "A, B",
        "A and B",
        "AB",
        "I think B",
        "not B",
        "b) a lamp",
        "a bench",
        "The answer is a lamp",
        "answers",
        "ANSWERB",
        "B, because it has legs",
        "B (a chair) (a table)",
        '{"answer": "B"}',
        "Answer",
        "...",
        "<answer>",
        r"\boxed{}",
        "E and F",
    ],
)
def test_anything_else_is_unreadable(answer: str) -> None:
    reading = parse_answer(answer, ABCD)
    assert (reading.letter, reading.problem) == (None, "unreadable")


@pytest.mark.parametrize("answer", ["E", "Z.", "(E) a sofa", "the answer is E"])
def test_a_letter_that_was_not_shown(answer: str) -> None:
    assert parse_answer(answer, ABCD).problem == "not-an-option"


@pytest.mark.parametrize(
    ("output", "problem", "think"),
    [
        ("", "no-answer", None),
        ("B", "no-answer", None),
        ("<think>B</think> B", "no-answer", "B"),
        ("<think>it is B", "open-think", "it is B"),
        ("<think>x <answer>B</answer>", "open-think", "x <answer>B</answer>"),
        ("<answer>B</answer><think>but no", "open-think", "but no"),
        ("<think>x</think><answer>B", "open-answer", "x"),
        ("<answer>A</answer><answer>B", "open-answer", None),
        ("<think>x</think><answer></answer>", "unreadable", "x"),
        ("<think>x</think><answer> \n </answer>", "unreadable", "x"),
        ("<think>x</think></answer>B<answer", "no-answer", "x"),
        ("<think>x <answer>B</answer></think>", "no-answer", "x <answer>B</answer>"),
        ("x <answer>B</answer></think>", "no-answer", "x <answer>B</answer>"),
        ("<answer><think>x</think>B</answer>", "unreadable", None),
    ],
)
def test_problems(output: str, problem: str, think: str | None) -> None:
    reading = parse_output(output, ABCD)
    assert (reading.letter, reading.problem, reading.think) == (None, problem, think)


@pytest.mark.parametrize(
    ("output", "letter", "think"),
    [
        ("thought by the template</think><answer>A</answer>", "A", "thought by the template"),
        ("I write <answer>B</answer></think><answer>A</answer>", "A", "I write <answer>B</answer>"),
        ("I write <answer></think><answer>A</answer>", "A", "I write <answer>"),
        ("<think>a<think>b</think>c</think><answer>A</answer>", "A", "a<think>b"),
        ("<think>a</think>b<think>c</think><answer>A</answer>", "A", "a\n\nc"),
        ("<think>a</think><answer>A</answer><think>no, B</think>", "A", "a"),
        ("<answer>A</answer>", "A", None),
        ("<think></think><answer>A</answer>", "A", ""),
        ("<THINK>x</Think><Answer>A</ANSWER>", "A", "x"),
        ("<answer><answer>A</answer></answer>", "A", None),
        ("<think>x</think>B<answer>A</answer>C", "A", "x"),
        ("<s><think >x</ think><answer >A</answer ><|im_end|>", "A", "x"),
        ("◁think▷x◁/think▷<answer>A</answer>", "A", "x"),
        ("<think>x◁/think▷<answer>A</answer>", "A", "x"),  # a prefill in the tags of the protocol
        ("<|channel>thought\nx<channel|><answer>A</answer>", "A", "x"),
        ("<think>a</think><answer>B <answer>A</answer>", "A", "a"),
    ],
)
def test_tags(output: str, letter: str, think: str | None) -> None:
    reading = parse_output(output, ABCD)
    assert (reading.letter, reading.think) == (letter, think)
    assert not reading.flags


def test_the_last_answer_wins_and_is_flagged() -> None:
    reading = parse_output("<think>x</think><answer>A</answer> wait <answer>B</answer>", ABCD)
    assert (reading.letter, reading.flags) == ("B", frozenset({"several-answers"}))


def test_an_unreadable_last_answer_does_not_fall_back_on_an_earlier_one() -> None:
    reading = parse_output("<answer>A</answer><answer>either</answer>", ABCD)
    assert (reading.letter, reading.problem) == (None, "unreadable")


@pytest.mark.parametrize("answer", ["a lamp", "A lamp.", ' "a  LAMP" ', "“a lamp”.", "a lamp。"])
def test_an_options_text_counts_and_is_flagged(answer: str) -> None:
    reading = parse_answer(answer, ABCD)
    assert (reading.letter, reading.text_letter) == ("C", "C")
    assert reading.flags == {"option-text"}


def test_an_option_inside_another_is_not_it() -> None:
    assert parse_answer("a red chair", ABCD).letter == "D"
    assert parse_answer("red chair", ABCD).problem == "unreadable"
    assert parse_answer("chair", ABCD).problem == "unreadable"


def test_a_text_that_two_options_have_is_no_answer() -> None:
    twice = {"A": "red", "B": "Red.", "C": "blue"}
    assert parse_answer("red", twice).problem == "unreadable"
    assert parse_answer("B. red", twice).letter == "B"
    assert not parse_answer("B. red", twice).flags


@pytest.mark.parametrize(
    ("policy", "letter", "problem"),
    [("letter", "A", None), ("text", "B", None), ("unparsed", None, "conflict")],
)
def test_a_letter_against_its_text(policy: Any, letter: str | None, problem: str | None) -> None:
    output = "<think>x</think><answer>A. A table.</answer>"
    reading = parse_output(output, ABCD, policy)
    assert (reading.letter, reading.problem, reading.text_letter) == (letter, problem, "B")
    assert reading.flags == {"letter-text-conflict"}
    assert reading.answer_at == output.index("A. A table")


def test_a_conflict_names_both_options_whatever_counts() -> None:
    for policy in ("letter", "text", "unparsed"):
        reading = parse_answer("A. a table, since it has legs", ABCD, policy)
        assert (reading.named_letter, reading.text_letter) == ("A", "B")
        assert reading.conflicts
    assert parse_answer("a table (A)", ABCD).conflicts
    assert parse_answer("A (a table)", ABCD).conflicts
    assert parse_answer("A. 3 chairs", {"A": "2", "B": "3"}).conflicts
    assert not parse_answer("B. a table, since it has legs", ABCD).conflicts


def test_options_that_speak_of_letters() -> None:
    assert parse_answer("A is closer", CLOSER).letter == "B"
    assert parse_answer("A is closer", CLOSER).flags == {"option-text"}
    assert parse_answer("A", CLOSER).letter == "A"
    assert parse_answer("A. B is closer", CLOSER).flags == frozenset()
    assert parse_answer("A. A is closer", CLOSER).flags == {"letter-text-conflict"}
    assert parse_answer("A is closer to the camera", CLOSER).problem == "unreadable"


def test_options_that_are_letters() -> None:
    swapped = {"A": "B", "B": "A"}
    assert parse_answer("A", swapped).letter == "A"
    assert parse_answer("A. B", swapped).letter == "A"
    assert not parse_answer("A. B", swapped).flags
    assert parse_answer("b", swapped).flags == {"option-text"}
    assert parse_answer("b", swapped).letter == "A"


def test_numbers_and_empty_options() -> None:
    numbers = {"A": "1", "B": ".5", "C": "5", "D": ""}
    assert parse_answer("5", numbers).letter == "C"
    assert parse_answer(".5", numbers).letter == "B"
    assert parse_answer("B. 5", numbers).flags == {"letter-text-conflict"}
    assert parse_answer("", numbers).problem == "unreadable"
    assert option_with_text("", numbers) is None


def test_without_options_nothing_is_a_letter() -> None:
    assert parse_output("<answer>A</answer>", {}).problem == "not-an-option"
    assert parse_output("<answer>17</answer>", {}).answer == "17"


@pytest.mark.parametrize(
    ("text", "folded"), [("  The  Red\tChair. ", "the red chair"), ('"x".', "x"), (".5", ".5")]
)
def test_normalise(text: str, folded: str) -> None:
    assert normalise(text) == folded


LONG = 200_000


@pytest.mark.parametrize(
    "answer",
    [
        "answer" + " " * LONG + "!",
        "the" + " " * LONG + "correct" + " " * LONG + "answer" + " " * LONG + "is" + " " * LONG,
        "answer:" * LONG,
        "(" * LONG,
        "A" + " " * LONG + "!",
        "A" + "\n " * LONG + "x",
        "A" + ")" * LONG,
        "A " + "- " * LONG,
        "A. " + "B " * LONG,
        r"\boxed{" * LONG,
        r"\boxed" + " " * LONG + "x",
        '"' * LONG,
        "<think>" * LONG,
        "</think><answer>" * LONG,
        "<" * LONG,
        r"\text{" * LONG + "}" * LONG,
        r"\boxed{" * LONG + "}" * LONG,
        "<|begin_of_box|>" * LONG,
        "the answer is " * LONG,
        "A. " + "a chair or " * LONG,
        "a chair (" * LONG,
        "选" * LONG,
        "A" + "\n\n" * LONG + "x",
        "answer is B. " * (LONG // 20),
        "B\n" * (LONG // 20),
    ],
    ids=lambda answer: answer[:12],
)
def test_hostile_lengths_are_read_in_linear_time(answer: str) -> None:
    """A quadratic match of these would take minutes, and the test run with it."""
    outputs = [parse_output(answer, ABCD, style=style) for style in STYLES]
    outputs += [parse_answer(answer, ABCD), parse_output(f"<answer>{answer}</answer>", ABCD)]
    for reading in outputs:
        assert (reading.letter is None) == (reading.problem is not None)


PIECES = st.sampled_from(
    ["<think>", "</think>", "<answer>", "</answer>", "A", "b", " ", "\n", ". ", "a lamp", "(", "或"]
)
OUTPUTS = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join))
OPTIONS = st.lists(st.one_of(st.text(max_size=6), PIECES), max_size=26).map(
    lambda texts: dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", texts, strict=False))
)
POLICIES = st.sampled_from(["letter", "text", "unparsed"])


@given(OUTPUTS, OPTIONS, POLICIES)
def test_a_reading_is_an_option_or_a_problem(
    output: str, options: dict[str, str], policy: Any
) -> None:
    reading = parse_output(output, options, policy)
    assert (reading.letter is None) == (reading.problem is not None)
    assert reading.letter is None or reading.letter in options
    assert (reading.answer is None) == (reading.answer_at is None)


@given(st.one_of(st.text(), PIECES), OPTIONS, POLICIES)
def test_the_place_of_the_answer(answer: str, options: dict[str, str], policy: Any) -> None:
    head = "<think>It may be A.</think>\n<answer>"
    output = f"{head}{answer}</answer>"
    reading = parse_output(output, options, policy)
    if reading.answer_at is None or "<" in answer:
        return
    assert len(head) <= reading.answer_at <= len(head) + len(answer)
    textual = {"option-text", "letter-text-conflict", "numbered", "dressed"}
    if reading.letter and not reading.flags & textual:
        assert output[reading.answer_at].upper() == reading.letter


@given(
    st.text().filter(lambda text: "<" not in text),
    st.one_of(st.sampled_from(list("ABCDEabcd")), st.sampled_from(list(ABCD.values())), st.text()),
)
def test_the_thought_does_not_change_the_answer(thought: str, answer: str) -> None:
    plain = parse_output(f"<think></think><answer>{answer}</answer>", ABCD)
    thoughtful = parse_output(f"<think>{thought}</think><answer>{answer}</answer>", ABCD)
    by_template = parse_output(f"{thought}</think><answer>{answer}</answer>", ABCD)
    for other in (thoughtful, by_template):
        assert (other.letter, other.problem, other.flags) == (
            plain.letter,
            plain.problem,
            plain.flags,
        )


@pytest.mark.parametrize("name", ["vstar_consistency", "vstar_consistency_swapped"])
def test_readers_of_real_answers_agree(real: Path, name: str) -> None:
    lines = (real / "judge_labels" / f"{name}.jsonl").read_text("utf-8").splitlines()
    differing = [
        row["id"]
        for row in map(json.loads, lines)
        for reading in [parse_answer(row["answer"], row["options"])]
        if (reading.letter, reading.text_letter) != (row["letter"], row["text_option"])
    ]
    assert len(lines) in (179, 80)
    assert differing == []


def test_recorded_outputs_of_a_real_model(real: Path) -> None:
    """Every count was looked at: the 98 paraphrase an option or answer something else."""
    with gzip.open(
        real / "generations" / "deepeyes_vstar.jsonl.gz", "rt", encoding="utf-8"
    ) as file:
        rows = [json.loads(line) for line in file]
    readings = [parse_output((row["turns"] or [""])[-1], row["options"]) for row in rows]
    problems = Counter(reading.problem for reading in readings)
    flags = Counter(flag for reading in readings for flag in reading.flags)
    assert problems == {None: 1982, "unreadable": 98, "no-answer": 21}
    assert flags == {"option-text": 621, "letter-text-conflict": 63}
