"""The layers under contract. A new public layer joins ``CASES``; test_contract.py insists on it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from flowcolor import layers
from flowcolor.layers import (
    ActNorm,
    AffineCoupling,
    Chain,
    ConditionalActNorm,
    ConditionalAffineCoupling,
    ConditionalConv1x1,
    Factor,
    HaarDownsample,
    Inverted,
    InvertibleConv1x1,
    OrthogonalDownsample,
    Partial,
    SplineCoupling,
    Squeeze,
    TopPrior,
)
from tests.strategies import Sample

Conditions = Tensor | list[Tensor] | None


class Feature(NamedTuple):
    """A condition: its channels, and how much coarser it is than the data side."""

    channels: int
    shrink: int = 1


@dataclass(frozen=True)
class Case:
    """A layer and what it takes on its data side."""

    build: Callable[[], layers.InvertibleLayer]
    channels: int
    multiple: int = 1  # divides both sides
    condition: Feature | list[Feature] | None = None
    planar: bool = True  # as many spatial axes as dims, neither more nor less
    dims: int = 2

    def layer(self, seed: int) -> layers.InvertibleLayer:
        """Build the layer as it comes: in training mode, waiting for data if it needs some."""
        torch.manual_seed(seed)
        return self.build()

    def settled(self, sample: Sample) -> layers.InvertibleLayer:
        """Build a layer that has seen its first batch, then perturb its weights.

        That batch is not flat. Undoing an ActNorm that was fitted to a flat one magnifies rounding
        errors by as much as the flat batch was magnified.
        """
        layer = self.layer(sample.seed)
        x, conditions = self.inputs(replace(sample, batch=4, scale=max(1, sample.scale)))
        layer.inverse(layer(x, conditions)[0], conditions)  # An inverted ActNorm sees the latter.
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter += 0.2 * torch.randn_like(parameter)
        return layer

    def inputs(self, sample: Sample) -> tuple[Tensor, Conditions]:
        """Return a batch and its conditions, in float32."""
        sides = (*sample.sides, 1, 1, 1)[: self.dims] if self.planar else sample.sides
        sides = tuple(self.multiple * side for side in sides)

        def tensor(feature: Feature, salt: int) -> Tensor:
            shrunk = tuple(side // feature.shrink for side in sides)
            return sample.tensor(feature.channels, sides=shrunk, salt=salt)

        x = tensor(Feature(self.channels), 0)
        if isinstance(self.condition, list):
            return x, [tensor(feature, i + 1) for i, feature in enumerate(self.condition)]
        return x, None if self.condition is None else tensor(self.condition, 1)


_WITH_NETWORKS = (
    AffineCoupling,
    ConditionalActNorm,
    ConditionalAffineCoupling,
    ConditionalConv1x1,
    SplineCoupling,
    TopPrior,
)


def couplings(layer: layers.InvertibleLayer) -> int:
    """Count the layers inside of a layer that call a network, as couplings do."""
    return sum(isinstance(module, _WITH_NETWORKS) for module in layer.modules())


def conv_net(channels: int, out_channels: int) -> nn.Module:
    """Return a small smooth network, whose results stay small whatever its input."""
    return nn.Sequential(
        nn.Conv2d(channels, 6, kernel_size=3, padding=1),
        nn.Tanh(),
        nn.Conv2d(6, out_channels, kernel_size=1),
    )


def vector_net(count: int) -> nn.Module:
    """Return a small network that gives numbers for each image of four channels."""
    pool = nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(pool, nn.Tanh(), nn.Flatten(), nn.Linear(4, count))


class VectorFusion(nn.Module):
    """A user's own aggregation, with a condition that is no image."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(4, 2)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        vector = self.project(condition.flatten(1)[:, :4].tanh())
        return x + vector[:, :, None, None]


def conditional(
    aggregate: nn.Module, *, two: bool = False, scale: str = "bounded"
) -> ConditionalAffineCoupling:
    """Return a coupling of four channels."""
    shift_net = conv_net(2, 2) if two else None
    return ConditionalAffineCoupling(conv_net(2, 2 if two else 4), aggregate, shift_net, scale)


def fam(scale: float | None = None) -> nn.Module:
    return layers.FeatureAggregation(2, 6, scale)


def mixed_chain() -> Chain:
    """Return a chain with everything in it: nested, resampled, three conditions of two shapes."""
    fine = Chain([ActNorm(4), InvertibleConv1x1(4, "lu"), conditional(fam())])
    pair = Chain([conditional(layers.AdaIN(2, 6)), Squeeze(2), _coarse()])
    return Chain([Inverted(Squeeze(2)), Squeeze(2), fine, pair, AffineCoupling(conv_net(8, 16))])


