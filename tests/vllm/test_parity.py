"""A checkpoint served in float32 says what it says in this process: the same text, and letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from unswayed import registry
from unswayed.models import Decoding, Request, Serving
from unswayed.types import Generation

TOLERANCE = 1e-4
Serve = Callable[..., Any]


@pytest.fixture(scope="module")
def serve(server: Any) -> Iterator[Serve]:
    """Return a function that makes the served model with the options given, started."""
    made: list[Any] = []

    def started(**options: object) -> Any:
        model = registry.create("model", registry.parse_spec(server.spec(**options)))
        made.append(model)
        model.start(Serving())
        return model

    yield started
    for model in made:
        model.close()


@pytest.fixture(scope="module")
def served(serve: Serve, shown: list[Request], decoding: Decoding) -> list[Generation]:
    """What the server makes of the prompts, letters by the ids that are asked for."""
    return serve().generate(shown, decoding)


def odds(generation: Generation, to: str) -> dict[str, float]:
    """Return how much likelier than a certain letter each one is: the scale does not matter."""
    assert generation.letters is not None
    p = generation.letters.probabilities
    return {letter: p[letter] / p[to] for letter in p}


def test_the_same_prompts_write_the_same(
    shown: list[Request], in_process: list[Generation], served: list[Generation]
) -> None:
    assert len({request.variant for request in shown}) >= 13
    assert any(request.prefill and "</think>" not in request.prefill for request in shown)
    for request, here, there in zip(shown, in_process, served, strict=True):
        assert there.error is None, (request.variant, there.error)
        assert (there.id, there.text) == (here.id, here.text), request.variant
        assert (there.status, there.tokens) == (here.status, here.tokens), request.variant


def test_letter_distributions_are_the_same(
    shown: list[Request], in_process: list[Generation], served: list[Generation]
) -> None:
    compared: set[str] = set()
    for request, here, there in zip(shown, in_process, served, strict=True):
        assert (here.letters is None) == (there.letters is None), request.variant
        if here.letters is None or there.letters is None:
            continue
        assert there.letters.method == "token-logprobs"
        assert there.letters.probabilities == pytest.approx(
            here.letters.probabilities, abs=TOLERANCE
        )
        assert there.letters.other_mass == pytest.approx(here.letters.other_mass, abs=TOLERANCE)
        compared.add(request.variant)
    assert compared == {request.variant for request in shown}


def test_top_k_says_the_same_where_it_holds_every_letter(
    serve: Serve, shown: list[Request], served: list[Generation], decoding: Decoding
) -> None:
    by_top = serve(logprobs="top").generate(shown, decoding)
    whole = 0
    for exact, top in zip(served, by_top, strict=True):
        assert top.text == exact.text
        assert top.letters is not None
        assert exact.letters is not None
        assert top.letters.method == "top-logprobs"
        if not top.letters.bounded:
            whole += 1
            assert top.letters.probabilities == pytest.approx(
                exact.letters.probabilities, abs=TOLERANCE
            )
    assert whole > 0


def test_top_k_bounds_the_letters_that_it_does_not_hold(
    serve: Serve, shown: list[Request], served: list[Generation], decoding: Decoding
) -> None:
    by_top = serve(logprobs="top", top_logprobs=2).generate(shown, decoding)
    bounded = 0
    for exact, top in zip(served, by_top, strict=True):
        assert top.letters is not None
        held = set(top.letters.probabilities) - set(top.letters.bounded)
        best = max(held, key=top.letters.probabilities.__getitem__)
        real, told = odds(exact, best), odds(top, best)
        for letter in real:
            if letter in held:
                assert told[letter] == pytest.approx(real[letter], abs=TOLERANCE)
            else:
                assert told[letter] >= real[letter] - TOLERANCE
        bounded += len(top.letters.bounded)
    assert bounded > len(shown)


def test_a_cut_off_answer_is_forced_open_alike(
    serve: Serve, shown: list[Request], in_process_forced: list[Generation]
) -> None:
    cut = Decoding(max_new_tokens=4, force_answer=True)
    forced = 0
    for here, there in zip(in_process_forced, serve().generate(shown, cut), strict=True):
        assert (there.text, there.status) == (here.text, here.status)
        assert here.letters is not None
        assert there.letters is not None
        assert there.letters.forced == here.letters.forced
        assert there.letters.probabilities == pytest.approx(
            here.letters.probabilities, abs=TOLERANCE
        )
        forced += there.letters.forced
    assert forced > len(shown) / 2


def test_the_request_decides_how_is_sampled_not_the_server(
    serve: Serve, shown: list[Request], served: list[Generation]
) -> None:
    """The server's own defaults allow one token and penalise repetition (`make test-vllm`).

    That greedy outputs are those of this process shows that no penalty is at work. No seeds: a
    vLLM on a CPU may die of one.
    """
    sampling = Decoding(max_new_tokens=60, temperature=1.0)
    sampled = serve(seed="false").generate(shown, sampling)
    assert all(made.error is None for made in sampled)
    greedy = [made.text for made in served]
    assert sum(a.text != b for a, b in zip(sampled, greedy, strict=True)) > len(shown) / 10
