"""Trains the organism: phases in order, seeded, resumable, every step's loss in a log."""

# torch and transformers leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import io
import json
import math
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import count, islice
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from unswayed.errors import ConfigError, ModelError
from unswayed.models.transformers.loading import device_of
from unswayed.organism import architecture, batches, curriculum, forward, lessons
from unswayed.organism.alignment import Alignment
from unswayed.organism.arithmetic import DTYPES, device_name, faster_dtype
from unswayed.organism.card import MADE
from unswayed.organism.curriculum import Phase
from unswayed.organism.exam import examine
from unswayed.organism.optimiser import Muon, split_parameters
from unswayed.organism.rollouts import rollouts
from unswayed.organism.supply import Supply
from unswayed.progress import bar
from unswayed.run.digests import of_file
from unswayed.run.files import write_bytes
from unswayed.run.folder import RunFolder
from unswayed.run.provenance import git_revision

LOG_EVERY = 50
SAVE_EVERY = 250
WARM_UP = 50
HUNCH_LETTERS = 6
ROLLOUTS = 512
"""Thoughts that are written at once, and learnt from in the next steps."""
EXAM_EVERY = 500
EXAM_QUESTIONS = 30
"""Per kind, while training; the card is measured on more."""
STATE = "state.pt"
_CPU = torch.device("cpu")
LOG = "log.jsonl"


@dataclass
class TrainingPosition:
    """Where a training stands.

    Attributes:
        phase: index of the phase in the curriculum.
        step: steps done in that phase.
        seconds: CPU seconds of this process spent so far on steps, all phases.
        wall: seconds on the clock in the same steps.
        looked_up: share of letters right in the steps of the last log entry, if any were asked.
        finished: steps of the phases that are over.
    """

    phase: int = 0
    step: int = 0
    seconds: float = 0.0
    wall: float = 0.0
    looked_up: float = 0.0
    finished: tuple[int, ...] = ()


