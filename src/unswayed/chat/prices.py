"""What tokens cost, from a file of the user's: prices change, and no figure here would stay true.

    currency = "USD"

    [models."my-model"]          # per million tokens
    prompt = 2.0
    cached_prompt = 0.5          # optional: without it, cached tokens cost what the others do
    completion = 8.0             # thinking is charged as completion
    source = "where the price was read"
    date = 2026-11-21

A model that is not in the file costs an unknown amount, which is written `n/a` and never 0.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unswayed.chat.limits import Spent
from unswayed.config.validation import Fault, first_fault
from unswayed.errors import ConfigError

_PER = 1_000_000

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Price(BaseModel):
    """What a model costs per million tokens.

    Attributes:
        prompt: price of tokens in prompts.
        completion: price of generated tokens, thinking among them.
        cached_prompt: price of tokens in prompts that the server had in its cache; that of the
            others where it is not given.
        source: where the price was read.
        date: when it was read.
        currency: currency of the prices; the file's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: Amount
    completion: Amount
    cached_prompt: Amount | None = None
    source: str = ""
    date: datetime.date | None = None
    currency: str = ""


Prices = Mapping[str, Price]
"""Name of a model → its price."""


@dataclass(frozen=True)
class Cost:
    """An amount of money.

    Attributes:
        amount: None if the price is not known.
        currency: as the price file names it.
        at_least: some requests did not report their tokens, so the amount is a lower bound.
    """

    amount: float | None
    currency: str = ""
    at_least: bool = False

    def __str__(self) -> str:
        """Return the amount for people; `n/a` if it is not known."""
        if self.amount is None:
            return "n/a"
        text = f"{self.amount:.2f}" if self.amount >= 1 else f"{self.amount:.4f}"
        return f"{'at least ' if self.at_least else ''}{text} {self.currency}".rstrip()


def load(path: Path) -> dict[str, Price]:
    """Read a price file.

    Raises:
        ConfigError: it cannot be read, or a price is none.
    """
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read the price file {path}: {error}") from error
    models: Any = table.pop("models", {})
    currency: Any = table.pop("currency", "")
    if table or not isinstance(models, dict) or not isinstance(currency, str):
        raise ConfigError(
            f'expected currency and [models."NAME"] tables in {path}, found '
            f"{', '.join(table) or 'something else'}"
        )
    tables = cast("dict[str, Any]", models)
    return {name: _price(path, name, raw, currency) for name, raw in tables.items()}


def _price(path: Path, name: str, raw: Any, currency: str) -> Price:
    try:
        return Price.model_validate({"currency": currency, **raw})
    except (TypeError, ValidationError) as error:
        fault = first_fault(error) if isinstance(error, ValidationError) else Fault("", "none")
        raise ConfigError(
            f"{path}: expected a table of prices for {name!r}, found {fault.text('table')}"
        ) from error


def cost(spent: Spent, price: Price | None) -> Cost:
    """Return what was spent, in money."""
    if price is None:
        return Cost(None)
    cached = price.prompt if price.cached_prompt is None else price.cached_prompt
    amount = (
        (spent.prompt - spent.cached_prompt) * price.prompt
        + spent.cached_prompt * cached
        + spent.completion * price.completion
    ) / _PER
    return Cost(amount, price.currency, at_least=spent.unknown > 0)
