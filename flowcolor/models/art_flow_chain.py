r"""The flow of ArtFlow, as one chain."""

from flowcolor.arguments import MOST_BLOCKS, MOST_PARAMETERS, check_count
from flowcolor.layers import (
    ActNorm,
    AffineCoupling,
    Chain,
    InvertibleConv1x1,
    InvertibleLayer,
    Squeeze,
)
from flowcolor.models.glow_net import GlowNet


def art_flow_chain(levels: int, steps: int, hidden: int, padding_value: float = 1.0) -> Chain:
    """Build levels of a squeeze and ``steps`` steps; no channel leaves before the end.

    A step is :class:`~flowcolor.layers.ActNorm`, a 1x1 convolution (LU) and a coupling that only
    shifts, whose first half steers.
    """
    layers: list[InvertibleLayer] = []
    for level in range(1, levels + 1):
        channels = 3 * 4**level
        layers.append(Squeeze())
        for _ in range(steps):
            net = GlowNet(channels // 2, channels // 2, hidden, padding_value)
            coupling = AffineCoupling(net, scale="none", steer="first")
            layers += [ActNorm(channels), InvertibleConv1x1(channels, "lu"), coupling]
    return Chain(layers)


def check_art_flow_sizes(model: object, levels: int, steps: int, hidden: int) -> None:
    """Refuse sizes that no machine could build, before memory is asked for.

    Raises:
        ValueError: A size is no whole number of at least 1, or the model would have too many
            parameters.
    """
    check_count(model, levels=levels, steps=steps, hidden=hidden)
    got = f"got {levels}, {steps} and {hidden}"
    if levels > 8 or steps > MOST_BLOCKS:  # First: numbers would grow with 16 to their power.
        raise ValueError(f"ArtFlow expects up to 8 levels of up to {MOST_BLOCKS} steps, {got}.")
    sizes = [3 * 4**level for level in range(1, levels + 1)]
    parameters = sum(steps * (hidden**2 + 9 * c * hidden + 2 * c**2) for c in sizes)
    if parameters > MOST_PARAMETERS:
        raise ValueError(
            "ArtFlow expects levels, steps and hidden that give up to "
            f"{MOST_PARAMETERS / 1e9:.0f} billion parameters, {got}, that is "
            f"{parameters // 10**9} billion."
        )
