"""The arithmetic is chosen by what the processor says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from unswayed.errors import ConfigError
from unswayed.organism import arithmetic


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("flags\t\t: fpu avx2 avx512f", "float32"),
        ("flags\t\t: fpu avx2 avx512f avx512_bf16", "bfloat16"),
        ("flags\t\t: amx_bf16 amx_tile", "bfloat16"),
        ("Features\t: asimd bf16 i8mm", "bfloat16"),
        ("", "float32"),
    ],
)
def test_a_processor_without_bfloat16_computes_in_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, wanted: str
) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(arithmetic, "_PROCESSOR", tmp_path / "cpuinfo")
    assert arithmetic.faster_dtype("cpu") == wanted
    assert arithmetic.faster_dtype("cuda:0") == "float32"


def test_a_system_that_does_not_say_computes_in_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arithmetic, "_PROCESSOR", tmp_path / "none")
    assert arithmetic.faster_dtype("cpu") == "float32"


@pytest.mark.parametrize("device", ["abacus", "cuda:99", "meta:x"])
def test_a_device_that_is_not_there_is_named(device: str) -> None:
    with pytest.raises(ConfigError, match="such as cpu or cuda; found"):
        arithmetic.check_device(device)
    arithmetic.check_device("cpu")
