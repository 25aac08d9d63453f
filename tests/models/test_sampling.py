"""Sampling: a text depends on its prompt, draw and seed, never on the batch it stands in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from unswayed.models import Decoding, Request

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from unswayed.models.seeds import seed_of  # noqa: E402
from unswayed.models.transformers.backend import Backend  # noqa: E402
from unswayed.models.transformers.sampling import GumbelNoise, sampling  # noqa: E402

Requests = Callable[..., list[Request]]
CPU = torch.device("cpu")
SAMPLED = Decoding(max_new_tokens=12, temperature=3.0, seed=3)


@pytest.fixture(scope="module")
def exact(taught_folder: Path) -> Backend:
    return Backend(str(taught_folder), dtype="float32", device="cpu")


@pytest.fixture(scope="module")
def drawn(make_requests: Requests) -> list[Request]:
    """Return requests of different lengths, with and without a prefill, several draws of each."""
    return [replace(one, draw=draw) for one in make_requests(3) for draw in range(3)]


def in_batches(backend: Backend, requests: list[Request], size: int) -> list[tuple[str, Any]]:
    parts = [requests[i : i + size] for i in range(0, len(requests), size)]
    made = [one for part in parts for one in backend.generate(part, SAMPLED)]
    return [(one.text, one.status) for one in made]


def test_batch_size_and_order_change_no_text(exact: Backend, drawn: list[Request]) -> None:
    alone = in_batches(exact, drawn, 1)
    for size in (3, 16):
        assert in_batches(exact, drawn, size) == alone
    assert in_batches(exact, drawn[::-1], 7) == alone[::-1]
    shards = [in_batches(exact, drawn[k::4], 16) for k in range(4)]
    assert [shards[i % 4][i // 4] for i in range(len(drawn))] == alone


def test_draws_and_seeds_give_other_texts(exact: Backend, make_requests: Requests) -> None:
    (request, *_) = make_requests(1)
    draws = exact.generate([replace(request, draw=draw) for draw in range(8)], SAMPLED)
    assert len({one.text for one in draws}) > 4
    other = exact.generate([request], replace(SAMPLED, seed=4))
    assert other[0].text != draws[0].text


def test_prompts_with_and_without_pictures_keep_their_order(
    exact: Backend, make_requests: Requests
) -> None:
    (request, *_) = make_requests(1)
    mixed = [
        replace(request, draw=draw, images=() if draw % 2 else request.images) for draw in range(4)
    ]
    made = exact.generate(mixed, SAMPLED)
    assert [one.text for one in made] == [exact.generate([r], SAMPLED)[0].text for r in mixed]


def test_the_seed_of_a_first_draw_is_that_of_earlier_versions(make_requests: Requests) -> None:
    (request, *_) = make_requests(1)
    first = replace(request, id="v1")
    assert seed_of(5, first) == 134831972  # the first 31 bits of sha256(b"5\x1fv1")
    seeds = {
        seed_of(s, replace(first, draw=d, id=i)) for s in (5, 6) for d in range(9) for i in "ab"
    }
    assert len(seeds) == 36


def frequencies(decoding: Decoding, logits: list[float], draws: int) -> Counter[int]:
    """Return how often each token is drawn first, over many draws of one prompt."""
    requests = [Request("v", "s", "base", "", "", (), "", {}, draw) for draw in range(draws)]
    scores = torch.tensor([logits] * draws)
    ids = torch.zeros((draws, 1), dtype=torch.long)
    return Counter(sampling(decoding, requests, CPU)(ids, scores).argmax(-1).tolist())


LOGITS = [2.0, 1.0, 0.5, 0.0, -1.0, -3.0]


@pytest.mark.parametrize("temperature", [1.0, 0.5, 2.0])
def test_tokens_are_drawn_as_the_softmax_says(temperature: float) -> None:
    counts = frequencies(Decoding(temperature=temperature, seed=1), LOGITS, 4000)
    expected = 4000 * torch.softmax(torch.tensor(LOGITS).double() / temperature, 0).numpy()
    observed = np.array([counts[token] for token in range(len(LOGITS))], dtype=float)
    kept = expected >= 5  # the chi-square of rarer cells is none
    observed = np.append(observed[kept], observed[~kept].sum())
    expected = np.append(expected[kept], expected[~kept].sum())
    cells = expected > 0
    assert stats.chisquare(observed[cells], expected[cells]).pvalue > 0.01


def test_later_tokens_of_a_row_are_independent_of_its_first() -> None:
    noise = GumbelNoise(
        [seed_of(0, Request("v", "s", "base", "", "", (), "", {}, d)) for d in range(900)], CPU
    )
    scores, ids = torch.zeros((900, 3)), torch.zeros((900, 1), dtype=torch.long)
    first, second = (noise(ids, scores).argmax(-1).numpy() for _ in range(2))
    table = np.zeros((3, 3))
    np.add.at(table, (first, second), 1)
    assert stats.chi2_contingency(table).pvalue > 0.01


def test_a_nucleus_leaves_the_tail_out() -> None:
    counts = frequencies(Decoding(temperature=1.0, top_p=0.6), LOGITS, 500)
    assert set(counts) == {0, 1}  # 0.59 of the mass, so that the second is needed


def test_what_cannot_be_written_is_never_drawn() -> None:
    counts = frequencies(Decoding(temperature=1.0), [0.0, -float("inf"), 0.0], 300)
    assert set(counts) == {0, 2}


def test_greedy_has_no_noise() -> None:
    assert len(sampling(Decoding(), [], CPU)) == 0
