"""Models that attend can be differentiated in every way; those without derivatives say so."""

import pytest
import torch
from torch import nn
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.testing import assert_close

from flowcolor.models import LUT, Gatys, Hints, Levin, Poisson, Wavelet
from flowcolor.models.attended_moments import attended_moments
from flowcolor.models.axial_attention import AxialAttention
from flowcolor.models.noise_blocks import NoiseAttention
from flowcolor.models.position_attention import PositionAttention
from tests.models.helpers import trained_ada_attn

# By torch itself, of forward mode.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float64).requires_grad_()


def moved(module: nn.Module):
    """Return a module that looks at places unequally, and whose weights do not learn."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5).requires_grad_(False)
    return module.double()


def axial():
    module = moved(AxialAttention(8, 2, 3, along="row", masked=True))
    return lambda x: module(x)[0]


CASES = {
    "attended_moments": (attended_moments, [(1, 4, 2, 2), (1, 4, 3, 2), (1, 2, 3, 2)]),
    "axial": (axial(), [(1, 2, 3, 8)]),
    "noise": (moved(NoiseAttention(8, 4)), [(1, 8, 2, 2)]),
    "position": (lambda *x: POSITION(*x).features, [(1, 4, 2, 3), (1, 4, 2, 2)]),
}
POSITION = moved(PositionAttention(4))


# Of channels last, torch takes an operator that knows neither.
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", CASES)
def test_attention_has_forward_mode_and_second_derivatives(name, layout):
    function, shapes = CASES[name]
    given = [
        draw(*shape).detach().contiguous(memory_format=layout).requires_grad_() for shape in shapes
    ]
    assert gradcheck(function, given, fast_mode=True, check_forward_ad=True)
    assert gradgradcheck(function, given, fast_mode=True)
    once, twice = (
        torch.autograd.grad(whole(function(*given)), given, create_graph=graph)
        for graph in (False, True)
    )
    assert_close(twice, once, rtol=1e-10, atol=1e-12)


def whole(results):
    results = results if isinstance(results, tuple) else (results,)
    return sum(result.square().sum() for result in results)


@pytest.mark.parametrize("keep_luminance", [False, True])
def test_adaattn_has_the_whole_gradient_of_its_images(keep_luminance):
    model = trained_ada_attn(keep_luminance=keep_luminance).double()
    content, reference = (torch.rand(1, 3, 32, 32, dtype=torch.float64) for _ in range(2))
    given = [x.mul(0.8).add(0.1).requires_grad_() for x in (content, reference)]
    assert gradcheck(model.colorize, given, fast_mode=True)
    model.colorize(*given).sum().backward()
    assert all(p.grad is None for p in model.encoder.parameters())  # It is frozen.


@pytest.mark.parametrize("interpolate", [False, True])
def test_tables_have_no_gradient(interpolate):  # Rounding has none.
    content, reference = torch.rand(2, 1, 3, 16, 16).requires_grad_()
    assert not LUT(interpolate=interpolate).colorize(content, reference).requires_grad


def test_wavelets_have_the_gradient_of_a_reference_whose_table_has_none():
    content, reference = torch.rand(2, 1, 3, 16, 16, dtype=torch.float64)
    reference.requires_grad_()
    model = Wavelet(match_first=True)
    assert gradcheck(lambda x: model.colorize(content, x), reference, fast_mode=True)


WITHOUT = {
    "gatys": Gatys(1, style_layers=[1, 2], steps=1, random_weights=True, keep_luminance=True),
    "levin": Levin(),
    "poisson": Poisson(),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_derivatives_that_would_miss_terms_are_refused(name):
    model, image = WITHOUT[name], torch.rand(1, 3, 16, 16)
    if model.hints == "required":
        key, other = "hints", Hints(image.flip(3), (image[:, :1] > 0.5).float())
    else:
        key, other = "reference", image.flip(3)

    def run(content, other=other):
        return model.colorize(content, **{key: other})

    message = f"^{type(model).__name__} expects to be asked for no gradient"
    with pytest.raises(ValueError, match=f"{message}, for it has none, got one for content"):
        run(image.clone().requires_grad_())
    asking = other.clone().requires_grad_() if key == "reference" else other
    if key == "hints":
        asking = Hints(other.colors.clone().requires_grad_(), other.mask)
    with pytest.raises(ValueError, match=f"got one for {key}"):
        run(image, asking)
    with pytest.raises(ValueError, match=f"{message}.*a transform or forward mode"):
        torch.func.jvp(run, (image,), (image,))
    with forward_ad.dual_level(), pytest.raises(ValueError, match=message):
        run(forward_ad.make_dual(image, image))
    with torch.no_grad():
        assert run(image.clone().requires_grad_()).isfinite().all()
