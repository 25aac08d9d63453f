"""What the curves hold: every seed, their mean where all have a value, and honest bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from unswayed.training.track import curves
from unswayed.training.track.curves import columns, draw, last_interval, mean_line, running_mean
from unswayed.training.track.dynamics import Dynamics, TrackedValue

VARIANTS = {"base": 0.6, "wrong-think": 0.3, "correct-caption": 0.8, "abstain+wrong-caption": 0.2}


def row(seed: int, step: int, metric: str, value: float | None, **more: Any) -> TrackedValue:
    options = {"benchmark": "toy", "variant": "base", "low": None, "high": None, "n": 40, **more}
    return TrackedValue(seed=seed, step=step, metric=metric, value=value, **options)


def rows_of(seeds: tuple[int, ...], benchmark: str = "toy") -> Iterator[TrackedValue]:
    for seed in seeds:
        for step in (0, 20, 40):
            for variant, level in VARIANTS.items():
                value = level + 0.001 * step + 0.01 * seed
                ends = {"low": value - 0.1, "high": value + 0.1}
                more = {"benchmark": benchmark, "variant": variant}
                yield row(seed, step, "accuracy", value, **ends, **more)
                yield row(seed, step, "thought_words", 100 * value, **more)
        for step in range(1, 41):
            value = 0.5 + 0.01 * (step % 5) + 0.1 * seed
            yield row(seed, step, "reward", value, benchmark="training", variant="all")


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, Figure]:
    """Keep the figures by name instead of saving them, which takes long."""
    kept: dict[str, Figure] = {}

    def keep(figure: Figure, path: Path, kinds: Sequence[str]) -> list[Path]:
        kept[path.name] = figure
        return []

    monkeypatch.setattr(curves, "save", keep)
    return kept


def lines(figure: Figure, panel: int) -> list[tuple[float, list[float], list[float]]]:
    """Return width, x and y of the lines of a panel."""
    found = figure.axes[panel].get_lines()
    return [(x.get_linewidth(), list(x.get_xdata()), list(x.get_ydata())) for x in found]


def test_every_seed_and_their_mean_are_drawn(tmp_path: Path, figures: dict[str, Figure]) -> None:
    draw(Dynamics(tuple(rows_of((1, 2, 3))), {}, {}, {}), tmp_path)
    assert list(figures) == ["curves", "rewards"]
    thin, bold, bar = [], [], []
    for width, x, y in lines(figures["curves"], 0):
        (thin if width < 1 else bar if x[0] == x[1] else bold).append((x, y))
    assert [y for _, y in thin] == [
        pytest.approx([61 + seed - 1, 63 + seed - 1, 65 + seed - 1]) for seed in (1, 2, 3)
    ]
    assert bold == [([0, 20, 40], pytest.approx([62, 64, 66]))]
    ((at, ends),) = bar  # Student's with 2 degrees of freedom: 66 ± 4.303 · 1 / √3
    assert ends == pytest.approx([66 - 2.484, 66 + 2.484], abs=0.001)
    assert at[0] > 40
    labels = {axes.get_ylabel() for axes in figures["curves"].axes}
    assert {"accuracy\n(%)", "thought length\n(words)"} <= labels
    reward = lines(figures["rewards"], 0)
    assert len(reward) == 4
    assert reward[3][1] == list(range(1, 41))
    title = " ".join(figures["curves"].get_suptitle().split())
    assert "Thin: each of 3 seeds (1, 2, 3); bold: their mean." in title
    assert "40 questions" in title
    assert "over seeds" in title


def test_one_seed_is_called_one(tmp_path: Path, figures: dict[str, Figure]) -> None:
    draw(Dynamics(tuple(rows_of((1,))), {}, {}, {}), tmp_path)
    title = " ".join(figures["curves"].get_suptitle().split())
    assert "One seed: another seed of the same recipe may do something else." in title
    assert "interval of the last step over questions" in title
    found = lines(figures["curves"], 0)
    assert [y for _, _, y in found] == [
        pytest.approx([61, 63, 65]),
        pytest.approx([55, 75]),
    ]


def test_seeds_that_only_trained_are_not_among_the_evaluated(
    tmp_path: Path, figures: dict[str, Figure]
) -> None:
    trained = [one for one in rows_of((2, 3)) if one.benchmark == "training"]
    draw(Dynamics((*rows_of((1,)), *trained), {}, {}, {}), tmp_path)
    assert "over questions" in " ".join(figures["curves"].get_suptitle().split())
    assert "each of 3 seeds" in figures["rewards"].get_suptitle()


def test_two_seeds_have_no_bar(tmp_path: Path, figures: dict[str, Figure]) -> None:
    draw(Dynamics(tuple(rows_of((1, 2))), {}, {}, {}), tmp_path)
    assert len(lines(figures["curves"], 0)) == 3
    assert "Bar" not in figures["curves"].get_suptitle()


def test_no_two_variants_of_a_column_look_alike(tmp_path: Path, figures: dict[str, Figure]) -> None:
    draw(Dynamics(tuple(rows_of((1, 2))), {}, {}, {}), tmp_path)
    for axes in figures["curves"].axes[:3]:
        legend = axes.get_legend()
        assert legend is not None
        handles = legend.get_lines()
        looks = {(x.get_color(), x.get_marker()) for x in handles}
        assert len(looks) == len(handles)


def test_a_contrast_of_variants_is_no_line(tmp_path: Path, figures: dict[str, Figure]) -> None:
    contrast = {"variant": "wrong-think - wrong-caption"}
    rows = [row(1, step, "contrast_accuracy", -0.1, **contrast) for step in (0, 20, 40)]
    draw(Dynamics((*rows_of((1,)), *rows), {}, {}, {}), tmp_path)
    legends = [axes.get_legend() for axes in figures["curves"].axes]
    named = {text.get_text() for legend in legends if legend for text in legend.get_texts()}
    assert named == set(VARIANTS)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    found = Dynamics(tuple(rows_of((1, 2))), {}, {}, {})
    made = draw(found, tmp_path)
    assert [path.name for path in made] == [
        *("curves.svg", "curves.png", "rewards.svg", "rewards.png")
    ]
    first = [path.read_bytes() for path in made]
    assert all(first)
    assert [path.read_bytes() for path in draw(found, tmp_path)] == first


def test_several_benchmarks_have_a_figure_each_under_a_safe_name(
    tmp_path: Path, figures: dict[str, Figure]
) -> None:
    rows = (*rows_of((1,), "../up"), *rows_of((1,), "$x_1$ <b>"))
    draw(Dynamics(rows, {}, {}, {}), tmp_path)
    assert list(figures) == ["curves--x_1---b-", "curves----up", "rewards"]


def test_a_mean_is_over_steps_that_all_seeds_have() -> None:
    assert mean_line({1: {0: 1.0, 20: 2.0}, 2: {0: 3.0}}) == {0: 2.0}
    assert mean_line({}) == {}


def test_a_running_mean_has_fewer_neighbours_at_the_ends() -> None:
    assert running_mean({1: 1.0, 2: 2.0, 3: 6.0}, 3) == {1: 1.5, 2: 3.0, 3: 4.0}
    assert running_mean({1: 1.0, 2: 2.0}, 1) == {1: 1.0, 2: 2.0}


def test_a_last_interval_without_ends_is_none() -> None:
    assert last_interval([row(1, 0, "accuracy", 0.5)]) is None
    assert last_interval([row(1, 0, "accuracy", None)]) is None
    same = [row(seed, 0, "accuracy", 0.5) for seed in (1, 2, 3)]
    assert last_interval(same) is None  # seeds that agree say nothing of their spread


def test_columns_go_by_what_is_asserted() -> None:
    assert columns(["wrong-think", "stop-think", "abstain+wrong-caption", "base"]) == {
        "nothing asserted": ["base", "stop-think"],
        "a wrong answer asserted": ["abstain+wrong-caption", "wrong-think"],
    }
