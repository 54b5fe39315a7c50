"""Images as flows over bytes take them: every byte is a bin, and a value is in its middle."""

from torch import Tensor


def to_values(image: Tensor) -> Tensor:
    r"""Return :math:`(255\,x + \frac12) / 256 - \frac12` of an image in [0, 1]."""
    return (255 * image + 0.5) / 256 - 0.5


def to_image(values: Tensor) -> Tensor:
    """Return the image of :func:`to_values`; not clamped."""
    return (256 * (values + 0.5) - 0.5) / 255
