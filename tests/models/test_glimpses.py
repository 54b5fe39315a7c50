import torch
from torch.testing import assert_close

from flowcolor.models.glimpses import TEMPERATURES, glimpses
from tests.models.helpers import images, trained, trained_cinn, trained_full_glow, trained_glow


@torch.no_grad()
def test_samples_are_those_of_the_temperatures_with_one_noise_for_each_row():
    model, (content, photo) = trained_glow(), images()
    seen = glimpses(model, content, photo)
    assert set(seen) == {"samples", "between"}
    for temperature, column in zip(TEMPERATURES, seen["samples"], strict=True):
        chance = torch.Generator().manual_seed(0)
        noise = torch.randn(photo.shape, generator=chance)
        assert_close(column, model.decode(temperature * noise, None).clamp(0, 1))


@torch.no_grad()
def test_between_begins_with_the_photographs_ends_with_the_next_and_halves_the_latents():
    model, (content, photo) = trained_glow().double(), [x.double() for x in images(3)]
    between = glimpses(model, content, photo)["between"]
    assert_close(between[0], photo)
    assert_close(between[-1], photo.roll(-1, 0))
    latents = [model.encode(column)[0] for column in between]
    assert_close(latents[2], (latents[0] + latents[-1]) / 2)
    assert "between" not in glimpses(model, content[:1], photo[:1])


@torch.no_grad()
def test_where_chance_draws_each_content_is_drawn_three_times_under_its_own_lines():
    content, photo = images()
    for model in (trained_full_glow(), trained_cinn()):
        first, *drawn = glimpses(model, content, photo)["drawn"]
        assert first is content
        for seed, column in enumerate(drawn):
            chance = torch.Generator().manual_seed(seed)
            assert_close(column, model.colorize(content, generator=chance))
        assert not torch.allclose(drawn[0], drawn[1])


@torch.no_grad()
def test_what_is_no_density_has_nothing_to_show():
    assert glimpses(trained(), *images()) == {}
