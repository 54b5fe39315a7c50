"""What a step of a training depends on beside its model and data; limits and hardware are not."""

from collections.abc import Mapping
from typing import Any, get_type_hints

from lightning import Trainer

SEED = "seed_everything"
_NAMES = (
    "accumulate_grad_batches",
    "gradient_clip_algorithm",
    "gradient_clip_val",
    "limit_train_batches",
    "overfit_batches",
    "precision",
)


def step_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a configuration that checkpoints keep for a training to go on as it was.

    Args:
        config: Of a whole command, in plain values.
    """
    kept = {"trainer": {name: config["trainer"][name] for name in _NAMES}}
    # Any seed is drawn anew for `true`, and none set for `false`.
    return kept if isinstance(config[SEED], bool) else kept | {SEED: config[SEED]}


def step_hints() -> dict[str, Any]:
    """Return the types of these options of the trainer."""
    hints = get_type_hints(Trainer.__init__)
    return {name: hints[name] for name in _NAMES}
