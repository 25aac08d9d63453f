"""The stand-in for `get_image_features` looks like it from outside."""

from __future__ import annotations

import inspect

import torch
from transformers.modeling_outputs import BaseModelOutputWithPooling

from unswayed.models.transformers.sharing import SharedEncoding


class _Encoder:
    def get_image_features(self, pixel_values, image_grid_thw=None):
        sizes = image_grid_thw.prod(-1).tolist()
        pieces = torch.split(pixel_values, sizes)
        return BaseModelOutputWithPooling(pooler_output=tuple(p.sum(0) for p in pieces))


def test_it_bears_the_signature_of_the_method_that_it_stands_in_for():
    shared = SharedEncoding(_Encoder().get_image_features)
    assert list(inspect.signature(shared).parameters) == ["pixel_values", "image_grid_thw"]


def test_a_caller_that_passes_only_named_arguments_passes_the_grids():
    """As `generate()` of transformers 5.18 and later does."""
    shared = SharedEncoding(_Encoder().get_image_features)
    shared.order = ["one", "two", "one"]
    grids = torch.tensor([[1, 1, 2], [1, 2, 2], [1, 1, 2]])
    pixels = torch.cat([torch.ones(2, 3), 2 * torch.ones(4, 3), torch.ones(2, 3)])
    given = {"pixel_values": pixels, "image_grid_thw": grids, "text": "not an argument of it"}
    names = inspect.signature(shared).parameters
    out = shared(**{name: value for name, value in given.items() if name in names})
    assert [features[0].item() for features in out.pooler_output] == [2.0, 8.0, 2.0]
    assert shared.encoded == 2
