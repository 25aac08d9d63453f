"""The model backend in this process: any `AutoModelForImageTextToText` checkpoint.

Prompts go through the checkpoint's own chat template, the assistant's turn is left open, and the
letter distribution comes from a second forward pass over the very tokens that were generated, up
to the answer letter. That pass needs no logits kept during generation, works for every
architecture, and is exact.
"""

# torch and transformers are typed in part, so what comes from them is of unknown type here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, GenerationConfig

from unswayed import answers
from unswayed.errors import ConfigError, ModelError
from unswayed.models import Decoding, Request
from unswayed.models.letters import LetterTokens, distribution, locate
from unswayed.models.transformers.processors import check_fit, load_processor
from unswayed.models.transformers.sharing import SharedEncoding, SharedPreparation
from unswayed.prompts import open_tail
from unswayed.types import Generation, LetterDistribution

_DTYPES = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class _Written:
    """What a row wrote: its ids up to the end token, their text, and how it ended.

    `head` is a thought's opening tag that the chat template wrote in the model's place: it belongs
    to the text that counts, and is in no generated token.
    """

    tokens: list[int]
    head: str
    text: str
    status: str
    count: int


@dataclass(frozen=True)
class _Spot:
    """Where a row's answer letter is read: after `tokens`, after the characters `lead`."""

    tokens: list[int]
    lead: str
    forced: bool


