"""What an objective asks of its loss, which may be somebody's own."""

from torch import Tensor, nn

from flowcolor.errors import InputError
from flowcolor.values import kind_of


def prepare_loss(loss: nn.Module) -> None:
    """Let a loss read what it needs, if it is one of those that do."""
    prepare = getattr(loss, "prepare", None)
    if prepare is not None:
        prepare()


def terms_of(loss: nn.Module, *images: Tensor) -> dict[str, Tensor]:
    """Return the terms of a loss by name, as those of ``flowcolor.losses`` give them.

    Raises:
        InputError: It gives something else, as those of torch do.
    """
    terms = loss(*images)
    if not isinstance(terms, dict) or "loss" not in terms:
        raise InputError(
            f"An objective expects terms by name of {type(loss).__name__}, with loss, got "
            f"{kind_of(terms)}."
        )
    return dict(terms)
