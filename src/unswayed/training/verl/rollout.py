"""How verl asks for completions: its own single turn, ended where the other engine ends one.

verl generates up to the model's end token. What stands behind `</answer>` is cut off here, so that
it is neither rewarded nor in the loss. Tokens that stand for pictures are suppressed, as under the
other engine; an engine that writes one nevertheless is cut off there. Each completion carries its
step, so that the record of rewards can name it.
"""

# verl is not installed beside the other engine, so what comes from it is of unknown type here.
# pyright: reportMissingImports=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUntypedBaseClass=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from verl.experimental.agent_loop.single_turn_agent_loop import SingleTurnAgentLoop

from unswayed.training.stop import end_of
from unswayed.training.suppression import suppressed

_PICTURES = ("image_token", "video_token", "audio_token")


class AnswerLoop(SingleTurnAgentLoop):
    """A single turn that ends behind the answer."""

    async def run(self, sampling_params: dict[str, Any], priority: int = 0, **row: Any) -> Any:
        """Return the completion of a row of the prompts' file."""
        pictures = self._pictures()
        asked = {**sampling_params, **suppressed(pictures)}
        output = await super().run(asked, priority, **row)
        end = self._end(output.response_ids, pictures)
        output.response_ids = output.response_ids[:end]
        output.response_mask = output.response_mask[:end]
        if output.response_logprobs is not None:
            output.response_logprobs = output.response_logprobs[:end]
        if not output.response_ids:
            # verl has no empty completions: an end token, which no loss is taken over
            output.response_ids, output.response_mask = [self.tokenizer.eos_token_id], [0]
            output.response_logprobs = None if output.response_logprobs is None else [0.0]
        output.extra_fields["step"] = row.get("global_steps")
        return output

    def _pictures(self) -> list[int]:
        """Return the ids of the tokens that stand for pictures, videos or sound."""
        names = [getattr(self.processor, name, None) for name in _PICTURES]
        ids = {self.tokenizer.convert_tokens_to_ids(name) for name in names if name}
        return sorted(ids - {None, self.tokenizer.unk_token_id})

    def _end(self, ids: Sequence[int], pictures: Sequence[int]) -> int:
        """Return how many tokens count."""
        end = end_of(ids, self.tokenizer.decode)
        first = next((at for at, token in enumerate(ids) if token in pictures), end)
        return min(end, first)
