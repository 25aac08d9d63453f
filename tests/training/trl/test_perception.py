"""PAPO's loss: what is masked, the divergence and its gradient by hand, and the averages."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from unswayed.errors import ConfigError, ModelError  # noqa: E402
from unswayed.training.perception import Perception  # noqa: E402
from unswayed.training.recipe import training_recipe  # noqa: E402
from unswayed.training.trl.perception import (  # noqa: E402
    averaged,
    divergence,
    masked_pixels,
    perception_terms,
)

BLACK = (-1.5, -2.0, -2.5)


def log(*values: float) -> torch.Tensor:
    return torch.tensor([values], dtype=torch.float64).log()


def test_the_divergence_by_hand() -> None:
    found = divergence(log(0.5, 0.5, 0.2), log(0.25, 0.5, 0.4), 10.0)
    expected = [0.5 + math.log(2) - 1, 0.0, 2 - math.log(2) - 1]
    assert found[0].tolist() == pytest.approx(expected)
    assert (found >= 0).all()


def test_the_loss_pushes_away_from_what_the_masked_picture_says() -> None:
    seen = log(0.5, 0.2).requires_grad_()
    masked = log(0.25, 0.4)
    nothing = torch.zeros_like(masked)
    terms = perception_terms((seen, nothing), (masked, nothing), Perception(weight=0.1))
    terms.sum().backward()
    # d/d log π of −γ (r − log r − 1) with r = q/π is −γ (1 − r)
    assert seen.grad[0].tolist() == pytest.approx([-0.1 * (1 - 0.5), -0.1 * (1 - 2.0)])


def test_beyond_the_ceiling_nothing_pushes() -> None:
    seen = log(1e-9).requires_grad_()
    found = divergence(seen, log(1.0), 10.0)
    assert found.item() == 10.0
    found.sum().backward()
    assert seen.grad.item() == 0.0
    assert divergence(log(1e-300), log(1.0), 1e12).isfinite().all()


def test_both_entropies_are_lowered_by_their_weights() -> None:
    settings = Perception(weight=0.0, entropy=0.3, masked_entropy=0.5, masked_gradient=True)
    same = log(0.5)
    one, other = torch.tensor([[2.0]]), torch.tensor([[3.0]])
    found = perception_terms((same, one), (same, other), settings)
    assert found.item() == pytest.approx(0.3 * 2 + 0.5 * 3)


def test_rows_are_patches_and_black_is_black_in_each_channel() -> None:
    torch.manual_seed(0)
    pixels = torch.ones(4000, 6)
    found = masked_pixels(pixels, BLACK, Perception(masked=0.6), rows=True)
    hidden = (found != 1).all(dim=1)
    assert ((found == 1).all(dim=1) | hidden).all()
    assert float(hidden.float().mean()) == pytest.approx(0.6, abs=0.04)
    assert found[hidden][0].tolist() == [-1.5, -1.5, -2.0, -2.0, -2.5, -2.5]
    assert (pixels == 1).all()


def test_pixels_are_hidden_in_whole_patches() -> None:
    torch.manual_seed(0)
    settings = Perception(masked=0.5, patch=4)
    found = masked_pixels(torch.ones(2, 3, 10, 8), BLACK, settings, rows=False)
    assert found.shape == (2, 3, 10, 8)
    blocks = {(n, y // 4, x // 4): set() for n in range(2) for y in range(10) for x in range(8)}
    for n, y, x in torch.cartesian_prod(
        torch.arange(2), torch.arange(10), torch.arange(8)
    ).tolist():
        blocks[n, y // 4, x // 4].add(tuple(found[n, :, y, x].tolist()))
    assert all(len(values) == 1 for values in blocks.values())
    assert {value for values in blocks.values() for value in values} == {(1.0, 1.0, 1.0), BLACK}


def test_all_patches_at_one() -> None:
    found = masked_pixels(torch.ones(5, 3), BLACK, Perception(masked=1.0), rows=True)
    assert found.tolist() == [list(BLACK)] * 5


def test_pictures_of_an_unknown_shape_are_refused() -> None:
    with pytest.raises(ModelError, match=r"expected pictures as patches .* found \(5, 4\)"):
        masked_pixels(torch.ones(5, 4), BLACK, Perception(), rows=True)
    with pytest.raises(ModelError, match="PAPO does not know"):
        masked_pixels(torch.ones(5, 3), BLACK, Perception(), rows=False)


def test_means_over_completions_or_over_tokens() -> None:
    terms = torch.tensor([[4.0, 2.0], [6.0, 100.0]])
    mask = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    assert averaged(terms, mask, None).item() == pytest.approx((3 + 6) / 2)
    assert averaged(terms, mask, torch.tensor(3.0)).item() == pytest.approx(12 / 3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("grpo.loss_type=bnpo", "grpo.loss_type = 'grpo' or 'dapo' with perception, found 'bnpo'"),
        ("perception.masked_entropy=0.03", "expected masked_gradient = true with masked_entropy"),
        ("perception.masked=0", "perception.masked"),
    ],
)
def test_what_does_not_go_together_is_refused(change: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        training_recipe("papo", [change])
