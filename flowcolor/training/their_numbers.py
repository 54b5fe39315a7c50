"""Numbers of torch's optimizers and schedules and of Lightning's callbacks, which those let pass.

A schedule of -1 epochs never lowers the rate, and a patience of -1 ends a training at once.
"""

from argparse import Namespace
from datetime import timedelta
from numbers import Real
from typing import Any

from flowcolor.bounds import within
from flowcolor.errors import InputError

_THEIRS = ("torch.optim.", "lightning.")
# Of what is monitored; and for "all" and an exponent, which their classes look at.
_SIGNED = {"min_delta", "stopping_threshold", "divergence_threshold"}
_SIGNED |= {"save_top_k", "max_depth", "beta2_decay", "ns_coefficients"}


def check_their_numbers(value: Any, name: str, are_theirs: bool = False) -> None:
    """Refuse numbers below 0 and those that are not finite, wherever they lie in a configuration.

    Args:
        value: Parsed options; a class among them has its ``class_path`` and ``init_args``.
        name: The option, as the user writes it.
        are_theirs: Whether the options are those of a class of torch or Lightning.

    Raises:
        InputError: It names the first.
    """
    if isinstance(value, Namespace):
        value = vars(value)
    if isinstance(value, dict) and "class_path" in value:
        are_theirs = str(value["class_path"]).startswith(_THEIRS)
        check_their_numbers(value.get("init_args"), name, are_theirs)
    elif isinstance(value, dict):
        for key, part in value.items():
            check_their_numbers(part, f"{name}.{key}".lstrip("."), are_theirs)
    elif isinstance(value, list | tuple):
        for part in value:
            check_their_numbers(part, name, are_theirs)
    elif are_theirs:
        _check(value, name)


def _check(value: Any, name: str) -> None:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if not isinstance(value, Real) or isinstance(value, bool):
        return
    last = name.rpartition(".")[2]
    if last == "last_epoch":
        if value != -1:
            raise InputError(f"{name} expects -1, because --ckpt_path goes on, got {value}.")
    elif last not in _SIGNED:
        within(name, value, 0)  # type: ignore[arg-type]
    elif value != value:
        raise InputError(f"{name} expects a number, got {value}.")
