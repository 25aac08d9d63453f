"""Replies kept by what was asked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from unswayed.chat.cache import Cache, key_of
from unswayed.errors import RunError, StageError

BODY = {"messages": [{"role": "user", "content": "ä?"}], "n": 1}
KEY = key_of("http://h/v1", "m", BODY, 0)


def test_what_is_asked_decides() -> None:
    assert key_of("http://h/v1", "m", dict(reversed(BODY.items())), 0) == KEY
    others = {
        key_of("http://g/v1", "m", BODY, 0),
        key_of("http://h/v1", "n", BODY, 0),
        key_of("http://h/v1", "m", {**BODY, "n": 2}, 0),
        key_of("http://h/v1", "m", BODY, 1),
        KEY,
    }
    assert len(others) == 5


def test_kept_and_found_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "a" / "b")
    assert cache.get(KEY) is None
    cache.put(KEY, '{"x":\r\n "ü"}'.encode())
    assert json.loads(cache.get(KEY)) == {"x": "ü"}
    cache.close()
    again = Cache(tmp_path / "a" / "b")
    assert json.loads(again.get(KEY)) == {"x": "ü"}
    assert len(again) == 1


def test_nothing_is_written_without_a_reply(tmp_path: Path) -> None:
    Cache(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_the_first_reply_stays(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(KEY, b'{"x":1}')
    cache.put(KEY, b'{"x":2}')
    assert cache.get(KEY) == b'{"x":1}'


def test_clients_share_a_folder(tmp_path: Path) -> None:
    one, two = Cache(tmp_path), Cache(tmp_path)
    keys = [key_of("u", "m", {}, draw) for draw in range(20)]
    for draw, key in enumerate(keys):
        (one, two)[draw % 2].put(key, b"%d" % draw)
    one.close()
    two.close()
    assert len([*tmp_path.iterdir()]) == 2
    found = Cache(tmp_path)
    assert [found.get(key) for key in keys] == [b"%d" % draw for draw in range(20)]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_torn_line_is_passed_over(tmp_path: Path, cut: int) -> None:
    cache = Cache(tmp_path)
    other = key_of("u", "m", {}, 1)
    cache.put(KEY, b'{"x":1}')
    cache.put(other, b'{"x":2}')
    cache.close()
    (path,) = tmp_path.iterdir()
    os.truncate(path, path.stat().st_size - cut)
    found = Cache(tmp_path)
    assert (found.get(KEY), found.get(other)) == (b'{"x":1}', None)
    found.put(other, b'{"x":3}')
    found.close()
    assert Cache(tmp_path).get(other) == b'{"x":3}'


def test_foreign_lines_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b"\x00\x00\nnothing\n{}\n")
    assert len(Cache(tmp_path)) == 0


def test_a_file_that_was_taken_away_is_asked_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(KEY, b"{}")
    next(tmp_path.iterdir()).unlink()
    assert cache.get(KEY) is None


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    with pytest.raises(RunError, match="cannot use"):
        Cache(tmp_path / "f")


def test_a_full_disk_leaves_the_torn_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path)
    write = os.write
    calls = iter([lambda file, data: write(file, bytes(data)[:9]), _full])
    monkeypatch.setattr(os, "write", lambda file, data: next(calls)(file, data))
    with pytest.raises(StageError, match="No space left"):
        cache.put(KEY, b'{"x":1}')
    monkeypatch.undo()
    cache.put(KEY, b'{"x":2}')
    assert cache.get(KEY) == b'{"x":2}'
    cache.close()
    assert Cache(tmp_path).get(KEY) == b'{"x":2}'


def _full(file: int, data: bytes) -> int:
    raise OSError(28, "No space left on device")
