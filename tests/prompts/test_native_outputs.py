"""Every shipped profile reads its family's own form, and puts prefills into it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from unswayed import prompts
from unswayed.answers import AnswerRules, parse_output, values
from unswayed.perturbations import Context
from unswayed.perturbations.composition import compose, variants_of
from unswayed.perturbations.texts.templates import Templates
from unswayed.types import Sample, Variant

OPTIONS = {"A": "left", "B": "right", "C": "above", "D": "below"}
GOLDEN = Path(__file__).parent / "golden_prompts.json"

TAGS = [
    ("<think>It stands on the right.</think><answer>B</answer>", "B"),
    ("<think>It stands on the right.</think>\n<answer> B. right </answer>", "B"),
    ("<think>It stands on the right, so B.", None),
    ("<think>It stands on the right.</think>B", None),
]

OUTPUTS: dict[str, list[tuple[str, str | None]]] = {
    "default": TAGS,
    "organism": TAGS,
    "vlaa-thinker": [
        *TAGS,
        ("<think> I look at the lamp. </think>\n\n<answer> B </answer>", "B"),
    ],
    "video-r1": [*TAGS, ("<think>\nHmm, wait.\n</think>\n<answer>\nB\n</answer>", "B")],
    "spacer": [*TAGS, ("<think>Let me think.</think>\n<answer>B</answer>", "B")],
    "vision-r1": [
        *TAGS,
        ("<think>\nHmm.\n</think>\n\n<answer> Final Answer:B </answer>", "B"),
        ("<think>\nHmm.\n</think>\n\n<answer> Final Answer:right </answer>", None),
    ],
    "vigorl": [
        ("<think>\nThe lamp is at (300, 120).\n</think>\n<answer> right </answer>", "B"),
        ("<think>\nThe lamp is at (300, 120).\n</think>\n<answer> to one side </answer>", None),
    ],
    "internvl3": [
        ("The lamp stands beside the table.\n\nAnswer: \\boxed{B}", "B"),
        ("The lamp stands beside the table.\n\nAnswer: \\boxed{\\text{B}}", "B"),
        ("The lamp stands beside the table.\n\n**Answer: B**", "B"),
        ("The lamp stands beside the table, to the right.", None),
        ("It is \\boxed{A} or \\boxed{B}.", None),
    ],
    "internvl3.5": [
        ("<think>\nThe lamp is on the right.\n</think>\n\nThe answer is \\boxed{B}.", "B"),
        ("<think>\nIs it A?\n</think>\n\\boxed{B}", "B"),
        ("<think>\nThe answer is \\boxed{B}.", None),
        ("The answer is \\boxed{B}.", None),
    ],
    "qwen3-vl": [
        ("B", "B"),
        ("B.", "B"),
        ("B. right", "B"),
        ("The lamp could be A or B.", None),
    ],
    "qwen3-vl-thinking": [
        ("So, let's see. The lamp is on the right.\n</think>\n\nB", "B"),
        ("<think>\nSo, let's see.\n</think>\n\n**B**", "B"),
        ("<think>\nSo, let's see. The answer is B.", None),
        ("So, let's see. The answer is B, I think, but", None),
    ],
    "glm-v": [
        ("<think>It is on the right.</think>\n<|begin_of_box|>B<|end_of_box|>", "B"),
        ("<think>It is on the right.</think><answer>**B**</answer>", "B"),
        (
            "<think>It is on the right.</think>The answer is <|begin_of_box|>B<|end_of_box|>.",
            "B",
        ),
        ("<think>It is <|begin_of_box|>B<|end_of_box|>", None),
        ("<think>Hm.</think><|begin_of_box|>[[10,20,30,40]]<|end_of_box|>", None),
    ],
    "mimo-vl": [
        ("<think>\nThe lamp is on the right.\n</think>\nThe correct answer is **B. right**.", "B"),
        ("<think>\nThe lamp is on the right.\n</think>\n\nB", "B"),
        ("<think>\nThe lamp is on the right.", None),
    ],
    "kimi-vl": [
        ("B", "B"),
        ("The answer is B. right.", "B"),
        ("The lamp is on the table.", None),
    ],
    "kimi-vl-thinking": [
        ("◁think▷It is on the right.◁/think▷Answer: $\\boxed{B}$", "B"),
        ("◁think▷It is on the right.◁/think▷\n\n**Answer: B**", "B"),
        ("◁think▷It is on the right. Answer: $\\boxed{B}$", None),
        ("It is on the right. Answer: $\\boxed{B}$ or so", None),
    ],
    "gemma-3": [
        ("B. right", "B"),
        ("The lamp stands beside the table.\n\nThe final answer is $\\boxed{B}$.", "B"),
        ("Options A and B are both possible.", None),
    ],
    "gemma-4": [
        ("<|channel>thought\nOn the right.<channel|>The answer is **B**.", "B"),
        ("<|channel>thought\n<channel|>B", "B"),
        ("<|channel>thought\nOn the right, so B.", None),
    ],
}
"""Outputs in the native forms of the families, made for these tests, with the letter that is to be
read; None: no answer."""


def sample() -> Sample:
    return Sample(
        id="toy/1", benchmark="toy", images=(), question="Where is the lamp?",
        options=OPTIONS, answer="B", cluster="1",
    )  # fmt: skip


def variants() -> dict[str, Variant]:
    names = ("base", "stop-think", "wrong-think", "wrong-caption")
    made = variants_of(sample(), [compose(name) for name in names], Context(Templates(), seed=1))
    return {one.name: one for one in made if isinstance(one, Variant)}


@pytest.mark.parametrize("name", prompts.shipped())
def test_native_outputs_are_read(name: str) -> None:
    style = prompts.profile(name).style.name
    rows = OUTPUTS[name]
    assert [parse_output(text, OPTIONS, style=style).letter for text, _ in rows] == [
        letter for _, letter in rows
    ]
    assert {letter for _, letter in rows} == {"B", None}


@pytest.mark.parametrize("name", prompts.shipped())
def test_prompts_are_as_written_down(name: str) -> None:
    """To write them anew: python tests/prompts/test_native_outputs.py."""
    assert rendered(name) == json.loads(GOLDEN.read_text("utf-8"))[name]


@pytest.mark.parametrize("name", prompts.shipped())
def test_an_injected_thought_is_the_familys_own(name: str) -> None:
    profile = prompts.profile(name)
    style, made = profile.style, variants()
    opens, closes = profile.thought
    wrong, stopped = (style.native(made[v].prefill) for v in ("wrong-think", "stop-think"))
    assert wrong.startswith(opens)
    assert not closes.strip() or closes not in wrong
    assert stopped.endswith(closes)
    if profile.answer_style != "plain":
        rules = AnswerRules(style)
        for prefill, open_thought in ((wrong, True), (stopped, False)):
            reading = parse_output(prefill, OPTIONS, style=rules.style.name)
            assert (reading.problem == "open-think") is open_thought
    else:
        assert "<" not in wrong + stopped


def test_another_style_keeps_the_marks_and_gives_some_to_a_family_without() -> None:
    kimi, bare = (prompts.profile(name).style for name in ("kimi-vl-thinking", "qwen3-vl"))
    assert kimi.named("tags") == replace(kimi, name="tags")
    assert kimi.named(None) == kimi
    for style in ("tags", "after-think"):
        prefill = bare.named(style).native(variants()["stop-think"].prefill)
        assert prefill.startswith("<think>")
        assert prefill.endswith("</think>")
        letter = parse_output(f"{prefill}<answer>B</answer>", OPTIONS, style=style).letter
        assert letter == "B"
    assert prompts.profile("default").style.named("plain").opens == "<think>"


@pytest.mark.parametrize(
    ("given", "said", "letter"),
    [
        ("I look. The answer is A.\n\n", "B", "B"),
        ("I look. The answer is A.\n\n", "B. right", "B"),
        ("I look. The answer is A", ".\n\nNo: the answer is B.", "B"),
        ("I look. The answer is A.\n\n", "The lamp is on one side.", None),
        ("I look. The answer is A", "", None),
        ("I look. \\boxed{A} it is", ", so the answer is B.", "B"),
    ],
)
def test_an_answer_in_injected_words_is_not_the_models(
    given: str, said: str, letter: str | None
) -> None:
    for style in ("plain", "after-think"):
        thought = given if style == "plain" else f"<think>{given}</think>"
        reading = parse_output(thought + said, OPTIONS, style=style, given=len(thought))
        assert reading.letter == letter
        if letter is not None:
            assert reading.think is not None
            assert reading.think.startswith("I look.")
    for style, given_text in (("plain", given), ("after-think", f"<think>{given}</think>")):
        value = values.parse_output(given_text + "7", "number", style, len(given_text))
        assert value.value is not None


def rendered(name: str) -> dict[str, str]:
    """Return what a profile sends for a question, and how its thoughts begin."""
    profile, made = prompts.profile(name), variants()
    return {
        "system": prompts.render_system(made["base"], profile),
        "base": prompts.render_user(made["base"], profile),
        "wrong-caption": prompts.render_user(made["wrong-caption"], profile),
        "wrong-think": profile.style.native(made["wrong-think"].prefill),
        "stop-think": profile.style.native(made["stop-think"].prefill),
    }


if __name__ == "__main__":
    table = {name: rendered(name) for name in prompts.shipped()}
    GOLDEN.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", "utf-8")
