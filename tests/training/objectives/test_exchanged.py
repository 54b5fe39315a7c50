"""What is asked of a drawing with somebody else's colours, against its formula."""

import numpy as np
import pytest
import torch
from scipy.ndimage import prewitt
from torch import nn
from torch.testing import assert_close

from flowcolor.color import rgb_to_yuv
from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss
from flowcolor.models import Colorizer, Unchanged
from flowcolor.training.objectives import Exchanged
from flowcolor.training.objectives.exchanged import edge_similarity


class Mixed(Colorizer):
    """The drawing, moved towards the mean colour of its reference by what is learned."""

    content = frozenset({"drawing"})
    reference = "required"
    trained = True

    def __init__(self):
        super().__init__()
        self.share = nn.Parameter(torch.tensor(0.25))
        self.asked = []

    def colorize(self, content, reference=None, **options):
        self.asked.append(len(content))
        return content + self.share * (reference.mean((2, 3), keepdim=True) - content)


def exchanged(**options):
    return Exchanged(ColorizationLoss(perceptual=0.0), **options)


def drawn(count=4):
    torch.manual_seed(1)
    images = torch.rand(3, count, 3, 12, 12)
    return dict(zip(("content", "reference", "truth"), images, strict=True))


def similarity_by_scipy(a, b):
    """Of two images (3, H, W), with the paper's operator."""
    weights, squares = np.array([0.299, 0.587, 0.114]), []
    for image in (a, b):
        luma = np.tensordot(weights, image.double().numpy(), 1)
        squares.append(sum((prewitt(luma, axis, mode="nearest") / 3) ** 2 for axis in (0, 1)))
    constant = 170 / 255**2
    return (2 * np.sqrt(squares[0] * squares[1]) + constant) / (sum(squares) + constant)


def test_edges_are_compared_by_the_paper_s_formula():
    a, b = torch.rand(2, 2, 3, 9, 13, dtype=torch.float64)
    ours = edge_similarity(a, b)
    assert ours.shape == (2, 1, 9, 13)
    for i in range(2):
        theirs = torch.from_numpy(similarity_by_scipy(a[i], b[i]))
        assert_close(ours[i, 0], theirs, atol=1e-5, rtol=0)


def test_light_on_dark_has_the_edges_of_dark_on_light():
    image = torch.rand(1, 3, 16, 16)
    assert_close(edge_similarity(image, 1 - image), torch.ones(1, 1, 16, 16))


@pytest.mark.parametrize(("share", "count"), [(0.5, 2), (1.0, 4), (0.01, 1)])
def test_the_loss_is_that_of_the_pairs_and_what_is_asked_of_the_exchanged(share, count):
    model, batch = Mixed(), drawn()
    losses = exchanged(share=share, edges=3.0, colors=7.0).losses(model, batch)
    assert model.asked == [4 + count], "one call for both"

    paired = ColorizationLoss(perceptual=0.0)(
        model(batch["content"], batch["reference"]), batch["truth"]
    )
    others = torch.stack([batch["reference"][i - 1] for i in range(count)])
    result = model(batch["content"][:count], others)
    edges = 1 - edge_similarity(result, batch["truth"][:count]).mean()
    colors = (rgb_to_yuv(result).mean((2, 3)) - rgb_to_yuv(others).mean((2, 3))).abs().mean()
    assert_close(losses["edges"], edges)
    assert_close(losses["mean_color"], colors)
    assert_close(losses["loss"], paired["loss"] + 3 * edges + 7 * colors)


def test_one_photograph_has_nobody_to_exchange_with():
    losses = exchanged().losses(Mixed(), drawn(1))
    assert losses.keys() == {"loss", "l1", "result"}


def test_flat_images_have_finite_gradients():
    model = Mixed()
    batch = {name: torch.ones(2, 3, 8, 8) for name in ("content", "reference", "truth")}
    exchanged().losses(model, batch)["loss"].backward()
    assert model.share.grad.isfinite()


