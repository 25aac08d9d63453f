"""The formats of an export by name, and one export: checked first, then written whole."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from unswayed import extras
from unswayed.errors import ConfigError
from unswayed.export.places import default_place, require_free, written_whole
from unswayed.run.folder import RunFolder

FormatName = Literal["parquet", "csv", "jsonl", "lm-eval", "inspect", "model-index", "dataset"]
FORMAT_NAMES: tuple[FormatName, ...] = get_args(FormatName)


@dataclass(frozen=True)
class ExportFormat:
    """A format.

    Attributes:
        place: name of the file or folder below the run's exports.
        module: module of this package that writes it.
        write: its function that writes a run to a path that is free: `(run, path)`.
        is_ours: its function that says whether `write` wrote what lies at a path.
        is_folder: whether a folder is written.
        packages: packages of the extra `[hub]` that it needs.
    """

    place: str
    module: str
    write: str
    is_ours: str
    is_folder: bool = False
    packages: tuple[str, ...] = ()

    def function(self, name: str) -> Any:
        """Return a function of its module, which is imported now."""
        return getattr(importlib.import_module(f"unswayed.export.{self.module}"), name)


FORMATS: dict[FormatName, ExportFormat] = {
    "parquet": ExportFormat(
        "rows.parquet", "row_files", "write_parquet", "is_parquet", packages=("pyarrow",)
    ),
    "csv": ExportFormat("rows.csv", "row_files", "write_csv", "is_csv"),
    "jsonl": ExportFormat("rows.jsonl", "row_files", "write_jsonl", "is_jsonl"),
    "lm-eval": ExportFormat("results.json", "lm_eval", "write_results", "is_results"),
    "inspect": ExportFormat("inspect", "inspect_logs", "write_logs", "is_logs", is_folder=True),
    "model-index": ExportFormat(
        "model-index.md", "model_index", "write_block", "is_block", packages=("huggingface_hub",)
    ),
    "dataset": ExportFormat(
        "dataset",
        "dataset",
        "write_dataset",
        "is_dataset",
        is_folder=True,
        packages=("datasets", "huggingface_hub", "pyarrow"),
    ),
}


def export(run: RunFolder, name: FormatName, out: Path | None = None, **options: Any) -> Path:
    """Write a run in a format, and return where it is.

    Args:
        run: the run; one that is not finished is exported as far as it goes.
        name: the format.
        out: file or folder to write; by default one below `exports/` in the run folder. An earlier
            export of the same format is replaced.
        options: of the format's own function.

    Raises:
        ConfigError: something else lies there.
        RunError: the run has no generation yet, or its files are damaged, or the format takes
            figures and the run was not measured as it is now.
        StageError: it cannot be written.
        MissingExtra: a package is not installed.
    """
    chosen = FORMATS[name]
    if chosen.packages:
        extras.require(f"exporting to {name}", "hub", only=chosen.packages)
    path = (out or default_place(run, chosen.place)).absolute()
    if path.is_dir() and not chosen.is_folder:
        raise ConfigError(f"expected a file to write, found a folder at {path}; name a file in it")
    require_free(path, chosen.function(chosen.is_ours))
    if next(iter(run.generations), None) is None:
        raise run.no_generations()
    with written_whole(path) as new:
        chosen.function(chosen.write)(run, new, **options)
    return path
