"""How prompts become requests to one server, and how its replies become texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from unswayed import answers
from unswayed.answers.blocks import blocks
from unswayed.chat.endpoints import Capabilities
from unswayed.chat.records import ChatReply, Continuation
from unswayed.models import Decoding, Request
from unswayed.models.served.bodies import CONTINUE, Body, body, template_fields
from unswayed.models.served.probe import QUESTION, UNPROVEN, Proof, picture
from unswayed.types import Thoughts


@dataclass(frozen=True)
class Turns:
    """The turns of a chat, as one server takes and gives them.

    Attributes:
        capabilities: what the server takes and gives.
        extra: fields that every request bears.
        proof: what is known of how it renders prompts.
    """

    capabilities: Capabilities
    extra: Body
    proof: Proof = UNPROVEN

    def body(self, request: Request, decoding: Decoding, prefill: str, **fields: Any) -> Body:
        """Return the body of a chat completion whose assistant's turn begins with `prefill`."""
        if self.proof.doubles:
            prefill = prefill.removeprefix(answers.OPEN_THINK)
        extra = {**self.extra, **fields}
        return body(request, self.capabilities, decoding, prefill=prefill, extra=extra)

    def draws(self, request: Request, decoding: Decoding, count: int = 1) -> list[Body]:
        """Return the bodies that ask for so many outputs: one where the server takes `n`."""
        if count > 1 and self.capabilities.samples:
            return [self.body(request, decoding, request.prefill, n=count)]
        whole = self.body(request, decoding, request.prefill)
        return [_with_own_seed(whole, draw) for draw in range(count)]

    def is_greedy(self, decoding: Decoding) -> bool:
        """Say whether outputs are greedy, so that samples of the letters need their own."""
        return self.capabilities.temperature and decoding.temperature == 0

    def text(self, request: Request, continuation: Continuation) -> str:
        """Return the continuation; thinking that the server keeps apart goes between its tags."""
        thinking = blocks(request.prefill).problem == "open-think"
        if continuation.reasoning:
            head = "" if thinking else answers.OPEN_THINK
            cut = continuation.finish == "length" and not continuation.text
            end = "" if cut else answers.CLOSE_THINK
            return f"{head}{continuation.reasoning}{end}{continuation.text}"
        head = answers.OPEN_THINK if self.proof.opens and not request.prefill else ""
        return head + continuation.text

    def thoughts(self, reply: ChatReply) -> Thoughts:
        """Say what is known of the reasoning behind a reply."""
        declared = self.capabilities.thoughts
        if declared != "hidden":
            return declared
        if reply.usage.reasoning == 0:
            return "text"  # the server counts it, and there was none
        return "summary" if any(each.reasoning for each in reply.choices) else "hidden"

    def probe(self, prefill: str, thinking: bool | None = None) -> Body:
        """Return the body of a request of one token, with a picture where there may be one."""
        capabilities = self.capabilities
        shown = {"type": "image_url", "image_url": {"url": picture()}}
        text = {"type": "text", "text": QUESTION}
        messages: list[Body] = [
            {"role": "user", "content": [shown, text] if capabilities.images else QUESTION}
        ]
        request: Body = {"messages": messages, capabilities.max_tokens_field: 1, **self.extra}
        if capabilities.temperature:
            request["temperature"] = 0.0
        if prefill:
            messages.append({"role": "assistant", "content": prefill})
            request |= CONTINUE
        return request | template_fields(thinking)


def _with_own_seed(body: Body, draw: int) -> Body:
    """Give each draw of a seeded body a seed of its own."""
    return {**body, "seed": body["seed"] + draw} if draw and "seed" in body else body
