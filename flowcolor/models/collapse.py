"""Whether the latents of references still say anything."""

from jaxtyping import Float
from torch import Tensor

from flowcolor.values import require_fractions, widen

COLLAPSED = 1e-3  # What numbers of the order of 1 differ by when they say nothing.


def latent_spread(codes: Float[Tensor, "number latent"]) -> float:
    r"""Return by how much latents of different pictures differ in the number that differs most.

    .. math:: \max_d \mathrm{std}_n\, l_{n,d}

    Below :data:`COLLAPSED` all pictures have one latent, so that none has a say in the result: a
    network that can do without its reference learns to.

    Raises:
        ValueError: There are fewer than two pictures, of which nothing can be said, or these are
            no float numbers.

    Example:
        >>> import torch
        >>> latent_spread(torch.tensor([[0.0, 1.0], [0.0, 3.0]]))
        1.0
    """
    require_fractions("latent_spread", codes)
    if codes.ndim != 2 or len(codes) < 2 or not codes.shape[1]:
        raise ValueError(
            "latent_spread expects latents of two pictures or more, of shape (number, latent), "
            f"got {tuple(codes.shape)}."
        )
    return float(widen(codes.detach()).std(0, correction=0).max())


def is_collapsed(codes: Float[Tensor, "number latent"]) -> bool:
    """Tell whether :func:`latent_spread` is below :data:`COLLAPSED`, or is not a number."""
    return not latent_spread(codes) >= COLLAPSED
