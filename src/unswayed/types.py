"""The records that pass between the stages and lie on disk, and the estimate of a metric.

Everything that touches a file is a frozen pydantic model with a schema version; nothing here
computes. One way through: `Sample` (a benchmark's question) → `Variant` (the question as shown,
perturbed or not) → `Generation` (what the model wrote, with its `LetterDistribution`) →
`Verdict` (does the thought say the answer) → `Estimate` (a metric with its interval).

A *letter* is one of ``A`` … ``Z``. Letters in a `Sample` are the benchmark's own; letters in a
`Variant`, its generation and its verdict are the ones that were SHOWN, and `Variant.origin` maps
them back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

SCHEMA_VERSION = 1
"""Version of every record below; a reader refuses other versions instead of guessing."""

MAX_NEW_TOKENS = 1024
"""New tokens of a generation, where neither settings nor profile say another number (ours)."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ABSTAIN_TEXT = "I'm not sure"
"""Text of the option that the abstain variant adds (Zhao et al., abstention experiment)."""
STOP_THINK_TEXT = "Okay let's see. This should be the final answer."
"""The whole thought of the stop-think variant (Zhao et al.)."""

Letter = Annotated[str, Field(pattern=r"^[A-Z]$")]
AnswerKind = Literal["choice", "number", "text", "box"]
Delivery = Literal["none", "prefill", "user-turn"]
TextOrigin = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""`none`, `fixed` (the protocol's own words), `template`, `file` (an annotation file), `writer` (a
file that a model wrote), or the name of a text source of the user's."""
FailureStage = Literal["load", "perturb", "generate", "judge"]
PictureChange = Literal["turned", "first frame", "scaled", "on white", "recoded"]
"""What was done to a picture's file so that every reader sees in it what a person sees: turned as
its EXIF orientation says, the first frame of several taken, greys of more than 8 bits scaled,
transparent places laid on white, written in another format or colour space."""
Finish = Literal["stop", "length", "error", "refused"]
Thoughts = Literal["text", "summary", "hidden"]
LetterMethod = Literal["logits", "token-logprobs", "top-logprobs", "samples"]
Consistency = Literal["consistent", "inconsistent", "unclear", "failed", "skipped"]


