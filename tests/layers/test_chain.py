"""What is special about Chain and Inverted: order, and who gets which condition."""

import pytest
import torch
from torch.testing import assert_close

from flowcolor.layers import ActNorm, Chain, Inverted, InvertibleLayer, Squeeze


class Scale(InvertibleLayer):
    """Multiply by a number and add a condition; record which."""

    def __init__(self, factor, num_conditions, seen):
        super().__init__()
        self.factor, self.num_conditions, self.seen = factor, num_conditions, seen

    def forward(self, x, condition=None):
        self.seen.append((self.factor, None if condition is None else condition[0, 0].item()))
        shift = condition if self.num_conditions else 0
        return self.factor * x + shift, torch.full(x.shape[:1], float(self.factor))

    def inverse(self, y, condition=None):
        self.seen.append((self.factor, None if condition is None else condition[0, 0].item()))
        shift = condition if self.num_conditions else 0
        return (y - shift) / self.factor, torch.full(y.shape[:1], -float(self.factor))


@pytest.fixture
def seen():
    return []


@pytest.fixture
def chain(seen):
    """Layers 2 (conditional), 3, [5, [7 (conditional)], 11 (conditional)]."""
    inner = Chain([Scale(5, 0, seen), Chain([Scale(7, 1, seen)]), Scale(11, 1, seen)])
    return Chain([Scale(2, 1, seen), Scale(3, 0, seen), inner])


def test_layers_run_in_order_and_back_with_the_same_list(chain, seen):
    conditions = [torch.full([2, 1], c) for c in (1.0, 10.0, 100.0)]
    x = torch.ones(2, 1)
    y, logdet = chain(x, conditions)
    assert seen == [(2, 1.0), (3, None), (5, None), (7, 10.0), (11, 100.0)]
    assert y.tolist() == [[11 * (7 * 5 * 3 * (2 + 1) + 10) + 100]] * 2
    assert logdet.tolist() == [2 + 3 + 5 + 7 + 11] * 2
    seen.clear()
    again, logdet = chain.inverse(y, conditions)
    assert seen == [(11, 100.0), (7, 10.0), (5, None), (3, None), (2, 1.0)]
    assert_close(again, x)
    assert logdet.tolist() == [-28] * 2


def test_inverted_swaps_the_directions_and_keeps_the_list(chain):
    conditions = [torch.full([2, 1], c) for c in (1.0, 10.0, 100.0)]
    inverted, x = Inverted(chain), torch.ones(2, 1)
    assert inverted.num_conditions == chain.num_conditions == 3
    assert_close(inverted(x, conditions), chain.inverse(x, conditions))
    assert_close(inverted.inverse(x, conditions), chain(x, conditions))
    both = Chain([inverted, chain])
    assert both.num_conditions == 6
    assert_close(both(x, [*conditions, *conditions])[0], x, rtol=0, atol=1e-3)


def test_one_condition_goes_to_everybody(chain, seen):
    chain(torch.ones(1, 1), torch.full([1, 1], 4.0))
    assert {condition for _, condition in seen} == {4.0}
    assert len(seen) == 5


@pytest.mark.parametrize("number", [0, 2, 4])
def test_wrong_number_of_conditions_is_refused_in_words(chain, number):
    expected = (
        r"^Chain expects 3 conditions, one for each conditional layer, "
        rf"got {number}\.$"
    )
    for direction in (chain.forward, chain.inverse):
        with pytest.raises(ValueError, match=expected):
            direction(torch.ones(1, 1), (torch.ones(1, 1),) * number)


def test_unconditional_chain_takes_an_empty_list():
    x = torch.randn(2, 3)
    assert torch.equal(Chain([])(x, [])[0], x)
    assert Chain([ActNorm(3), Squeeze()]).num_conditions == 0


def test_first_batch_reaches_every_layer_one_after_the_other():
    chain = Chain([ActNorm(2), Chain([ActNorm(2), ActNorm(2)])])
    chain(5 + 2 * torch.randn(64, 2))
    assert not any(layer.awaits_data for layer in chain.modules() if isinstance(layer, ActNorm))
    later = [
        layer.log_scale.abs().max() for layer in list(chain.modules())[3:] if hasattr(layer, "loc")
    ]
    assert max(later) < 1e-5  # They saw what the first had standardised.


@pytest.mark.parametrize("every", [0, -2])
def test_anchors_at_no_distance_are_refused(every):
    with pytest.raises(
        ValueError, match=rf"anchor_every to be a whole number of at least 1, got {every}"
    ):
        Chain([ActNorm(2)], "reversible", anchor_every=every)


def test_it_counts_and_hands_out_its_layers_as_a_list_does():
    layers = [ActNorm(2), Chain([]), Squeeze()]
    chain = Chain(layers)
    assert len(chain) == 3
    assert all(one is other for one, other in zip(chain, layers, strict=True))
    assert chain[0] is layers[0]
    assert chain[-1] is layers[2]
    with pytest.raises(IndexError):
        chain[3]


def test_a_slice_is_a_chain_of_the_same_layers_and_the_same_memory():
    layers = [ActNorm(2), ActNorm(2), Squeeze()]
    chain = Chain(layers, "reversible", anchor_every=2)
    part = chain[:2]
    assert isinstance(part, Chain)
    assert (len(part), part.memory, part.anchor_every) == (2, "reversible", 2)
    assert part[0] is layers[0]
    assert part[1] is layers[1]
    x = torch.randn(2, 2, 4, 4)
    assert_close(chain[2:](part(x)[0])[0], chain(x)[0])


def test_a_slice_takes_the_conditions_of_its_own_layers(chain):
    x, conditions = torch.ones(2, 1), [torch.full([2, 1], c) for c in (1.0, 10.0, 100.0)]
    first, rest = chain[:1], chain[1:]
    assert (first.num_conditions, rest.num_conditions) == (1, 2)
    half, logdet = first(x, conditions[:1])
    y, more = rest(half, conditions[1:])
    assert_close((y, logdet + more), chain(x, conditions))
