"""Settings of an evaluation: defaults, a TOML file over them, `--set a.b=c` over that.

A recipe is a TOML file with the same keys as `Settings`:

    model = "Qwen/Qwen2.5-VL-7B-Instruct"
    benchmarks = ["scenes,n=200", "file:mine.jsonl"]
    variants = ["base", "wrong-think", "abstain+wrong-think"]

    [decoding]
    max_new_tokens = 512
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from unswayed.answers import ConflictPolicy, StyleName
from unswayed.config import toml
from unswayed.config.validation import explain, first_fault
from unswayed.errors import ConfigError, RunError
from unswayed.models import Serving
from unswayed.perturbations.composition import DEFAULT
from unswayed.run import shards
from unswayed.run.folder import RunFolder

_MEASURING = {"judge", "on_conflict", "tolerance", "statistics"}


def equal_draws(n: int) -> str:
    """Say in a line why several outputs a prompt need a temperature."""
    return (
        f"{n} outputs a prompt (decoding.n, --draws) at temperature 0 are {n} times the same; set "
        "a temperature, such as --temperature 1, or draw one"
    )


class _Settings(BaseModel):
    # run.json holds the settings, and JSON has neither NaN nor infinity
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DecodingSettings(_Settings):
    """How to sample; None takes the prompt profile's own value.

    Attributes:
        max_new_tokens: limit of a continuation.
        temperature: 0 is greedy.
        top_p: nucleus, in (0, 1].
        n: outputs drawn for each prompt. One is not written down, so that the settings of a run
            are those of versions that drew one always.
        force_answer: read a letter distribution also where no answer was given.
    """

    max_new_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    n: int = Field(default=1, ge=1)
    force_answer: bool = False

    @model_validator(mode="after")
    def _draws_differ(self) -> DecodingSettings:
        if self.n > 1 and self.temperature == 0:
            raise ValueError(equal_draws(self.n))
        return self

    @model_serializer(mode="wrap")
    def _without_one(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = fields(self)
        if content.get("n") == 1:
            del content["n"]
        return content


class StatisticsSettings(_Settings):
    """How intervals are made."""

    level: float = Field(default=0.95, gt=0, lt=1)
    resamples: int = Field(default=2000, ge=100)


class Settings(_Settings):
    """Everything that an evaluation is made of.

    Attributes:
        model: spec of the model, or a checkpoint folder or hub id.
        benchmarks: specs of the benchmarks.
        variants: names of the variants, or `my.py:NAME`.
        judge: spec of the judge.
        profile: name of the prompt profile; None takes the model's own.
        answer_style: where thought and answer stand in the outputs; None takes the profile's own.
        limit: samples per benchmark; None for all.
        shard: `K/N`, this run's part of the evaluation; None for all of it.
        seed: of foils, shuffles, sampling and resampling.
        foils: wrong options drawn per sample, each giving its own wrong-* variants.
        texts: where injected texts come from: `template`, `file:PATH` or `my.py:NAME`.
        delivery: `prefill`, or `user-turn` for models that refuse one.
        batch_size: prompts per batch.
        on_conflict: what counts when an answer's letter and its text disagree.
        tolerance: largest difference at which a number counts as the gold; 0 is exact.
        decoding: how to sample.
        statistics: how intervals are made.
        serving: how a served model is asked.
    """

    model: str
    benchmarks: tuple[str, ...] = Field(min_length=1)
    variants: tuple[str, ...] = Field(default=DEFAULT, min_length=1)
    judge: str = "rules"
    profile: str | None = None
    answer_style: StyleName | None = None
    limit: int | None = Field(default=None, ge=1)
    shard: str | None = None
    seed: int = 0
    foils: int = Field(default=1, ge=1, le=25)
    texts: str = "template"
    delivery: Literal["prefill", "user-turn"] = "prefill"
    batch_size: int = Field(default=16, ge=1)
    on_conflict: ConflictPolicy = "letter"
    tolerance: float = Field(default=0.0, ge=0)
    decoding: DecodingSettings = DecodingSettings()
    statistics: StatisticsSettings = StatisticsSettings()
    serving: Serving = Serving()

    @field_validator("shard")
    @classmethod
    def _one_of_several(cls, value: str | None) -> str | None:
        try:
            return None if value is None else str(shards.parse(value))
        except ConfigError as error:
            raise ValueError(str(error)) from error

    def deciding(self) -> dict[str, Any]:
        """Return the settings that decide what is generated; a run folder holds one set of them.

        Judging and measuring can be done again with other settings without generating again.
        """
        deciding = self.model_dump(mode="json", exclude=_MEASURING | {"serving"})
        if self.answer_style is None:  # as runs of earlier versions have it
            del deciding["answer_style"]
        return deciding

    def measuring(self) -> dict[str, Any]:
        """Return the other settings: what can be changed on a run that is generated."""
        return self.model_dump(mode="json", include=_MEASURING)


def shipped() -> dict[str, Traversable]:
    """Return the files of the shipped recipes by name."""
    files = resources.files("unswayed.pipeline").joinpath("recipes").iterdir()
    return {file.name.removesuffix(".toml"): file for file in files if file.name.endswith(".toml")}


def as_written(recipe: str | Path) -> dict[str, Any]:
    """Return the texts of a recipe and of those that it extends, for a run's provenance.

    Raises:
        ConfigError: a file cannot be read.
    """
    return toml.as_written(_file_of(recipe), shipped())


def settings(
    recipe: str | Path | None, options: Mapping[str, Any], overrides: Sequence[str] = ()
) -> Settings:
    """Merge a recipe file, command-line options and `--set` overrides, later ones winning.

    Args:
        recipe: TOML file, name of a shipped one such as `demo`, or None.
        options: values given as options of their own; None values are left out.
        overrides: `a.b=c`; the value is read as TOML, or as text where it is none.

    Raises:
        ConfigError: the file cannot be read, or a setting is unknown or of the wrong kind.
    """
    merged = toml.merged(
        toml.read(_file_of(recipe), shipped()) if recipe else {}, options, overrides
    )
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(explain(error, Settings, "setting", str(recipe or ""))) from error


def settings_of(run: RunFolder) -> Settings:
    """Return the settings that a run folder was made with.

    Raises:
        RunError: they are not settings of this version, or the run was stopped before they were
            all written.
    """
    description = run.description()
    if not isinstance(description.get("measuring"), dict):
        raise RunError(
            f"{run.folder} was stopped before its settings were written; give the command that "
            "began it again"
        )
    try:
        serving: dict[str, Any] = {"serving": description.get("serving") or {}}
        return Settings.model_validate(
            {**description["settings"], **description["measuring"], **serving}
        )
    except ValidationError as error:
        raise RunError(
            f"{run.folder / 'run.json'} holds settings of another version "
            f"({first_fault(error).text('its top')}); use the version that made it"
        ) from error


def _file_of(recipe: str | Path) -> Path | Traversable:
    return toml.file_of(recipe, shipped(), "a run folder")
