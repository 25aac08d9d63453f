"""The one exception tree: what went wrong, and whose move it is.

    UnswayedError
    ├── UserError            the user's mistake: the command line exits with 2
    │   ├── ConfigError      a setting, an option or a recipe file
    │   ├── UnknownName      a name that nothing is registered under
    │   ├── MissingExtra     an optional dependency that is not installed
    │   ├── DataError        a data set, a row of it or a picture
    │   ├── ModelError       a model folder, tokenizer, processor or chat template
    │   └── RunError         a run folder: locked, damaged or made with other settings
    └── StageError           a stage failed while it ran: the command line exits with 1
        ├── BudgetSpent      a limit on requests or tokens is reached
        └── ServerDown       a model server gives nothing any more

A message says what was expected, what was found and what to do. Errors about ONE item (a broken
row, a generation that failed) are not raised through the pipeline: they are recorded as
`unswayed.types.Failure` with the stage that failed, and the item is excluded, never scored.
"""

from __future__ import annotations

import difflib
import os
import re
import traceback
from collections.abc import Iterable, Sequence

_PATH = re.compile(r"[/\\]|\.[A-Za-z][A-Za-z0-9]{1,6}$")


def looks_like_path(name: str) -> bool:
    """Say whether whoever wrote a name took it for a path: by a separator or by how it ends."""
    return _PATH.search(name) is not None


class UnswayedError(Exception):
    """Base of every error that unswayed raises on purpose."""

    exit_code = 1


class UserError(UnswayedError):
    """The user can mend it: a wrong name, path, option, file or missing package."""

    exit_code = 2


class ConfigError(UserError):
    """A setting, an option or a recipe file is not as it must be."""


class UnknownName(UserError):  # noqa: N818 - reads as what it says
    """Nothing is registered under a name; the message offers near matches."""

    def __init__(self, kind: str, name: str, known: Iterable[str], files: str = "") -> None:
        """Build the message.

        Args:
            kind: the kind of thing.
            name: the name asked for.
            known: the known names.
            files: how a file is named in the place of a name, where one can be; it is said of a
                name that looks like a path, and whether a file is there.
        """
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        is_path = bool(files) and looks_like_path(name)
        hint = files if is_path else f"known: {', '.join(names)}"
        if near:
            hint = f"did you mean {' or '.join(near)}?"
        missing = is_path and not os.path.exists(name)  # noqa: PTH110 - takes any text
        where = ", and no such file exists" if missing else ""
        super().__init__(f"unknown {kind} {name!r}{where}; {hint}")
        self.kind, self.name, self.near = kind, name, near


class MissingExtra(UserError):  # noqa: N818 - reads as what it says
    """Optional dependencies are missing; the message names all of them and the install line."""

    def __init__(self, needed_for: str, modules: Sequence[str], extras: Sequence[str]) -> None:
        """Name what needs packages, those that are missing, and the extras that bring them."""
        quoted = [repr(module) for module in modules]
        if len(quoted) == 1:
            what = f"the package {quoted[0]}, which is not installed"
        else:
            what = (
                f"the packages {', '.join(quoted[:-1])} and {quoted[-1]}, which are not installed"
            )
        super().__init__(
            f"{needed_for} needs {what}; run: pip install 'unswayed[{','.join(extras)}]'"
        )
        self.modules, self.extras = tuple(modules), tuple(extras)


def told(error: Exception) -> str:
    """Return an error of code that is not ours on one line: its class, message and place."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg} (at {error.filename}:{error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
    return f"{type(error).__name__}: {' '.join(str(error).split())} (at {where})"


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, or its class where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


class DataError(UserError):
    """A data set, one of its rows or a picture is not as it must be; names the row."""


class ModelError(UserError):
    """A model folder, tokenizer, processor or chat template cannot be used."""


class RunError(UserError):
    """A run folder is in use, damaged, or was made with other settings."""


class StageError(UnswayedError):
    """A stage failed while it ran: nothing that the user set wrongly."""


class BudgetSpent(StageError):  # noqa: N818 - reads as what it says
    """A limit on requests or tokens is reached; the run goes on with a higher one."""


class ServerDown(StageError):  # noqa: N818 - reads as what it says
    """A model server gives nothing any more; the run goes on once it is there again."""
