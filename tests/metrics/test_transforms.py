"""Measures under vmap, and where there are shapes but no numbers."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import vmap
from torch.testing import assert_close

from flowcolor import metrics


def measures():
    images, references = torch.rand(3, 3, 12, 9), torch.rand(3, 3, 7, 8)
    drawings = (torch.rand(3, 2, 12, 9) > 0.2).float()
    masks = torch.rand(3, 12, 9) < 0.5, torch.rand(3, 7, 8) < 0.3
    return [
        (metrics.color_bleeding, (images, drawings)),
        (metrics.color_wasserstein, (images, references)),
        (metrics.color_wasserstein, (images, references, *masks)),
        (metrics.line_f1, (drawings, drawings.flip(3))),
        (metrics.line_sharpness, (images, drawings)),
        (metrics.mean_color_distance, (images, references, *masks)),
    ]


@pytest.mark.parametrize("index", range(len(measures())))
def test_each_pair_alone_is_what_vmap_finds(index):
    measure, given = measures()[index]
    found = vmap(lambda *pair: measure(*(part[None] for part in pair))[0])(*given)
    assert_close(found, measure(*given))


@pytest.mark.parametrize("index", range(len(measures())))
def test_without_numbers_there_are_shapes(index):
    measure, given = measures()[index]
    found = measure(*(part.to("meta") for part in given))
    assert found.is_meta
    assert found.shape == (3,)
    with FakeTensorMode() as mode:
        assert measure(*map(mode.from_tensor, given)).shape == (3,)


# As of `torch.set_default_device("cuda")`, of which a machine without a GPU knows nothing.
@pytest.mark.parametrize(
    "measure", [metrics.psnr, metrics.ssim, metrics.color_wasserstein, metrics.lab_distance]
)
def test_where_new_tensors_lie_does_not_matter(measure):
    pair = torch.rand(2, 3, 3, 12, 9)
    expected = measure(*pair)
    with torch.device("meta"):
        found = measure(*pair)
    assert torch.equal(found, expected)
