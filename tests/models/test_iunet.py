"""The invertible U-Net against its published size, its definition and plain autograd."""

import re

import pytest
import torch
from torch.nn.functional import interpolate
from torch.testing import assert_close

from flowcolor.color import to_gray
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.evaluation.live_bytes import StorageTracker
from flowcolor.layers import Chain
from flowcolor.models import IUNet, iunet_flow
from flowcolor.testing import check_invertible
from tests.layers.memory_modes import MODES
from tests.models.helpers import images, trained_iunet
from tests.saved_bytes import SavedBytes


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def test_parameters_are_those_of_the_published_network():
    with torch.device("meta"):
        model, small = IUNet(), IUNet((16, 32, 64))
    assert parameters(model.flow) == 4_387_328
    assert parameters(model) == 4_391_043
    assert parameters(small.flow) == 100_992


def test_the_flow_can_be_undone_and_keeps_volume():
    model = trained_iunet(channels=[4, 8, 12], size=0.1)
    x = torch.randn(2, 4, 8, 8)
    check_invertible(model.flow, x)
    y, logdet = model.flow.double()(x.double())
    assert_close(logdet, torch.zeros(2, dtype=torch.float64), rtol=0, atol=1e-9)
    assert not torch.allclose(y, x.double())


@torch.no_grad()
def test_couplings_are_those_whose_halves_change_places():
    flow, x = iunet_flow((6,), couplings=2).double(), torch.randn(2, 6, 4, 4).double()
    first, second = x.chunk(2, 1)
    for layer in flow:
        first, second = second, first + layer.net(second)
    assert_close(flow(x)[0], torch.cat([first, second], 1))


@torch.no_grad()
def test_a_level_lets_its_first_channels_go_by():
    flow = trained_iunet(channels=[6, 8]).flow.double()
    x = torch.randn(1, 6, 8, 8, dtype=torch.float64)
    _, mixing, partial, *_ = flow
    before = mixing(flow[0](x)[0])[0]
    low = partial.inner(before[:, 4:])[0]
    assert partial.passed == 4
    assert_close(flow[:3](x)[0], torch.cat([before[:, :4], low], 1))


def test_gradients_are_those_of_plain_autograd():
    def gradients(memory):
        model = trained_iunet(channels=[4, 8, 12], memory=memory).double().train()
        assert {part.memory for part in model.flow.modules() if isinstance(part, Chain)} == {memory}
        model(*(i.double() for i in images())).square().mean().backward()
        return {name: p.grad for name, p in model.named_parameters()}

    expected = gradients("none")
    assert all(gradient.abs().max() > 0 for gradient in expected.values())
    for memory in MODES:
        assert_close(gradients(memory), expected, rtol=1e-9, atol=1e-11)


def saved(memory, couplings):
    model = trained_iunet(channels=[4, 8, 12], couplings=couplings, memory=memory)
    with SavedBytes() as kept:
        model(*images())
    return kept.beside(*model.parameters())


def test_depth_saves_nothing_more():
    # What the lift reads, six channels, and the result of the flow, four, of two images.
    expected = 4 * 2 * (6 + 4) * 16 * 16
    assert [saved("reversible", couplings) for couplings in (1, 4)] == [expected] * 2
    assert saved("none", 4) > 2 * saved("none", 1) > 10 * expected


def peak(memory, couplings):
    """Return the live bytes of a step at most, but for gradients of parameters on their way."""
    model = trained_iunet(channels=[4, 8], couplings=couplings, memory=memory)
    inputs = images(side=32)
    model(*inputs).sum().backward()
    model.zero_grad(set_to_none=False)
    with StorageTracker() as count:
        model(*inputs).square().sum().backward()
    return count.peak - 4 * parameters(model)


def test_depth_costs_no_activations():
    state = 4 * 2 * 4 * 32 * 32
    slopes = [(peak(memory, 6) - peak(memory, 2)) / state for memory in ("reversible", "none")]
    assert slopes[0] < 0.2
    assert slopes[1] > 20


def psnr(found, expected):
    return -10 * (found - expected).square().mean().log10().item()


@pytest.mark.slow
def test_seventy_steps_learn_two_portraits():
    names = "astronaut", "grace_hopper"
    photos = torch.cat(
        [interpolate(load_portrait(name)[0][None], size=(32, 32), mode="area") for name in names]
    )
    drawings, references = to_gray(photos).expand(-1, 3, -1, -1), photos.flip(-1)
    torch.manual_seed(0)
    model = IUNet((16, 32, 64), memory="reversible")
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(70):
        result = model(drawings, references)
        optimizer.zero_grad()
        (result - photos).abs().mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    assert psnr(result, photos) > 18.1
    exchanged = model(drawings, references.flip(0))
    assert psnr(exchanged, photos) < psnr(result, photos) - 1, "the reference counts"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"channels": []}, "got []."),
        ({"channels": [3, 8]}, "got [3, 8]."),
        ({"channels": [8, 6]}, "got [8, 6]."),
        ({"channels": [4, 16]}, "each below four times those before, got [4, 16]."),
        ({"couplings": 0}, "couplings to be a whole number of at least 1, got 0."),
        ({"norm_eps": 0.0}, "norm_eps to be a finite number above 0, got 0.0."),
        (
            {"channels": [20_000, 40_000]},
            "and 4 billion parameters, got 2 couplings of [20000, 40000] channels.",
        ),
    ],
)
def test_sizes_that_cannot_be_built_are_refused_in_words(options, expected):
    with pytest.raises(ValueError, match=rf"^IUNet expects .*{re.escape(expected)}$"):
        IUNet(**options)


def test_images_of_another_size_are_refused_in_words():
    model, image = trained_iunet(), torch.rand(1, 3, 8, 8)
    with pytest.raises(ValueError, match=r"content to be multiples of 2 and at least 4, got 2 x "):
        model.colorize(torch.rand(1, 3, 2, 8), image)
    with pytest.raises(ValueError, match=r"a content and a reference of the same shape, got "):
        model.colorize(image, torch.rand(1, 3, 8, 16))
