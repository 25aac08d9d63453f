"""What the jobs do: evaluate the start, train, evaluate the checkpoints. All of it is `training`'s.

DIR/start/NAME/step-0/              the start, evaluated once: the trainings share it
DIR/RECIPE/seed-N/                  a training run, as `unswayed train --out DIR/RECIPE` makes it
DIR/RECIPE/seed-N/NAME/step-K/      its checkpoints' evaluations, a folder for each question set
DIR/RECIPE/seed-N/summary.json.gz   what a report needs of them
"""

from __future__ import annotations

from pathlib import Path

from unswayed.errors import RunError
from unswayed.pipeline.stages import evaluate
from unswayed.study import summary
from unswayed.study.jobs import START, Job
from unswayed.study.plan import QuestionSet, StudyFolder, StudyPlan
from unswayed.training.folder import Checkpoint, TrainingFolder
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.seeds import PREFIX, train_seeds
from unswayed.training.start import Start, start_of
from unswayed.training.track.evaluation import Tracker, settings_for, spec_of
from unswayed.training.track.folders import EVALUATIONS, place


class Tasks:
    """The work of a study."""

    def __init__(self, study: StudyFolder, plan: StudyPlan) -> None:
        """Name the study and its plan."""
        self.study, self.plan = study, plan

    def __call__(self, job: Job) -> None:
        """Do a job; what was done of it before is taken up.

        Raises:
            UnswayedError: it failed; it can be done again.
        """
        recipe = self.study.recipe(job.recipe or self.plan.recipes[0])
        self._check_start(start_of(recipe.model))
        if job.kind == "start":
            self._start(recipe)
        elif job.kind == "train":
            for _ in train_seeds(recipe, [job.seed], self.study.training(job.recipe)):
                pass
        else:
            self._evaluate(job)

    def _check_start(self, start: Start) -> None:
        """Require the weights that the study began with.

        Raises:
            RunError: they are others now.
        """
        now = start.provenance()["sha256"]
        if self.plan.start is not None and now != self.plan.start:
            raise RunError(
                f"{self.study.path} began with other weights of {start.spec} (SHA-256 was "
                f"{self.plan.start[:12]}…, is {str(now)[:12]}…); put them back, or begin another "
                "study"
            )

    def _start(self, recipe: TrainingRecipe) -> None:
        start = start_of(recipe.model)
        model = spec_of(start, Checkpoint(0, Path(start.path)), recipe.grpo.dtype)
        folder = TrainingFolder(self.study.path / START)
        for name, questions in self.plan.evaluations.items():
            settings = settings_for(questions.wanted, model, recipe, start)
            evaluate(settings, place(folder, 0, under(name)), {"study": name, "step": 0})

    def _evaluate(self, job: Job) -> None:
        folder = TrainingFolder(self.study.training(job.recipe) / f"{PREFIX}{job.seed}")
        for name, questions in self.plan.evaluations.items():
            self._tracker(folder, name, questions).catch_up()
        summary.write(folder, [under(name) for name in self.plan.evaluations])

    def _tracker(self, folder: TrainingFolder, name: str, questions: QuestionSet) -> Tracker:
        return Tracker(
            folder,
            lambda _: questions.wanted,
            under=under(name),
            ends=questions.steps == "ends",
            first=place(TrainingFolder(self.study.path / START), 0, under(name)),
        )


def under(name: str) -> str:
    """Return the folder of a question set's evaluations in a training's folder."""
    return f"{EVALUATIONS}-{name}"
