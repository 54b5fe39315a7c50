"""A picture that is optimised: its loss against formulas, its steps against what they promise."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.testing import assert_close

from flowcolor.color import to_gray
from flowcolor.errors import InputError
from flowcolor.models import Gatys
from flowcolor.models.gatys_loss import GatysLoss, convolutions, gram, relu_name
from flowcolor.models.gatys_steps import improve
from flowcolor.pretrained.vgg import VGGActivations

pytest.importorskip("torchvision")


class Small(VGGActivations):
    """Three convolutions in place of VGG's sixteen."""

    def __init__(self, dtype=torch.float64):
        super().__init__(["relu2_1"], "vgg16", random_weights=True)
        torch.manual_seed(1)
        parts = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(True), nn.Conv2d(4, 5, 3, padding=1)]
        parts += [nn.ReLU(True), nn.MaxPool2d(2), nn.Conv2d(5, 6, 3, padding=1), nn.ReLU(True)]
        self.network = nn.Sequential(*parts).to(dtype).requires_grad_(False)

    def network_like(self, images):
        return self.network

    def normalize(self, images):
        return 2 * images - 1


def images(count=3, size=8):
    return torch.rand(count, 1, 3, size, size, dtype=torch.float64)


def test_the_loss_is_that_of_the_formula():
    small, (x, t, s) = Small(), images()
    conv = small.network[0], small.network[2], small.network[5]

    def seen(image):
        first = conv[0](2 * image - 1)
        second = conv[1](first.relu())
        return first, second, conv[2](functional.max_pool2d(second.relu(), 2))

    def product(f):
        rows = f[0].flatten(1)
        return torch.einsum("in,jn->ij", rows, rows) / (rows.shape[0] * rows.shape[1])

    styles = {1: 10.0, 3: 2.0}
    for inside, power in ((True, 2), (False, 1)):
        expected = 0.5**power * (seen(x)[1] - seen(t)[1]).square().mean()
        for layer, weight in styles.items():
            grams = [product(seen(image)[layer - 1]) for image in (x, s)]
            expected = expected + weight**power * (grams[0] - grams[1]).square().mean()
        found = GatysLoss(small, t, s, (2, 0.5), styles, inside=inside)(x)
        assert_close(found, expected, rtol=1e-12, atol=0)


def test_by_the_letter_the_network_gets_pictures_as_they_are():
    small, (x, t, s) = Small(), images()
    wanted = GatysLoss(small, t, s, (2, 0.5), {1: 10.0}, normalize=False)(x)
    small.normalize = lambda image: image
    assert_close(wanted, GatysLoss(small, t, s, (2, 0.5), {1: 10.0})(x))
    assert [Gatys(letter=on).options["normalize"] for on in (False, True)] == [True, False]


def test_what_is_not_said_is_as_in_the_document():
    model = Gatys()
    assert model.layers == ((5, 1.0), dict.fromkeys((1, 2, 3, 4, 5), 500.0))
    assert model.options["inside"]


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_picture_is_clamped_behind_no_optimizers_back(optimizer):
    """L-BFGS that finds its picture clamped between two looks measures a curvature that is none."""
    target = torch.tensor([-0.5, 0.25, 1.5, 0.75]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    seen = []
    result = improve(
        torch.full((1, 3, 2, 2), 0.5),
        lambda x: (x - target).square().sum(),
        200,
        0.05,
        optimizer,
        watch=lambda step, loss, picture: seen.append((loss, picture.clone())),
    )
    assert_close(result, target.clamp(0, 1), rtol=0, atol=1e-3)
    assert all(0 <= picture.amin() <= picture.amax() <= 1 for _, picture in seen)
    # Brought back after each step, as Adam's is, it is half a unit from the target at six places.
    expected = 6 * 0.5**2 if optimizer == "adam" else 0.0
    assert seen[-1][0] == pytest.approx(expected, abs=1e-3)


def test_its_gradient_is_that_of_finite_differences():
    small, (x, t, s) = Small(), images(size=4)
    loss = GatysLoss(small, t, s, (3, 1.0), {1: 3.0, 2: 5.0}, average=True)
    assert torch.autograd.gradcheck(loss, x.requires_grad_())


def test_what_is_content_and_style_at_once_needs_no_change():
    small, (x, *_) = Small(), images()
    loss = GatysLoss(small, x, x, (2, 1.0), {1: 500.0, 3: 500.0})
    value = loss(x.requires_grad_())
    assert value == 0
    (gradient,) = torch.autograd.grad(value, x)
    assert not gradient.any()


def test_gram_matrices_are_positive_and_forget_places():
    features = torch.randn(1, 6, 5, 7, dtype=torch.float64)
    found = gram(features)
    assert torch.linalg.eigvalsh(found).min() > -1e-12
    order = torch.randperm(35)
    mixed = features.flatten(2)[..., order].view_as(features)
    assert_close(gram(mixed), found, rtol=0, atol=1e-12)


def test_pooling_by_the_mean_and_by_the_largest_differ_but_for_constants():
    small = Small()
    for x, same in ((images(1)[0], False), (torch.ones(1, 3, 8, 8).double(), False)):
        found = [convolutions(small.network, x, [3], average)[3] for average in (True, False)]
        assert torch.allclose(*found) == same
    flat = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 1))
    found = [
        convolutions(flat, torch.ones(1, 3, 8, 8), [2], average)[2] for average in (True, False)
    ]
    assert_close(*found)