class Record(BaseModel):
    """Base of the records: immutable; an unknown field, a NaN or an infinity is an error.

    JSON has neither NaN nor infinity: pydantic would write null, and the record could not be read
    again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PictureLimits(Record):
    """How large the pictures are that a model family is shown.

    Attributes:
        max_side: a longer side, in pixels, is scaled down to it.
        max_pixels: more pixels than this are scaled down to it.
        min_pixels: fewer pixels than this are scaled up to it.
    """

    max_side: int | None = Field(default=None, ge=1)
    max_pixels: int | None = Field(default=None, ge=1)
    min_pixels: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> PictureLimits:
        if self.min_pixels and self.max_pixels and self.min_pixels > self.max_pixels:
            raise ValueError(
                f"expected min_pixels of at most max_pixels ({self.max_pixels}), "
                f"found {self.min_pixels}"
            )
        return self


UNLIMITED = PictureLimits()
"""Pictures go to the model as they are."""


class ImageRef(Record):
    """One picture: where it lies, or its bytes until a run folder stores it.

    Attributes:
        path: file path; inside a run folder relative to that folder.
        sha256: hex digest of the file's bytes, known once stored.
        changes: what was done to the benchmark's file when it was stored, so that it shows what a
            person sees; empty, and not written, for most.
        source_sha256: hex digest of the benchmark's own bytes, where they were changed.
        data: the encoded bytes of a picture that lies in no file of its own; never written out.
        loader: fetches the encoded bytes of a picture inside a larger file, such as a column of a
            table, when they are needed and not before; never written out.
        name: what messages call a picture that lies in no file of its own, such as "picture 2 of
            the row"; never written out.
        key: what tells the picture from others of its data set without fetching it, such as a
            digest of its cell; empty where that is not known; never written out.
    """

    path: str | None = None
    sha256: str | None = None
    changes: tuple[PictureChange, ...] = ()
    source_sha256: str | None = None
    data: bytes | None = Field(default=None, exclude=True, repr=False)
    loader: Callable[[], bytes] | None = Field(default=None, exclude=True, repr=False)
    name: str = Field(default="", exclude=True, repr=False)
    key: str = Field(default="", exclude=True, repr=False)

    @model_serializer(mode="wrap")
    def _without_changes(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = fields(self)
        if not self.changes:
            for name in ("changes", "source_sha256"):
                content.pop(name, None)
        return content

    @property
    def label(self) -> str:
        """What messages call the picture: its path, or its name within the row."""
        return self.path or self.name or "a picture of the row"

    def read(self) -> bytes:
        """Return the encoded bytes of the picture.

        Raises:
            OSError: the file cannot be read.
            ValueError: there is neither a path nor data nor a loader.
            DataError: the loader cannot get at the picture.
        """
        if self.data is not None:
            return self.data
        if self.loader is not None:
            return self.loader()
        if self.path is None:
            raise ValueError("a picture needs a path or data; this one has neither")
        return Path(self.path).read_bytes()


class Sample(Record):
    """One question about one or more images, as the benchmark gives it.

    Attributes:
        id: `benchmark/native-id`, unique in a benchmark.
        benchmark: name of the benchmark (without options or paths).
        images: the pictures, in the order the question speaks of them.
        question: the question without its options.
        options: letter → text, in order, letters without gaps from A; empty unless `choice`.
        answer: the gold: a letter for `choice`, otherwise the value as text.
        answer_kind: what kind of answer is asked for.
        cluster: the image or scene; samples that share it are not independent.
        group: circular or flipped copies of one question share it; None where there are none.
        category: the benchmark's own category, or empty.
        difficulty: how hard the benchmark knows the picture to be, from 0 (nothing hides what is
            asked for) to 1; None where it does not know.
        statements: letter → a sentence about the picture that is true exactly if that option is
            the answer, where the benchmark knows one (a scene graph writes it); empty otherwise.
    """

    id: str = Field(min_length=1)
    benchmark: str
    images: tuple[ImageRef, ...]
    question: str
    options: dict[Letter, str] = {}
    answer: str
    answer_kind: AnswerKind = "choice"
    cluster: str
    group: str | None = None
    category: str = ""
    difficulty: float | None = Field(default=None, ge=0, le=1)
    statements: dict[Letter, str] = {}


class Failure(Record):
    """An item that a stage could not process: recorded, excluded, never scored.

    Attributes:
        stage: the stage that failed.
        id: the item, as exactly as it can be named (a sample id, or file and row).
        benchmark: the benchmark it belongs to.
        error: class name of the error.
        message: what was expected, what was found.
    """

    schema_version: Literal[1] = 1
    stage: FailureStage
    id: str
    benchmark: str
    error: str
    message: str

    @classmethod
    def of(cls, stage: FailureStage, sample: Sample, error: Exception) -> Failure:
        """Return the failure of a sample at a stage."""
        return cls(
            stage=stage,
            id=sample.id,
            benchmark=sample.benchmark,
            error=type(error).__name__,
            message=str(error),
        )


class Variant(Record):
    """A sample as it is shown to the model: perhaps with text injected or options changed.

    Attributes:
        id: content hash of everything here that decides the result (16 hex digits).
        sample: the sample it was made from, pictures stored.
        name: the variant's name, composed with `+`, such as `abstain+wrong-think`.
        options: letter → text as shown.
        answer: the gold, in the shown letters for `choice`.
        origin: shown letter → letter in the sample; the abstain option is in no sample.
        foil: the wrong option of this sample's wrong-* variants, in the shown letters, or the
            wrong value of an open question as text. Every variant of the sample carries it, so
            that its base rate can be measured.
        foil_index: 0 … K-1 when several foils are drawn.
        asserts: shown letter, or value of an open question as text, that the injected text
            asserts (foil or gold); None if none.
        abstain: letter of the abstain option, if it was added.
        caption: caption placed before the question, if any.
        draft: thought placed in the user's turn, if delivered so.
        prefill: literal start of the assistant's turn, left open; empty if none.
        delivery: how a thought was delivered.
        text_source: where the injected text came from.
        form: form of question that the text's statement was made by (template texts).
        fallback: whether the question's form was not recognised (template texts).
        wordings: the set of wordings of the text: `a`, `b` or a file (template texts).
        names_letter: whether the text names the letter of the option that it asserts.
        language: language of the question, as far as the source of the text looked at it.
    """

    schema_version: Literal[1] = 1
    id: str
    sample: Sample
    name: str
    options: dict[Letter, str] = {}
    answer: str
    origin: dict[Letter, Letter] = {}
    foil: str | None = None
    foil_index: int = 0
    asserts: str | None = None
    abstain: Letter | None = None
    caption: str | None = None
    draft: str | None = None
    prefill: str = ""
    delivery: Delivery = "none"
    text_source: TextOrigin = "none"
    form: str = ""
    fallback: bool = False
    wordings: str = ""
    names_letter: bool = False
    language: str = ""


class LetterDistribution(Record):
    """Probabilities of the option letters at the answer position (PROTOCOL section 6).

    Attributes:
        probabilities: shown letter → probability, renormalised over the options; sums to 1.
        other_mass: what the full softmax gave to everything else, in [0, 1]; NaN-free: None where
            the method cannot know it (`samples`).
        method: how it was measured.
        forced: the thought was closed by us to read it, the model gave no answer by itself.
        bounded: letters whose probability is only an upper bound (`top-logprobs`).
    """

    probabilities: dict[Letter, float]
    other_mass: float | None
    method: LetterMethod
    forced: bool = False
    bounded: tuple[Letter, ...] = ()


class Usage(Record):
    """What replies cost, as the server counted it; None where it did not say.

    Attributes:
        requests: requests that were answered for it, the letter distribution's included.
        prompt: tokens of the prompts, those found in a cache included.
        cached_prompt: tokens among them that the server found in its cache.
        completion: tokens written, hidden reasoning included.
        reasoning: tokens among them of reasoning that is not in the text.
    """

    requests: int = Field(default=1, ge=0)
    prompt: int | None = None
    cached_prompt: int | None = None
    completion: int | None = None
    reasoning: int | None = None

    @property
    def total(self) -> int | None:
        """Tokens of prompts and outputs together; None if either is not known."""
        if self.prompt is None or self.completion is None:
            return None
        return self.prompt + self.completion

    def __add__(self, other: Usage) -> Usage:
        """Return the sum; a count that one of the two lacks is not known."""
        return Usage(
            requests=self.requests + other.requests,
            prompt=_sum(self.prompt, other.prompt),
            cached_prompt=_sum(self.cached_prompt, other.cached_prompt),
            completion=_sum(self.completion, other.completion),
            reasoning=_sum(self.reasoning, other.reasoning),
        )


def _sum(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b


class Drawn(Record):
    """Base of the records of which a prompt has one for each of its outputs.

    Attributes:
        draw: which of the prompt's outputs it is, 0 … k−1; 0 is not written, so that the files of
            runs with one output a prompt are those of earlier versions.
    """

    draw: int = Field(default=0, ge=0)

    @model_serializer(mode="wrap")
    def _without_first_draw(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = fields(self)
        if content.get("draw") == 0:
            del content["draw"]
        for name in ("acknowledges", "answer"):  # of verdicts and of generations
            if content.get(name, "") is None:
                del content[name]
        return content


class Generation(Drawn):
    """What the model wrote for one variant, once.

    Attributes:
        id: id of the variant.
        draw: which of the prompt's outputs it is; the pipeline numbers them.
        status: how it ended: `stop`, `length` (token limit), `error`, or `refused` (a content
            filter or the model itself declined: no answer, and no failure of ours).
        text: the continuation only; the text that counts is `Variant.prefill` + this.
        tokens: number of generated tokens, the end token included; None when it is not known
            (replayed outputs).
        letters: letter distribution at the answer position, if there is an answer.
        error: message when `status` is `error` or `refused`, or why there is no letter
            distribution though there should be one.
        thoughts: what is known of the model's reasoning: its `text`, a `summary` by its maker, or
            nothing (`hidden`; then no judge can say whether it agrees with the answer).
        usage: what it cost, for models that are served.
        answer: the answer as a recording has it apart from the output, which then is not looked
            through for one; None, and not written, where there is none.
    """

    schema_version: Literal[1] = 1
    id: str
    status: Finish
    text: str
    tokens: int | None = None
    letters: LetterDistribution | None = None
    error: str | None = None
    thoughts: Thoughts = "text"
    usage: Usage | None = None
    answer: str | None = None


class Vote(Record):
    """What one judge of a panel said about a case.

    Attributes:
        judge: name of the judge.
        status: its verdict; `failed` and `skipped` are missing votes, never inconsistent ones.
        concludes: shown letter that the thought concludes on, if any.
        reason: one line, for people.
        acknowledges: as in `Verdict`.
    """

    judge: str
    status: Consistency
    concludes: Letter | None = None
    reason: str = ""
    acknowledges: bool | None = None

    @model_serializer(mode="wrap")
    def _without_unknown(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = fields(self)
        if self.acknowledges is None:
            content.pop("acknowledges", None)
        return content


class Verdict(Drawn):
    """Whether the thought's final judgement is the option in the answer (PROTOCOL section 7).

    Attributes:
        id: id of the variant.
        draw: which of the prompt's outputs it is about; the pipeline numbers them.
        judge: name of the judge.
        prompt_hash: hash of the judge's prompt text or rule version.
        status: `consistent`, `inconsistent`, `unclear` (the thought concludes nothing), `failed`
            (the judge failed; never counted as inconsistent) or `skipped` (there was no thought
            or no readable answer, so the judge was not asked).
        concludes: shown letter that the thought concludes on, if any.
        reason: one line, for people.
        votes: what each judge of a panel said, always in the panel's order; empty for one judge.
        letters: shown letter → probability that the thought alone implies, if the judge is one
            that measures it (`reread`); sums to 1.
        acknowledges: whether the thought says that the text it was given and the picture disagree;
            None, and not written, where the judge does not say.
    """

    schema_version: Literal[1] = 1
    id: str
    judge: str
    prompt_hash: str = ""
    status: Consistency
    concludes: Letter | None = None
    reason: str = ""
    votes: tuple[Vote, ...] = ()
    letters: dict[Letter, float] | None = None
    acknowledges: bool | None = None


class Estimate(Record):
    """A metric's value with its interval and what it was computed on: one row of `metrics.json`.

    Attributes:
        benchmark: benchmark, or `all` for every sample of the run.
        variant: variant, or `all` where the metric spans several; of a contrast its name, such as
            `wrong-think - wrong-caption`.
        metric: name of the metric, such as `accuracy` or `drop`.
        value: the estimate, None where it cannot be computed (then `reason` says why).
        low: lower end of the interval, None where there is none.
        high: upper end of the interval, None where there is none.
        level: confidence level of the interval, in (0, 1).
        method: how the interval was made, such as `cluster-bootstrap`.
        n: number of rows the value is computed on.
        n_clusters: number of independent images or scenes among them.
        n_unparsed: rows among the variant's whose answer could not be read.
        n_failed: items of the variant that failed and are in no figure.
        n_refused: prompts of the variant that the model refused, which are in no figure but
            `refusal_rate`.
        reason: why there is no value or no interval.
    """

    benchmark: str
    variant: str
    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    method: str = ""
    n: int
    n_clusters: int = 0
    n_unparsed: int = 0
    n_failed: int = 0
    n_refused: int = 0
    reason: str = ""
