"""A forward pass for training: the stock model's weights and mathematics, fewer and larger steps.

transformers' own forward pass loops over pictures, rebuilds masks and rotary tables in every
layer, and keeps the positions of every row apart. Training rows all begin with one picture of the
same size, so that all of that can be shared. The numbers are the same (a test compares them in
float32); nothing of this is needed, or used, to run the model.
"""

# torch and transformers leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from unswayed.organism.architecture import CELLS, MERGE, PATCH, PICTURE_MEAN, PICTURE_STD

PICTURE_TOKENS = CELLS * CELLS
PICTURE_START = 4
"""Position of the first picture token: after `<|im_start|>`, `user`, a line break, and the
opening token of a picture."""


def patches(pictures: Tensor) -> Tensor:
    """Normalise pictures and cut them into the patches that the vision transformer reads.

    Args:
        pictures: (pictures, 112, 112, 3) uint8.

    Returns:
        (pictures, 64, 588) float32: patches in the order of the merged 2 × 2 blocks, one frame.
    """
    mean, std = (torch.tensor(x, device=pictures.device) for x in (PICTURE_MEAN, PICTURE_STD))
    pixels = (pictures.float() / 255 - mean) / std
    count, side = pixels.shape[0], CELLS
    blocks = pixels.reshape(count, side, MERGE, PATCH, side, MERGE, PATCH, 3)
    ordered = blocks.permute(0, 1, 4, 2, 5, 7, 3, 6)
    return ordered.reshape(count, side * side * MERGE * MERGE, -1)


def picture_features(model: Any, cut: Tensor, dtype: torch.dtype) -> Tensor:
    """Run the vision transformer.

    Args:
        model: a `Qwen2_5_VLForConditionalGeneration`.
        cut: from `patches`.
        dtype: of the matrix products; the residual stream stays in float32.

    Returns:
        (pictures, 16, hidden) float32, row by row.
    """
    visual = model.model.visual
    kernel = visual.patch_embed.proj.weight
    # A still picture is shown as two equal frames, so their two kernels may be summed first.
    flat = kernel.sum(dim=2).flatten(1)
    hidden = functional.linear(cut.to(dtype), flat.to(dtype)).float()
    heads = visual.blocks[0].attn.num_heads
    width = hidden.shape[-1] // heads
    cos, sin = _picture_rotation(width, dtype, hidden.device)
    for block in visual.blocks:
        normed = _norm(hidden, block.norm1).to(dtype)
        qkv = _linear(normed, block.attn.qkv, dtype)
        query, key, value = qkv.unflatten(-1, (3, heads, width)).permute(2, 0, 3, 1, 4)
        mixed = _attend(_rotate(query, cos, sin), _rotate(key, cos, sin), value, None)
        hidden = hidden + _linear(mixed, block.attn.proj, dtype)
        hidden = hidden + _gated(_norm(hidden, block.norm2).to(dtype), block.mlp, dtype)
    merger = visual.merger
    merged = _norm(hidden, merger.ln_q).to(dtype).reshape(cut.shape[0], PICTURE_TOKENS, -1)
    inner = functional.gelu(_linear(merged, merger.mlp[0], dtype))
    return _linear(inner, merger.mlp[2], dtype).float()


