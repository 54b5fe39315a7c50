"""What networks cannot see is refused in one sentence, not in an operator's words."""

import numpy as np
import pytest
import torch

from flowcolor import layers, models

NETWORKS = {
    "ConditionNet": (lambda: models.ConditionNet(4, 2, 4, [1] * 4), 1, 32),
    "LargeConditionNet": (lambda: models.LargeConditionNet(4, [4] * 5, [1] * 5, 1), 1, 16),
    "GlowNet": (lambda: models.GlowNet(3, 4, 8), 3, 8),
    "PatchCritic": (lambda: models.PatchCritic(6, 4, 1), 6, 16),
    "ResidualNet": (lambda: models.ResidualNet(3, 4), 3, 8),
    "SpectralCritic": (lambda: models.SpectralCritic(4, 2), 6, 16),
    "ZeroConv2d": (lambda: layers.ZeroConv2d(3, 4), 3, 8),
}


def build(name):
    network, channels, side = NETWORKS[name]
    return network(), torch.rand(2, channels, side, side)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_no_batch_of_images_of_its_channels_is_refused(name):
    network, x = build(name)
    more = torch.cat([x, x[:, :1]], 1)
    for wrong in (
        None,
        "x",
        [x],
        np.zeros(x.shape),
        x.long(),
        x.to(torch.complex64),
        x.to_sparse(),
    ):
        with pytest.raises(ValueError, match=rf"^{name} expects a float tensor, got "):
            network(wrong)
    for wrong in (more, x[0], x[:, :, 0, 0], x[..., None], x[..., :0]):
        shape = str(tuple(wrong.shape)).translate({ord("("): r"\(", ord(")"): r"\)"})
        with pytest.raises(ValueError, match=rf"^{name} expects an input of shape .* got {shape}"):
            network(wrong)
    with pytest.raises(ValueError, match=rf"^{name} expects a batch, got a single number\.$"):
        network(torch.tensor(1.0))


@pytest.mark.parametrize("name", NETWORKS)
def test_another_type_than_that_of_the_weights_is_refused(name):
    network, x = build(name)
    for kind in (torch.float64, torch.float16, torch.bfloat16):
        with pytest.raises(ValueError, match=rf"^{name} expects an input in the type of its weig"):
            network(x.to(kind))
        network.to(kind)
        with pytest.raises(ValueError, match=rf"^{name} .* weights, {kind}, got torch.float32\.$"):
            network(x)
        network.float()
    with torch.autocast("cpu", torch.bfloat16):
        network(x.bfloat16())
        with pytest.raises(ValueError, match=rf"^{name} .* torch.float32, got torch.float64\.$"):
            network(x.double())


@pytest.mark.parametrize("name", NETWORKS)
def test_an_empty_batch_passes_and_leaves_the_network_as_it_was(name):
    network, x = build(name)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    results = network(x[:0])
    results = results if isinstance(results, list) else [results]
    assert {result.shape[0] for result in results} == {0}
    sum(result.sum() for result in results).backward()
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[key]) or key.endswith(
            ("_u", "_v", "num_batches_tracked")
        ), key


@pytest.mark.parametrize("coarse", [1, 2, 3, 4, 6, 8])
def test_contents_too_small_for_the_last_level_are_refused(coarse):
    networks = [models.ConditionNet(1, shrink, coarse, [1] * 4) for shrink in (1, 2, 3)]
    for network in [*networks, models.LargeConditionNet(2, [2] * 5, [1] * 5, coarse)]:
        side = network.least
        assert network(torch.rand(1, 1, side, side))[-1].shape[2:] == (1, 1)
        shown = f" of at least {side}" * (side > 1)
        with pytest.raises(ValueError, match=rf"ConditionNet expects [^,]*, .*{shown}, got "):
            network(torch.rand(1, 1, side, side - 1))


def test_one_pixel_without_a_deviation_is_refused():
    assert models.ResidualNet(3, 4, norm="layer")(torch.rand(2, 3, 1, 1)).shape == (2, 4, 1, 1)
    with pytest.raises(ValueError, match=r"^ResidualNet with norm 'instance' expects more than o"):
        models.ResidualNet(3, 4)(torch.rand(2, 3, 1, 1))
