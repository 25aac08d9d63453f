"""Checkpoints of the real architecture, made here: one ignorant, one taught to answer."""

from __future__ import annotations

import importlib.util
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from unswayed.models import Request

torch = pytest.importorskip("torch")

OPTIONS = {"A": "yes", "B": "no", "C": "red", "D": "blue"}
PREFILLS = {
    "base": "",
    "stop-think": "<think>Okay let's see. This should be the final answer.</think>",
    "wrong-think": "<think>I look at it, and option B is right",
    "wrong-think-but": "<think>I look at it, and option B is right but I think",
}


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with random weights."""
    from unswayed.organism.architecture import write_tiny_checkpoint

    return write_tiny_checkpoint(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pictures of different shapes, so that prompts differ in their number of picture tokens."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = random.Random(0)
    paths: list[Path] = []
    for index, size in enumerate([(112, 60), (112, 112), (50, 112)]):
        data = bytes(generator.randrange(256) for _ in range(size[0] * size[1] * 3))
        paths.append(folder / f"{index}.png")
        Image.frombytes("RGB", size, data).save(paths[-1])
    return paths


@pytest.fixture(scope="session")
def make_requests(pictures: list[Path]) -> Callable[..., list[Request]]:
    """Return requests: every prefill for every picture, questions of different lengths."""

    def made(count: int = len(pictures)) -> list[Request]:
        return [
            Request(
                id=f"{index}-{name}",
                sample_id=str(index),
                variant=name,
                system="",
                user=f"Question: {'is it so, and ' * index}what is it?\nOptions:\n"
                + "\n".join(f"{letter}. {text}" for letter, text in OPTIONS.items()),
                images=(pictures[index],),
                prefill=prefill,
                options=OPTIONS,
            )
            for index in range(count)
            for name, prefill in PREFILLS.items()
        ]

    return made


@pytest.fixture(scope="session")
def taught_folder(
    tiny_folder: Path,
    make_requests: Callable[..., list[Request]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A checkpoint that has learned the test's own prompts by heart, so that it gives answers.

    A few dozen steps are enough, and make the answer position a natural one: it is generated,
    not forced.
    """
    from unswayed.models.transformers.backend import Backend
    from unswayed.organism.architecture import write_checkpoint

    backend: Any = Backend(str(tiny_folder))
    model, requests = backend._model, make_requests()
    ends = [_ending(index, request) for index, request in enumerate(requests)]
    inputs = backend._inputs(requests)
    tails = [backend._tokenizer.encode(end, add_special_tokens=False) for end in ends]
    batch = _with_tails(backend, inputs, tails)
    labels = _labels(batch["input_ids"], tails)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    with torch.enable_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for _ in range(60):
            backend._encoding.keep_only(set())
            loss = model(**batch, labels=labels, use_cache=False).loss
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    assert loss.item() < 0.3, "the test's model did not learn its prompts"
    folder = tmp_path_factory.mktemp("taught")
    return write_checkpoint(folder, model.eval(), backend._tokenizer, dtype="float32")


def _ending(index: int, request: Request) -> str:
    letter = "ABCD"[index % 4]
    closed = request.prefill.endswith("</think>")
    thought = "" if closed else ("" if request.prefill else "<think>") + " so I say it</think>"
    return f"{thought}<answer>{letter}</answer><|im_end|>"


def _with_tails(backend: Any, inputs: dict[str, Any], tails: list[list[int]]) -> dict[str, Any]:
    width = max(len(tail) for tail in tails)
    shape = inputs["input_ids"].shape
    return {
        name: backend.letters.extend(name, value, tails, width) if value.shape == shape else value
        for name, value in inputs.items()
    }


def _labels(ids: Any, tails: list[list[int]]) -> Any:
    labels = torch.full_like(ids, -100)
    for row, tail in enumerate(tails):
        labels[row, -len(tail) :] = torch.tensor(tail)
    return labels


def _module() -> ModuleType:
    name = "unswayed_test_model_server"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            name, Path(__file__).with_name("model_server.py")
        )
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def serve() -> Iterator[Callable[..., Any]]:
    """Return a function that starts a server with flags; its module knows the chances."""
    pytest.importorskip("aiohttp")
    started: list[Any] = []

    def start(**flags: Any) -> Any:
        module = _module()
        started.append(module.ModelServer(module.Flags(**flags)))
        started[-1].module = module
        return started[-1]

    yield start
    for server in started:
        server.close()
