"""What the contract does not ask of ``torch.func``'s transforms: memory modes, and what waits."""

import pytest
import torch
from torch.autograd import forward_ad
from torch.func import functional_call, grad, jvp, vmap
from torch.testing import assert_close

from flowcolor.layers import ActNorm, Chain
from tests.layers.cases import CASES
from tests.layers.memory_modes import MODES
from tests.layers.random_chains import glow
from tests.layers.test_contract import PLAIN, directions, double


@pytest.mark.parametrize("memory", MODES)
def test_gradients_per_sample_of_a_chain_are_the_same_in_every_memory_mode(memory):
    chain, x, conditions = glow(memory=memory)
    weights = {name: p.detach() for name, p in chain.named_parameters()}

    def loss(weights, x, *conditions):
        y, logdet = functional_call(chain, weights, (x[None], [c[None] for c in conditions]))
        return y.square().sum() + logdet.sum()

    each = vmap(grad(loss), in_dims=(None, 0, 0, 0))(weights, x, *conditions)
    y, logdet = chain(x, conditions)
    (y.square().sum() + logdet.sum()).backward()
    for name, parameter in chain.named_parameters():
        assert_close(each[name].sum(0), parameter.grad, rtol=1e-9, atol=1e-9)


def test_one_image_of_a_transform_is_no_first_batch():
    layer = ActNorm(3)
    x = 5 + torch.randn(8, 3, 4, 4)
    y, _ = vmap(lambda image: layer(image[None]))(x)
    assert torch.equal(y[:, 0], x)
    assert layer.awaits_data
    layer(x)
    assert not layer.awaits_data


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # By torch itself.
@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_forward_mode_without_a_transform_is_that_of_one(case, gradients):
    for layer, *inputs in directions(case.settled(PLAIN).double(), double(case.inputs(PLAIN))):
        chain = Chain([layer], "reversible")
        x, conditions = inputs
        tangent = torch.randn_like(x)
        expected = jvp(lambda x, layer=layer, c=conditions: layer(x, c), (x,), (tangent,))[1]
        with torch.set_grad_enabled(gradients), forward_ad.dual_level():
            outputs = chain(forward_ad.make_dual(x, tangent), conditions)
            for output, right in zip(outputs, expected, strict=True):
                found = forward_ad.unpack_dual(output).tangent
                assert_close(torch.zeros_like(right) if found is None else found, right)