def _coarse() -> ConditionalAffineCoupling:
    return ConditionalAffineCoupling(conv_net(8, 16), layers.ConcatAggregation(8, 5))


CASES = {
    "ActNorm": Case(lambda: ActNorm(3), 3, planar=False),
    "ActNorm, one channel": Case(lambda: ActNorm(1), 1, planar=False),
    "InvertibleConv1x1, full": Case(lambda: InvertibleConv1x1(3), 3, planar=False),
    "InvertibleConv1x1, lu": Case(lambda: InvertibleConv1x1(5, "lu"), 5, planar=False),
    "InvertibleConv1x1, orthogonal": Case(
        lambda: InvertibleConv1x1(4, "orthogonal"), 4, planar=False
    ),
    "InvertibleConv1x1, one channel": Case(lambda: InvertibleConv1x1(1), 1, planar=False),
    "AffineCoupling, bounded": Case(lambda: AffineCoupling(conv_net(2, 4)), 4),
    "AffineCoupling, sigmoid": Case(lambda: AffineCoupling(conv_net(2, 4), scale="sigmoid"), 4),
    "AffineCoupling, sigmoid2": Case(lambda: AffineCoupling(conv_net(2, 4), scale="sigmoid2"), 4),
    "AffineCoupling, exp": Case(lambda: AffineCoupling(conv_net(2, 4), scale="exp"), 4),
    "AffineCoupling, two networks": Case(lambda: AffineCoupling(conv_net(2, 2), conv_net(2, 2)), 4),
    "AffineCoupling, odd channels": Case(lambda: AffineCoupling(conv_net(2, 6)), 5),
    "AffineCoupling, odd channels, two networks": Case(
        lambda: AffineCoupling(conv_net(1, 2), conv_net(1, 2), "exp"), 3
    ),
    "AffineCoupling, first half steers, shift first": Case(
        lambda: AffineCoupling(conv_net(3, 4), scale="atan", steer="first", order="shift_scale"), 5
    ),
    "AffineCoupling, only shifts": Case(
        lambda: AffineCoupling(conv_net(2, 2), scale="none", steer="first"), 4
    ),
    "AffineCoupling, zero sum": Case(lambda: AffineCoupling(conv_net(2, 6), scale="zero_sum"), 5),
    "ConditionalAffineCoupling, FAM": Case(lambda: conditional(fam()), 4, condition=Feature(6)),
    "ConditionalAffineCoupling, FAM to the letter": Case(
        lambda: conditional(fam(1.0)), 4, condition=Feature(6)
    ),
    "ConditionalAffineCoupling, concat": Case(
        lambda: conditional(layers.ConcatAggregation(2, 6), scale="exp"), 4, condition=Feature(6)
    ),
    "ConditionalAffineCoupling, AdaIN": Case(
        lambda: conditional(layers.AdaIN(2, 6), two=True), 4, condition=Feature(6)
    ),
    "ConditionalAffineCoupling, attention to places": Case(
        lambda: ConditionalAffineCoupling(
            conv_net(4, 4), layers.AttentionAggregation(2, 6, 2, 3, max_tokens=4)
        ),
        4,
        condition=Feature(6),
    ),
    "ConditionalAffineCoupling, hints": Case(
        lambda: conditional(layers.HintedAggregation(fam(), 2, 6, 2)), 4, condition=Feature(8)
    ),
    "ConditionalAffineCoupling, none": Case(
        lambda: conditional(layers.NoAggregation(), scale="sigmoid"), 4, condition=Feature(6)
    ),
    "ConditionalAffineCoupling, odd channels": Case(
        lambda: ConditionalAffineCoupling(conv_net(1, 4), layers.ConcatAggregation(1, 2)),
        3,
        condition=Feature(2),
    ),
    "ConditionalAffineCoupling, vector": Case(
        lambda: conditional(VectorFusion(), scale="sigmoid2"), 4, condition=Feature(4)
    ),
    "ConditionalActNorm": Case(
        lambda: ConditionalActNorm(3, vector_net(6)), 3, condition=Feature(4)
    ),
    "ConditionalActNorm, vectors": Case(
        lambda: ConditionalActNorm(3, nn.Sequential(nn.Tanh(), nn.Linear(4, 6))),
        3,
        condition=Feature(4),
        dims=0,
    ),
    "ConditionalConv1x1, vectors": Case(
        lambda: ConditionalConv1x1(3, nn.Sequential(nn.Tanh(), nn.Linear(4, 9))),
        3,
        condition=Feature(4),
        dims=0,
    ),
    "ConditionalConv1x1": Case(
        lambda: ConditionalConv1x1(3, vector_net(9)), 3, condition=Feature(4)
    ),
    "SplineCoupling": Case(lambda: SplineCoupling(conv_net(2, 2 * 8), bins=3, steer="first"), 4),
    "OrthogonalDownsample": Case(lambda: OrthogonalDownsample(2), 2, multiple=2),
    "OrthogonalDownsample, factor 3": Case(lambda: OrthogonalDownsample(2, 3), 2, multiple=3),
    "OrthogonalDownsample, shared": Case(
        lambda: OrthogonalDownsample(3, shared=True), 3, multiple=2
    ),
    "HaarDownsample": Case(lambda: HaarDownsample(3), 3, multiple=2),
    "HaarDownsample, 1-D": Case(lambda: HaarDownsample(3, dims=1), 3, multiple=2, dims=1),
    "HaarDownsample, 3-D": Case(lambda: HaarDownsample(1, 0.5, dims=3), 1, multiple=2, dims=3),
    "Squeeze": Case(lambda: Squeeze(), 3, multiple=2),
    "Squeeze, factor 3": Case(lambda: Squeeze(3), 1, multiple=3),
    "Squeeze, 1-D": Case(lambda: Squeeze(3, dims=1), 2, multiple=3, dims=1),
    "Squeeze, 3-D": Case(lambda: Squeeze(dims=3), 1, multiple=2, dims=3),
    "Partial, coarser inside, last channels pass": Case(
        lambda: Partial(
            Chain([Squeeze(), ActNorm(4), conditional(fam()), Inverted(Squeeze())]), 2, "last"
        ),
        3,
        multiple=2,
        condition=[Feature(6, shrink=2)],
    ),
    "Factor": Case(lambda: Factor(conv_net(2, 4), Chain([ActNorm(2), InvertibleConv1x1(2)])), 4),
    "TopPrior": Case(lambda: TopPrior(conv_net(2, 4)), 2),
    "Chain": Case(lambda: Chain([ActNorm(3), InvertibleConv1x1(3), ActNorm(3)]), 3, planar=False),
    "Chain, empty": Case(lambda: Chain([]), 3, planar=False),
    "Chain, resampling": Case(
        lambda: Chain([OrthogonalDownsample(1), AffineCoupling(conv_net(2, 4)), HaarDownsample(4)]),
        1,
        multiple=4,
    ),
    "Chain, one condition for all": Case(
        lambda: Chain([conditional(fam()), ActNorm(4), conditional(layers.AdaIN(2, 6))]),
        4,
        condition=Feature(6),
    ),
    "Chain, list of conditions": Case(
        lambda: Chain([conditional(fam()), ActNorm(4), conditional(layers.AdaIN(2, 6))]),
        4,
        condition=[Feature(6), Feature(6)],
    ),
    "Chain, nested": Case(
        mixed_chain, 4, multiple=2, condition=[Feature(6), Feature(6), Feature(5, shrink=2)]
    ),
    "Inverted, ActNorm": Case(lambda: Inverted(ActNorm(3)), 3, planar=False),
    "Inverted, InvertibleConv1x1": Case(
        lambda: Inverted(InvertibleConv1x1(3, "householder")), 3, planar=False
    ),
    "Inverted, AffineCoupling": Case(lambda: Inverted(AffineCoupling(conv_net(2, 6))), 5),
    "Inverted, ConditionalAffineCoupling": Case(
        lambda: Inverted(conditional(fam())), 4, condition=Feature(6)
    ),
    "Inverted, OrthogonalDownsample": Case(lambda: Inverted(OrthogonalDownsample(2)), 8),
    "Inverted, HaarDownsample": Case(lambda: Inverted(HaarDownsample(2, rebalance=0.5)), 8),
    "Inverted, Squeeze": Case(lambda: Inverted(Squeeze(2)), 12),
    "Inverted, Chain": Case(
        lambda: Inverted(Chain([Squeeze(), ActNorm(4), conditional(fam()), Inverted(ActNorm(4))])),
        4,
        condition=[Feature(6)],
    ),
    "Inverted, Inverted": Case(lambda: Inverted(Inverted(ActNorm(2))), 2, planar=False),
}
