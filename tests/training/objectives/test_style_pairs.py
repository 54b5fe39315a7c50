"""The document's two failed cures against their formulas, and the monitor that sees the failure."""

import re

import pytest
import torch
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.losses import MSELPIPSLoss
from flowcolor.models import UNetAdaIN
from flowcolor.training.objectives import Alternating, StylePairs
from tests.models.helpers import trained_pix2pix, trained_unet_adain


def drawn():
    torch.manual_seed(3)
    truth = torch.rand(3, 3, 16, 16) * torch.rand(3, 3, 1, 1)
    return {
        "content": truth.mean(1, keepdim=True).expand(-1, 3, -1, -1).contiguous(),
        "reference": truth,
        "truth": truth,
        "name": ["a", "b", "c"],
    }


def test_the_loss_mixes_own_colours_and_the_latent_of_others():
    # In float64: whose colours a small net was given, the mean of its errors hardly tells.
    model, loss = trained_unet_adain().double(), MSELPIPSLoss(lpips=0.0)
    batch = {name: x.double() if name != "name" else x for name, x in drawn().items()}
    found = StylePairs(loss, alpha=0.25).losses(model, batch)
    others = batch["truth"][[2, 0, 1]]
    result = model(batch["content"], others)
    style = (model.encode(others) - model.encode(result.clamp(0, 1))).square().mean()
    color = (result - batch["truth"]).square().mean()
    assert_close(found["loss"], 0.25 * color + 0.75 * style)
    assert_close(found["style"], style)
    turns = Alternating(loss)
    assert_close(turns.losses(model, batch)["loss"], color)
    assert_close(turns.style_losses(model, batch)["style"], style)


def test_the_latents_term_moves_the_encoder_alone():
    model, batch = trained_unet_adain(), drawn()
    StylePairs(MSELPIPSLoss(lpips=0.0), alpha=0.0).losses(model, batch)["loss"].backward()
    assert all(p.grad is None or not p.grad.any() for p in model.net.parameters())
    assert any(p.grad.any() for p in model.encoder.parameters())


def test_the_latents_of_results_are_what_those_of_references_are_drawn_to():
    model, batch = trained_unet_adain(), drawn()
    others, weights = batch["truth"][[2, 0, 1]], list(model.encoder.parameters())
    reached = model.encode(model(batch["content"], others).clamp(0, 1)).detach()
    expected = torch.autograd.grad((model.encode(others) - reached).square().mean(), weights)
    loss = StylePairs(MSELPIPSLoss(lpips=0.0), alpha=0.0).losses(model, batch)["loss"]
    assert_close(torch.autograd.grad(loss, weights), expected)


@pytest.mark.parametrize("kind", [StylePairs, Alternating])
def test_what_has_no_latent_is_refused_in_words(kind):
    objective = kind(MSELPIPSLoss(lpips=0.0))
    objective.check(trained_unet_adain())
    expected = f"{kind.__name__} expects a UNetAdaIN with a latent, got Pix2Pix."
    with pytest.raises(InputError, match=f"^{re.escape(expected)}$"):
        objective.check(trained_pix2pix())
    with pytest.raises(InputError, match=r"got UNetAdaIN without one\.$"):
        objective.check(UNetAdaIN(2, 0, style_width=2))


def test_a_share_that_is_none_is_refused_in_words():
    with pytest.raises(InputError, match=r"^alpha expects a number from 0 to 1, got 1\.5\.$"):
        StylePairs(MSELPIPSLoss(lpips=0.0), alpha=1.5)
