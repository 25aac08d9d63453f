"""Progress in a log: whole lines, few of them, and none for work that was done before."""

from __future__ import annotations

import pytest

from unswayed import progress


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a line for every step, however fast the steps are."""
    monkeypatch.setattr(progress, "LOG_EVERY_S", 0.0)
    monkeypatch.setattr(progress, "LOG_AFTER_S", 0.0)


def test_a_log_gets_whole_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LOG_AFTER_S", 0.0)
    with progress.bar("generate", 100, done=20) as bar:
        for _ in range(8):
            bar.update(10)
    text = capsys.readouterr().err
    assert "\r" not in text
    assert text.startswith("unswayed: generate: 100/100 (100 %), ")
    assert text.count("\n") == 1


def test_a_line_is_written_at_times(capsys: pytest.CaptureFixture[str], often: None) -> None:
    with progress.bar("judge", 3) as bar:
        for _ in range(3):
            bar.update(1)
            bar.refresh()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "unswayed: judge: 1/3 (33 %)",
        "unswayed: judge: 2/3 (67 %)",
        "unswayed: judge: 3/3 (100 %)",
    ]


def test_words_stand_between_the_lines(capsys: pytest.CaptureFixture[str], often: None) -> None:
    with progress.bar("generate", None) as bar:
        bar.update(4)
        progress.say("a note")
        bar.update(1)
    text = capsys.readouterr().err
    assert "unswayed: a note\n" in text
    assert text.rstrip().split("\n")[-1].startswith("unswayed: generate: 5 item")


def test_short_work_leaves_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress.bar("scenes", 2, items=range(2))) == [0, 1]
    assert capsys.readouterr().err == ""


def test_work_that_was_done_before_is_not_said(
    capsys: pytest.CaptureFixture[str], often: None
) -> None:
    with progress.bar("generate", 100, done=100):
        pass
    assert list(progress.bar("scenes", 2, items=iter(()))) == []
    assert capsys.readouterr().err == ""
