"""Which outputs are listed, and in which order: a filter, and the same as the query of a URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unswayed.config.validation import first_fault
from unswayed.errors import ConfigError
from unswayed.report.outputs import AnswerClass
from unswayed.types import Consistency

Quadrant = Literal[
    "consistent_correct",
    "inconsistent_correct",
    "consistent_incorrect",
    "inconsistent_incorrect",
    "conflict",
]
YesNo = Literal["yes", "no"]
Flip = Literal["any", "right_wrong", "wrong_right", "none"]
Place = Literal["anywhere", "question", "thought", "answer"]
Sorting = Literal["run", "p_correct", "entropy", "shuffled"]


class Filter(BaseModel):
    """Which outputs of a run are listed, and how; what is None or empty leaves nothing out.

    Attributes:
        benchmark: name of the benchmark.
        variant: name of the variant.
        category: the benchmark's own category.
        outcome: how the answer compares with gold and foil.
        verdict: what the run's judge says.
        quadrant: verdict and correctness, or `conflict`.
        swayed: whether the foil was answered, and not in base; `no` lists rows with a pair only.
        flip: against base; `any` is either way.
        conflict: whether the letter and the option text of the answer disagree.
        text: words to search for.
        place: where they are searched.
        sort: `run` is the order of the run's files, `shuffled` a fixed random one.
        descending: the largest first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    benchmark: str | None = None
    variant: str | None = None
    category: str | None = None
    outcome: AnswerClass | None = None
    verdict: Consistency | None = None
    quadrant: Quadrant | None = None
    swayed: YesNo | None = None
    flip: Flip | None = None
    conflict: YesNo | None = None
    text: str = Field(default="", max_length=1000)
    place: Place = "anywhere"
    sort: Sorting = "run"
    descending: bool = False

    def values(self) -> dict[str, str]:
        """Return its fields as texts, as a URL or a form has them, without defaults."""
        changed: dict[str, object] = self.model_dump(mode="json", exclude_defaults=True)
        return {name: "yes" if value is True else str(value) for name, value in changed.items()}

    def query(self, **further: object) -> str:
        """Return the query of the URL that stands for this filter.

        Args:
            further: other keys and values of that URL.
        """
        return urlencode({**self.values(), **further}, errors="backslashreplace")


def of_query(query: Mapping[str, str]) -> Filter:
    """Return the filter of a URL's query; what is empty there leaves nothing out.

    Args:
        query: every key once; keys that no filter has are another's.

    Raises:
        ConfigError: a value is none that its key can have.
    """
    own = {name: value for name, value in query.items() if name in Filter.model_fields and value}
    try:
        return Filter.model_validate(own)
    except ValidationError as error:
        raise ConfigError(
            f"expected an address of this explorer, found {first_fault(error).text('query')}"
        ) from error
