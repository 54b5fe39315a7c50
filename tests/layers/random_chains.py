"""Chains of random layers: all kinds, nested, inverted, resampled, with one condition or a list."""

from dataclasses import dataclass, field

import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from flowcolor.layers import (
    ActNorm,
    AdaIN,
    AffineCoupling,
    Chain,
    ConcatAggregation,
    ConditionalAffineCoupling,
    FeatureAggregation,
    HaarDownsample,
    Inverted,
    InvertibleConv1x1,
    InvertibleLayer,
    NoAggregation,
    OrthogonalDownsample,
    Squeeze,
)
from flowcolor.layers.scale import SCALES
from tests.layers.cases import conv_net

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

    def __init__(self, channels):
        super().__init__()
        self.project = nn.Linear(CONDITION_CHANNELS, channels)

    def forward(self, x, condition):
        return x * (1 + self.project(condition.mean((2, 3))).sigmoid()[:, :, None, None])


@dataclass
class Flow:
    """A chain with its input and conditions, in float64."""

    chain: Chain
    x: Tensor
    condition: Tensor | list[Tensor] | None

    def to(self, dtype: torch.dtype) -> "Flow":
        self.chain.to(dtype)
        condition = self.condition
        if condition is not None:
            alone = isinstance(condition, Tensor)
            condition = condition.to(dtype) if alone else [c.to(dtype) for c in condition]
        return Flow(self.chain, self.x.to(dtype), condition)


@dataclass
class _Builder:
    draw: st.DrawFn
    shape: tuple[int, int, int]
    listed: bool  # A list of conditions rather than one for all.
    sides: list[tuple[int, int]] = field(default_factory=list)  # of the list

    def chain(self, depth: int, *, preserve: bool = False) -> Chain:
        count = self.draw(st.integers(0 if depth else 1, 3))
        layers = [self.layer(depth, preserve) for _ in range(count)]
        return Chain(layers, self.draw(st.sampled_from(["none", "checkpoint", "reversible"])))

    def layer(self, depth: int, preserve: bool) -> InvertibleLayer:
        channels, height, width = self.shape
        kinds = ["actnorm", "conv", "bend", "same"]
        if channels > 1:
            kinds += ["coupling", "conditional", "recolor"]
        if depth < 2:
            kinds += ["chain", "inverted"]
        if not preserve and channels <= 4 and height % 2 == width % 2 == 0:
            kinds += ["orthogonal", "haar", "squeeze"]
        if not preserve and channels % 4 == 0 and height < 4:
            kinds.append("unsqueeze")
        kind = self.draw(st.sampled_from(kinds))
        if kind in ("chain", "inverted"):
            inside = self.chain(depth + 1, preserve=preserve or kind == "inverted")
            return Inverted(inside) if kind == "inverted" else inside
        if kind == "unsqueeze":
            self.shape = channels // 4, height * 2, width * 2
            return Inverted(self.draw(st.sampled_from([Squeeze(), HaarDownsample(channels // 4)])))
        if kind in ("orthogonal", "haar", "squeeze"):
            self.shape = channels * 4, height // 2, width // 2
            return {
                "orthogonal": lambda: OrthogonalDownsample(channels, shared=self.flag()),
                "haar": lambda: HaarDownsample(channels),
                "squeeze": Squeeze,
            }[kind]()
        return self.plain(kind)

    def plain(self, kind: str) -> InvertibleLayer:
        channels = self.shape[0]
        match kind:
            case "actnorm":
                return ActNorm(channels)
            case "conv":
                matrix = self.draw(st.sampled_from(["full", "lu", "orthogonal"]))
                return InvertibleConv1x1(channels, matrix)
            case "bend":
                return Bend(channels)
            case "same":
                return Same()
            case "recolor":
                self.sides.append(self.shape[1:])
                return Recolor(channels)
        nets, scale = self.nets(), self.draw(st.sampled_from(SCALES))
        if kind == "coupling":
            return AffineCoupling(*nets, scale=scale)
        self.sides.append(self.shape[1:])
        return ConditionalAffineCoupling(nets[0], self.fusion(), nets[1], scale)

    def nets(self) -> tuple[nn.Module, nn.Module | None]:
        small, large = self.shape[0] // 2, -(-self.shape[0] // 2)
        if self.flag():
            return conv_net(small, large), conv_net(small, large)
        return conv_net(small, 2 * large), None

    def fusion(self) -> nn.Module:
        half = self.shape[0] // 2
        if not self.listed:
            return MeanFusion(half)
        kinds = [FeatureAggregation, ConcatAggregation, AdaIN]
        kind = self.draw(st.sampled_from([*kinds, None]))
        return kind(half, CONDITION_CHANNELS) if kind else NoAggregation()

    def flag(self) -> bool:
        return self.draw(st.booleans())


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Draw a chain on perturbed weights, its ActNorms initialised, with a batch and conditions."""
    seed = draw(st.integers(0, 2**32 - 1))
    torch.manual_seed(seed)
    shape = draw(st.integers(1, 4)), draw(st.sampled_from([2, 4])), draw(st.sampled_from([2, 4]))
    builder = _Builder(draw, shape, listed=draw(st.booleans()))
    chain = builder.chain(0).double()
    torch.manual_seed(seed)

    def inputs(batch: int) -> tuple[Tensor, Tensor | list[Tensor] | None]:
        def tensor(channels: int, *sides: int) -> Tensor:
            return torch.randn(batch, channels, *sides, dtype=torch.float64)

        x = tensor(*shape)
        if not builder.sides:
            return x, None
        conditions = [tensor(CONDITION_CHANNELS, *sides) for sides in builder.sides]
        return x, conditions if builder.listed else conditions[0]

    settle(chain, *inputs(4))
    return Flow(chain, *inputs(draw(st.integers(1, 3))))


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
