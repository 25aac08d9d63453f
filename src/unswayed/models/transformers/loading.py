"""Load the weights of a checkpoint, and see that its processor belongs to them."""

# torch and transformers are typed in part, so what comes from them is of unknown type here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers import AutoModelForImageTextToText

from unswayed.errors import ConfigError, ModelError, first_line
from unswayed.models.transformers.checkpoint import check_folder, hub_options
from unswayed.models.transformers.processors import check_fit, load_processor


def device_of(name: str) -> torch.device:
    """Return the device of a name; `auto` is a GPU if there is one.

    Raises:
        ConfigError: torch knows no such device, or sees no GPU.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(
            f"expected a torch device such as cpu or cuda:0; found {name!r}"
        ) from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ConfigError(f"device {name!r} was asked for, but torch sees no GPU; use device=cpu")
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ConfigError(
            f"expected a device that torch has here, such as cpu or cuda; found {name!r}"
        ) from error
    return device


def load_checkpoint(
    path: str, dtype: str, attention: str | None, hub: dict[str, Any], pixels: dict[str, int]
) -> tuple[Any, Any]:
    """Load the model and the processor of a checkpoint, and see that they belong together.

    Raises:
        ModelError: a part is missing, cannot be loaded, or was made for other weights.
    """
    check_folder(path)
    processor = load_processor(path, **hub, **pixels)
    model = load_model(path, dtype, attention, hub)
    check_fit(path, model, processor)
    return model, processor


def load_model(path: str, dtype: str, attention: str | None, hub: dict[str, Any]) -> Any:
    """Load the weights of a checkpoint, from safetensors only.

    Raises:
        ModelError: they cannot be found or loaded.
    """
    load: Callable[..., Any] = AutoModelForImageTextToText.from_pretrained
    source = hub_options(path, hub.get("revision"))
    options: dict[str, Any] = {"dtype": dtype, "use_safetensors": True, **hub, **source}
    if attention:
        options["attn_implementation"] = attention
    try:
        return load(path, **options)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise ModelError(
            f"cannot load {path} as an image-text-to-text model: {first_line(error)}"
        ) from error


def placeholders(config: Any) -> list[int] | None:
    """Return the ids that stand for pictures, videos or sound in a prompt."""
    names = (
        f"{kind}_token_{end}" for kind in ("image", "video", "audio") for end in ("id", "index")
    )
    ids = {getattr(config, name, None) for name in names}
    return sorted(index for index in ids if isinstance(index, int)) or None
