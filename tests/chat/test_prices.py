"""What tokens cost, from the user's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from unswayed.chat.limits import Spent
from unswayed.chat.prices import Price, cost, load
from unswayed.errors import ConfigError

FILE = """
currency = "USD"

[models."toy/a"]
prompt = 2.0
cached_prompt = 0.5
completion = 8.0
source = "a page"
date = 2026-11-21

[models.b]
prompt = 1
completion = 0
"""
SPENT = Spent(requests=3, prompt=1_500_000, cached_prompt=500_000, completion=250_000, reasoning=9)


def write(folder: Path, text: str) -> Path:
    path = folder / "prices.toml"
    path.write_text(text)
    return path


def test_cost(tmp_path: Path) -> None:
    prices = load(write(tmp_path, FILE))
    found = cost(SPENT, prices["toy/a"])
    assert found.amount == pytest.approx(1.0 * 2.0 + 0.5 * 0.5 + 0.25 * 8.0)
    assert str(found) == "4.25 USD"
    assert cost(SPENT, prices["b"]).amount == pytest.approx(1.5)


def test_an_unknown_price_is_never_nothing(tmp_path: Path) -> None:
    found = cost(SPENT, load(write(tmp_path, FILE)).get("c"))
    assert (found.amount, str(found)) == (None, "n/a")
    assert load(write(tmp_path, "")) == {}


def test_replies_without_a_count_make_it_a_lower_bound() -> None:
    price = Price(prompt=2, completion=8, currency="EUR")
    assert str(cost(Spent(requests=2, unknown=1, prompt=1000), price)) == "at least 0.0020 EUR"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("prompt = ", "cannot read"),
        ("[model.a]\nprompt = 1", "model"),
        ("models = 3", "something else"),
        ("[models]\na = 3", "expected a table"),
        ("[models.a]\nprompt = 1", "completion"),
        ("[models.a]\nprompt = -1\ncompletion = 1", "prompt"),
        ("[models.a]\nprompt = nan\ncompletion = 1", "prompt"),
        ("[models.a]\nprompt = 1\ncompletion = 1\ninput = 2", "input"),
    ],
)
def test_what_is_no_price_file(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load(write(tmp_path, text))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load(tmp_path / "none.toml")
