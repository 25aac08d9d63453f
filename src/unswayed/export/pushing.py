"""An exported data set on its way to the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path

from unswayed import __version__, extras
from unswayed.errors import ConfigError
from unswayed.export.sources import sources_of
from unswayed.publishing import send, token_for
from unswayed.run.folder import RunFolder


def require_pushable(run: RunFolder, repo: str, private: bool, all_passed_on: bool) -> str:
    """Return the user's token, before anything is written.

    Args:
        run: the run whose data set is to be sent.
        repo: the repository, as OWNER/NAME.
        private: it is one that only its owner sees.
        all_passed_on: whether the user says that every source may be passed on.

    Raises:
        ConfigError: there is no token, the name is none of a repository, or everyone would see
            questions of a source that is not known to let them be passed on.
        MissingExtra: the hub's client is not installed.
    """
    extras.require("sending to the hub", "hub", only=("huggingface_hub",))
    closed = [one for one in sources_of(run, all_passed_on).values() if not one.passed_on]
    if closed and not private:
        named = ", ".join(f"{one.benchmark} ({one.licence})" for one in closed)
        raise ConfigError(
            f"expected sources whose licence lets them be passed on, found {named}; send to a "
            "repository of your own with --private, or say with --all-pictures that you may"
        )
    return token_for([repo], "leave --push out and keep the folder")


def push_dataset(folder: Path, repo: str, token: str, private: bool) -> str:
    """Send an exported data set, and return its address; its files of an earlier sending go.

    Raises:
        ConfigError: `private`, and the repository is public.
        StageError: the hub refuses or cannot be reached.
    """
    message = f"Data set by unswayed {__version__}"
    return send(
        folder,
        repo,
        token,
        kind="dataset",
        message=message,
        private=private,
        replaced="data/*/*.parquet",
    )
