"""A folder sent to the Hugging Face hub, with the token of the user's environment.

The token is read where it is needed, is handed to the hub's own client, and reaches no file, log
or message.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from unswayed import __version__
from unswayed.errors import ConfigError, StageError, UnswayedError, first_line

RepositoryKind = Literal["model", "dataset"]


def token_for(repos: Iterable[str], instead: str) -> str:
    """Return the user's token, from the environment or where the hub's own login keeps it.

    Args:
        repos: the repositories that it is for, as OWNER/NAME.
        instead: what can be done without one, as the end of a sentence.

    Raises:
        ConfigError: there is none, or one of the names is none of a repository.
    """
    from huggingface_hub import get_token
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    for repo in repos:
        try:
            validate_repo_id(repo)
        except HFValidationError as error:
            raise ConfigError(f"expected a repository as OWNER/NAME: {error}") from error
    token = get_token()
    if not token:
        raise ConfigError(
            "sending to the hub needs a token that may write, found none; set HF_TOKEN (from "
            f"https://huggingface.co/settings/tokens), or {instead}"
        )
    return token


def send(
    folder: Path,
    repo: str,
    token: str | None,
    *,
    kind: RepositoryKind,
    message: str,
    private: bool = False,
    replaced: str | None = None,
) -> str:
    """Send a folder to a repository, made if it is not there; return its address.

    Args:
        folder: what is sent; files of the repository that it lacks stay.
        repo: the repository, as OWNER/NAME.
        token: of the user.
        kind: what the repository holds.
        message: of the commit.
        private: the repository is one that only its owner sees.
        replaced: names of files of an earlier sending, as a pattern, that go if `folder` lacks
            them.

    Raises:
        ConfigError: `private`, and the repository is public.
        StageError: the hub refuses or cannot be reached.
    """
    from huggingface_hub import HfApi

    api = HfApi(token=token, library_name="unswayed", library_version=__version__)
    try:
        url = api.create_repo(repo, repo_type=kind, private=private or None, exist_ok=True)
        repo = url.repo_id
        if private and not api.repo_info(repo, repo_type=kind).private:
            raise ConfigError(
                f"expected a private repository, found that {repo} is there and public; name "
                "another one, or leave --private out"
            )
        api.upload_folder(
            repo_id=repo,
            repo_type=kind,
            folder_path=folder,
            commit_message=message,
            delete_patterns=replaced,
        )
    except UnswayedError:
        raise
    except Exception as error:  # whatever the hub's client raises
        reason = first_line(error)
        reason = reason.replace(token, "…") if token else reason
        raise StageError(
            f"{repo} was not sent to the hub: {reason}; the same command tries again"
        ) from None
    return str(url)
