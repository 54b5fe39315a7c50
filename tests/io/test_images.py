"""Files become the right pixels, or one clear sentence."""

import os
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFile

from flowcolor.color import to_gray
from flowcolor.data.label_maps import read_labels
from flowcolor.errors import InputError
from flowcolor.io.images import (
    read_bytes,
    read_image,
    read_layer,
    read_mask,
    read_nonzero,
    read_sketch,
    write_image,
)
from flowcolor.io.picture_size import count_pages, picture_size

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def save(image: Image.Image, path: Path, **options) -> Path:
    image.save(path, **options)
    return path


def as_bytes(image: torch.Tensor) -> np.ndarray:
    return image.mul(255).round().byte().permute(1, 2, 0).numpy()


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".bmp", ".tif", ".TIFF"])
def test_rgb_is_read_exactly(tmp_path, suffix):
    image = read_image(save(Image.fromarray(PIXELS), tmp_path / f"a{suffix}"))
    assert image.dtype == torch.float32
    assert (as_bytes(image) == PIXELS).all()


@pytest.mark.parametrize("mode", ["L", "1"])
def test_grey_gets_three_equal_channels(tmp_path, mode):
    grey = Image.fromarray(PIXELS[..., 0]).convert(mode)
    image = as_bytes(read_image(save(grey, tmp_path / "a.png")))
    assert (image == np.asarray(grey.convert("L"))[..., None]).all()


def test_palette_is_looked_up(tmp_path):
    palette = Image.fromarray(np.array([[0, 1], [1, 0]], dtype=np.uint8), mode=None)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    image = as_bytes(read_image(save(palette, tmp_path / "a.png")))
    assert image[0].tolist() == [[255, 0, 0], [0, 0, 255]]


def test_transparent_pixels_lie_on_white(tmp_path):
    alpha = np.full((5, 7), 255, dtype=np.uint8)
    alpha[0], alpha[1] = 0, 51
    rgba = Image.fromarray(np.dstack([PIXELS, alpha]))
    image = as_bytes(read_image(save(rgba, tmp_path / "a.png")))
    assert (image[0] == 255).all()
    expected = PIXELS[1] * 0.2 + 255 * 0.8
    assert np.abs(image[1] - expected).max() <= 1
    assert (image[2:] == PIXELS[2:]).all()


def test_transparent_palette_lies_on_white(tmp_path):
    palette = Image.fromarray(np.array([[0, 1]], dtype=np.uint8))
    palette.putpalette([255, 0, 0, 0, 0, 255])
    path = save(palette, tmp_path / "a.png", transparency=0)
    assert as_bytes(read_image(path))[0].tolist() == [[255, 255, 255], [0, 0, 255]]


def test_cmyk_is_converted(tmp_path):
    inks = np.zeros((16, 16, 4), dtype=np.uint8)
    inks[..., 0] = 255  # full cyan
    path = save(Image.fromarray(inks, mode="CMYK"), tmp_path / "a.tif")
    assert as_bytes(read_image(path))[8, 8].tolist() == [0, 255, 255]


def test_cmyk_jpeg_is_converted(tmp_path):
    inks = np.zeros((16, 16, 4), dtype=np.uint8)
    inks[..., 2] = 255  # full yellow
    path = save(Image.fromarray(inks, mode="CMYK"), tmp_path / "a.jpg")
    assert np.abs(as_bytes(read_image(path))[8, 8].astype(int) - [255, 255, 0]).max() <= 4


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_divided_by_65535(tmp_path, suffix):
    values = np.array([[0, 13107, 65535]], dtype=np.uint16)
    image = read_image(save(Image.fromarray(values), tmp_path / f"a{suffix}"))
    torch.testing.assert_close(image[1, 0], torch.tensor([0.0, 0.2, 1.0]))


@pytest.mark.parametrize(("orientation", "turns"), [(3, 2), (6, -1), (8, 1)])
def test_camera_orientation_is_applied(tmp_path, orientation, turns):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(Image.fromarray(PIXELS), tmp_path / "a.png", exif=exif)
    assert (as_bytes(read_image(path)) == np.rot90(PIXELS, turns)).all()


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGB", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_tiff_is_read_in_its_right_order(tmp_path, mode, compression, orientation):
    """Of an unpacked one with other sides, Pillow maps the file into memory with those swapped."""
    picture = Image.fromarray(PIXELS)
    if mode == "I;16":
        picture = Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 256)
    elif mode == "P":
        picture = Image.fromarray(PIXELS[..., 0]).convert("P")
    else:
        picture = picture.convert(mode)
    upright = save(
        picture, tmp_path / "upright.png" if mode != "CMYK" else tmp_path / "upright.tif"
    )
    turned = save(
        picture, tmp_path / "a.tif", tiffinfo={0x0112: orientation}, compression=compression
    )
    # What the standard, TIFF 6.0, says where the first row and the first column of a file lie.
    turn = [
        lambda x: x,
        lambda x: x.flip(-1),
        lambda x: x.flip(-1, -2),
        lambda x: x.flip(-2),
        lambda x: x.mT,
        lambda x: x.mT.flip(-1),
        lambda x: x.flip(-1, -2).mT,
        lambda x: x.mT.flip(-2),
    ][orientation - 1]
    for read in (read_image, read_bytes, read_layer, read_mask):
        assert (read(turned) == turn(read(upright))).all()
    if mode == "P":
        assert (read_labels(turned) == turn(torch.from_numpy(PIXELS[..., 0]))).all()
    assert picture_size(turned) == tuple(read_image(turned).shape[:0:-1])


