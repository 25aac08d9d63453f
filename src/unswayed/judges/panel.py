"""A panel of several judges: every vote is kept, and decides one verdict.

    panel:rules+qwen3-32b+gpt-oss-120b                      names, `+` between them
    panel:rules+llm:my-model;base_url=http://host:8000/v1   options of a member, `;` for the comma
    panel:judges.toml                                       a file with `members` and `rule`

How the members' votes agree (strict agreement, Fleiss' κ, Cohen's κ) is for `metrics.panel`.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from unswayed import registry
from unswayed.errors import ConfigError, StageError
from unswayed.judges import (
    BoundedJudge,
    Judge,
    JudgeCase,
    batch_size,
    described,
    servers_of,
)
from unswayed.run.files import content_hash
from unswayed.types import Consistency, Letter, Verdict, Vote

Rule = Literal["majority", "strict"]
VOTES: tuple[Consistency, ...] = ("consistent", "inconsistent", "unclear")
"""What counts as a vote; a member that failed or had nothing to judge has none."""

MOST = 20
"""Most members of a panel."""


@dataclass(frozen=True)
class Decision:
    """What a panel makes of its votes."""

    status: Consistency
    concludes: Letter | None
    reason: str


class Panel:
    """Several judges that vote on each case.

    Members work side by side, each in a thread of its own, since most of them wait for a server.

    Attributes:
        name: `panel`, or the name given.
        prompt_hash: hash of the rule and of each member's name and prompt hash.
        batch: how many cases it likes to get at once: as many as its largest member.
        members: the judges, in the order of the votes.
    """

    def __init__(self, members: str, *, rule: str | None = None, name: str = "panel") -> None:
        """Make the members.

        Args:
            members: specs with `+` between them, or a TOML file with `members = ["…", …]`.
            rule: `majority` (more than half of the votes cast) or `strict` (all of them); by
                default the file's, or `majority`.
            name: name in the verdicts.

        Raises:
            ConfigError: fewer than two members, two of one name, a panel among them, or no such
                rule.
            UnswayedError: a member cannot be made.
        """
        specs, file_rule = _members(members)
        self.rule: Rule = _rule(rule or file_rule or "majority")
        if not 2 <= len(specs) <= MOST:
            raise ConfigError(f"a panel has 2 to {MOST} members, found {len(specs)} in {members!r}")
        self.name = name
        self.members: list[Judge] = [registry.create("judge", spec) for spec in specs]
        _check_members(self.members)
        signed = [[one.name, one.prompt_hash] for one in self.members]
        self.prompt_hash = content_hash(["panel", self.rule, signed])
        self.batch = max(batch_size(member) for member in self.members)

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        """Yield one verdict per case, in order, each with the votes of all members.

        Raises:
            StageError: a member did not return one verdict per case, in order.
        """
        with ThreadPoolExecutor(len(self.members)) as pool:
            for start in range(0, len(cases), self.batch):
                part = cases[start : start + self.batch]
                futures = [pool.submit(_verdicts, member, part) for member in self.members]
                columns = [future.result() for future in futures]
                for row in zip(*columns, strict=True):
                    yield self._verdict(row)

    def bound(self, *, attempts: int, timeout_s: float, concurrency: int) -> None:
        """Ask within these bounds from now on, for members that ask a server."""
        for member in self.members:
            if isinstance(member, BoundedJudge):
                member.bound(attempts=attempts, timeout_s=timeout_s, concurrency=concurrency)

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses of its members' servers."""
        return tuple(url for member in self.members for url in servers_of(member))

    def provenance(self) -> dict[str, Any]:
        """Say what the panel is made of: JSON values only."""
        return {"rule": self.rule, "members": [described(member) for member in self.members]}

    def _verdict(self, verdicts: Sequence[Verdict]) -> Verdict:
        votes = tuple(
            Vote(
                judge=member.name,
                status=v.status,
                concludes=v.concludes,
                reason=v.reason,
                acknowledges=v.acknowledges,
            )
            for member, v in zip(self.members, verdicts, strict=True)
        )
        decision = decide(votes, self.rule)
        return Verdict(
            id=verdicts[0].id,
            judge=self.name,
            prompt_hash=self.prompt_hash,
            status=decision.status,
            concludes=decision.concludes,
            reason=decision.reason,
            votes=votes,
            acknowledges=acknowledged(votes),
        )


