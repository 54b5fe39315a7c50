"""What is coloured: drawings or grey photographs; not every method takes both."""

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
