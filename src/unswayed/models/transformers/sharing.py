"""Work on a picture is done once for all the prompts that show it.

All variants of a sample show the same pictures. Preparing one (decoding, resizing, cutting into
patches) and encoding it (the vision tower) cost more than the text around it, so both are shared:
`SharedPreparation` stands in for the processor's image processor, `SharedEncoding` for the model's
`get_image_features`, the seam that every transformers VLM has. Both fall back to the plain call for
a layout whose pictures they cannot tell apart, so the numbers are the same either way.
"""

# torch and transformers are typed in part, so what comes from them is of unknown type here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.utils.generic import ModelOutput

_PER_PICTURE = ("image_grid_thw", "image_sizes")
"""Arguments of `get_image_features` that have an entry a picture, in every family."""

_LAYERS = "deepstack_features"
_UNDERSTOOD = {"last_hidden_state", "pooler_output", "hidden_states", "attentions", _LAYERS}


class SharedPreparation:
    """An image processor that prepares each distinct picture of a call once.

    Pictures are distinguished by object identity: the caller passes the same object for the same
    file.
    """

    def __init__(self, processor: Any) -> None:
        """Wrap an image processor; every other attribute is its own."""
        self._processor = processor

    def __getattr__(self, name: str) -> Any:
        """Pass on what is not ours."""
        if name == "_processor":  # asked for while a copy is being made, before it is there
            raise AttributeError(name)
        return getattr(self._processor, name)

    def __call__(self, images: Any = None, **options: Any) -> Any:
        """Prepare the pictures; the result is the same as the wrapped processor's."""
        flat = _flatten(images)
        unique, order = _distinct(flat)
        if len(unique) == len(flat):
            return self._processor(images=images, **options)
        prepared = self._processor(images=unique, **options)
        repeated = _repeat(prepared, order)
        return self._processor(images=images, **options) if repeated is None else repeated


@dataclass(frozen=True)
class _Features:
    """What the vision tower says of one picture.

    Attributes:
        pooled: (tokens, hidden) features that stand in the place of its tokens.
        layers: (tokens, hidden) further features, which later layers of the language model add.
    """

    pooled: torch.Tensor
    layers: tuple[torch.Tensor, ...]


class SharedEncoding:
    """`get_image_features` that encodes each distinct picture once, and remembers them.

    It bears the signature of the method that it stands in for: `generate()` of newer transformers
    hands over only the arguments that the signature names.

    Attributes:
        order: keys of the pictures of the coming call, in order; set by the caller.
        encoded: pictures that went through the vision tower so far.
    """

    def __init__(self, encode: Callable[..., Any]) -> None:
        """Wrap the model's bound method."""
        self._encode = encode
        self.__signature__ = inspect.signature(encode)
        self._features: dict[str, _Features] = {}
        self._output: type = BaseModelOutputWithPooling
        self._stacked = False  # some families return one tensor, others one tensor a picture
        self.order: list[str] = []
        self.encoded = 0

    def keep_only(self, keys: set[str]) -> None:
        """Forget the pictures that the coming batch does not show."""
        self._features = {key: value for key, value in self._features.items() if key in keys}

    def __call__(self, pixel_values: torch.Tensor, *args: Any, **options: Any) -> Any:
        """Return features for the pictures named in `order`, encoding the new ones only."""
        named = self._named(pixel_values, *args, **options)
        pieces = _pieces(pixel_values, named.get("image_grid_thw"), len(self.order))
        if pieces is None or not _told_apart(named, len(self.order)):
            return self._plain(pixel_values, *args, **options)
        new = [
            self.order.index(key) for key in dict.fromkeys(self.order) if key not in self._features
        ]
        if new and not self._encode_new(pieces, new, named):
            return self._plain(pixel_values, *args, **options)
        return self._joined([self._features[key] for key in self.order])

    def _named(self, pixel_values: torch.Tensor, *args: Any, **options: Any) -> dict[str, Any]:
        """Return all arguments but the pixels by their names."""
        given = self.__signature__.bind(pixel_values, *args, **options).arguments
        named: dict[str, Any] = {}
        for index, (name, value) in enumerate(given.items()):
            if self.__signature__.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                named |= value
            elif index:
                named[name] = value
        return named

    def _plain(self, pixel_values: torch.Tensor, *args: Any, **options: Any) -> Any:
        self.encoded += len(self.order)
        return self._encode(pixel_values, *args, **options)

    def _encode_new(
        self, pieces: list[torch.Tensor], new: list[int], named: dict[str, Any]
    ) -> bool:
        """Encode the pictures at the positions `new`; False if the result cannot be attributed."""
        pixels = torch.cat([pieces[index] for index in new])
        chosen = {name: named[name][new] for name in _PER_PICTURE if named.get(name) is not None}
        out = self._encode(pixels, **{**named, **chosen})
        features = _attributed(out, len(new))
        if features is None:
            return False
        if _LAYERS in out:
            self._output = type(out)
        self._stacked = isinstance(out.pooler_output, torch.Tensor)
        for index, one in zip(new, features, strict=True):
            self._features[self.order[index]] = one
        self.encoded += len(new)
        return True

    def _joined(self, features: list[_Features]) -> Any:
        pooled = [one.pooled for one in features]
        layers = zip(*(one.layers for one in features), strict=True)
        deep = {_LAYERS: joined} if (joined := [torch.cat(layer) for layer in layers]) else {}
        return self._output(
            pooler_output=torch.stack(pooled) if self._stacked else tuple(pooled), **deep
        )


