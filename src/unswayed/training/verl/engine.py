"""GRPO on a cluster, by verl on Ray: the same recipe, rewards and checkpoints as on one machine.

verl runs in a process of its own, started by the command that `--print-command` shows. This process
prepares what it reads, checks it with verl's own code, follows what it writes and hands each
checkpoint on. Everything of verl's is in OUT/verl:

    prompts.parquet      the prompts; see `data`
    agent_loops.yaml     how completions end; see `rollout`
    attempts/N/          each start: its configuration, console and figures; see `log`
    checkpoints/         shards, which a resumption needs; see `checkpoints`
    rollouts/            verl's own dump of each step's completions
"""

# verl and transformers are typed in part or not installed beside the other engine.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
# pyright: reportMissingImports=false
from __future__ import annotations

import contextlib
import shlex
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from unswayed import progress, prompts
from unswayed.errors import DataError, StageError
from unswayed.extras import require
from unswayed.models.transformers.processors import load_processor
from unswayed.prompts.template import leave_open, opens_thought
from unswayed.training.data import training_prompts
from unswayed.training.folder import Checkpoint, OnCheckpoint, TrainingFolder
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.reward.scorer import Scorer
from unswayed.training.start import Start, start_of
from unswayed.training.verl import config as verl_config
from unswayed.training.verl import data as verl_data
from unswayed.training.verl.checkpoints import check_processes, export_missing
from unswayed.training.verl.checks import check_lengths, check_reading, limits_of
from unswayed.training.verl.log import Attempt, Transfer, catch_up, next_attempt
from unswayed.training.verl.process import cause, started

LOOPS = """\
- name: unswayed
  _target_: unswayed.training.verl.rollout.AnswerLoop
"""
"""What verl reads to find the way completions are asked for."""

OUTPUT_POLL_S = 1.0
"""Seconds between two looks at what verl wrote."""
_PACKAGES = ("verl", "ray", "transfer_queue", "torch", "transformers", "vllm", "sglang")


@dataclass(frozen=True)
class Launch:
    """What is ready to be run.

    Attributes:
        attempt: the start.
        command: the command, as its parts.
    """

    attempt: Attempt
    command: tuple[str, ...]

    def __str__(self) -> str:
        """Return the command as a shell takes it."""
        return shlex.join(self.command)


def train_with_verl(
    recipe: TrainingRecipe,
    out: Path,
    written: dict[str, Any] | None = None,
    on_checkpoint: OnCheckpoint | None = None,
) -> Checkpoint:
    """Train, or go on where verl's newest checkpoint stands; return the last checkpoint.

    Args:
        recipe: what to train on what, and where.
        out: folder of the run; on a cluster, one that all machines see under the same path.
        written: the recipe as the user wrote it, for the record.
        on_checkpoint: called in this process with each checkpoint once it is whole; verl trains on
            meanwhile.

    Raises:
        UserError: the recipe asks for what verl cannot do, the data, the model or its chat
            template cannot be used, or the folder was begun with others.
        StageError: the judge of the reward has no verdict on a simple case, verl failed, or a
            checkpoint could not be exported.
    """
    with _prepared(recipe, out, written or {}) as (folder, launch):
        if launch is not None:
            # at each start: a judge that is mended is what a resumption is for
            Scorer(recipe.reward).check_judge()
            _run(launch, folder, recipe.grpo.steps, on_checkpoint)
        checkpoints = folder.checkpoints()
    if not checkpoints:
        raise StageError(f"training ended without a checkpoint in {out}")
    return checkpoints[-1]


def prepare(
    recipe: TrainingRecipe, out: Path, written: dict[str, Any] | None = None
) -> Launch | None:
    """Write everything that verl reads, and return what would be run; None if nothing is left.

    Raises:
        UserError: see `train_with_verl`.
    """
    with _prepared(recipe, out, written or {}) as (_, launch):
        return launch


