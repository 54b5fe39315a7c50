"""How many bits symbols need, given what a network says of them."""

import math

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from flowcolor.models.coltran_upsampler import ColTranUpsampler
from flowcolor.values import widen


def symbol_bits(logits: Tensor, symbols: Tensor) -> Tensor:
    """Return the mean bits of the symbols (B, H, W) of each sample."""
    nats = cross_entropy(widen(logits.movedim(-1, 1)), symbols, reduction="none")
    return nats.mean((1, 2)) / math.log(2)


def channel_bits(net: ColTranUpsampler, gray: Tensor, rough: Tensor, fine: Tensor) -> Tensor:
    """Return the mean bits of levels: of a random channel in training, else of all three."""
    batch, device = gray.shape[0], gray.device
    if net.training:
        channels = [torch.randint(3, (batch,), device=device)]
    else:
        channels = [torch.full((batch,), channel, device=device) for channel in range(3)]
    places = torch.arange(batch, device=device)
    bits = [symbol_bits(net(gray, rough, chosen), fine[places, chosen]) for chosen in channels]
    return torch.stack(bits).mean(0)