def _told_apart(named: dict[str, Any], count: int) -> bool:
    """Whether it is known which part of each argument belongs to which picture.

    Masks of padded pixels or positions of patches are laid out otherwise in each family.
    """
    tensors = {name for name, value in named.items() if isinstance(value, torch.Tensor)}
    return tensors <= set(_PER_PICTURE) and all(len(named[name]) == count for name in tensors)


def _attributed(out: Any, count: int) -> list[_Features] | None:
    """Return what was found of each picture; None for a layout that is not understood."""
    pooled = getattr(out, "pooler_output", None)
    if not isinstance(out, ModelOutput) or pooled is None or len(pooled) != count:
        return None
    if set(out.keys()) - _UNDERSTOOD:
        return None
    layers = out.get(_LAYERS) or []
    sizes = [len(one) for one in pooled]
    if any(len(layer) != sum(sizes) for layer in layers):
        return None
    split = [torch.split(layer, sizes) for layer in layers]
    return [_Features(one, tuple(of[i] for of in split)) for i, one in enumerate(pooled)]


def _flatten(images: Any) -> list[Any]:
    if not isinstance(images, (list, tuple)):
        return [images]
    return [picture for item in images for picture in _flatten(item)]  # pyright: ignore[reportUnknownVariableType]


def _distinct(pictures: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """Return the distinct objects and, for each picture, its index among them."""
    places: dict[int, int] = {}
    unique: list[Any] = []
    order: list[int] = []
    for picture in pictures:
        if id(picture) not in places:
            places[id(picture)] = len(unique)
            unique.append(picture)
        order.append(places[id(picture)])
    return unique, order


def _repeat(prepared: Any, order: list[int]) -> Any:
    """Lay prepared pictures out once per use; None for a layout that is not understood."""
    pixels = prepared.get("pixel_values")
    grids = prepared.get("image_grid_thw")
    if set(prepared) - {"pixel_values", "image_grid_thw"} or not isinstance(pixels, torch.Tensor):
        return None
    pieces = _pieces(pixels, grids, max(order) + 1)
    if pieces is None:
        return None
    prepared["pixel_values"] = torch.cat([pieces[index] for index in order])
    if grids is not None:
        prepared["image_grid_thw"] = grids[order]
    return prepared


def _pieces(pixels: torch.Tensor, grids: Any, count: int) -> list[torch.Tensor] | None:
    """Split packed pixels into one piece a picture; None if the layout is not understood.

    Two layouts are: patches of all pictures in one row of length Σ t·h·w with their grids
    (count, 3) (the Qwen family), and one entry a picture, (count, channels, height, width).
    """
    if grids is not None:
        sizes = torch.as_tensor(grids).prod(-1).tolist()
        if len(sizes) != count or sum(sizes) != len(pixels):
            return None
        return list(torch.split(pixels, sizes))
    if pixels.ndim == 4 and len(pixels) == count:
        return list(torch.split(pixels, 1))
    return None
