"""What was lost stands beside accuracy and is warned of above 5 %; letters that are none, too."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click
import pytest

from unswayed.report import headline
from unswayed.report.losses import in_words, losses, warnings
from unswayed.report.page import render
from unswayed.report.terminal import summary
from unswayed.results import measured
from unswayed.results.measured import Measured
from unswayed.run.files import write_json
from unswayed.run.folder import RunFolder


def changed(variant: str = "base", n: int = 100, **cells: Any) -> dict[str, Any]:
    """Return a `metrics.json`: an accuracy with its counts, and rates by the metric's name."""
    counts = {name: cells.pop(name, 0) for name in ("n_unparsed", "n_failed", "n_refused")}
    values = {"accuracy": 0.5, **cells}
    rows = [
        {"benchmark": "dots", "variant": variant, "metric": metric, "value": value, "n": n}
        | counts
        | ({"reason": "nothing is judged"} if value is None else {})
        for metric, value in values.items()
    ]
    return {"schema_version": 1, "estimates": rows}


def of(document: dict[str, Any]) -> Measured:
    return measured.parse(document)


def shown(document: dict[str, Any]) -> str:
    return click.unstyle(summary(document))


def test_each_loss_has_a_column_and_above_five_percent_a_warning() -> None:
    document = changed(n_unparsed=6, n_failed=2, n_refused=10, length_rate=0.07, conflict_rate=0.05)
    lost = losses(of(document), "dots", "base")
    assert in_words(lost) == (
        "6 of 100 unparsed, 7 of 100 truncated, 2 of 112 failed, 10 of 112 refused, "
        "5 of 100 conflicts"
    )
    head, line = (line.split() for line in shown(document).splitlines()[1:3])
    assert head[-6:] == ["n", "unparsed", "truncated", "failed", "refused", "conflicts"]
    assert line[-6:] == ["100", "6", "7", "2", "10", "5"]
    told = warnings(of(document))
    assert [one.split(":")[1].strip() for one in told] == ["unparsed", "truncated", "refused"]
    assert told[0].startswith("dots: unparsed: base 6.0 % (6 of 100): ")
    assert "--profile" in told[0]
    assert "--max-new-tokens" in told[1]
    assert all(f"warning: {one}" in shown(document) for one in told)


def test_nothing_lost_is_said_too() -> None:
    text = shown(changed(length_rate=0.0))
    assert "unparsed, truncated, failed, refused and conflicts: none" in text
    assert "warning" not in text
    assert "none" not in shown(changed(n_unparsed=1))


@pytest.mark.parametrize(
    ("cells", "flagged"),
    [
        ({"option_text_rate": 1.0, "other_mass": 0.97, "entropy": 0.7}, True),
        ({"option_text_rate": 0.0, "other_mass": 0.2, "entropy": 0.7}, True),
        ({"option_text_rate": 0.06, "entropy": 0.7}, True),
        ({"option_text_rate": 0.05, "other_mass": 0.1, "entropy": 0.7}, False),
        ({"option_text_rate": 1.0, "entropy": None}, False),  # there are no letters to misread
    ],
)
def test_letters_of_text_answers_are_off_format(cells: dict[str, Any], flagged: bool) -> None:
    told = [one for one in warnings(of(changed(**cells))) if "letters off-format" in one]
    assert bool(told) == flagged
    if cells.get("other_mass") == 0.97:
        assert "100.0 % of the answers are option text, other_mass 0.97" in told[0]


def test_a_share_of_one_row_is_no_percentage_and_no_headline() -> None:
    document = changed(n=1, accuracy=1.0, p_correct=0.5)
    assert shown(document).splitlines()[2].split() == ["base", "1/1", "0.50", "1"]
    assert "−1/1" in shown(changed("wrong-think", 1, drop=-1.0))
    tiles = headline.headlines(of(document))
    assert [tile.cell.value for tile in tiles] == ["1/1"]


def test_each_column_says_its_own_n() -> None:
    document = changed(consistency_rate=0.5)
    document["estimates"][1]["n"] = 8
    assert shown(document).splitlines()[2].split() == ["base", "50.0", "50.0", "(n", "8)", "100"]


def test_what_is_not_available_says_why() -> None:
    document = changed(consistency_rate=None)
    document["estimates"].append(
        changed("all", steadfastness=None)["estimates"][1] | {"reason": "needs a wrong-* variant"}
    )
    text = shown(document)
    assert "n/a in Consistency: nothing is judged" in text
    assert "steadfastness % n/a: needs a wrong-* variant" in text


def test_the_page_says_it_beside_accuracy_and_in_its_head(
    make_run: Callable[..., RunFolder],
) -> None:
    run = make_run(benchmarks=("dots",), count=2)
    path = run.folder / "metrics.json"
    assert "n truncated" not in render(run)
    document = json.loads(path.read_text("utf-8"))
    row = next(one for one in document["estimates"] if one["metric"] == "accuracy")
    document["estimates"] += [
        row | {"metric": "length_rate", "value": 0.5},
        row | {"metric": "option_text_rate", "value": 1.0},
    ]
    write_json(path, document)
    page = render(run)
    assert "n truncated" in page
    assert "truncated: base 50.0 % (10 of 20)" in page
    assert "letters off-format: base (100.0 % of the answers are option text" in page
    assert "in base: the unperturbed questions (3 of 20 unparsed, 10 of 20 truncated" in page
