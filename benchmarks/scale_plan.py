"""What 1.2 million generations take: the arithmetic of docs/scale.md, and nothing measured.

    python benchmarks/scale_plan.py           print the tables
    python benchmarks/scale_plan.py --write   put them into docs/scale.md

A test compares the page with what this prints. Counts of rows are those of docs/benchmarks.md;
every other figure below says where it is from. Change it here and write the page again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from unswayed.answers.values import qwen_resized

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
BEGIN, END = "<!-- scale: python benchmarks/scale_plan.py --write -->", "<!-- /scale -->"
SIDE = 28
"""Pixels of a side that one token of Qwen2.5-VL stands for."""


@dataclass(frozen=True)
class Set:
    """A benchmark: rows, pictures a row, a typical picture, its bytes on the disk."""

    name: str
    rows: int
    pictures: float
    width: int
    height: int
    kilobytes: int
    source: str

    @property
    def picture_tokens(self) -> int:
        """Tokens of one picture after the processor's resizing."""
        width, height = qwen_resized((self.width, self.height))
        return (width // SIDE) * (height // SIDE)

    @property
    def row_tokens(self) -> int:
        """Picture tokens of one row."""
        return round(self.pictures * self.picture_tokens)


COCO = "taken to be 640 × 480, COCO's usual size"
TAKEN = "taken to be 640 × 480"
HALF = "COCO's; the other half of its rows are mirrored"
SETS = (
    Set("3dsrbench", 2579, 1, 640, 480, 150, HALF),
    Set("cv-bench", 2638, 1, 640, 480, 150, COCO),
    Set("spatial-mm (one-obj)", 502, 1, 640, 480, 150, COCO),
    Set("spatial-mm (two-obj)", 1074, 1, 640, 480, 150, COCO),
    Set("spatial-mm (multihop)", 309, 1, 640, 480, 150, COCO),
    Set("whatsup (A)", 412, 1, 640, 480, 150, TAKEN),
    Set("whatsup (B)", 408, 1, 640, 480, 150, TAKEN),
    Set("vstar", 191, 1, 2246, 1582, 1500, "mean in its paper, arXiv 2312.14135"),
    Set("mme-realworld-lite", 1919, 1, 2000, 1500, 1500, "mean in its paper, arXiv 2408.13257"),
    Set("mmbench", 4329, 1, 429, 333, 24, "mean of 34 pictures of it"),
)

OPEN, CLOSED = 7, 3
VARIANTS = ("think", "think", "think", "think", "caption", "caption", "caption", "base")
"""stop-, wrong-, wrong-but- and correct-think; wrong-, disclaimed and correct caption; base."""

SYSTEM, ASKED, INJECTED = 60, 90, 45
"""Tokens of the system message with the chat template, of question and options, of a text."""

OUTPUT = {"short": 160, "middle": 250, "long": 500}
"""Mean new tokens. Short: 2,101 recorded outputs of a 7B model trained with RL on V*Bench have 654
characters on average, about 160 tokens; the others allow for models that think longer."""

VARIANT_BYTES, GENERATION_BYTES, VERDICT_BYTES, TOKEN_BYTES = 1200, 500, 350, 4
"""Bytes of a record: a run on scenes has 909 a variant and 372 a generation without its text."""

CARD = ((480, 360, 0, 3.3), (640, 480, 128, 3.1), (1680, 2240, 64, 0.9))
"""Width, height, text tokens in, and most queries a second at 128 new tokens: Qwen2.5-VL-7B in
bfloat16 on one H100, vLLM 0.7.2. From the model card of
neuralmagic/Qwen2.5-VL-7B-Instruct-quantized.w4a16, section "Multi-stream asynchronous performance".
"""
CARD_OUTPUT = 128
VISION_ARENA = 98866 / 114.48
"""New tokens a second: Qwen2-VL-7B, 1,000 prompts of VisionArena, 99 new tokens each, 8.74 requests
a second; the GPU is not named. vLLM pull request 15748."""
TEXT_ONLY = 6582.87
"""New tokens a second: Llama-3.1-8B without pictures, 32 requests a second; the GPU is not named.
vLLM pull request 18566. A bound from above: pictures cost nothing here."""


@dataclass(frozen=True)
class Speed:
    """Seconds of one GPU for a prompt token, for a new token, and for each request besides."""

    prompt: float
    new: float
    name: str

    def hours(self, prompt: float, new: float) -> float:
        """Return GPU hours."""
        return (self.prompt * prompt + self.new * new) / 3600


def fitted() -> Speed:
    """Fit seconds = prompt tokens × p + new tokens × n to the smallest and largest of `CARD`."""
    points = [(_tokens(w, h) + text, 1 / rate) for w, h, text, rate in CARD]
    (x0, y0), (x1, y1) = points[0], points[-1]
    prompt = (y1 - y0) / (x1 - x0)
    return Speed(prompt, (y0 - prompt * x0) / CARD_OUTPUT, "model card, H100, vLLM 0.7.2")


def _tokens(width: int, height: int) -> int:
    return Set("", 1, 1, width, height, 0, "").picture_tokens


def prompt_tokens(row: Set) -> int:
    """Return the prompt tokens of a row's eight variants, each counted whole."""
    whole = SYSTEM + row.row_tokens + ASKED
    injected = sum(variant != "base" for variant in VARIANTS)
    return len(VARIANTS) * whole + injected * INJECTED


def fresh_tokens(row: Set) -> int:
    """Return those of them that are not in the prefix cache when the variants come one by one.

    System message and picture are shared by all. Thoughts come behind the question and share that
    too; a caption comes before it, so the question is read again.
    """
    thoughts, captions = VARIANTS.count("think"), VARIANTS.count("caption")
    first = SYSTEM + row.row_tokens + ASKED
    return first + thoughts * INJECTED + captions * (INJECTED + ASKED)


def tables() -> str:
    """Return the tables as Markdown."""
    parts = (_sets(), _requests(), _tokens_table(), _hours(), _disk())
    return "\n\n".join("\n".join(part) for part in parts)


def rows() -> int:
    """Return the rows of all benchmarks."""
    return sum(each.rows for each in SETS)


def _sets() -> Iterator[str]:
    yield "| benchmark | rows | picture | tokens a row | size of the picture |"
    yield "|---|---:|---|---:|---|"
    for each in SETS:
        size = f"{each.width} × {each.height}"
        yield f"| {each.name} | {each.rows:,} | {size} | {each.row_tokens:,} | {each.source} |"
    yield f"| **all** | **{rows():,}** | | {_mean_tokens():,.0f} on average | |"


def _mean_tokens() -> float:
    return sum(each.rows * each.row_tokens for each in SETS) / rows()


def _requests() -> Iterator[str]:
    one = rows() * len(VARIANTS)
    yield "| | models | generations | requests |"
    yield "|---|---:|---:|---:|"
    yield f"| open, served | {OPEN} | {OPEN * one:,} | {2 * OPEN * one:,} |"
    yield f"| closed | {CLOSED} | {CLOSED * one:,} | {CLOSED * one:,} |"
    every = OPEN + CLOSED
    total = (2 * OPEN + CLOSED) * one
    yield f"| **all** | **{every}** | **{every * one:,}** | **{total:,}** |"


def _tokens_table() -> Iterator[str]:
    whole = sum(each.rows * prompt_tokens(each) for each in SETS)
    fresh = sum(each.rows * fresh_tokens(each) for each in SETS)
    one = rows() * len(VARIANTS)
    yield "| tokens, in millions | one model | seven open | three closed |"
    yield "|---|---:|---:|---:|"
    yield _millions("prompts, each counted whole", whole)
    yield _millions("prompts, not in the prefix cache", fresh)
    for name, tokens in OUTPUT.items():
        yield _millions(f"new tokens, {name} outputs ({tokens})", one * tokens)
    yield f"\nThe prefix cache can take {1 - fresh / whole:.0%} of the prompt tokens."


def _millions(label: str, tokens: int) -> str:
    return (
        f"| {label} | {tokens / 1e6:,.0f} | {OPEN * tokens / 1e6:,.0f} | {_closed(label, tokens)} |"
    )


def _closed(label: str, tokens: int) -> str:
    return "" if "cache" in label else f"{CLOSED * tokens / 1e6:,.0f}"


def _hours() -> Iterator[str]:
    whole = OPEN * sum(each.rows * prompt_tokens(each) for each in SETS)
    fresh = OPEN * sum(each.rows * fresh_tokens(each) for each in SETS)
    one = OPEN * rows() * len(VARIANTS)
    card = fitted()
    yield "| GPU hours of the seven open models | " + " | ".join(OUTPUT) + " |"
    yield "|---|" + "---:|" * len(OUTPUT)
    lines: Sequence[tuple[str, Speed, float]] = (
        (f"{card.name}, no prefix cache", card, whole),
        (f"{card.name}, prefix cache", card, fresh),
        ("VisionArena's rate of new tokens", Speed(0, 1 / VISION_ARENA, ""), 0),
        ("text-only rate of new tokens (a bound)", Speed(0, 1 / TEXT_ONLY, ""), 0),
    )
    for label, speed, prompt in lines:
        found = [f"{speed.hours(prompt, one * tokens):,.0f}" for tokens in OUTPUT.values()]
        yield f"| {label} | {' | '.join(found)} |"
    yield (
        f"\nFitted to the card, of one GPU: {card.prompt * 1e3:.3f} ms a prompt token and "
        f"{card.new * 1e3:.2f} ms a new token ({1 / card.new:,.0f} a second)."
    )


def _disk() -> Iterator[str]:
    models = OPEN + CLOSED
    one = rows() * len(VARIANTS)
    pictures = sum(each.rows * each.pictures * each.kilobytes for each in SETS) * 1e3
    yield "| disk, in GB | one model | all ten |"
    yield "|---|---:|---:|"
    for name, tokens in OUTPUT.items():
        record = VARIANT_BYTES + GENERATION_BYTES + VERDICT_BYTES + TOKEN_BYTES * tokens
        size = one * record / 1e9
        yield f"| records, {name} outputs | {size:.2f} | {models * size:.1f} |"
    yield f"| pictures, a copy a run | {pictures / 1e9:.1f} | {models * pictures / 1e9:.0f} |"


def written(page: str) -> str:
    """Return the page with the tables put in.

    Raises:
        ValueError: the page has no place for them.
    """
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"expected {BEGIN} and {END} in {PAGE}")
    return f"{head}{begin}\n{tables()}\n{end}{tail}"


def main() -> None:
    """Print the tables, or write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the tables into docs/scale.md")
    if parser.parse_args().write:
        PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
    else:
        print(tables())


if __name__ == "__main__":
    main()
