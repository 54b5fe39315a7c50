"""One Glow in flowcolor and in normflows, from the same numbers; the nearest that FrEIA offers."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.other_libraries import Glow, freia, normflows, subnet
from flowcolor.layers import ActNorm, AffineCoupling, Chain, InvertibleConv1x1, Squeeze
from flowcolor.layers.functional.matrices import LU
from flowcolor.models import log_normal

__all__ = ["freia", "log_prob", "match", "normflows", "twin"]


def twin(chosen: argparse.Namespace, scale: Any = "sigmoid2", memory: Any = "none") -> Glow:
    """Build flowcolor's, with the couplings of normflows but for what ``scale`` says."""
    levels, channels = [], 3
    for _ in range(chosen.levels):
        channels *= 4
        layers: list[Any] = [Squeeze(2)]
        for _ in range(chosen.steps):
            net = subnet(channels // 2, channels, chosen.hidden)
            coupling = AffineCoupling(net, scale=scale, steer="first", order="shift_scale")
            layers += [ActNorm(channels), InvertibleConv1x1(channels, "lu"), coupling]
        levels.append(Chain(layers, memory=memory))
        channels //= 2
    return Glow(levels)


def log_prob(glow: Glow, values: Tensor) -> Tensor:
    """Return the log-density of each image, in nats; all latents are standard normal."""
    latents, total = glow.encode(values)
    for z in latents:
        total = total + log_normal(z)
    return total


@torch.no_grad()
def match(ours: Glow, theirs: Glow) -> None:
    """Give flowcolor's Glow the numbers of normflows' one."""
    for norm, mix, coupling, block in _pairs(ours, theirs):
        nets, matrix, affine = block.flows
        norm.loc.copy_(affine.t.flatten())
        norm.log_scale.copy_(-affine.s.flatten())
        _match_matrix(mix.matrix, matrix)
        _match_net(coupling.net, nets.flows[1].param_map.net)


def _pairs(
    ours: Glow, theirs: Glow
) -> Iterator[tuple[ActNorm, InvertibleConv1x1, AffineCoupling, Any]]:
    for level, blocks in zip(ours.levels, theirs.levels, strict=True):
        layers: Sequence[Any] = list(level)[1:]  # type: ignore[call-overload]
        steps = zip(layers[::3], layers[1::3], layers[2::3], strict=True)
        for step, block in zip(steps, list(blocks)[1:], strict=True):  # type: ignore[call-overload]
            yield *step, block


def _match_matrix(mine: Any, matrix: Any) -> None:
    if not isinstance(mine, LU):
        raise TypeError(f"expected LU, got {type(mine).__name__}")
    mine.permutation.copy_(matrix.P)
    mine.sign.copy_(matrix.sign_S)
    mine.lower.copy_(matrix.L.tril(-1))
    mine.upper.copy_(matrix.U.triu(1))
    mine.log_diagonal.copy_(matrix.log_S)


def _match_net(mine: Any, net: nn.Sequential) -> None:
    for number in (0, 2):
        mine[number].load_state_dict(net[number].state_dict())
    for name in ("weight", "bias"):
        # Theirs subtract a shift and give it in turns with the scale, ours add one after the other.
        rows = getattr(net[4], name)
        getattr(mine[4], name).copy_(torch.cat([rows[1::2], -rows[0::2]]))
