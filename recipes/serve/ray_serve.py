"""Serve a model through Ray Serve LLM: replicas of vLLM over the machines of a Ray cluster.

    ray start --head     # on the first machine, and `ray start --address=…` on the others
    python recipes/serve/ray_serve.py Qwen/Qwen2.5-VL-7B-Instruct --replicas 16
    unswayed evaluate recipes/study/qwen2.5-vl-7b.toml --out runs/qwen

Needs `pip install "ray[data,serve]" vllm`. Without a GPU, `--cpu` places the replicas on
processors: Ray then has to be told so twice, by the bundles and by the kind of accelerator.
"""

from __future__ import annotations

import argparse
from typing import Any


def config(model: str, replicas: int, cpu: bool, name: str | None) -> dict[str, Any]:
    """Return the arguments of Ray's `LLMConfig`.

    Args:
        model: hub id or folder.
        replicas: engines, each on one GPU (or one processor).
        cpu: whether there is no GPU.
        name: name that requests give; the model by default.
    """
    engine: dict[str, Any] = {
        "generation_config": "vllm",  # the request alone decides how it is sampled
        "limit_mm_per_prompt": {"image": 4, "video": 0},
    }
    found: dict[str, Any] = {
        "model_loading_config": {"model_id": name or model, "model_source": model},
        "deployment_config": {"num_replicas": replicas},
        "engine_kwargs": engine,
    }
    if cpu:
        engine |= {"dtype": "float32", "enforce_eager": True, "max_model_len": 4096}
        engine |= {"distributed_executor_backend": "mp"}
        found["placement_group_config"] = {"bundles": [{"CPU": 1}]}
        found["accelerator_config"] = {"kind": "cpu"}
    return found


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", help="hub id or folder of the checkpoint")
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--name", help="name that requests give; the model by default")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--cpu", action="store_true", help="there is no GPU")
    asked = parser.parse_args()

    from ray import serve
    from ray.serve.llm import LLMConfig, build_openai_app

    made = LLMConfig(**config(asked.model, asked.replicas, asked.cpu, asked.name))
    serve.start(http_options={"host": asked.host, "port": asked.port})
    serve.run(build_openai_app({"llm_configs": [made]}), blocking=True)


if __name__ == "__main__":
    main()
