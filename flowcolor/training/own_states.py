"""What each of several processes keeps for itself beside tensors, as pools of pictures."""

from typing import Any

from lightning import LightningModule
from torch import nn

from flowcolor.evaluation.scores import gather_all
from flowcolor.training.whole_state import damaged

_KEY = "states_of_processes"
_WEIGHTS = ("state_dict", "current_model_state")  # The second, where there is an average of them.


def note_own_states(checkpoint: dict[str, Any], module: LightningModule) -> None:
    """Add the states of all processes to a checkpoint, which else holds those of the first."""
    own = {
        f"{name}._extra_state": part.get_extra_state()
        for name, part in module.named_modules()
        if type(part).get_extra_state is not nn.Module.get_extra_state
    }
    if own and module.trainer.world_size > 1:
        checkpoint[_KEY] = gather_all(own)


def take_own_states(checkpoint: dict[str, Any], module: LightningModule) -> None:
    """Let a process go on with its own states, in place, and not with those of the first.

    Where there were more or fewer processes, all go on with those of the first.

    Raises:
        InputError: The states are those of something else.
    """
    states = checkpoint.get(_KEY, [])
    found = [checkpoint[name] for name in _WEIGHTS if isinstance(checkpoint.get(name), dict)]
    if not isinstance(states, list) or not all(
        isinstance(own, dict) and all(own.keys() <= weights.keys() for weights in found)
        for own in states
    ):
        raise damaged("what each process keeps", _KEY)
    if len(states) == module.trainer.world_size:
        for weights in found:
            weights |= states[module.trainer.global_rank]
