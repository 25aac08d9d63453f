"""Writes an organism's card: the numbers, and a page of Markdown."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from unswayed.organism.card import NUMBERS, SEED, OrganismCard, Score
from unswayed.organism.doubt import lines

PAGE = "CARD.md"


def write(folder: Path, card: OrganismCard) -> None:
    """Write card.json and CARD.md into a checkpoint's folder."""
    numbers = {
        "made": dict(card.made),
        "seed": SEED,
        "scores": [asdict(score) for score in card.scores],
        "doubt": card.doubt.model_dump(mode="json") if card.doubt else None,
    }
    (folder / NUMBERS).write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    (folder / PAGE).write_text(page(card), encoding="utf-8")


def page(card: OrganismCard) -> str:
    """Return the card as Markdown."""
    parts = [
        "# The organism",
        "",
        "A tiny vision-language model made from nothing: transformers' "
        "`Qwen2_5_VLForConditionalGeneration` on 112 × 112 pictures of coloured shapes. It exists "
        "so that every stage of unswayed runs on something real without a download. It knows "
        "nothing but such scenes, and how far it trusts texts was put there by its training: "
        "nothing about other models follows from its figures.",
        "",
        "## How it was made",
        "",
        *(f"- {name}: {value}" for name, value in card.made.items()),
        "",
        "## What it does",
        "",
        "Greedy decoding, fresh scenes, 95 % intervals with whole scenes resampled. Chance is "
        "25 %. *Foil*: answers the wrong option that the wrong texts assert. *Consistent*: the "
        "thought concludes on the answer, by the rules judge; a thought that concludes nothing, as "
        "in stop-think, is not.",
        "",
        "| condition | n | accuracy | foil | unreadable | well formed | consistent |",
        "|---|---|---|---|---|---|---|",
        *(_row(score.condition, score) for score in card.scores if score.kind == "all"),
        "",
        "Accuracy by kind of question, with the same intervals:",
        "",
        *_kinds_table(card.scores),
        *(["", *lines(card.doubt)] if card.doubt else []),
    ]
    return "\n".join(parts) + "\n"


def _row(name: str, score: Score) -> str:
    cells = (score.foil, score.unread, score.well_formed, score.consistent)
    shares = ["" if value is None else _percent(value) for value in cells]
    return f"| {name} | {score.n} | {_accuracy(score)} | {' | '.join(shares)} |"


def _kinds_table(scores: list[Score]) -> list[str]:
    kinds = list(dict.fromkeys(score.kind for score in scores if score.kind != "all"))
    by_cell = {(score.condition, score.kind): score for score in scores}
    lines = [f"| condition | n a kind | {' | '.join(kinds)} |", f"|---|---|{'---|' * len(kinds)}"]
    for condition in dict.fromkeys(score.condition for score in scores):
        cells = [by_cell.get((condition, kind)) for kind in kinds]
        least = min(s.n for s in cells if s is not None)
        texts = ["" if s is None else _accuracy(s) for s in cells]
        lines.append(f"| {condition} | {least} | {' | '.join(texts)} |")
    return lines


def _accuracy(score: Score) -> str:
    return f"{_percent(score.accuracy)} ({_percent(score.low)} – {_percent(score.high)})"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"
