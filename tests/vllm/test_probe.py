"""The proof of the open turn, against a server that really can close it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from unswayed import registry
from unswayed.errors import ModelError
from unswayed.models import Decoding, Request, Serving
from unswayed.models.served.bodies import CONTINUE

FLAGS = dict(CONTINUE)


@pytest.fixture
def model(server: Any) -> Iterator[Any]:
    """The served model, not started."""
    with closing(registry.create("model", registry.parse_spec(server.spec()))) as made:
        yield made


@pytest.fixture
def send_only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that has the backend send only some of the two flags."""

    def only(*names: str) -> None:
        kept = {name: FLAGS[name] for name in names}
        monkeypatch.setattr("unswayed.models.served.turns.CONTINUE", kept)
        monkeypatch.setattr("unswayed.models.served.bodies.CONTINUE", kept)

    return only


def test_with_both_flags_the_turn_is_open(model: Any) -> None:
    assert set(FLAGS) == {"add_generation_prompt", "continue_final_message"}
    model.start(Serving())
    told = model.provenance()
    assert told["prefill"] == "proven"
    assert told["letters"] == "token-logprobs"
    assert model.notes == []


def test_without_continuing_the_last_message_the_proof_fails(
    model: Any, send_only: Callable[..., None]
) -> None:
    send_only("add_generation_prompt")
    with pytest.raises(ModelError, match=r"does not leave the assistant's turn open.*<\|im_end\|>"):
        model.start(Serving())


def test_without_either_flag_the_proof_fails(model: Any, send_only: Callable[..., None]) -> None:
    send_only()
    with pytest.raises(ModelError, match="does not leave the assistant's turn open"):
        model.start(Serving())


def test_the_flags_contradict_each_other_unless_both_are_sent(
    model: Any, send_only: Callable[..., None]
) -> None:
    send_only("continue_final_message")
    with pytest.raises(ModelError, match="add_generation_prompt"):
        model.start(Serving())


def test_a_closed_turn_would_answer_like_any_other(
    model: Any, send_only: Callable[..., None], shown: list[Request]
) -> None:
    """Why the proof is needed: the reply to a closed turn is whole, well-formed and wrong."""
    prompt = next(r for r in shown if r.variant == "stop-think")
    model.start(Serving())
    [open_turn] = model.generate([prompt], Decoding(max_new_tokens=160))
    send_only("add_generation_prompt")
    [closed_turn] = model.generate([prompt], Decoding(max_new_tokens=160))
    assert open_turn.text.startswith("<answer>")
    assert closed_turn.status == "stop"
    assert closed_turn.text.startswith("<think>")
