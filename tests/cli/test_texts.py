"""`unswayed texts preview`: what would be injected, to be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from unswayed.cli.texts import texts
from unswayed.errors import ConfigError, UnknownName

KEYS = ["sample", "question", "variant", "asserted", "text", "form", "fallback"]


@pytest.fixture
def questions(tmp_path: Path) -> str:
    rows = [
        {"question": "How many dogs are there?", "A": "2", "B": "3", "answer": "A"},
        {"question": "Wie viele Hunde stehen dort?", "A": "zwei", "B": "drei", "answer": "A"},
        {"question": "What is it?", "A": "a dog", "B": "a cat", "answer": "C"},
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return f"file:{path},image=none"


def test_one_object_a_line_with_these_keys(questions: str) -> None:
    result = CliRunner().invoke(texts, ["preview", questions, "--json"])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(list(row) == KEYS for row in rows)
    assert {row["variant"] for row in rows} == {"wrong-caption", "correct-caption", "wrong-think"}
    wrong = next(row for row in rows if row["variant"] == "wrong-caption")
    assert (wrong["asserted"], wrong["form"], wrong["fallback"]) == ("3", "count", False)
    assert "there are three dogs" in wrong["text"].lower()
    assert [row["fallback"] for row in rows] == [False] * 3 + [True] * 3


def test_what_was_seen_is_counted_on_stderr(questions: str) -> None:
    result = CliRunner().invoke(texts, ["preview", questions])
    assert "of a recognised form: 3 of 6 (50.0%): count 3, fallback 3" in result.stderr
    assert "accepted by the check: " in result.stderr
    assert "1 rows cannot be used; the first: " in result.stderr
    assert "FALLBACK" in result.stdout


def test_neutral_texts_and_the_other_wordings(questions: str) -> None:
    arguments = ["--json", "--variants", "neutral-caption,base", "--texts", "template,wordings=b"]
    result = CliRunner().invoke(texts, ["preview", questions, *arguments])
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["variant"], row["asserted"], row["form"]) for row in rows] == [
        ("neutral-caption", None, "")
    ] * 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["nope"], UnknownName),
        (["scenes", "--texts", "template,wordings=c"], ConfigError),
        (["scenes", "--variants", "wrong-thnk"], UnknownName),
    ],
)
def test_names_that_are_none(arguments: list[str], error: type[Exception]) -> None:
    with pytest.raises(error):
        CliRunner().invoke(texts, ["preview", *arguments], catch_exceptions=False)
