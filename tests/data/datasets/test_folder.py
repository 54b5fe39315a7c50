"""Photos, sketches and masks of one stem belong together, whatever their sizes."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import distributed

from flowcolor.color import to_gray
from flowcolor.data import SketchFilter, open_portraits, write_image
from flowcolor.data.datasets.finder import Finder
from flowcolor.data.datasets.folder import label_folders
from flowcolor.data.datasets.left_out import LeftOut
from flowcolor.errors import InputError
from flowcolor.io.images import read_image
from flowcolor.io.resizing import center_square, resize
from tests.data.conftest import smooth_photo

INK = torch.zeros(1, 2, 2)


def rounded(image):
    return image.mul(255).round() / 255


def left_half(height, width):
    image = torch.zeros(1, height, width)
    image[..., : width // 2] = 1
    return image


def test_a_finder_has_to_say_how_photographs_are_opened():
    with pytest.raises(TypeError, match="__getitem__"):
        Finder(["a"])


def test_items(make_folder):
    folder = open_portraits(make_folder(count=3), size=16)
    assert len(folder) == 3
    assert folder.names == ["p0", "p1", "p2"]
    item = folder[1]
    assert (item["index"], item["name"]) == (1, "p1")
    expected = resize(rounded(smooth_photo(1)), (16, 16))
    torch.testing.assert_close(item["photo"], expected, atol=1.1 / 255, rtol=0)
    torch.testing.assert_close(item["photo"], rounded(item["photo"]), atol=1e-6, rtol=0)
    assert item["content"].shape == (3, 16, 16)
    assert torch.equal(item["content"][0], item["content"][2])
    for index in (3, -1):
        with pytest.raises(IndexError, match="below 3"):
            folder[index]


def test_an_iteration_ends(make_folder):
    assert len(list(open_portraits(make_folder(count=3), size=8))) == 3


def test_the_filter_sees_the_square_and_its_mask(make_folder, tmp_path):
    write_image(smooth_photo(0, 20, 40), tmp_path / "wide/a.png")
    write_image(left_half(10, 20), tmp_path / "masks/a.png")
    seen = []

    def draw(photo, size, mask):
        seen.append((photo, size, mask))
        return torch.ones(1, *size)

    open_portraits(tmp_path / "wide", 8, masks=tmp_path / "masks", sketch_filter=draw)[0]
    photo, size, mask = seen[0]
    assert torch.equal(photo, center_square(read_image(tmp_path / "wide/a.png")))
    assert size == (8, 8)
    assert torch.equal(mask, left_half(20, 40)[0, :, 10:30] > 0)


class Darker(SketchFilter):
    """A filter that has a call of its own."""

    def __call__(self, photo, size, mask=None):
        return super().__call__(photo / 2, size, mask)

    def draw(self, gray):
        return gray


class Plain(Darker):
    """One that has not."""

    __call__ = SketchFilter.__call__


def test_filters_see_photographs_between_0_and_1(make_folder):
    folder = make_folder(count=1)
    plain, darker = (open_portraits(folder, 8, sketch_filter=f())[0] for f in (Plain, Darker))
    torch.testing.assert_close(darker["content"], plain["content"] / 2, atol=1 / 255, rtol=0)
    luma = to_gray(resize(read_image(folder / "p0.png"), (8, 8)))[0]
    torch.testing.assert_close(plain["content"][0], luma, atol=0.03, rtol=0)


@pytest.mark.parametrize("frame", [(24, 24), (36, 40), (48, 48), (48, 60), (72, 48), (50, 47)])
def test_a_mask_of_another_size_is_that_of_an_interpolation(make_folder, frame):
    half = torch.rand(24, 24, generator=torch.Generator().manual_seed(0)) > 0.5
    write_image(half[None].float(), make_folder(count=1).parent / "masks/p0.png")
    photos = make_folder(count=1)
    write_image(smooth_photo(0, *frame), photos / "p0.png")
    coverage = open_portraits(photos, 12, masks=photos.parent / "masks").render(0).coverage
    mask = center_square(resize(half[None].double(), frame) > 0.5 + 1e-9)
    expected = resize(mask.double(), (12, 12))
    torch.testing.assert_close(coverage.double(), expected, atol=1e-6, rtol=0)


def test_ready_sketches_win_and_are_resized_to_the_photo(tmp_path):
    for index, (height, width) in enumerate([(24, 48), (12, 24), (48, 48)]):
        write_image(smooth_photo(0, 24, 48), tmp_path / f"photos/{index}.jpg")
        white = torch.zeros(1, height, width)
        white[..., : width * 3 // 8] = 1  # A quarter of the square that is cut.
        write_image(white, tmp_path / f"sketches/{index}.PNG")
    folder = open_portraits(tmp_path / "photos", 12, sketches=tmp_path / "sketches")
    for item in folder:
        torch.testing.assert_close(item["content"][:, :, :2], torch.ones(3, 12, 2))
        torch.testing.assert_close(item["content"][:, :, 4:], torch.zeros(3, 12, 8))


@pytest.mark.parametrize("kind", ["masks", "sketches"])
def test_what_passes_over_the_rotation_of_its_photograph_is_refused(tmp_path, kind):
    (tmp_path / "photos").mkdir()
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (24, 16), "teal").save(tmp_path / "photos/p0.jpg", exif=turned)
    write_image(left_half(16, 24), tmp_path / kind / "p0.png")
    folder = open_portraits(tmp_path / "photos", 8, **{kind: tmp_path / kind})
    with pytest.raises(InputError, match=r"p0\.jpg is turned: expected .* 16x24, got 24x16\."):
        folder[0]


def test_a_frame_that_is_square_but_for_rounding_is_not_turned(tmp_path):
    write_image(torch.full((3, 60, 61), 0.5), tmp_path / "photos/p0.png")
    write_image(left_half(61, 60), tmp_path / "masks/p0.png")
    assert len(open_portraits(tmp_path / "photos", 8, masks=tmp_path / "masks")[0]["content"])


def test_partners_are_found_by_name_not_by_order(make_folder, tmp_path):
    photos = make_folder(count=3)
    for shade, stem in enumerate(["extra", "p2", "p0", "another", "p1"]):
        write_image(torch.full((1, 4, 4), shade / 5), tmp_path / f"sketches/{stem}.bmp")
        mask = torch.ones(1, 4, 4) if stem == "p2" else left_half(4, 4)
        write_image(mask, tmp_path / f"masks/{stem}.png")
    folder = open_portraits(photos, 8, sketches=tmp_path / "sketches", masks=tmp_path / "masks")
    assert [round(5 * item["content"].mean().item()) for item in folder] == [2, 4, 1]
    masked = open_portraits(photos, 8, masks=tmp_path / "masks", background="white")
    white = [bool((item["photo"][..., 5:] == 1).all()) for item in masked]
    assert white == [True, True, False]


@pytest.mark.parametrize("kind", ["sketches", "masks"])
def test_photographs_are_not_their_own_drawings_or_masks(kind, make_folder, tmp_path):
    photos, others = make_folder(), make_folder("others", 2, first=8)
    (tmp_path / "link").symlink_to(photos)
    for partner in (photos, tmp_path / "link"):
        with pytest.raises(InputError, match=rf"^{kind} expects a folder of {kind}, got that of"):
            open_portraits([others, photos], 8, **{kind: [None, partner]})


def test_background(make_folder, tmp_path):
    photos = make_folder(count=1)
    write_image(left_half(24, 24), tmp_path / "masks/p0.png")
    keep = open_portraits(photos, 8, masks=tmp_path / "masks")[0]["photo"]
    white = open_portraits(photos, 8, masks=tmp_path / "masks", background="white")[0]["photo"]
    plain = open_portraits(photos, 8, background="white")[0]["photo"]
    assert torch.equal(keep, plain)
    assert torch.equal(white[..., :3], keep[..., :3])
    assert (white[..., 5:] == 1).all()


@pytest.mark.parametrize("kind", ["sketch", "mask"])
def test_missing_partners_are_counted_and_ten_are_named(make_folder, tmp_path, kind, caplog):
    photos = make_folder(count=15)
    write_image(INK, tmp_path / "partners/p3.png")
    option = {"sketch": "sketches", "mask": "masks"}[kind]
    with pytest.raises(InputError, match=f"lacks the {kind} of 14 of 15 photographs") as caught:
        open_portraits(photos, 8, strict=True, **{option: tmp_path / "partners"})
    message = str(caught.value)
    assert message.count(".png") == 10
    assert "p3.png" not in message
    assert message.endswith(" and more.")
    caplog.clear()
    folder = open_portraits(photos, 8, **{option: tmp_path / "partners"})
    assert folder.names == ["p3"]
    assert len(folder.finder.left_out) == 14
    assert caplog.messages == [f"flowcolor: {message} They are left out."]
    (tmp_path / "partners/p3.png").rename(tmp_path / "partners/other.png")
    with pytest.raises(InputError, match="15 of 15"):
        open_portraits(photos, 8, **{option: tmp_path / "partners"})


def test_several_folders(make_folder, tmp_path):
    first, second = make_folder("a/photos", 2), make_folder("b/photos", 3, first=10)
    folder = open_portraits([first, second], 8)
    assert folder.names == ["a/photos/p0", "a/photos/p1", *(f"b/photos/p{i}" for i in range(3))]
    assert torch.equal(folder[3]["photo"], open_portraits(second, 8)[1]["photo"])
    assert open_portraits([first, make_folder("c")], 8).names[0] == "photos/p0"
    write_image(left_half(24, 24), tmp_path / "masks/p0.png")
    write_image(left_half(24, 24), tmp_path / "masks/p1.png")
    masked = open_portraits([first, second], 8, masks=[tmp_path / "masks", None])
    assert [files.mask is not None for files in masked.finder] == [True, True, False, False, False]
    (tmp_path / "masks/p1.png").unlink()
    both = open_portraits([first, second], 8, masks=[tmp_path / "masks"] * 2)
    assert both.names == ["a/photos/p0", "b/photos/p0"]
    (sentence,) = both.finder.left_out.sentences()
    assert "of 3 of 5 photographs: a/photos/p1.png, b/photos/p1.png, b/photos/p2.png." in sentence


def test_ten_are_named_without_more_and_one_process_speaks(caplog, monkeypatch):
    left_out = LeftOut()
    left_out.add("folder lacks", [f"p{index}" for index in range(10)], 20)
    assert left_out.sentences()[0].endswith("p8, p9.")
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    for rank in (0, 1):
        monkeypatch.setattr(distributed, "get_rank", lambda rank=rank: rank)
        left_out.report(strict=False, kept=10)
        assert len(caplog.messages) == 1


def test_names_do_not_begin_at_the_root(tmp_path):
    """Where results are written by them, they would otherwise take the photographs' places."""
    root = Path(tmp_path.anchor)
    assert label_folders([root / "photos", root / "data" / "photos"]) == ["photos/", "data/photos/"]
    assert label_folders([root]) == [""]


