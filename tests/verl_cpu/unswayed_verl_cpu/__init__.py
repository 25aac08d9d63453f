"""verl on CPU, for tests alone: a platform, gloo, and a rollout that is transformers' own.

Loaded in every process of verl by VERL_USE_EXTERNAL_MODULES=unswayed_verl_cpu, with VERL_PLATFORM
set to `cpu` and VERL_ENGINE_DEVICE to `cuda` (verl has no engine for CPUs, and its engine for GPUs
asks the platform for whatever is special about them). Only verl's own extension points are used,
but for two defaults that no setting reaches; see the end.
"""

from __future__ import annotations

import contextlib
import types
from typing import Any

import torch
import torch.distributed.fsdp
import verl.utils.distributed
from verl.plugin.platform import PlatformBase, PlatformRegistry
from verl.workers.rollout import base
from verl.workers.rollout.replica import RolloutReplicaRegistry

ROLLOUT = "transformers_cpu"


def _device() -> types.ModuleType:
    """Return `torch.cpu` with what verl asks of a device beyond it."""
    module = types.ModuleType("torch_cpu_device")
    module.__dict__.update({name: getattr(torch.cpu, name) for name in dir(torch.cpu)})
    for name in (
        "memory_allocated",
        "max_memory_allocated",
        "memory_reserved",
        "max_memory_reserved",
    ):
        setattr(module, name, lambda *_, **__: 0)
    for name in (
        "empty_cache",
        "set_device",
        "synchronize",
        "reset_peak_memory_stats",
        "ipc_collect",
        "manual_seed",
        "manual_seed_all",
    ):
        setattr(module, name, lambda *_, **__: None)
    module.mem_get_info = lambda *_, **__: (1 << 34, 1 << 34)
    module.is_available = lambda: False
    module.get_device_name = lambda *_, **__: "CPU"
    module.device_count = lambda: 1
    module.current_device = lambda: "cpu"
    module.get_rng_state, module.set_rng_state = torch.get_rng_state, torch.set_rng_state
    return module


@PlatformRegistry.register(platform="cpu")
class PlatformCPU(PlatformBase):
    """A CPU that Ray counts as GPUs: as many as `ray.init(num_gpus=…)` is told."""

    device_name = "cpu"
    vendor_name = "cpu"
    device_module = _device()

    def is_available(self) -> bool:
        return True

    def current_device(self) -> str:
        return "cpu"

    def device_count(self) -> int:
        return 1

    def set_device(self, device_index: int) -> None: ...

    def synchronize(self, device_index: int | None = None) -> None: ...

    def manual_seed(self, seed: int) -> None:
        torch.manual_seed(seed)

    def manual_seed_all(self, seed: int) -> None:
        torch.manual_seed(seed)

    def set_allocator_settings(self, settings: str) -> None: ...

    def empty_cache(self) -> None: ...

    def get_device_capability(self, device_index: int = 0) -> tuple[None, None]:
        return None, None

    def communication_backend_name(self) -> str:
        return "gloo"

    def visible_devices_envvar(self) -> str:
        return "CUDA_VISIBLE_DEVICES"

    @contextlib.contextmanager
    def nvtx_range(self, msg: str) -> Any:
        yield

    def profiler_start(self) -> None: ...

    def profiler_stop(self) -> None: ...

    def ray_resource_name(self) -> str:
        return "GPU"

    def ray_noset_envvars(self) -> list[str]:
        return []

    def is_ipc_supported(self) -> bool:
        return False

    def rollout_env_vars(self) -> dict[str, str]:
        return {}

    def get_collective_module(self) -> None:
        return None

    def cudart(self) -> None:
        return None


def _replica() -> type:
    from unswayed_verl_cpu.rollout import Replica

    return Replica


base._ROLLOUT_REGISTRY[(ROLLOUT, "async")] = "unswayed_verl_cpu.rollout.Adapter"
RolloutReplicaRegistry.register(ROLLOUT, _replica)

# torch refuses the "cpu:gloo,cpu:gloo" that verl makes of a CPU platform.
_start_group = verl.utils.distributed.initialize_global_process_group_ray


def _start_gloo(timeout_second: Any = None, backend: Any = None) -> Any:
    return _start_group(timeout_second=timeout_second, backend=backend or "gloo")


verl.utils.distributed.initialize_global_process_group_ray = _start_gloo


class _Unpinned(torch.distributed.fsdp.CPUOffloadPolicy):
    """verl keeps the reference's weights in pinned memory, which needs an accelerator."""

    def __init__(self, pin_memory: bool = False) -> None:
        super().__init__(pin_memory=False)


torch.distributed.fsdp.CPUOffloadPolicy = _Unpinned
