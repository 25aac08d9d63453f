"""The `[evaluation]` table of a recipe: what each checkpoint is evaluated on."""

from __future__ import annotations

from pydantic import Field

from unswayed.config.section import Section
from unswayed.perturbations.composition import DEFAULT
from unswayed.pipeline.settings import DecodingSettings


class CheckpointEvaluation(Section):
    """What each checkpoint is evaluated on, with the keys of an evaluation's settings.

    Attributes:
        benchmarks: specs of the benchmarks; empty for no evaluation.
        variants: names of the variants.
        limit: samples per benchmark; None for all.
        batch_size: prompts per batch.
        judge: spec of the judge.
        texts: where injected texts come from: in other wordings than training's by default.
        decoding: how to sample; greedily by default.
    """

    benchmarks: tuple[str, ...] = ()
    variants: tuple[str, ...] = DEFAULT
    limit: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=16, ge=1)
    judge: str = "rules"
    texts: str = "template"
    decoding: DecodingSettings = DecodingSettings()
