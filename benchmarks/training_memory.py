"""Work out what of a training's memory lies on each GPU: arithmetic, nothing is measured.

    python benchmarks/training_memory.py           print the table
    python benchmarks/training_memory.py --write   put it into docs/cluster.md

A test compares the page with what this prints, and the count of weights with transformers' own.
Left out are activations, layers that are gathered for a moment, and what allocators waste.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "cluster.md"
BEGIN = "<!-- memory: python benchmarks/training_memory.py --write -->"
END = "<!-- /memory -->"
GPUS = (1, 2, 4, 6, 7, 8, 16)
CARD = 80
"""GB of a GPU."""
BESIDE = 0.3
"""Share of a GPU that vLLM takes beside the trainer, TRL's default."""
ROOM = 10
"""GB that are left for activations, gathered layers and waste; ours."""


@dataclass(frozen=True)
class Text:
    """The language model of a Qwen2.5-VL, as its config.json has it."""

    vocabulary: int = 152064
    hidden: int = 3584
    inner: int = 18944
    layers: int = 28
    heads: int = 28
    shared_heads: int = 4

    def weights(self) -> int:
        """Return the weights: embeddings at both ends, and per layer attention, MLP and norms."""
        width = self.hidden // self.heads * self.shared_heads
        attention = 2 * self.hidden**2 + 2 * self.hidden * width + self.hidden + 2 * width
        layer = attention + 3 * self.hidden * self.inner + 2 * self.hidden
        return 2 * self.vocabulary * self.hidden + self.layers * layer + self.hidden


@dataclass(frozen=True)
class Vision:
    """Its vision tower: blocks of attention and a gated MLP with biases, then a merger."""

    depth: int = 32
    hidden: int = 1280
    inner: int = 3420
    out: int = 3584
    patch: int = 3 * 2 * 14 * 14
    merged: int = 4

    def weights(self) -> int:
        """Return the weights."""
        attention = 4 * (self.hidden**2 + self.hidden)
        mlp = 3 * self.hidden * self.inner + 2 * self.inner + self.hidden
        block = attention + mlp + 2 * self.hidden
        wide = self.merged * self.hidden
        merger = self.hidden + wide**2 + wide + wide * self.out + self.out
        return self.patch * self.hidden + self.depth * block + merger


WEIGHTS = Text().weights() + Vision().weights()
"""Of Qwen2.5-VL-7B."""


@dataclass(frozen=True)
class Way:
    """A way of spreading a training, in bytes a weight.

    Attributes:
        name: what it is called in the table.
        whole: bytes that lie on every GPU.
        shared: bytes that all GPUs share.
        reference: the same two of a reference model (beta > 0).
    """

    name: str
    whole: float
    shared: float
    reference: tuple[float, float]

    def gigabytes(self, gpus: int, reference: bool = False) -> float:
        """Return GB on each of some GPUs."""
        whole, shared = self.reference if reference else (0.0, 0.0)
        return WEIGHTS * (self.whole + whole + (self.shared + shared) / gpus) / 1e9


# Weight, gradient and Adam's two moments in float32: 4 + 4 + 8. With DeepSpeed in 16 bits: weight
# 2, gradient 2, and in the optimiser a float32 weight and the moments, 12. A reference has weights
# alone.
WAYS = (
    Way("`torchrun` alone, float32 (TRL)", 16, 0, (4, 0)),
    Way("`fsdp2.yaml`, float32 (TRL), and verl", 0, 16, (0, 4)),
    Way("`zero2.yaml`, bfloat16 (TRL)", 2, 14, (2, 0)),
    Way("`zero3.yaml`, bfloat16 (TRL)", 0, 16, (0, 2)),
    Way("adapters, `torchrun` alone (TRL)", 4, 0, (0, 0)),
)


def fits(gigabytes: float) -> bool:
    """Say whether that leaves a GPU its room, and vLLM its share beside the trainer."""
    return gigabytes <= CARD * (1 - BESIDE) - ROOM


def tables() -> str:
    """Return the table as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield (
        f"| GB on each GPU, of {WEIGHTS / 1e9:.2f} billion weights | "
        + " | ".join(f"{n} GPU" if n == 1 else f"{n}" for n in GPUS)
        + " |"
    )
    yield "|---|" + "---:|" * len(GPUS)
    for way in WAYS:
        for reference in (False, True) if any(way.reference) else (False,):
            name = f"{way.name}, with a reference" if reference else way.name
            cells = [_cell(way.gigabytes(n, reference)) for n in GPUS]
            yield f"| {name} | {' | '.join(cells)} |"


def _cell(gigabytes: float) -> str:
    """Write a figure: bold if vLLM fits beside it, struck out if it does not fit at all."""
    text = f"{gigabytes:.1f}"
    return f"**{text}**" if fits(gigabytes) else text if gigabytes <= CARD - ROOM else f"~~{text}~~"


def written(page: str) -> str:
    """Return the page with the table put in.

    Raises:
        ValueError: the page has no place for it.
    """
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"expected {BEGIN} and {END} in {PAGE}")
    return f"{head}{begin}\n{tables()}\n{end}{tail}"


def main() -> None:
    """Print the table, or write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="put it into docs/cluster.md")
    if parser.parse_args().write:
        PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
    else:
        print(tables())


if __name__ == "__main__":
    main()
