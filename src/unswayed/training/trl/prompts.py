"""Prompts as TRL takes them: a data set of chats and pictures, the variant beside each."""

# datasets is typed in part, so what comes from it is unknown here.
# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false
from __future__ import annotations

from collections.abc import Sequence

from datasets import Dataset, Image, List

from unswayed.errors import DataError
from unswayed.training.data import TrainingPrompt


def dataset_of(made: Sequence[TrainingPrompt], least: int) -> Dataset:
    """Return the prompts as TRL takes them, with the variant beside each for the reward.

    Args:
        made: the prompts.
        least: prompts of a step.

    Raises:
        DataError: there are fewer.
    """
    if len(made) < least:
        raise DataError(
            f"expected prompts for at least one step ({least}), found {len(made)}; raise `prompts` "
            "in the recipe, or give it more data"
        )
    rows = [
        {
            "prompt": prompt.messages(),
            "images": [str(file) for file in prompt.images],
            "variant": prompt.variant.model_dump_json(),
        }
        for prompt in made
    ]
    data = Dataset.from_list(rows)
    if not any(row["images"] for row in rows):
        return data.remove_columns("images")
    return data.cast_column("images", List(Image(mode="RGB")))
