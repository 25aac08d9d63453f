"""Verdicts: what the parts of a claim add up to, and what of it stands when twelve are judged.

A claim of several parts is reproduced if each of them is (intersection–union: Berger,
*Technometrics* 1982; its p-value is the largest of theirs), and contradicted if at least one lies
on the other side, also when corrected for the number of parts (Bonferroni: the smallest p-value
times their number). Otherwise it is undecided. Where a claim names alternatives, one that is
reproduced reproduces it (p-value times their number), and it is contradicted if each of them is.
The twelve p-values are corrected by Holm (1979); a claim that was not run counts among the twelve
with a p-value of 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from unswayed.metrics.significance import holm
from unswayed.study.claims import StudyClaim, claims_of
from unswayed.study.parts import ALPHA, ClaimPart, ClaimStatus
from unswayed.study.results import StudyResults


@dataclass(frozen=True)
class ClaimVerdict:
    """What a study says of a claim.

    Attributes:
        claim: the claim with its parts.
        status: reproduced, contradicted, undecided, or not run.
        p: p-value of the status, or the smaller one of both sides where it is undecided; None if
            the claim was not run.
        p_holm: the same, corrected for twelve claims.
        missing: what is missing to judge it; empty otherwise.
    """

    claim: StudyClaim
    status: ClaimStatus
    p: float | None
    p_holm: float | None
    missing: str = ""

    @property
    def stands(self) -> bool:
        """Whether the verdict stands after Holm's correction over the twelve."""
        decided = self.status in ("reproduced", "contradicted")
        return decided and self.p_holm is not None and self.p_holm <= ALPHA

    def document(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "claim": self.claim.key,
            "text": self.claim.text,
            "measure": self.claim.measure,
            "verdict": self.status,
            "p": self.p,
            "p_holm": self.p_holm,
            "stands_after_holm": self.stands,
            "missing": self.missing or None,
            "groups": [[_part(part) for part in group] for group in self.claim.groups],
        }


def verdicts_of(results: StudyResults) -> list[ClaimVerdict]:
    """Judge the twelve claims on what a study has."""
    return judged(claims_of(results))


def judged(claims: Sequence[StudyClaim]) -> list[ClaimVerdict]:
    """Judge claims, and correct for their number."""
    found = [verdict(claim) for claim in claims]
    corrected = holm([1.0 if one.p is None else one.p for one in found])
    return [
        ClaimVerdict(one.claim, one.status, one.p, None if one.p is None else p, one.missing)
        for one, p in zip(found, corrected, strict=True)
    ]


def verdict(claim: StudyClaim) -> ClaimVerdict:
    """Judge one claim by itself."""
    missing = "; ".join(dict.fromkeys(part.missing for part in claim.parts if part.missing))
    if missing:
        return ClaimVerdict(claim, "not run", None, None, missing)
    groups = [_sides(group, claim.corrected) for group in claim.groups]
    reproduced = min(1.0, len(groups) * min(on for on, _ in groups))
    contradicted = max(off for _, off in groups)
    if any(_reproduced(group, on) for group, (on, _) in zip(claim.groups, groups, strict=True)):
        return ClaimVerdict(claim, "reproduced", reproduced, None)
    if contradicted <= ALPHA:
        return ClaimVerdict(claim, "contradicted", contradicted, None)
    return ClaimVerdict(claim, "undecided", min(reproduced, contradicted), None)


def _reproduced(group: Sequence[ClaimPart], p: float) -> bool:
    """Say whether every part is, also by its p-value; a count goes by itself."""
    counted = all(part.over == "count" for part in group)
    return all(part.status == "reproduced" for part in group) and (counted or p <= ALPHA)


def _sides(group: Sequence[ClaimPart], corrected: bool) -> tuple[float, float]:
    """Return the p-values of all parts being on the claimed side, and of one being on the other."""
    on = [part.towards(claimed=True) for part in group]
    off = [part.towards(claimed=False) for part in group]
    if corrected:
        on = [p for p in holm(on) if p is not None]
    return max(on), min(1.0, len(group) * min(off))


def _part(part: ClaimPart) -> dict[str, Any]:
    return {
        "name": part.name,
        "claimed": "above" if part.side > 0 else "below",
        "bound": part.bound,
        "value": part.value,
        "low": part.low,
        "high": part.high,
        "p": part.p,
        "over": part.over,
        "n": part.n,
        "by_seed": {str(seed): value for seed, value in part.by_seed.items()},
        "detectable": part.detectable,
        "status": part.status,
        "missing": part.missing or None,
        "reason": part.reason or None,
    }
