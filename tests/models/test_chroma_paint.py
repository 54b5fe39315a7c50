"""Chroma on a grey photograph, against scikit-image, and that all who paint it paint all of it."""

import pytest
import torch
from skimage.color import lab2rgb
from torch.nn.functional import interpolate
from torch.testing import assert_close

from flowcolor.color import rgb_to_lab, to_gray
from flowcolor.models.ab_bins import centers
from flowcolor.models.chroma_paint import paint_chroma
from tests.models.helpers import trained_cic, trained_guided, trained_unet_adain


def gray(side=16):
    return torch.rand(2, 1, side, side).expand(-1, 3, -1, -1).contiguous()


def test_the_chroma_is_the_one_that_is_given_and_the_luma_the_contents():
    content = 0.3 + 0.4 * gray().double()  # Where all these colours can be shown.
    chroma = 20 * torch.rand(2, 2, 16, 16).double() - 10
    found = paint_chroma(content, chroma)
    assert_close(to_gray(found), content[:, :1], rtol=0, atol=1e-9)
    lab = torch.cat([rgb_to_lab(content)[:, :1], chroma], 1)
    shown = torch.from_numpy(lab2rgb(lab.movedim(1, -1).numpy())).movedim(-1, 1)
    apart = found - shown  # The same in red, green and blue: what the conversion added to the luma.
    assert_close(apart, to_gray(content - shown).expand_as(apart), rtol=0, atol=1e-6)


def seen_by(net):
    """Return what the network is given and what it answers, once it is called."""
    calls = []
    net.register_forward_hook(lambda _, inputs, output: calls.append((inputs[0], output)))
    return calls


def test_guided_paints_all_that_its_net_says_up_to_its_limit():
    model, content = trained_guided(size=0.3), gray()
    calls = seen_by(model.net)
    result = model(content)
    assert calls[0][1].abs().max() > 0.5  # Beyond where the tangent is a straight line.
    assert_close(result, paint_chroma(content, 110 * calls[0][1].tanh()))


def test_cic_paints_the_annealed_mean_of_its_bins_between_places():
    model, content = trained_cic(size=0.3), gray()
    shares = (model.logits(content) / 0.38).softmax(1)
    chroma = torch.einsum("bqhw,qc->bchw", shares, centers())
    smooth = interpolate(chroma, (16, 16), mode="bilinear")
    assert_close(model(content), paint_chroma(content, smooth))
    assert not torch.allclose(smooth, chroma.repeat_interleave(4, 2).repeat_interleave(4, 3))


def test_unet_adain_paints_all_that_its_net_says():
    model, content = trained_unet_adain(space="lab"), gray()
    calls = seen_by(model.net)
    result = model(content, torch.rand(2, 3, 16, 16))
    assert_close(calls[0][0], (rgb_to_lab(content)[:, :1] - 50) / 100)
    assert_close(result, paint_chroma(content, 110 * calls[0][1]))


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_black_and_white_have_no_room_for_colour_and_stay_finite(value):
    content = torch.full((1, 3, 4, 4), value)
    found = paint_chroma(content, torch.full((1, 2, 4, 4), 60.0))
    assert found.isfinite().all()
    assert_close(to_gray(found), content[:, :1])
