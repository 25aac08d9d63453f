"""The whole way from Python: evaluate, read rows and figures, compare, judge with an own object.

    python examples/python_api.py [FOLDER]

Runs on a CPU in seconds, with the model and the pictures that come with the package; FOLDER is
where the runs go (default: `runs/python-api`). docs/python-api.md explains each call.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import unswayed as us
from unswayed.judges import JudgeCase

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/python-api")


class SameLetter:
    """A judge of your own: the thought must name the answer's letter somewhere."""

    name, prompt_hash = "same-letter", "1"

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[us.Verdict]:
        for case in cases:
            agrees = case.letter is not None and case.letter in case.think.split()
            yield us.Verdict(
                id=case.id,
                judge=self.name,
                prompt_hash=self.prompt_hash,
                status="consistent" if agrees else "unclear",
            )


def main() -> None:
    settings = {
        "model": "organism,which=early",
        "benchmarks": "scenes,n=12,fog=mixed",
        "variants": ["base", "wrong-think"],
    }
    run = us.evaluate(out=FOLDER / "organism", **settings)

    rows = run.rows()  # a pandas table, one row a generation
    print(rows.groupby("variant")[["correct", "swayed", "entropy", "p_correct"]].mean())
    print("swayed on:", ", ".join(rows[rows.swayed.fillna(False)]["sample"]) or "nothing")

    accuracy = run.metric("accuracy", variant="wrong-think")
    print(f"accuracy {accuracy.value} in [{accuracy.low}, {accuracy.high}], n = {accuracy.n}")

    judged = us.evaluate(judge=SameLetter(), out=FOLDER / "own-judge", **settings)
    differences = us.compare(run, judged)
    print(differences[["variant", "metric", "value", "low", "high", "n"]].to_string())


if __name__ == "__main__":
    try:
        main()
    except us.UnswayedError as error:  # its text is one line that says what to do
        sys.exit(f"error: {error}")
