"""Generates with a model and a processor that this process holds, whoever loaded them.

Prompts go through the checkpoint's own chat template, the assistant's turn is left open, and
`letters` makes the letter distributions.
"""

# torch and transformers are typed in part, so what comes from them is of unknown type here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from transformers import GenerationConfig

from unswayed import answers
from unswayed.errors import DataError, ModelError, first_line
from unswayed.models import Decoding, Request
from unswayed.models.transformers.letters import LetterReader, Output
from unswayed.models.transformers.loading import placeholders
from unswayed.models.transformers.sampling import sampling
from unswayed.models.transformers.sharing import SharedEncoding, SharedPreparation
from unswayed.prompts import open_tail
from unswayed.run.pictures import pixels_of, within
from unswayed.types import Generation, ImageRef


class HeldModel:
    """A vision-language model with its processor, in this process.

    Attributes:
        name: what it is called in messages.
        letters: reads its letter distributions.
    """

    def __init__(self, name: str, model: Any, processor: Any) -> None:
        """Take over a model in evaluation mode and its processor; `release` gives it back.

        Args:
            name: what it is called in messages.
            model: an `AutoModelForImageTextToText`, on its device.
            processor: its own, whose tokenizer is made to pad on the left.

        Raises:
            ModelError: the model names no end token.
        """
        self.name = name
        self._model, self._processor = model, processor
        self._device: torch.device = model.device
        self._tokenizer = self._processor.tokenizer
        self._tokenizer.padding_side = "left"
        self._before, self._replaced = model.generation_config, dict[str, Any]()
        self._model.generation_config = self._plain_generation(model.generation_config)
        self.letters = LetterReader(self._model, self._tokenizer)
        self._processor.image_processor = SharedPreparation(self._processor.image_processor)
        self._encoding = self._share_encoding()

    def release(self) -> None:
        """Leave the model as it was found."""
        self._model.generation_config = self._before
        if self._encoding is not None:
            inner = self._model.model
            del inner.get_image_features  # what stood in for the class's method
            vars(inner).update(self._replaced)
            self._encoding = None

    def about(self) -> dict[str, Any]:
        """Say what the model is: architecture, size, dtype, device, attention."""
        return {
            "architecture": type(self._model).__name__,
            "parameters": self._model.num_parameters(),
            "dtype": str(self._model.dtype).removeprefix("torch."),
            "device": str(self._device),
            "attention": self._model.config._attn_implementation,
        }

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
        except (RuntimeError, ValueError, OSError, IndexError, DataError) as error:
            failure = error
        if len(requests) == 1:
            message = f"{type(failure).__name__}: {first_line(failure)}"
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
        render = self._processor.apply_chat_template
        if request.thinking is not None:
            render = partial(render, enable_thinking=request.thinking)
        return open_tail(render, messages, request.prefill)

    def _apart(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        pictured, plain = (
            iter(self.generate([r for r in requests if bool(r.images) == shown], decoding))
            for shown in (True, False)
        )
        return [next(pictured if request.images else plain) for request in requests]

    @torch.no_grad()  # inference mode's tensors could not take part in a training that follows
    def _batch(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        inputs = self._inputs(requests)
        outputs = self._write(inputs, requests, decoding)
        spots = [self.letters.place(r, w, decoding) for r, w in zip(requests, outputs, strict=True)]
        letters = self.letters.distributions(inputs, requests, spots)
        return [
            Generation(
                id=request.id,
                status="stop" if row.status == "stop" else "length",
                text=row.head + row.text,
                tokens=row.count,
                letters=distribution,
            )
            for request, row, distribution in zip(requests, outputs, letters, strict=True)
        ]

    def _inputs(self, requests: Sequence[Request]) -> dict[str, torch.Tensor]:
        """Return the processor's tensors for a batch, left-padded, on the device."""
        texts = [self.render(request) for request in requests]
        opened = {
            path: within(pixels_of(ImageRef(path=str(path))), request.limits)
            for request in requests
            for path in request.images
        }
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
    ) -> list[Output]:
        width = inputs["input_ids"].shape[1]
        limit = _context_length(self._model.config)
        if limit and width + decoding.max_new_tokens > limit:
            raise ValueError(
                f"the prompt has {width} tokens and {decoding.max_new_tokens} may be added, but "
                f"the model's context holds {limit}; lower max_new_tokens or max_pixels"
            )
        output = self._model.generate(
            **inputs,
            max_new_tokens=decoding.max_new_tokens,
            do_sample=False,  # a temperature is in the processors, whose largest score is the draw
            logits_processor=sampling(decoding, requests, self._device),
        )
        rows = output[:, width:].tolist()
        return [self._output(*pair) for pair in zip(requests, rows, strict=True)]

    def _output(self, request: Request, row: list[int]) -> Output:
        head = "" if request.prefill else answers.opened_thought(self.render(request))
        ends = self._ends()
        stop = next((index for index, token in enumerate(row) if token in ends), None)
        tokens = row if stop is None else row[:stop]
        text = self._tokenizer.decode(tokens)
        if stop is None:
            return Output(tokens, head, text, "length", len(tokens))
        return Output(tokens, head, text, "stop", len(tokens) + 1)

    def _ends(self) -> set[int]:
        ends = self._model.generation_config.eos_token_id
        return set(ends) if isinstance(ends, list) else {ends}

    def _plain_generation(self, config: GenerationConfig) -> GenerationConfig:
        """Keep the end tokens only.

        A checkpoint's own penalties and temperature would change what is measured: decoding is
        what the run says, and nothing else. The ids that stand for pictures cannot be written: in
        a text read again they would ask for pictures that are not there.
        """
        ends = config.eos_token_id
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
            bos_token_id=config.bos_token_id,
            suppress_tokens=placeholders(self._model.config),
        )

    def _share_encoding(self) -> SharedEncoding | None:
        inner: Any = getattr(self._model, "model", None)
        if not hasattr(inner, "get_image_features"):
            return None
        name = "get_image_features"
        self._replaced = {name: vars(inner)[name]} if name in vars(inner) else {}
        shared = SharedEncoding(inner.get_image_features)
        inner.get_image_features = shared
        return shared


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _context_length(config: Any) -> int | None:
    text = config.get_text_config()
    return getattr(text, "max_position_embeddings", None)
