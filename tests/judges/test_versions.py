"""A judge's identity is a declared version: what moves a verdict must move it, parsers included.

Each golden digest is over verdicts on fixed inputs, from the raw text that a model wrote. Whoever
changes the rules, the answer parser, the parser of a judge model's replies or the procedure of
`reread` so that one of them moves gives that judge a new version, and the version a new digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from unswayed import answers
from unswayed.answers import ParsedAnswer, answer_block, think_block
from unswayed.judges import JudgeCase, case_of, reread
from unswayed.judges.agreement.labels import load_labels
from unswayed.judges.llm import judge as llm
from unswayed.judges.llm import replies
from unswayed.judges.rules import judge as rules
from unswayed.judges.rules.judge import Rules

HERE = Path(__file__).parent
OPTIONS = {"A": "red", "B": "dark red", "C": "blue", "D": "white"}
SHAPES = (
    "{0}",
    "({0})",
    "{0}. {1}",
    "{1}",
    "**{0}**",
    r"\boxed{{{0}}}",
    "The answer is {0}.",
    "{2}",
)

GOLDEN = {
    ("rules", "rules-3"): "8d7a51426b17f3cb",
    ("llm", 1): "6ec38aa8da319aa0",
    ("reread", 1): "28bddd421121be6c",
}
"""Judge and version → digest of what it says."""


def digest(lines: Iterator[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def outputs() -> Iterator[tuple[str, str, dict[str, str], str]]:
    """Yield id, question, options and raw output: every labelled chain in a shape of its own."""
    files = ("cases.jsonl", "held_out.jsonl", "kinds.jsonl")
    rows = [row for name in files for row in load_labels(HERE / name)]
    for place, row in enumerate(rows):
        case = row.case
        options = dict(case.options)
        letter = case.letter or case.text_letter or "A"
        shape = SHAPES[place % len(SHAPES)]
        shaped = shape.format(letter, options.get(letter, ""), letter.lower())
        for answer in (case.answer, shaped):
            yield case.id, case.question, options, think_block(case.think) + answer_block(answer)
    for name, output in (
        ("open", "<think>It is blue."),
        ("opened by the template", "It is blue.</think><answer>C</answer>"),
        ("two answers", "<think>It is blue.</think><answer>A</answer><answer>C</answer>"),
    ):
        yield name, "What color?", OPTIONS, output


Parse = Callable[[str, dict[str, str]], ParsedAnswer]


def rules_say(parse: Parse = answers.parse_output) -> Iterator[str]:
    for id, question, options, output in outputs():
        case = case_of(id, question, options, parse(output, options))
        verdict = next(Rules().judge([case])) if isinstance(case, JudgeCase) else case
        yield f"{id} {verdict.status} {verdict.concludes} {verdict.acknowledges}"


def llm_says() -> Iterator[str]:
    whole = {"reason": "it says so", "concludes": "C", "verdict": "consistent"}
    texts = [
        *(json.dumps(whole | {"concludes": c}) for c in ("A", "B", "none", "outside", "E")),
        *(json.dumps(whole | {"concludes": c, "verdict": "inconsistent"}) for c in ("A", "C")),
        json.dumps(whole | {"concludes": "none", "verdict": "unclear"}),
        json.dumps(whole),
        f"```json\n{json.dumps(whole)}\n```",
        f"<think>so</think>{json.dumps(whole)}",
        f"so</think>{json.dumps(whole)}",
        f"<think>so {json.dumps(whole)}",
        f"<|channel|>analysis<|message|>so<|end|><|channel|>final<|message|>{json.dumps(whole)}",
        f"{json.dumps(whole)} {json.dumps(whole)}",
        json.dumps(whole | {"more": 1}),
        '{"concludes": "C", "concludes": "C", "reason": "", "verdict": "consistent"}',
        "",
    ]
    for text in texts:
        found = replies.parse_reply(text, OPTIONS, "C")
        usable = isinstance(found, replies.Judgement)
        yield f"{found.status} {found.concludes}" if usable else "unusable"


def reread_says() -> Iterator[str]:
    for think in ("It is A.", "A car is red.", "Option (B) fits.", "It is blue.", "A or D, so D"):
        yield f"{think} {reread.names_letters(think, OPTIONS)}"
    orders = reread.orders(OPTIONS, 4, "0/id")
    yield repr(orders)
    chances = [{"A": 0.7, "B": 0.1, "C": 0.1, "D": 0.1}, {"A": 0.1, "B": 0.1, "C": 0.2, "D": 0.6}]
    mapped = [reread.mapped(*pair) for pair in zip(orders, chances, strict=False)]
    mean = reread.averaged(mapped)
    yield repr({letter: round(value, 9) for letter, value in mean.items()})
    for margin in (0.0, 0.2, 0.5):
        letter, lead = reread.leading(mean, margin)
        yield f"{letter} {lead:.9f}"


def test_the_version_of_the_rules_stands_for_their_verdicts_and_the_answer_parsers() -> None:
    assert GOLDEN.get(("rules", rules.VERSION)) == digest(rules_say())


def test_a_change_in_the_answer_parser_does_not_go_unseen() -> None:
    def without_texts(output: str, options: dict[str, str]) -> ParsedAnswer:
        return answers.parse_output(output, dict.fromkeys(options, "?"))

    assert digest(rules_say(without_texts)) != digest(rules_say())


def test_the_version_of_a_judge_model_stands_for_the_parser_of_its_replies() -> None:
    assert GOLDEN.get(("llm", llm.VERSION)) == digest(llm_says())


def test_the_version_of_reread_stands_for_its_procedure() -> None:
    assert GOLDEN.get(("reread", reread.VERSION)) == digest(reread_says())
