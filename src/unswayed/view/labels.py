"""Labels that readers give: whether thought and answer agree, one file a reader.

A file is append-only and of the form that `unswayed judge-check` reads. A label that is given
again stands behind the older one, and the last one counts. A reader is asked what a judge is
asked: question, options, thought, answer; neither the picture nor the gold.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from filelock import FileLock, Timeout
from pydantic import Field

from unswayed.errors import ConfigError, RunError, StageError
from unswayed.judges import JudgeCase
from unswayed.judges.agreement.labels import NO_LETTER, Label, LabelledCase
from unswayed.pipeline.verdicts import case_of_output
from unswayed.report.outputs import ScoredOutput
from unswayed.run.files import content_hash
from unswayed.run.stage import Stage
from unswayed.types import Letter, Record
from unswayed.view.lines import OutputKey, OutputLine
from unswayed.view.runs import ViewedRun

READER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
"""What a reader may be called: it names a file."""
LONGEST_NOTE = 2000


class LabelRow(Record):
    """One label, as it lies in its file: the keys of `docs/judges.md`, and whose it is of what.

    Attributes:
        id: names question, thought and answer: the same text of the same variant has the same id
            in every run.
        question: the question without its options.
        options: shown letter → text.
        think: the thought, without its tags.
        answer: the text of the answer.
        letter: the letter that the answer names.
        text_option: the option whose text it repeats.
        concludes: the letter that the thought concludes on, or `none`, `outside`, `unclear`.
        consistent: whether that is what the answer asserts.
        note: the reader's remark.
        reader: who labelled it.
        labelled: when, in UTC.
        run: name of the run's folder.
        model: the run's model.
        benchmark: name of the benchmark.
        sample: id of the sample.
        variant: name of the variant.
        foil_index: which of the sample's foils.
        draw: which of the prompt's outputs.
    """

    schema_version: Literal[1] = 1
    id: str
    question: str
    options: dict[Letter, str]
    think: str
    answer: str
    letter: Letter | None
    text_option: Letter | None
    concludes: str
    consistent: Label
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""
    reader: str
    labelled: str
    run: str
    model: str
    benchmark: str
    sample: str
    variant: str
    foil_index: int = 0
    draw: int = 0

    @property
    def labelled_case(self) -> LabelledCase:
        """The label as a judge is compared with it."""
        texts = (self.question, self.options, self.think, self.answer)
        case = JudgeCase(self.id, *texts, self.letter, self.text_option)
        return LabelledCase(case, self.concludes, self.consistent, self.note)

    @property
    def key(self) -> OutputKey:
        """Which output of its run it is."""
        return OutputKey(self.sample, self.variant, self.foil_index, self.draw)


def case_to_label(output: ScoredOutput) -> JudgeCase | None:
    """Return what a reader is asked about an output; None where there is nothing to compare."""
    case = case_of_output(output.variant, output.generation, output.parsed)
    return case if isinstance(case, JudgeCase) else None


def label_id(output: ScoredOutput) -> str:
    """Return the id of an output's label."""
    return f"{output.variant.id}-{content_hash([output.generation.text, output.generation.answer])}"


class ReaderLabels:
    """The labels of one reader, and the file that more of them are written to."""

    def __init__(self, folder: Path, reader: str) -> None:
        """Read what the reader labelled before; use `writing` to add to it.

        Raises:
            ConfigError: the reader's name cannot name a file.
            RunError: a line of the file is no label.
        """
        if not READER.fullmatch(reader):
            raise ConfigError(
                f"expected a reader's name of letters, digits, '.', '_' and '-' (40 at most), "
                f"found {reader!r}"
            )
        self.reader, self.path = reader, folder / f"{reader}.jsonl"
        self._stage = Stage(self.path, LabelRow)
        self.latest: dict[str, LabelRow] = {row.id: row for row in self._stage}

    @contextmanager
    def writing(self) -> Generator[None]:
        """Hold the reader's file: one writer at a time. A torn last line is cut off.

        Raises:
            RunError: another process writes this reader's labels.
            StageError: the folder cannot be written to.
        """
        lock = FileLock(self.path.with_suffix(".lock"))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise RunError(
                f"another explorer writes the labels of {self.reader!r} in {self.path}; stop it, "
                "or use another --reader"
            ) from error
        except (OSError, NotImplementedError) as error:
            raise StageError(
                f"cannot write labels in {self.path.parent}: {error}; use another --labels"
            ) from error
        try:
            self._stage.repair()
            self.latest = {row.id: row for row in self._stage}
            yield
        finally:
            lock.release()

    def add(self, row: LabelRow) -> None:
        """Write a label, and wait until it is on the disk.

        Raises:
            StageError: it cannot be written.
        """
        self._stage.append([row])
        self.latest[row.id] = row

    def keys_in(self, run: ViewedRun) -> set[OutputKey]:
        """Return which outputs of a run this reader labelled."""
        return {row.key for row in self.latest.values() if row.run == run.name}


def label_of(run: ViewedRun, line: OutputLine, reader: str, given: Mapping[str, str]) -> LabelRow:
    """Return the label that a reader gives to an output.

    Args:
        run: the run.
        line: the output.
        reader: whose label it is.
        given: `concludes`, `consistent` and perhaps `note`.

    Raises:
        ConfigError: the output cannot be labelled, or the label is none of those that there are.
    """
    output = run.output(line)
    case = case_to_label(output)
    if case is None:
        raise ConfigError("this output has no thought and answer to compare; it cannot be labelled")
    concludes, consistent = given.get("concludes", ""), given.get("consistent", "")
    if concludes not in {*case.options, *NO_LETTER}:
        raise ConfigError(
            f"expected the option that the thought concludes on, one of {', '.join(case.options)}, "
            f"{', '.join(NO_LETTER)}; found {concludes!r:.40}"
        )
    if consistent not in ("yes", "no", "unclear"):
        raise ConfigError(f"expected yes, no or unclear as label, found {consistent!r:.40}")
    return LabelRow(
        id=label_id(output),
        question=case.question,
        options=dict(case.options),
        think=case.think,
        answer=case.answer,
        letter=case.letter,
        text_option=case.text_letter,
        concludes=concludes,
        consistent=consistent,
        note=given.get("note", "").strip()[:LONGEST_NOTE],
        reader=reader,
        labelled=datetime.now(UTC).isoformat(timespec="seconds"),
        run=run.name,
        model=run.model,
        benchmark=line.benchmark,
        sample=line.key.sample,
        variant=line.key.variant,
        foil_index=line.key.foil,
        draw=line.key.draw,
    )


def all_readers(folder: Path) -> Iterator[ReaderLabels]:
    """Yield the labels of every reader with a file in a folder, by name.

    Raises:
        RunError: a line of a file is no label.
    """
    for path in sorted(folder.glob("*.jsonl")):
        if READER.fullmatch(path.stem):
            yield ReaderLabels(folder, path.stem)
