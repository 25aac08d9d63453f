"""Models: anything that continues a prompt. One file per way of reaching one.

`transformers` runs a checkpoint in this process, `served` asks a server, `replay` returns recorded
outputs. A model is any object with the methods of `Model`; name your own as `my_file.py:MyModel`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from unswayed.answers import TAGGED, AnswerStyle, ParsedAnswer, parse_output
from unswayed.chat.limits import Bounds, Spent
from unswayed.types import MAX_NEW_TOKENS, UNLIMITED, Generation, PictureLimits, Variant


@dataclass(frozen=True)
class Request:
    """One prompt to continue, rendered by `unswayed.prompts`.

    Attributes:
        id: id of the variant; the generation carries it back.
        sample_id: id of the sample behind it.
        variant: name of the variant.
        system: text of the system message; empty for none.
        user: text of the user message, which follows the images.
        images: files of the pictures, in order.
        prefill: literal start of the assistant's turn, to be left open; empty if none.
        options: shown letter → text; the letter distribution is over these letters.
        draw: which of several outputs of the prompt is asked for, 0 … k−1. Each needs randomness
            of its own: see `models.seeds`.
        style: where thought and answer stand in the output, so that the letter is found there.
        limits: how large the pictures are that the model is shown.
        thinking: `enable_thinking` of the chat template; None leaves it to the template.
    """

    id: str
    sample_id: str
    variant: str
    system: str
    user: str
    images: tuple[Path, ...]
    prefill: str
    options: dict[str, str]
    draw: int = 0
    style: AnswerStyle = TAGGED
    limits: PictureLimits = UNLIMITED
    thinking: bool | None = None

    def parse(self, output: str) -> ParsedAnswer:
        """Read the answer of an output, prefill included."""
        return parse_output(output, self.options, style=self.style.name, given=len(self.prefill))


@dataclass(frozen=True)
class Decoding:
    """How to sample (PROTOCOL section 4).

    Attributes:
        max_new_tokens: limit of the continuation, at least 1.
        temperature: 0 is greedy.
        top_p: nucleus, in (0, 1].
        seed: seed of the sampling, from which each output of each prompt has one of its own.
        force_answer: where a row has no `<answer>`, close the thought and read a letter
            distribution anyway, flagged as forced.
    """

    max_new_tokens: int = MAX_NEW_TOKENS
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    force_answer: bool = False


class Serving(Bounds):
    """How a served model is asked. None of it changes what is asked, so a run may change it.

    Attributes:
        cache: folder that keeps replies by what was asked.
        prices: file of prices.
    """

    cache: Path | None = None
    prices: Path | None = None


class Model(Protocol):
    """What the pipeline asks of a model."""

    name: str
    profile: str
    """Name of the prompt profile to use when the user names none."""

    def provenance(self) -> dict[str, Any]:
        """Say what this model is (path, revision, hash, dtype, device): JSON values only."""
        ...

    def supports_prefill(self) -> bool:
        """Say whether an assistant turn can be left open."""
        ...

    def generate(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        """Continue every request, in order; an item that fails comes back with status `error`."""
        ...


@runtime_checkable
class LocalModel(Model, Protocol):
    """A model whose weights are loaded into this process, but not before they are needed.

    What else is known of it (its profile, whether it takes a prefill, where its weights lie) can be
    asked at no cost; a dry run and a training do.
    """

    checkpoint: str | None
    """Folder or hub id of the weights; None if they lie nowhere."""

    def load(self) -> None:
        """Load the weights, before the first file of a run is written.

        Raises:
            ModelError: they cannot be found or loaded.
        """
        ...


@runtime_checkable
class ServedModel(Model, Protocol):
    """A model on a server: it has many requests in flight, and every one of them costs something.

    `letter_calls` and `start` are what the plan of a run and the pipeline need beside `generate`.
    """

    letter_calls: int
    """Further requests, at most, for the letter distribution of one generation."""

    notes: list[str]
    """What the user should know of the server, once it was started."""

    def start(self, serving: Serving) -> None:
        """Reach the server and prove that it does what the run needs, before the first request.

        Raises:
            ConfigError: it does not take the key, or an option cannot be met.
            ModelError: it cannot be reached, or does not leave an assistant's turn open.
        """
        ...

    def stream(self, requests: Iterable[Request], decoding: Decoding) -> Iterator[list[Generation]]:
        """Continue every request, in order, many at once; yield those that are ready.

        Raises:
            StageError: nothing more can be asked (a budget, a server that is down). What was
                yielded is whole, and the same run goes on from there.
        """
        ...

    def most(self, prompts: int, prompt_tokens: int, new_tokens: int) -> Spent:
        """Return what a run can cost at most, by an estimate of its prompts."""
        ...

    def load_prices(self, file: Path) -> None:
        """Read the file of prices that `cost` goes by."""
        ...

    def cost(self, spent: Spent) -> str:
        """Return what tokens cost, for people; `n/a` if no price is known."""
        ...


def request_of(
    variant: Variant,
    root: Path,
    system: str,
    user: str,
    draw: int = 0,
    style: AnswerStyle = TAGGED,
    limits: PictureLimits | None = None,
    thinking: bool | None = None,
) -> Request:
    """Make the request for an output of a variant whose pictures lie under `root`.

    A prefilled thought gets the family's own marks.
    """
    return Request(
        id=variant.id,
        sample_id=variant.sample.id,
        variant=variant.name,
        system=system,
        user=user,
        images=tuple(root / ref.path for ref in variant.sample.images if ref.path),
        prefill=style.native(variant.prefill),
        options=dict(variant.options),
        draw=draw,
        style=style,
        limits=limits or UNLIMITED,
        thinking=thinking,
    )
