"""Stages of grey networks against their convolutions one by one: what no count of weights sees."""

import pytest
import torch
from torch.nn.functional import conv2d, group_norm
from torch.testing import assert_close

from flowcolor.models import CIC
from flowcolor.models.dilated_stages import middle, normed, stage
from flowcolor.models.guided_net import GuidedNet


def by_hand(part, x, strides, dilation):
    """Convolve and rectify as often as there are strides, and then normalise."""
    for conv, stride in zip(list(part)[::2], strides, strict=False):
        x = conv2d(x, conv.weight, conv.bias, stride, dilation, dilation).relu()
    return group_norm(x, part[-1].num_groups, part[-1].weight, part[-1].bias)


@pytest.mark.parametrize(
    ("options", "strides"),
    [
        ({"convolutions": 2}, [1, 1]),
        ({"convolutions": 3, "dilation": 2}, [1, 1, 1]),
        ({"convolutions": 2, "stride": 2}, [1, 2]),
        ({"convolutions": 1}, [1]),
    ],
)
def test_a_stage_rectifies_each_convolution_and_normalises_once(options, strides):
    torch.manual_seed(0)
    part, x = stage(3, 6, **options).double(), torch.randn(2, 3, 12, 10).double()
    assert len(part) == 2 * len(strides) + 1
    assert_close(part(x), by_hand(part, x, strides, options.get("dilation", 1)))


def test_the_fifth_and_sixth_of_eight_stages_are_dilated():
    torch.manual_seed(0)
    parts, x = middle(1).double(), torch.randn(1, 4, 12, 12).double()
    for part, dilation in zip(parts, (1, 2, 2, 1), strict=True):
        expected = by_hand(part, x, [1, 1, 1], dilation)
        x = part(x)
        assert_close(x, expected)
    assert x.shape == (1, 8, 12, 12)


def test_both_networks_have_them_at_an_eighth_of_the_size():
    for net, inputs in ((CIC(1).net, 1), (GuidedNet(1), 4)):
        sides = []
        inner = net[3] if isinstance(net, torch.nn.Sequential) else net.middle
        stages = [*net[:3]] if isinstance(net, torch.nn.Sequential) else [*net.down]
        for part in (*stages, *inner):
            part.register_forward_hook(lambda _, __, output, s=sides: s.append(output.shape[-1]))
        answer = net(torch.rand(1, inputs, 32, 32))
        first = [16, 8, 4] if inputs == 1 else [32, 16, 8]  # Strides, or every other pixel after.
        assert sides == [*first, 4, 4, 4, 4]
        assert answer.shape[-1] == (8 if inputs == 1 else 32)


def test_groups_are_of_sixteen_channels_of_one_image():
    assert [normed(channels).num_groups for channels in (8, 16, 64, 512)] == [1, 1, 4, 32]
    x = torch.rand(3, 32, 5, 5)
    assert_close(normed(32)(x)[1:2], normed(32)(x[1:2]))
