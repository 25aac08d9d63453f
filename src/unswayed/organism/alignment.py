"""Dense labels for picture tokens: each of the 16 should read like the words for what is there.

A picture token is classified against the language model's own word embeddings (colour, shape,
size, row, column, in front or behind). Without absolute positions in the architecture this is
also what teaches where top and left are. The classifier is a training aid and is not shipped.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from unswayed.benchmarks.scenes.scene import COLORS, COLUMNS, ROWS, SHAPES, Scene
from unswayed.organism.forward import PICTURE_TOKENS

WORDS: dict[str, tuple[str, ...]] = {
    "color": COLORS,
    "shape": SHAPES,
    "size": ("small", "large"),
    "order": ("front", "behind"),
    "row": ROWS,
    "column": COLUMNS,
}
OBJECT_TRAITS = ("color", "shape", "size", "order")
"""Traits that a token without an object lacks: class 0 is `nothing here`."""


def labels(scenes: list[Scene]) -> dict[str, NDArray[np.int64]]:
    """Return the class of every picture token.

    Returns:
        trait → (scenes, 16) int64. Object traits: 0 for no object (or, for `order`, no overlap),
        1 + index into WORDS otherwise; `row` and `column`: the index.
    """
    shape = (len(scenes), PICTURE_TOKENS)
    classes = {trait: np.zeros(shape, dtype=np.int64) for trait in OBJECT_TRAITS}
    for i, scene in enumerate(scenes):
        for thing in scene.things:
            at = thing.cell[0] * 4 + thing.cell[1]
            classes["color"][i, at] = 1 + COLORS.index(thing.color)
            classes["shape"][i, at] = 1 + SHAPES.index(thing.shape)
            classes["size"][i, at] = 1 + WORDS["size"].index(thing.size)
        for front, back in scene.covering():
            classes["order"][i, front.cell[0] * 4 + front.cell[1]] = 1
            classes["order"][i, back.cell[0] * 4 + back.cell[1]] = 2
    cells = np.arange(PICTURE_TOKENS)
    classes["row"] = np.broadcast_to(cells // 4, shape).copy()
    classes["column"] = np.broadcast_to(cells % 4, shape).copy()
    return classes


class Alignment(nn.Module):
    """The classifier: word embeddings as class weights, one bias per absent trait, one scale."""

    def __init__(self, tokenizer: Any) -> None:
        """Look up the id of every word; each must be one token."""
        super().__init__()
        for trait, words in WORDS.items():
            ids = [tokenizer.convert_tokens_to_ids(f"Ġ{word}") for word in words]
            self.register_buffer(f"{trait}_ids", torch.tensor(ids), persistent=False)
        self.nothing = nn.Parameter(torch.zeros(len(OBJECT_TRAITS)))
        self.scale = nn.Parameter(torch.tensor(1.0))

    def ids(self, trait: str) -> Tensor:
        """Return the ids of a trait's words."""
        return self.get_buffer(f"{trait}_ids")

    def forward(
        self, features: Tensor, embeddings: Tensor, wanted: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the summed loss and the accuracy of each trait.

        Args:
            features: (scenes, 16, hidden) picture tokens.
            embeddings: (words, hidden) of the language model.
            wanted: from `labels`.

        Returns:
            The mean cross-entropy summed over traits; accuracy per trait, of object traits only
            where there is something to tell.
        """
        loss = features.new_zeros(())
        accuracy: dict[str, float] = {}
        for trait in WORDS:
            scores = features @ embeddings[self.ids(trait)].T * self.scale
            mask = torch.ones_like(wanted[trait], dtype=torch.bool)
            if trait in OBJECT_TRAITS:
                bias = self.nothing[OBJECT_TRAITS.index(trait)].expand(*scores.shape[:-1], 1)
                scores = torch.cat([bias, scores], dim=-1)
                mask = wanted[trait] > 0
            loss = loss + functional.cross_entropy(scores.flatten(0, 1), wanted[trait].flatten())
            right = scores.detach().argmax(-1) == wanted[trait]
            if mask.any():
                accuracy[trait] = float(right[mask].float().mean())
        return loss, accuracy
