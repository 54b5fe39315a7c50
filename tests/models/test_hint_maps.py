"""Maps of hints against sums over all hinted pixels, and what the model makes of them."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.models import Hints, SketchColorFlow
from flowcolor.models.checkpoint import export_weights, read_weights
from flowcolor.models.hint_maps import CHANNELS, REACHES, hint_maps
from tests.models.helpers import images, trained


def some_hints(seed=0, batch=2, side=16, share=0.05):
    generator = torch.Generator().manual_seed(seed)
    colors = torch.rand(batch, 3, side, side, generator=generator, dtype=torch.float64)
    mask = torch.rand(batch, 1, side, side, generator=generator, dtype=torch.float64) < share
    return Hints(colors, mask.double())


def by_sums(hints, cell):
    """Every cell from every hinted pixel, one by one."""
    batch, _, side, _ = hints.colors.shape
    cells = side // cell
    maps = torch.zeros(batch, CHANNELS, cells, cells, dtype=torch.float64)
    for b in range(batch):
        spots = hints.mask[b, 0].nonzero().tolist()
        for number, reach in enumerate(REACHES):
            for i in range(cells):
                for j in range(cells):
                    total, color = 0.0, torch.zeros(3, dtype=torch.float64)
                    for y, x in spots:
                        apart = torch.tensor([i - y // cell, j - x // cell]).double()
                        near = float((apart == 0).all()) if reach == 0 else None
                        if near is None:
                            near = float(torch.exp(-0.5 * (apart / reach).square().sum()))
                        total += near
                        color += near * hints.colors[b, :, y, x]
                    presence = min(total, 1.0)
                    part = maps[b, 4 * number : 4 * number + 4, i, j]
                    part[0] = presence
                    if total > 0:
                        part[1:] = presence * (2 * color / total - 1)
    return maps


@given(seed=st.integers(0, 99), share=st.sampled_from([0.0, 0.004, 0.05, 1.0]))
def test_maps_are_sums_over_all_hinted_pixels(seed, share):
    hints = some_hints(seed, 1, 16, share)
    # Kernels end after three deviations.
    assert_close(hint_maps(hints, 4), by_sums(hints, 4), rtol=0, atol=0.02)


def test_without_hints_all_maps_are_zero():
    assert not hint_maps(some_hints(share=0.0), 4).any()


def test_colours_that_no_mask_shows_change_nothing():
    hints = some_hints()
    noise = torch.where(hints.mask > 0, hints.colors, torch.nan)
    assert torch.equal(hint_maps(Hints(noise, hints.mask), 4), hint_maps(hints, 4))


def model():
    return trained(hint_points=True, size=0.1).double()


def test_a_hint_changes_the_picture_and_most_of_all_near_by():
    net = model()
    content, reference = (image.double() for image in images(1, side=32))
    mask = torch.zeros(1, 1, 32, 32, dtype=torch.float64)
    mask[..., 4:6, 4:6] = 1
    hints = Hints(torch.full_like(content, 0.9), mask)
    with torch.no_grad():
        change = (net(content, reference, hints=hints) - net(content, reference)).abs()[0].sum(0)
    assert change[:10, :10].mean() > 2 * change[-10:, -10:].mean() > 0


@pytest.mark.parametrize("memory", ["checkpoint", "reversible"])
def test_gradients_with_hints_are_those_of_plain_autograd(memory):
    net = model().train()
    content, reference = (image.double() for image in images())
    hints = some_hints()

    def gradients(mode):
        net.memory = mode
        net.zero_grad()
        net(content, reference, hints=hints).square().mean().backward()
        return {name: p.grad.clone() for name, p in net.named_parameters()}

    expected, found = gradients("none"), gradients(memory)
    assert any(g.any() for name, g in expected.items() if ".aggregate.hints." in name)
    for name, gradient in expected.items():
        assert_close(found[name], gradient, rtol=1e-6, atol=1e-9, msg=name)


def test_weights_without_hints_start_a_model_with_them(tmp_path):
    plain = trained()
    export_weights(plain, tmp_path / "plain.safetensors", 16)
    weights = read_weights(tmp_path / "plain.safetensors")
    net = SketchColorFlow(**plain.config | {"hint_points": True}).eval()
    weights.fill(net)
    content, reference = images()
    hints = Hints(reference, torch.ones_like(reference[:, :1]))
    assert torch.equal(net(content, reference), plain(content, reference))
    assert torch.equal(net(content, reference, hints=hints), plain(content, reference))


def test_weights_with_hints_do_not_fit_a_model_without(tmp_path):
    export_weights(trained(hint_points=True), tmp_path / "hinted.safetensors", 16)
    weights = read_weights(tmp_path / "hinted.safetensors")
    with pytest.raises(InputError, match="holds a model of another size"):
        weights.fill(SketchColorFlow(downsamplings=1, ccbs=3))


def test_the_latent_gives_the_drawing_back_under_hints():
    net = model()
    content, reference = (image.double() for image in images())
    with torch.no_grad():
        conditions = net.hinted(net.encode_color(reference)[1], some_hints())
        result = net(content, reference, hints=some_hints())
        latent = net.color_flow(result, conditions)[0]
        assert_close(net.sketch_flow.inverse(latent, conditions)[0], content, rtol=0, atol=1e-7)


def test_hints_of_other_pictures_and_of_models_without_are_refused_by_conditions():
    _, reference = images()
    conditions = model().encode_color(reference.double())[1]
    for wrong in (some_hints(batch=1), some_hints(side=32)):
        with pytest.raises(
            ValueError, match=r"expects hints of the shape of the content, \(2, 3, 16,"
        ):
            model().hinted(conditions, wrong)
    for wrong in (None, conditions):
        with pytest.raises(ValueError, match=r"expects hints to be of type Hints, got (Non|li)"):
            model().hinted(conditions, wrong)
    with pytest.raises(ValueError, match=r"^SketchColorFlow expects no hints, got Hints\.$"):
        trained().hinted(conditions, some_hints())


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_autocast_rounds_nothing_of_what_hints_say(kind):
    mask = (torch.rand(2, 1, 32, 32) > 0.95).float()
    hints = Hints(torch.rand(2, 3, 32, 32), mask)
    expected = hint_maps(hints, 4)
    with torch.autocast("cpu", kind):
        assert torch.equal(hint_maps(hints, 4), expected)