@contextlib.contextmanager
def _prepared(
    recipe: TrainingRecipe, out: Path, request: dict[str, Any]
) -> Generator[tuple[TrainingFolder, Launch | None]]:
    """Hold the folder, with all in it that verl needs; None if the training is finished."""
    verl_config.check_supported(recipe)
    require("training with verl", "verl")
    start, folder = start_of(recipe.model), TrainingFolder(out)
    attempt = next_attempt(folder.path.absolute() / "verl")
    files = verl_config.VerlFiles(folder.path, attempt.records, attempt.metrics)
    processor = load_processor(start.path, **start.hub, **start.pixels)
    own = leave_open(processor)
    check_reading(start, processor)
    wanted = verl_config.settings(
        recipe, start, files, processor.chat_template, opens_thought(own, processor)
    )
    verl_config.composed(wanted)
    with folder.writing():
        folder.begin(recipe, start.provenance(), request)
        catch_up(folder)
        export_missing(folder)
        checkpoints = folder.checkpoints()
        if checkpoints and checkpoints[-1].step >= recipe.grpo.steps:
            yield folder, None
            return
        check_processes(files.checkpoints, recipe.cluster.gpus)
        if not files.prompts.is_file():
            _write_prompts(recipe, start, processor, folder, files.prompts)
        files.loops.write_text(LOOPS, "utf-8")
        verl_config.write_config(wanted, attempt.config)
        folder.run.add_to_description("engine", _engine(recipe))
        yield folder, Launch(attempt, _command(attempt))


def _command(attempt: Attempt) -> tuple[str, ...]:
    config = attempt.config
    where = ("--config-path", str(config.parent), "--config-name", config.stem)
    return (sys.executable, "-m", "verl.trainer.main_ppo", *where)


def _write_prompts(
    recipe: TrainingRecipe, start: Start, processor: Any, folder: TrainingFolder, path: Path
) -> None:
    """Draw the prompts, and refuse those that verl could not show.

    Raises:
        DataError: there are too few.
        ConfigError: some are longer than the recipe allows.
    """
    profile = prompts.profile(recipe.profile or start.profile)
    prompt_set = training_prompts(recipe, profile, folder.path)
    clean_prompts, garbled = verl_data.usable(prompt_set)
    folder.note([*prompt_set.failures, *garbled])
    for line in [*prompt_set.summary(), *(one.message for one in garbled)]:
        print(line, file=sys.stderr)
    if len(clean_prompts) < recipe.grpo.prompts_per_step:
        raise DataError(
            f"expected prompts for at least one step ({recipe.grpo.prompts_per_step}), found "
            f"{len(clean_prompts)}; use more data, or fewer grpo.prompts_per_step"
        )
    check_lengths(clean_prompts, processor, recipe.cluster.max_prompt_length)
    verl_data.write_prompts(clean_prompts, path, profile.name, limits_of(processor))


def _run(
    launch: Launch, folder: TrainingFolder, steps: int, on_checkpoint: OnCheckpoint | None
) -> None:
    """Run verl to its end; show its steps, take over its figures, hand its checkpoints on."""
    attempt = launch.attempt
    transfer, seen = Transfer(folder, attempt), {one.step for one in folder.checkpoints()}
    print(f"verl is starting; its output: {attempt.console}", file=sys.stderr, flush=True)
    with (
        started(launch.command, attempt.console) as process,
        progress.bar(
            f"train {folder.path.name}", steps, done=max(seen, default=0), unit="step"
        ) as bar,
    ):
        running = True
        while running:
            running = process.poll() is None
            for line in transfer():
                if (reward := line.get("reward")) is not None:
                    bar.set_postfix_str(f"reward {reward:.3f}", refresh=False)
                bar.update(line["step"] - bar.n)
            _hand_on(folder, seen, on_checkpoint)
            if running:
                time.sleep(OUTPUT_POLL_S)
    if process.returncode:
        raise StageError(
            f"verl ended with status {process.returncode}: {cause(attempt.console)}; its whole "
            f"output is in {attempt.console}, the checkpoints before it are whole: mend the cause "
            "and run the same command again"
        )
    export_missing(folder)
    _hand_on(folder, seen, on_checkpoint)


def _hand_on(folder: TrainingFolder, seen: set[int], call: OnCheckpoint | None) -> None:
    for checkpoint in folder.checkpoints():
        if checkpoint.step not in seen:
            seen.add(checkpoint.step)
            if call is not None:
                call(checkpoint)


def _engine(recipe: TrainingRecipe) -> dict[str, Any]:
    """Say what trains: versions, machines, and what the exported weights are rounded to."""
    names = {module: module for module in _PACKAGES} | {"transfer_queue": "TransferQueue"}
    return {
        "name": "verl",
        "versions": {
            names[module]: version(names[module]) for module in _PACKAGES if find_spec(module)
        },
        "nodes": recipe.cluster.nodes,
        "gpus_per_node": recipe.cluster.gpus_per_node,
        "exported_as": "bfloat16",
    }
