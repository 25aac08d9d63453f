"""A verifiers environment: a recipe's prompts as tasks, and its reward as theirs.

verifiers (Prime Intellect, 0.4) finds an environment as a module with a task set in `__all__`. Two
lines in a file of your own, `my_env.py`, make one of a recipe:

    from unswayed.training.environment import OneTurn, PromptTasks
    __all__ = ["OneTurn", "PromptTasks"]

Each task is one question with its pictures, as `unswayed train` would show it, captions and begun
thoughts among them. A begun thought stands in the user's message (`user-turn`), because a chat
endpoint does not leave an assistant's turn open everywhere. A judge that fails is an error of the
rollout, which verifiers records and leaves out; it is never a reward of 0.
"""

# verifiers may not be installed, so what comes from it is of unknown type here.
# pyright: reportMissingImports=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUntypedBaseClass=false, reportUnknownParameterType=false
# pyright: reportUntypedFunctionDecorator=false
from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import verifiers.v1 as vf
from openai import AsyncOpenAI

from unswayed import prompts
from unswayed.answers import think_block
from unswayed.errors import ConfigError, StageError
from unswayed.models.served.bodies import data_url
from unswayed.training.data import TrainingPrompt, training_prompts
from unswayed.training.functions import RewardFunction, reward_function
from unswayed.training.recipe import training_recipe
from unswayed.training.seeds import check_style
from unswayed.types import Variant


class PromptTasksConfig(vf.TasksetConfig):
    """What the tasks are, under `--env.taskset.…`.

    Attributes:
        recipe: name of a shipped recipe, or a TOML file: its data, augmentation, seed and reward.
        overrides: keys that go over it, such as "grpo.steps=20": there are as many tasks as the
            prompts of all its steps.
        profile: wording; empty for the recipe's own, or `default`.
    """

    recipe: str = "augmented-faithful"
    overrides: list[str] = []  # noqa: RUF012  # pydantic copies it for each config
    profile: str = ""


class PromptData(vf.TaskData):
    """A prompt, and what its reward needs.

    Attributes:
        variant: the question as shown, with its gold letter, as JSON.
        recipe: whose reward is paid.
        overrides: keys that go over the recipe.
    """

    variant: str
    recipe: str
    overrides: tuple[str, ...] = ()


class PromptTask(vf.Task[PromptData]):
    """A prompt that one answer solves."""

    @vf.reward
    async def reward(self, trace: vf.Trace) -> float:
        """Return the recipe's reward of the last reply; its parts become metrics.

        Raises:
            StageError: the reward is not known, because the judge failed.
        """
        scorer = _reward(self.data.recipe, self.data.overrides).scorer
        variant = Variant.model_validate_json(self.data.variant)
        [parts] = await scorer.ascore([variant], [_text(trace)])
        if parts.total is None:
            raise StageError(f"the reward of {variant.id} is not known: {parts.reason}")
        trace.record_metrics({"format": parts.format, "correct": parts.correct})
        if parts.consistent is not None:
            trace.record_metric("consistent", parts.consistent)
        return parts.total


class PromptTasks(vf.Taskset[PromptTask, PromptTasksConfig]):
    """The prompts of a recipe, in the order of its training."""

    def load(self) -> Iterator[PromptTask]:
        """Yield the tasks.

        Raises:
            UserError: the recipe, its data or its profile cannot be used, or its reward looks at
                more than one completion.
            StageError: the judge of the reward cannot be reached.
        """
        config = self.config
        recipe = training_recipe(config.recipe, config.overrides)
        if recipe.reward.guards is not None:
            raise ConfigError(
                "expected a reward of one completion, found reward.guards, which compares the "
                "completions of a prompt; use another recipe"
            )
        _reward(config.recipe, tuple(config.overrides))
        profile = prompts.profile(config.profile or recipe.profile or "default")
        check_style(profile)
        with TemporaryDirectory() as pictures:
            for prompt in training_prompts(recipe, profile, Path(pictures), "user-turn"):
                yield PromptTask(self._data(prompt), config.task)

    def _data(self, prompt: TrainingPrompt) -> PromptData:
        shown = [
            vf.ImageUrlContentPart(image_url=vf.ImageUrlSource(url=data_url(file)))
            for file in prompt.images
        ]
        text = vf.TextContentPart(text=prompt.user)
        variant = prompt.variant
        return PromptData(
            id=f"{variant.id}/{prompt.repeat}",
            name=variant.name,
            prompt=[vf.UserMessage(content=[*shown, text])],
            system_prompt=prompt.system or None,
            variant=variant.model_dump_json(),
            recipe=self.config.recipe,
            overrides=tuple(self.config.overrides),
        )


class OneTurn(vf.Harness[vf.HarnessConfig]):
    """Asks once and takes the reply, without tools and without a program of its own."""

    APPENDS_SYSTEM_PROMPT = True
    EXECUTES_CODE = False
    NEEDS_CONTAINER = False

    async def launch(
        self,
        ctx: Any,
        trace: vf.Trace,
        runtime: vf.Runtime,
        endpoint: str,
        secret: str,
        mcp_urls: dict[str, str],
        data: vf.TaskData,
    ) -> vf.ProgramResult:
        """Send the prompt to the model; verifiers records the reply on its way."""
        system, prompt = self.resolve_prompt(data)
        messages = [{"role": "system", "content": system}] if system else []
        messages += [message.model_dump() for message in prompt]
        async with AsyncOpenAI(base_url=endpoint, api_key=secret, max_retries=0) as client:
            await client.chat.completions.create(model=ctx.model, messages=messages)
        return vf.ProgramResult(exit_code=0, stdout="", stderr="")


@cache
def _reward(recipe: str, overrides: tuple[str, ...]) -> RewardFunction:
    """Return a recipe's reward, made once in a process: it keeps the verdicts of its judge."""
    return reward_function(recipe, overrides)


def _text(trace: vf.Trace) -> str:
    """Return what the model wrote; a thought that a server took out is put back in its tags."""
    said = trace.assistant_messages[-1]
    thought = think_block(said.reasoning_content) if said.reasoning_content else ""
    return thought + (said.content or "")
