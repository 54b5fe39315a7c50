"""A result that is refined begins where the first method ended, and asks for what both need."""

import pytest
import torch
from torch.testing import assert_close

from flowcolor.color import to_gray
from flowcolor.models import Gatys, Hints, Levin, Poisson, Tint
from flowcolor.models.gatys_loss import GatysLoss
from flowcolor.models.then import Then

pytest.importorskip("torchvision")


def gatys(**options):
    return Gatys(1, style_layers=[1, 2], random_weights=True, **{"steps": 3} | options)


def pictures():
    gray = torch.rand(2, 1, 16, 16).expand(-1, 3, -1, -1).contiguous()
    return gray, torch.rand(2, 3, 16, 16)


def test_without_a_step_worth_its_name_the_result_is_that_of_the_first_method():
    gray, photo = pictures()
    both = Then(Tint(), gatys(rate=0.0))
    assert_close(both(gray, photo), Tint()(gray, photo).clamp(0, 1))


def test_the_steps_lower_the_loss_from_where_the_first_method_ended():
    gray, photo = (x[:1] for x in pictures())
    second = gatys(steps=20, start="noise")
    loss = GatysLoss(second.activations, gray, photo, *second.layers, **second.options)
    first = Tint()(gray, photo).clamp(0, 1)
    seen = []
    second.watch = lambda step, value, picture: seen.append((step, value, picture.clone()))
    result = Then(Tint(), second)(gray, photo)
    assert [step for step, *_ in seen] == [0, 10, 20]
    assert seen[0][1] == pytest.approx(float(loss(first)), rel=1e-5)
    assert_close(seen[0][2], first[0])
    assert_close(seen[-1][2], result[0])
    assert float(loss(result)) < 0.9 * float(loss(first))


def test_hints_go_to_the_first_method_and_the_reference_to_the_second():
    gray, photo = pictures()
    hints = Hints(photo, (torch.rand(2, 1, 16, 16) > 0.9).float())
    both = Then(Levin(), gatys(rate=0.0))
    assert (both.reference, both.hints) == ("required", "required")
    assert_close(both(gray, photo, hints=hints), Levin()(gray, hints=hints).clamp(0, 1))
    with pytest.raises(ValueError, match=r"^Then expects hints, got None\.$"):
        both(gray, photo)
    with pytest.raises(ValueError, match=r"^Then expects reference, got None\.$"):
        both(gray, hints=hints)


def test_the_second_methods_luma_is_kept_if_it_is_to_be():
    gray, photo = pictures()
    both = Then(Tint(), gatys(keep_luminance=True))
    assert both.keeps_luminance
    assert not Then(Poisson(), gatys()).keeps_luminance
    assert_close(to_gray(both(gray, photo)), to_gray(gray))


def test_a_picture_of_another_size_cannot_be_refined():
    gray, photo = pictures()
    with pytest.raises(ValueError, match=r"the shape of the content, \(2, 3, 16, 16\), got \(2, "):
        gatys().refine(photo[..., :8], gray, photo)
