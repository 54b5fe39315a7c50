"""What is coloured: drawings or grey photographs; not every method takes both."""

from typing import Any

from flowcolor.errors import InputError
from flowcolor.models.base import Colorizer


def require_content(colorizer: Colorizer, content: str) -> None:
    """Refuse what a colorizer does not colour.

    Raises:
        InputError: The content is none that it takes.
    """
    if content not in colorizer.content:
        raise InputError(
            f"{type(colorizer).__name__} expects data.content to be "
            f"{' or '.join(sorted(colorizer.content))}, got {content}."
        )


def require_heard(colorizer: Colorizer, data: Any) -> None:
    """Refuse to train with points that a colorizer does not look at; a test scores them.

    Args:
        colorizer: What is trained.
        data: The data module, or none.

    Raises:
        InputError: The augmentation draws points, and the colorizer takes none.
    """
    hints = getattr(getattr(data, "augment", None), "hints", None)
    if hints is not None and colorizer.hints == "unused":
        name = type(colorizer).__name__
        raise InputError(
            f"data.augment.hints expects a model that takes hints, got {name}, which takes none as "
            "it is configured."
        )


def require_labels(regions: str, data: Any) -> None:
    """Refuse to say what the numbers of label maps mean where the photographs have none.

    Args:
        regions: The option of a test.
        data: The data module.

    Raises:
        InputError: It would do nothing.
    """
    where = data.test or data.train
    if regions != "faces" and where.labels is None:
        raise InputError(
            f"--regions {regions} expects label maps, as data.test.labels or data.train.labels, "
            "got none."
        )
