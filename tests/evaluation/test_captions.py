"""Pictures with their names above them: which stands where, whole and undistorted."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from flowcolor.evaluation.captions import captioned
from flowcolor.io.resizing import resize

HEAD, MARGIN = 22, 2
SIDES = st.integers(128, 150)


@given(st.integers(1, 7), st.integers(1, 4), SIDES, SIDES, st.integers(0, 9))
def test_cells_are_the_images_row_by_row(count, across, height, width, seed):
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(count, 3, height, width, generator=generator)
    sheet = captioned({str(number): image for number, image in enumerate(images)}, across)
    rows = -(-count // across)
    assert sheet.shape[1] == rows * (HEAD + MARGIN + height + MARGIN)
    assert sheet.shape[2] == min(count, across) * (MARGIN + width) + MARGIN
    for number, image in enumerate(images):
        row, column = divmod(number, across)
        top = row * (HEAD + 2 * MARGIN + height) + HEAD + MARGIN
        left = MARGIN + column * (MARGIN + width)
        cell = sheet[:, top : top + height, left : left + width]
        assert (cell - image).abs().max() < 1 / 255
        assert (sheet[:, top - HEAD - MARGIN : top, left : left + width] < 0.5).any()  # A name.


@given(st.integers(20, 300), st.integers(20, 300))
def test_an_image_of_another_shape_is_whole_on_white(height, width):
    image = torch.zeros(3, height, width)
    sheet = captioned({"a": torch.ones(3, 128, 160), "b": image})
    cell = sheet[:, HEAD + MARGIN : HEAD + MARGIN + 128, MARGIN + 160 + MARGIN : -MARGIN]
    dark = (cell < 0.5).all(0)
    found_height, found_width = int(dark.any(1).sum()), int(dark.any(0).sum())
    assert found_height == 128 or found_width == 160
    assert int(dark.sum()) == found_height * found_width
    scale = min(128 / height, 160 / width)
    assert abs(found_height - height * scale) <= 0.5
    assert abs(found_width - width * scale) <= 0.5


def test_an_image_is_scaled_as_the_library_scales():
    torch.manual_seed(0)
    image = torch.rand(3, 64, 64)
    sheet = captioned({"a": torch.ones(3, 128, 128), "b": image})
    cell = sheet[:, HEAD + MARGIN : HEAD + MARGIN + 128, 132:260]
    assert (cell - resize(image, (128, 128)).clamp(0, 1)).abs().max() < 1 / 255
