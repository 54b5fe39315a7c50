"""Chains of random layers: all kinds, nested, inverted, resampled, with one condition or a list.

Networks inside may draw random numbers, too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from flowcolor.layers import (
    ActNorm,
    AdaIN,
    AffineCoupling,
    AttentionAggregation,
    Chain,
    ConcatAggregation,
    ConditionalActNorm,
    ConditionalAffineCoupling,
    ConditionalConv1x1,
    Factor,
    FeatureAggregation,
    HaarDownsample,
    HintedAggregation,
    Inverted,
    InvertibleConv1x1,
    InvertibleLayer,
    NoAggregation,
    OrthogonalDownsample,
    Partial,
    SplineCoupling,
    Squeeze,
    TopPrior,
)
from flowcolor.layers.functional.scale import SCALES
from tests.layers.cases import conv_net
from tests.layers.memory_modes import MODES

CONDITION_CHANNELS = 3


class Bend(InvertibleLayer):
    """A user's own layer, which offers the contract and nothing more: a learned leaky ReLU."""

    def __init__(self, channels):
        super().__init__()
        self.log_slope = nn.Parameter(torch.zeros(channels))

    def forward(self, x, condition=None):
        log_slope = self._log_slope(x)
        return x * log_slope.exp(), log_slope.flatten(1).sum(1)

    def inverse(self, y, condition=None):
        log_slope = self._log_slope(y)
        return y * (-log_slope).exp(), -log_slope.flatten(1).sum(1)

    def _log_slope(self, x):
        return torch.where(x < 0, self.log_slope.view(-1, *[1] * (x.ndim - 2)), 0.0).to(x.dtype)


class Same(InvertibleLayer):
    """A user's own layer that returns the very tensor it was given."""

    def __init__(self, channels):
        super().__init__()

    def forward(self, x, condition=None):
        return x, x.new_zeros(x.shape[0])

    def inverse(self, y, condition=None):
        return y, y.new_zeros(y.shape[0])


class Recolor(InvertibleLayer):
    """A user's own layer with a condition of any size."""

    num_conditions = 1

    def __init__(self, channels):
        super().__init__()
        self.project = nn.Linear(CONDITION_CHANNELS, channels)

    def forward(self, x, condition=None):
        return x + self._shift(condition), x.new_zeros(x.shape[0])

    def inverse(self, y, condition=None):
        return y - self._shift(condition), y.new_zeros(y.shape[0])

    def _shift(self, condition):
        return self.project(condition.mean((2, 3)))[:, :, None, None]


class MeanFusion(nn.Module):
    """An aggregation for a condition of any size."""

    def __init__(self, channels, condition_channels):
        super().__init__()
        self.project = nn.Linear(condition_channels, channels)

    def forward(self, x, condition):
        return x * (1 + self.project(condition.mean((2, 3))).sigmoid()[:, :, None, None])


class MeanNet(nn.Sequential):
    """A network that gives numbers for each image from a condition of any size."""

    def __init__(self, count):
        pool = nn.AdaptiveAvgPool2d(1)
        super().__init__(pool, nn.Flatten(), nn.Tanh(), nn.Linear(CONDITION_CHANNELS, count))


@dataclass(frozen=True)
class Flow:
    """A recipe: Hypothesis draws it, torch draws the numbers."""

    build: Callable[[], Chain]
    shape: tuple[int, int, int]
    sides: tuple[tuple[int, int], ...]  # of the conditions
    listed: bool  # a list of conditions rather than one for all
    batch: int
    seed: int

    def make(self) -> tuple[Chain, Tensor, Tensor | list[Tensor] | None]:
        """Return a settled chain in float64, with a batch and its conditions."""
        torch.manual_seed(self.seed)
        chain = settle(self.build().double(), *self._inputs(4))
        return chain, *self._inputs(self.batch)

    def _inputs(self, batch: int) -> tuple[Tensor, Tensor | list[Tensor] | None]:
        def tensor(channels: int, *sides: int) -> Tensor:
            return torch.randn(batch, channels, *sides, dtype=torch.float64)

        x = tensor(*self.shape)
        conditions = [tensor(CONDITION_CHANNELS, *sides) for sides in self.sides]
        if not conditions:
            return x, None
        return x, conditions if self.listed else conditions[0]


