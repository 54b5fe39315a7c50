"""The conditional INN against its published size and formula, and the lightness that it keeps."""

import re

import pytest
import torch
from torch.distributions import Normal
from torch.nn.functional import interpolate
from torch.testing import assert_close

from flowcolor.color import lab_to_rgb, rgb_to_lab, to_gray
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.layers import Chain
from flowcolor.models import CINN
from flowcolor.models.checkpoint import export_weights, load_model
from flowcolor.models.sample_noise import SampleNoise
from flowcolor.testing import check_invertible
from tests.models.helpers import images, trained_cinn


def grays(photos):
    return to_gray(photos).expand(-1, 3, -1, -1)


def portraits(side=32):
    names = "astronaut", "grace_hopper"
    photos = [interpolate(load_portrait(n)[0][None], (side, side), mode="area") for n in names]
    return torch.cat(photos)


def lightness(image):
    """Of light that may be negative, as no screen shows it: the CIE's formulas, in float64."""
    image = image.double()
    bent = torch.where(
        image.abs() > 0.04045, ((image.abs() + 0.055) / 1.055) ** 2.4, image.abs() / 12.92
    )
    light = torch.tensor([0.212671, 0.715160, 0.072169], dtype=torch.float64)
    y = (light[:, None, None] * bent * image.sign()).sum(1)
    return 116 * torch.where(y > 0.008856, y.clamp(min=1e-9) ** (1 / 3), 7.787 * y + 16 / 116) - 16


LARGE = {
    "layout": "large",
    "shrink": 4,
    "blocks": [1, 1, 2, 1, 2],
    "widths": [4, 4, 4, 4, 4],
    "features": 4,
    "coarse": 1,
}


def test_parameters_of_the_large_layout_are_those_of_the_public_code():
    with torch.device("meta"):
        model = CINN(layout="large", shrink=4)
    learned = sum(p.numel() for p in model.parameters() if p.requires_grad)
    fixed = sum(p.numel() for p in model.flow.parameters() if not p.requires_grad)
    # The public network keeps its classes of colours, from 256 channels, which nothing reads.
    classes = 256 * 313 + 313 + 313 * 2 + 2
    assert learned + classes == 88_949_693
    # It also holds the inverse of each rotation, the constants of Haar, and a number a block.
    assert learned + classes + 2 * fixed + 128 * 4 + 30 == 89_052_667
    assert model.multiple == 256


def test_parameters_are_those_of_the_public_code():
    with torch.device("meta"):
        model = CINN()
    # There, the two Haar transforms hold their constants as parameters, of 8 x 4 numbers each.
    assert sum(p.numel() for p in model.parameters()) + 2 * 8 * 4 == 11_010_824
    assert sum(p.numel() for p in model.condition_net.parameters()) == 1_455_680
    assert model.multiple == 64


@pytest.mark.parametrize("options", [{"coarse": 2}, {"coarse": 1, "data": "color"}])
def test_the_flow_has_the_log_det_of_its_jacobian_and_a_latent_of_the_data_s_shape(options):
    model = trained_cinn(size=0.1, **options)
    side = model.multiple
    conditions = model._conditions(grays(torch.rand(2, 3, side, side)))
    side //= model.lab_data.shrink
    x = torch.randn(2, model.lab_data.channels, side, side)
    z = model.flow(x, conditions)[0]
    assert z.shape == x.shape
    check_invertible(model.flow, x, conditions)


def test_the_large_flow_is_undone_and_has_the_log_det_of_its_jacobian():
    model = trained_cinn(**LARGE).double()
    x = torch.randn(1, 2, 16, 16, dtype=torch.float64)
    conditions = model._conditions(grays(torch.rand(1, 3, 64, 64, dtype=torch.float64)))
    z, logdet = model.flow(x, conditions)
    again, back = model.flow.inverse(z, conditions)
    assert_close(again, x)
    assert_close(back, -logdet)
    jacobian = torch.func.jacrev(lambda x: model.flow(x, conditions)[0])(x).reshape(512, 512)
    assert_close(logdet[0], torch.linalg.slogdet(jacobian).logabsdet)
    assert logdet.abs() > 1


def test_the_content_keeps_its_lightness_and_the_latent_never_changes_it():
    model, content = trained_cinn(size=0.1), grays(images()[1])
    latents = torch.randn(3, 2, 2, 16, 16)
    results = [model.decode(z, model.encode(content)[1]) for z in latents]
    results.append(model.colorize(content))
    for result in results:
        assert_close(lightness(result), lightness(content), rtol=0, atol=1e-3)
    assert not torch.allclose(results[0], results[1], atol=1e-2)


def test_a_drawing_gets_another_lightness_where_the_model_makes_it():
    drawing = images()[0]
    assert not torch.allclose(
        lightness(trained_cinn(data="color").colorize(drawing)), lightness(drawing), atol=1.0
    )


def test_seeds_and_temperatures_choose_the_colours():
    model, content = trained_cinn(), grays(images()[1])

    def colored(seed, temperature=1.0):
        generator = torch.Generator().manual_seed(seed)
        return model.colorize(content, temperature=temperature, generator=generator)

    assert torch.equal(colored(1), colored(1))
    assert not torch.allclose(colored(1), colored(2), atol=1e-2)
    assert torch.equal(colored(1, 0.0), colored(2, 0.0))
    noise = SampleNoise(torch.empty(2, 2, 16, 16), torch.Generator().manual_seed(1))()
    expected = model.decode(0.5 * noise, model.encode(content)[1])
    assert_close(colored(1, 0.5), expected, rtol=0, atol=1e-3)  # A grey has no chroma, or nearly.


