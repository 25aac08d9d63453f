"""The plan of a study: which recipes under which seeds, and what every checkpoint is asked.

    DIR/plan.toml           the plan, written once; it grows by recipes and seeds, and nothing in it
                            changes
    DIR/recipes/NAME.toml   each recipe with every value, as it was when the study began

A later version of a shipped recipe therefore changes nothing in a study that was begun.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal, get_args

from filelock import FileLock
from pydantic import Field, ValidationError, field_validator

from unswayed.config import toml
from unswayed.config.section import Section
from unswayed.config.validation import explain
from unswayed.errors import ConfigError, RunError
from unswayed.run.files import write_bytes
from unswayed.training.recipe import TrainingRecipe, as_toml, training_recipe
from unswayed.training.start import start_of
from unswayed.training.track.settings import CheckpointEvaluation

FILE, RECIPES = "plan.toml", "recipes"
PlanName = Literal["full", "quick"]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Block(Section):
    """Recipes and seeds that are run together: each recipe with each seed.

    Attributes:
        recipes: names of the recipes.
        seeds: their training seeds.
    """

    recipes: tuple[str, ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field(min_length=1)


class QuestionSet(CheckpointEvaluation):
    """One evaluation of checkpoints.

    Attributes:
        steps: `all` checkpoints and the start, or only the `ends`: the start and the last one.
    """

    steps: Literal["all", "ends"] = "all"
    batch_size: int = Field(default=50, ge=1)

    @property
    def wanted(self) -> CheckpointEvaluation:
        """What a checkpoint is evaluated on."""
        return CheckpointEvaluation.model_validate(
            {key: getattr(self, key) for key in CheckpointEvaluation.model_fields}
        )


class StudyPlan(Section):
    """What a study is made of.

    Attributes:
        note: what must be said on every figure and table; empty for the full study.
        blocks: recipes and seeds, in the order of importance.
        evaluations: name → the questions of one evaluation.
        overrides: `grpo.steps=20` and the like, over every recipe.
        start: SHA-256 of the weights that all trainings start from; None before it is known, and
            of a hub id.
    """

    note: str = ""
    blocks: tuple[Block, ...] = Field(min_length=1)
    evaluations: dict[str, QuestionSet] = Field(min_length=1)
    overrides: tuple[str, ...] = ()
    start: str | None = None

    @field_validator("evaluations")
    @classmethod
    def _names_are_folders(cls, value: dict[str, QuestionSet]) -> dict[str, QuestionSet]:
        if wrong := next((name for name in value if not _NAME.fullmatch(name)), None):
            raise ValueError(f"expected the name of an evaluation as a folder's, found {wrong!r}")
        return value

    def pairs(self) -> Iterator[tuple[str, int]]:
        """Yield recipe and seed of each training, in order, each once."""
        seen: set[tuple[str, int]] = set()
        for block in self.blocks:
            for pair in ((recipe, seed) for recipe in block.recipes for seed in block.seeds):
                if pair not in seen:
                    seen.add(pair)
                    yield pair

    @property
    def recipes(self) -> list[str]:
        """The recipes' names, in order."""
        return list(dict.fromkeys(recipe for recipe, _ in self.pairs()))


