"""The perturbed benchmark of a run as a Hugging Face data set: a folder that `datasets` loads.

    README.md              the card: what it is, how it was made, the licence of each source
    data/NAME/*.parquet    a benchmark, one row a sample, with its pictures and all its variants

The model that was evaluated is not in it, nor what it wrote: it is what any model can be shown.
Pictures stand in it only where the source states a licence that lets them be passed on.
"""

# datasets and pyarrow come without types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from unswayed.errors import RunError
from unswayed.export.cells import as_json
from unswayed.export.dataset_card import card
from unswayed.export.places import is_marked, mark
from unswayed.export.sources import Source, sources_of
from unswayed.run.folder import RunFolder
from unswayed.types import Sample, Variant

_FORMAT = "dataset"
_ROWS = 100
"""Samples of a row group, which are in memory at a time, with their pictures."""


def write_dataset(run: RunFolder, folder: Path, all_pictures: bool = False) -> None:
    """Write the data set of a run's variants.

    Args:
        run: the run.
        folder: where to.
        all_pictures: put in those of every benchmark, whatever is known of its licence.

    Raises:
        RunError: the run's files are damaged, or a picture of the run is gone.
    """
    import pyarrow.parquet as pq

    sources = sources_of(run, all_pictures)
    features = _features()
    schema = features.arrow_schema
    written: dict[str, int] = {}
    variants: dict[str, None] = {}
    with ExitStack() as opened:
        writers: dict[str, Any] = {}
        for benchmark, samples in itertools.groupby(
            _samples(run), key=lambda one: one[0].benchmark
        ):
            if benchmark not in writers:
                path = folder / file_of(benchmark)
                path.parent.mkdir(parents=True)
                writers[benchmark] = opened.enter_context(pq.ParquetWriter(path, schema))
            for group in _groups(samples):
                rows = [_row(run, sources[benchmark], *one) for one in group]
                writers[benchmark].write_table(_table(rows, schema))
                written[benchmark] = written.get(benchmark, 0) + len(rows)
                variants |= dict.fromkeys(one.name for _, shown in group for one in shown)
    used = [sources[name] for name in written]
    files = {name_of(benchmark): file_of(benchmark) for benchmark in written}
    text = card(run, used, files, written, list(variants))
    (folder / "README.md").write_text(text, "utf-8")
    mark(folder, _FORMAT)


def is_dataset(folder: Path) -> bool:
    """Say whether a folder is an export of a data set."""
    return is_marked(folder, _FORMAT)


def name_of(benchmark: str) -> str:
    """Return the name of a benchmark's configuration in the data set."""
    return re.sub(r"[^\w.-]+", "-", benchmark)


def file_of(benchmark: str) -> str:
    """Return where the rows of a benchmark stand in the data set."""
    return f"data/{name_of(benchmark)}/test.parquet"


def _samples(run: RunFolder) -> Iterator[tuple[Sample, list[Variant]]]:
    """Yield each sample with its variants, which stand one behind the other."""
    for _, variants in itertools.groupby(run.variants, key=lambda one: one.sample.id):
        shown = list(variants)
        yield shown[0].sample, shown


def _groups(samples: Iterable[Any]) -> Iterator[list[Any]]:
    stream = iter(samples)
    while group := list(itertools.islice(stream, _ROWS)):
        yield group


def _features() -> Any:
    """Return the columns of the data set."""
    from datasets import Features, Image, Value

    text = Value("string")
    options = [{"letter": text, "text": text}]
    variant = {
        "id": text,
        "name": text,
        "foil_index": Value("int32"),
        "options": options,
        "answer": text,
        "foil": text,
        "asserts": text,
        "abstain": text,
        "caption": text,
        "draft": text,
        "prefill": text,
        "delivery": text,
        "text_source": text,
        "wordings": text,
        "language": text,
    }
    return Features(
        {
            "id": text,
            "benchmark": text,
            "category": text,
            "difficulty": Value("float64"),
            "cluster": text,
            "group": text,
            "answer_kind": text,
            "question": text,
            "options": options,
            "answer": text,
            "pictures": [Image()],
            "pictures_sha256": [text],
            "variants": [variant],
        }
    )


def _row(
    run: RunFolder, source: Source, sample: Sample, variants: Sequence[Variant]
) -> dict[str, Any]:
    names = ("id", "benchmark", "category", "difficulty", "cluster", "group", "answer_kind")
    plain = ("question", "answer")
    return {
        **{name: getattr(sample, name) for name in (*names, *plain)},
        "options": _options(sample.options),
        "pictures": [_picture(run, one.path) for one in sample.images] if source.passed_on else [],
        "pictures_sha256": [one.sha256 for one in sample.images],
        "variants": [_variant(one) for one in variants],
    }


def _variant(variant: Variant) -> dict[str, Any]:
    names = ("id", "name", "foil_index", "answer", "foil", "asserts", "abstain", "caption")
    more = ("draft", "prefill", "delivery", "text_source", "wordings", "language")
    return {
        **{name: getattr(variant, name) for name in (*names, *more)},
        "options": _options(variant.options),
    }


def _options(options: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"letter": letter, "text": text} for letter, text in options.items()]


def _picture(run: RunFolder, path: str | None) -> dict[str, Any]:
    file = run.folder / (path or "")
    try:
        return {"bytes": file.read_bytes(), "path": file.name}
    except OSError as error:
        raise RunError(f"cannot read the picture {file} of the run: {error.strerror}") from error


def _table(rows: Sequence[Mapping[str, Any]], schema: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist([as_json(row) for row in rows], schema=schema)