class OrganismTrainer:
    """Model, optimisers, log and progress of one training.

    Args:
        out: folder for state, log and checkpoint; a state in it is resumed.
        seed: of weights and rows.
        phases: the curriculum.
        dtype: of the matrix products.
        start: checkpoint of the organism to carry on; None for fresh weights.
        device: where the model is trained.
        workers: processes that make the batches; 0 for this one.
    """

    def __init__(
        self,
        out: Path,
        seed: int,
        phases: tuple[Phase, ...],
        dtype: torch.dtype,
        start: Path | None = None,
        device: torch.device = _CPU,
        workers: int = 0,
    ) -> None:
        """Build everything, and load the state if there is one."""
        self.out, self.seed, self.phases, self.dtype = out, seed, phases, dtype
        self.device = device
        self.start = _start_of(start) if start else None
        out.mkdir(parents=True, exist_ok=True)
        self.tokenizer: Any = architecture.build_tokenizer()
        self.model: Any = architecture.build_model(self.tokenizer, seed).train()
        if start:
            architecture.load_weights(self.model, start)
        self.model.to(self.device)
        self.alignment = Alignment(self.tokenizer).to(self.device)
        letter_ids = batches.letter_ids(self.tokenizer)[:HUNCH_LETTERS]
        self.letter_ids = torch.tensor(letter_ids, device=self.device)
        self.supply = Supply(self.tokenizer, workers)
        self.progress = TrainingPosition()
        self.optimisers = self._optimisers()
        if (out / STATE).is_file():
            self._load()

    def run(self) -> Path:
        """Train to the end of the curriculum and return the checkpoint's folder."""
        with self.supply:
            return self._run()

    def _run(self) -> Path:
        while self.progress.phase < len(self.phases):
            self._run_phase(self.phases[self.progress.phase])
            was = self.progress
            finished = (*was.finished, was.step)
            self.progress = TrainingPosition(
                was.phase + 1, 0, was.seconds, was.wall, finished=finished
            )
            self.save()
        folder = self.out / "checkpoint"
        architecture.write_checkpoint(folder, self.model, self.tokenizer)
        text = json.dumps(self._provenance(), indent=1)
        (folder / MADE).write_text(f"{text}\n", encoding="utf-8")
        return folder

    def _provenance(self) -> dict[str, Any]:
        packages = ("unswayed", "torch", "transformers", "tokenizers")
        revision = git_revision()
        return {
            **({"commit": revision} if revision else {}),
            **({"start": self.start} if self.start else {}),
            "seed": self.seed,
            "steps": ", ".join(
                f"{phase.name} {steps}"
                for phase, steps in zip(self.phases, self.progress.finished, strict=True)
            ),
            "minutes": round(self.progress.wall / 60, 1),
            "CPU minutes": round(self.progress.seconds / 60, 1),
            **({"device": device_name(self.device)} if self.device.type != "cpu" else {}),
            "arithmetic": str(self.dtype).removeprefix("torch."),
            "versions": ", ".join(f"{name} {version(name)}" for name in packages),
        }

    def save(self) -> None:
        """Write the state, so that the next start resumes here."""
        state = {
            "seed": self.seed,
            "start": self.start,
            "arithmetic": str(self.dtype),
            "phases": [(phase.name, phase.steps) for phase in self.phases],
            "progress": vars(self.progress),
            "model": self.model.state_dict(),
            "alignment": self.alignment.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_bytes(self.out / STATE, buffer.getvalue())

    def _load(self) -> None:
        state = _read_state(self.out / STATE, self.device)
        if state["seed"] != self.seed:
            raise ModelError(
                f"expected a training with seed {self.seed} in {self.out}, found one with seed "
                f"{state['seed']}; choose another folder"
            )
        if state.get("start") != self.start:
            raise ModelError(
                f"expected a training that began with {self.start or 'fresh weights'} in "
                f"{self.out}, found one that began with {state.get('start') or 'fresh weights'}; "
                "choose another folder"
            )
        if (arithmetic := state.get("arithmetic", str(self.dtype))) != str(self.dtype):
            raise ModelError(
                f"expected a training in {self.dtype} in {self.out}, found one in {arithmetic}; go "
                f"on with --dtype {arithmetic.removeprefix('torch.')}, or choose another folder"
            )
        wanted = [(phase.name, phase.steps) for phase in self.phases]
        if state["phases"] != wanted:
            raise ModelError(
                f"expected a training of the phases {wanted} in {self.out}, found "
                f"{state['phases']}; choose another folder, or the minutes it was begun with"
            )
        self.model.load_state_dict(state["model"])
        self.alignment.load_state_dict(state["alignment"])
        for optimiser, optimiser_state in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(optimiser_state)
        self.progress = TrainingPosition(**state["progress"])
        self._cut_log()

    def _cut_log(self) -> None:
        """Drop what was logged after the state was saved: those steps are run again."""
        path = self.out / LOG
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        done = round(self.progress.seconds, 1)
        valid_lines = [line for line in lines if _seconds(line) <= done]
        write_bytes(path, "".join(f"{line}\n" for line in valid_lines).encode())

    def _optimisers(self) -> tuple[torch.optim.Optimizer, ...]:
        matrices, rest = split_parameters(list(self.model.named_parameters()))
        rest = [*rest, *self.alignment.parameters()]
        return (
            Muon(matrices, lr=1e-3, weight_decay=0.01, dtype=self.dtype),
            torch.optim.Adam(rest, lr=1e-3, betas=(0.9, 0.98)),
        )

    def _run_phase(self, phase: Phase) -> None:
        done = self.progress.step
        with bar(phase.name, phase.steps, done=done, unit="step") as shown:
            stream = self._stream(phase)
            while not self._over(phase):
                self._run_chunk(phase, stream, shown)
                self.save()
                if phase.mixture.own:
                    # What it thought before the save, a resumed training does not know.
                    stream = self._stream(phase)

    def _over(self, phase: Phase) -> bool:
        """Say whether a phase has had its steps and has learnt what it is for.

        Raises:
            ModelError: it has had far more, and has not.
        """
        step, reached = self.progress.step, self.progress.looked_up
        if step < phase.steps or phase.until is None or reached >= phase.until:
            return step >= phase.steps
        if step >= curriculum.MOST * phase.steps:
            raise ModelError(
                f"expected {phase.until:.0%} of the letters right after the phase {phase.name}, "
                f"found {reached:.0%} after {step} steps; train with another --seed, in another "
                "folder"
            )
        return False

    def _run_chunk(self, phase: Phase, stream: Iterator[batches.Batch], shown: Any) -> None:
        """Run to the next save."""
        heard: dict[str, list[float]] = defaultdict(list)
        while not self._over(phase):
            started, at = time.process_time(), time.perf_counter()
            for name, value in self._step(phase, stream).items():
                heard[name].append(value)
            self.progress.step += 1
            self.progress.seconds += time.process_time() - started
            self.progress.wall += time.perf_counter() - at
            shown.update(1)
            if self.progress.step % LOG_EVERY == 0 or self.progress.step == phase.steps:
                means = {name: round(sum(v) / len(v), 4) for name, v in heard.items()}
                heard.clear()
                self.progress.looked_up = means.get("letters_letter", 0.0)
                shown.set_postfix(loss=means.get("loss", means.get("aligned")))
                self._log({"phase": phase.name, **means})
            if phase.lesson == "scenes" and self.progress.step % EXAM_EVERY == 0:
                self._examine(phase)
            if self.progress.step % SAVE_EVERY == 0:
                return

    def _stream(self, phase: Phase) -> Iterator[batches.Batch]:
        """Yield batches from where the phase stands; another start makes the same ones."""
        first, skipped = divmod(self.progress.step, batches.POOL)
        own = phase.mixture.own if phase.lesson == "scenes" else 0.0
        blocks = self._blocks(phase, first, own)
        # What the organism thinks is asked of it when the row is needed, and not before.
        return islice(self.supply.stream(blocks, ahead=not own), skipped, None)

    def _blocks(self, phase: Phase, first: int, own: float) -> Iterator[batches.RowBlock]:
        rng = random.Random(f"{self.seed}/{phase.name}/{self.progress.step}/own")
        thoughts = self._own_thoughts(phase, rng)
        for index in count(first):
            seed_text = f"{self.seed}/{phase.name}/{index}"
            block = batches.RowBlock(seed_text, phase.lesson, phase.mixture, phase.batch)
            pictured = (batches.POOL - block.wordless()) * phase.batch
            yield replace(block, own=tuple(islice(thoughts, round(own * pictured))))

    def _own_thoughts(self, phase: Phase, rng: random.Random) -> Iterator[lessons.Lesson]:
        """Yield rows with thoughts that the model writes as it is by then, without end."""
        while True:
            rows = rollouts(self.model, self.tokenizer, rng, phase.mixture, ROLLOUTS)
            self.model.train()
            yield from rows

    def _step(self, phase: Phase, stream: Iterator[batches.Batch]) -> dict[str, float]:
        done = min(1.0, self.progress.step / phase.steps)
        warm = min(1.0, (self.progress.step + 1) / WARM_UP)
        rate = warm * (phase.rate + (phase.end_rate - phase.rate) * done)
        for optimiser in self.optimisers:
            optimiser.param_groups[0]["lr"] = rate
        batch = next(stream)
        loss, seen = self._loss(phase, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        return seen

    def _loss(self, phase: Phase, batch: batches.Batch) -> tuple[Tensor, dict[str, float]]:
        seen: dict[str, float] = {}
        loss = torch.zeros((), device=self.device)
        features = None
        if batch.pictures is not None:
            cut = forward.patches(self._placed(batch.pictures))
            features = forward.picture_features(self.model, cut, self.dtype)
            wanted = {trait: self._placed(classes) for trait, classes in batch.labels.items()}
            aligned, accuracy = self.alignment(
                features, self.model.get_input_embeddings().weight, wanted
            )
            weight = 1.0 if phase.lesson == "vision" else phase.aligned
            loss = loss + weight * aligned
            seen |= {"aligned": aligned.item(), **accuracy}
        if phase.lesson != "vision":
            text_loss, right = self._text_loss(phase, batch, features)
            loss = loss + text_loss
            seen |= right
        return loss, seen

    def _text_loss(
        self, phase: Phase, batch: batches.Batch, features: Tensor | None
    ) -> tuple[Tensor, dict[str, float]]:
        ids = self._placed(batch.ids)
        states = forward.text_states(self.model, ids, features, self.dtype)
        mask = self._placed(batch.learnt[:, 1:])
        scores = self.model.lm_head(states[:, :-1][mask])
        wanted = ids[:, 1:][mask]
        is_letter = self._placed(batch.letters[:, 1:])[mask]
        each = functional.cross_entropy(scores, wanted, reduction="none")
        # Which option a look-up row names next is anybody's guess; only its letter is to be known.
        plain = 0.2 if batch.pictures is None else 1.0
        weights = torch.where(is_letter, phase.letter_weight, plain)
        right = (scores.detach().argmax(-1) == wanted).float()
        name = "letters" if batch.pictures is None else "text"
        seen = {
            f"{name}_loss": each.mean().item(),
            f"{name}_accuracy": right.mean().item(),
            f"{name}_letter": right[is_letter].mean().item() if is_letter.any() else 1.0,
        }
        loss = (each * weights).sum() / weights.sum()
        seen["loss"] = loss.item()
        if len(batch.hunches):
            hunch, share = self._hunch(states, self._placed(batch.hunches))
            loss = loss + phase.hunch * hunch
            seen |= {"hunch_loss": hunch.item(), "hunch": share}
        return loss, seen

    def _placed(self, array: NDArray[Any]) -> Tensor:
        """Return an array as a tensor where the model is."""
        return torch.from_numpy(array).to(self.device)

    def _hunch(self, states: Tensor, hunches: Tensor) -> tuple[Tensor, float]:
        """Return the loss on the letter where the thought only begins, among letters alone.

        Nothing is written there, so this costs no words: it teaches what answering without a
        thought needs from every row, not from the few that are answered so.
        """
        rows, places, wanted = hunches.unbind(1)
        letters = self.letter_ids
        scores = states[rows, places] @ self.model.lm_head.weight[letters].T
        index = (letters == wanted[:, None]).int().argmax(1)
        share = (scores.detach().argmax(-1) == index).float().mean().item()
        return functional.cross_entropy(scores, index), share

    def _examine(self, phase: Phase) -> None:
        started = time.process_time()
        marks = examine(self.model, self.tokenizer, EXAM_QUESTIONS)
        self.model.train()
        folder = self.out / "exams" / f"{phase.name}-{self.progress.step}"
        architecture.write_checkpoint(folder, self.model, self.tokenizer)
        cost = round(time.process_time() - started, 1)
        self._log({"phase": phase.name, "exam": marks, "exam_seconds": cost})

    def _log(self, entry: dict[str, Any]) -> None:
        at = {"step": self.progress.step, "seconds": round(self.progress.seconds, 1)}
        with (self.out / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps({**at, **entry}) + "\n")


def train(
    out: Path,
    seed: int = 0,
    minutes: float | None = None,
    dtype: str | None = None,
    early: bool = False,
    start: Path | None = None,
    device: str = "cpu",
    workers: int = 0,
) -> Path:
    """Train an organism; see `unswayed.organism.train`."""
    place = device_of(device)
    dtype = dtype or faster_dtype(place)
    if dtype not in DTYPES:
        raise ConfigError(f"expected a dtype of {', '.join(DTYPES)}; found {dtype!r}")
    if start:
        phases = curriculum.EARLY_FURTHER if early else curriculum.FURTHER
    else:
        phases = curriculum.EARLY if early else curriculum.CURRICULUM
    if minutes is not None:
        phases = curriculum.scaled(phases, minutes)
    with RunFolder(Path(out)).writing():
        trainer = OrganismTrainer(Path(out), seed, phases, DTYPES[dtype], start, place, workers)
        return trainer.run()


def _start_of(folder: Path) -> str:
    """Return what a state and a card say of the weights that a training began with."""
    digest = of_file(folder / architecture.WEIGHTS)
    if digest is None:
        raise ModelError(
            f"expected a checkpoint of the organism in {folder}, found no {architecture.WEIGHTS}; "
            "name the folder of one"
        )
    return f"weights with sha256 {digest.sha256[:16]}"


def _read_state(path: Path, device: torch.device) -> dict[str, Any]:
    """Read the state of a training.

    Raises:
        ModelError: the file holds none.
    """
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        if isinstance(state, dict) and {"seed", "phases", "model", "optimisers"} <= state.keys():
            return state
        reason = "something else"
    except Exception as error:  # an unpickler fails on other bytes in whatever way they lead to
        reason = f"a file that cannot be read ({type(error).__name__})"
    raise ModelError(
        f"expected the state of a training in {path}, found {reason}; choose another folder, or "
        "remove it to begin anew"
    )


def _seconds(line: str) -> float:
    """Return when a line was logged; never, for one whose writer was killed while it wrote."""
    try:
        return json.loads(line)["seconds"]
    except ValueError:
        return math.inf