@dataclass
class _Cook:
    """Draws layer after layer, following the shape."""

    draw: st.DrawFn
    shape: tuple[int, int, int]
    listed: bool
    steep: bool
    sides: list[tuple[int, int]] = field(default_factory=list)

    def chain(self, depth: int, *, preserve: bool = False) -> Callable[[], Chain]:
        count = self.draw(st.integers(0 if depth else 1, 3))
        parts = [self.layer(depth, preserve) for _ in range(count)]
        memory = self.draw(st.sampled_from(MODES))
        anchor_every = self.draw(st.none() | st.integers(1, 3))
        return lambda: Chain([part() for part in parts], memory, anchor_every)

    def layer(self, depth: int, preserve: bool) -> Callable[[], InvertibleLayer]:
        channels, height, width = self.shape
        kinds = ["actnorm", "conv", "bend", "same"]
        kinds += ["top", "predicted actnorm", "predicted conv"] if self.steep else []
        if channels > 1:
            kinds += ["coupling", "conditional", "recolor"]
            kinds += ["spline"] if self.steep else []
        if depth < 2:
            kinds += ["chain", "inverted"]
            kinds += ["partial", "factor"] if channels > 1 else []
        if not preserve and channels <= 4 and height % 2 == width % 2 == 0:
            kinds.append("down")
        if not preserve and channels % 4 == 0 and height < 4:
            kinds.append("up")
        match self.draw(st.sampled_from(kinds)):
            case "chain":
                return self.chain(depth + 1, preserve=preserve)
            case "inverted":
                inside = self.chain(depth + 1, preserve=True)
                return lambda: Inverted(inside())
            case "partial":
                return self.partial(depth)
            case "factor":
                rest = channels - channels // 2
                net = self.network(rest, 2 * (channels - rest))
                inside = self.inner(rest, depth)
                return lambda: Factor(net(), inside())
            case "down":
                self.shape = channels * 4, height // 2, width // 2
                return self.resampling(channels)
            case "up":
                self.shape = channels // 4, height * 2, width * 2
                inside = self.resampling(channels // 4)
                return lambda: Inverted(inside())
            case kind:
                return self.plain(kind, channels)

    def partial(self, depth: int) -> Callable[[], InvertibleLayer]:
        channels, height, width = self.shape
        side = self.draw(st.sampled_from(["first", "last"]))
        passed = self.draw(st.none() | st.integers(1, channels - 1))
        half = channels // 2 if side == "first" else channels - channels // 2
        rest = half if passed is None else channels - passed
        coarser = height % 2 == width % 2 == 0 and self.draw(st.booleans())
        if not coarser:
            inside = self.inner(rest, depth)
            return lambda: Partial(inside(), passed, side)
        self.shape = 4 * rest, height // 2, width // 2
        inside = self.chain(depth + 1, preserve=True)
        self.shape = channels, height, width
        return lambda: Partial(Chain([Squeeze(), inside(), Inverted(Squeeze())]), passed, side)

    def inner(self, channels: int, depth: int) -> Callable[[], Chain]:
        """Draw a chain for some of the channels."""
        shape, self.shape = self.shape, (channels, *self.shape[1:])
        inside = self.chain(depth + 1, preserve=True)
        self.shape = shape
        return inside

    def network(self, channels: int, out_channels: int) -> Callable[[], nn.Module]:
        """Draw whether the network of a layer draws random numbers itself."""
        if not self.draw(st.booleans()):
            return lambda: conv_net(channels, out_channels)
        return lambda: nn.Sequential(nn.Dropout(0.3), conv_net(channels, out_channels))

    def resampling(self, channels: int) -> Callable[[], InvertibleLayer]:
        shared = self.draw(st.booleans())
        orthogonal = partial(OrthogonalDownsample, channels, shared=shared)
        return self.draw(st.sampled_from([orthogonal, partial(HaarDownsample, channels), Squeeze]))

    def plain(self, kind: str, channels: int) -> Callable[[], InvertibleLayer]:
        match kind:
            case "actnorm" | "bend" | "same":
                return partial({"actnorm": ActNorm, "bend": Bend, "same": Same}[kind], channels)
            case "conv":
                matrices = ["full", "lu", "orthogonal", "permutation"]
                # Of one number there is one reflection, whose gradient is rounding alone.
                matrices += ["householder"] if channels > 1 else []
                matrix, learn = self.draw(st.sampled_from(matrices)), self.draw(st.booleans())
                return lambda: InvertibleConv1x1(channels, matrix, learn=learn)
            case "top":
                net = self.network(channels, 2 * channels)
                return lambda: TopPrior(net())
            case "recolor":
                self.sides.append(self.shape[1:])
                return lambda: Recolor(channels)
            case "predicted actnorm":
                self.sides.append(self.shape[1:])
                return lambda: ConditionalActNorm(channels, MeanNet(2 * channels))
            case "predicted conv":
                self.sides.append(self.shape[1:])
                matrix = self.draw(st.sampled_from(["lu", "full"]))
                return lambda: ConditionalConv1x1(channels, MeanNet(channels**2), matrix)
        half, rest = channels // 2, -(-channels // 2)
        steer = self.draw(st.sampled_from(["first", "second"]))
        half, rest = (half, rest) if steer == "second" else (rest, half)
        if kind == "spline":
            bins = self.draw(st.integers(1, 3))
            net = self.network(half, (3 * bins - 1) * rest)
            return lambda: SplineCoupling(net(), bins, steer=steer)
        scale = self.draw(st.sampled_from([*SCALES, "none"]))
        two = scale != "none" and self.draw(st.booleans())
        one = 1 if two or scale == "none" else 2  # How many results the first network gives.
        order = self.draw(st.sampled_from(["scale_shift", "shift_scale"]))
        options = {"scale": scale, "steer": steer, "order": order}
        fuse, seen = (None, half) if kind == "coupling" else self.fusion(half)
        first, second = self.network(seen, one * rest), self.network(seen, rest)

        def nets() -> tuple[nn.Module, nn.Module | None]:
            return first(), second() if two else None

        if fuse is None:
            return lambda: AffineCoupling(*nets(), **options)
        return lambda: ConditionalAffineCoupling(*nets()[:1], fuse(), nets()[1], **options)

    def fusion(self, channels: int) -> tuple[Callable[[], nn.Module], int]:
        """Draw an aggregation, and how many channels it returns."""
        self.sides.append(self.shape[1:])
        sizes = channels, CONDITION_CHANNELS
        kinds = [MeanFusion, AttentionAggregation]
        if self.listed:  # Each has a condition of its own, of its own size.
            kinds += [FeatureAggregation, ConcatAggregation, AdaIN, NoAggregation]
            kinds += [HintedAggregation]
        match self.draw(st.sampled_from(kinds)):
            case kind if kind is NoAggregation:
                return NoAggregation, channels
            case kind if kind is AttentionAggregation:
                return lambda: AttentionAggregation(*sizes, 2, 3, max_tokens=3), 2 * channels
            case kind if kind is HintedAggregation:
                inside = partial(ConcatAggregation, channels, CONDITION_CHANNELS - 1)
                options = {"hint_channels": 1, "hidden": 4}
                out = channels, CONDITION_CHANNELS - 1
                return lambda: HintedAggregation(inside(), *out, **options), channels
            case kind:
                return lambda: kind(*sizes), channels


@st.composite
def flows(draw: st.DrawFn, *, steep: bool = False) -> Flow:
    """Draw chains of random layers with a batch and conditions.

    Args:
        draw: Hypothesis draws with it.
        steep: Also layers that magnify rounding errors: splines, and what networks predict.
    """
    shape = draw(st.integers(1, 4)), draw(st.sampled_from([2, 4])), draw(st.sampled_from([2, 4]))
    cook = _Cook(draw, shape, listed=draw(st.booleans()), steep=steep)
    build, sides = cook.chain(0), tuple(cook.sides)
    batch, seed = draw(st.integers(1, 3)), draw(st.integers(0, 2**32 - 1))
    return Flow(build, shape, sides, cook.listed, batch, seed)


def glow(*, memory="reversible", anchor_every=None):
    """Return a settled chain in float64, all fused layers in it, with its input and conditions."""
    torch.manual_seed(0)
    layers = [
        OrthogonalDownsample(1),
        ActNorm(4),
        InvertibleConv1x1(4),
        AffineCoupling(conv_net(2, 2), conv_net(2, 2)),
        Bend(4),
        ConditionalAffineCoupling(conv_net(2, 4), FeatureAggregation(2, 3)),
        InvertibleConv1x1(4, "lu"),
        ConditionalAffineCoupling(conv_net(2, 4), ConcatAggregation(2, 3), scale="exp"),
    ]
    chain = Chain(layers, memory, anchor_every).double()
    x = torch.randn(2, 1, 4, 4, dtype=torch.float64)
    conditions = [torch.randn(2, 3, 2, 2, dtype=torch.float64) for _ in range(2)]
    return settle(chain, x, conditions), x, conditions


def settle(chain, x, condition=None):
    """Let ActNorms see a batch, then move the weights away from their initialisation."""
    with torch.no_grad():
        chain.inverse(chain(x, condition)[0], condition)
        for parameter in chain.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return chain