class Transformers:
    """A checkpoint in this process.

    Attributes:
        name: the path or hub id as given.
        profile: prompt profile used when the user names none.
        checkpoint: folder or hub id that the weights came from.
    """

    profile = "default"

    def __init__(
        self,
        path: str,
        *,
        dtype: str = "auto",
        device: str = "auto",
        revision: str | None = None,
        attention: str | None = None,
        max_pixels: int | None = None,
        min_pixels: int | None = None,
        trust_remote_code: bool = False,
    ) -> None:
        """Load a checkpoint.

        Args:
            path: folder or hub id.
            dtype: `auto` (as stored), `float32`, `bfloat16` or `float16`.
            device: `auto` (a GPU if there is one), or a torch device such as `cpu` or `cuda:1`.
            revision: revision on the hub.
            attention: attention implementation, such as `sdpa` or `eager`.
            max_pixels: most pixels a picture is scaled to, where the family has such a limit.
            min_pixels: fewest pixels, likewise.
            trust_remote_code: run code that the checkpoint brings along.

        Raises:
            ModelError: the checkpoint cannot be loaded.
            ConfigError: an option has no such value.
        """
        if dtype not in _DTYPES:
            raise ConfigError(f"expected a dtype of {', '.join(_DTYPES)}; found {dtype!r}")
        self.name = self.checkpoint = path
        self._revision = revision
        self._device = _device(device)
        hub: dict[str, Any] = {"revision": revision} if revision else {}
        if trust_remote_code:
            hub["trust_remote_code"] = True
        pixels = {"max_pixels": max_pixels, "min_pixels": min_pixels}
        self._pixels = {name: value for name, value in pixels.items() if value is not None}
        model, self._processor = load_checkpoint(path, dtype, attention, hub, self._pixels)
        self._model = model.to(self._device).eval()
        self._tokenizer = self._processor.tokenizer
        self._tokenizer.padding_side = "left"
        self._model.generation_config = self._plain_generation(self._model.generation_config)
        self._letters = LetterTokens(_token_texts(self._tokenizer))
        self._processor.image_processor = SharedPreparation(self._processor.image_processor)
        self._encoding = self._share_encoding()

    def provenance(self) -> dict[str, Any]:
        """Say what was loaded: path, revision, architecture, size, dtype, device, pixel limits."""
        config = self._model.config
        return {
            "backend": "transformers",
            "path": self.name,
            "revision": getattr(config, "_commit_hash", None) or self._revision,
            "sha256": weights_hash(Path(self.name)),
            "architecture": type(self._model).__name__,
            "parameters": self._model.num_parameters(),
            "dtype": str(self._model.dtype).removeprefix("torch."),
            "device": str(self._device),
            "attention": config._attn_implementation,
            **self._pixels,
        }

    def supports_prefill(self) -> bool:
        """An open assistant turn is ours to render, so it always works."""
        return True

    @property
    def pictures_encoded(self) -> int:
        """Pictures that went through the vision tower so far."""
        return self._encoding.encoded if self._encoding else 0

    def generate(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        """Continue every request, in order.

        A batch that runs out of memory is halved; so is one in which an item fails, until that
        item stands alone and is recorded as an error.
        """
        if not requests:
            return []
        mixed = {bool(request.images) for request in requests}
        if len(mixed) > 1:  # processors take pictures for all rows of a batch or for none
            return self._apart(requests, decoding)
        try:
            return self._batch(requests, decoding)
        except torch.OutOfMemoryError as error:
            failure: Exception = error
            torch.cuda.empty_cache()
        except (RuntimeError, ValueError, OSError, IndexError) as error:
            failure = error
        if len(requests) == 1:
            message = f"{type(failure).__name__}: {_first_line(failure)}"
            return [Generation(id=requests[0].id, status="error", text="", error=message)]
        half = len(requests) // 2
        parts = (requests[:half], requests[half:])
        return [done for part in parts for done in self.generate(part, decoding)]

    def render(self, request: Request) -> str:
        """Return the prompt as text: the chat template, the assistant's turn left open."""
        messages: list[dict[str, Any]] = []
        if request.system:
            messages.append({"role": "system", "content": [_text(request.system)]})
        pictures = [{"type": "image"} for _ in request.images]
        messages.append({"role": "user", "content": [*pictures, _text(request.user)]})
        return open_tail(self._processor.apply_chat_template, messages, request.prefill)

    def _apart(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        done: dict[str, Generation] = {}
        for pictured in (True, False):
            part = [request for request in requests if bool(request.images) == pictured]
            done |= {made.id: made for made in self.generate(part, decoding)}
        return [done[request.id] for request in requests]

    @torch.inference_mode()
    def _batch(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        inputs = self._inputs(requests)
        written = self._write(inputs, requests, decoding)
        spots = [self._spot(r, w, decoding) for r, w in zip(requests, written, strict=True)]
        letters = self._read_letters(inputs, requests, spots)
        return [
            Generation(
                id=request.id,
                status="stop" if row.status == "stop" else "length",
                text=row.head + row.text,
                tokens=row.count,
                letters=found,
            )
            for request, row, found in zip(requests, written, letters, strict=True)
        ]

    def _inputs(self, requests: Sequence[Request]) -> dict[str, torch.Tensor]:
        """Return the processor's tensors for a batch, left-padded, on the device."""
        texts = [self.render(request) for request in requests]
        opened = {path: _open(path) for request in requests for path in request.images}
        pictures = [[opened[path] for path in request.images] for request in requests]
        bos = self._tokenizer.bos_token
        inputs = self._processor(
            text=texts,
            images=pictures if opened else None,
            padding=True,
            padding_side="left",
            return_tensors="pt",
            # a template that writes its own start token must not get a second one
            add_special_tokens=not (bos and texts[0].startswith(bos)),
        )
        if self._encoding:
            self._encoding.order = [str(path) for request in requests for path in request.images]
            self._encoding.keep_only(set(self._encoding.order))
        return {name: value.to(self._device) for name, value in inputs.items()}

    def _write(
        self, inputs: dict[str, torch.Tensor], requests: Sequence[Request], decoding: Decoding
    ) -> list[_Written]:
        width = inputs["input_ids"].shape[1]
        limit = _context_length(self._model.config)
        if limit and width + decoding.max_new_tokens > limit:
            raise ValueError(
                f"the prompt has {width} tokens and {decoding.max_new_tokens} may be added, but "
                f"the model's context holds {limit}; lower max_new_tokens or max_pixels"
            )
        sampling: dict[str, Any] = {"do_sample": False}
        if decoding.temperature > 0:
            sampling = {
                "do_sample": True,
                "temperature": decoding.temperature,
                "top_p": decoding.top_p,
                "top_k": 0,
            }
        with self._seeded(decoding.seed, requests[0].id):
            output = self._model.generate(
                **inputs, max_new_tokens=decoding.max_new_tokens, **sampling
            )
        rows = output[:, width:].tolist()
        return [self._written(*pair) for pair in zip(requests, rows, strict=True)]

    def _written(self, request: Request, row: list[int]) -> _Written:
        opened = not request.prefill and self.render(request).rstrip().endswith(answers.OPEN_THINK)
        head = answers.OPEN_THINK if opened else ""
        ends = self._ends()
        stop = next((index for index, token in enumerate(row) if token in ends), None)
        tokens = row if stop is None else row[:stop]
        text = self._tokenizer.decode(tokens)
        if stop is None:
            return _Written(tokens, head, text, "length", len(tokens))
        return _Written(tokens, head, text, "stop", len(tokens) + 1)

    def _spot(self, request: Request, row: _Written, decoding: Decoding) -> _Spot | None:
        """Find where the row's answer letter is to be read; None if it has no answer."""
        before = request.prefill + row.head
        reading = answers.parse_output(before + row.text, request.options)
        if not request.options:
            return None
        if reading.answer_at is not None:
            at = reading.answer_at - len(before)
            if at < 0 or not row.tokens:
                return None
            index, lead = locate(self._tokenizer, row.tokens, row.text, at)
            return _Spot(row.tokens[:index], lead, forced=False)
        if not decoding.force_answer:
            return None
        opening = answers.forced_opening(reading.think, reading.problem)
        added = self._tokenizer.encode(opening, add_special_tokens=False)
        return _Spot([*row.tokens, *added], "", forced=True)

    def _read_letters(
        self,
        inputs: dict[str, torch.Tensor],
        requests: Sequence[Request],
        spots: Sequence[_Spot | None],
    ) -> list[LetterDistribution | None]:
        if not any(spots):
            return [None] * len(requests)
        tails = [spot.tokens if spot else [] for spot in spots]
        first = self._next_log_probs(inputs, tails)
        needs_two = [
            spot is not None and not self._letters.spells_all(spot.lead, request.options)
            for request, spot in zip(requests, spots, strict=True)
        ]
        second = first
        if any(needs_two):
            tails = [
                [*tail, *self._leading(first[i], spots[i])] if needs_two[i] else tail
                for i, tail in enumerate(tails)
            ]
            second = self._next_log_probs(inputs, tails)
        return [
            self._distribution(request, spot, first[i], second[i] if needs_two[i] else None)
            for i, (request, spot) in enumerate(zip(requests, spots, strict=True))
        ]

    def _leading(self, log_probs: torch.Tensor, spot: _Spot | None) -> list[int]:
        """Return the likeliest token that is the lead alone, as a list of at most one."""
        ids = self._letters.leads(spot.lead) if spot else []
        return [max(ids, key=lambda index: float(log_probs[index]))] if ids else []

    def _distribution(
        self,
        request: Request,
        spot: _Spot | None,
        first: torch.Tensor,
        second: torch.Tensor | None,
    ) -> LetterDistribution | None:
        """Sum the probability of every spelling of each letter.

        Where the token before the letter's also holds the lead (`>A`) and some letter has no such
        token, that letter is spelled in two: its mass is p(lead) · p(letter | lead).
        """
        if spot is None:
            return None
        lead_ids = self._leading(first, spot)
        mass: dict[str, float] = {}
        for letter in request.options:
            parts = [float(first[index]) for index in self._letters.ids(spot.lead, letter)]
            if second is not None and lead_ids:
                lead = float(first[lead_ids[0]])
                parts += [lead + float(second[i]) for i in self._letters.ids("", letter)]
            mass[letter] = _log_sum(parts)
        return distribution(mass, forced=spot.forced)

    def _next_log_probs(
        self, inputs: dict[str, torch.Tensor], tails: Sequence[list[int]]
    ) -> torch.Tensor:
        """Return log-softmax over the vocabulary after prompt + tail, shape (batch, vocabulary).

        The tails differ in length, so each row is padded anew on the left: the position that is
        read is the last one of every row.
        """
        width = max(len(tail) for tail in tails)
        extended = dict(inputs)
        shape = inputs["input_ids"].shape
        for name, value in inputs.items():
            if value.shape == shape:
                extended[name] = self._extend(name, value, tails, width)
        logits = self._model(**extended, use_cache=False, logits_to_keep=1).logits
        return logits[:, -1].float().log_softmax(-1).cpu()

    def _extend(
        self, name: str, value: torch.Tensor, tails: Sequence[list[int]], width: int
    ) -> torch.Tensor:
        """Append the tails to a per-token tensor and move the padding to the left of each row."""
        fill = {"input_ids": self._tokenizer.pad_token_id or 0}.get(name, 0)
        rows: list[torch.Tensor] = []
        for row, tail in zip(value, tails, strict=True):
            if name == "input_ids":
                added = row.new_tensor(tail)
            else:  # the mask is on for the tail; token types are 0 for text
                added = row.new_full((len(tail),), int(name == "attention_mask"))
            padding = row.new_full((width - len(tail),), fill)
            rows.append(torch.cat([padding, row, added]))
        return torch.stack(rows)

    def _ends(self) -> set[int]:
        ends = self._model.generation_config.eos_token_id
        return set(ends) if isinstance(ends, list) else {ends}

    def _plain_generation(self, given: GenerationConfig) -> GenerationConfig:
        """Keep the end tokens only.

        A checkpoint's own penalties and temperature would change what is measured: decoding is
        what the run says, and nothing else. The ids that stand for pictures cannot be written: in
        a text read again they would ask for pictures that are not there.
        """
        ends = given.eos_token_id
        if ends is None:
            ends = self._tokenizer.eos_token_id
        if ends is None:
            raise ModelError(f"{self.name} names no end token; set eos_token_id in its config")
        pad = self._tokenizer.pad_token_id
        if pad is None:
            pad = ends[0] if isinstance(ends, list) else ends
            self._tokenizer.pad_token_id = pad
        return GenerationConfig(
            eos_token_id=ends,
            pad_token_id=pad,
            bos_token_id=given.bos_token_id,
            suppress_tokens=placeholders(self._model.config),
        )

    def _share_encoding(self) -> SharedEncoding | None:
        inner: Any = getattr(self._model, "model", None)
        if not hasattr(inner, "get_image_features"):
            return None
        shared = SharedEncoding(inner.get_image_features)
        inner.get_image_features = shared
        return shared

    @contextmanager
    def _seeded(self, seed: int, first: str) -> Generator[None]:
        """Seed by the run's seed and the batch, so that a resumed run samples the same."""
        digest = hashlib.sha256(f"{seed}\x1f{first}".encode()).digest()
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(int.from_bytes(digest[:7], "big"))
            yield


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _open(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def _log_sum(values: list[float]) -> float:
    top = max(values, default=-math.inf)
    if top == -math.inf:
        return -math.inf
    return top + math.log(math.fsum(math.exp(value - top) for value in values))


def _token_texts(tokenizer: Any) -> list[str]:
    """Return the text of every id; control tokens spell nothing."""
    special = set(tokenizer.all_special_ids)
    texts: list[str] = tokenizer.batch_decode([[index] for index in range(len(tokenizer))])
    return ["" if index in special else text for index, text in enumerate(texts)]


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(
            f"expected a torch device such as cpu or cuda:0; found {name!r}"
        ) from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ConfigError(f"device {name!r} was asked for, but torch sees no GPU; use device=cpu")
    return device


def check_folder(path: str) -> None:
    """Tell a folder that is no checkpoint from a hub id before anything is looked up.

    Raises:
        ModelError: it is such a folder.
    """
    folder = Path(path)
    looks_local = folder.exists() or path.startswith((".", "/", "~")) or path.count("/") != 1
    if looks_local and not (folder / "config.json").is_file():
        found = "a file" if folder.is_file() else "no config.json" if folder.exists() else "nothing"
        raise ModelError(
            f"expected a checkpoint folder with a config.json at {path}, found {found}"
        )


def load_checkpoint(
    path: str, dtype: str, attention: str | None, hub: dict[str, Any], pixels: dict[str, int]
) -> tuple[Any, Any]:
    """Load the model and the processor of a checkpoint, and see that they belong together.

    Raises:
        ModelError: a part is missing, cannot be loaded, or was made for other weights.
    """
    check_folder(path)
    processor = load_processor(path, **hub, **pixels)
    model = load_model(path, dtype, attention, hub)
    check_fit(path, model, processor)
    return model, processor


def load_model(path: str, dtype: str, attention: str | None, hub: dict[str, Any]) -> Any:
    """Load the weights of a checkpoint, from safetensors only.

    Raises:
        ModelError: they cannot be loaded.
    """
    load: Callable[..., Any] = AutoModelForImageTextToText.from_pretrained
    options: dict[str, Any] = {"dtype": dtype, "use_safetensors": True, **hub}
    if attention:
        options["attn_implementation"] = attention
    try:
        return load(path, **options)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise ModelError(
            f"cannot load {path} as an image-text-to-text model: {_first_line(error)}"
        ) from error


def weights_hash(folder: Path) -> str | None:
    """Hash the weights of a local folder; a hub id is known by its revision instead."""
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    if not files:
        return None
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as data:
            while block := data.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def placeholders(config: Any) -> list[int] | None:
    """Return the ids that stand for pictures, videos or sound in a prompt."""
    names = (
        f"{kind}_token_{end}" for kind in ("image", "video", "audio") for end in ("id", "index")
    )
    found = {getattr(config, name, None) for name in names}
    return sorted(index for index in found if isinstance(index, int)) or None


def _context_length(config: Any) -> int | None:
    text = config.get_text_config()
    return getattr(text, "max_position_embeddings", None)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
