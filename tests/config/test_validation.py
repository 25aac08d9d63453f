"""The first fault of a document, in one line and in the project's own words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from unswayed.config.validation import explain, first_fault


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int = Field(default=1, ge=1)
    share: float = 0.5

    @field_validator("share")
    @classmethod
    def _half_at_most(cls, value: float) -> float:
        if value > 0.5:
            raise ValueError(f"expected a share up to 0.5, found {value}")
        return value


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    inner: Inner = Inner()
    many: tuple[Inner, ...] = Field(default=(), max_length=1)
    maybe: Inner | None = None


def error_of(document: Any) -> ValidationError:
    with pytest.raises(ValidationError) as error:
        Outer.model_validate(document)
    return error.value


def explained(document: Any, place: str = "") -> str:
    text = explain(error_of(document), Outer, "setting", place)
    assert "Value error" not in text
    assert "\n" not in text
    return text


def test_a_check_of_ours_is_said_as_it_is_written() -> None:
    text = explained({"name": "x", "inner": {"share": 0.7}})
    assert text == "setting 'inner.share': expected a share up to 0.5, found 0.7"


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ({"size": 0}, "expected a value greater than or equal to 1, found 0"),
        ({"size": "x"}, "expected a valid integer, unable to parse string as an integer"),
        (3, "expected a valid dictionary"),
    ],
)
def test_what_pydantic_says_is_put_in_the_same_form(inner: Any, text: str) -> None:
    assert text in explained({"name": "x", "inner": inner})


def test_a_number_of_values_is_said_in_the_same_form() -> None:
    assert "setting 'many': expected at most 1 item" in explained({"name": "x", "many": [{}, {}]})


@pytest.mark.parametrize("place", ["inner", "maybe", "many"])
def test_a_misspelt_name_has_near_matches_of_its_own_table(place: str) -> None:
    inner: Any = {"sise": 1}
    text = explained({place: [inner] if place == "many" else inner})
    assert "unknown setting" in text
    assert f"did you mean {place}" in text
    assert "size" in text


def test_a_missing_name_and_the_file_are_named() -> None:
    assert explained({}, "my.toml").startswith("my.toml: the setting 'name' is missing")


def test_a_long_value_is_cut() -> None:
    assert len(explained({"name": ["x" * 10_000]})) < 300


def test_a_fault_without_a_field_is_of_the_whole() -> None:
    fault = first_fault(error_of([1]))
    assert fault.field == ""
    assert fault.text("the line").startswith("the line: expected a valid dictionary")
