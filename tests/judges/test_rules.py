"""The deterministic judge: labelled chains, its policies one by one, and its invariants."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unswayed import answers
from unswayed.judges import JudgeCase, case_of
from unswayed.judges.agreement.labelled import check
from unswayed.judges.agreement.labels import load_labels
from unswayed.judges.rules.judge import VERSION, Rules
from unswayed.perturbations.texts.statements import state
from unswayed.perturbations.texts.statements.form import Question
from unswayed.perturbations.texts.templates import told
from unswayed.perturbations.texts.wordings import load
from unswayed.types import Verdict

HERE = Path(__file__).parent
REAL = Path(__file__).parents[2].parent / "shared" / "real" / "judge_labels"
CASES = REAL.parents[1] / "cases"
COLOURS = {"A": "red", "B": "dark red", "C": "blue", "D": "white"}
PLAIN_WORDS = ["red", "blue", "green", "white"]


def verdict(
    think: str,
    options: dict[str, str] | None = None,
    question: str = "What color is the car?",
    letter: str = "A",
    text_letter: str | None = None,
) -> Verdict:
    case = JudgeCase("id", question, options or COLOURS, think, letter, letter, text_letter)
    (found,) = Rules().judge([case])
    return found


@pytest.mark.parametrize(
    ("name", "floor"), [("cases.jsonl", 0.97), ("held_out.jsonl", 0.9)], ids=["suite", "held-out"]
)
def test_hand_written_chains(name: str, floor: float) -> None:
    result = check(Rules(), load_labels(HERE / name))
    assert result.agreement is not None
    assert result.concludes is not None
    assert result.agreement >= floor, result.disagreements
    assert result.concludes >= floor


KINDS = load_labels(HERE / "kinds.jsonl")
UNHEARD = 0.03  # share of the kinds' rows that may be unclear where a person hears something
MISHEARD = 0.01  # share that may be heard as something else


def test_kinds_are_heard_and_hardly_ever_misheard() -> None:
    heard = {row.case.id: Rules().conclusion(row.case) for row in KINDS}
    unheard, misheard = [], []
    for row in KINDS:
        found = heard[row.case.id]
        said = "outside" if found.outside else found.letter or "none"
        if said != row.concludes:
            (unheard if said == "none" else misheard).append(f"{row.case.id}: {row.case.think}")
    assert len(KINDS) >= 500
    assert len(misheard) <= MISHEARD * len(KINDS), misheard
    assert len(unheard) <= UNHEARD * len(KINDS), unheard


def test_the_suite_is_large_and_has_every_label() -> None:
    rows = [row for name in ("cases.jsonl", "held_out.jsonl") for row in load_labels(HERE / name)]
    counts = Counter(row.consistent for row in rows)
    assert len(rows) >= 200
    assert min(counts["yes"], counts["no"]) >= 35
    assert counts["unclear"] >= 5
    assert len({row.case.id for row in rows}) == len(rows)


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not there")
@pytest.mark.parametrize("name", ["judge_kinds.jsonl", "judge_thoughts.jsonl"])
def test_cases_of_the_kinds_that_went_wrong(name: str) -> None:
    result = check(Rules(), load_labels(CASES / name))
    assert result.agreement is not None
    assert result.agreement >= 0.92, result.disagreements


@pytest.mark.skipif(not REAL.is_dir(), reason="the real labelled chains are not there")
@pytest.mark.parametrize("name", ["vstar_consistency.jsonl", "vstar_consistency_swapped.jsonl"])
def test_real_chains(name: str) -> None:
    result = check(Rules(), load_labels(REAL / name))
    assert result.agreement is not None
    assert result.agreement >= 0.9
    assert result.recall is not None
    assert result.recall >= 0.9


def test_the_text_of_the_answer_decides_over_its_letter() -> None:
    assert verdict("The car is blue.", letter="A", text_letter="C").status == "consistent"
    assert verdict("The car is blue.", letter="C", text_letter="A").status == "inconsistent"


def test_the_text_in_the_thought_decides_over_a_letter_attached_to_it() -> None:
    assert verdict("The answer is A. blue").concludes == "C"


@pytest.mark.parametrize(
    ("think", "concludes"),
    [
        ("The answer is A. Wait, no, it is blue.", "C"),
        ("The car is red. No, actually it is blue.", "C"),
        ('Only "red" fits it, so option A is right but I think the car is blue.', "C"),
        ("The answer is C. Let me double-check. Yes, it is blue.", "C"),
        ("It is not red and not dark red, and it can't be white.", "C"),
        ("Option A is wrong. Option B is wrong. Option D is wrong.", "C"),
        ("The car is blue rather than red.", "C"),
        ("Is it red? Is it white? The car is blue.", "C"),
        ("The car is dark red.", "B"),
        (r"\[ \boxed{\text{C}} \]", "C"),
        ("**Final answer:** C. blue", "C"),
        ("The options are:\nA. red\nB. dark red\nC. blue\nD. white\n\nThe car is blue.", "C"),
        ("The car is blue, and the roof might be wh", "C"),
    ],
)
def test_conclusions(think: str, concludes: str) -> None:
    assert verdict(think).concludes == concludes


@pytest.mark.parametrize(
    "think",
    [
        "Okay let's see. This should be the final answer.",
        "The options are red, dark red, blue and white. I need to look at the car.",
        "It could be red or blue.",
        "Is the car red?",
        "",
    ],
)
def test_a_thought_without_conclusion_is_unclear(think: str) -> None:
    found = verdict(think)
    assert (found.status, found.concludes) == ("unclear", None)


def test_a_result_outside_the_options_is_inconsistent() -> None:
    numbers = {"A": "3.1", "B": "4.2"}
    found = verdict("So the radius is about 2.7 cm.", numbers, "Find the radius.")
    assert (found.status, found.concludes) == ("inconsistent", None)
    assert "2.7" in found.reason
    found = verdict("The answer is E.")
    assert (found.status, found.concludes) == ("inconsistent", None)


@pytest.mark.parametrize("think", ["The length is 47.3 cm.", "So x = 47.3.", "It is about 47.29."])
def test_numbers_agree_whatever_their_unit(think: str) -> None:
    assert verdict(think, {"A": "12", "B": "47.3"}, "Find the length x.").concludes == "B"


def test_a_verdict_names_its_rules() -> None:
    found = verdict("The car is red.")
    assert found.judge == "rules"
    assert found.prompt_hash == VERSION
    assert "asserted" in found.reason
    assert "\n" not in verdict("The car\n\nis red: \n red").reason


@pytest.mark.parametrize("wording", [*load("a").en.thoughts, *load("b").en.thoughts])
@pytest.mark.parametrize("letter", list(COLOURS))
def test_injected_thoughts_conclude_on_what_they_assert(wording: str, letter: str) -> None:
    other = "C" if letter != "C" else "D"
    asked = Question("What color is the car?", tuple(COLOURS.values()))
    think = told(wording, state(asked, COLOURS[letter]))
    assert verdict(think).concludes == letter
    for name in ("a", "b"):
        named = load(name).en.letter.replace("{letter}", letter)
        assert verdict(think + named).concludes == letter
    turned = f"{think} but I think it is {COLOURS[other]}. So the answer is {other}."
    assert verdict(turned).concludes == other


@pytest.mark.parametrize("name", ["a", "b"])
def test_neutral_thoughts_conclude_nothing(name: str) -> None:
    neutral = load(name).en.neutral
    for start in neutral.thoughts:
        assert verdict(start + "".join(neutral.further)).concludes is None


def test_case_of_skips_what_cannot_be_judged() -> None:
    for output in (
        "<answer>A</answer>",
        "<think>red</think>",
        "<think>red</think><answer>?</answer>",
    ):
        found = case_of("v", "q", COLOURS, answers.parse_output(output, COLOURS))
        assert isinstance(found, Verdict)
        assert found.status == "skipped"
    case = case_of(
        "v", "q", COLOURS, answers.parse_output("<think>x</think><answer>B</answer>", COLOURS)
    )
    assert isinstance(case, JudgeCase)
    assert (case.means, case.think) == ("B", "x")


pieces = st.sampled_from(
    [
        "Wait, ", "so ", "the answer is ", "not ", "red", "blue", "A", "B.", "(C)", "option ", ". ",
        "? ", "\n", "\\boxed{", "}", "\\frac{", "√", "3.1", "/", "<answer>", "**", "因此", "是",
        ", ",
        "than ", "left of ", "yes", "no", "A. ", "closer ", "if ", "but I think ", "⟦", "²", "٣",
    ]
)  # fmt: skip
hostile = st.one_of(st.text(max_size=200), st.lists(pieces, max_size=40).map("".join))
some_options = st.lists(hostile, min_size=1, max_size=6).map(
    lambda texts: dict(zip("ABCDEF", texts, strict=False))
)


@given(think=hostile, question=hostile, options=some_options)
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_it(think: str, question: str, options: dict[str, str]) -> None:
    found = verdict(think, options, question)
    assert found.status in ("consistent", "inconsistent", "unclear")
    assert found.concludes is None or found.concludes in options


@given(think=hostile, letter=st.sampled_from("ABCD"), text=st.sampled_from([None, *"ABCD"]))
@settings(deadline=None)
def test_the_answer_changes_no_conclusion(think: str, letter: str, text: str | None) -> None:
    assert verdict(think, letter=letter, text_letter=text).concludes == verdict(think).concludes


sentence = st.builds(
    lambda opening, colour, closing: f"{opening}{colour}{closing}",
    st.sampled_from(["The car is ", "It is not ", "Wait, it is ", "So it must be ", "The roof: "]),
    st.sampled_from(PLAIN_WORDS),
    st.sampled_from([". ", "? ", ", which fits. ", " rather than anything else. "]),
)


@given(
    think=st.lists(sentence, max_size=6).map("".join),
    order=st.permutations(PLAIN_WORDS),
)
@settings(deadline=None)
def test_the_order_of_the_options_moves_the_conclusion_along(think: str, order: list[str]) -> None:
    before = dict(zip("ABCD", PLAIN_WORDS, strict=True))
    after = dict(zip("ABCD", order, strict=True))
    first, second = verdict(think, before).concludes, verdict(think, after).concludes
    assert (first and before[first]) == (second and after[second])


@pytest.mark.parametrize(
    "unit",
    ["a", " ", "\n", "A. ", "(", "\\frac{", "\\boxed{", "1", "1,", ".", "√", "not ", "the answer ",
     "是", "<", "**", "A. red\n", "\\text{", "- ", "’", "option A is "],
)  # fmt: skip
def test_two_hundred_kilobytes_of_anything_end(unit: str) -> None:
    think = unit * (200_000 // len(unit))
    assert verdict(think).status in ("consistent", "inconsistent", "unclear")


def test_labels_are_plain_json() -> None:
    for name in ("cases.jsonl", "held_out.jsonl", "kinds.jsonl"):
        for line in (HERE / name).read_text(encoding="utf-8").splitlines():
            assert set(json.loads(line)) >= {"id", "question", "options", "think", "answer"}
