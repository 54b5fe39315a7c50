"""Networks that an earlier stage of training did not have."""

from collections.abc import Mapping

from torch import Tensor, nn


def with_new_networks(model: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return an earlier stage's weights, with the model's own of those networks that it lacks.

    Args:
        model: The model of the later stage.
        state: The weights of the earlier one.
    """
    there = {name.partition(".")[0] for name in state}
    own = model.state_dict()
    new = {name: value for name, value in own.items() if name.partition(".")[0] not in there}
    return {**state, **new}
