"""Lines are where the photograph changes, as dark as the formula says, and nowhere else."""

import hashlib
import re

import numpy as np
import pytest
import torch
from scipy import ndimage, special
from skimage import filters
from torch.nn import functional

from flowcolor.data import (
    ColorDodge,
    EmbeddedPortraits,
    GradientLines,
    Portraits,
    SketchFilter,
    SobelLines,
    XDoG,
    open_portraits,
)
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.data.sketches.base import _fit, _gray
from flowcolor.data.sketches.gradient_lines import _long_and_strong
from flowcolor.errors import InputError
from flowcolor.io.images import to_uint8
from flowcolor.io.resizing import resize

FILTERS = [GradientLines(), SobelLines(), XDoG(), ColorDodge()]
every_filter = pytest.mark.parametrize("draw", FILTERS, ids=lambda draw: type(draw).__name__)

# Central difference of a unit step that a Gaussian of 2 pixels has smoothed, beside the step.
_STEP = special.ndtr(0.75) - special.ndtr(-0.25)


def step(height: float, side: int = 512) -> torch.Tensor:
    """A dark left half and a right half that is lighter by ``height``."""
    photo = torch.full((3, side, side), 0.4)
    photo[..., side // 2 :] += height
    return photo


def blob_photo() -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    return torch.where((y - 48) ** 2 + (x - 40) ** 2 < 500, 0.2, 0.9).expand(3, -1, -1)


@every_filter
@pytest.mark.parametrize("size", [(32, 32), (64, 96), (600, 600)])
def test_shape_range_and_blank_paper(draw, size):
    flat = draw(torch.full((3, 48, 72), 0.3), size)
    assert flat.shape == (1, *size)
    assert flat.dtype == torch.float32
    torch.testing.assert_close(flat, torch.ones(1, *size))
    drawing = draw(blob_photo(), size)
    assert drawing.min() < 0.8
    assert 0 <= drawing.min() <= drawing.max() <= 1


@every_filter
def test_paper_is_white_outside_the_mask(draw):
    mask = torch.zeros(96, 96, dtype=torch.bool)
    mask[:, :40] = True
    whole, masked = draw(blob_photo(), (48, 48)), draw(blob_photo(), (48, 48), mask)
    torch.testing.assert_close(masked[..., :20], whole[..., :20])
    assert (masked[..., 20:] == 1).all()
    assert (whole[..., 20:] < 0.9).any()


@every_filter
def test_a_mask_of_other_numbers_is_refused(draw):
    """That of a file, of 0 and 255, would make everything black."""
    photo, mask = blob_photo(), torch.ones(96, 96, dtype=torch.bool)
    for wrong in (255 * mask.byte(), mask.float(), mask.int()):
        with pytest.raises(ValueError, match=r"^\w+ expects a mask of truth values, got torch\."):
            draw(photo, (48, 48), wrong)
    with pytest.raises(ValueError, match=r"^\w+ expects float images with values in \[0, 1\], got"):
        draw(photo + 0j, (48, 48))


@every_filter
def test_lines_scale_with_the_photo(draw):
    photo = blob_photo()
    larger = photo.repeat_interleave(4, 1).repeat_interleave(4, 2)
    assert (draw(photo, (64, 64)) - draw(larger, (64, 64))).abs().mean() < 0.02


@every_filter
@pytest.mark.parametrize("side", [512, 1024, 300])
def test_bytes_are_drawn_like_fractions(draw, side):
    photo = to_uint8(resize(load_portrait("astronaut")[0], (side, side)))
    last = photo.movedim(0, 2).contiguous().movedim(2, 0)  # As a file is read.
    expected = draw(photo / 255, (128, 128))
    for pixels in (photo, last):
        assert (draw(pixels, (128, 128)) - expected).abs().max() < 1e-6


@pytest.mark.parametrize("size", [(6, 9), (3, 3), (4, 9), (12, 18), (6, 7), (1, 1), (15, 22)])
def test_drawings_shrink_by_the_mean_of_areas(size):
    image = torch.rand(12, 18, generator=torch.Generator().manual_seed(0))
    rows, columns = (
        [range(old * i // new, -(-old * (i + 1) // new)) for i in range(new)]
        for old, new in zip(image.shape, size, strict=True)
    )
    if size == (15, 22):  # Larger: interpolated.
        expected = resize(image[None], size)[0]
    else:
        means = [[image[r.start : r.stop, c.start : c.stop].mean() for c in columns] for r in rows]
        expected = torch.tensor(means)
    torch.testing.assert_close(_fit(image, size), expected)


@every_filter
def test_photos_with_gradients_are_drawn_without_them(draw):
    photo = blob_photo()
    drawing = draw(photo.clone().requires_grad_(), (40, 40))
    assert torch.equal(drawing, draw(photo, (40, 40)))
    assert not drawing.requires_grad


@every_filter
def test_the_photo_is_left_alone_and_wrong_shapes_are_named(draw):
    photo = blob_photo().clone()
    draw(photo, (16, 16))
    assert torch.equal(photo, blob_photo())
    with pytest.raises(ValueError, match=r"expects a photo \(3, H, W\), got \(1, 8, 8\)"):
        draw(torch.zeros(1, 8, 8), (8, 8))
    with pytest.raises(ValueError, match=r"mask of the photo's size \(8, 8\), got \(4, 4\)"):
        draw(torch.zeros(3, 8, 8), (8, 8), torch.ones(4, 4, dtype=torch.bool))


@pytest.mark.parametrize("height", [43 / 255, 64 / 255, 0.6, -77 / 255])
def test_darkness_of_a_gradient_line(height):
    drawing = GradientLines()(step(height), (512, 512))[0, 256]
    peak = abs(height) * _STEP
    stroke = np.zeros(21)
    stroke[9:12] = np.clip(peak / 0.12, 0.35, 1)
    expected = 1 - ndimage.gaussian_filter(stroke, 0.8)
    at = int(drawing.argmin())
    assert at in (255, 256)
    np.testing.assert_allclose(drawing[at - 10 : at + 11].numpy(), expected, atol=0.01)


def test_gradient_lines_start_at_six_hundredths_and_continue_to_two():
    assert GradientLines()(step(0.15), (512, 512)).min() == 1
    fading = torch.full((3, 512, 512), 0.4)
    fading[..., 256:] += torch.linspace(0.3, 0, 512)[:, None]
    drawn = GradientLines()(fading, (512, 512))[0].amin(1) < 1
    ends = 512 * (1 - 0.02 / (_STEP * 0.3))
    assert drawn[: int(ends) - 4].all()
    assert not drawn[int(ends) + 8 :].any()


def test_specks_are_not_lines():
    ridges = np.zeros((40, 40), dtype=bool)
    ridges[5, 5:19] = True  # 14 pixels
    ridges[np.arange(15, 30), np.arange(15, 30)] = True  # 15 pixels, connected by corners
    at = np.flatnonzero(ridges)
    kept = _long_and_strong(at, np.full(at.size, 1e6), ridges.shape)
    assert kept.tolist() == at[14:].tolist()


def test_sobel_is_the_recipe():
    gray = np.random.default_rng(0).random((40, 40))
    smooth = ndimage.correlate(gray, np.outer([1, 2, 1], [1, 2, 1]) / 16, mode="nearest")
    kernel = np.outer([-1, 0, 1], [1, 2, 1])
    down, right = (ndimage.correlate(smooth, k, mode="nearest") for k in (kernel, kernel.T))
    expected = np.ones_like(gray)
    for sign in (1, -1):
        expected -= 0.75 * np.clip(np.maximum(sign * down, sign * right), 0, 1)
    np.testing.assert_allclose(SobelLines().draw(gray), np.clip(expected, 0, 1), atol=1e-12)


def test_xdog_is_the_formula():
    gray = np.random.default_rng(0).random((384, 400))  # Widths are those at a side of 256.
    narrow, wide = (filters.gaussian(gray, s, mode="nearest") for s in (1.5, 2.4))
    excess = narrow - 0.98 * wide - 0.01
    expected = np.minimum(1, 1 + np.tanh(40 * excess))
    draw = XDoG(sigma=1.0, gamma=0.98, epsilon=0.01)
    np.testing.assert_allclose(draw.draw(gray), expected, atol=1e-9)


def test_dodge_divides_by_the_blur():
    gray = 0.2 + 0.8 * np.random.default_rng(0).random((256, 256))
    expected = np.minimum(1, gray / filters.gaussian(gray, 4.0, mode="nearest"))
    np.testing.assert_allclose(ColorDodge().draw(gray), expected, atol=0.02)


@pytest.mark.parametrize("kind", [ColorDodge, XDoG])
def test_numbers_of_half_precision_draw_as_those_of_python(kind):
    gray = np.random.default_rng(0).random((24, 32), dtype=np.float32)
    sigma = np.float16(200 if kind is ColorDodge else 1.3)
    drawn = [kind(sigma=number).draw(gray) for number in (sigma, float(sigma))]
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("options", [{"sigma": 0}, {"phi": -1}])
def test_bad_strengths_are_named(options):
    with pytest.raises(InputError, match="XDoG expects sigma and phi above 0"):
        XDoG(**options)


def test_own_filters_are_welcome():
    class Negative(SketchFilter):
        def draw(self, gray):
            return 1 - gray

    photo = load_portrait("astronaut")[0]
    luma = torch.einsum("chw,c->hw", photo, torch.tensor([0.299, 0.587, 0.114]))
    expected = 1 - functional.adaptive_avg_pool2d(luma[None], 28)
    torch.testing.assert_close(Negative()(photo, (28, 28)), expected, atol=0.05, rtol=0)
    item = Portraits(EmbeddedPortraits(masked=False), 28, Negative())[0]
    torch.testing.assert_close(item["content"][:1], expected, atol=0.06, rtol=0)


def test_rounding_of_the_machine_does_not_move_a_line():
    """Other machines add in another order: the last bits differ and no stroke may."""
    photo = to_uint8(load_portrait("astronaut")[0]).float() / 255
    halves = torch.empty(2, 3, 512, 512)  # Two columns are equally steep: the last bit decides.
    for side, colour in ((slice(256), (30, 30, 94)), (slice(256, 512), (240, 240, 48))):
        halves[0, ..., side] = torch.tensor(colour)[:, None, None] / 255  # Between two levels.
        halves[1, ..., side] = colour[0] / 255
    for image in (photo, *halves):
        noise = torch.rand(image.shape, generator=torch.Generator().manual_seed(0)) - 0.5
        drawing = GradientLines()(image, (256, 256))
        assert (GradientLines()(image - 2e-7 * noise, (256, 256)) - drawing).abs().max() < 1 / 255
    for image in (photo, halves[1]):
        gray = _gray(image, (512, 512)).numpy()
        other = gray * (1 + 4e-16 * np.random.default_rng(0).standard_normal(gray.shape))
        assert (GradientLines().draw(other) == GradientLines().draw(gray)).all()


def test_a_pinned_drawing_is_the_same_everywhere():
    y, x = np.indices((256, 320))
    gray = (((x - 100) ** 2 + (y - 70) ** 2) // 40 % 256 + (3 * x + 5 * y) % 7) / 262
    drawn = np.rint(255 * GradientLines().draw(gray)).astype(np.uint8)
    assert hashlib.sha256(drawn.tobytes()).hexdigest().startswith(PINNED)
    photo = torch.randint(256, (3, 100, 90), generator=torch.Generator().manual_seed(0))
    luma = torch.tensor([4899, 9617, 1868], dtype=torch.float64)
    expected = torch.einsum("chw,c->hw", photo.double(), luma)
    total = _gray(photo.float() / 255 + 2e-7, (100, 90)) * 255 * 2**14
    torch.testing.assert_close(total, expected, atol=1e-6, rtol=0)


PINNED = "606bd595141cc6ab"


def test_lines_are_those_of_plain_gaussians():
    """The integers of the filter against the formula of its docstring, in float64."""
    gray = load_portrait("grace_hopper")[0].mean(0).double().numpy()
    smooth = ndimage.gaussian_filter(gray, 2.0, mode="nearest")
    down, right = (ndimage.sobel(smooth, axis, mode="nearest") / 4 for axis in (0, 1))
    strength = np.hypot(down, right)
    y, x = np.indices(gray.shape)
    ahead, behind = (
        ndimage.map_coordinates(
            strength, [y + s * down / strength, x + s * right / strength], order=1, mode="nearest"
        )
        for s in (1, -1)
    )
    ridges = (strength >= ahead) & (strength > behind) & (strength > 0.02)
    labels, count = ndimage.label(ridges, np.ones((3, 3)))
    index = range(count + 1)
    keep = ndimage.sum_labels(ridges, labels, index) >= 15
    keep &= ndimage.maximum(strength, labels, index) > 0.06
    keep[0] = False
    darkness = np.where(keep[labels], np.clip(strength / 0.12, 0.35, 1), 0)
    strokes = ndimage.gaussian_filter(ndimage.maximum_filter(darkness, 3), 0.8, mode="nearest")
    drawn = GradientLines().draw(gray)
    assert (np.abs(drawn - (1 - strokes)) > 0.05).mean() < 0.02
    assert (drawn < 0.9).mean() > 0.05


class Blank(SketchFilter):
    """Tells the size at which lines would be found, and finds none."""

    def draw(self, gray):
        self.worked_at = gray.shape
        return gray


@pytest.mark.parametrize(
    ("size", "expected"), [((2, 128), (512, 32768)), ((520, 35000), (512, 34462))]
)
def test_a_long_strip_is_drawn_as_long_as_that_stays_in_bounds(size, expected):
    draw = Blank()
    photo = torch.zeros(3, 1, 1, dtype=torch.uint8).expand(3, *size)
    assert draw(photo, size).shape == (1, *size)
    assert draw.worked_at == expected


@every_filter
@pytest.mark.parametrize("size", [(1, 1024), (20000, 1), (2, 130)])
def test_a_drawing_that_would_fill_the_memory_is_refused(draw, size):
    with pytest.raises(InputError) as caught:
        draw(torch.zeros(3, *size), size)
    assert str(caught.value).startswith(f"{type(draw).__name__} finds lines at a shorter side")
    assert str(caught.value).endswith(": expected sides of at most 64 to 1.")


class Drawn(SketchFilter):
    def __init__(self, change):
        self.change = change

    def draw(self, gray):
        return self.change(gray)


WRONG_DRAWINGS = {
    "bytes": (lambda gray: (255 * gray).astype(np.uint8), "scale them"),
    "of 0 to 255": (lambda gray: 255 * gray, "scale them"),
    "cut": (lambda gray: gray[:-1], "shape (512, 512), got (511, 512)"),
    "in a list": (lambda gray: gray.tolist(), "shape (512, 512), got list"),
    "nothing": (lambda gray: None, "shape (512, 512), got NoneType"),
}


@pytest.mark.parametrize("name", WRONG_DRAWINGS)
def test_a_filter_that_draws_no_fractions_of_the_size_of_its_photo_is_refused(name):
    change, message = WRONG_DRAWINGS[name]
    with pytest.raises(InputError, match=re.escape(message)):
        Drawn(change)(torch.rand(3, 32, 32), (16, 16))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda drawing: (255 * drawing).byte(), "scale them"),
        (lambda drawing: 255 * drawing, "scale them"),
        (lambda drawing: torch.nan * drawing, "finite values"),
    ],
)
def test_a_function_that_draws_no_fractions_is_refused(change, message):
    def draw(photo, size, mask=None):
        return change(torch.rand(1, *size))

    with pytest.raises(InputError, match=message):
        open_portraits("embedded", 16, sketch_filter=draw)[0]


def test_a_filter_may_draw_truth_values_and_whole_ones():
    photo = torch.rand(3, 32, 32)
    ink, whole = (Drawn(lambda gray, kind=kind: (gray > 0.5).astype(kind)) for kind in (bool, int))
    assert 0 < ink(photo, (16, 16)).mean() < 1
    assert torch.equal(ink(photo, (16, 16)), whole(photo, (16, 16)))


@every_filter
def test_of_a_photo_with_nan_no_line_is_drawn_as_if_it_were_known(draw):
    photo = torch.rand(3, 16, 16)
    photo[0, 8, 8] = torch.nan
    assert draw(photo, (16, 16)).isnan().all()


@every_filter
def test_what_is_no_grey_image_is_not_drawn_as_one(draw):
    gray = np.random.default_rng(1).random((32, 32))
    for wrong in (torch.from_numpy(gray), gray[None], (255 * gray).astype(np.uint8), 255 * gray):
        with pytest.raises(ValueError, match=rf"^{type(draw).__name__}\.draw expects .*, got "):
            draw.draw(wrong)
    assert np.array_equal(draw.draw(gray[::-1]), draw.draw(gray[::-1].copy()))