def test_what_is_no_image_is_named(tmp_path):
    (tmp_path / "text.png").write_text("not an image")
    (tmp_path / "empty.png").touch()
    for suffix in ("jpg", "png"):
        whole = save(Image.fromarray(PIXELS).resize((64, 64)), tmp_path / f"whole.{suffix}")
        data = whole.read_bytes()
        (tmp_path / f"cut.{suffix}").write_bytes(data[: len(data) // 2])
    Image.fromarray(np.ones((2, 2), dtype=np.float32)).save(tmp_path / "float.tif")
    for name, words in {
        "gone.png": "does not exist",
        "": "is a folder",
        "empty.png": "is empty",
        "text.png": "is not an image",
        "cut.jpg": "cannot be read as an image",
        "cut.png": "cannot be read as an image",
        "float.tif": "no known range",
    }.items():
        with pytest.raises(InputError, match=words) as caught:
            read_image(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "kind", [RuntimeError, AssertionError, AttributeError, NotImplementedError, zlib.error]
)
@pytest.mark.parametrize("read", [read_image, picture_size, read_labels])
def test_whatever_a_plugin_raises_of_a_damaged_file_is_a_sentence(kind, read, tmp_path):
    """AVIF, QOI, ICNS and SPIDER files with some bytes changed did, see Pillow's plugins."""

    class Damaged(ImageFile.ImageFile):
        format = "DAMAGED"

        def _open(self):
            raise kind

    Image.register_open("DAMAGED", Damaged, lambda head: head.startswith(b"damaged"))
    try:
        (tmp_path / "a.png").write_bytes(b"damaged" + bytes(20))
        with pytest.raises(InputError, match=rf"a\.png cannot be read as .*: {kind.__name__}\."):
            read(tmp_path / "a.png")
    finally:
        del Image.OPEN["DAMAGED"]
        Image.ID.remove("DAMAGED")


def test_sketch_is_luma_and_mask_is_above_127(tmp_path):
    path = save(Image.fromarray(PIXELS), tmp_path / "a.png")
    luma = (PIXELS @ np.array([0.299, 0.587, 0.114]) / 255).astype(np.float32)
    sketch = read_sketch(path)
    assert sketch.shape == (3, 5, 7)
    torch.testing.assert_close(sketch[2], torch.from_numpy(luma))
    mask = save(Image.fromarray(np.array([[0, 127, 128, 255]], dtype=np.uint8)), tmp_path / "m.png")
    assert read_mask(mask)[0].tolist() == [False, False, True, True]


def test_masks_of_all_modes(tmp_path):
    """127.5 is the limit, and (0, 204, 68) is exactly there."""
    colours = np.array([[[0, 204, 68], [127, 128, 127], [128, 127, 128], [0, 204, 69]]], np.uint8)
    expected = [np.dot(colour, (299, 587, 114)) > 127500 for colour in colours[0].tolist()]
    assert expected == [False, True, False, True]
    for suffix in ("png", "tif"):
        mask = save(Image.fromarray(colours), tmp_path / f"m.{suffix}")
        assert read_mask(mask)[0].tolist() == expected
    black = np.dstack([np.zeros((1, 2, 3), np.uint8), [[[255], [100]]]]).astype(np.uint8)
    assert read_mask(save(Image.fromarray(black), tmp_path / "a.png")).tolist() == [[False, True]]
    clear = Image.fromarray(np.zeros((1, 2), np.uint8))
    assert read_mask(save(clear, tmp_path / "t.png", transparency=0)).all()
    wide = Image.fromarray(np.array([[0, 32767, 32768, 65535]], np.uint16))
    assert read_mask(save(wide, tmp_path / "w.png"))[0].tolist() == [False, False, True, True]
    bits = Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1")
    assert read_mask(save(bits, tmp_path / "1.png"))[0].tolist() == [False, True]


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_bytes_are_those_of_the_image(tmp_path, mode):
    wide = np.random.default_rng(1).integers(0, 65536, (5, 7), dtype=np.uint16)
    picture = Image.fromarray(wide) if mode == "I;16" else Image.fromarray(PIXELS).convert(mode)
    path = save(picture, tmp_path / "a.tif")
    pixels = read_bytes(path)
    assert pixels.shape == (3, 5, 7)
    assert pixels.dtype == torch.uint8
    assert torch.equal(pixels, read_image(path).mul(255).round().byte())


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_any_colour_is_not_black(tmp_path, channel):
    pixels = np.zeros((2, 3, 3), dtype=np.uint8)
    pixels[1, 2, channel] = 1
    for mode in ("RGB", "P"):
        picture = Image.fromarray(pixels).convert(mode)
        if mode == "P":
            picture = Image.fromarray(pixels.max(2))
            picture.putpalette([0, 0, 0, *(int(c == channel) for c in range(3))])
        found = read_nonzero(save(picture, tmp_path / f"{mode}.png"))
        assert found.nonzero().tolist() == [[1, 2]]


@pytest.mark.parametrize("channels", [1, 3])
def test_written_image_comes_back(tmp_path, channels):
    levels = torch.arange(256).view(1, 16, 16).repeat(channels, 1, 1) / 255
    write_image(levels, tmp_path / "new/folder/a.png")
    assert torch.equal(read_image(tmp_path / "new/folder/a.png")[:channels], levels)
    write_image(levels * 3 - 1, tmp_path / "a.png")
    expected = (levels * 3 - 1).clamp(0, 1)
    torch.testing.assert_close(
        read_image(tmp_path / "a.png")[:1], expected[:1], atol=0.5 / 255, rtol=0
    )


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_a_value_that_no_pixel_has_is_not_written(tmp_path, value):
    image = torch.rand(3, 4, 4)
    image[1, 2, 3] = value
    with pytest.raises(ValueError, match=r"^write_image expects"):
        write_image(image, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".bmp", ".tiff", ".JPEG"])
def test_every_format_is_written(tmp_path, suffix):
    write_image(torch.full((3, 8, 8), 0.5), tmp_path / f"a{suffix}")
    assert (read_image(tmp_path / f"a{suffix}") - 0.5).abs().max() < 0.02


@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt])
def test_failed_write_leaves_the_previous_file_and_nothing_else(tmp_path, monkeypatch, kind):
    path = tmp_path / "a.png"
    write_image(torch.zeros(3, 4, 4), path)

    def save(self, file, **options):
        file.write(b"half")
        raise kind(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", save)
    expected = InputError if kind is OSError else kind
    with pytest.raises(expected, match="No space left"):
        write_image(torch.ones(3, 4, 4), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]
    assert read_image(path).max() == 0


def test_a_file_is_exchanged_whole(tmp_path):
    path, old = tmp_path / "a.png", tmp_path / "old.png"
    write_image(torch.zeros(3, 4, 4), path)
    os.link(path, old)  # A second name for the old bytes, as a reader who has the file open.
    write_image(torch.ones(3, 4, 4), path)
    assert read_image(old).max() == 0
    assert read_image(path).min() == 1


def test_places_that_cannot_be_written_are_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/a\.png cannot be written"):
        write_image(torch.zeros(3, 4, 4), tmp_path / "file/a.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InputError, match=r"folder\.png cannot be written"):
        write_image(torch.zeros(3, 4, 4), tmp_path / "folder.png")
    with pytest.raises(InputError, match=r"a\.xyz should end in one of \.bmp"):
        write_image(torch.zeros(3, 4, 4), tmp_path / "a.xyz")
    with pytest.raises(ValueError, match="1 or 3 channels"):
        write_image(torch.zeros(4, 4, 4), tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize(("suffix", "most"), [(".jpg", 65500), (".webp", 16383)])
def test_a_picture_is_not_longer_than_its_format(suffix, most, tmp_path):
    path = tmp_path / f"long{suffix}"
    write_image(torch.zeros(1, 1, most), path)
    path.unlink()
    for shape in ((1, 1, most + 1), (3, most + 1, 1)):
        sentence = f"expects at most {most} pixels a side, the most that {suffix} holds, got .*png"
        with pytest.raises(InputError, match=sentence):
            write_image(torch.zeros(shape), path)
    assert not list(tmp_path.iterdir())
    write_image(torch.zeros(1, 1, most + 1), path.with_suffix(".png"))


def test_grey_of_a_batch():
    assert torch.equal(to_gray(torch.ones(2, 3, 1, 1)), torch.ones(2, 1, 1, 1))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("read", [read_image, read_layer, picture_size, read_labels])
def test_what_is_no_file_is_not_read(read, tmp_path):
    (tmp_path / "device.png").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "pipe.png")
    for name in ("device.png", "pipe.png"):
        with pytest.raises(InputError, match=rf"{name} is a pipe or a device; expected a file\."):
            read(tmp_path / name)


@pytest.mark.parametrize(
    "read", [read_image, read_bytes, read_mask, picture_size, count_pages, read_labels]
)
def test_a_large_page_is_read_without_a_warning_of_pillow(read, tmp_path, monkeypatch):
    """Nor is one warned of when tags beside the pixels are damaged, as cameras leave them."""
    tags = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01" * 50
    path = save(Image.fromarray(PIXELS[..., 0]), tmp_path / "page.png", exif=tags)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)  # A warning above; twice as many are none.
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        read(path)
    assert seen == []
