"""Classes of chroma against their formula, and what is counted along with the training."""

import pytest
import torch
from torch.nn.functional import cross_entropy, interpolate
from torch.testing import assert_close

from flowcolor.color import rgb_to_lab, to_gray
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.errors import InputError
from flowcolor.metrics.psnr import psnr
from flowcolor.models import CIC, Unchanged
from flowcolor.models.ab_bins import centers, rebalancing, soft_targets
from flowcolor.training.objectives import Rebalanced
from tests.models.helpers import trained_cic, trained_guided


def drawn():
    torch.manual_seed(3)
    truth = torch.rand(2, 3, 2, 2).repeat_interleave(4, 2).repeat_interleave(4, 3)
    content = to_gray(truth).expand(-1, 3, -1, -1)
    return {"content": content, "reference": truth, "truth": truth, "name": ["a", "b"]}


def test_the_loss_is_that_of_its_formula():
    model, objective, batch = trained_cic(), Rebalanced(), drawn()
    losses = objective.losses(model, batch)
    chroma = rgb_to_lab(batch["truth"])[:, 1:, ::4, ::4]  # Each 4x4 patch has one colour.
    shares, logits = soft_targets(chroma), model.logits(batch["content"])
    each = cross_entropy(logits, shares, reduction="none")
    away = chroma.movedim(1, -1)[..., None, :] - centers()
    nearest = away.square().sum(-1).argmin(-1)
    weights = rebalancing(shares.mean((0, 2, 3)))[nearest]  # The first batch is all there was.
    assert_close(losses["loss"], (weights * each).mean())
    assert_close(losses["cross_entropy"], each.mean())
    assert_close(Rebalanced(1.0).losses(model, batch)["loss"], each.mean())


def test_shares_of_bins_are_counted_over_batches_and_kept_in_checkpoints():
    model, objective, batch = trained_cic(), Rebalanced(), drawn()
    other = batch | {"truth": batch["truth"].flip(1)}
    for each in (batch, other, batch):
        objective.losses(model, each)
    first, second = (
        soft_targets(rgb_to_lab(each["truth"])[:, 1:, ::4, ::4]).mean((0, 2, 3))
        for each in (batch, other)
    )
    assert_close(objective.share, (2 * first + second) / 3)
    again = Rebalanced()
    again.load_state_dict(objective.state_dict())
    assert torch.equal(again.share, objective.share)
    assert int(again.batches) == 3


def test_gradients_reach_all_weights():
    model = trained_cic()
    Rebalanced().losses(model, drawn())["loss"].backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


def test_it_learns_two_photographs_with_its_loss():
    photos = [load_portrait(name)[0][None] for name in ("astronaut", "grace_hopper")]
    truth = torch.cat([interpolate(photo, (32, 32), mode="area") for photo in photos])
    content = to_gray(truth).expand(-1, 3, -1, -1)
    torch.manual_seed(0)
    model, objective = CIC(8), Rebalanced()
    batch = {"content": content, "reference": truth, "truth": truth, "name": ["a", "b"]}
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(80):
        optimizer.zero_grad()
        objective.losses(model, batch)["loss"].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        result = model.eval()(content).clamp(0, 1)
    assert psnr(result, truth).mean() > psnr(content, truth).mean() + 2


def test_what_knows_no_classes_is_refused():
    with pytest.raises(InputError, match=r"bins of chroma, CIC, got Guided\.$"):
        Rebalanced().check(trained_guided())
    with pytest.raises(InputError, match=r"weights to train, got Unchanged"):
        Rebalanced().check(Unchanged())
    with pytest.raises(InputError, match=r"uniform expects a number above 0 and up to 1, got 0"):
        Rebalanced(0.0)
