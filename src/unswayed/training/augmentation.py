"""Augmentation: some prompts carry a caption or an open thought, right or wrong.

Zhao et al. show each prompt, independently, with a correct or wrong caption or thought in 10 % of
the cases each, and leave 60 % untouched. The texts are those of the evaluation's variants, made by
the same code; a thought is a prefill that stays open and carries no loss.
"""

from __future__ import annotations

from unswayed.perturbations import seeded
from unswayed.training.tables import Augmentation

BASE = "base"
VARIANTS = (BASE, *Augmentation().rates)
"""Names of the variants that training shows, as evaluation calls them."""


def variant_name(settings: Augmentation, sample_id: str, seed: int, repeat: int = 0) -> str:
    """Draw the variant that a prompt is shown as.

    It depends on the sample's id, the seed and how often the sample was drawn before, and on
    nothing else: neither on the order of the samples nor on the other ones.

    Args:
        settings: the rates.
        sample_id: id of the sample.
        seed: seed of the recipe.
        repeat: 0 when the sample is drawn for the first time.
    """
    drawn = seeded(seed, "augmentation", sample_id, str(repeat)).random()
    for name, rate in settings.rates.items():
        if drawn < rate:
            return name
        drawn -= rate
    return BASE
