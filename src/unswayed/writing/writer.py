"""Ask for texts, check them, ask once more where one fails the check, and keep the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from unswayed import progress, registry
from unswayed.chat.endpoints import Capabilities, Endpoint, endpoint
from unswayed.chat.records import ChatReply, ChatRequest
from unswayed.errors import ConfigError
from unswayed.perturbations.texts.annotations import Annotation, WriterNote
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.walk import decoded
from unswayed.types import Failure, Sample
from unswayed.writing import asking, checks
from unswayed.writing.asking import Sampling
from unswayed.writing.files import Rejected, TextFiles, opened
from unswayed.writing.wanted import TextKey, Wanted, texts_of

CHUNK = 128
"""Samples whose texts are asked for together."""


class Client(Protocol):
    """What is needed of `unswayed.chat.client.ChatClient`."""

    endpoint: Endpoint

    def send_all(
        self,
        requests: Sequence[ChatRequest],
        on_reply: Callable[[ChatReply], None] | None = None,
    ) -> list[ChatReply]:
        """Send requests and return one reply for each, in order."""
        ...


@dataclass(frozen=True)
class WriterSpec:
    """A writer as it is named on the command line: `PRESET:MODEL,option=…`."""

    endpoint: Endpoint
    sampling: Sampling


@dataclass
class Report:
    """The result of a call.

    Attributes:
        samples: samples all of whose texts are there now.
        written: texts written by this call.
        before: texts wanted that were there, or given up, before.
        rejected: texts given up by this call, by the kind of their last problem.
        rewritten: texts among `written` that took a second attempt.
        errors: texts for which no reply could be had; they are asked for again the next time.
        first_error: why, for the first of them.
        unusable: rows of the benchmark of which no variants can be made.
    """

    samples: int = 0
    written: int = 0
    before: int = 0
    rejected: Counter[str] = field(default_factory=Counter[str])
    rewritten: int = 0
    errors: int = 0
    first_error: str = ""
    unusable: int = 0


def writer_spec(text: str) -> WriterSpec:
    """Read `vllm:MODEL,base_url=…,temperature=…`.

    Raises:
        UnknownName: there is no such preset or option.
        ConfigError: the model or an option is not as it must be.
    """
    spec = registry.parse_spec(text)
    options = dict(spec.options)
    temperature = options.pop("temperature", Sampling.temperature)
    max_tokens = options.pop("max_tokens", Sampling.max_tokens)
    if not isinstance(temperature, int | float) or isinstance(temperature, bool) or temperature < 0:
        raise ConfigError(f"expected temperature=NUMBER from 0 up, found {temperature!r}")
    if not isinstance(max_tokens, int) or isinstance(max_tokens, bool) or max_tokens < 1:
        raise ConfigError(f"expected max_tokens=NUMBER from 1 up, found {max_tokens!r}")
    server = endpoint(spec.name, spec.argument or "", **options)
    return WriterSpec(server, Sampling(float(temperature), max_tokens))


def write(evaluation: Evaluation, client: Client, sampling: Sampling, out: Path) -> Report:
    """Write the texts that an evaluation needs and that are not in the file yet.

    With a limit, as many samples per benchmark are written for as an evaluation with that limit
    uses: samples for which a text could not be had do not count.

    Args:
        evaluation: benchmarks, variants, limit, seed and foils of the evaluation.
        client: where to send the requests; an error that it raises comes through once what was
            replied before is kept.
        sampling: how the writer samples.
        out: the annotation file; rejected texts go into `….rejected.jsonl` beside it.

    Raises:
        UnswayedError: see `errors`.
    """
    report = Report()
    with opened(out) as files:
        scribe = _Scribe(client, sampling, files, report)
        for benchmark in evaluation.benchmarks:
            _of_benchmark(iter(benchmark), benchmark.name, evaluation, scribe)
    return report


def _of_benchmark(
    rows: Iterator[Sample | Failure], name: str, evaluation: Evaluation, scribe: _Scribe
) -> None:
    limit, good = evaluation.settings.limit, 0
    with progress.bar(f"write {name}", limit, unit="sample") as bar:
        while size := CHUNK if limit is None else min(CHUNK, limit - good):
            chunk = _chunk(rows, size, evaluation, scribe.report)
            if not chunk:
                break
            scribe.write([wanted for texts in chunk for wanted in texts])
            done = sum(all(w.key in scribe.files.words for w in texts) for texts in chunk)
            good += done
            scribe.report.samples += done
            bar.update(done)


def _chunk(
    rows: Iterator[Sample | Failure], size: int, evaluation: Evaluation, report: Report
) -> list[list[Wanted]]:
    """Return the texts of the next samples that an evaluation could use."""
    chunk: list[list[Wanted]] = []
    for row in rows:
        texts = _texts(row, evaluation)
        if texts is None:
            report.unusable += 1
        else:
            chunk.append(texts)
        if len(chunk) == size:
            break
    return chunk


def _texts(row: Sample | Failure, evaluation: Evaluation) -> list[Wanted] | None:
    if isinstance(row, Failure):
        return None
    settings = evaluation.settings
    known = (row, evaluation.compositions, settings.foils, settings.seed)
    # with a limit, the evaluation passes over pictures it cannot read, and takes others instead
    return texts_of(*known) if settings.limit is None else texts_of(*known, decoded)


@dataclass(frozen=True)
class _Scribe:
    """Asks for texts and keeps them."""

    client: Client
    sampling: Sampling
    files: TextFiles
    report: Report

    def write(self, texts: Sequence[Wanted]) -> None:
        """Write what is not settled yet; neutral texts last, as they are as long as others."""
        fresh = [wanted for wanted in texts if not self.files.settled(wanted.key)]
        self.report.before += len(texts) - len(fresh)
        for neutral in (False, True):
            part = [wanted for wanted in fresh if (wanted.asserts is None) == neutral]
            again = self._round(part, {})
            self._round([wanted for wanted in part if wanted.key in again], again)

    def _round(
        self, texts: Sequence[Wanted], before: dict[TextKey, _Draft]
    ) -> dict[TextKey, _Draft]:
        """Ask for texts once; return the drafts that are to be asked for again."""
        if not texts:
            return {}
        can: Capabilities = self.client.endpoint.capabilities
        requests = [
            asking.request(w, self._words(w), can, self.sampling, _again(before.get(w.key)))
            for w in texts
        ]
        replies: list[ChatReply] = []
        try:
            self.client.send_all(requests, replies.append)
        finally:  # what was replied before an error is paid for: it is kept
            by_id = {reply.id: reply for reply in replies}
            drafts = self._settle(texts, by_id, before)
        return drafts

    def _settle(
        self, texts: Sequence[Wanted], replies: dict[str, ChatReply], before: dict[TextKey, _Draft]
    ) -> dict[TextKey, _Draft]:
        again: dict[TextKey, _Draft] = {}
        for wanted in texts:
            reply = replies.get(asking.identify(wanted))
            if reply is None:
                continue
            if reply.status == "error":
                self.report.errors += 1
                self.report.first_error = self.report.first_error or (reply.error or "no reply")
                continue
            draft = _draft(reply, wanted, self._words(wanted), before.get(wanted.key))
            if draft.problem is None:
                self._keep(wanted, draft)
            elif len(draft.texts) == 1 and reply.status != "refused":
                again[wanted.key] = draft
            else:
                self._reject(wanted, draft)
        return again

    def _words(self, wanted: Wanted) -> int | None:
        if wanted.like is None:
            return None
        return self.files.words.get(wanted.like, wanted.words)

    def _keep(self, wanted: Wanted, draft: _Draft) -> None:
        sample, part, asserts = wanted.key
        self.files.keep(
            Annotation(
                sample=sample,
                part=part,
                asserts=asserts,
                text=draft.texts[-1],
                option=wanted.option,
                writer=self._note(draft),
            )
        )
        self.report.written += 1
        self.report.rewritten += len(draft.texts) > 1

    def _reject(self, wanted: Wanted, draft: _Draft) -> None:
        sample, part, asserts = wanted.key
        self.files.reject(
            Rejected(
                sample=sample,
                part=part,
                asserts=asserts,
                option=wanted.option,
                kinds=tuple(problem.kind for problem in draft.problems),
                problems=tuple(problem.message for problem in draft.problems),
                texts=draft.texts,
                writer=self._note(draft),
            )
        )
        self.report.rejected[draft.problems[-1].kind] += 1

    def _note(self, draft: _Draft) -> WriterNote:
        return WriterNote(
            model=self.client.endpoint.model,
            prompt=asking.VERSION,
            prompt_hash=asking.prompt_hash(),
            created=datetime.now(UTC).date().isoformat(),
            attempts=len(draft.texts),
        )


@dataclass(frozen=True)
class _Draft:
    """The attempts at a text: as many problems as texts, or one fewer if the last one will do."""

    texts: tuple[str, ...] = ()
    problems: tuple[checks.TextProblem, ...] = ()

    @property
    def problem(self) -> checks.TextProblem | None:
        return self.problems[-1] if len(self.problems) == len(self.texts) else None


def _draft(reply: ChatReply, wanted: Wanted, words: int | None, before: _Draft | None) -> _Draft:
    """Return the attempts, that of a reply added."""
    earlier = before or _Draft()
    choice = reply.choices[0] if reply.choices else None
    text = checks.cleaned(choice.text) if choice else ""
    if reply.status == "refused" or (choice and choice.finish == "refused"):
        problem = checks.TextProblem("refusal", reply.error or "the model refused")
    elif choice and choice.finish == "length":
        problem = checks.TextProblem("length", "it was cut off at the token limit")
    else:
        problem = checks.problem(text, wanted, words)
    problems = () if problem is None else (problem,)
    return _Draft((*earlier.texts, text), (*earlier.problems, *problems))


def _again(draft: _Draft | None) -> tuple[str, str] | None:
    return (draft.texts[-1], draft.problems[-1].message) if draft else None
