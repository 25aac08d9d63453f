"""Judge models that have a name of their own: what they are called, how they decode and are served.

    qwen3-32b                                       on a vLLM server at its usual address
    gpt-oss-120b,base_url=http://judge:8001/v1
    llama-3.1-70b:my-served-name                    under another name on the server

The three are the panel of Zhao et al. (arXiv 2602.12506), whose prompts and decoding are not
public: what is here is our own choice. Any option of `llm` can be given and wins.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import Signature
from typing import Any, ClassVar

from unswayed.judges.llm.judge import LLM


@dataclass(frozen=True)
class JudgePreset:
    """A judge model under a name of its own.

    Attributes:
        name: name in the verdicts.
        model: id on the hub, which is also the server's name of it unless it was given another.
        serving: a command that serves it.
        options: options of `LLM`.
        why: why these.
    """

    extras: ClassVar[tuple[str, ...]] = LLM.extras

    name: str
    model: str
    serving: str
    why: str
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def __signature__(self) -> Signature:
        """The options of `LLM`, so that they are read as its own; the model may be left out."""
        own = inspect.signature(LLM)
        first, *others = own.parameters.values()
        return own.replace(parameters=[first.replace(default=self.model), *others])

    def __call__(self, model: str | None = None, **options: Any) -> LLM:
        """Make the judge.

        Args:
            model: the server's name of the model; by default its id on the hub.
            options: options of `LLM`, which win over the preset's.
        """
        chosen: dict[str, Any] = {"name": self.name, **self.options, **options}
        return LLM(model or self.model, **chosen)


QWEN3_32B = JudgePreset(
    name="qwen3-32b",
    model="Qwen/Qwen3-32B",
    serving="vllm serve Qwen/Qwen3-32B --max-model-len 16384",
    why="Thinking is switched off through the chat template: it is on by default, costs a hundred "
    "times the tokens, and its authors advise against greedy decoding with it.",
    options={"thinking": False},
)
"""Qwen3-32B on a vLLM server, its thinking switched off, as a judge model (`llm`)."""

GPT_OSS_120B = JudgePreset(
    name="gpt-oss-120b",
    model="openai/gpt-oss-120b",
    serving="vllm serve openai/gpt-oss-120b --max-model-len 16384",
    why="It always thinks, so replies get more tokens. No JSON schema is sent: several servers "
    "apply it to the thinking channel too and break the reply; the strict reader does without.",
    options={"effort": "medium", "max_tokens": 8192, "structured_output": False},
)
"""gpt-oss-120b on a vLLM server, at medium effort, as a judge model (`llm`)."""

LLAMA_31_70B = JudgePreset(
    name="llama-3.1-70b",
    model="meta-llama/Llama-3.1-70B-Instruct",
    serving="vllm serve meta-llama/Llama-3.1-70B-Instruct --tensor-parallel-size 4 "
    "--max-model-len 16384",
    why="Greedy decoding, and a JSON schema to write by.",
)
"""Llama 3.1 70B on a vLLM server, greedy, as a judge model (`llm`)."""

PRESETS: tuple[JudgePreset, ...] = (QWEN3_32B, GPT_OSS_120B, LLAMA_31_70B)
