"""Blocks of self-supervised sketch-to-image and of its critic against their formulas."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from flowcolor.models.s2i_blocks import DecoderBlock, EncoderBlock, Noise, SqueezeExcite
from flowcolor.models.s2i_critic import ImageCritic


@pytest.mark.parametrize("kind", [EncoderBlock, DecoderBlock])
def test_blocks_add_to_what_they_get(kind):
    block, x = kind(4).eval(), torch.randn(2, 4, 6, 6)
    assert_close(block(x) - x, block.body(x))
    assert block.body(x).any()


def test_channels_are_scaled_by_what_all_are_on_average_in_the_same_sample():
    layer, x = SqueezeExcite(4), torch.randn(3, 4, 5, 6)
    hidden, _, out, _ = layer.gate
    means = x.flatten(2).mean(2)
    factors = ((means @ hidden.weight.mT).clamp(min=0) @ out.weight.mT).sigmoid()
    assert_close(layer(x), x * factors[:, :, None, None])


def test_noise_is_one_plane_for_all_channels_begins_at_0_and_ends_with_training():
    noise, x = Noise(), torch.randn(2, 3, 32, 32)
    assert torch.equal(noise(x), x)
    nn.init.constant_(noise.strength, 0.5)
    added = (noise(x) - x).detach()
    assert_close(added[:, :1].expand_as(added), added, rtol=0, atol=1e-5)
    assert float(added[:, 0].std()) == pytest.approx(0.5, rel=0.1)
    assert not torch.allclose(added[0], added[1], atol=0.1)
    assert torch.equal(noise.eval()(x), x)


def test_early_maps_of_the_critic_scale_and_shift_the_late_ones():
    critic, image = ImageCritic(2, 0).eval(), torch.rand(2, 3, 64, 64)
    for place, excite in enumerate(critic.early):
        early = torch.randn(2, excite.body[0].weight.shape[1], 16, 16)
        late = torch.randn(2, excite.body[2].weight.shape[0] // 2, 4, 4)
        u, v = excite.body(early.unflatten(2, (4, 4)).unflatten(4, (4, 4)).mean((3, 5))).chunk(2, 1)
        assert_close(excite(early, late), late / (1 + (-u).exp()) + v.tanh(), msg=str(place))
    weights = [excite.body[0].parametrizations.weight.original for excite in critic.early]
    grads = torch.autograd.grad(critic(image).square().sum(), weights)
    assert all(grad.any() for grad in grads)
