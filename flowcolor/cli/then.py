"""``--then gatys``: what paints, followed by an optimisation of its result."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowcolor.cli.settings import read_settings
from flowcolor.errors import InputError

if TYPE_CHECKING:
    from flowcolor.inference import Painter


def followed_by(painter: "Painter", words: Sequence[str], device: str) -> "Painter":
    """Return a painter whose results a second method refines.

    Args:
        painter: What paints first.
        words: ``gatys`` and its options, each ``NAME=VALUE``.
        device: Where it works.

    Raises:
        InputError: The words name another method, or an option that it has not.
    """
    from flowcolor.inference import Painter
    from flowcolor.models import Gatys
    from flowcolor.models.methods import untrained_method
    from flowcolor.models.then import Then

    if words[0] != "gatys":
        raise InputError(f"--then expects gatys, which refines a picture, got {words[0]!r}.")
    second = untrained_method("gatys", read_settings(words[1:], "--then"))
    assert isinstance(second, Gatys)  # noqa: S101 - of that name there is one class
    both = Then(painter.colorizer, second.to(device)).eval()
    return Painter(both, painter.size, f"{painter.name}, then gatys")