class StudyFolder:
    """A study on disk."""

    def __init__(self, path: Path) -> None:
        """Name the folder; nothing is touched."""
        self.path = path

    def exists(self) -> bool:
        """Say whether a study was begun here."""
        return (self.path / FILE).is_file()

    def plan(self) -> StudyPlan:
        """Return the plan.

        Raises:
            RunError: there is none, or not of this version.
        """
        path = self.path / FILE
        try:
            table = tomllib.loads(path.read_text("utf-8"))
            return StudyPlan.model_validate(table)
        except FileNotFoundError as error:
            raise RunError(
                f"expected the folder of a study with a {FILE} in it, found none at {self.path}; "
                "begin one: unswayed study run DIR"
            ) from error
        except ValidationError as error:
            raise RunError(explain(error, StudyPlan, "plan key", str(path))) from error
        except (OSError, ValueError) as error:
            raise RunError(f"cannot read {path}: {error}; put it back") from error

    def recipe(self, name: str) -> TrainingRecipe:
        """Return a recipe as it was when the study began.

        Raises:
            UserError: it cannot be read.
        """
        return training_recipe(self.path / RECIPES / f"{name}.toml")

    def training(self, recipe: str) -> Path:
        """Return the folder of a recipe's trainings, a sub-folder each seed."""
        return self.path / recipe

    def begin(
        self, plan: StudyPlan | None, recipes: Sequence[str] = (), seeds: Sequence[int] = ()
    ) -> StudyPlan:
        """Write the plan, or take up the one that is there; return it.

        Args:
            plan: what is wanted; None for what was begun, or else the full study.
            recipes: recipes that are asked for; those that are not in the plan are added to it.
            seeds: seeds that are asked for, likewise.

        Raises:
            RunError: the study was begun with another plan.
            UserError: a recipe cannot be read.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path / ".plan.lock"):
            known = self.plan() if self.exists() else plan or plan_of("full")
            if plan is not None:
                _check_same(self.path, known, plan)
            grown = _grown(known, recipes, seeds)
            for name, file in _files(grown, recipes):
                self._keep_recipe(name, file, grown.overrides)
            if grown.start is None:
                grown = grown.model_copy(update={"start": self._start(grown)})
            if not self.exists() or grown != known:
                self._write(grown)
        return grown

    def _write(self, plan: StudyPlan) -> None:
        text = toml.dumps(plan.model_dump(mode="json", exclude_defaults=True))
        write_bytes(self.path / FILE, text.encode())

    def _keep_recipe(self, name: str, file: str, overrides: Sequence[str]) -> None:
        path = self.path / RECIPES / f"{name}.toml"
        if not path.exists():
            write_bytes(path, as_toml(training_recipe(file, overrides)).encode())

    def _start(self, plan: StudyPlan) -> str | None:
        """Return the hash of the weights that every recipe starts from.

        Raises:
            ConfigError: recipes start from different ones.
        """
        models = {self.recipe(name).model for name in plan.recipes}
        if len(models) > 1:
            raise ConfigError(
                "expected recipes that all start from the same checkpoint, found "
                f"{', '.join(sorted(models))}; name one for all: --set overrides='[\"model=…\"]'"
            )
        return start_of(models.pop()).provenance()["sha256"]


def shipped() -> dict[str, Traversable]:
    """Return the files of the shipped plans by name."""
    files = resources.files("unswayed.study").joinpath("plans").iterdir()
    return {file.name.removesuffix(".toml"): file for file in files if file.name.endswith(".toml")}


def plan_of(name: str | Path, overrides: Sequence[str] = ()) -> StudyPlan:
    """Read a plan; settings go over it, and are said in its note.

    Args:
        name: `full`, `quick`, or a file.
        overrides: `evaluations.draws.limit=100`, as on the command line.

    Raises:
        UserError: the file cannot be read, or a key is unknown or of the wrong kind.
    """
    table = toml.read(toml.file_of(name, shipped(), "the folder of a study"), shipped())
    merged: Mapping[str, Any] = toml.merged(table, {}, overrides)
    try:
        plan = StudyPlan.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(explain(error, StudyPlan, "plan key", str(name))) from error
    if not overrides or str(name) not in get_args(PlanName):
        return plan
    changed = f"not as planned: {', '.join(overrides)}"
    note = f"{plan.note}; {changed}" if plan.note else changed
    return plan.model_copy(update={"note": note})


def _check_same(path: Path, known: StudyPlan, wanted: StudyPlan) -> None:
    """Require that a study goes on as it was begun; what it grew by does not count."""
    differing = [
        key
        for key in StudyPlan.model_fields
        if key not in ("blocks", "start") and getattr(known, key) != getattr(wanted, key)
    ]
    if differing:
        raise RunError(
            f"{path} was begun with another plan ({', '.join(differing)} differ); leave the "
            "options out to go on with it, or use another folder"
        )


def _grown(plan: StudyPlan, recipes: Sequence[str], seeds: Sequence[int]) -> StudyPlan:
    """Add what is asked for and not planned, behind everything else."""
    planned = set(plan.pairs())
    names = [name_of(recipe) for recipe in recipes] or (plan.recipes if seeds else [])
    numbers = tuple(seeds) or plan.blocks[0].seeds
    new = [
        Block(recipes=(name,), seeds=missing)
        for name in dict.fromkeys(names)
        if (missing := tuple(seed for seed in numbers if (name, seed) not in planned))
        and (seeds or name not in plan.recipes)
    ]
    return plan.model_copy(update={"blocks": (*plan.blocks, *new)}) if new else plan


def _files(plan: StudyPlan, recipes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each recipe of a plan with the file, or the shipped name, that it is read from."""
    files = {name_of(recipe): recipe for recipe in recipes}
    for name in plan.recipes:
        yield name, files.get(name, name)


def name_of(recipe: str) -> str:
    """Return what a recipe is called in a study: its file's name without the ending.

    Raises:
        ConfigError: it makes no folder's name.
    """
    name = Path(recipe).name.removesuffix(".toml")
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise ConfigError(
            f"expected a recipe whose name can be a folder's, found {recipe!r}; call it otherwise"
        )
    return name


_TAKEN = {RECIPES, "jobs", "start", "logs", FILE.removesuffix(".toml")}
"""Names of a study's own folders."""
