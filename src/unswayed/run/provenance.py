"""How a run was made: versions, commit and machine, for `run.json`."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import unswayed

_PACKAGES = ("torch", "transformers", "tokenizers", "numpy", "scipy", "pydantic")


def provenance(settings: dict[str, Any], written: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return what `run.json` holds: settings as written and resolved, versions, machine, time."""
    return {
        "schema_version": 1,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "written": written,
        "settings": settings,
        "seed": seed,
        "unswayed": unswayed.__version__,
        "git": git_revision(),
        "python": platform.python_version(),
        "packages": {name: release for name in _PACKAGES if (release := _version(name))},
        "hardware": {
            "machine": platform.machine(),
            "system": platform.system(),
            "cpus": os.cpu_count(),
        },
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def git_revision() -> str | None:
    """Return the commit of the checkout that this package runs from, if it runs from one.

    A package that was installed into another project's tree is not part of that project, so the
    file itself must be tracked.
    """
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        _run([*git, "ls-files", "--error-unmatch", Path(__file__).name])
        return _run([*git, "describe", "--always", "--dirty", "--abbrev=12"])
    except (OSError, subprocess.SubprocessError):
        return None


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    return done.stdout.strip()
