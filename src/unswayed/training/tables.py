"""Tables of a training recipe: what each part of a GRPO run can be set to, and its defaults.

`recipe` puts them together and reads them from files. Defaults are for recipes of one's own; the
shipped recipes write every value out.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from unswayed.perturbations.composition import DEFAULT

PROBABILITY_SLACK = 1e-9


class Section(BaseModel):
    """A table of a recipe: immutable; an unknown key, a NaN or an infinity is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DataSource(Section):
    """One benchmark that prompts are drawn from.

    Attributes:
        benchmark: its spec, such as `sat-v2,split=train`.
        weight: its share of the prompts, relative to the other sources' weights. Either all
            sources have one or none: without weights every sample is as likely as any other.
        limit: samples of it; None for all.
    """

    benchmark: str
    weight: float | None = Field(default=None, gt=0)
    limit: int | None = Field(default=None, ge=1)


class LengthTerm(Section):
    """A penalty on long thoughts, in words; off while its weight is 0.

    Attributes:
        weight: what a thought of `most` words or more loses.
        target: words up to which nothing is lost; between the two the loss is linear.
        most: words from which all of `weight` is lost.
    """

    weight: float = Field(default=0.0, ge=0)
    target: int = Field(default=200, ge=0)
    most: int = Field(default=400, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> LengthTerm:
        if self.most <= self.target:
            raise ValueError("expected most to be greater than target")
        return self


class RepetitionTerm(Section):
    """A penalty on repeated word n-grams in a thought; off while its weight is 0.

    Attributes:
        weight: what a thought that only repeats one n-gram loses at most.
        ngram: words in a row that are compared.
    """

    weight: float = Field(default=0.0, ge=0)
    ngram: int = Field(default=4, ge=1)


class LikelihoodConsistency(Section):
    """Consistency by a reference model's likelihood, without a judge (GRPO-CARE).

    Attributes:
        weight: bonus of a right and consistent completion.
        margin: how far below the group's mean likelihood still counts as consistent.
        ceiling: probability at which the likelihood is cut off.
        ema_decay: how much of the reference's weights each update of it keeps.
        ema_every: optimiser steps between updates of the reference.
    """

    weight: float = Field(default=0.5, ge=0)
    margin: float = Field(default=0.01, ge=0)
    ceiling: float = Field(default=0.95, gt=0, le=1)
    ema_decay: float = Field(default=0.995, ge=0, le=1)
    ema_every: int = Field(default=10, ge=1)


class PairedInvariance(Section):
    """A bonus for answering a perturbed prompt as its unperturbed twin is answered.

    Attributes:
        weight: bonus of a completion that all completions of the twin prompt agree with.
        only_right: give it to right answers only, so that agreeing on a wrong one earns nothing.
    """

    weight: float = Field(default=0.5, ge=0)
    only_right: bool = True


class Lagrangian(Section):
    """Consistency as a constraint with a learned multiplier (Faithful GRPO).

    Attributes:
        target: least mean consistency, in [0, 1].
        rate: step of the multiplier's ascent.
        start: first value of the multiplier.
        most: largest value of the multiplier.
    """

    target: float = Field(default=0.95, ge=0, le=1)
    rate: float = Field(default=0.05, gt=0)
    start: float = Field(default=0.0, ge=0)
    most: float = Field(default=2.0, gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> Lagrangian:
        if self.start > self.most:
            raise ValueError("expected start to be at most `most`")
        return self


class Guards(Section):
    """Penalties against a collapse onto short, templated thoughts.

    Attributes:
        thin: what a thought with no informative word loses.
        least: different informative words from which nothing is lost; linear below.
        duplicate: what a thought loses that all other completions of its prompt share.
        overlap: Jaccard overlap of word trigrams from which two thoughts are the same.
    """

    thin: float = Field(default=0.2, ge=0)
    least: int = Field(default=5, ge=1)
    duplicate: float = Field(default=0.2, ge=0)
    overlap: float = Field(default=0.9, gt=0, le=1)


class RewardSettings(Section):
    """The reward: format + correct (× consistency if faithful) + terms, all off by default.

    Attributes:
        format: weight of the strict format.
        correct: weight of the right answer.
        box: reward of a box: 1 from `least_iou` on, or its IoU.
        least_iou: overlap from which a box is right.
        tolerance: largest difference of two numbers that are the same answer.
        faithful: multiply the answer's reward by the judge's consistency.
        judge: spec of the judge.
        unclear: what a thought that concludes nothing counts as: `inconsistent`, `consistent`, or
            `none` (no reward, left out of its group's baseline).
        judge_wrong: ask the judge about wrong answers as well; their faithful reward is 0 in any
            case, but the consistency that is logged is over all completions.
        length: penalty on long thoughts.
        repetition: penalty on repetition.
        likelihood_consistency: GRPO-CARE's bonus; None for none.
        paired_invariance: bonus for invariance; None for none.
        lagrangian: consistency as a constraint; None for none.
        guards: penalties against collapse; None for none.
    """

    format: float = Field(default=0.1, ge=0)
    correct: float = Field(default=1.0, ge=0)
    box: Literal["threshold", "graded"] = "threshold"
    least_iou: float = Field(default=0.5, gt=0, le=1)
    tolerance: float = Field(default=0.0, ge=0)
    faithful: bool = False
    judge: str = "rules"
    unclear: Literal["inconsistent", "consistent", "none"] = "inconsistent"
    judge_wrong: bool = True
    length: LengthTerm = LengthTerm()
    repetition: RepetitionTerm = RepetitionTerm()
    likelihood_consistency: LikelihoodConsistency | None = None
    paired_invariance: PairedInvariance | None = None
    lagrangian: Lagrangian | None = None
    guards: Guards | None = None

    @property
    def needs_judge(self) -> bool:
        """Whether a judge is asked during training."""
        return self.faithful or self.lagrangian is not None

    @model_validator(mode="after")
    def _one_use_of_the_verdict(self) -> RewardSettings:
        if self.faithful and self.lagrangian is not None:
            raise ValueError(
                "expected faithful = true or a lagrangian table, not both: each of them uses the "
                "judge's verdict up"
            )
        if self.lagrangian is not None and not self.judge_wrong:
            raise ValueError("expected judge_wrong = true with lagrangian: it is a mean over all")
        return self


class Augmentation(Section):
    """How often a prompt is shown with an injected text; the rest stays as it is.

    Attributes:
        correct_caption: rate of prompts with a caption that suggests the gold.
        wrong_caption: … that suggests a wrong option.
        correct_think: rate of prompts whose open thought asserts the gold.
        wrong_think: … asserts a wrong option.
        texts: where the texts come from, as in an evaluation: `template`, or `file:PATH`.
    """

    correct_caption: float = Field(default=0.0, ge=0, le=1)
    wrong_caption: float = Field(default=0.0, ge=0, le=1)
    correct_think: float = Field(default=0.0, ge=0, le=1)
    wrong_think: float = Field(default=0.0, ge=0, le=1)
    texts: str = "template"

    @property
    def rates(self) -> dict[str, float]:
        """Rate of each variant by the name that evaluation gives it."""
        return {
            "correct-caption": self.correct_caption,
            "wrong-caption": self.wrong_caption,
            "correct-think": self.correct_think,
            "wrong-think": self.wrong_think,
        }

    @model_validator(mode="after")
    def _at_most_all(self) -> Augmentation:
        if sum(self.rates.values()) > 1 + PROBABILITY_SLACK:
            raise ValueError("expected the rates to sum to at most 1")
        return self


class LoRA(Section):
    """Low-rank adapters instead of full training (Hu et al. 2021, arXiv 2106.09685)."""

    rank: int = Field(default=16, ge=1)
    alpha: int = Field(default=32, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: tuple[str, ...] | Literal["all-linear"] = "all-linear"


class GRPO(Section):
    """The optimisation (Shao et al. 2024, DeepSeekMath, arXiv 2402.03300, section 4.1).

    Attributes:
        group_size: completions per prompt, G.
        prompts_per_step: prompts per optimiser step.
        steps: optimiser steps.
        iterations: optimiser steps on each batch of completions, μ.
        learning_rate: peak of the schedule.
        schedule: of the learning rate, after the warm-up.
        warmup: optimiser steps of linear warm-up.
        weight_decay: of AdamW.
        max_grad_norm: gradient norm from which gradients are scaled down.
        beta: weight of the KL divergence from the first checkpoint; 0 loads no reference.
        epsilon: clipping range of the probability ratio.
        epsilon_high: its upper end, if it differs (DAPO's clip-higher); None for epsilon.
        loss_type: `grpo` averages over the tokens of a completion, then over completions.
        scale_rewards: divide advantages by the standard deviation of the group, of the batch, or
            of nothing.
        temperature: of sampling.
        top_p: of sampling.
        max_new_tokens: longest completion.
        batch_size: completions per forward pass and device; None for a whole step at once.
        gradient_checkpointing: trade time for memory.
        lora: adapters; None trains all weights.
        dtype: of the weights while they are trained.
        vllm: generate with vLLM beside the trainer or on a server of its own; `off` generates
            with transformers.
    """

    group_size: int = Field(default=8, ge=2)
    prompts_per_step: int = Field(default=16, ge=1)
    steps: int = Field(default=100, ge=1)
    iterations: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=1e-6, gt=0)
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup: int = Field(default=0, ge=0)
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    beta: float = Field(default=0.04, ge=0)
    epsilon: float = Field(default=0.2, gt=0)
    epsilon_high: float | None = Field(default=None, gt=0)
    loss_type: Literal["grpo", "dr_grpo", "dapo", "bnpo"] = "grpo"
    scale_rewards: Literal["group", "batch", "none"] = "group"
    temperature: float = Field(default=1.0, gt=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_new_tokens: int = Field(default=1024, ge=1)
    batch_size: int | None = Field(default=None, ge=1)
    gradient_checkpointing: bool = False
    lora: LoRA | None = None
    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    vllm: Literal["off", "colocate", "server"] = "off"


class Checkpoints(Section):
    """When checkpoints are saved.

    Attributes:
        every: optimiser steps between them; the last step is saved as well.
        keep: how many of the newest keep what a resumption needs; None for all.
    """

    every: int = Field(default=250, ge=1)
    keep: int | None = Field(default=None, ge=1)


class Cluster(Section):
    """Where and how verl runs a recipe; not read by any other engine.

    Attributes:
        address: of the Ray cluster; None starts a Ray of its own on this machine.
        nodes: machines.
        gpus_per_node: GPUs of each.
        rollout: what generates.
        tensor_parallel: GPUs that one copy of the generating model is spread over.
        memory_share: part of each GPU's memory that the generating engine may take.
        offload: keep weights and optimiser states in the machine's memory while they are not used.
        max_prompt_length: longest prompt, pictures included, in tokens.
        reward_workers: processes that score completions.
        options: any other key of verl's configuration, by its dotted name.
    """

    address: str | None = None
    nodes: int = Field(default=1, ge=1)
    gpus_per_node: int = Field(default=8, ge=1)
    rollout: Literal["vllm", "sglang"] = "vllm"
    tensor_parallel: int = Field(default=1, ge=1)
    memory_share: float = Field(default=0.5, gt=0, lt=1)
    offload: bool = False
    max_prompt_length: int = Field(default=4096, ge=1)
    reward_workers: int = Field(default=8, ge=1)
    options: dict[str, Any] = {}

    @property
    def gpus(self) -> int:
        """GPUs of all machines."""
        return self.nodes * self.gpus_per_node


class CheckpointEvaluation(Section):
    """What each checkpoint is evaluated on, with the keys of an evaluation's settings.

    Attributes:
        benchmarks: specs of the benchmarks; empty for no evaluation.
        variants: names of the variants.
        limit: samples per benchmark; None for all.
        batch_size: prompts per batch.
        judge: spec of the judge.
    """

    benchmarks: tuple[str, ...] = ()
    variants: tuple[str, ...] = DEFAULT
    limit: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=16, ge=1)
    judge: str = "rules"
