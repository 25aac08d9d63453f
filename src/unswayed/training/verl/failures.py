"""When the judge fails so often that verl must not go on: counted once, in its driver.

Completions are scored in several processes, each of which sees a share of them. What the rule goes
by is therefore what they record, of all of them together.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unswayed.training.reward.failures import FailureWatch
from unswayed.training.reward.settings import RewardSettings
from unswayed.training.verl.log import Records

MOST_UNSCORED = 0.5
"""Share of the completions of the last steps that may have no reward at all, whatever the judge."""
_NOT_RECORDED = "a process that scores recorded nothing of it"


class RecordedFailures:
    """Counts each step's cases from the records of all processes that score."""

    def __init__(self) -> None:
        """Begin with nothing to read; then nothing is counted."""
        self._records: Records | None = None

    def follow(self, records: Path, settings: RewardSettings) -> None:
        """Read these records from now on.

        Args:
            records: folder that they are in.
            settings: the reward, which says how often its judge may fail.
        """
        self._records = Records(records)
        self._judge = FailureWatch(f"the judge {settings.judge}", settings.asking.most_failed)
        self._scoring = FailureWatch("the reward", MOST_UNSCORED)

    def count(self, completions: int) -> None:
        """Count what was recorded since the last call, as a step.

        A case is a completion with a verdict; it failed if the judge did. A completion whose reward
        is unknown for another reason, as by `unclear = "none"`, is no failure.

        Args:
            completions: of the step.

        Raises:
            StageError: the judge failed on more than `asking.most_failed` of the cases of the last
                steps, or more than half of their completions have no reward of any kind.
        """
        if self._records is None:
            return
        scored = list(self._records.lines())
        lost = [_NOT_RECORDED] * (completions - len(scored))
        lost += [str(line["reason"]) for line in scored if line["parts"] is None]
        # more than the step's where another machine's come late
        cases = max(completions, len(scored))
        self._scoring.take(len(lost), cases, lost[-1] if lost else "")
        judged: list[dict[str, Any]] = [line["parts"] for line in scored if line["parts"]]
        asked = [parts for parts in judged if parts["verdict"] not in (None, "skipped")]
        failed = [str(parts["reason"]) for parts in asked if parts["verdict"] == "failed"]
        self._judge.take(len(failed), len(asked), failed[-1] if failed else "")
