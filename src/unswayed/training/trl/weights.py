"""A model's weights by name, with low-rank adapters added in."""

# torch and peft are typed in part, so what comes from them is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

from typing import Any


def weights_of(model: Any) -> dict[str, Any]:
    """Return a model's weights by name; low-rank adapters are added in."""
    return merged(model.get_base_model()) if hasattr(model, "peft_config") else model.state_dict()


def merged(base: Any) -> dict[str, Any]:
    """Return a model's weights with its low-rank adapters added in; the model stays as it is."""
    weights = {name: value for name, value in base.state_dict().items() if ".lora_" not in name}
    adapted = {name: part for name, part in base.named_modules() if hasattr(part, "lora_A")}
    for name, part in adapted.items():
        delta = sum(part.get_delta_weight(adapter) for adapter in part.active_adapters)
        key = f"{name}.base_layer.weight"
        weights[key] = weights[key] + delta
    return {name.replace(".base_layer.", "."): value for name, value in weights.items()}
