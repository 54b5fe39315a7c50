"""Another ``forward`` for a layer while it is called, so that the call runs all of its hooks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import Any

from torch import nn

from flowcolor.layers.reversible.torch_private import disable_compile

_lock = Lock()


class _StandIn:
    """Stands in the place of ``forward`` while threads call a layer, for each with its own."""

    def __init__(self, layer: nn.Module) -> None:
        self.replaced: Callable[..., Any] = layer.forward
        self.own = vars(layer).get("forward")  # Somebody else's replacement, if any.
        self.of_threads: dict[int, Callable[..., Any]] = {}

    @disable_compile
    def __call__(self, *arguments: Any, **options: Any) -> Any:
        forward = self.of_threads.get(get_ident(), self.replaced)
        return forward(*arguments, **options)


def own_forward(layer: nn.Module) -> Callable[..., Any]:
    """Return the layer's ``forward``, whatever stands in for it in other threads."""
    forward: Callable[..., Any] = layer.forward
    return forward.replaced if isinstance(forward, _StandIn) else forward


@contextmanager
def replaced_forward(layer: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Run the body with another ``forward`` of the layer, in this thread alone."""
    thread = get_ident()
    with _lock:
        stand_in = vars(layer).get("forward")
        if not isinstance(stand_in, _StandIn):
            stand_in = vars(layer)["forward"] = _StandIn(layer)
        before = stand_in.of_threads.get(thread)
        stand_in.of_threads[thread] = forward
    try:
        yield
    finally:
        with _lock:
            del stand_in.of_threads[thread]
            if before is not None:
                stand_in.of_threads[thread] = before
            if not stand_in.of_threads:
                del vars(layer)["forward"]
                if stand_in.own is not None:
                    vars(layer)["forward"] = stand_in.own
