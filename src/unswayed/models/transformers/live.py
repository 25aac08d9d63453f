"""A model that is being trained, lent to an evaluation between two of its steps.

What an evaluation changes on a model is put back when it ends: the mode of every module, generation
settings, the shared encoding of pictures, and the random numbers of the process. Pictures' features
are kept no longer than one evaluation, since the weights that made them move on. It computes in the
weights' own dtype, as with a saved checkpoint, and not in a training's mixed precision.
"""

# torch and transformers are typed in part, so what comes from them is of unknown type here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import copy
import hashlib
import random
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from unswayed.models import Decoding, Request
from unswayed.models.transformers.held import HeldModel
from unswayed.types import Generation


class LiveModel:
    """A model in training, as the pipeline asks models; it has no folder of its own.

    Attributes:
        name: what it is called in messages.
        profile: prompt profile used when the user names none.
    """

    profile = "default"

    def __init__(self, held: HeldModel, fingerprint: str) -> None:
        """Wrap what holds the model.

        Args:
            held: model and processor.
            fingerprint: tells these weights from others; see `fingerprint_of`.
        """
        self.name, self._held, self._fingerprint = held.name, held, fingerprint

    def provenance(self) -> dict[str, Any]:
        """Say what the model is, and which weights it had."""
        return {"backend": "transformers", "fingerprint": self._fingerprint, **self._held.about()}

    def supports_prefill(self) -> bool:
        """An open assistant turn is ours to render, so it always works."""
        return True

    def generate(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        """Continue every request, in order; an item that fails comes back as an error."""
        return self._held.generate(requests, decoding)


@contextmanager
def live(model: Any, processor: Any, name: str) -> Generator[LiveModel]:
    """Lend a model that is being trained; it is as before when the context ends.

    Args:
        model: a vision-language model of transformers, with adapters or without, whole on this
            process.
        processor: its processor; a copy of it is used.
        name: what the model is called in messages.

    Raises:
        ModelError: the model names no end token.
    """
    whole = model.get_base_model() if hasattr(model, "get_base_model") else model
    modes = [(module, module.training) for module in whole.modules()]
    with _random_numbers_kept(whole), _weights_own_dtype(whole):
        whole.eval()
        try:
            held = HeldModel(name, whole, copy.deepcopy(processor))
            try:
                yield LiveModel(held, fingerprint_of(whole))
            finally:
                held.release()
        finally:
            for module, mode in modes:
                module.training = mode


@torch.no_grad()
def fingerprint_of(model: torch.nn.Module) -> str:
    """Return a digest that differs where weights differ in their sums, without copying them.

    It is quick on a GPU, where a digest of all bytes would first have to be fetched. Two models of
    one fingerprint are taken for the same; the sums of other weights agree by no likely chance.
    """
    digest = hashlib.sha256()
    for name, weight in model.named_parameters():
        sums = torch.stack([weight.sum(dtype=torch.float64), weight.abs().sum(dtype=torch.float64)])
        digest.update(f"{name} {tuple(weight.shape)} {sums.tolist()}".encode())
    return digest.hexdigest()


@contextmanager
def _weights_own_dtype(model: Any) -> Generator[None]:
    """Take off the autocast that accelerate wraps around a model's forward; put it back."""
    own = vars(model)
    if "_original_forward" not in own:
        yield
        return
    wrapped = own["forward"]
    model.forward = model._original_forward
    try:
        yield
    finally:
        model.forward = wrapped


@contextmanager
def _random_numbers_kept(model: torch.nn.Module) -> Generator[None]:
    """Leave the random numbers of Python, numpy and torch, on the model's devices, as they were."""
    of_python, of_numpy = random.getstate(), np.random.get_state()
    gpus = {weight.device for weight in model.parameters() if weight.device.type == "cuda"}
    with torch.random.fork_rng(sorted(gpus, key=str)):
        try:
            yield
        finally:
            random.setstate(of_python)
            np.random.set_state(of_numpy)
