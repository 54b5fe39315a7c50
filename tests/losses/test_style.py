"""Content and style against torchvision's own VGG19, and weights that are never made up."""

import pytest
import torch
from torch.testing import assert_close
from torchvision.models.vgg import cfgs, make_layers
from torchvision.transforms.functional import normalize

from flowcolor.errors import InputError
from flowcolor.losses import ContentStyleLoss
from flowcolor.training.objectives import Transfer


@pytest.fixture(scope="module")
def loss():
    return ContentStyleLoss(0.5, 3.0, random_weights=True)


def activations(loss, images):
    """Return relu1_1, 2_1, 3_1 and 4_1 of torchvision's features, in float64."""
    features = make_layers(cfgs["E"])[:21].eval().requires_grad_(False)
    features.load_state_dict(loss.activations.prepare().state_dict())
    x, found = normalize(images, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]), []
    for part in (slice(0, 2), slice(2, 7), slice(7, 12), slice(12, 21)):
        x = features.double()[part](x)
        found.append(x.clone())
    return found


def test_terms_and_gradient_are_those_of_the_formula(loss):
    images = torch.rand(3, 2, 3, 32, 16, dtype=torch.float64)
    ours, theirs = (images[0].clone().requires_grad_() for _ in range(2))
    terms = loss(ours, images[1], images[2])
    own, content, style = (activations(loss, x) for x in (theirs, images[1], images[2]))
    expected = ((own[3] - content[3]) ** 2).mean()
    assert_close(terms["content"], expected)
    statistics = 0
    for a, b in zip(own, style, strict=True):
        for i in range(2):  # Of each image by itself.
            (v, m), (w, n) = (torch.var_mean(x[i].flatten(1), 1) for x in (a, b))
            spread = (v + 1e-5).sqrt() - (w + 1e-5).sqrt()
            statistics = statistics + ((m - n) ** 2).mean() / 2 + (spread**2).mean() / 2
    assert_close(terms["style"], statistics)
    assert_close(terms["loss"], 0.5 * expected + 3 * statistics)
    assert_close(terms["ratio"], (3 * statistics / (0.5 * expected)).detach())
    terms["loss"].backward()
    (0.5 * expected + 3 * statistics).backward()
    assert_close(ours.grad, theirs.grad)


def test_flat_images_and_the_same_ones_have_finite_gradients(loss):
    image = torch.ones(1, 3, 16, 16, requires_grad=True)
    terms = loss(image, image.detach(), image.detach())
    terms["loss"].backward()
    assert terms["loss"] < 1e-9
    assert image.grad.isfinite().all()
    assert all(term.isfinite() for term in terms.values())


def test_missing_weights_are_one_sentence_without_a_download(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", pytest.fail)
    image = torch.rand(1, 3, 16, 16)
    for ask in (Transfer().prepare, lambda: ContentStyleLoss()(image, image, image)):
        with pytest.raises(InputError, match=r"^The vgg19 weights are missing .* as `vgg19`\.$"):
            ask()


def test_what_cannot_be_is_refused_in_words(loss):
    with pytest.raises(InputError, match=r"^style expects a finite number of at least 0, got -1"):
        ContentStyleLoss(style=-1.0)
    with pytest.raises(ValueError, match=r"^ContentStyleLoss expects two batches of shape"):
        loss(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16), torch.rand(2, 3, 16, 16))


@pytest.mark.parametrize("place", [1, 2])
def test_content_and_style_have_gradients_too(loss, place):
    given = [torch.rand(1, 3, 16, 16, dtype=torch.float64) for _ in range(3)]
    given[place].requires_grad_()
    own, content, style = (activations(loss, x) for x in given)
    expected = 0.5 * ((own[3] - content[3]) ** 2).mean()
    for a, b in zip(own, style, strict=True):
        (v, m), (w, n) = (torch.var_mean(x, (2, 3)) for x in (a, b))
        spread = (v + 1e-5).sqrt() - (w + 1e-5).sqrt()
        expected = expected + 3 * ((m - n) ** 2).mean() + 3 * (spread**2).mean()
    (right,) = torch.autograd.grad(expected, given[place])
    (found,) = torch.autograd.grad(loss(*given)["loss"], given[place])
    assert_close(found, right)