def test_its_own_grey_and_itself_as_reference_give_a_photograph_its_chroma_back():
    model, photo = trained_cinn().double(), images()[1].double()
    expected = rgb_to_lab(photo)
    expected[:, :1] = rgb_to_lab(grays(photo))[:, :1]
    assert_close(model.colorize(grays(photo), photo), lab_to_rgb(expected), rtol=0, atol=1e-6)


def test_bits_are_those_of_normal_latents():
    model, (_, photo) = trained_cinn(noise=0.1).double(), images()
    photo, content = photo.double(), grays(photo.double())
    bits = model.bits(content, photo, torch.Generator().manual_seed(3))["photo"]
    noise = torch.randn(
        2, 2, 16, 16, generator=torch.Generator().manual_seed(3), dtype=torch.float64
    )
    chroma = rgb_to_lab(photo)[:, 1:] - torch.tensor([2.4, 7.4])[:, None, None].double()
    chroma = chroma / torch.tensor([11.2, 16.8])[:, None, None].double()
    z, logdet = model.flow(chroma + 0.1 * noise, model._conditions(content))
    nats = Normal(0.0, 1.0).log_prob(z).sum((1, 2, 3)) + logdet
    assert_close(bits, -nats / (2 * 16 * 16) / torch.tensor(2.0).double().log())


@pytest.mark.parametrize("memory", ["checkpoint", "reversible"])
@pytest.mark.parametrize("options", [{"shrink": 2}, LARGE])
def test_gradients_are_those_of_plain_autograd(memory, options):
    def gradients(memory):
        model = trained_cinn(memory=memory, **options).double().train()
        assert {c.memory for c in model.flow.modules() if isinstance(c, Chain)} == {memory}
        photo = images(side=model.multiple)[1].double()
        model.bits(grays(photo), photo, torch.Generator().manual_seed(1))["photo"].sum().backward()
        return {name: p.grad for name, p in model.named_parameters()}

    expected, found = gradients("none"), gradients(memory)
    for name, right in expected.items():
        if right is None:
            assert name.endswith("matrix.entries"), "fixed rotations alone"
            continue
        assert_close(found[name], right, rtol=0, atol=1e-10, msg=name)
        assert right.any(), name


def test_a_few_steps_learn_more_with_a_condition_than_without():
    photos, found = portraits(), []
    for content in (grays(photos), torch.full_like(photos, 0.5)):
        torch.manual_seed(0)
        model = CINN(blocks=[1] * 4, widths=[16] * 4, features=8, coarse=8, memory="reversible")
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
        for _ in range(40):
            optimizer.zero_grad()
            model.bits(content, photos)["photo"].mean().backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
            optimizer.step()
        with torch.no_grad():
            found.append(model.bits(content, photos, torch.Generator().manual_seed(9))["photo"])
    assert (found[0] < found[1]).all()
    assert found[0].mean() < 2.05, "noise of deviation 1 has 2.05 bits"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"data": "luma"}, "CINN expects data to be one of ['chroma', 'color'], got 'luma'."),
        ({"shrink": 3}, "CINN expects shrink to be 1, 2 or 4, got 3."),
        (
            {"data": "color", "shrink": 2},
            "CINN expects shrink to be 1 with data 'color', got 2.",
        ),
        ({"coarse": 3}, "CINN expects coarse to be 1, 2, 4, ..., 32 or 64, got 3."),
        (
            {"blocks": [1, 2]},
            "CINN expects blocks to be 4 numbers, one for each level, got [1, 2].",
        ),
        (
            {"layout": "large"},
            "CINN expects data 'chroma' and shrink 4 with layout 'large', got 'chroma' and 1.",
        ),
        (
            {"features": 100_000},
            (
                "CINN expects sizes of a few billion parameters at most, got blocks [2, 4, 4, 4], "
                "widths [32, 64, 128, 512], features 100000 and coarse 16."
            ),
        ),
        (
            {"widths": [1, 2, 0, 1]},
            "CINN expects widths to be a whole number of at least 1, got 0.",
        ),
    ],
)
def test_what_cannot_be_built_is_refused_in_words(options, expected):
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        CINN(**options)


def test_a_file_with_lists_of_sizes_rebuilds_the_model(tmp_path):
    model = trained_cinn()
    export_weights(model, tmp_path / "cinn.safetensors", 16)
    again = load_model(tmp_path / "cinn.safetensors")
    assert again.config == model.config
    photo = images()[1]
    assert torch.equal(again.encode(photo)[0], model.encode(photo)[0])


def test_images_of_another_size_are_refused_in_words():
    model = trained_cinn()
    with pytest.raises(ValueError, match=r"width of image to be multiples of 4, got 8 x 10\.$"):
        model.encode(torch.rand(1, 3, 8, 10))
    with pytest.raises(ValueError, match=r"a content and a reference of the same shape, got "):
        model.colorize(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 16))
