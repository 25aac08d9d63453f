"""The compact form of a study: one file with everything that its report is drawn from.

    study.zip
      plan.toml                      the plan
      jobs.json                      how the jobs stood
      RECIPE/seed-N.json.gz          the figures of each training that the report shows, and its log

The same study gives the same bytes, but for the minutes of its jobs. It lies in the package where
one was published with it (`unswayed/study/data/study.zip`).
"""

from __future__ import annotations

import io
import json
import re
import tomllib
import zipfile
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from unswayed.errors import RunError
from unswayed.metrics.panel import BY_JUDGE
from unswayed.run.files import write_bytes
from unswayed.study import summary
from unswayed.study.jobs import jobs_of
from unswayed.study.listing import listing
from unswayed.study.plan import FILE, StudyFolder, StudyPlan
from unswayed.study.results import StudyResults
from unswayed.training.seeds import PREFIX
from unswayed.training.track.dynamics import TRAINING, Dynamics, TrackedValue
from unswayed.training.track.measures import EVALUATED

NAME = "study.zip"
_JOBS = "jobs.json"
_MEMBER = re.compile(rf"([^/]+)/{PREFIX}(\d+)\.json\.gz")
_DATE = (1980, 1, 1, 0, 0, 0)
_MOST = 256 * 2**20
"""Bytes that a file of the archive may unpack to."""
KEPT = {
    *(one.metric for one in EVALUATED),
    *("steadfastness", "unclear_rate", "ece", "ece_marginal", "strict_agreement"),
    *("auroc_p_correct", "auroc_neg_entropy", "auroc_gain", "auroc_gain_marginal"),
    *("entropy_marginal", "p_correct_marginal", "contrast_accuracy", "thought_none"),
}
"""Metrics of evaluations that are packed, beside the consistency by each judge of a panel."""


def results_of(study: StudyFolder) -> StudyResults:
    """Return what a study has so far.

    Raises:
        RunError: there is no study, or a file of it is damaged.
    """
    plan = study.plan()
    tables: dict[str, dict[int, Dynamics]] = {}
    for recipe, seed in plan.pairs():
        path = study.training(recipe) / f"{PREFIX}{seed}" / summary.FILE
        if path.is_file():
            tables.setdefault(recipe, {})[seed] = summary.read(path.read_bytes(), str(path))
    return StudyResults(plan, tables)


def pack(study: StudyFolder, out: Path) -> Path:
    """Write the compact form of a study and return its path.

    Args:
        study: the study.
        out: file, or a folder to write one of the usual name into.

    Raises:
        RunError: there is no study, or nothing of it is evaluated.
        StageError: the file cannot be written.
    """
    results = results_of(study)
    if not results.tables:
        raise RunError(
            f"nothing of {study.path} is evaluated yet, so there is nothing to pack; see: unswayed "
            f"study list {study.path}"
        )
    path = out / NAME if out.is_dir() or not out.suffix else out
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        known = listing(study.path, jobs_of(results.plan), results.plan.note)
        _add(archive, FILE, (study.path / FILE).read_bytes())
        _add(archive, _JOBS, json.dumps(known.document(), ensure_ascii=False).encode())
        for recipe, by_seed in results.tables.items():
            for seed, table in by_seed.items():
                data = summary.to_bytes(table, kept)
                _add(archive, f"{recipe}/{PREFIX}{seed}.json.gz", data)
    write_bytes(path, buffer.getvalue())
    return path


def unpack(path: Path) -> tuple[StudyResults, dict[str, Any]]:
    """Return the results of a packed study, and how its jobs stood.

    Raises:
        RunError: the file is damaged, or of another version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            plan = StudyPlan.model_validate(tomllib.loads(_bytes(archive, FILE).decode()))
            jobs: dict[str, Any] = json.loads(_bytes(archive, _JOBS))
            tables: dict[str, dict[int, Dynamics]] = {}
            for name in names:
                if match := _MEMBER.fullmatch(name):
                    table = summary.read(_bytes(archive, name), f"{path}: {name}")
                    tables.setdefault(match[1], {})[int(match[2])] = table
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, ValidationError) as error:
        raise RunError(f"cannot read {path} as a packed study: {error}; pack it again") from error
    return StudyResults(plan, tables), jobs


def embedded() -> Path | None:
    """Return the packed study that comes with the package; None if it has none."""
    path = Path(str(resources.files("unswayed.study").joinpath("data", NAME)))
    return path if path.is_file() else None


def kept(row: TrackedValue) -> bool:
    """Say whether a row of a table is packed."""
    if row.benchmark == TRAINING:
        return row.metric in ("reward", "output_words") or row.metric.startswith("reward/")
    return row.metric in KEPT or row.metric.startswith(f"{BY_JUDGE}[")


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)


def _bytes(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _MOST:
        raise ValueError(f"{name} is larger than any file of a packed study")
    return archive.read(name)
