"""Grey of more than eight bits, and transparent colours of PNGs of every depth."""

import struct
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.io.images import (
    decode_image,
    read_bytes,
    read_image,
    read_layer,
    read_mask,
    read_nonzero,
    read_sketch,
)

READERS = [read_image, read_bytes, read_layer, read_sketch, read_mask]
GRAY, RGB = 0, 2  # Colour types of PNG.


def png(levels, bits, transparent=None, turned=None):
    """Write levels (height, width) or (height, width, 3) as the standard says (ISO 15948)."""
    levels = np.asarray(levels)
    kind = RGB if levels.ndim == 3 else GRAY
    rows = levels.reshape(len(levels), -1)
    places = np.arange(bits - 1, -1, -1)
    packed = np.packbits((rows[..., None] >> places & 1).reshape(len(rows), -1).astype(bool), 1)
    lines = b"".join(b"\0" + row.tobytes() for row in packed)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", *levels.shape[1::-1], bits, kind, 0, 0, 0))]
    if transparent is not None:
        parts.append((b"tRNS", np.atleast_1d(transparent).astype(">u2").tobytes()))
    if turned is not None:
        exif = Image.Exif()
        exif[0x0112] = turned
        parts.append((b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")))
    parts += [(b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def tiff(pixels, width, bits, photometric=1, sample_format=1):
    """Write one row of pixels that are packed already (TIFF 6.0)."""
    tags = {256: width, 257: 1, 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1, 278: 1}
    tags |= {279: len(pixels), 339: sample_format}
    pixels += b"\0" * (len(pixels) % 2)
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    head = b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels
    return head + struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)


def saved(data, path):
    path.write_bytes(data)
    return path


@given(st.sampled_from([1, 2, 4, 8, 16]), st.data())
def test_the_transparent_grey_lies_on_white_at_every_depth(tmp_path_factory, bits, data):
    largest = 2**bits - 1
    level = st.integers(0, largest)
    levels = np.array(data.draw(st.lists(level, min_size=1, max_size=9)), dtype=np.int64)[None]
    transparent = data.draw(st.sampled_from(sorted({*levels[0].tolist(), largest // 2})))
    path = saved(png(levels, bits, transparent), tmp_path_factory.mktemp("a") / "a.png")
    clear = torch.from_numpy(levels == transparent)
    gray = torch.from_numpy(levels / largest).float()
    white = torch.where(clear, 1.0, gray)
    assert_close(read_image(path), white.expand(3, 1, -1), atol=1e-6, rtol=0)
    assert_close(read_sketch(path), white.expand(3, 1, -1), atol=1e-6, rtol=0)
    assert_close(read_bytes(path).float(), 255 * white.expand(3, 1, -1), atol=0.51, rtol=0)
    layer = read_layer(path)
    assert_close(layer[:3], gray.expand(3, 1, -1), atol=1e-6, rtol=0)
    assert torch.equal(layer[3] == 0, clear)
    assert torch.equal(layer[3] == 1, ~clear)


@pytest.mark.parametrize("bits", [8, 16])
def test_the_transparent_colour_lies_on_white_at_every_depth(tmp_path, bits):
    first, other = (10, 200, 31), (10, 200, 32)
    levels = np.array([[first, other]]) << (bits - 8)
    path = saved(png(levels, bits, levels[0, 0]), tmp_path / "a.png")
    assert read_bytes(path)[:, 0].T.tolist() == [[255, 255, 255], list(other)]
    assert read_layer(path)[3, 0].tolist() == [0, 1]


def test_a_wide_transparent_picture_is_turned_as_the_camera_says(tmp_path):
    levels = np.array([[0, 100], [40000, 65535], [7, 8]])
    path = saved(png(levels, 16, 40000, turned=6), tmp_path / "a.png")
    upright = np.rot90(levels, -1).copy()
    expected = np.where(upright == 40000, 65535, upright) / 65535
    assert_close(read_image(path)[0], torch.from_numpy(expected).float())
    assert torch.equal(decode_image(path.read_bytes(), "a", 6), read_bytes(path))


def test_too_many_pixels_are_told_before_any_is_decoded():
    data = png(np.zeros((3, 4), int), 8, turned=6)
    broken = data[: data.index(b"IDAT") + 4] + b"no pixels"
    with pytest.raises(InputError, match="it has 4x3 pixels, expected at most 11"):
        decode_image(broken, "a", 11)
    assert decode_image(data, "a", 12).shape == (3, 4, 3)


def test_twelve_bits_are_divided_by_4095(tmp_path):
    path = saved(tiff(bytes([0x00, 0x08, 0x00, 0xFF, 0xF0, 0x01]), 4, 12), tmp_path / "a.tif")
    expected = torch.tensor([0, 0x800, 0xFFF, 1]) / 4095
    assert_close(read_image(path)[1, 0], expected)
    assert read_bytes(path)[1, 0].tolist() == [0, 128, 255, 0]


@pytest.mark.parametrize("black", [0, 65535])
def test_white_may_be_zero(tmp_path, black):
    levels = np.array([black, 13107, 65535 - black], dtype="<u2")
    path = saved(tiff(levels.tobytes(), 3, 16, photometric=int(black == 0)), tmp_path / "a.tif")
    middle = 0.2 if black == 0 else 0.8
    assert_close(read_image(path)[0, 0], torch.tensor([0.0, middle, 1.0]))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("dtype", "sample_format"), [("<i2", 2), ("<u4", 1), ("<i4", 2), ("<f4", 3)]
)
def test_numbers_of_no_known_range_are_refused(tmp_path, reader, dtype, sample_format):
    pixels = np.array([0, 100, 30000], dtype=dtype)
    data = tiff(pixels.tobytes(), 3, 8 * pixels.itemsize, sample_format=sample_format)
    path = saved(data, tmp_path / "a.tif")
    with pytest.raises(InputError, match=r"a\.tif cannot be read as an image: .* known range\.$"):
        reader(path)


def test_labels_of_any_width_are_read(tmp_path):
    pixels = np.array([0, 3, 70000], dtype="<u4")
    path = saved(tiff(pixels.tobytes(), 3, 32), tmp_path / "a.tif")
    assert read_nonzero(path)[0].tolist() == [False, True, True]


def test_a_wide_pgm_is_read(tmp_path):
    data = b"P5\n3 1\n65535\n" + np.array([0, 13107, 65535], dtype=">u2").tobytes()
    path = saved(data, tmp_path / "a.pgm")
    assert_close(read_image(path)[2, 0], torch.tensor([0.0, 0.2, 1.0]))
