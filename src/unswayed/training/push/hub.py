"""A checkpoint written as a model folder, and sent to the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from unswayed import __version__, progress
from unswayed.errors import ConfigError, StageError, UnswayedError, first_line
from unswayed.extras import require
from unswayed.training.push.chosen import Recorded, chosen
from unswayed.training.push.files import published, require_free, write_model

WEIGHTS = "model*.safetensors*"
"""Names of files of weights: one of an earlier push that a later one lacks is loaded in its place,
as `model.safetensors` is where the weights now come in parts.
"""


def push(
    source: Path,
    repo: str | None = None,
    *,
    private: bool = False,
    local: Path | None = None,
    licence: str | None = None,
) -> Iterator[str]:
    """Write the model folder of each checkpoint, send it, and yield where it is.

    Args:
        source: a checkpoint of a training, or a finished training (see `chosen`).
        repo: `OWNER/NAME` on the hub; None sends nothing. Each of several seeds has a repository
            of its own, `OWNER/NAME-seed-N`.
        private: the repository is one that only its owner sees.
        local: folder to write to; of several seeds, a folder below it for each. None keeps none.
        licence: of the weights, as the hub names it.

    Raises:
        ConfigError: nothing is asked for, the checkpoint or the folder cannot be used, there is no
            token, or `private` and the repository is public.
        RunError: a folder holds no training of this version, or its files do not fit together.
        StageError: a file cannot be written, or the hub refuses or cannot be reached.
        MissingExtra: what it needs is not installed.
    """
    require("publishing a checkpoint", "hub", only=("huggingface_hub",))
    if repo is None and local is None:
        raise ConfigError("expected a repository (OWNER/NAME), --local FOLDER, or both; found none")
    local = None if local is None else local.absolute()  # `.` has no name
    found = chosen(source.absolute())
    repos = {seed: f"{repo}-{seed}" if seed else repo for seed in found} if repo else {}
    token = _token_for(repos.values()) if repo else None
    for seed, one in found.items():
        published(one.checkpoint.path)
        if local is not None:
            require_free(local / seed)
    for seed, one in found.items():
        place = None if local is None else local / seed
        progress.say(f"{one.checkpoint.path} goes to {repos.get(seed, place)}")
        yield _one(one, repos.get(seed), token, private, place, licence)


def _one(
    one: Recorded,
    repo: str | None,
    token: str | None,
    private: bool,
    local: Path | None,
    licence: str | None,
) -> str:
    """Write one model folder, kept or only to be sent; return where it is."""
    from unswayed.training.push.card import card

    if local is not None:
        text = str(card(one, repo or local.name, licence))
        write_model(one.checkpoint.path, text, local)
        return str(local) if repo is None else _sent(local, repo, token, private)
    with TemporaryDirectory() as kept:
        folder, name = Path(kept) / "model", str(repo)
        text = str(card(one, name, licence))
        write_model(one.checkpoint.path, text, folder, lambda file, place: place.symlink_to(file))
        return _sent(folder, name, token, private)


def _token_for(repos: Iterable[str]) -> str:
    """Return the user's token, from the environment or where the hub's own login keeps it.

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
            "https://huggingface.co/settings/tokens), or leave the repository out and write a "
            "folder with --local"
        )
    return token


def _sent(folder: Path, repo: str, token: str | None, private: bool) -> str:
    """Send a folder to a repository, made if it is not there; return its address.

    Weights of an earlier push go; other files that lie there stay.
    """
    from huggingface_hub import HfApi

    api = HfApi(token=token, library_name="unswayed", library_version=__version__)
    try:
        url = api.create_repo(repo, private=private or None, exist_ok=True)
        repo = url.repo_id
        if private and not api.model_info(repo).private:
            raise ConfigError(
                f"expected a private repository, found that {repo} is there and public; name "
                "another one, or leave --private out"
            )
        api.upload_folder(
            repo_id=repo,
            folder_path=folder,
            commit_message=f"Checkpoint by unswayed {__version__}",
            delete_patterns=WEIGHTS,
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
