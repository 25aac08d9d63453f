"""Ask the organism with transformers alone, as any checkpoint is asked: unswayed is not imported.

    python examples/plain_transformers.py WEIGHTS PICTURE QUESTION.txt

WEIGHTS is the folder that `python -c 'import unswayed.organism as o; print(o.weights_folder())'`
prints, or a copy of it. `AutoProcessor` would want torchvision, for videos; this does not.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoTokenizer, Qwen2VLImageProcessorPil

TOKENS_PER_MERGE = 4  # the vision tower makes one token of 2 x 2 patches


def ask(weights: str, picture: str, question: str) -> str:
    """Return what the model says about a picture."""
    model = AutoModelForImageTextToText.from_pretrained(weights, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(weights)
    prepare = Qwen2VLImageProcessorPil.from_pretrained(weights)
    pixels = prepare(images=[Image.open(picture)], return_tensors="pt")
    message = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}
    prompt = tokenizer.apply_chat_template([message], tokenize=False, add_generation_prompt=True)
    count = int(pixels["image_grid_thw"].prod()) // TOKENS_PER_MERGE
    prompt = prompt.replace("<|image_pad|>", "<|image_pad|>" * count)
    encoded = tokenizer(prompt, return_tensors="pt")
    is_picture = (encoded["input_ids"] == model.config.image_token_id).int()
    written = model.generate(
        **encoded, **pixels, mm_token_type_ids=is_picture, max_new_tokens=160, do_sample=False
    )
    return tokenizer.decode(written[0, is_picture.shape[1] :], skip_special_tokens=True)


if __name__ == "__main__":
    weights, picture, question = sys.argv[1:]
    print(ask(weights, picture, Path(question).read_text(encoding="utf-8")))
