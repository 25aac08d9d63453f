"""The panel: what is made of votes, and a run and a label file judged by several."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from unswayed.cli.judge import judge as judge_command
from unswayed.cli.judge_check import judge_check
from unswayed.errors import BudgetSpent, ConfigError, StageError, UnknownName
from unswayed.judges import JudgeCase
from unswayed.judges.panel import Panel, decide
from unswayed.judges.rules.judge import Rules
from unswayed.pipeline import stages as pipeline
from unswayed.pipeline.settings import Settings
from unswayed.registry import create
from unswayed.report import terminal
from unswayed.run.folder import RunFolder
from unswayed.types import Verdict, Vote

STATUS = {"c": "consistent", "i": "inconsistent", "u": "unclear", "f": "failed", "s": "skipped"}
SCRIPTED = Path(__file__).parents[1] / "scripted.py"


class Short(Rules):
    """Forgets a case."""

    name = "short"

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        yield from super().judge(cases[:-1])


class Breaks(Rules):
    """Raises what is no error of ours."""

    name = "breaks"

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        raise ValueError("a bug of the judge")
        yield


def cast_votes(statuses: str, letters: str | None = None) -> list[Vote]:
    names = letters or "A" * len(statuses)
    return [
        Vote(
            judge=f"j{place}",
            status=STATUS[status],  # pyright: ignore[reportArgumentType]
            concludes=None if letter == "-" else letter,
        )
        for place, (status, letter) in enumerate(zip(statuses, names, strict=True))
    ]


@pytest.mark.parametrize(
    ("statuses", "majority", "strict"),
    [
        ("ccc", "consistent", "consistent"),
        ("cci", "consistent", "unclear"),
        ("iic", "inconsistent", "unclear"),
        ("ciu", "unclear", "unclear"),
        ("uuc", "unclear", "unclear"),
        ("ci", "unclear", "unclear"),
        ("ccii", "unclear", "unclear"),
        ("cciu", "unclear", "unclear"),  # 2 of 4 are the most, and no majority
        ("ccf", "consistent", "consistent"),
        ("iif", "inconsistent", "inconsistent"),
        ("cif", "unclear", "unclear"),
        ("cff", "failed", "failed"),
        ("iff", "failed", "failed"),
        ("cf", "failed", "failed"),
        ("fff", "failed", "failed"),
        ("ccs", "consistent", "consistent"),
        ("sss", "skipped", "skipped"),
    ],
)
def test_what_is_made_of_the_votes(statuses: str, majority: str, strict: str) -> None:
    votes = cast_votes(statuses)
    assert decide(votes, "majority").status == majority
    assert decide(votes, "strict").status == strict


@pytest.mark.parametrize(
    ("statuses", "letters", "concludes"),
    [
        ("iii", "ABA", "A"),
        ("iii", "ABC", None),
        ("ii", "AB", None),
        ("iic", "BBA", "B"),
        ("uuu", "---", None),
        ("ci", "AB", None),
    ],
)
def test_the_conclusion_of_the_panel(statuses: str, letters: str, concludes: str | None) -> None:
    assert decide(cast_votes(statuses, letters), "majority").concludes == concludes


def case(number: int = 0, answer: str = "B") -> JudgeCase:
    options = {"A": "red", "B": "blue"}
    return JudgeCase(f"v{number}", "Which?", options, "It is blue.", answer, answer, None)


def spec_of(server: Any, name: str) -> str:
    return f"llm:{name};base_url={server.url};name={name}"


def test_every_vote_is_kept(serve: Any, behaviours: Any) -> None:
    yes, nonsense = serve(behaviours["agreeable"]), serve(lambda body: "nonsense")
    panel = create("judge", f"panel:rules+{spec_of(yes, 'yes')}+{spec_of(nonsense, 'mad')}")
    first, second = panel.judge([case(0), case(1, "A")])
    assert [v.judge for v in first.votes] == ["rules", "yes", "mad"]
    assert [v.status for v in first.votes] == ["consistent", "consistent", "failed"]
    assert [v.status for v in second.votes] == ["inconsistent", "consistent", "failed"]
    assert (first.status, second.status) == ("consistent", "unclear")
    assert first.prompt_hash == panel.prompt_hash
    assert "no usable reply" in first.votes[2].reason


def test_the_hash_tells_panels_apart() -> None:
    def hash_of(**options: Any) -> str:
        return Panel("rules+llm:m", **options).prompt_hash

    others = [Panel("rules+llm:n").prompt_hash, Panel("llm:m+rules").prompt_hash]
    assert len({hash_of(), hash_of(rule="strict"), *others}) == 4
    assert hash_of() == hash_of(rule="majority")


def test_a_panel_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "judges.toml"
    path.write_text(
        f'rule = "strict"\nmembers = ["rules", "{SCRIPTED}:SlowRules,delay=0.0"]\n', "utf-8"
    )
    panel = create("judge", f"panel:{path}")
    assert panel.rule == "strict"
    assert [member.name for member in panel.members] == ["rules", "slow-rules"]
    (verdict,) = panel.judge([case()])
    assert verdict.status == "consistent"
    assert Panel(str(path), rule="majority").rule == "majority"
    assert panel.provenance()["members"][0]["name"] == "rules"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("members = 3", "expected members"),
        ('members = ["rules"]\nother = 1', "expected members"),
        ("rule = 3\nmembers = []", "expected members"),
        ("=", "cannot read"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "judges.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        Panel(str(path))


@pytest.mark.parametrize(
    ("members", "options", "error", "message"),
    [
        ("rules", {}, ConfigError, "2 to 20 members"),
        ("rules+rules", {}, ConfigError, "are called rules"),
        ("rules+ruels", {}, UnknownName, "did you mean rules"),
        ("rules+panel:rules+llm:m", {}, ConfigError, "2 to 20 members"),
        ("rules+llm:m", {"rule": "most"}, ConfigError, "majority or strict"),
        ("missing.toml", {}, ConfigError, "cannot read"),
    ],
)
def test_wrong_panels(members: str, options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Panel(members, **options)


def test_a_member_that_miscounts_or_breaks() -> None:
    panel = Panel("rules+llm:m")
    panel.members[1] = Short()
    with pytest.raises(StageError, match="member short"):
        list(panel.judge([case(0), case(1)]))
    panel.members[1] = Breaks()
    with pytest.raises(ValueError, match="a bug"):
        list(panel.judge([case()]))


def settings(**changed: Any) -> Settings:
    values: dict[str, Any] = {
        "model": f"{SCRIPTED}:Scripted,script=mixed",
        "benchmarks": ("scenes,n=10",),
        "variants": ("base", "wrong-think"),
        "statistics": {"resamples": 100},
    }
    return Settings.model_validate(values | changed)


def test_a_run_judged_by_a_panel_and_no_key_anywhere(
    serve: Any, behaviours: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "sk-never-written-down"
    monkeypatch.setenv("A_JUDGES_KEY", secret)
    honest, yes = serve(behaviours["honest"]), serve(behaviours["agreeable"])
    members = f"rules+{spec_of(honest, 'honest')};key=A_JUDGES_KEY+{spec_of(yes, 'yes')}"
    run = pipeline.evaluate(settings(judge=f"panel:{members}"), tmp_path / "run")
    assert any(secret in header["Authorization"] for header in honest.headers)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not [path for path in files if secret.encode() in path.read_bytes()]
    verdicts = list(run.verdicts)
    assert {len(v.votes) for v in verdicts if v.status != "skipped"} == {3}
    metrics = json.loads((run.folder / "metrics.json").read_text("utf-8"))
    found = {e["metric"]: e for e in metrics["estimates"] if e["variant"] == "all"}
    assert found["cohen_kappa[rules | honest]"]["value"] == pytest.approx(1)
    assert found["cohen_kappa[rules | yes]"]["value"] < 0.5
    assert 0 < found["strict_agreement"]["value"] < 1
    assert found["no_vote[yes]"]["value"] == 0
    summary = terminal.summary(metrics)
    assert "Fleiss' κ" in summary
    assert "rules | honest" in summary
    described = run.description()["judge"]
    assert [member["name"] for member in described["members"]] == ["rules", "honest", "yes"]


def test_judging_goes_on_where_the_budget_ended(
    serve: Any, behaviours: Any, tmp_path: Path
) -> None:
    server = serve(behaviours["honest"])
    spec = f"llm:m,base_url={server.url},concurrency=1"
    with pytest.raises(BudgetSpent):
        pipeline.evaluate(settings(judge=f"{spec},max_requests=5"), tmp_path / "run")
    run = RunFolder(tmp_path / "run")
    half = list(run.verdicts)
    assert 5 <= len(half) < 20
    assert not run.complete("verdicts")
    pipeline.evaluate(settings(judge=spec), tmp_path / "run")
    assert [v.id for v in run.verdicts] == [v.id for v in run.variants]
    asked = [v for v in run.verdicts if v.status != "skipped"]
    assert len(server.bodies) == len(asked)
    assert list(run.verdicts)[: len(half)] == half


def test_judging_again_by_a_panel_keeps_the_first_verdicts(
    serve: Any, behaviours: Any, tmp_path: Path
) -> None:
    run = pipeline.evaluate(settings(), tmp_path / "run")
    before = list(run.verdicts)
    server = serve(behaviours["honest"])
    spec = f"panel:rules+{spec_of(server, 'honest')}"
    done = CliRunner().invoke(judge_command, [str(run.folder), "--judge", spec])
    assert done.exit_code == 0, done.output
    assert len(list(run.folder.glob("verdicts-rules-*.jsonl"))) == 1
    after = list(run.verdicts)
    assert [v.status for v in after] == [v.status for v in before]
    assert {v.judge for v in after} == {"panel"}


def labels(path: Path, count: int = 12) -> Path:
    rows: list[str] = []
    for number in range(count):
        same = number % 3 != 0
        row = {
            "id": f"r{number}",
            "question": "What colour is the car?",
            "options": {"A": "red", "B": "blue"},
            "think": "The car is blue.",
            "answer": "B" if same else "A",
            "concludes": "B",
            "consistent": "yes" if same else "no",
        }
        rows.append(json.dumps(row))
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_judge_check_exposes_a_judge_that_always_says_yes(
    serve: Any, behaviours: Any, tmp_path: Path
) -> None:
    path = labels(tmp_path / "labels.jsonl")
    honest, yes = serve(behaviours["honest"]), serve(behaviours["agreeable"])
    mad = serve(lambda body: "nonsense")
    panel = "+".join([spec_of(honest, "honest"), spec_of(yes, "yes"), spec_of(mad, "mad")])
    done = CliRunner().invoke(judge_check, [str(path), "--judge", f"panel:{panel}", "--json"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    members = {member["judge"]: member for member in figures["members"]}
    assert (members["honest"]["agreement"], members["honest"]["kappa"]) == (1, 1)
    assert (members["yes"]["kappa"], members["yes"]["always"]) == (0, "consistent")
    assert (members["mad"]["always"], members["mad"]["n_failed"]) == ("failed", 12)
    assert members["honest"]["always"] is None
    between = {figure["metric"]: figure for figure in figures["between"]}
    assert between["all_voted_rate"]["value"] == 0
    assert between["no_vote[mad]"]["value"] == 1
    assert between["cohen_kappa[honest | yes]"]["value"] == pytest.approx(0)
    text = CliRunner().invoke(judge_check, [str(path), "--judge", f"panel:{panel}"]).stdout
    assert "warning: the judge yes says consistent to all 12 rows" in text
    assert "warning: the judge mad failed on 12 of 12 rows" in text
    assert "Cohen’s κ: honest | yes" in text


def test_real_labels_with_a_panel(real: Path, serve: Any, behaviours: Any) -> None:
    path = real / "judge_labels" / "vstar_consistency.jsonl"
    honest, yes = serve(behaviours["honest"]), serve(behaviours["agreeable"])
    panel = f"panel:rules+{spec_of(honest, 'honest')}+{spec_of(yes, 'yes')}"
    done = CliRunner().invoke(judge_check, [str(path), "--judge", panel, "--json"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    rules, model, agreeable = figures["members"]
    assert rules["agreement"] > 0.99
    assert model["confusion"] == rules["confusion"]
    assert (agreeable["kappa"], agreeable["always"]) == (0, "consistent")
    assert figures["agreement"] > 0.99