def test_names_of_folders_differ_by_more_than_their_unicode_form(tmp_path):
    """Else results of one would pair with those of the other, or on some disks replace them."""
    first, second = Path(tmp_path.anchor, "a", "\xe9"), Path(tmp_path.anchor, "b", "e\u0301")
    assert label_folders([first, second]) == ["a/\xe9/", "b/e\u0301/"]


def test_unclear_folders_are_named(make_folder):
    photos = make_folder()
    with pytest.raises(InputError, match="listed twice"):
        open_portraits([photos, photos], 8)
    with pytest.raises(InputError, match="empty list"):
        open_portraits([], 8)
    with pytest.raises(InputError, match=r"mask images for each of 2 .* got 1"):
        open_portraits([photos, make_folder("other")], 8, masks=[None])
    with pytest.raises(InputError, match="size expects a whole number from 1 to 16384, got 0"):
        open_portraits(photos, 0)


def test_the_cache_changes_no_pixel_and_spares_the_work(make_folder):
    photos, calls = make_folder(count=2), []

    def draw(photo, size, mask):
        calls.append(size)
        return photo[:1, : size[0], : size[1]] * 0.77

    cached, fresh = (open_portraits(photos, 8, sketch_filter=draw, cache=c) for c in (True, False))
    cached.fill([0, 1])
    assert len(calls) == 2
    for index in (0, 1, 0):
        item, other = cached[index], fresh[index]
        assert torch.equal(item["photo"], other["photo"])
        assert torch.equal(item["content"], other["content"])
    assert len(calls) == 5
    item["photo"].zero_()
    item["content"].zero_()
    assert cached[0]["photo"].any()
    fresh.fill([0, 1])
    assert len(calls) == 5


def test_broken_photo_is_named_when_it_is_read(make_folder):
    photos = make_folder(count=2)
    (photos / "p1.png").write_bytes((photos / "p1.png").read_bytes()[:100])
    folder = open_portraits(photos, 8)
    folder[0]
    with pytest.raises(InputError, match=r"p1\.png cannot be read"):
        folder[1]


def test_grey_photo_serves(tmp_path):
    (tmp_path / "photos").mkdir()
    Image.new("L", (20, 30), 51).save(tmp_path / "photos/GREY.JPG")
    item = open_portraits(tmp_path / "photos", 8)[0]
    torch.testing.assert_close(item["photo"], torch.full((3, 8, 8), 0.2), atol=0.01, rtol=0)
    assert (item["content"] == 1).all()
