"""What is asked of a drawing in the style of somebody else's photograph."""

import pytest
import torch
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.losses import ContentStyleLoss
from flowcolor.models import ArtFlow, SketchColorFlow
from flowcolor.training.objectives import Adversarial, Transfer


def drawn(count=3):
    torch.manual_seed(3)
    images = torch.rand(4, count, 3, 16, 16)
    names = "content", "reference", "truth", "reference_content"
    return dict(zip(names, images, strict=True)) | {"name": list("abc")[:count]}


def test_each_drawing_gets_the_reference_of_another_as_its_style():
    model, batch = ArtFlow(1, 1, 4), drawn()
    loss = ContentStyleLoss(random_weights=True)
    losses = Transfer(loss).losses(model, batch)
    moved = batch["reference"][[2, 0, 1]]
    result = model.colorize(batch["content"], moved)
    assert_close(losses["result"], result)
    assert_close(losses["loss"], loss(result, batch["content"], moved)["loss"])
    assert losses.keys() == {"loss", "content", "style", "ratio", "result"}
    losses["loss"].backward()
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)
    assert any(p.grad is not None and p.grad.any() for p in model.parameters())


def test_the_own_drawing_of_a_reference_goes_with_it():
    model, batch, seen = ArtFlow(1, 1, 4), drawn(), []
    model.register_forward_pre_hook(
        lambda _, args, options: seen.append((args[1], options["reference_content"])),
        with_kwargs=True,
    )
    Transfer(ContentStyleLoss(random_weights=True)).losses(model, batch)
    ((reference, own),) = seen
    assert torch.equal(reference, batch["reference"].roll(1, 0))
    assert torch.equal(own, batch["reference_content"].roll(1, 0))


def test_truth_and_neighbours_of_another_kind_are_not_needed():
    batch = drawn(1)
    del batch["truth"], batch["reference_content"]
    losses = Transfer(ContentStyleLoss(random_weights=True)).losses(ArtFlow(1, 1, 4), batch)
    assert losses["loss"].isfinite()


def test_a_colorizer_without_references_is_refused_and_a_critic_may_judge():
    transfer = Transfer(ContentStyleLoss(random_weights=True))
    flow = SketchColorFlow(1, 0, 1)
    flow.reference = "unused"
    with pytest.raises(InputError, match="Transfer expects a colorizer that takes a reference"):
        Adversarial(transfer).check(flow)
