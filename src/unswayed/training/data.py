"""Prompts for GRPO: samples of training benchmarks, drawn by weight, some with injected texts.

Prompts are made by the same code as an evaluation's: `perturbations` for the texts and
`prompts.render_user` for the wording. There is no curriculum: the order is a shuffle by the seed.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

from unswayed import progress, prompts, registry
from unswayed.benchmarks import Benchmark
from unswayed.errors import ConfigError, DataError
from unswayed.perturbations import seeded
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.walk import expand
from unswayed.prompts import Profile
from unswayed.run.folder import RunFolder
from unswayed.training.augmentation import BASE, VARIANTS, variant_name
from unswayed.training.recipe import DataSource, TrainingRecipe
from unswayed.types import Failure, Sample, Variant

T = TypeVar("T")
ThoughtDelivery = Literal["prefill", "user-turn"]
_DECIDING = ("path", "split", "hub_id")
"""Options of a benchmark that decide which rows it reads, and not how they are shown."""


@dataclass(frozen=True)
class TrainingPrompt:
    """One prompt.

    Attributes:
        variant: the question as shown; it carries the prefill, the options and the gold. Its
            pictures' paths are relative to the folder that the prompts were made in.
        images: files of the pictures, in order.
        system: text of the system message; empty for none.
        user: text of the user message, which follows the pictures.
        repeat: how often its sample was drawn before.
    """

    variant: Variant
    images: tuple[Path, ...]
    system: str
    user: str
    repeat: int = 0

    def messages(self, pictures: str = "") -> list[dict[str, str]]:
        """Return the prompt as a chat; a prefill is a trailing message, to be left open.

        Args:
            pictures: what stands for the pictures in the user's text, before it; empty where they
                are given apart.
        """
        turns = (
            ("system", self.system),
            ("user", pictures + self.user),
            ("assistant", self.variant.prefill),
        )
        return [{"role": role, "content": text} for role, text in turns if text or role == "user"]


class TrainingPrompts(Sequence[TrainingPrompt]):
    """The prompts in the order of training, and what could not be used.

    Attributes:
        failures: rows that could not be used, each once.
        unfit: prompts that stayed as they are because the text that was drawn for them cannot be
            made for their kind of answer.
    """

    def __init__(
        self, made: Sequence[TrainingPrompt], failures: Sequence[Failure] = (), unfit: int = 0
    ) -> None:
        """Hold the prompts and what was counted while they were made."""
        self._made = tuple(made)
        self.failures = tuple(failures)
        self.unfit = unfit

    def summary(self) -> list[str]:
        """Say in a few lines what the prompts are, and what could not be used."""
        names = Counter(prompt.variant.name for prompt in self._made)
        sources = Counter(prompt.variant.sample.benchmark for prompt in self._made)
        samples = {prompt.variant.sample.id for prompt in self._made}
        lines = [
            f"{len(self)} prompts of {len(samples)} samples: {_counted(sources)}",
            f"shown as {_counted(names)}",
        ]
        if self.unfit:
            lines.append(
                f"{self.unfit} stayed as they are: the text drawn for them asserts a wrong answer, "
                "and a question for a text has none"
            )
        if self.failures:
            first = self.failures[0]
            lines.append(
                f"{len(self.failures)} rows not used; the first: {first.id}: {first.message}"
            )
        return lines

    def __len__(self) -> int:
        """Return the number of prompts."""
        return len(self._made)

    @overload
    def __getitem__(self, index: int) -> TrainingPrompt: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TrainingPrompt]: ...
    def __getitem__(self, index: int | slice) -> TrainingPrompt | Sequence[TrainingPrompt]:
        """Return one prompt, or some."""
        return self._made[index]


def check_data(recipe: TrainingRecipe) -> None:
    """Refuse data that is for evaluation, before anything is read.

    Raises:
        ConfigError: scenes that are not of the training split.
        UserError: a benchmark cannot be made from its spec.
    """
    for source in recipe.data:
        spec = registry.parse_spec(source.benchmark)
        if spec.name == "scenes" and spec.options.get("split") != "train":
            raise ConfigError(
                f"expected scenes of the training split to train on, found {source.benchmark!r}; "
                "write split=train: the others are for evaluation"
            )
        _rows_of(source.benchmark)


def overlaps(recipe: TrainingRecipe) -> list[str]:
    """Warn, one line each, of benchmarks that are trained and evaluated on."""
    return [
        f"{source.benchmark} is trained on, and {shown} is evaluated on: the same rows, so that "
        "their figures say nothing about other questions; use another split"
        for source in recipe.data
        for shown in recipe.evaluation.benchmarks
        if _rows_of(source.benchmark) == _rows_of(shown)
    ]


def _rows_of(text: str) -> tuple[str, dict[str, Any]]:
    """Return what decides which rows a spec stands for, the benchmark's defaults filled in."""
    spec = registry.parse_spec(text)
    _, call = registry.call("benchmark", spec)
    call.apply_defaults()
    deciding = {*_DECIDING, *(("seed",) if spec.name == "scenes" else ())}
    values = {key: value for key, value in call.arguments.items() if key in deciding}
    if values.get("path"):
        values["path"] = str(Path(values["path"]).resolve())
    return spec.name, values


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def training_prompts(
    recipe: TrainingRecipe, profile: Profile, root: Path, delivery: ThoughtDelivery = "prefill"
) -> TrainingPrompts:
    """Draw the prompts of a recipe; the same recipe and data give the same ones.

    With `paired_invariance`, each perturbed prompt is followed by its unperturbed twin.

    Args:
        recipe: what to draw, how many, and with which seed.
        profile: the wording.
        root: folder that the pictures are copied into, once by content.
        delivery: where a begun thought stands: in the assistant's open turn, or in the user's.

    Raises:
        UserError: a benchmark cannot be made or read, or has not one usable sample.
    """
    check_data(recipe)
    sources = [_loaded(source) for source in recipe.data]
    return _Draw(recipe, profile, RunFolder(root), sources, delivery).prompts()


