"""What a checkpoint and its prompts must be like for verl, looked at before Ray starts."""

# verl and transformers are typed in part or not installed beside the other engine.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingImports=false
from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Sequence
from typing import Any

from unswayed.errors import ConfigError, ModelError
from unswayed.run.pictures import picture_size
from unswayed.training.data import TrainingPrompt
from unswayed.training.parents import files_of
from unswayed.training.start import Start
from unswayed.types import ImageRef

_TAGGED = "<think>It is A.</think><answer>A</answer>"


def limits_of(processor: Any) -> tuple[int, int]:
    """Return the least and the most pixels that a processor resizes a picture to.

    Raises:
        ModelError: the processor does not say.
    """
    size = processor.image_processor.size
    least, most = size["shortest_edge"], size["longest_edge"]
    if not least or not most:
        raise ModelError(
            "expected an image processor with limits in pixels, as those of Qwen-VL have; found "
            f"{type(processor.image_processor).__name__}, whose pictures verl would resize"
        )
    return int(least), int(most)


def check_lengths(made: Sequence[TrainingPrompt], processor: Any, most: int) -> None:
    """Refuse prompts that are too long: verl would fail on them one by one, hours later."""
    lengths = [length_of(prompt, processor) for prompt in made]
    long = sum(length > most for length in lengths)
    if long:
        at = max(range(len(made)), key=lengths.__getitem__)
        raise ConfigError(
            f"expected prompts of at most verl.max_prompt_length = {most} tokens, found {long} of "
            f"{len(made)} that are longer, up to {lengths[at]} ({made[at].variant.sample.id}); "
            "raise it, or limit the pictures with the model's max_pixels"
        )


def length_of(prompt: TrainingPrompt, processor: Any) -> int:
    """Return how many tokens a prompt has, its pictures counted by their size alone."""
    parts = [{"type": "image"} for _ in prompt.images] + [{"type": "text", "text": prompt.user}]
    chat: list[dict[str, Any]] = [{"role": "user", "content": parts}]
    if prompt.system:
        chat.insert(0, {"role": "system", "content": prompt.system})
    if prompt.variant.prefill:
        chat.append({"role": "assistant", "content": prompt.variant.prefill})
    text = processor.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    length = len(processor.tokenizer(text, add_special_tokens=False)["input_ids"])
    image = processor.image_processor
    for file in prompt.images:
        width, height = picture_size(ImageRef(path=str(file)))
        patches = image.get_number_of_image_patches(height, width, {})
        length += patches // image.merge_size**2 - 1
    return length


def check_reading(start: Start, processor: Any) -> None:
    """Require that verl reads pictures and the tags of a thought with this checkpoint.

    Raises:
        ModelError: it does not.
    """
    check_code(start)
    tokenizer = processor.tokenizer
    ids = tokenizer.encode(_TAGGED, add_special_tokens=False)
    text = tokenizer.decode(ids, skip_special_tokens=True)
    if text != _TAGGED:
        raise ModelError(
            f"verl drops special tokens before it scores, and the tokenizer of {start.path} makes "
            f"{text!r} of {_TAGGED!r}; use a tokenizer whose tags are not special"
        )
    with contextlib.redirect_stdout(sys.stderr):
        from verl.utils import hf_processor

        options = {"trust_remote_code": bool(start.hub.get("trust_remote_code"))}
        theirs = hf_processor(start.path, **options)
    if theirs is None:
        raise ModelError(
            f"verl cannot load the processor of {start.path} and would train without pictures; "
            "install torchvision, or use a family that verl knows (its warning is above)"
        )


def check_code(start: Start) -> None:
    """Refuse a checkpoint with code of its own unless it is trusted: verl runs a tokenizer's.

    Raises:
        ModelError: it has some, and `trust_remote_code` is not set.
    """
    config = files_of(start.path) / "tokenizer_config.json"
    tokenizer_config = json.loads(config.read_text("utf-8")) if config.is_file() else {}
    if "auto_map" in tokenizer_config and not start.hub.get("trust_remote_code"):
        raise ModelError(
            f"the tokenizer of {start.path} is code of its own, which verl runs without asking; "
            "read it, and add trust_remote_code=true to the model if you trust it"
        )
