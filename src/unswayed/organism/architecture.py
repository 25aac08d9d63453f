"""The organism's shape: a stock Qwen2.5-VL of 1.7 million parameters, its words, its eyes.

Everything here is what transformers ships: `Qwen2_5_VLForConditionalGeneration`, a byte-level
fast tokenizer and the Qwen2-VL picture processor. A folder written by `write_checkpoint` loads
with plain `AutoModelForImageTextToText.from_pretrained` and `AutoTokenizer.from_pretrained`.

torch and transformers are imported when a function needs them, never with the package.
"""

# torch and transformers leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unswayed.answers import TAGS
from unswayed.errors import ModelError
from unswayed.organism import vocabulary

if TYPE_CHECKING:
    from transformers import (
        PreTrainedTokenizerFast,
        Qwen2_5_VLForConditionalGeneration,
    )

PICTURE_SIZE = 112
"""Side of a scene in pixels; larger pictures are scaled down to about this area."""
PATCH = 14
MERGE = 2
CELLS = PICTURE_SIZE // (PATCH * MERGE)
"""Picture tokens per side: a scene is CELLS × CELLS tokens."""
PICTURE_MEAN = (0.48145466, 0.4578275, 0.40821073)
PICTURE_STD = (0.26862954, 0.26130258, 0.27577711)

WEIGHTS = "model.safetensors"
"""File of a checkpoint's weights."""

SPLIT_PATTERN = r"'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\n|\s"

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{%- if message['content'] is string -%}{{ message['content'] }}"
    "{%- else -%}{%- for part in message['content'] -%}"
    "{%- if part['type'] in ('image', 'image_url') or 'image' in part -%}"
    "{{ '<|vision_start|><|image_pad|><|vision_end|>' }}"
    "{%- elif 'text' in part -%}{{ part['text'] }}{%- endif -%}"
    "{%- endfor -%}{%- endif -%}"
    "{{ '<|im_end|>\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}"
)


@dataclass(frozen=True)
class OrganismShape:
    """Sizes of the two transformers.

    Attributes:
        hidden: width of the language model.
        layers: its depth.
        heads: its attention heads; `hidden / heads` must be a multiple of 8.
        inner: width of its feed-forward layers.
        vision_hidden: width of the vision transformer.
        vision_layers: its depth.
        vision_heads: its attention heads.
        vision_inner: width of its feed-forward layers.
        theta: base of the rotary positions.
        init_std: standard deviation of the initial weights of the language model. Large on
            purpose: with .02 the look-up from option to letter is found many times later.
        vision_init_std: the same for the vision transformer.
    """

    hidden: int = 128
    layers: int = 6
    heads: int = 4
    inner: int = 256
    vision_hidden: int = 96
    vision_layers: int = 3
    vision_heads: int = 4
    vision_inner: int = 192
    theta: float = 10_000.0
    init_std: float = 0.08
    vision_init_std: float = 0.05


DEFAULT_SHAPE = OrganismShape()


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Build the tokenizer: whole known words, bytes for all else, so any text can be encoded."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    texts = [
        *vocabulary.SPECIAL,
        *sorted(pre_tokenizers.ByteLevel.alphabet()),
        *(_byte_form(text, byte_level) for text in vocabulary.token_texts()),
    ]
    vocab = {text: index for index, text in enumerate(dict.fromkeys(texts))}
    core = Tokenizer(models.BPE(vocab=vocab, merges=[], ignore_merges=True))
    split = pre_tokenizers.Split(Regex(SPLIT_PATTERN), "isolated")
    core.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])  # pyright: ignore[reportAttributeAccessIssue]
    core.decoder = decoders.ByteLevel()  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=list(vocabulary.SPECIAL[1:]),
        model_max_length=4096,
        clean_up_tokenization_spaces=False,
    )
    # ordinary tokens, so that decoding keeps them
    tags: Any = [AddedToken(tag, special=False, normalized=False) for tag in TAGS]
    tokenizer.add_tokens(tags)
    tokenizer.padding_side = "left"
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def build_model(
    tokenizer: PreTrainedTokenizerFast, seed: int = 0, shape: OrganismShape = DEFAULT_SHAPE
) -> Qwen2_5_VLForConditionalGeneration:
    """Build the model with fresh float32 weights that depend on the seed alone.

    Args:
        tokenizer: gives the vocabulary size and the ids of the control tokens.
        seed: of the weights; torch's global generator is left as it was.
        shape: sizes of the two transformers.
    """
    import torch
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen2_5_VLForConditionalGeneration(
            Qwen2_5_VLConfig(**_settings(tokenizer, shape))
        ).float()
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                std = shape.vision_init_std if "visual" in name else shape.init_std
                torch.nn.init.normal_(weight, std=std)
    model.generation_config.eos_token_id = _token_id(tokenizer, "<|im_end|>")
    model.generation_config.pad_token_id = _token_id(tokenizer, "<|endoftext|>")
    model.generation_config.bos_token_id = None
    return model.eval()