def test_layers_are_counted_by_convolution():
    assert [relu_name("vgg19", layer) for layer in (1, 3, 5, 9, 13, 16)] == [
        *("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1", "relu5_4"),
    ]


def quick(**options):
    options = {"style_layers": [1, 2, 3], "steps": 30, "rate": 0.05} | options
    return Gatys(3, random_weights=True, **options)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("start", ["content", "average", "noise"])
def test_steps_make_the_loss_smaller(optimizer, start):
    t, s = torch.rand(2, 1, 3, 16, 16)
    model = quick(optimizer=optimizer, start=start)
    loss = GatysLoss(model.activations, t, s, *model.layers, **model.options)
    generator = torch.Generator().manual_seed(0)
    start = quick(start=start, rate=0.0, steps=1)
    before = start.colorize(t, s, generator=torch.Generator().manual_seed(0))
    result = model.colorize(t, s, generator=generator)
    assert loss(result) < 0.7 * loss(before)
    assert result.amin() >= 0
    assert result.amax() <= 1


def test_a_start_from_noise_is_each_pictures_own_and_scaled_by_the_temperature():
    t, s = torch.rand(2, 3, 3, 16, 16)
    model = quick(start="noise", rate=0.0, steps=1)
    assert model.stochastic
    assert not quick().stochastic

    def draw(seed=1, part=slice(None), **options):
        generator = torch.Generator().manual_seed(seed)
        return model.colorize(t[part], s[part], generator=generator, **options)

    assert torch.equal(draw(part=slice(0, 1)), draw()[:1])
    assert not torch.equal(draw(2), draw())
    assert draw().flatten().quantile(torch.tensor([0.1, 0.5, 0.9])).tolist() == pytest.approx(
        [0.1, 0.5, 0.9], abs=0.03
    )
    assert_close(draw(temperature=0.5) - 0.5, (draw() - 0.5) / 2)
    assert torch.equal(model.colorize(t, s), model.colorize(t, s))
    with pytest.raises(ValueError, match=r"^Gatys expects a finite temperature .* got -1\.$"):
        draw(temperature=-1.0)


def test_it_works_where_gradients_are_switched_off():
    t, s = torch.rand(2, 1, 3, 16, 16)
    expected = quick(steps=3).colorize(t, s)
    for off in (torch.no_grad, torch.inference_mode):
        with off():
            assert torch.equal(quick(steps=3).colorize(t, s), expected)


def test_the_luma_can_be_kept_and_steps_end_when_nothing_falls():
    t, s = torch.rand(2, 1, 3, 16, 16)
    kept = quick(keep_luminance=True)
    assert kept.keeps_luminance
    assert_close(to_gray(kept.colorize(t, s)), to_gray(t))
    early, ten = quick(stop=1.0, steps=1000), quick(steps=20)
    assert torch.equal(early.colorize(t, s), ten.colorize(t, s))


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (
            {"style_layers": [17]},
            r"Gatys expects style_layers to be from 1 to 16, the convolutions of vgg19, got 17\.$",
        ),
        ({"style_layers": [[1]]}, r"style_layers to be from 1 to 16, .*, got \[1\]\.$"),
        ({"content_layer": 0}, r"content_layer to be from 1 to 16, .*, got 0\.$"),
        ({"style_weights": [1.0, 2.0]}, r"one for each of style_layers, got 2 for 5\."),
        ({"start": "black"}, r"Gatys expects start to be one of .*, got 'black'\."),
        ({"steps": 0}, r"Gatys expects steps to be a whole number of at least 1, got 0\."),
    ],
)
def test_wrong_options_are_refused_in_one_sentence(wrong, expected):
    with pytest.raises(ValueError, match=expected):
        Gatys(**wrong)


def test_pictures_too_small_for_its_layers_are_refused():
    with pytest.raises(ValueError, match=r"^Gatys expects sides of at least 4 for its layers, got"):
        Gatys(random_weights=True).colorize(torch.rand(1, 3, 3, 9), torch.rand(1, 3, 9, 9))


def test_missing_weights_are_named(tmp_path):
    model = Gatys(weights=tmp_path / "none.pth")
    with pytest.raises(InputError, match=r"must name a file with vgg19 weights, got "):
        model.colorize(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_pictures_in_half_precision_are_optimised_in_whole(dtype):
    content = torch.rand(1, 1, 32, 32).expand(-1, 3, -1, -1).to(dtype)
    reference = torch.rand(1, 3, 32, 32).to(dtype)
    model = Gatys(3, style_layers=[1, 2], steps=10, random_weights=True)
    expected = model(content.float(), reference.float())
    assert torch.equal(model(content, reference), expected.to(dtype))
