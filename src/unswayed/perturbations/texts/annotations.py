"""The file text source: texts written beforehand, by people or a model, and released with a run.

One JSON object a line:

    {"sample": "nlvr/1572-0", "part": "caption", "asserts": "B", "text": "…"}

`asserts` is a letter of the SAMPLE (before any shuffle), the value itself for an open question, or
null for a neutral text. `{letter}` in a text stands for the letter as it is shown, so that a text
survives a shuffle. Two keys may be added: `option`, the text of the asserted option, which must
then be the sample's (a benchmark whose options are drawn by another seed gives letters other
meanings), and `writer`, which says what model wrote the text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from unswayed.config.validation import first_fault
from unswayed.errors import DataError
from unswayed.perturbations import Part, Stance, asserted
from unswayed.run.digests import of_file
from unswayed.types import Variant


class WriterNote(BaseModel):
    """What model wrote a text, and how it was asked.

    Attributes:
        model: the server's name of the model.
        prompt: version of the prompt files.
        prompt_hash: hash of their text.
        created: day, as YYYY-MM-DD in UTC.
        attempts: how often it was asked before the text was accepted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    prompt: str
    prompt_hash: str
    created: str
    attempts: int


class Annotation(BaseModel):
    """One text of an annotation file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample: str
    part: Part
    asserts: str | None
    text: str
    option: str | None = None
    writer: WriterNote | None = None


class Annotations:
    """Texts of an annotation file, written beforehand by people or by a model.

    `name` is `writer` where a model wrote every text of the file, and `file` otherwise.
    """

    def __init__(self, path: str | Path) -> None:
        """Read the file.

        Raises:
            DataError: it cannot be read, a line is no annotation, or a text is given twice.
        """
        self.path = Path(path)
        self._notes: dict[tuple[str, Part, str | None], Annotation] = {}
        for number, line in enumerate(_lines(self.path), 1):
            if not line.strip():
                continue
            note = _annotation(line, f"{path}:{number}")
            key = (note.sample, note.part, note.asserts)
            if key in self._notes:
                raise DataError(f"{path}:{number}: a second text for {_described(key)}; keep one")
            self._notes[key] = note
        by_writer = bool(self._notes) and all(note.writer for note in self._notes.values())
        self.name: Literal["file", "writer"] = "writer" if by_writer else "file"

    def provenance(self) -> dict[str, Any]:
        """Return which file is read, with its digest."""
        digest = of_file(self.path)
        known = {"bytes": digest.bytes, "sha256": digest.sha256} if digest else {}
        return {"files": [{"path": str(self.path), **known}]}

    def text(self, part: Part, stance: Stance, variant: Variant) -> str:
        """Return the text of the file for this sample and the option that is to be asserted.

        Raises:
            DataError: the file has no such text, or one for other options.
        """
        shown = asserted(variant, stance)
        key = (variant.sample.id, part, None if shown is None else variant.origin.get(shown, shown))
        if key not in self._notes:
            raise DataError(
                f"{self.path} has no text for {_described(key)}; add it or use templates"
            )
        note, option = self._notes[key], variant.sample.options.get(key[2] or "")
        if note.option is not None and note.option != option:
            raise DataError(
                f"{self.path}: the text for {_described(key)} was written for {note.option!r:.80}, "
                f"which is {option!r:.80} now; give the benchmark the options that it had then"
            )
        return note.text.replace("{letter}", shown or "")


def _described(key: tuple[str, Part, str | None]) -> str:
    sample, part, asserts = key
    return f"the {part} of {sample} that asserts {asserts or 'nothing'}"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8-sig").split("\n")  # a text may hold U+2028
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the annotation file {path}: {error}") from error


def _annotation(line: str, where: str) -> Annotation:
    try:
        return Annotation.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise DataError(f"{where}: expected a JSON object a line: {error}") from error
    except ValidationError as error:
        raise DataError(
            f'{where}: expected {{"sample", "part": "think" or "caption", "asserts": a letter, '
            f'a value or null, "text"}}; {first_fault(error).text("the line")}'
        ) from error