def load_weights(model: Qwen2_5_VLForConditionalGeneration, folder: Path) -> None:
    """Give a model the weights of a checkpoint of the organism.

    Args:
        model: of the shape that the checkpoint has.
        folder: the checkpoint.

    Raises:
        ModelError: it cannot be loaded, or its weights have other names or shapes.
    """
    from unswayed.models.transformers.loading import load_model

    stored = load_model(str(folder), "float32", None, {}).state_dict()
    try:
        model.load_state_dict(stored)
    except RuntimeError as error:
        raise ModelError(
            f"expected a checkpoint of the organism in {folder}, found other weights; name the "
            "folder of one"
        ) from error


def write_checkpoint(
    folder: Path,
    model: Qwen2_5_VLForConditionalGeneration,
    tokenizer: PreTrainedTokenizerFast,
    dtype: str = "bfloat16",
) -> Path:
    """Write everything that `from_pretrained` and a server need to load the model.

    Args:
        folder: made if missing; files in it are replaced.
        model: its weights are copied, not changed.
        tokenizer: the one that the model was built for.
        dtype: `bfloat16` or `float32`, how the weights are stored.
    """
    import torch
    from transformers import Qwen2_5_VLForConditionalGeneration

    folder.mkdir(parents=True, exist_ok=True)
    stored = Qwen2_5_VLForConditionalGeneration(model.config)
    stored.load_state_dict(model.state_dict())
    stored.generation_config = model.generation_config
    torch.nn.Module.to(stored, dtype=getattr(torch, dtype))
    stored.save_pretrained(folder)
    # Whoever encoded a padded batch with it left that setting behind.
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.save_pretrained(folder)
    picture = {
        **_picture_settings(),
        "image_processor_type": "Qwen2VLImageProcessor",
        "processor_class": "Qwen2_5_VLProcessor",
    }
    video = {
        **_picture_settings(),
        "video_processor_type": "Qwen2VLVideoProcessor",
        "processor_class": "Qwen2_5_VLProcessor",
    }
    _write_json(folder / "preprocessor_config.json", picture)
    _write_json(folder / "video_preprocessor_config.json", video)
    return folder


def write_tiny_checkpoint(folder: Path, seed: int = 0) -> Path:
    """Write an untrained organism in float32: the model that knows nothing, for tests.

    Args:
        folder: made if missing.
        seed: of the weights.
    """
    tokenizer = build_tokenizer()
    return write_checkpoint(folder, build_model(tokenizer, seed), tokenizer, dtype="float32")


def _settings(tokenizer: PreTrainedTokenizerFast, shape: OrganismShape) -> dict[str, Any]:
    half = shape.hidden // shape.heads // 2
    side = half * 3 // 8
    pad, end = _token_id(tokenizer, "<|endoftext|>"), _token_id(tokenizer, "<|im_end|>")
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": shape.hidden,
        "intermediate_size": shape.inner,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "max_position_embeddings": 4096,
        "rms_norm_eps": 1e-6,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": shape.theta,
            "mrope_section": [half - 2 * side, side, side],
        },
        "bos_token_id": pad,
        "eos_token_id": end,
        "pad_token_id": pad,
        "tie_word_embeddings": True,
    }
    vision = {
        "depth": shape.vision_layers,
        "hidden_size": shape.vision_hidden,
        "intermediate_size": shape.vision_inner,
        "num_heads": shape.vision_heads,
        "out_hidden_size": shape.hidden,
        "patch_size": PATCH,
        "spatial_merge_size": MERGE,
        "temporal_patch_size": 2,
        "window_size": PICTURE_SIZE,
        "fullatt_block_indexes": list(range(shape.vision_layers)),
    }
    ids = {
        "image_token_id": "<|image_pad|>",
        "video_token_id": "<|video_pad|>",
        "vision_start_token_id": "<|vision_start|>",
        "vision_end_token_id": "<|vision_end|>",
    }
    tokens = {name: _token_id(tokenizer, token) for name, token in ids.items()}
    return {"text_config": text, "vision_config": vision, "tie_word_embeddings": True, **tokens}


def _picture_settings() -> dict[str, Any]:
    return {
        "min_pixels": (2 * PATCH * MERGE) ** 2,
        "max_pixels": PICTURE_SIZE**2,
        "patch_size": PATCH,
        "temporal_patch_size": 2,
        "merge_size": MERGE,
        "image_mean": list(PICTURE_MEAN),
        "image_std": list(PICTURE_STD),
    }


def _token_id(tokenizer: PreTrainedTokenizerFast, token: str) -> int:
    token_id = tokenizer.convert_tokens_to_ids(token)
    if not isinstance(token_id, int):
        raise ModelError(f"expected one id for the token {token!r}, found {token_id!r}")
    return token_id


def _byte_form(text: str, byte_level: Any) -> str:
    """Spell a text in the alphabet that byte-level tokenizers store their vocabulary in."""
    return "".join(piece for piece, _ in byte_level.pre_tokenize_str(text))


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
