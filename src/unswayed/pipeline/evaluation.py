"""What the settings of an evaluation stand for: each thing is made when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from unswayed import progress, prompts, registry
from unswayed.answers import AnswerStyle
from unswayed.benchmarks import Benchmark
from unswayed.errors import ConfigError
from unswayed.judges import Judge
from unswayed.metrics.codes import ALL
from unswayed.models import Decoding, LocalModel, Model, ServedModel
from unswayed.perturbations import Context
from unswayed.perturbations.composition import Composition, compositions
from unswayed.perturbations.texts import source
from unswayed.pipeline.rules import style_of
from unswayed.pipeline.settings import Settings, equal_draws
from unswayed.prompts import Profile
from unswayed.registry import model_spec
from unswayed.run import shards
from unswayed.run.folder import RunFolder
from unswayed.run.shards import Shard


@dataclass(frozen=True)
class Evaluation:
    """What settings stand for: resolved on first use, so that a finished stage loads nothing."""

    settings: Settings

    @cached_property
    def benchmarks(self) -> list[Benchmark]:
        """The benchmarks.

        Raises:
            ConfigError: two of them have the same name, or one is called `all`.
        """
        benchmarks: list[Benchmark] = [
            registry.create("benchmark", spec) for spec in self.settings.benchmarks
        ]
        names = [benchmark.name for benchmark in benchmarks]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ConfigError(
                f"two benchmarks are called {', '.join(sorted(twice))}; give one of them another "
                "name (file:PATH,name=… or scenes,name=…)"
            )
        if ALL in names:
            raise ConfigError(
                f"a benchmark is called {ALL!r}, which stands for all of them together; give it "
                "another name (file:PATH,name=… or scenes,name=…)"
            )
        return benchmarks

    @cached_property
    def compositions(self) -> list[Composition]:
        """The variants, in the order asked for, without repetition."""
        return compositions(self.settings.variants)

    def check_names(self) -> None:
        """Make what the settings name, but for the model; nothing is loaded.

        Raises:
            UserError: a name is unknown, or an option is not as it must be.
        """
        _ = self.benchmarks, self.compositions, self.judge

    @cached_property
    def context(self) -> Context:
        """The text source, the delivery and the seed."""
        return Context(source(self.settings.texts), self.settings.delivery, self.settings.seed)

    @cached_property
    def unloaded_model(self) -> Model | None:
        """The model before it is loaded or started; None if to make it may be to load it.

        Raises:
            ConfigError: it cannot leave an assistant turn open, and a variant needs that; or
                limits or prices were set for a model that sends nothing.
            ModelError: there is no checkpoint at its path.
        """
        factory: Any = registry.load("model", model_spec(self.settings.model).name)
        light = hasattr(factory, "load") or hasattr(factory, "start")
        return self._make_model() if light else None

    @cached_property
    def model(self) -> Model:
        """The model, loaded; of a served one, what its server does is proven.

        Raises:
            ConfigError: see `unloaded_model`.
            ModelError: it cannot be loaded or reached, or its server does not do what is needed.
        """
        model = self.unloaded_model or self._make_model()
        if isinstance(model, ServedModel):
            model.start(self.settings.serving)
            for note in model.notes:
                progress.say(note)
        elif isinstance(model, LocalModel):
            model.load()
        return model

    def _make_model(self) -> Model:
        """Make the model and see that it can do what the settings ask for."""
        model: Model = registry.create("model", model_spec(self.settings.model))
        thoughts = [one.name for one in self.compositions if one.injects_thought()]
        if thoughts and self.settings.delivery == "prefill" and not model.supports_prefill():
            raise ConfigError(
                f"{model.name} takes no assistant prefill, which {', '.join(thoughts)} need; use "
                "--delivery user-turn, which places the same texts in the user's message"
            )
        bounds = ("max_requests", "max_tokens_total", "prices")
        limits = [name for name in bounds if getattr(self.settings.serving, name) is not None]
        if limits and not isinstance(model, ServedModel):
            options = " and ".join(f"--{name.replace('_', '-')}" for name in limits)
            raise ConfigError(
                f"{model.name} sends no requests, so there is nothing to limit or to pay; leave "
                f"{options} out"
            )
        return model

    @cached_property
    def profile(self) -> Profile:
        """The prompt profile."""
        return prompts.profile(self.settings.profile or self.model.profile)

    @property
    def style(self) -> AnswerStyle:
        """Where thought and answer stand in the outputs."""
        return style_of(self.profile, self.settings)

    @cached_property
    def judge(self) -> Judge:
        """The judge."""
        return registry.create("judge", self.settings.judge)

    @cached_property
    def shard(self) -> Shard | None:
        """The shard of the evaluation that is this run's; None for all of it."""
        return shards.parse(self.settings.shard) if self.settings.shard else None

    @property
    def decoding(self) -> Decoding:
        """The decoding; see `decoding_of`."""
        return decoding_of(self.settings, self.profile)

    def resolve(self, run: RunFolder | None = None) -> None:
        """Resolve every name before the first file is written: a slip costs no time.

        Args:
            run: if given, the model is loaded as well, unless all generations are there.

        Raises:
            UnswayedError: a name stands for nothing, or something cannot be made or loaded.
        """
        _ = (self.benchmarks, self.compositions, self.context, self.judge)
        if self.settings.profile:
            _ = prompts.profile(self.settings.profile)
        if run and run.complete("generations"):
            return  # no model is needed, and to import one can take seconds
        registry.load("model", model_spec(self.settings.model).name)
        if run:
            # A class may set its profile only when it is loaded; then the decoding is found after.
            own = self.settings.profile or getattr(self.unloaded_model, "profile", "")
            if own:
                decoding_of(self.settings, prompts.profile(own))
            _ = self.model
            if self.settings.decoding.n > 1:
                _ = self.decoding


def decoding_of(settings: Settings, profile: Profile) -> Decoding:
    """Return the decoding: what the settings say, the profile's own otherwise.

    Raises:
        ConfigError: several outputs a prompt are asked for, and they would all be the same.
    """
    wanted = settings.decoding
    own = (profile.max_new_tokens, profile.temperature, profile.top_p)
    overrides = (wanted.max_new_tokens, wanted.temperature, wanted.top_p)
    tokens, temperature, top_p = (
        mine if value is None else value for value, mine in zip(overrides, own, strict=True)
    )
    if wanted.n > 1 and temperature == 0:
        raise ConfigError(equal_draws(wanted.n))
    return Decoding(int(tokens), temperature, top_p, settings.seed, wanted.force_answer)
