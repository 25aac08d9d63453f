"""Where an organism is trained, and in which arithmetic: what a processor or a GPU is quick at."""

from __future__ import annotations

from pathlib import Path

import torch

DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}
_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
"""What Linux calls instructions for products of bfloat16: of x86 processors, and of Arm's."""
_PROCESSOR = Path("/proc/cpuinfo")


def device_name(device: torch.device) -> str:
    """Return what a device calls itself."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)


def faster_dtype(device: torch.device) -> str:
    """Return the arithmetic in which a training of this size is faster.

    A processor without instructions for bfloat16 takes more than twice as long in it. On a GPU,
    where single steps wait for kernels to be launched, the conversions would cost more than the
    products save.

    Args:
        device: where it is trained.
    """
    if device.type != "cpu" or not _PROCESSOR.is_file():
        return "float32"
    words = set(_PROCESSOR.read_text(encoding="utf-8", errors="replace").split())
    return "bfloat16" if words & _FLAGS else "float32"
