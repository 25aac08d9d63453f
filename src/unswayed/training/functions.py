"""Our rewards as plain functions, for a trainer of somebody else's.

    from unswayed.training import reward_function

    trainer = GRPOTrainer(model, reward_funcs=[reward_function("faithful")], train_dataset=data)

The data set has columns beside the prompt, which TRL hands to every reward function: `question`,
`options` (a list of texts, or letter → text), `answer` (the gold letter) and, where the assistant's
turn was begun, `prefill`. Completions with the same columns are taken for a group; prompts that
differ in their picture alone need a column `id` as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, cast

from unswayed.errors import ConfigError
from unswayed.run.files import content_hash
from unswayed.training.recipe import training_recipe
from unswayed.training.reward.parts import RewardParts
from unswayed.training.reward.scorer import Scorer
from unswayed.types import LETTERS, Sample, Variant

COLUMNS = ("question", "options", "answer")
_BEYOND = (
    "reward.likelihood_consistency",
    "reward.paired_invariance",
    "reward.reanswer",
    "reward.lagrangian",
    "advantage.constraint",
    "advantage.splitting",
    "perception",
)
"""Keys of a recipe that no function of texts can have."""


class RewardFunction:
    """A recipe's reward as TRL's `reward_funcs` takes it: texts and columns in, numbers out.

    Attributes:
        scorer: what scores; it keeps what a term has learnt, such as a multiplier.
    """

    def __init__(self, name: str, scorer: Scorer) -> None:
        """Name it: trainers log it under `__name__`."""
        self.__name__ = name
        self.scorer = scorer

    def __call__(
        self, prompts: Any = None, completions: Sequence[Any] = (), **columns: Any
    ) -> list[float | None]:
        """Return the reward of each completion, None where it is not known.

        Raises:
            ConfigError: a column is missing, or has something else in it.
        """
        return [parts.total for parts in self.parts(completions, **columns)]

    def parts(self, completions: Sequence[Any], **columns: Any) -> list[RewardParts]:
        """Return the same with its parts.

        Raises:
            ConfigError: a column is missing, or has something else in it.
        """
        missing = [name for name in COLUMNS if columns.get(name) is None]
        if missing:
            raise ConfigError(
                f"the reward {self.__name__!r} expects the columns {', '.join(COLUMNS)} in the "
                f"data set, found none called {', '.join(missing)}"
            )
        more: list[Sequence[Any]] = [columns.get(name) or () for name in ("prefill", "id")]
        rows = zip_longest(*(columns[name] for name in COLUMNS), *more)
        shown = [_variant(*row) for row in rows]
        return self.scorer.score(shown, [_text(completion) for completion in completions])


def reward_function(
    recipe: str | Path = "faithful", overrides: Sequence[str] = (), *, opens_thought: bool = False
) -> RewardFunction:
    """Return the reward of a recipe as a function; its judge, if it has one, is asked once.

    Args:
        recipe: name of a shipped recipe, or a TOML file; only its `[reward]` is used.
        overrides: keys that go over it, such as `reward.judge=qwen3-32b`.
        opens_thought: the chat template writes `<think>` itself where there is no prefill.

    Raises:
        UserError: there is no such recipe, judge or term.
        ConfigError: the recipe needs more than texts: a reference model, a prompt's twin, second
            answers, a multiplier that is learnt, advantages or a loss of its own.
        StageError: the judge has no verdict on a simple case.
    """
    whole = training_recipe(recipe, overrides)
    found = [key for key in _BEYOND if _value(whole, key) is not None]
    if found:
        raise ConfigError(
            f"expected a reward of texts alone, found {found[0]}, which needs the training "
            "itself; use the recipe with `unswayed train`"
        )
    scorer = Scorer(whole.reward, opens_thought=opens_thought)
    scorer.check_judge()
    return RewardFunction(Path(recipe).stem.replace("-", "_"), scorer)


def _value(recipe: Any, key: str) -> Any:
    """Return the value of a dotted key."""
    for part in key.split("."):
        recipe = getattr(recipe, part)
    return recipe


def _variant(question: Any, options: Any, answer: Any, prefill: Any, own: Any) -> Variant:
    shown = _options(options)
    if answer not in shown:
        raise ConfigError(
            f"expected `answer` to be the letter of an option ({', '.join(shown)}), found "
            f"{answer!r:.60}"
        )
    begun = str(prefill or "")
    name = content_hash([question, shown, answer, begun, str(own or "")])
    sample = Sample(
        id=f"own/{name}", benchmark="own", images=(), question=str(question), options=shown,
        answer=str(answer), cluster=name,
    )  # fmt: skip
    return Variant(
        id=name, sample=sample, name="base", options=shown, answer=str(answer), prefill=begun
    )


def _options(options: Any) -> dict[str, str]:
    """Return letter → text; a data set's table fills letters that a row lacks with None."""
    if isinstance(options, Mapping):
        given = cast("Mapping[Any, Any]", options)
        return {str(key): str(text) for key, text in given.items() if text is not None}
    if isinstance(options, Sequence) and not isinstance(options, str):
        return dict(zip(LETTERS, map(str, cast("Sequence[Any]", options)), strict=False))
    raise ConfigError(
        f"expected `options` to be a list of texts, or letter → text, found {options!r:.60}"
    )


def _text(completion: Any) -> str:
    """Return the text of a completion: a string, or the assistant's turns of a chat."""
    if isinstance(completion, str):
        return completion
    parts: list[str] = []
    for turn in cast("Sequence[Mapping[str, Any]]", completion):
        if turn.get("role", "assistant") != "assistant":  # what a tool says is not the model's
            continue
        content: Any = turn.get("content") or ""
        if isinstance(content, str):
            parts.append(content)
        else:
            texts = cast("Sequence[Mapping[str, Any]]", content)
            parts += [str(one.get("text", "")) for one in texts]
    return "".join(parts)
