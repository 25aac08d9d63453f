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

from collections.abc import Mapping, Sequence
from typing import Any

from verl.experimental.agent_loop.single_turn_agent_loop import SingleTurnAgentLoop

from unswayed.perturbations import seeded
from unswayed.training.stop import end_of
from unswayed.training.suppression import suppressed

_SESSION = "session_id"
"""verl's number of a completion among those of its prompt."""
_PICTURES = ("image_token", "video_token", "audio_token")


class AnswerLoop(SingleTurnAgentLoop):
    """A single turn that ends behind the answer."""

    async def run(self, sampling_params: dict[str, Any], priority: int = 0, **row: Any) -> Any:
        """Return the completion of a row of the prompts' file."""
        pictures = self._pictures()
        asked = {**sampling_params, **suppressed(pictures)}
        if self.rollout_config.full_determinism:
            priority, asked["seed"] = self._own(row)
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

    def _own(self, row: Mapping[str, Any]) -> tuple[int, int]:
        """Return the number of a completion, by which it finds its server, and a seed of its own.

        verl gives all requests of a server one seed, and its present trainer all of them one
        priority: the completions of a prompt would be one and the same.
        """
        config, at = self.rollout_config, [int(row.get(key) or 0) for key in ("index", _SESSION)]
        place = f"{row.get('global_steps')}/{at[0]}/{at[1]}"
        number = 1 + at[0] * config.n + at[1]
        return number, seeded(config.seed, "rollout", place).getrandbits(31)

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
