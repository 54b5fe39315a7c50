"""Random numbers of a sub-network, drawn a second time alike."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import string_at
from typing import Any

import torch
from torch import Tensor
from torch.random import fork_rng
from torch.utils.checkpoint import get_device_states, set_device_states


class RandomState:
    """The state of torch's generators, of the CPU and of a tensor's device, at one moment.

    Dropout and stochastic depth draw another mask in every evaluation. A backward pass that
    evaluates a network again has to draw the mask of the forward pass, or gradients are wrong
    without any sign of it.

    Args:
        x: A tensor on the device whose generator counts beside the CPU's.

    Example:
        >>> state = RandomState(torch.empty(0))
        >>> first = torch.rand(3)
        >>> with state.replayed():
        ...     again = torch.rand(3)
        >>> torch.equal(first, again)
        True
    """

    def __init__(self, x: Tensor) -> None:
        self.device_type = x.device.type
        self.cpu = torch.get_rng_state()
        # Asking for those of devices takes longer than small layers do.
        self.devices, self.states = ([], []) if x.is_cpu else get_device_states(x)

    def differs_from(self, other: "RandomState") -> bool:
        """Tell whether random numbers were drawn between the two moments."""
        then, now = [self.cpu, *self.states], [other.cpu, *other.states]
        return [*map(_content, then)] != [*map(_content, now)]

    @contextmanager
    def replayed(self) -> Iterator[None]:
        """Run the body from this state on, then go on with the random numbers of before."""
        # Without devices any known type serves: nothing is asked of it.
        known = self.device_type if self.devices else "cuda"
        with fork_rng(devices=self.devices, device_type=known):
            self.restore()
            yield

    def restore(self) -> None:
        """Go on with the random numbers of this moment."""
        torch.set_rng_state(self.cpu)
        if self.devices:
            set_device_states(self.devices, self.states, device_type=self.device_type)

    def replaying(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that draws the same random numbers in every call."""

        def replay(*arguments: Any) -> Any:
            with self.replayed():
                return function(*arguments)

        return replay


class _Replay(threading.local):
    outside: RandomState | None = None  # Where whoever replays goes on afterwards.


_replay = _Replay()


@contextmanager
def replaying(state: RandomState, x: Tensor) -> Iterator[None]:
    """Run the body from a state on, but for what is :func:`not_replayed`, then go on as before.

    Args:
        state: Where to begin.
        x: A tensor on the device whose generator counts beside the CPU's.
    """
    before, _replay.outside = _replay.outside, RandomState(x)
    state.restore()
    try:
        yield
    finally:
        _replay.outside.restore()
        _replay.outside = before


@contextmanager
def not_replayed(x: Tensor) -> Iterator[None]:
    """Run the body with the random numbers that come next, as what runs backward alone draws."""
    outside = _replay.outside
    if outside is None:
        yield
        return
    inside, _replay.outside = RandomState(x), None
    outside.restore()
    try:
        yield
    finally:
        _replay.outside = RandomState(x)
        inside.restore()


def _content(state: Tensor) -> bytes:
    """Read the bytes of a state, of the CPU in any case, without an operator of torch.

    Operators fail on them where tensors without numbers run through, to count memory.
    """
    return string_at(state.data_ptr(), state.numel())
