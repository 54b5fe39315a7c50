"""Full-Glow against its published size, an unconditional Glow and the dense Jacobian."""

import re

import pytest
import torch
from torch.testing import assert_close

from flowcolor.layers import ActNorm, AffineCoupling, Factor, InvertibleConv1x1
from flowcolor.models import FullGlow, bits_per_dim, dequantize, glow_flow, log_normal
from flowcolor.models.full_glow_predictors import predicted_conv1x1
from flowcolor.models.full_glow_steps import with_outputs
from flowcolor.models.sample_noise import SampleNoise
from flowcolor.testing import check_invertible
from tests.layers.memory_modes import MODES
from tests.models.helpers import images, trained_full_glow
from tests.saved_bytes import SavedBytes


def double(seed=1, batch=2):
    return [image.double() for image in images(batch, seed=seed)]


def test_parameters_are_those_of_the_public_code():
    with torch.device("meta"):
        model = FullGlow(pool=None)
    counts = [sum(p.numel() for p in f.parameters()) for f in (model.content_flow, model)]
    assert counts == [18_757_744, 77_847_552]


def test_each_sample_has_the_log_det_of_its_own_jacobian():
    model, (drawing, _) = trained_full_glow(size=0.1).double(), double(batch=3)
    x = torch.randn(3, 3, 4, 4, dtype=torch.float64)
    conditions = [c.detach() for c in with_outputs(model.content_flow, drawing[:, :, 6:10, :4])[2]]
    check_invertible(model.photo_flow, x, conditions)
    logdet = model.photo_flow(torch.zeros_like(x), conditions)[1]
    assert (logdet - logdet.roll(1)).abs().min() > 1e-4, "drawings differ, and so do they"


def test_a_flow_run_step_by_step_is_the_flow():
    model, (drawing, _) = trained_full_glow().double(), double()
    z, logdet, outputs = with_outputs(model.content_flow, drawing)
    assert_close((z, logdet), model.content_flow(drawing), rtol=0, atol=1e-12)
    assert [tuple(o.shape[1:]) for o in outputs] == [(12, 8, 8)] * 3 + [(24, 4, 4)] * 3


def steps_of(flow):
    """Yield the layers of all steps, level by level."""
    _, *steps, last, _ = flow
    yield from steps
    if isinstance(last, Factor):
        yield from steps_of(last.both[1].inner)


@torch.no_grad()
def test_the_first_batch_meets_an_unconditional_glow():
    torch.manual_seed(0)
    model = FullGlow(2, 2, 6, pool=3).double()
    plain = glow_flow(2, 2, 6).double()
    for own, other in zip(steps_of(model.photo_flow), steps_of(plain), strict=True):
        if isinstance(other, AffineCoupling):
            for parameter in own.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
            for parameter in own.aggregate.parameters():
                parameter.zero_()
            half = own.net.body[0].weight.shape[1] // 3
            weights = own.net.state_dict()
            weights["body.0.weight"] = weights["body.0.weight"][:, :half]
            other.net.load_state_dict(weights)
        if isinstance(other, InvertibleConv1x1):
            net = own.net
            sizes = [own.channels**2] * 2
            lower, upper = net.predictor.last.bias[: -own.channels].split(sizes)
            other.matrix.lower.copy_(lower.view_as(other.matrix.lower))
            other.matrix.upper.copy_(upper.view_as(other.matrix.upper))
            other.matrix.log_diagonal.copy_(net.log_diagonal)
            other.matrix.permutation.copy_(own.base)
            other.matrix.sign.copy_(own.sign)
    content, photo = double()
    bits = model.train().bits(content, photo, torch.Generator().manual_seed(1))["photo"]
    values = dequantize(torch.cat([photo, content]), generator=torch.Generator().manual_seed(1))
    z, logdet = plain.train()(values[:2] - 0.5)
    assert_close(bits, bits_per_dim(log_normal(z) + logdet, 3 * 16 * 16), rtol=1e-5, atol=0)
    assert any(isinstance(layer, ActNorm) and layer.log_scale.any() for layer in steps_of(plain))


def test_only_the_first_batch_of_a_training_sets_where_it_begins():
    model, first, second = FullGlow(1, 1, 4, pool=2), images(), images(seed=2)
    model.eval().bits(*first)
    assert not model.started
    model.train().bits(*first)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    assert model.started
    model.bits(*second)
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name]), name


def test_bits_are_those_of_a_photograph_under_its_drawing():
    model, (content, photo) = trained_full_glow().double(), double(batch=3)
    bits = model.bits(content, photo, torch.Generator().manual_seed(2))
    values = dequantize(torch.cat([photo, content]), generator=torch.Generator().manual_seed(2))
    x, drawing = (values - 0.5).chunk(2)
    z, logdet, conditions = with_outputs(model.content_flow, drawing)
    photo_z, photo_logdet = model.photo_flow(x, conditions)
    log_probs = torch.stack([log_normal(z) + logdet, log_normal(photo_z) + photo_logdet])
    expected = bits_per_dim(log_probs.flatten(), 3 * 16 * 16)
    assert_close(torch.cat([bits["content"], bits["photo"]]), expected)
    exchanged = model.photo_flow(x, [c.flip(0) for c in conditions])
    assert (exchanged[0] - photo_z).abs().max() > 1e-2, "drawings count"


