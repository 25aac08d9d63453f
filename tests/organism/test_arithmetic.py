"""The arithmetic is chosen by what the processor says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from unswayed.organism import arithmetic  # noqa: E402


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
    assert arithmetic.faster_dtype(torch.device("cpu")) == wanted
    assert arithmetic.faster_dtype(torch.device("cuda:0")) == "float32"


def test_a_system_that_does_not_say_computes_in_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arithmetic, "_PROCESSOR", tmp_path / "none")
    assert arithmetic.faster_dtype(torch.device("cpu")) == "float32"