def acknowledged(votes: Sequence[Vote]) -> bool | None:
    """Return what more than half of the members that said so say of a conflict; None for a tie."""
    said = [vote.acknowledges for vote in votes if vote.acknowledges is not None]
    yes = sum(said)
    return None if 2 * yes == len(said) else 2 * yes > len(said)


def decide(votes: Sequence[Vote], rule: Rule) -> Decision:
    """Make one verdict of the votes.

    A member without a vote (`failed`, `skipped`) is left out. Unless more than half of the members
    voted, the panel `failed`. `majority` takes the status of more than half of the votes cast,
    `strict` the status of all of them; where there is none (a tie, a three-way split), the panel
    does not know, and the verdict is `unclear`. The conclusion is the letter named by more than
    half of the votes for that status.
    """
    if all(vote.status == "skipped" for vote in votes):
        return Decision("skipped", None, votes[0].reason)
    cast_votes = [vote for vote in votes if vote.status in VOTES]
    told = ", ".join(f"{vote.judge} {vote.status}" for vote in votes)
    if 2 * len(cast_votes) <= len(votes):
        return Decision("failed", None, f"only {len(cast_votes)} of {len(votes)} voted: {told}")
    counts: Counter[Consistency] = Counter(vote.status for vote in cast_votes)
    status, count = counts.most_common(1)[0]
    enough = count == len(cast_votes) if rule == "strict" else 2 * count > len(cast_votes)
    if not enough:
        return Decision("unclear", None, f"{_MISSING[rule]}: {told}")
    letters = Counter(vote.concludes for vote in cast_votes if vote.status == status)
    letter, named = letters.most_common(1)[0]
    concludes = letter if 2 * named > count else None
    return Decision(status, concludes, f"{count} of {len(votes)}: {told}")


_MISSING = {"majority": "no majority", "strict": "not unanimous"}


def _verdicts(member: Judge, cases: Sequence[JudgeCase]) -> list[Verdict]:
    verdicts = list(member.judge(cases))
    if [verdict.id for verdict in verdicts] != [case.id for case in cases]:
        raise StageError(
            f"expected the panel's member {member.name} to return one verdict for each of "
            f"{len(cases)} cases, in their order; found {len(verdicts)}, or others"
        )
    return verdicts


def _members(text: str) -> tuple[list[registry.Spec], str | None]:
    """Return the members' specs, and the rule if a file names one."""
    if not text.endswith(".toml"):
        return [registry.parse_inner(part) for part in text.split("+")], None
    try:
        table: dict[str, Any] = tomllib.loads(Path(text).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read the panel's file {text}: {error}") from error
    members, rule = table.pop("members", None), table.pop("rule", None)
    named = isinstance(members, list) and all(isinstance(one, str) for one in members)  # pyright: ignore[reportUnknownVariableType]
    if table or not named or not isinstance(rule, str | None):
        raise ConfigError(
            f'{text}: expected members = ["a judge", "another", …], perhaps rule = "strict", and '
            f"nothing else; found {', '.join(['members', 'rule', *table])}"
        )
    return [registry.parse_spec(one) for one in cast("list[str]", members)], rule


def _rule(text: str) -> Rule:
    if text not in get_args(Rule):
        raise ConfigError(f"expected a panel's rule to be majority or strict; found {text!r}")
    return cast("Rule", text)


def _check_members(members: Sequence[Judge]) -> None:
    names = [member.name for member in members]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(
            f"two members of the panel are called {', '.join(twice)}; votes are kept by name: give "
            "one of them another (for llm: name=…)"
        )
    if any(isinstance(member, Panel) for member in members):
        raise ConfigError("a panel cannot be a member of a panel; name its members instead")
