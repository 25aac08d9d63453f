"""A rollout for verl that generates with transformers, one completion after the other."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import ray
import torch
from transformers import AutoModelForImageTextToText
from verl.utils import hf_processor
from verl.workers.rollout.base import BaseRollout
from verl.workers.rollout.replica import RolloutReplica, TokenOutput


def _name(rank: int) -> str:
    return f"transformers_cpu_{rank}"


class Server:
    """The model that generates; its weights are replaced after each step."""

    def __init__(self, config: Any, path: str) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(config.seed)
        self._model = AutoModelForImageTextToText.from_pretrained(path, dtype=torch.float32).eval()
        self._processor, self._config = hf_processor(path), config
        self._turn, self._step = asyncio.Lock(), 0

    async def generate(
        self,
        request_id: str,
        prompt_ids: list[int],
        sampling_params: dict[str, Any],
        image_data: list[Any] | None = None,
        **_: Any,
    ) -> TokenOutput:
        async with self._turn:
            return await asyncio.to_thread(self._sample, prompt_ids, sampling_params, image_data)

    @torch.no_grad()
    def _sample(
        self, prompt: list[int], sampling: dict[str, Any], images: list[Any] | None
    ) -> TokenOutput:
        ids, biases = torch.tensor([list(prompt)]), sampling.get("logit_bias", {})
        inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if images:
            inputs |= self._processor.image_processor(images=images, return_tensors="pt")
            inputs["mm_token_type_ids"] = (ids == self._model.config.image_token_id).long()
        if "seed" in sampling:
            torch.manual_seed(sampling["seed"])
        made = self._model.generate(
            **inputs,
            do_sample=True,
            temperature=sampling["temperature"],
            top_p=sampling["top_p"],
            top_k=max(0, sampling["top_k"]),
            max_new_tokens=self._config.response_length,
            pad_token_id=self._processor.tokenizer.pad_token_id,
            sequence_bias=[[[token], bias] for token, bias in biases.items()] or None,
            output_logits=True,
            return_dict_in_generate=True,
        )
        new = made.sequences[0, len(prompt) :].tolist()
        logprobs = [
            float(torch.log_softmax(logits[0].float(), -1)[token])
            for logits, token in zip(made.logits, new, strict=True)
        ]
        return TokenOutput(
            token_ids=new,
            log_probs=logprobs if sampling.get("logprobs") else None,
            stop_reason="completed",
            extra_fields={"global_steps": self._step},
        )

    async def load(self, weights: dict[str, Any]) -> None:
        """Take the trained weights; tied ones come once."""
        missing, unexpected = self._model.load_state_dict(weights, strict=False)
        tied = {"lm_head.weight"} if self._model.config.tie_word_embeddings else set()
        if set(missing) - tied or unexpected:
            raise ValueError(f"expected the policy's weights, missing {missing}, new {unexpected}")

    async def set_global_steps(self, step: int) -> None:
        self._step = step

    async def wake_up(self, *_: Any, **__: Any) -> None: ...
    async def sleep(self, *_: Any, **__: Any) -> None: ...
    async def clear_kv_cache(self) -> None: ...
    async def release_kv_cache(self) -> None: ...
    async def resume_kv_cache(self) -> None: ...
    async def abort_all_requests(self, **_: Any) -> None: ...
    async def resume_generation(self) -> None: ...


class Replica(RolloutReplica):
    """Starts the servers, one for each rank."""

    async def launch_servers(self) -> None:
        options = {"name": _name(self.replica_rank), "num_cpus": 0, "max_concurrency": 64}
        server = ray.remote(Server).options(**options).remote(self.config, self.model_config.path)
        self.servers = [server]
        self._server_handle = server
        self._server_address = _name(self.replica_rank)


class Adapter(BaseRollout):
    """Sends a rank's weights to its server."""

    def __init__(
        self, config: Any, model_config: Any, device_mesh: Any, replica_rank: int = -1
    ) -> None:
        super().__init__(config, model_config, device_mesh)
        rank = int(os.environ["RANK"]) // self.config.tensor_model_parallel_size
        self._server = _name(rank if replica_rank < 0 else replica_rank)

    async def resume(self, tags: list[str]) -> None: ...

    async def release(self) -> None: ...

    async def update_weights(self, weights: Any, global_steps: int | None = None, **_: Any) -> None:
        found = {
            name: (part.full_tensor() if hasattr(part, "full_tensor") else part).detach().float()
            for name, part in weights
        }
        server = ray.get_actor(self._server)
        await server.load.remote({name: part.clone() for name, part in found.items()})
        if global_steps is not None:
            await server.set_global_steps.remote(global_steps)
