"""Images whose values are no colours are refused wherever they would be taken for others."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.testing import assert_close

from flowcolor.color import into_gamut, rgb_to_lab, rgb_to_yuv, to_gray, with_luma
from flowcolor.data import ColorDodge, GradientLines, MixedFilter, SobelLines, XDoG
from flowcolor.data.clean import clean_drawing
from flowcolor.face_alignment import align_reference
from flowcolor.hsi import rgb_to_hsi
from flowcolor.losses import (
    ColorizationLoss,
    ContentStyleLoss,
    FeatureLoss,
    MSELPIPSLoss,
    PerceptualLoss,
)
from flowcolor.pretrained.face_finder import find_face

IMAGE = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(0))
WHOLE = [torch.uint8, torch.int64, torch.bool]
SCALES = {"0 to 255": lambda x: 255 * x, "-1 to 1": lambda x: 2 * x - 1}

FILTERS = [GradientLines(), XDoG(), SobelLines(), ColorDodge(), MixedFilter([XDoG()])]
SINGLE = {
    "rgb_to_lab": rgb_to_lab,
    "rgb_to_hsi": rgb_to_hsi,
    "clean_drawing": lambda x: clean_drawing(x[0]),
    "find_face": lambda x: find_face(x[0], "photo"),
    "align_reference": lambda x: align_reference(IMAGE[0], x[0], (40, 40)),
    **{type(f).__name__: lambda x, f=f: f(x[0], (40, 40)) for f in FILTERS},
}
LINEAR = {
    "to_gray": to_gray,
    "rgb_to_yuv": rgb_to_yuv,
    "with_luma": lambda x: with_luma(x, IMAGE[:, :1]),
    "into_gamut": into_gamut,
}
LOSSES = {
    "l1": lambda: ColorizationLoss(perceptual=0),
    "chroma": lambda: ColorizationLoss(perceptual=0, chroma=2.0),
    "ssim": lambda: ColorizationLoss(l1=0, perceptual=0, ssim=1),
    "vgg": lambda: PerceptualLoss(random_weights=True),
    "features": lambda: FeatureLoss(random_weights=True),
    "mse": lambda: MSELPIPSLoss(lpips=0, random_weights=True),
    "style": lambda: ContentStyleLoss(random_weights=True),
}


def given(loss, result, truth):
    further = [IMAGE] if isinstance(loss, ContentStyleLoss) else []
    return loss(result, truth, *further)


@pytest.mark.parametrize("dtype", WHOLE, ids=str)
@pytest.mark.parametrize("name", [*SINGLE, *LINEAR])
def test_whole_numbers_are_refused(name, dtype):
    call = (SINGLE | LINEAR)[name]
    if dtype == torch.uint8 and name in {type(f).__name__ for f in FILTERS}:
        assert call((255 * IMAGE).byte()).is_floating_point()  # Bytes are drawn as what they are.
        return
    with pytest.raises(ValueError, match=rf"float images .*, got {dtype}: divide bytes"):
        call((255 * IMAGE).to(dtype))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", SINGLE)
def test_other_ranges_are_refused_where_they_are_no_mere_factor(name, scale):
    SINGLE[name](IMAGE)
    with pytest.raises(ValueError, match=r"images with values in \[0, 1\], got values from"):
        SINGLE[name](SCALES[scale](IMAGE))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", LINEAR)
def test_other_ranges_are_taken_where_they_are_a_mere_factor(name, scale):
    given = SCALES[scale](IMAGE)
    result = LINEAR[name](given)
    assert result.isfinite().all()
    if name == "to_gray":  # Linear, with weights whose sum is one: scale and offset pass through.
        assert_close(result, SCALES[scale](to_gray(IMAGE)))
    if name == "rgb_to_yuv":
        assert_close(result[:, :1], SCALES[scale](rgb_to_yuv(IMAGE)[:, :1]))


@pytest.mark.parametrize("dtype", WHOLE, ids=str)
@pytest.mark.parametrize("name", LOSSES)
def test_losses_refuse_whole_numbers_on_either_side(name, dtype):
    loss = LOSSES[name]()
    whole = (255 * IMAGE).to(dtype)
    for pair in ((whole, IMAGE), (IMAGE, whole), (whole, whole)):
        with pytest.raises(ValueError, match=rf"{type(loss).__name__} expects float images .*got"):
            given(loss, *pair)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", LOSSES)
def test_losses_refuse_a_truth_of_another_range(name, scale):
    loss = LOSSES[name]()
    for _ in range(2):  # Not the first time alone.
        with pytest.raises(ValueError, match=r"expects images with values in \[0, 1\], got values"):
            given(loss, IMAGE, SCALES[scale](IMAGE))
        given(loss, IMAGE, IMAGE)


def test_the_style_of_a_loss_is_an_image_too():
    with pytest.raises(ValueError, match=r"ContentStyleLoss expects images with values"):
        LOSSES["style"]()(IMAGE, IMAGE, 255 * IMAGE)


@pytest.mark.parametrize("name", LOSSES)
def test_what_a_network_paints_may_lie_anywhere(name):
    loss = LOSSES[name]()
    found = given(loss, 100 * IMAGE - 50, IMAGE)
    assert (found["loss"] if isinstance(found, dict) else found) > 0.9


def test_a_truth_with_a_gradient_may_lie_anywhere():
    truth = (100 * IMAGE).requires_grad_()
    ColorizationLoss(perceptual=0)(IMAGE, truth)["loss"].backward()
    assert_close(truth.grad.abs().sum(), torch.tensor(10.0))


def test_values_that_cannot_be_looked_at_are_taken():
    wide = 255 * IMAGE
    loss = ColorizationLoss(perceptual=0)
    assert loss(wide.to("meta"), wide.to("meta"))["loss"].is_meta
    with FakeTensorMode(allow_non_fake_inputs=True):
        loss(wide, torch.ones_like(wide))
    assert torch.func.vmap(rgb_to_lab)(wide[None]).shape == (1, *wide.shape)
    torch.compile(rgb_to_lab, fullgraph=True, backend="eager")(wide)
    with pytest.raises(ValueError, match="got values from"):
        torch.func.grad(lambda x: rgb_to_lab(x).sum())(wide)


def test_losses_of_single_images_by_transforms_and_in_a_graph():
    result, truth = torch.rand(2, 4, 3, 8, 8)
    loss = ColorizationLoss(perceptual=0)

    def single(a, b):
        return loss(a[None], b[None])["loss"]

    gradients = torch.func.vmap(torch.func.grad(single))(result, truth)
    alone = [torch.func.grad(single)(a, b) for a, b in zip(result, truth, strict=True)]
    assert_close(gradients, torch.stack(alone))
    graph = torch.compile(lambda a, b: loss(a, b)["loss"], fullgraph=True, backend="eager")
    assert_close(graph(result, truth), loss(result, truth)["loss"])
