"""What the page on open answers says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unswayed.answers import values
from unswayed.prompts import profile, shipped

PAGE = (Path(__file__).parents[2] / "docs" / "open-answers.md").read_text("utf-8")


def examples(kind: str, column: int) -> list[str]:
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` |"))
    return re.findall(r"`([^`]+)`", line.split(" | ")[column])


@pytest.mark.parametrize("text", examples("number", 1))
def test_numbers_that_are_read(text: str) -> None:
    assert values.number(text).value is not None


@pytest.mark.parametrize("text", examples("number", 2))
def test_numbers_that_are_not_read(text: str) -> None:
    assert values.number(text).value is None


def test_the_profile_can_be_used(tmp_path: Path) -> None:
    (toml,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "my.toml").write_text(toml, "utf-8")
    mine = profile(f"{tmp_path / 'my.toml'}:mine")
    assert {kind: wording.after for kind, wording in mine.open.items()} == {
        "number": "Answer with the number alone.",
        "box": "Answer with [x1, y1, x2, y2].",
    }


def test_what_the_shipped_profiles_say_is_quoted() -> None:
    for wording in profile("default").open.values():
        said = (wording.system or "").partition("where X is ")[2].removesuffix(".")
        assert f'"{said}"' in PAGE
    without = {name for name, shown in shipped().items() if not shown.open}
    assert without == {"organism", "vigorl", "internvl3.5"}
