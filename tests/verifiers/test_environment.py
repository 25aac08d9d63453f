"""The verifiers environment, by verifiers' own evaluation, on the embedded model behind a server.

`make test-verifiers` runs it: verifiers has an environment of its own, and the server runs in the
project's (`UNSWAYED_PYTHON`).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("verifiers")

ROOT = Path(__file__).parents[2]
PYTHON = os.environ.get("UNSWAYED_PYTHON", str(ROOT / ".venv" / "bin" / "python"))
DATA = 'data=[{benchmark="scenes,n=8,split=train"}]'
ONE_STEP = ["grpo.steps=1", "grpo.prompts_per_step=8", DATA]
PAGE = (ROOT / "docs" / "in-your-training.md").read_text("utf-8")
OWN_FILE = PAGE.partition("**`my_env.py`**\n\n```python\n")[2].partition("```")[0]

pytestmark = pytest.mark.filterwarnings("default")  # verifiers' own warnings are not ours


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    command = [PYTHON, str(Path(__file__).with_name("server.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        process.kill()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write the two lines of the page into a module that verifiers finds."""
    (tmp_path / "my_env.py").write_text(OWN_FILE, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEY", "none")
    sys.modules.pop("my_env", None)
    return "my_env"


def traces(url: str, recipe: str, overrides: list[str]) -> list[Any]:
    """Run verifiers' own evaluation and return its traces."""
    from verifiers.v1.cli.eval.runner import run_eval
    from verifiers.v1.configs.cli.eval import EvalConfig

    config = EvalConfig.model_validate(
        {
            "env": {
                "taskset": {"id": "my_env", "recipe": recipe, "overrides": overrides},
                "agent": {"runtime": {"type": "subprocess"}},
            },
            "model": "early",
            "client": {"base_url": url, "api_key_var": "KEY"},
            "push": False,
            "rich": None,
            "max_concurrent": 1,
        }
    )
    return [trace for episode in asyncio.run(run_eval(config)) for trace in episode.traces]


def test_the_reward_and_the_accuracy_are_those_of_an_evaluation(
    server: str, module: str, tmp_path: Path
) -> None:
    found = traces(server, "accuracy", ONE_STEP)
    assert [trace.errors for trace in found] == [[]] * 8
    out = tmp_path / "run"
    subprocess.run(
        [PYTHON, "-m", "unswayed", "evaluate", "--model", "organism,which=early", "--benchmark",
         "scenes,n=8,split=train", "--variants", "base", "--profile", "organism",
         "--set", "decoding.max_new_tokens=110", "--out", str(out)],
        check=True, capture_output=True,
    )  # fmt: skip
    lines = (out / "generations.jsonl").read_text("utf-8").splitlines()
    texts = {row["id"]: row["text"] for row in map(json.loads, lines)}
    gold = {
        row["id"]: row["answer"]
        for row in map(json.loads, (out / "variants.jsonl").read_text("utf-8").splitlines())
    }
    for trace in found:
        variant = json.loads(trace.task.data.variant)
        said = trace.assistant_messages[-1].content
        assert said == texts[variant["id"]]
        right = f"<answer>{gold[variant['id']]}</answer>" in said
        assert trace.metrics["correct"] == float(right)
        assert trace.rewards["reward"].score == pytest.approx(0.1 + right)
    assert {trace.metrics["correct"] for trace in found} == {0.0, 1.0}, "both occur"


def test_begun_thoughts_stand_in_the_users_message(server: str, module: str) -> None:
    rates = "augmentation={wrong_think=1.0}"
    found = traces(server, "accuracy", [*ONE_STEP, rates])
    for trace in found:
        variant = json.loads(trace.task.data.variant)
        assert (variant["name"], variant["delivery"]) == ("wrong-think", "user-turn")
        assert variant["draft"] in trace.task.data.prompt[-1].content[-1].text
        assert trace.errors == []


def test_a_judge_that_fails_is_an_error_and_no_reward(
    server: str, module: str, tmp_path: Path
) -> None:
    (tmp_path / "deaf.py").write_text(
        "from unswayed.types import Verdict\n"
        "class Deaf:\n"
        "    name, prompt_hash, seen = 'deaf', '0', 0\n"
        "    def judge(self, cases):\n"
        "        for case in cases:\n"
        "            self.seen += 1\n"
        "            known = self.seen == 1\n"
        "            yield Verdict(id=case.id, judge=self.name, prompt_hash='0',\n"
        "                status='consistent' if known else 'failed', reason='deaf')\n"
    )
    judge = f"reward.judge={tmp_path / 'deaf.py'}:Deaf"
    never = "reward.asking.most_failed=1.0"
    found = traces(server, "faithful", [*ONE_STEP, judge, never])
    right = [trace for trace in found if trace.errors]
    assert right, "the faithful reward asks the judge of right answers"
    for trace in right:
        assert "is not known: deaf" in trace.errors[-1].message
        assert trace.rewards["reward"] is None


@pytest.mark.parametrize(
    ("recipe", "said"),
    [("guarded", "reward of one completion"), ("care", "needs the training itself")],
)
def test_a_reward_of_more_than_one_completion_is_refused(
    module: str, recipe: str, said: str
) -> None:
    from unswayed.errors import ConfigError

    with pytest.raises(ConfigError, match=said):
        traces("http://127.0.0.1:9/v1", recipe, ONE_STEP)
