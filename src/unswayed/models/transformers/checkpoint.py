"""Where a checkpoint lies and what its weights are, known without torch."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from unswayed.errors import ModelError, first_line

ANSWER_S = 12.0
"""Seconds within which the hub must answer the first question, name resolution included."""


def check_folder(path: str) -> None:
    """Tell a folder that is no checkpoint from a hub id before anything is looked up.

    Raises:
        ModelError: it is such a folder.
    """
    folder = Path(path)
    looks_local = folder.exists() or path.startswith((".", "/", "~")) or path.count("/") != 1
    if looks_local and not (folder / "config.json").is_file():
        content = (
            "a file" if folder.is_file() else "no config.json" if folder.exists() else "nothing"
        )
        raise ModelError(
            f"expected a checkpoint folder with a config.json at {path}, found {content}"
        )


@lru_cache(maxsize=64)
def hub_options(path: str, revision: str | None = None) -> Mapping[str, Any]:
    """Find a checkpoint on the hub before anything is loaded: one question, bounded in time.

    A loader asks the hub for every file, and again after each failure, for minutes where there is
    no network. A snapshot in the cache is used where the hub cannot be asked.

    Args:
        path: folder or hub id.
        revision: revision on the hub; None for its default branch.

    Returns:
        Options for `from_pretrained`: none for a folder, or if the hub knows the checkpoint;
        `local_files_only` if only the cache has it.

    Raises:
        ModelError: neither the hub nor the cache has it, or the hub does not answer.
    """
    if Path(path).is_dir():
        return {}
    from huggingface_hub import constants, try_to_load_from_cache

    cached = isinstance(try_to_load_from_cache(path, "config.json", revision=revision), str)
    problem: str | None
    if constants.HF_HUB_OFFLINE:
        problem = "HF_HUB_OFFLINE is set"
    else:
        problem = _within(ANSWER_S, lambda: _hub_problem(path, revision))
    if problem is None:
        return {}
    if cached:
        return {"local_files_only": True}
    raise ModelError(
        f"expected a checkpoint folder or a model on the Hugging Face hub, found no folder "
        f"{path!r} and no copy in the cache, and the hub cannot give it ({problem}); name a folder "
        f"with a config.json, or run where the hub can be reached: hf download {path}"
    )


def _hub_problem(path: str, revision: str | None) -> str | None:
    """Ask the hub for a model; return why it has none that can be had, None if it has."""
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    timeout = min(float(constants.HF_HUB_ETAG_TIMEOUT), ANSWER_S)
    try:
        HfApi().model_info(path, revision=revision, timeout=timeout)
    except GatedRepoError:
        return "it is gated: accept its terms on its page, then run: hf auth login"
    except RepositoryNotFoundError:
        return "it knows no such model, or only a logged-in user may see it"
    except Exception as error:  # whatever a network and its libraries raise
        return first_line(error)
    return None


def _within(seconds: float, ask: Callable[[], str | None]) -> str | None:
    """Return what a question comes to, or that it took too long; it is not waited for longer.

    A resolver of names that hangs heeds no timeout of a request.
    """
    answers: list[str | None] = []
    thread = threading.Thread(target=lambda: answers.append(ask()), daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else f"no answer within {seconds:g} s"


def weights_hash(folder: Path) -> str | None:
    """Hash the weights of a local folder; a hub id is known by its revision instead."""
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    if not files:
        return None
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as data:
            while block := data.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
