"""What marks of photographs are asked for is checked, and refused in one sentence."""

import math

import numpy as np
import pytest
import torch

from flowcolor.data.photo_marks import edge_marks, random_marks, region_marks

PHOTO = torch.rand(3, 24, 32)
WRONG_PHOTOS = [None, PHOTO[0], PHOTO[None], PHOTO[:1], (255 * PHOTO).byte(), 255 * PHOTO]


@pytest.mark.parametrize("photo", WRONG_PHOTOS)
@pytest.mark.parametrize("mark", [random_marks, region_marks, edge_marks])
def test_what_is_no_photograph_is_refused(mark, photo):
    with pytest.raises(ValueError, match=rf"^{mark.__name__} expects "):
        mark(photo)


@pytest.mark.parametrize(
    ("mark", "options", "name"),
    [
        *((random_marks, {"share": wrong}, "share") for wrong in (-0.1, 1.5, math.nan, "0.5")),
        *((random_marks, {"seed": wrong}, "seed") for wrong in (2.5, None, 2**64)),
        *((region_marks, {"regions": wrong}, "regions") for wrong in (0, 1.5, math.inf)),
        *((edge_marks, {"reach": wrong}, "reach") for wrong in (0, -1, 2.5)),
    ],
)
def test_numbers_of_which_there_is_nothing_to_mark_are_refused(mark, options, name):
    with pytest.raises(ValueError, match=rf"^{mark.__name__} expects {name} to be "):
        mark(PHOTO, **options)


def test_a_seed_may_be_a_number_of_numpy():
    assert torch.equal(random_marks(PHOTO, 0.5, np.int64(3)), random_marks(PHOTO, 0.5, 3))
