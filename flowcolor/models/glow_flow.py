r"""The flow of Glow, of any number of levels, as one chain."""

from flowcolor.arguments import (
    MOST_BLOCKS,
    MOST_PARAMETERS,
    check_choice,
    check_count,
    plain_numbers,
)
from flowcolor.layers import (
    ActNorm,
    AffineCoupling,
    Chain,
    Factor,
    Inverted,
    InvertibleConv1x1,
    InvertibleLayer,
    Squeeze,
    TopPrior,
    ZeroConv2d,
)
from flowcolor.layers.functional.scale import Scale
from flowcolor.models.glow_net import GlowNet


@plain_numbers
def glow_flow(
    levels: int,
    steps: int,
    hidden: int,
    *,
    channels: int = 3,
    scale: Scale = "bounded",
    padding_value: float = 1.0,
) -> Chain:
    """Build levels of a squeeze and ``steps`` steps, between which half of the channels leave.

    A step is :class:`~flowcolor.layers.ActNorm`, a 1x1 convolution (LU) and a coupling whose first
    half steers. What leaves is standardised by :class:`~flowcolor.layers.Factor`, what is left by
    :class:`~flowcolor.layers.TopPrior`, so the latent is standard normal; and every level ends in
    un-squeezing, so it has the shape of the image.

    Args:
        levels: How often resolution is halved.
        steps: Steps of each level.
        hidden: Channels inside of the networks, see :class:`~flowcolor.models.GlowNet`.
        channels: Of the image.
        scale: See :class:`~flowcolor.layers.AffineCoupling`.
        padding_value: See :class:`~flowcolor.layers.ZeroConv2d`.

    Reference:
        Kingma and Dhariwal, "Glow" (2018), section 3 and figure 2.
        https://arxiv.org/abs/1807.03039
    """
    check_count(glow_flow, channels=channels)
    check_choice(glow_flow, scale=(scale, Scale))
    check_glow_sizes(glow_flow, levels, steps, hidden, channels=channels)
    c = 4 * channels
    half = c // 2
    layers: list[InvertibleLayer] = [Squeeze()]
    for _ in range(steps):
        net = GlowNet(half, half if scale == "none" else c, hidden, padding_value)
        coupling = AffineCoupling(net, scale=scale, steer="first", order="shift_scale")
        layers += [ActNorm(c), InvertibleConv1x1(c, "lu"), coupling]
    if levels == 1:
        layers.append(TopPrior(ZeroConv2d(c, 2 * c, padding_value)))
    else:
        options = {"scale": scale, "padding_value": padding_value}
        inner = glow_flow(levels - 1, steps, hidden, channels=half, **options)  # type: ignore[arg-type]
        layers.append(Factor(ZeroConv2d(half, c, padding_value), inner))
    return Chain([*layers, Inverted(Squeeze())])


def check_glow_sizes(
    model: object, levels: int, steps: int, hidden: int, *, matrices: int = 2, channels: int = 3
) -> None:
    """Refuse sizes that no machine could build, before memory is asked for.

    Args:
        model: Whose sizes they are.
        levels: See :func:`glow_flow`.
        steps: See :func:`glow_flow`.
        hidden: See :func:`glow_flow`.
        matrices: How many numbers a step has for each pair of channels, beside its networks'.
        channels: Of the image.

    Raises:
        ValueError: A size is no whole number of at least 1, or the model would have too many
            parameters.
    """
    check_count(model, levels=levels, steps=steps, hidden=hidden)
    name = getattr(model, "__name__", type(model).__name__)
    got = f"got {levels}, {steps} and {hidden}"
    if levels > 16 or steps > MOST_BLOCKS:  # First: numbers would grow with 4 to their power.
        raise ValueError(f"{name} expects up to 16 levels of up to {MOST_BLOCKS} steps, {got}.")
    sizes = [2 * channels * 2**level for level in range(1, levels + 1)]
    each = sum(hidden**2 + 14 * c * hidden + matrices * c**2 for c in sizes)
    parameters = steps * each + sum(9 * c**2 for c in sizes)
    if parameters > MOST_PARAMETERS:
        got += f" with {channels} channels" * (channels != 3)
        raise ValueError(
            f"{name} expects levels, steps and hidden that give up to "
            f"{MOST_PARAMETERS / 1e9:.0f} billion parameters, {got}, that is "
            f"{parameters // 10**9} billion."
        )
