"""What this machine offers: versions, extras, devices. For `unswayed check`."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec

import unswayed
from unswayed import extras


def environment() -> dict[str, dict[str, str]]:
    """Return sections; in each, the name of a thing and what was found of it."""
    distributions = packages_distributions()
    return {
        "unswayed": {
            "version": unswayed.__version__,
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "extras": {
            extra: _extra(extra, packages, distributions)
            for extra, packages in extras.packages().items()
        },
        "devices": _devices(),
    }


def _extra(
    extra: str, packages: tuple[str, ...], distributions: Mapping[str, Sequence[str]]
) -> str:
    missing = extras.missing(extra)
    if missing:
        return f"missing {', '.join(missing)}; run: pip install 'unswayed[{extra}]'"
    return ", ".join(f"{name} {_version(name, distributions)}" for name in packages)


def _version(package: str, distributions: Mapping[str, Sequence[str]]) -> str:
    try:
        return version(distributions.get(package, [package])[0])
    except PackageNotFoundError:
        return "(no version)"


def _devices() -> dict[str, str]:
    free = shutil.disk_usage(".").free / 2**30
    devices = {"cpu": f"{os.cpu_count()} cores", "disk": f"{free:.0f} GiB free here"}
    if find_spec("torch") is None:
        return {**devices, "gpu": "unknown: torch is not installed"}
    import torch

    if not torch.cuda.is_available():
        return {**devices, "gpu": "none that torch can use; models run on the CPU"}
    for index in range(torch.cuda.device_count()):
        total = torch.cuda.mem_get_info(index)[1]
        devices[f"cuda:{index}"] = f"{torch.cuda.get_device_name(index)}, {total / 2**30:.0f} GiB"
    return devices
