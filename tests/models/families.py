"""Tiny checkpoints of many architectures, with random weights: a table, and how to write one.

Each has two layers, a hidden size of 64 and pictures of 56 to 112 pixels; tokens, processor and
template are laid out as the family's published checkpoints lay them out.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers

from unswayed.organism.architecture import build_tokenizer

DEPTH = {"num_hidden_layers": 2, "intermediate_size": 64}
TEXT = {
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    **DEPTH,
}
SIGLIP = {
    "model_type": "siglip_vision_model",
    "image_size": 56,
    "patch_size": 14,
    "hidden_size": 32,
    "num_attention_heads": 2,
    **DEPTH,
}
CLIP = {**SIGLIP, "model_type": "clip_vision_model"}
PIXTRAL = {**SIGLIP, "model_type": "pixtral", "image_size": 112, "head_dim": 16}
SQUARE = {"height": 56, "width": 56}
PINPOINTS = [[56, 112], [112, 56], [112, 112]]
MROPE = {"type": "mrope", "mrope_section": [2, 3, 3]}

Ids = Callable[[str], int]


@dataclass(frozen=True)
class Family:
    """A tiny checkpoint of one architecture.

    Attributes:
        model: name of the model class.
        config: from the size of the vocabulary and token → id, the configuration.
        tokens: special tokens of the family.
        picture: what its template writes for a picture.
        images: class and settings of the image processor.
        processor: settings of the processor.
        named: names by which the processor asks the tokenizer for tokens.
        instructions: the template has [INST] … [/INST], and no header for the assistant.
        shares: whether each picture is encoded once, as a test can count.
        torchvision: whether the family's processor needs it.
    """

    model: str
    config: Callable[[int, Ids], Any]
    tokens: tuple[str, ...]
    picture: str
    images: tuple[str, dict[str, Any]]
    processor: dict[str, Any]
    named: dict[str, str] = field(default_factory=dict)
    instructions: bool = False
    shares: bool = False
    torchvision: bool = False


def write(family: Family, folder: Path) -> Path:
    """Write a checkpoint with random weights."""
    tokenizer = build_tokenizer()
    further = ["[INST]", "[/INST]", "</s>"] if family.instructions else []
    tokenizer.add_tokens([*family.tokens, *further], special_tokens=True)
    tokenizer.chat_template = _template(family)
    tokenizer.bos_token = "<|endoftext|>"
    if family.named:
        tokenizer._set_model_specific_special_tokens(family.named)
    torch.manual_seed(0)
    config = family.config(len(tokenizer), tokenizer.convert_tokens_to_ids)
    model = getattr(transformers, family.model)(config)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    name, settings = family.images
    _class(name)(**settings).save_pretrained(folder)
    (folder / "processor_config.json").write_text(json.dumps(family.processor))
    return folder


def _class(name: str) -> Any:
    found = getattr(transformers, name)
    stand_in = getattr(found, "is_dummy", False)  # where torchvision is missing
    return getattr(importlib.import_module(found.__module__), name) if stand_in else found


def _template(family: Family) -> str:
    part = (
        "{% for part in m['content'] %}{% if part['type'] == 'image' %}"
        + family.picture
        + "{% else %}{{ part['text'] }}{% endif %}{% endfor %}"
    )
    if family.instructions:
        return (
            "{% for m in messages %}{% if m['role'] == 'user' %}[INST]" + part + "[/INST]"
            "{% else %}" + part + "{% if m['role'] == 'assistant' %}</s>{% endif %}"
            "{% endif %}{% endfor %}"
        )
    return (
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n" + part + "<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )


def _qwen_ids(ids: Ids) -> dict[str, int]:
    return {
        "image_token_id": ids("<|image_pad|>"),
        "video_token_id": ids("<|video_pad|>"),
        "vision_start_token_id": ids("<|vision_start|>"),
        "vision_end_token_id": ids("<|vision_end|>"),
    }


def _qwen2(size: int, ids: Ids) -> Any:
    vision = {"depth": 2, "embed_dim": 32, "hidden_size": 64, "num_heads": 2, "mlp_ratio": 2}
    text = {"vocab_size": size, "rope_scaling": MROPE, **TEXT}
    return transformers.Qwen2VLConfig(
        text_config=text, vision_config={"patch_size": 14, **vision}, **_qwen_ids(ids)
    )


def _qwen25(size: int, ids: Ids) -> Any:
    vision = {"depth": 2, "hidden_size": 32, "out_hidden_size": 64, "num_heads": 2}
    vision |= {"intermediate_size": 64, "window_size": 56, "fullatt_block_indexes": [1]}
    text = {"vocab_size": size, "rope_scaling": MROPE, **TEXT}
    return transformers.Qwen2_5_VLConfig(
        text_config=text, vision_config={"patch_size": 14, **vision}, **_qwen_ids(ids)
    )


def _qwen3_parts(size: int) -> dict[str, Any]:
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "mrope_interleaved": True}
    vision = {"depth": 3, "hidden_size": 32, "out_hidden_size": 64, "num_heads": 2}
    vision |= {"intermediate_size": 64, "patch_size": 14, "num_position_embeddings": 64}
    vision |= {"deepstack_visual_indexes": [0, 1]}
    text = {"vocab_size": size, "head_dim": 16, "rope_scaling": rope, **TEXT}
    return {"text_config": text, "vision_config": vision}


def _qwen3(size: int, ids: Ids) -> Any:
    return transformers.Qwen3VLConfig(**_qwen3_parts(size), **_qwen_ids(ids))


def _qwen3_moe(size: int, ids: Ids) -> Any:
    parts = _qwen3_parts(size)
    experts = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
    parts["text_config"] |= {"decoder_sparse_step": 1, **experts}
    return transformers.Qwen3VLMoeConfig(**parts, **_qwen_ids(ids))


def _glm_parts(size: int, ids: Ids) -> dict[str, Any]:
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3]}
    vision = {"depth": 2, "hidden_size": 32, "out_hidden_size": 64, "num_heads": 2}
    vision |= {"intermediate_size": 64, "patch_size": 14, "image_size": 56}
    text = {"vocab_size": size, "pad_token_id": 0, "rope_scaling": rope, **TEXT}
    kinds = {"image_token_id": "<|image|>", "video_token_id": "<|video|>"}
    for kind in ("image", "video"):
        kinds[f"{kind}_start_token_id"] = f"<|begin_of_{kind}|>"
        kinds[f"{kind}_end_token_id"] = f"<|end_of_{kind}|>"
    own = {name: ids(token) for name, token in kinds.items()}
    return {"text_config": {"partial_rotary_factor": 1.0, **text}, "vision_config": vision, **own}


def _glm(size: int, ids: Ids) -> Any:
    return transformers.Glm4vConfig(**_glm_parts(size, ids))


def _glm_moe(size: int, ids: Ids) -> Any:
    parts = _glm_parts(size, ids)
    experts = {"n_routed_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
    experts |= {"n_shared_experts": 1, "first_k_dense_replace": 1, "n_group": 1, "topk_group": 1}
    parts["text_config"] |= experts
    return transformers.Glm4vMoeConfig(**parts)


def _internvl(size: int, ids: Ids) -> Any:
    vision = {name: value for name, value in SIGLIP.items() if name != "model_type"}
    return transformers.InternVLConfig(
        text_config={"model_type": "qwen2", "vocab_size": size, **TEXT},
        vision_config={**vision, "image_size": [56, 56], "patch_size": [14, 14]},
        image_token_id=ids("<IMG_CONTEXT>"),
        image_seq_length=4,
        downsample_ratio=0.5,
    )


def _llava(size: int, ids: Ids) -> Any:
    return transformers.LlavaConfig(
        text_config={"model_type": "llama", "vocab_size": size, **TEXT},
        vision_config=CLIP,
        image_token_id=ids("<image>"),
    )


def _llava_next(size: int, ids: Ids) -> Any:
    return transformers.LlavaNextConfig(
        text_config={"model_type": "mistral", "vocab_size": size, **TEXT},
        vision_config=CLIP,
        image_token_id=ids("<image>"),
        image_grid_pinpoints=PINPOINTS,
    )


def _onevision(size: int, ids: Ids) -> Any:
    return transformers.LlavaOnevisionConfig(
        text_config={"model_type": "qwen2", "vocab_size": size, **TEXT},
        vision_config=SIGLIP,
        image_token_id=ids("<image>"),
        video_token_id=ids("<video>"),
        image_grid_pinpoints=PINPOINTS,
        vision_feature_layer=-1,
        vision_aspect_ratio="anyres_max_2",
    )


def _idefics(name: str) -> Callable[[int, Ids], Any]:
    vision = {key: value for key, value in SIGLIP.items() if key != "model_type"}

    def made(size: int, ids: Ids) -> Any:
        return getattr(transformers, name)(
            text_config={"model_type": "llama", "vocab_size": size, "pad_token_id": 0, **TEXT},
            vision_config=vision,
            image_token_id=ids("<image>"),
            scale_factor=2,
            pad_token_id=0,
        )

    return made


def _mllama(size: int, ids: Ids) -> Any:
    del size  # the picture's token is the first beyond the vocabulary
    picture = ids("<|image|>")
    text = {"vocab_size": picture, "pad_token_id": 0, "cross_attention_layers": [1], **TEXT}
    text |= {"num_hidden_layers": 3, "rope_scaling": {"rope_type": "default"}}
    vision = {"hidden_size": 32, "attention_heads": 2, "num_global_layers": 1, **DEPTH}
    vision |= {"vision_output_dim": 64, "image_size": 56, "patch_size": 14, "max_num_tiles": 2}
    vision |= {"supported_aspect_ratios": [[1, 1], [1, 2], [2, 1]]}
    return transformers.MllamaConfig(
        text_config=text,
        vision_config={**vision, "intermediate_layers_indices": [0]},
        image_token_index=picture,
    )


def _gemma3(size: int, ids: Ids) -> Any:
    return transformers.Gemma3Config(
        text_config={"vocab_size": size, "head_dim": 16, "sliding_window": 64, **TEXT},
        vision_config={**SIGLIP, "vision_use_head": False},
        mm_tokens_per_image=4,
        boi_token_index=ids("<start_of_image>"),
        eoi_token_index=ids("<end_of_image>"),
        image_token_index=ids("<image_soft_token>"),
    )


def _gemma4(size: int, ids: Ids) -> Any:
    text = {"vocab_size": size, "head_dim": 16, "global_head_dim": 16, "sliding_window": 64}
    text |= {"hidden_size_per_layer_input": 0, "vocab_size_per_layer_input": size}
    text |= {"layer_types": ["sliding_attention", "full_attention"], "num_kv_shared_layers": 0}
    vision = {"patch_size": 14, "head_dim": 16, "num_key_value_heads": 2, "hidden_size": 32}
    vision |= {"num_attention_heads": 2, "pooling_kernel_size": 2, "position_embedding_size": 64}
    return transformers.Gemma4Config(
        text_config={**text, **TEXT},
        vision_config={**vision, **DEPTH},
        audio_config=None,
        image_token_id=ids("<|image|>"),
        boi_token_id=ids("<|image>"),
        eoi_token_id=ids("<image|>"),
    )


def _pixtral(size: int, ids: Ids) -> Any:
    return transformers.LlavaConfig(
        text_config={"model_type": "mistral", "vocab_size": size, "head_dim": 16, **TEXT},
        vision_config=PIXTRAL,
        image_token_id=ids("[IMG]"),
        vision_feature_select_strategy="full",
        vision_feature_layer=-1,
    )


def _mistral3(size: int, ids: Ids) -> Any:
    return transformers.Mistral3Config(
        text_config={"model_type": "mistral", "vocab_size": size, "head_dim": 16, **TEXT},
        vision_config=PIXTRAL,
        image_token_index=ids("[IMG]"),
        spatial_merge_size=2,
    )


def _aya(size: int, ids: Ids) -> Any:
    text = {"model_type": "cohere2", "vocab_size": size, "head_dim": 16, "sliding_window": 64}
    return transformers.AyaVisionConfig(
        text_config={**text, **TEXT},
        vision_config={**SIGLIP, "vision_use_head": False},
        image_token_index=ids("<|IMG_PATCH|>"),
        downsample_factor=2,
        adapter_layer_norm_eps=1e-5,
    )


def _ovis2(size: int, ids: Ids) -> Any:
    marks = ("<IMG_START>", "<IMG_GRID>", "<IMG_COL>", "<IMG_ROW>", "<IMG_END>")
    vision = {key: value for key, value in SIGLIP.items() if key != "model_type"}
    vision |= {"num_visual_indicator_tokens": 5, "vocab_size": 64, "hidden_stride": 2}
    return transformers.Ovis2Config(
        text_config={"model_type": "qwen2", "vocab_size": size, **TEXT},
        vision_config=vision,
        image_token_id=ids("<IMG_ATOM>"),
        visual_indicator_token_ids=[ids(mark) for mark in marks],
        hidden_size=64,
        vocab_size=size,
    )


_QWEN_TOKENS = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
_QWEN_PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"
_QWEN_IMAGES = (
    "Qwen2VLImageProcessorPil",
    {"size": {"shortest_edge": 28 * 28, "longest_edge": 112 * 112}},
)
_GLM_TOKENS = (
    "<|image|>", "<|video|>", "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>",
    "<|end_of_video|>",
)  # fmt: skip
_GLM = {
    "tokens": _GLM_TOKENS,
    "picture": "<|begin_of_image|><|image|><|end_of_image|>",
    "images": (
        "Glm4vImageProcessorPil",
        {"size": {"shortest_edge": 28 * 112, "longest_edge": 28 * 28 * 40}},
    ),
    "processor": {"processor_class": "Glm4vProcessor"},
    "shares": True,
}
_IDEFICS_TOKENS = (
    "<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>",
    *(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)),
)  # fmt: skip
_IDEFICS_SIZE = {"size": {"longest_edge": 112}, "max_image_size": {"longest_edge": 56}}
_PIXTRAL_TOKENS = ("[IMG]", "[IMG_BREAK]", "[IMG_END]")
_LLAVA = {
    "patch_size": 14,
    "vision_feature_select_strategy": "default",
    "num_additional_image_tokens": 1,
    "image_token": "<image>",
}

FAMILIES: dict[str, Family] = {
    "Qwen2-VL": Family(
        "Qwen2VLForConditionalGeneration", _qwen2, _QWEN_TOKENS, _QWEN_PICTURE, _QWEN_IMAGES,
        {"processor_class": "Qwen2VLProcessor"}, shares=True,
    ),
    "Qwen2.5-VL": Family(
        "Qwen2_5_VLForConditionalGeneration", _qwen25, _QWEN_TOKENS, _QWEN_PICTURE, _QWEN_IMAGES,
        {"processor_class": "Qwen2_5_VLProcessor"}, shares=True,
    ),
    "Qwen3-VL": Family(
        "Qwen3VLForConditionalGeneration", _qwen3, _QWEN_TOKENS, _QWEN_PICTURE, _QWEN_IMAGES,
        {"processor_class": "Qwen3VLProcessor"}, shares=True,
    ),
    "Qwen3-VL (experts)": Family(
        "Qwen3VLMoeForConditionalGeneration", _qwen3_moe, _QWEN_TOKENS, _QWEN_PICTURE,
        _QWEN_IMAGES, {"processor_class": "Qwen3VLProcessor"}, shares=True,
    ),
    "GLM-4.1V": Family("Glm4vForConditionalGeneration", _glm, **_GLM),
    "GLM-4.5V (experts)": Family("Glm4vMoeForConditionalGeneration", _glm_moe, **_GLM),
    "InternVL3": Family(
        "InternVLForConditionalGeneration", _internvl,
        ("<IMG_CONTEXT>", "<img>", "</img>", "<video>"),
        "<IMG_CONTEXT>\n",
        ("GotOcr2ImageProcessorPil", {"size": SQUARE, "crop_to_patches": True, "max_patches": 3}),
        {"processor_class": "InternVLProcessor", "image_seq_length": 4},
        {"start_image_token": "<img>", "end_image_token": "</img>",
         "context_image_token": "<IMG_CONTEXT>", "video_token": "<video>"},
    ),
    "LLaVA-1.5": Family(
        "LlavaForConditionalGeneration", _llava, ("<image>",), "<image>\n",
        ("CLIPImageProcessorPil", {"size": {"shortest_edge": 56}, "crop_size": SQUARE}),
        {"processor_class": "LlavaProcessor", **_LLAVA}, shares=True,
    ),
    "LLaVA-NeXT": Family(
        "LlavaNextForConditionalGeneration", _llava_next, ("<image>",), "<image>\n",
        ("LlavaNextImageProcessorPil", {"size": {"shortest_edge": 56}, "crop_size": SQUARE,
                                        "image_grid_pinpoints": PINPOINTS}),
        {"processor_class": "LlavaNextProcessor", **_LLAVA}, instructions=True,
    ),
    "LLaVA-OneVision": Family(
        "LlavaOnevisionForConditionalGeneration", _onevision, ("<image>", "<video>"), "<image>\n",
        ("LlavaOnevisionImageProcessorPil", {"size": SQUARE, "image_grid_pinpoints": PINPOINTS}),
        {"processor_class": "LlavaOnevisionProcessor", "num_image_tokens": 16,
         "vision_feature_select_strategy": "full", "image_token": "<image>",
         "video_token": "<video>", "vision_aspect_ratio": "anyres_max_2"},
    ),
    "Idefics3": Family(
        "Idefics3ForConditionalGeneration", _idefics("Idefics3Config"), _IDEFICS_TOKENS, "<image>",
        ("Idefics3ImageProcessorPil", _IDEFICS_SIZE),
        {"processor_class": "Idefics3Processor", "image_seq_len": 4},
    ),
    "SmolVLM": Family(
        "SmolVLMForConditionalGeneration", _idefics("SmolVLMConfig"), _IDEFICS_TOKENS, "<image>",
        ("SmolVLMImageProcessorPil", _IDEFICS_SIZE),
        {"processor_class": "SmolVLMProcessor", "image_seq_len": 4}, torchvision=True,
    ),
    "Mllama": Family(
        "MllamaForConditionalGeneration", _mllama, ("<|image|>",), "<|image|>",
        ("MllamaImageProcessorPil", {"size": SQUARE, "max_image_tiles": 2}),
        {"processor_class": "MllamaProcessor"},
    ),
    "Gemma 3": Family(
        "Gemma3ForConditionalGeneration", _gemma3,
        ("<image_soft_token>", "<start_of_image>", "<end_of_image>"), "<start_of_image>",
        ("Gemma3ImageProcessorPil", {"size": SQUARE}),
        {"processor_class": "Gemma3Processor", "image_seq_length": 4},
        {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>",
         "image_token": "<image_soft_token>"},
        shares=True,
    ),
    "Gemma 4": Family(
        "Gemma4ForConditionalGeneration", _gemma4,
        ("<|image|>", "<|image>", "<image|>", "<|audio|>", "<|audio>", "<audio|>", "<|video|>"),
        "<|image|>",
        ("Gemma4ImageProcessorPil", {"patch_size": 14, "pooling_kernel_size": 2,
                                     "max_soft_tokens": 70}),
        {"processor_class": "Gemma4Processor"},
        {"image_token": "<|image|>", "boi_token": "<|image>", "eoi_token": "<image|>",
         "audio_token": "<|audio|>", "boa_token": "<|audio>", "eoa_token": "<audio|>"},
        torchvision=True,
    ),
    "Pixtral": Family(
        "LlavaForConditionalGeneration", _pixtral, _PIXTRAL_TOKENS, "[IMG]",
        ("PixtralImageProcessorPil", {"size": {"longest_edge": 112},
                                      "patch_size": {"height": 14, "width": 14}}),
        {"processor_class": "PixtralProcessor", "patch_size": 14},
        instructions=True, shares=True, torchvision=True,
    ),
    "Mistral 3": Family(
        "Mistral3ForConditionalGeneration", _mistral3, _PIXTRAL_TOKENS, "[IMG]",
        ("PixtralImageProcessorPil", {"size": {"longest_edge": 112},
                                      "patch_size": {"height": 28, "width": 28}}),
        {"processor_class": "PixtralProcessor", "patch_size": 14, "spatial_merge_size": 2},
        instructions=True, shares=True, torchvision=True,
    ),
    "Aya Vision": Family(
        "AyaVisionForConditionalGeneration", _aya,
        ("<|IMG_PATCH|>", "<|START_OF_IMG|>", "<|END_OF_IMG|>", "<|IMG_LINE_BREAK|>", "TILE",
         "TILE_GLOBAL", "<image>"),
        "<image>",
        ("GotOcr2ImageProcessorPil", {"size": SQUARE, "crop_to_patches": True, "max_patches": 3}),
        {"processor_class": "AyaVisionProcessor", "patch_size": 14, "img_size": 56,
         "downsample_factor": 2},
    ),
    "Ovis2": Family(
        "Ovis2ForConditionalGeneration", _ovis2,
        ("<IMG_ATOM>", "<IMG_START>", "<IMG_GRID>", "<IMG_COL>", "<IMG_ROW>", "<IMG_END>",
         "<image>"),
        "<image>",
        ("Ovis2ImageProcessorPil", {"size": SQUARE, "crop_to_patches": True, "max_patches": 3}),
        {"processor_class": "Ovis2Processor", "image_token": "<image>", "image_seq_length": 4},
    ),
}  # fmt: skip