@dataclass
class _Source:
    """The samples of a benchmark, and what could not be used of it."""

    spec: str
    weight: float | None
    samples: list[Sample]
    failures: list[Failure]


def _loaded(source: DataSource) -> _Source:
    benchmark: Benchmark = registry.create("benchmark", source.benchmark)
    samples: list[Sample] = []
    failures: list[Failure] = []
    for item in progress.bar(f"read {benchmark.name}", source.limit, items=benchmark):
        if isinstance(item, Failure):
            failures.append(item)
            continue
        samples.append(item)
        if source.limit is not None and len(samples) >= source.limit:
            break
    return _Source(source.benchmark, source.weight, samples, failures)


class _Draw:
    """One drawing of prompts: samples by weight, without those that turn out to be unusable."""

    def __init__(
        self,
        recipe: TrainingRecipe,
        profile: Profile,
        store: RunFolder,
        sources: Sequence[_Source],
        delivery: ThoughtDelivery,
    ) -> None:
        self.recipe, self.profile, self.store, self.sources = recipe, profile, store, sources
        work = Evaluation(
            Settings(
                model=recipe.model,
                benchmarks=tuple(source.benchmark for source in recipe.data),
                variants=VARIANTS,
                texts=recipe.augmentation.texts,
                seed=recipe.seed,
                delivery=delivery,
            )
        )
        self.context = work.context
        self.compositions = {composition.name: composition for composition in work.compositions}
        self.broken: set[str] = set()
        self.unfit = 0
        self.failures = [failure for source in sources for failure in source.failures]

    def prompts(self) -> TrainingPrompts:
        """Return as many prompts as the recipe needs."""
        needed = self.recipe.prompts_needed
        stream = (prompt for pair in self._samples() for prompt in self._prompts_of(*pair))
        selection = progress.bar("prompts", needed, items=itertools.islice(stream, needed))
        return TrainingPrompts(list(selection), self.failures, self.unfit)

    def _samples(self) -> Iterator[tuple[Sample, int]]:
        """Yield samples without end, each with how often it was drawn before."""
        pools = self._pools()
        streams = [self._stream(at, spec, samples) for at, (spec, _, samples) in enumerate(pools)]
        total = sum(weight for _, weight, _ in pools)
        owed = [0.0] * len(pools)
        while True:
            owed = [debt + weight / total for debt, (_, weight, _) in zip(owed, pools, strict=True)]
            most = max(range(len(pools)), key=lambda at: owed[at])
            owed[most] -= 1.0
            yield next(streams[most])

    def _pools(self) -> list[tuple[str, float, list[Sample]]]:
        """Return what is drawn from: each source by its weight, or all of them as one."""
        if self.sources[0].weight is None:
            every = [sample for source in self.sources for sample in source.samples]
            return [("+".join(source.spec for source in self.sources), 1.0, every)]
        return [(source.spec, source.weight or 0.0, source.samples) for source in self.sources]

    def _stream(self, at: int, spec: str, samples: list[Sample]) -> Iterator[tuple[Sample, int]]:
        """Yield the samples in a shuffled order, and again in another one."""
        for repeat in itertools.count():
            order = [sample for sample in samples if sample.id not in self.broken]
            if not order:
                raise self._nothing(spec)
            seeded(self.recipe.seed, "order", str(at), str(repeat)).shuffle(order)
            yield from ((sample, repeat) for sample in order)

    def _nothing(self, spec: str) -> DataError:
        first = f"; the first failed so: {self.failures[0].message}" if self.failures else ""
        return DataError(
            f"expected samples to train on in {spec}, found not one that can be used "
            f"({len(self.failures)} rows failed{first})"
        )

    def _prompts_of(self, sample: Sample, repeat: int) -> list[TrainingPrompt]:
        """Return the prompt of a sample (with its twin where pairs are asked for), or none."""
        if sample.id in self.broken:
            return []
        name = variant_name(self.recipe.augmentation, sample.id, self.recipe.seed, repeat)
        if not self.compositions[name].applies_to(sample):
            name, self.unfit = BASE, self.unfit + 1
        paired = self.recipe.reward.paired_invariance is not None
        shown = [self.compositions[each] for each in ((name, BASE) if paired else (name,))]
        item = expand(sample, shown, self.context, 1, self.store.store_image)
        if item.failure is not None:
            self.broken.add(sample.id)
            self.failures.append(item.failure)
        return [self._prompt(variant, repeat) for variant in item.variants]

    def _prompt(self, variant: Variant, repeat: int) -> TrainingPrompt:
        files = tuple(self.store.folder / ref.path for ref in variant.sample.images if ref.path)
        system = prompts.render_system(variant, self.profile)
        user = prompts.render_user(variant, self.profile)
        return TrainingPrompt(variant, files, system, user, repeat)
