"""What ``torch.export`` makes of methods, for any batch and sides, or in one sentence not."""

import pytest
import torch
from torch.export import Dim, export
from torch.testing import assert_close

from flowcolor.models import LUT, Gatys, Pix2Pix, Wavelet
from tests.models.helpers import (
    trained_cinn,
    trained_coltran,
    trained_full_glow,
    trained_instance,
    trained_palette,
    trained_unet_adain,
)

pytestmark = pytest.mark.compiled


@torch.no_grad()
def test_wavelets_of_any_sides_that_the_levels_divide():
    model, rows = Wavelet(weights=[0.0, 1.0]), {2: Dim.AUTO}
    pair = torch.rand(2, 1, 3, 12, 40)
    program = export(model, (*pair,), dynamic_shapes=(rows, rows)).module()
    for height in (4, 10, 32):
        pair = torch.rand(2, 1, 3, height, 40)
        assert_close(program(*pair), model(*pair))


class Likeliest(torch.nn.Module):
    def __init__(self, upsampler):
        super().__init__()
        self.upsampler = upsampler

    def forward(self, gray, rough):
        return self.upsampler.likeliest(gray, rough)


@torch.no_grad()
def test_upsamplers_of_coltran_of_any_batch():
    model, batch = Likeliest(trained_coltran(stage=2).color), {0: Dim("batch")}

    def levels(count):
        return torch.randint(256, (count, 2, 2)), torch.randint(8, (count, 3, 2, 2))

    program = export(model, levels(2), dynamic_shapes=(batch, batch)).module()
    for given in (levels(1), levels(3)):
        assert torch.equal(program(*given), model(*given))


@pytest.mark.parametrize(
    "build",
    [
        lambda: trained_cinn(shrink=2),
        lambda: trained_full_glow(levels=1),
        trained_palette,
        lambda: trained_palette(sampler="ddim"),
    ],
)
def test_chance_of_each_picture_is_refused(build):
    content = torch.rand(2, 3, 32, 32)
    with pytest.raises(ValueError, match=r"^An exported program expects a call without chance, "):
        export(build(), (content,))


@pytest.mark.parametrize("build", [lambda: Pix2Pix(4, 2), trained_unet_adain, trained_coltran])
def test_a_generator_is_refused_to_what_else_could_be_exported(build):
    model = build().train()

    class Drawing(torch.nn.Module):
        def forward(self, *images):
            return model(*images, generator=torch.Generator())

    images = torch.rand(2 - (model.reference == "unused"), 2, 3, 32, 32)
    with pytest.raises(ValueError, match=r"^An exported program expects a call without chance, "):
        export(Drawing(), (*images,))


@pytest.mark.parametrize(
    "build",
    [
        LUT,
        lambda: Gatys(1, style_layers=[1, 2], steps=1, random_weights=True),
        lambda: trained_instance(find="quadrants"),
    ],
)
def test_what_looks_at_values_is_refused(build):
    model = build()
    images = torch.rand(2 - (model.reference == "unused"), 2, 3, 16, 16)
    message = r"^\w+ expects tensors with values, got some in a program that is exported\.$"
    with torch.no_grad(), pytest.raises(ValueError, match=message):
        export(model, (*images,))