def test_black_luma_has_no_chroma():
    grey = torch.rand(2, 1, 4, 4).expand(-1, 3, -1, -1)
    yuv = rgb_to_yuv(grey)
    assert_close(yuv[:, :1], grey[:, :1])
    assert_close(yuv[:, 1:], torch.zeros(2, 2, 4, 4), atol=1e-6, rtol=0)


def test_what_cannot_be_is_refused():
    for options, sentence in [
        ({"share": 0.0}, "share expects a number above 0 and up to 1, got 0.0."),
        ({"share": float("nan")}, "share expects a number above 0 and up to 1, got nan."),
        ({"edges": -1.0}, "edges expects a finite number of at least 0, got -1.0."),
        ({"colors": float("inf")}, "colors expects a finite number of at least 0, got inf."),
    ]:
        with pytest.raises(InputError, match=sentence):
            exchanged(**options)

    class Plain(Mixed):
        reference = "unused"

    with pytest.raises(InputError, match="takes a reference, got Plain, which has no use for one"):
        exchanged().check(Plain())
    with pytest.raises(InputError, match="with weights to train, got Unchanged"):
        exchanged().check(Unchanged())


class Hinted(Mixed):
    """The same, and it takes hints, which it only counts."""

    hints = "optional"

    def colorize(self, content, reference=None, *, hints=None, **options):
        self.seen = hints
        return super().colorize(content, reference)


def test_near_a_hint_the_picture_has_the_colour_of_the_truth_whoever_lends_the_others():
    batch, model = drawn(), Hinted()
    mask = torch.zeros(4, 1, 12, 12)
    mask[:2, :, 5, 6] = 1
    mask[2:, :, 2, 3] = 1  # Elsewhere: those whose references are not exchanged do not count.
    # Beside a hint, where nothing is said, anything may stand.
    hints = {"hint_mask": mask, "hint_colors": batch["truth"].where(mask > 0, torch.nan)}
    found = exchanged(share=0.5, hints=3.0).losses(model, {**batch, **hints})
    assert model.seen.mask.shape[0] == 6
    assert torch.equal(model.seen.mask[4:], mask[:2])
    # By hand: a Gaussian around the one pixel, and how much the truth is like it there.
    total, weights = 0.0, 0.0
    for result, truth in zip(found["result"][4:], batch["truth"][:2], strict=True):
        y, x = torch.meshgrid(torch.arange(12.0), torch.arange(12.0), indexing="ij")
        near = torch.exp(-((y - 5) ** 2 + (x - 6) ** 2) / (2 * (0.05 * 12) ** 2))
        near = near * ((y - 5).abs() <= 2) * ((x - 6).abs() <= 2)  # Three deviations of 0.6.
        apart = ((truth - truth[:, 5:6, 6:7]) / 0.15).square().sum(0)
        weight = near * torch.exp(-apart / 2)
        difference = (rgb_to_yuv(result[None]) - rgb_to_yuv(truth[None])).abs().sum(1)[0]
        total, weights = total + (weight * difference).sum(), weights + weight.sum()
    assert_close(found["hints"], total / max(float(weights), 1.0), rtol=1e-4, atol=1e-5)
    without = exchanged(share=0.5, hints=0.0).losses(model, {**batch, **hints})
    assert_close(found["loss"] - without["loss"], 3 * found["hints"])


def test_a_colorizer_that_takes_no_hints_gets_none():
    batch = drawn()
    hints = {"hint_mask": torch.ones(4, 1, 12, 12), "hint_colors": batch["truth"]}
    assert "hints" not in exchanged(hints=1.0).losses(Mixed(), {**batch, **hints})


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_edges_and_their_gradients_are_the_same_under_autocast(kind):
    """In float16 flat places had slopes that are no numbers, so that no step was ever taken."""
    result, truth = torch.rand(2, 2, 3, 16, 16)
    truth[..., :8] = 0.5
    result.requires_grad_()
    values, slopes = [], []
    for enabled in (False, True):
        with torch.autocast("cpu", kind, enabled=enabled):
            similarity = edge_similarity(result, truth)
        values.append(similarity)
        slopes += torch.autograd.grad(similarity.mean(), result)
    assert torch.equal(*values)
    assert torch.equal(*slopes)
    assert slopes[0].isfinite().all()
