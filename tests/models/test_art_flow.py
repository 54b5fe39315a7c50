"""ArtFlow against its published size, its closed forms, and a start that flat drawings spoil."""

import re

import pytest
import torch
from torch.nn.functional import interpolate, l1_loss
from torch.testing import assert_close

from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.data.sketches import ColorDodge
from flowcolor.layers import ActNorm
from flowcolor.models import ArtFlow
from flowcolor.testing import check_invertible
from tests.models.helpers import images, trained_art_flow
from tests.saved_bytes import SavedBytes

transfers = pytest.mark.parametrize("transfer", ["adain", "wct"])


def parameters(*sizes):
    with torch.device("meta"):
        return sum(p.numel() for p in ArtFlow(*sizes).parameters())


def test_parameters_are_those_of_the_public_code():
    assert parameters() == parameters(2, 8, 512) == 6_463_616
    assert parameters(2, 4, 64) == 192_576


def test_the_flow_has_the_log_det_of_its_jacobian():
    check_invertible(trained_art_flow(levels=2, size=0.05).flow, torch.rand(2, 3, 4, 4))


@transfers
def test_colouring_is_the_transfer_of_latents(transfer):
    """By hand for each image: other images and the order in a batch do not count."""
    model, (content, photo) = trained_art_flow(transfer=transfer).double(), images(3)
    content, photo = content.double(), photo.double()[..., :8]
    found = model.encode(model.colorize(content, photo))[0]
    for i in range(3):
        z, style = (model.encode(image[i : i + 1])[0][0].flatten(1) for image in (content, photo))
        centred = z - z.mean(1, keepdim=True)
        if transfer == "adain":
            spread = [(latent.var(1, keepdim=True) + 1e-5).sqrt() for latent in (style, z)]
            expected = centred * spread[0] / spread[1]
        else:
            (d, v), (e, w) = (torch.linalg.eigh(latent.cov()) for latent in (z, style))
            white = v @ (d.clamp(min=1e-5) ** -0.5).diag() @ v.T @ centred
            expected = w @ (e.clamp(min=1e-5) ** 0.5).diag() @ w.T @ white
        assert_close(found[i].flatten(1), expected + style.mean(1, keepdim=True))


@transfers
def test_an_image_that_lends_its_own_colours_comes_back(transfer):
    model = trained_art_flow(levels=2, transfer=transfer)
    for image in images():  # A drawing and a photograph, both half flat.
        assert_close(model.colorize(image, image), image, rtol=0, atol=2e-5)


@transfers
def test_nothing_leaks_in_twenty_rounds_of_colouring_and_giving_the_own_statistics_back(transfer):
    model = trained_art_flow(transfer=transfer, eps=1e-12).double()
    torch.manual_seed(1)
    content, *photos = torch.rand(21, 1, 3, 16, 16, dtype=torch.float64)
    image = content
    for photo in photos:
        image = model.colorize(image, photo)
        assert (image - content).abs().max() > 0.1
    assert_close(model.colorize(image, content), content, rtol=0, atol=1e-7)


@transfers
def test_blank_paper_becomes_finite_colours(transfer):
    model = trained_art_flow(levels=2, transfer=transfer)
    paper, photo = torch.ones(2, 3, 16, 16), images()[1]
    for pair in ((paper, photo), (photo, paper), (paper, paper)):
        result = model.colorize(*pair)
        assert result.isfinite().all()
        assert result.abs().max() < 100


@pytest.mark.parametrize("sides", [(16, 16), (8, 24)])
def test_content_and_reference_start_every_actnorm_together(sides):
    drawing, photo = images()
    drawing = 1 - 0.01 * (1 - drawing)  # Nearly flat: alone it would be magnified a hundredfold.
    model = ArtFlow(1, 2, 6)
    # Every pixel four times, and then averaged: the same photograph in another size.
    size = (2 * sides[0], 2 * sides[1])
    photo = interpolate(photo, size=sides, mode="nearest")
    drawing = interpolate(drawing, size=sides, mode="nearest")
    model(drawing, interpolate(photo, size=size, mode="nearest"))
    same = ArtFlow(1, 2, 6)
    same.load_state_dict(model.state_dict())
    for part in same.modules():
        if isinstance(part, ActNorm):
            part.initialized.fill_(False)
    with torch.no_grad():
        same.train().flow(torch.cat([drawing, photo]))
    for name, right in same.state_dict().items():
        assert_close(model.state_dict()[name], right, msg=name)
    assert all(part.log_scale.max() < 3 for part in model.flow if isinstance(part, ActNorm))


@transfers
@pytest.mark.parametrize("memory", ["checkpoint", "reversible"])
def test_gradients_are_those_of_plain_autograd(memory, transfer):
    def gradients(memory, width):
        model = trained_art_flow(levels=2, memory=memory, transfer=transfer).double().train()
        given = [image.double().requires_grad_() for image in images()]
        model(given[0], given[1][..., :width]).square().mean().backward()
        found = {name: p.grad for name, p in model.named_parameters()}
        return found | {str(i): image.grad for i, image in enumerate(given)}

    for width in (16, 8):
        expected, found = gradients("none", width), gradients(memory, width)
        for name, right in expected.items():
            assert right is None or right.isfinite().all()
            assert_close(found[name], right, rtol=1e-9, atol=1e-11, msg=name)


def test_training_keeps_four_images_whatever_the_number_of_steps():
    """Two latents, that of the result before its mean is added, and the result."""
    pair = torch.rand(2, 1, 3, 64, 64)
    for steps in (1, 3):
        model = ArtFlow(2, steps, 8, memory="reversible").eval()
        with SavedBytes() as kept:
            model(*pair)
        statistics = kept.beside(*model.parameters()) - 4 * 4 * 3 * 64 * 64
        assert 0 <= statistics < 4 * 48 * 20


@pytest.mark.slow
def test_two_portraits_are_learned_from_their_mirror_images():
    portraits = [load_portrait(name)[0] for name in ("astronaut", "grace_hopper")]
    photos = torch.cat([interpolate(p[None], size=(32, 32), mode="area") for p in portraits])
    drawings = torch.stack([ColorDodge()(p, (32, 32)) for p in portraits]).repeat(1, 3, 1, 1)
    torch.manual_seed(0)
    model = ArtFlow(2, 2, 64, memory="reversible")
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(50):
        result = model(drawings, photos.flip(-1))
        optimizer.zero_grad()
        l1_loss(result, photos).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    assert -10 * (result - photos).square().mean().log10() > 20
    exchanged = model(drawings, photos.flip(-1).flip(0))
    assert (exchanged - result).abs().mean() > 0.02


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: ArtFlow(transfer="decorator"), "expects transfer to be one of ['adain', 'wct']"),
        (lambda: ArtFlow(eps=0.0), "expects eps to be a finite number above 0, got 0.0."),
        (lambda: ArtFlow(9), "expects up to 8 levels of up to 1024 steps, got 9, 8 and 512."),
        (lambda: ArtFlow(8), "billion parameters, got 8, 8 and 512, that is 669 billion."),
        (
            lambda: ArtFlow(2, 1, 4)(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 4, 8)),
            "height and width of reference to be multiples of 4 and at least 8, got 4 x 8.",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words(build, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        build()
