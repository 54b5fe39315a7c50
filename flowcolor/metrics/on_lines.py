"""What every measure at the lines of a drawing asks of its arguments."""

from torch import Tensor

from flowcolor.values import require_colors


def check_on_lines(
    name: str, image: Tensor, drawing: Tensor, threshold: float, **distance: float
) -> None:
    """Refuse what cannot be measured at the lines of a drawing.

    Args:
        name: Who refuses; it begins the message.
        image: Should be :math:`(B, 3, H, W)`, about in [0, 1].
        drawing: Should be :math:`(B, C, H, W)`, about in [0, 1].
        threshold: Should lie above 0 and up to 1.
        distance: One distance by its name; should be finite and above 0.

    Raises:
        ValueError: One of them is not as it should be.
    """
    good = image.ndim == 4 and image.shape[1] == 3 and drawing.ndim == 4
    if not good or (len(drawing), *drawing.shape[2:]) != (len(image), *image.shape[2:]):
        raise ValueError(
            f"{name} expects images of shape (batch, 3, height, width) and drawings of their "
            f"size, got {tuple(image.shape)} and {tuple(drawing.shape)}."
        )
    require_colors(name, image, drawing)
    for what, value in distance.items():
        if not 0 < threshold <= 1 or not 0 < value < float("inf"):
            raise ValueError(
                f"{name} expects a threshold above 0 and up to 1 and a finite {what} above 0, "
                f"got {threshold} and {value}."
            )
