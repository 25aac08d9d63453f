"""What this machine offers: versions, extras, devices. For `unswayed check`."""

from __future__ import annotations

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import unswayed

_EXTRAS = {
    "transformers": ("torch", "transformers", "safetensors"),
    "report": ("jinja2", "matplotlib"),
    "hub": ("datasets", "pyarrow"),
    "train": ("trl", "accelerate", "tensorboard"),
    "lora": ("peft",),
    "verl": ("verl", "ray"),
}


def environment() -> dict[str, dict[str, str]]:
    """Return sections of name → finding."""
    return {
        "unswayed": {
            "version": unswayed.__version__,
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "extras": {extra: _extra(extra, packages) for extra, packages in _EXTRAS.items()},
        "devices": _devices(),
    }


def _extra(extra: str, packages: tuple[str, ...]) -> str:
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        return f"missing {', '.join(missing)}; run: pip install 'unswayed[{extra}]'"
    return ", ".join(f"{package} {_version(package)}" for package in packages)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(no version)"


def _devices() -> dict[str, str]:
    free = shutil.disk_usage(".").free / 2**30
    found = {"cpu": f"{os.cpu_count()} cores", "disk": f"{free:.0f} GiB free here"}
    if find_spec("torch") is None:
        return {**found, "gpu": "unknown: torch is not installed"}
    import torch

    if not torch.cuda.is_available():
        return {**found, "gpu": "none that torch can use; models run on the CPU"}
    for index in range(torch.cuda.device_count()):
        total = torch.cuda.mem_get_info(index)[1]
        found[f"cuda:{index}"] = f"{torch.cuda.get_device_name(index)}, {total / 2**30:.0f} GiB"
    return found
