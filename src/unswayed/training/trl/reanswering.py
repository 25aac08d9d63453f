"""Second answers: the policy reads its own thought once more, with the options shuffled.

One forward pass a batch; nothing is generated. The term `reanswer` says what it is for.
"""

# torch and transformers are typed in part, so what comes from them is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from trl.data_utils import apply_chat_template, prepare_multimodal_messages

from unswayed.answers.blocks import TAGS
from unswayed.models import Request, request_of
from unswayed.models.transformers.letters import LetterPlace, LetterReader
from unswayed.perturbations import seeded
from unswayed.perturbations.options import shuffled
from unswayed.prompts import Profile
from unswayed.prompts.rendering import render_system, render_user
from unswayed.training.data import TrainingPrompt
from unswayed.types import Variant

_, _CLOSED, _ANSWER, _ = TAGS
Case = tuple[int, Variant, str]
"""A place in the batch, the shuffled prompt, and what the answer's letter follows."""


class SecondAnswers:
    """Asks for second answers."""

    def __init__(self, processor: Any, profile: Profile) -> None:
        """Take what prompts are made with.

        Args:
            processor: of the policy, which pads prompts on the left.
            profile: the words of the prompts.
        """
        self._processor, self._profile = processor, profile

    @torch.no_grad()
    def of(
        self, model: Any, rows: Sequence[dict[str, Any]], texts: Sequence[str], size: int
    ) -> list[str | None]:
        """Return the option of each second answer, as a letter of the sample.

        Args:
            model: the policy.
            rows: the prompts, each with its variant as JSON and its pictures.
            texts: what was written behind them.
            size: completions of a forward pass.

        Returns:
            None for a question without options, or where the thought was not closed.
        """
        found: list[str | None] = [None] * len(rows)
        cases: list[Case] = []
        for at, (row, text) in enumerate(zip(rows, texts, strict=True)):
            variant, thought = Variant.model_validate_json(row["variant"]), closed(text)
            if variant.options and thought is not None:
                other = shuffled(variant, seeded(0, "reanswer", text))
                cases.append((at, other, thought))
        training = model.training
        model.eval()
        reader = LetterReader(model, self._processor.tokenizer)
        for part in (cases[at : at + size] for at in range(0, len(cases), size)):
            pictures = [list(rows[at].get("images") or []) for at, _, _ in part]
            likeliest = self._likeliest(reader, model.device, part, pictures)
            for (at, variant, _), letter in zip(part, likeliest, strict=True):
                found[at] = None if letter is None else variant.origin.get(letter, letter)
        model.train(training)
        return found

    def _likeliest(
        self,
        reader: LetterReader,
        device: Any,
        cases: Sequence[Case],
        pictures: Sequence[list[Any]],
    ) -> list[str | None]:
        requests: list[Request] = []
        prompts: list[str] = []
        for _, variant, _ in cases:
            system, user = (f(variant, self._profile) for f in (render_system, render_user))
            requests.append(request_of(variant, Path(), system, user))
            messages: Any = TrainingPrompt(variant, (), system, user).messages()
            if images := pictures[len(prompts)]:
                messages = prepare_multimodal_messages(messages, images=images)
            prompts.append(apply_chat_template({"prompt": messages}, self._processor)["prompt"])
        shown = {"images": list(pictures)} if any(pictures) else {}
        inputs = self._processor(text=prompts, padding=True, return_tensors="pt", **shown)
        encode = self._processor.tokenizer.encode
        places = [
            LetterPlace(encode(thought, add_special_tokens=False), "", forced=True)
            for _, _, thought in cases
        ]
        placed = {name: value.to(device) for name, value in inputs.items()}
        letters = reader.distributions(placed, requests, places)
        return [
            one and max(one.probabilities, key=one.probabilities.__getitem__) for one in letters
        ]


def closed(text: str) -> str | None:
    """Return what was written up to the end of the thought, and the answer's tag behind it.

    None where no thought was closed.
    """
    before, tag, _ = text.rpartition(_CLOSED)
    return f"{before}{tag}{_ANSWER}" if tag else None
