"""Recorded outputs as a model: what was generated elsewhere is judged and measured like the rest.

A recording is JSONL, a JSON list, TSV or CSV, perhaps gzipped: one output a row, named by the id of
the sample (and the variant), or by the id of the variant as `variants.jsonl` of a run has it.
docs/your-own-data.md shows the format. The file is indexed once by byte offsets, so that outputs
are not held in memory.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast

from unswayed.errors import ConfigError, DataError
from unswayed.models import Decoding, Request
from unswayed.run import recordings, rows
from unswayed.run.encodings import EncodingError
from unswayed.types import Finish, Generation

_BASE = "base"


class Replay:
    """Returns recorded outputs; a request that nothing was recorded for is a failed generation."""

    profile = "default"

    def __init__(
        self,
        path: str,
        *,
        output: str = "output",
        turns: str = "turns",
        id: str = "id",
        variant: str = "variant",
        draw: str = "draw",
        status: str = "",
        answer: str = "",
        pattern: str = "",
        name: str = "",
    ) -> None:
        """Name the recording and its columns.

        Args:
            path: `.jsonl`, `.json` (a list), `.tsv` or `.csv`, perhaps with `.gz`; UTF-8.
            output: column of the whole output.
            turns: column of the list of turns; the last one is taken where there is one. Empty:
                the whole output counts even so.
            id: column of the id; a file without it is named by its lines.
            variant: column of the variant; an output without one is one for `base`.
            draw: column that says which of several outputs of one prompt it is, from 0; an output
                without one is the first.
            status: column that says how an output ended: `stop`, `length`, `error` or
                `refused` (other words are `stop`); empty: every output counts as a whole one.
            answer: column of the answer, where the recording has it apart from the output: a
                letter or an option's text. Empty: the answer is read from the output.
            pattern: regular expression whose one group is the answer, where it last matches in
                the output, or in the column `answer` if one is named; what it does not match has
                no answer. Empty: the output is read by the answer style, the column whole.
            name: name of the model; `replay/` and the file's stem if empty.

        Raises:
            DataError: the file is missing or empty, or has no such columns.
            ConfigError: the pattern is no regular expression with one group.
        """
        self._pattern = _compiled(str(pattern))
        self.path = Path(path)
        recordings.require_file(self.path)
        self.name = str(name) or recordings.benchmark_name(self.path)
        self._output, self._turns, self._status = str(output), str(turns), str(status)
        self._id, self._variant, self._draw = str(id), str(variant), str(draw)
        self._answer = str(answer)
        self._lock = threading.Lock()
        self._unread = ""
        self._stream = self._open()
        self._offsets = self._index()

    def provenance(self) -> dict[str, Any]:
        """Return the file, its digest and what was read of it."""
        return {
            "kind": "replay",
            "path": str(self.path),
            "sha256": self._sha256,
            "outputs": len(self._offsets),
            "output": self._output,
            "turns": self._turns,
            **({"answer": self._answer} if self._answer else {}),
            **({"pattern": self._pattern.pattern} if self._pattern else {}),
        }

    def supports_prefill(self) -> bool:
        """Say yes: a recorded output is the continuation of what its variant prefilled."""
        return True

    def generate(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        """Return the recorded output of every request, in order; `decoding` changes nothing."""
        return [self._generation(request) for request in requests]

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __del__(self) -> None:
        """Close the file with the object."""
        stream = getattr(self, "_stream", None)
        if stream is not None:
            stream.close()

    def _generation(self, request: Request) -> Generation:
        offset = self._offset(request)
        if offset is None:
            which = f", output {request.draw + 1} of the prompt," if request.draw else ""
            hint = f"; {self._unread}" if self._unread else ""
            return _error(
                request.id,
                f"no recorded output for {request.sample_id} in the variant {request.variant} "
                f"(id {request.id}){which} in {self.path.name}{hint}",
            )
        try:
            row = self._row(offset)
            text = self._text(row)
            if request.prefill and text.startswith(request.prefill):
                raise DataError(
                    "the recorded output starts with the variant's prefill; record only the "
                    "continuation"
                )
            status, message = self._ending(row)
            answer = self._recorded(row, text) if status == "stop" else None
            return Generation(id=request.id, status=status, text=text, error=message, answer=answer)
        except DataError as error:
            return _error(request.id, str(error))

    def _recorded(self, row: Mapping[str, Any], text: str) -> str | None:
        """Return the answer by the column or the pattern; None if neither is named.

        Raises:
            DataError: the row has no such cell.
        """
        if self._answer:
            value = row.get(self._answer)
            if value is None or isinstance(value, (list, dict)):
                raise DataError(
                    f"expected an answer in the column {self._answer!r}, found {value!r:.80}"
                )
            text = str(value)
        if self._pattern is None:
            return text if self._answer else None
        found = ""
        for match in self._pattern.finditer(text):
            found = match[1] or ""
        return found

    def _offset(self, request: Request) -> int | None:
        # A self-contained file is also a benchmark, which puts its own name before the ids.
        own = request.sample_id.removeprefix(f"{recordings.benchmark_name(self.path)}/")
        variants = (request.variant, "") if request.variant == _BASE else (request.variant,)
        keys = [(request.id, "")]
        keys += [(id, variant) for id in (request.sample_id, own) for variant in variants]
        found = (self._offsets.get(_key(*key, request.draw)) for key in keys)
        return next((offset for offset in found if offset is not None), None)

    def _row(self, offset: int) -> Mapping[str, Any]:
        with self._lock:
            self._stream.seek(offset)
            return recordings.parse_row(self._stream.readline(), self.path, 0)

    def _text(self, row: Mapping[str, Any]) -> str:
        turns: Any = row.get(self._turns) if self._turns else None
        if isinstance(turns, list) and turns:
            text = cast(list[Any], turns)[-1]
        else:
            text = row.get(self._output)
        if not isinstance(text, str):
            kind = "nothing" if text is None else f"a {type(text).__name__}"
            raise DataError(f"expected the output as text in {self._output!r}, found {kind}")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise DataError(f"the recorded output is not valid Unicode: {error.reason}") from error
        return text

    def _ending(self, row: Mapping[str, Any]) -> tuple[Finish, str | None]:
        status = str(row.get(self._status, "")) if self._status else ""
        if status == "error":
            return "error", str(row.get("error") or "recorded as an error")
        if status == "refused":
            return "refused", str(row.get("error") or "recorded as refused")
        return ("length" if status == "length" else "stop"), None

    def _open(self) -> BinaryIO:
        try:
            return rows.open_lines(self.path)
        except OSError as error:
            raise DataError(f"cannot read {self.path}: {error.strerror}") from error

    def _index(self) -> dict[bytes, int]:
        """Map the digest of every key to the byte where its line starts."""
        offsets: dict[bytes, int] = {}
        broken = 0
        for line in recordings.numbered_lines(self._stream):
            try:
                row = recordings.parse_row(line.data, self.path, line.number)
            except EncodingError:
                raise
            except DataError as error:
                broken += 1
                first = self._unread.partition("first: ")[2] or str(error)
                self._unread = f"{broken} lines of it cannot be read, first: {first}"
                continue
            if not offsets:
                self._check(row)
            self._add(offsets, row, line)
        if not offsets:
            raise DataError(f"{self.path} holds no recorded outputs; {self._unread}")
        return offsets

    def _check(self, row: Mapping[str, Any]) -> None:
        if self._output not in row and self._turns not in row:
            raise DataError(
                f"{self.path} has no column {self._output!r} or {self._turns!r}; say "
                f"output=COLUMN; the columns are: {', '.join(row)}"
            )

    def _add(
        self, offsets: dict[bytes, int], row: Mapping[str, Any], line: recordings.FileLine
    ) -> None:
        native = recordings.native_id(row, line.number, self._id)
        variant = str(row.get(self._variant) or "")
        draw = recordings.draw_of(row, self._draw, f"{self.path}, line {line.number}")
        if offsets.setdefault(_key(native, variant, draw), line.offset) != line.offset:
            raise DataError(
                f"{self.path}, line {line.number}: an output for {native!r} was recorded before "
                f"(variant {variant or _BASE!r}, draw {draw}); keep one, or number them from 0 in "
                f"the column {self._draw!r}"
            )

    @cached_property
    def _sha256(self) -> str:
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


def _error(id: str, message: str) -> Generation:
    return Generation(id=id, status="error", text="", error=message)


def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return the user's pattern; None for an empty one."""
    if not pattern:
        return None
    expected = "expected pattern to be a regular expression with one group, such as 'Answer: (.)'"
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"{expected}, found {pattern!r}: {error}") from error
    if compiled.groups != 1:
        raise ConfigError(f"{expected}, found {pattern!r} with {compiled.groups}")
    return compiled


def _key(id: str, variant: str, draw: int) -> bytes:
    text = f"{id}\0{variant}\0{draw}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
