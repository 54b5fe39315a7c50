"""What a checkpoint holds of callbacks that a training which goes on from it has not."""

from collections import Counter
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Timer, WeightAveraging

from flowcolor.console import shown
from flowcolor.training.say import say
from flowcolor.training.whole_averages import CURRENT, require_weights
from flowcolor.training.whole_state import damaged

# Last weights replace those before under any intervals, and limits of time are given anew.
_UNNAMED = ("ModelCheckpoint{'monitor': None", Timer.__name__)


def take_other_callbacks(
    checkpoint: dict[str, Any], trainer: Trainer, module: LightningModule
) -> None:
    """Let a training go on without callbacks that it had, in place, and name them.

    Args:
        checkpoint: Whole, but for the weights of an average.
        trainer: With the callbacks of today.
        module: What is to be trained.

    Raises:
        InputError: The weights beside an average are others than the model's, or a callback has
            no name.
    """
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    known = [each.state_key for each in callbacks]
    if CURRENT in checkpoint and not any(isinstance(each, WeightAveraging) for each in callbacks):
        weights = checkpoint[CURRENT]
        if not isinstance(weights, dict):
            raise damaged("weights", CURRENT)
        require_weights(weights, checkpoint, module)
        # Lightning would go on from the average, of which the optimizer knows nothing.
        checkpoint["state_dict"] = weights
    states = checkpoint["callbacks"]
    if not all(isinstance(key, str) for key in states):
        raise damaged("names of callbacks", "callbacks")
    own, kept = Counter(map(_choice, known)), Counter(map(_choice, states))
    for key in [key for key in states if key not in known and not key.startswith(_UNNAMED)]:
        choice = _choice(key)
        if choice not in own:
            say(f"other than in the checkpoint: no {shown(choice)}")
        elif own[choice] == kept[choice] == 1:  # Of several, none is known to be the same.
            states[next(name for name in known if _choice(name) == choice)] = states[key]


def _choice(key: str) -> str:
    """Return the name of a callback's state without how often it looks for a better checkpoint.

    The best is as good under other intervals; Lightning would replace it by the next.

    Example:
        >>> _choice("ModelCheckpoint{'monitor': 'loss', 'every_n_train_steps': 1}")
        "ModelCheckpoint{'monitor': 'loss'}"
    """
    name, cut, _ = key.partition(", 'every_n_train_steps'")
    return f"{name}}}" if cut else key
