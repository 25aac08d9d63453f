"""The plan of an evaluation before it costs anything: what `--dry-run` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from unswayed import prompts, registry
from unswayed.benchmarks import Benchmark
from unswayed.metrics import power
from unswayed.metrics.codes import ALL
from unswayed.models import ServedModel
from unswayed.pipeline.evaluation import Evaluation, decoding_of
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.walk import decoded, walk
from unswayed.registry import model_spec
from unswayed.run.pictures import picture_size
from unswayed.run.shards import Dealer
from unswayed.types import ImageRef

CHARACTERS_A_TOKEN = 4
PIXELS_A_TOKEN = 28 * 28
MOST_PICTURE_TOKENS = 16_384
"""Rules of thumb (English; the Qwen-VL families' default patches): an estimate, not a count."""


@dataclass(frozen=True)
class Share:
    """What one benchmark adds to a run; `prompt_tokens` are those of all outputs."""

    benchmark: str
    samples: int
    variants: int
    failures: int
    prompt_tokens: int
    clusters: tuple[int, ...] = ()
    """Questions about each image or scene."""


@dataclass(frozen=True)
class Plan:
    """What an evaluation would do."""

    shares: tuple[Share, ...]
    names: tuple[str, ...]
    max_new_tokens: int
    serving: str = ""
    draws: int = 1
    level: float = 0.95

    def text(self) -> str:
        """Return the plan as a table for people."""
        width = max([len("benchmark"), *(len(share.benchmark) for share in self.shares)])
        head = f"{'benchmark':{width}}  samples  generations  unusable  prompt tokens (about)"
        rows = [
            f"{s.benchmark:{width}}  {s.samples:7}  {s.variants * self.draws:11}  {s.failures:8}"
            f"  {s.prompt_tokens:21,}"
            for s in self.shares
        ]
        total = sum(share.variants for share in self.shares) * self.draws
        drawn = f" ({self.draws} a prompt)" if self.draws > 1 else ""
        ends = [
            f"variants: {', '.join(self.names)}",
            f"generations: {total}{drawn}; at most {total * self.max_new_tokens:,} new tokens "
            f"({self.max_new_tokens} each)",
            *([self.serving] if self.serving else []),
            *_can_show(self.shares, self.level),
        ]
        return "\n".join([head, *rows, *ends])


def plan(settings: Settings) -> Plan:
    """Work out samples × variants and the tokens, without a model and without writing anything.

    The rows are walked and the pictures decoded as a run does, so that both find the same usable.
    Pictures count by their size, one token for 28 × 28 pixels.

    Raises:
        UnswayedError: a name or setting that an evaluation would refuse, too.
    """
    evaluation = Evaluation(settings)
    evaluation.resolve()
    factory = registry.load("model", model_spec(settings.model).name)
    # A class that sets its profile only when it is loaded would have to be: not for a plan.
    own = getattr(evaluation.unloaded_model or factory, "profile", "default")
    profile = prompts.profile(settings.profile or own)
    decoding = decoding_of(settings, profile)
    dealer = Dealer(evaluation.shard)
    shares = tuple(
        _share(evaluation, benchmark, profile, dealer) for benchmark in evaluation.benchmarks
    )
    return Plan(
        shares,
        tuple(one.name for one in evaluation.compositions),
        decoding.max_new_tokens,
        _served(evaluation, shares, decoding.max_new_tokens),
        settings.decoding.n,
        settings.statistics.level,
    )


def _can_show(shares: Sequence[Share], level: float) -> list[str]:
    """Say which differences the questions can show, by benchmark and for all together."""
    by_name = {share.benchmark: share.clusters for share in shares}
    if len(shares) > 1:
        by_name[ALL] = tuple(size for sizes in by_name.values() for size in sizes)
    if not any(by_name.values()):
        return []
    assumed = [f"{100 * share:g} %" for share in power.CHANGES]
    table = [["benchmark", "questions", "images", "accuracy", *assumed]]
    table += [_shown(name, sizes, level) for name, sizes in by_name.items()]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])])
        for line in table
    ]
    none = any("none" in line for line in table)
    shared = any(size > 1 for sizes in by_name.values() for size in sizes)
    images = f"; questions about one image correlate by {power.CORRELATION}" if shared else ""
    return [
        f"what n can show, before anything is paid: half the {100 * level:g} % interval of an "
        "accuracy, and the smallest",
        f"paired difference (drop, contrast, two models) found in {100 * power.POWER:g} % of runs, "
        "if so many answers change; in points:",
        *lines,
        f"assumed: accuracy 50 %, where the interval is widest{images}",
        *(["none: not even changes that all go one way would be found"] if none else []),
    ]


def _shown(name: str, sizes: Sequence[int], level: float) -> list[str]:
    n = power.effective(sizes)
    width = power.half_width(n, level)
    changes = [power.detectable_change(n, share, level) for share in power.CHANGES]
    cells = ["none" if one is None else f"±{100 * one:.1f}" for one in (width, *changes)]
    return [name, str(sum(sizes)), str(len(sizes)), *cells]


def _served(evaluation: Evaluation, shares: Sequence[Share], new_tokens: int) -> str:
    """Return what a served model would be asked at most; empty for other models."""
    model = evaluation.unloaded_model
    if not isinstance(model, ServedModel):
        return ""
    prompts = sum(share.variants for share in shares) * evaluation.settings.decoding.n
    most = model.most(prompts, sum(share.prompt_tokens for share in shares), new_tokens)
    prices = evaluation.settings.serving.prices
    if prices:
        model.load_prices(prices)
    return (
        f"requests: at most {most.requests:,} ({prompts:,} for outputs, the others for letter "
        f"distributions); tokens: at most {most.prompt:,} in prompts (about) and "
        f"{most.completion:,} written; cost at most: {model.cost(most)}"
    )


def _share(
    evaluation: Evaluation, benchmark: Benchmark, profile: prompts.Profile, dealer: Dealer
) -> Share:
    samples = variants = failures = tokens = 0
    clusters = Counter[str]()
    for item in walk(benchmark, evaluation, dealer, decoded):
        samples += bool(item.variants)
        variants += len(item.variants)
        failures += item.failure is not None
        if not item.variants:
            continue
        clusters[item.variants[0].sample.cluster] += 1
        pictures = sum(_picture_tokens(image) for image in item.variants[0].sample.images)
        for variant in item.variants:
            system = prompts.render_system(variant, profile)
            text = system + prompts.render_user(variant, profile) + variant.prefill
            tokens += pictures + len(text) // CHARACTERS_A_TOKEN
    tokens *= evaluation.settings.decoding.n  # each output is asked for in a request of its own
    sizes = tuple(clusters.values())
    return Share(benchmark.name, samples, variants, failures, tokens, sizes)


def _picture_tokens(image: ImageRef) -> int:
    """Estimate the tokens of a picture, which the walk has decoded, from its header."""
    width, height = picture_size(image)
    return min(width * height // PIXELS_A_TOKEN, MOST_PICTURE_TOKENS)
