"""Prompts as verl reads them: one Parquet file, with everything that the reward needs.

    data_source    the benchmark
    prompt         messages; `<image>` stands where a picture goes, and a prefill is a trailing
                   assistant message, which the open-tail template leaves open
    images         the pictures' bytes, in order, with the limits that the processor resizes them to
    ability        `visual-question-answering`
    reward_model   style `rule`, ground_truth: the gold answer
    extra_info     index, question, options, foil, prefill, profile, and the whole variant as JSON

The pictures lie in the file, so that it can be moved to a cluster alone.
"""

# pyarrow comes without types, so what comes from it is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from unswayed.errors import DataError
from unswayed.run.pictures import read_image
from unswayed.training.data import TrainingPrompt
from unswayed.types import Failure, ImageRef

ABILITY = "visual-question-answering"
_PLACEHOLDER = "<image>"
_TAKEN = re.compile("<image>|<video>|<audio>")
"""What verl puts pictures in place of, wherever it stands in a message."""
_ROWS = 256
"""Rows that are held in memory at once: pictures can be large."""

_TEXT = pa.string()
_SCHEMA = pa.schema(
    {
        "data_source": _TEXT,
        "prompt": pa.list_(pa.struct({"role": _TEXT, "content": _TEXT})),
        "images": pa.list_(
            pa.struct(
                {
                    "bytes": pa.binary(),
                    "path": _TEXT,
                    "min_pixels": pa.int64(),
                    "max_pixels": pa.int64(),
                }
            )
        ),
        "ability": _TEXT,
        "reward_model": pa.struct({"style": _TEXT, "ground_truth": _TEXT}),
        "extra_info": pa.struct(
            {
                "index": pa.int64(),
                "split": _TEXT,
                "question": _TEXT,
                "options": pa.list_(pa.struct({"letter": _TEXT, "text": _TEXT})),
                "foil": _TEXT,
                "prefill": _TEXT,
                "profile": _TEXT,
                "name": _TEXT,
                "variant": _TEXT,
            }
        ),
    }
)


def usable(prompts: Iterable[TrainingPrompt]) -> tuple[list[TrainingPrompt], list[Failure]]:
    """Part the prompts from those that verl would garble: a placeholder of its own in their text.

    Returns:
        The prompts to train on, and a failure for each of the others, each sample once.
    """
    clean_prompts: list[TrainingPrompt] = []
    failures: dict[str, Failure] = {}
    for prompt in prompts:
        sample = prompt.variant.sample
        placeholder = _TAKEN.search(prompt.system + prompt.user + prompt.variant.prefill)
        if placeholder is None or not prompt.images:
            clean_prompts.append(prompt)
            continue
        error = DataError(
            f"expected a text without {placeholder[0]}, which verl takes for a picture, in "
            f"{sample.id}; found it in the question or its options, so that the row is left out"
        )
        failures[sample.id] = Failure(
            stage="load",
            id=sample.id,
            benchmark=sample.benchmark,
            error=type(error).__name__,
            message=str(error),
        )
    return clean_prompts, list(failures.values())


def write_prompts(
    prompts: Sequence[TrainingPrompt], path: Path, profile: str, limits: tuple[int, int]
) -> None:
    """Write the prompts, in order, in one step: there is a whole file or none.

    Args:
        prompts: the prompts, as `usable` left them.
        path: the file.
        profile: name of the prompt profile, for the record.
        limits: least and most pixels of a picture, as the checkpoint's processor has them.

    Raises:
        DataError: a picture cannot be read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".new-{path.name}")
    with pq.ParquetWriter(new, _SCHEMA) as writer:
        for batch in _batches(enumerate(prompts)):
            rows = [row(prompt, at, profile, limits) for at, prompt in batch]
            writer.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA))
    new.replace(path)


def row(
    prompt: TrainingPrompt, index: int, profile: str, limits: tuple[int, int]
) -> dict[str, Any]:
    """Return a prompt as a row of the file.

    Raises:
        DataError: a picture cannot be read.
    """
    variant = prompt.variant
    return {
        "data_source": variant.sample.benchmark,
        "prompt": prompt.messages(_PLACEHOLDER * len(prompt.images)),
        "images": [_image(file, limits) for file in prompt.images],
        "ability": ABILITY,
        "reward_model": {"style": "rule", "ground_truth": variant.answer},
        "extra_info": {
            "index": index,
            "split": "train",
            "question": variant.sample.question,
            "options": [{"letter": k, "text": text} for k, text in variant.options.items()],
            "foil": variant.foil,
            "prefill": variant.prefill,
            "profile": profile,
            "name": variant.name,
            "variant": variant.model_dump_json(),
        },
    }


def _image(file: Path, limits: tuple[int, int]) -> dict[str, Any]:
    data = read_image(ImageRef(path=str(file))).data
    return {"bytes": data, "path": None, "min_pixels": limits[0], "max_pixels": limits[1]}


def _batches(items: Iterable[Any]) -> Iterable[list[Any]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, _ROWS)):
        yield batch
