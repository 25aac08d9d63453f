"""The `[verl]` table of a recipe: where and how verl runs it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from unswayed.config.section import Section


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
    options: dict[str, Any] = Field(default_factory=dict[str, Any])

    @property
    def gpus(self) -> int:
        """GPUs of all machines."""
        return self.nodes * self.gpus_per_node