def test_a_photograph_under_its_own_drawing_is_itself_again():
    model, (content, photo) = trained_full_glow(), images()
    again = model.colorize(content, photo, reference_content=content)
    assert_close(again, photo, rtol=0, atol=1e-4)
    other = model.colorize(content.flip(0), photo, reference_content=content)
    assert not torch.allclose(other, photo, atol=1e-3)
    z = model.encode(photo, content)[0]
    assert_close(model.encode(other, content.flip(0))[0], z, rtol=0, atol=1e-3)


def test_without_a_reference_a_photograph_is_drawn_at_a_temperature():
    model, (content, _) = trained_full_glow().double(), double()

    def paint(seed, **options):
        return model.colorize(content, generator=torch.Generator().manual_seed(seed), **options)

    noise = SampleNoise(content, torch.Generator().manual_seed(3))()
    conditions = model.encode(content, content)[1]
    assert_close(paint(3, temperature=0.7), model.decode(0.7 * noise, conditions))
    assert not torch.allclose(paint(3), paint(4))
    assert torch.equal(paint(3, temperature=0.0), paint(4, temperature=0.0))


def test_a_predicted_convolution_starts_as_a_rotation():
    torch.manual_seed(0)
    for channels in (4, 7):
        layer = predicted_conv1x1(channels, pool=2, side=8).double()
        units = torch.eye(channels, dtype=torch.float64)
        condition = torch.rand(channels, channels, 5, 5, dtype=torch.float64)
        weight = layer(units[..., None], condition)[0][..., 0]
        assert_close(weight @ weight.T, units, rtol=0, atol=1e-6)
        assert torch.linalg.det(weight) > 0


def test_samples_are_photographs_of_drawn_drawings():
    model = trained_full_glow()
    with torch.no_grad():
        first, second = (
            model.sample(3, 0.7, (8, 12), torch.Generator().manual_seed(4)) for _ in range(2)
        )
    assert first.shape == (3, 3, 8, 12)
    assert torch.equal(first, second)
    assert 0 <= first.min() < first.max() <= 1


def test_gradients_are_those_of_plain_autograd():
    def gradients(memory):
        model = trained_full_glow(memory=memory).double().train()
        bits = model.bits(*double(), torch.Generator().manual_seed(1))
        (bits["photo"].mean() + 1e-4 * bits["content"].mean()).backward()
        return {name: p.grad for name, p in model.named_parameters()}

    expected = gradients("none")
    assert expected["content_flow.layers.1.loc"].abs().max() > 1e-3, "also through conditions"
    for memory in MODES:
        assert_close(gradients(memory), expected, rtol=1e-8, atol=1e-11)


def saved(memory, steps):
    model = trained_full_glow(steps=steps, memory=memory).train()
    with SavedBytes() as kept:
        bits = model.bits(*images())
        loss = bits["photo"].mean() + bits["content"].mean()
    del loss
    return kept.beside(*model.parameters(), *model.buffers())


def test_a_step_keeps_its_three_conditions_and_nothing_else():
    state = 4 * 2 * 3 * 16 * 16
    # Half of a state leaves after the first level.
    assert saved("reversible", 3) - saved("reversible", 2) == 3 * (state + state // 2)
    assert saved("none", 3) - saved("none", 2) > 20 * state


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"levels": 0}, "FullGlow expects levels to be a whole number of at least 1, got 0."),
        ({"pool": 0}, "FullGlow expects pool to be a whole number of at least 1, got 0."),
        (
            {"pool": None, "size": 64},
            "FullGlow with pool None expects size to be a multiple of 16 of at least 80, got 64.",
        ),
        (
            {"levels": 9},
            (
                "FullGlow expects levels, steps and hidden that give up to 4 billion parameters, "
                "got 9, 8 and 512, that is 10 billion."
            ),
        ),
    ],
)
def test_sizes_that_cannot_be_built_are_refused_in_words(options, expected):
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        FullGlow(**options)


def test_a_size_that_a_pool_makes_idle_is_refused():
    with pytest.raises(ValueError, match=r"size with pool None only, got 64 with pool 2, with"):
        FullGlow(1, 1, 4, pool=2, size=64)


def test_images_of_another_size_are_refused_in_words():
    model, image = trained_full_glow(), torch.rand(1, 3, 8, 8)
    with pytest.raises(ValueError, match=r"width of content to be multiples of 4, got 8 x 10\.$"):
        model.colorize(torch.rand(1, 3, 8, 10))
    with pytest.raises(ValueError, match=r"a content and a reference of the same shape, got "):
        model.colorize(image, torch.rand(1, 3, 8, 16))
    with pytest.raises(ValueError, match=r"expects a finite temperature of at least 0, got -1"):
        model.colorize(image, temperature=-1.0)
    letter = FullGlow(1, 1, 4, pool=None, size=12)
    assert letter.colorize(torch.rand(1, 3, 12, 12)).shape == (1, 3, 12, 12)
    with pytest.raises(ValueError, match=r"pool None expects the height and width of content to "):
        letter.colorize(image)


def test_drawings_of_another_size_are_refused():
    model = trained_full_glow()
    for wrong, expected in (
        (images(side=8)[0], r"^FullGlow expects a content and a photo of the same shape, got "),
        ("x", r"^FullGlow expects content to be a tensor, got str\."),
    ):
        with pytest.raises(ValueError, match=expected):
            model.encode(images()[1], wrong)