def text_states(model: Any, ids: Tensor, features: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Run the language model over right-padded rows.

    Args:
        model: a `Qwen2_5_VLForConditionalGeneration`.
        ids: (rows, length) token ids; with pictures, every row has its picture at PICTURE_START.
        features: from `picture_features`, one per row; None for rows without a picture.
        dtype: of the matrix products; the residual stream stays in float32.

    Returns:
        (rows, length, hidden) float32, after the final norm.
    """
    language = model.model.language_model
    hidden = language.embed_tokens(ids)
    if features is not None:
        end = PICTURE_START + PICTURE_TOKENS
        hidden = torch.cat([hidden[:, :PICTURE_START], features, hidden[:, end:]], dim=1)
    config = model.config.text_config
    heads = config.num_attention_heads
    width = config.hidden_size // heads
    cos, sin = _text_rotation(
        ids.shape[1],
        features is not None,
        width,
        float(config.rope_parameters["rope_theta"]),
        tuple(config.rope_parameters["mrope_section"]),
        dtype,
        ids.device,
    )
    mask = _causal(ids.shape[1], dtype, ids.device)
    for layer in language.layers:
        normed = _norm(hidden, layer.input_layernorm).to(dtype)
        attention = layer.self_attn
        query, key, value = (
            _linear(normed, part, dtype).unflatten(-1, (heads, width)).transpose(1, 2)
            for part in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        mixed = _attend(_rotate(query, cos, sin), _rotate(key, cos, sin), value, mask)
        hidden = hidden + _linear(mixed, attention.o_proj, dtype)
        normed = _norm(hidden, layer.post_attention_layernorm).to(dtype)
        hidden = hidden + _gated(normed, layer.mlp, dtype)
    return _norm(hidden, language.norm)


def _linear(x: Tensor, part: Any, dtype: torch.dtype) -> Tensor:
    bias = None if part.bias is None else part.bias.to(dtype)
    return functional.linear(x, part.weight.to(dtype), bias)


def _gated(x: Tensor, part: Any, dtype: torch.dtype) -> Tensor:
    gate = functional.silu(_linear(x, part.gate_proj, dtype))
    return _linear(gate * _linear(x, part.up_proj, dtype), part.down_proj, dtype)


def _norm(x: Tensor, part: Any) -> Tensor:
    return functional.rms_norm(x, (x.shape[-1],), part.weight, part.variance_epsilon)


def _attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    # Scaling the query instead of the scores touches a third of the numbers.
    scores = query * query.shape[-1] ** -0.5 @ key.transpose(-1, -2)
    if mask is not None:
        scores = scores + mask
    mixed = torch.softmax(scores, dim=-1) @ value
    return mixed.transpose(1, 2).flatten(2)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


@cache
def _causal(length: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.full((length, length), -1e9, dtype=dtype, device=device).triu(1)


@cache
def _picture_rotation(
    width: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Rotary tables of the 8 × 8 patches, in the order of the merged blocks."""
    side = CELLS * MERGE
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    order = [
        grid.reshape(CELLS, MERGE, CELLS, MERGE).permute(0, 2, 1, 3).flatten()
        for grid in (rows, columns)
    ]
    half = width // 2
    frequency = 1.0 / 10_000.0 ** (torch.arange(0, half, 2).float() / half)
    angles = torch.cat([place[:, None].float() * frequency for place in order], dim=-1)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos().to(device, dtype), angles.sin().to(device, dtype)


@cache
def _text_rotation(
    length: int,
    picture: bool,
    width: int,
    theta: float,
    sections: tuple[int, ...],
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """Rotary tables of a row: one picture at PICTURE_START, text around it."""
    places = torch.stack([_places(length, picture, axis) for axis in range(3)]).float()
    frequency = 1.0 / theta ** (torch.arange(0, width, 2).float() / width)
    angles = places[:, :, None] * frequency
    parts = angles.split(list(sections), dim=-1)
    mixed = torch.cat([part[axis] for axis, part in enumerate(parts)], dim=-1)
    mixed = torch.cat([mixed, mixed], dim=-1)
    return mixed.cos().to(device, dtype), mixed.sin().to(device, dtype)


def _places(length: int, picture: bool, axis: int) -> Tensor:
    """Positions along one axis: 0 time, 1 height, 2 width."""
    if not picture:
        return torch.arange(length)
    cell = torch.arange(PICTURE_TOKENS)
    inside = (torch.zeros_like(cell), cell // CELLS, cell % CELLS)[axis] + PICTURE_START
    before = torch.arange(PICTURE_START)
    after = torch.arange(length - PICTURE_START - PICTURE_TOKENS) + PICTURE_START + CELLS
    return torch.cat([before, inside, after])
