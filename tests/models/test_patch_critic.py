"""The critic sees patches of the size that it says, and nothing else."""

import pytest
import torch
from torch.nn.functional import instance_norm, leaky_relu

from flowcolor.models import PatchCritic, Pix2Pix


@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70), (4, 142)])
def test_an_answer_sees_a_patch_of_the_receptive_field_by_its_gradients(layers, field):
    critic = PatchCritic(3, width=2, layers=layers, norm="none").double()
    assert critic.receptive_field == field
    side = 2 * field
    image = torch.rand(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    answers = critic(image)
    middle = answers.shape[-1] // 2
    answers[0, 0, middle, middle].backward()
    seen = image.grad[0].abs().sum(0) > 0
    rows, columns = seen.any(1).nonzero().flatten(), seen.any(0).nonzero().flatten()
    for positions in (rows, columns):
        assert int(positions[-1] - positions[0]) + 1 == field
    assert seen[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()


def test_widths_strides_and_answers_are_those_of_the_paper():
    critic = PatchCritic()
    convolutions = [m for m in critic.modules() if isinstance(m, torch.nn.Conv2d)]
    assert [c.out_channels for c in convolutions] == [64, 128, 256, 512, 1]
    assert [c.stride[0] for c in convolutions] == [2, 2, 2, 1, 1]
    assert {c.kernel_size for c in convolutions} == {(4, 4)}
    assert critic(torch.rand(1, 6, 256, 256)).shape == (1, 1, 30, 30)  # Isola et al., 6.1.2.
    assert sum(isinstance(m, torch.nn.InstanceNorm2d) for m in critic.modules()) == 3


@pytest.mark.parametrize(("channels", "public"), [(6, 2_768_705), (3, 2_765_633), (9, 2_771_777)])
def test_parameters_are_those_of_the_public_code_but_for_its_batch_normalisation(channels, public):
    """It has scales and shifts where ours has biases, of three convolutions."""
    with torch.device("meta"):
        critic = PatchCritic(channels)
    assert sum(p.numel() for p in critic.parameters()) == public - (128 + 256 + 512)


def test_the_critic_is_that_of_its_formula():
    torch.manual_seed(0)
    critic, x = PatchCritic(3, width=2, layers=2).double(), torch.randn(2, 3, 32, 32).double()
    first, *inner, last = (m for m in critic.modules() if isinstance(m, torch.nn.Conv2d))
    h = leaky_relu(first(x), 0.2)
    for conv in inner:
        h = leaky_relu(instance_norm(conv(h)), 0.2)
    torch.testing.assert_close(critic(x), last(h))


@pytest.mark.parametrize("build", [lambda: PatchCritic(3, 16, std=0.02), lambda: Pix2Pix(16, 4)])
def test_weights_of_the_paper_are_drawn_from_a_normal_distribution(build):
    torch.manual_seed(0)
    kinds = (torch.nn.Conv2d, torch.nn.ConvTranspose2d)
    convolutions = [m for m in build().modules() if isinstance(m, kinds)]
    weights = torch.cat([conv.weight.detach().flatten() for conv in convolutions])
    assert float(weights.std()) == pytest.approx(0.02, rel=0.02)
    assert float(weights.abs().amax()) > 0.07  # Further out than any uniform of this deviation.
    assert not any(conv.bias.any() for conv in convolutions if conv.bias is not None)


def test_images_do_not_influence_each_other():
    critic, images = PatchCritic(3, 4).double(), torch.rand(3, 3, 32, 32, dtype=torch.float64)
    torch.testing.assert_close(critic(images)[1:2], critic(images[1:2]))


def test_the_smallest_image_gets_one_answer_and_a_smaller_one_a_sentence():
    critic = PatchCritic(3, 4)
    assert critic(torch.rand(1, 3, 24, 24)).shape == (1, 1, 1, 1)
    with pytest.raises(ValueError, match=r"sides of at least 24, got \(1, 3, 23, 24\)\.$"):
        critic(torch.rand(1, 3, 23, 24))
    with pytest.raises(ValueError, match=r"shape \(batch, 3, height, width\) .* got \(1, 6"):
        critic(torch.rand(1, 6, 32, 32))


@pytest.mark.parametrize(
    ("options", "words"),
    [({"layers": 0}, "1 to 6 layers, got 6, 64 and 0"), ({"norm": "batch"}, "got 'batch'")],
)
def test_impossible_critics_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        PatchCritic(**options)


@pytest.mark.parametrize("value", [2.5, True, float("nan"), "3", None])
@pytest.mark.parametrize("name", ["channels", "width", "layers"])
def test_sizes_that_are_no_whole_numbers_are_refused(name, value):
    with pytest.raises(ValueError, match=r"^PatchCritic expects channels and width of .* got "):
        PatchCritic(**{name: value})
