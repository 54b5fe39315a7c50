r"""The contract that every flowcolor layer obeys."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, TypeAlias

from jaxtyping import Float
from torch import Tensor, nn

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import shown_value
from flowcolor.layers.reversible.torch_private import is_batched
from flowcolor.layers.reversible.vjp import Rebuilt, ReverseStep, invert_then_differentiate
from flowcolor.values import is_float, is_strided, kind_of

Features: TypeAlias = Float[Tensor, "batch channels *spatial"]
Latent: TypeAlias = Float[Tensor, " batch *latent"]
Condition: TypeAlias = Float[Tensor, "batch ..."]  # One list holds several shapes.
LogDet: TypeAlias = Float[Tensor, " batch"]
Result: TypeAlias = tuple[Tensor, LogDet]


class InvertibleLayer(nn.Module, ABC):
    r"""A bijection :math:`y = f(x; c)` that reports its own log-determinant.

    Concrete layers keep these promises; :func:`flowcolor.testing.check_invertible` tests the first
    three and the fifth.

    1. ``inverse`` undoes ``forward`` under the same ``condition``, and the other way round.
    2. ``logdet`` is :math:`\log|\det J|` of the direction that was called: one number per sample,
       float32 (float64 for a float64 input), so the log-dets of a round trip sum to zero.
    3. Samples do not influence each other: what happens to an image does not depend on its batch.
    4. A layer without use for ``condition`` ignores it, so that any layer fits into any chain.
       One that needs a condition and gets none raises ``ValueError``.
    5. The caller's tensors are never changed.
    6. Under autocast, or with weights in half precision, only sub-networks run in low precision. A
       bfloat16 or float16 ``x`` is widened to float32 first, because rounding is not a bijection.

    ``forward`` and ``inverse`` make a layer. The other methods suit every layer as they are.

    Attributes:
        num_conditions: How many conditions the layer consumes from the list that a
            :class:`~flowcolor.layers.Chain` is given: 0 if unconditional, 1 if conditional.
        vjp_takes_lists: Whether :meth:`vjp` knows what to do with a list of conditions, which only
            layers that hold other layers are ever given.
        draws_alike: Whether ``inverse`` draws its random numbers in the order in which ``forward``
            does, as where networks are called in one order both ways. Of any other layer that draws
            some, reversible training keeps the input.
    """

    num_conditions: int = 0
    vjp_takes_lists: ClassVar[bool] = False
    draws_alike: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" in vars(cls):  # Every constructor computes with what it is given.
            cls.__init__ = plain_numbers(cls.__init__)  # type: ignore[method-assign]

    @abstractmethod
    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Latent, LogDet]:
        """Map data towards the latent, returning ``(y, logdet)``."""

    @abstractmethod
    def inverse(self, y: Latent, condition: Condition | None = None) -> tuple[Features, LogDet]:
        """Map a latent towards data, returning ``(x, logdet)``."""

    def vjp(self, step: ReverseStep) -> Rebuilt:
        """Rebuild the input from the output and differentiate: one step of a reversible backward.

        This one works for every layer: it inverts, then evaluates again with gradients. Override
        it where one evaluation serves both, as in a coupling, or where a closed form exists; it is
        called without gradients enabled and, under autocast, with autocast as in the forward pass.
        """
        if step.inverse:
            return invert_then_differentiate(self.inverse, self.forward, step)
        return invert_then_differentiate(self.forward, self.inverse, step)

    def differentiate(self, step: ReverseStep) -> Rebuilt:
        """Do :meth:`vjp`, or what works for every layer where its own way does not serve.

        A layer that draws random numbers cannot go its own way, which evaluates its networks in
        another order; nor can one that is given a list of conditions and knows one alone, or many
        gradients at once, for which there is no room in place.
        """
        several = step.condition is not None and not isinstance(step.condition, Tensor)
        many = is_batched(step.grad_out) or is_batched(step.grad_logdet)
        if many or step.random is not None or (several and not self.vjp_takes_lists):
            return InvertibleLayer.vjp(self, step)
        answer = self.vjp(step)
        check_rebuilt(self, answer)
        return answer

    def fold_inverse(self, before: "InvertibleLayer") -> "Callable[[Tensor], Result] | None":
        """Offer to undo this layer and then the one ``before`` it, neither with a condition.

        A chain that is run backwards asks each layer but the first and calls the offer in place of
        both layers' ``inverse``. ``None`` where one by one is as good, or where gradients are
        wanted that the offer would not give.
        """
        return None

    def steps(self, condition: Any, *, inverse: bool) -> "list[Step]":
        """Return the steps that a call consists of: several for a layer that is made of layers."""
        return [Step(self, condition, inverse)]


@dataclass
class Step:
    """One layer of a chain, in the direction in which it is run."""

    layer: InvertibleLayer
    condition: Any
    inverse: bool

    def run(self, x: Tensor) -> Result:
        """Apply the layer in this step's direction."""
        function: Callable[..., Result] = self.layer.inverse if self.inverse else self.layer
        return as_pair(self.layer, function(x, self.condition))


def folded(steps: "Iterable[Step]") -> "list[Callable[[Tensor], Result]]":
    """Return what runs these steps; neighbours in a way back whose layers offer it are one run."""
    runs: list[Callable[[Tensor], Result]] = []
    last: Step | None = None  # What was run last, unless that are two layers by now.
    for step in steps:
        offer = last.layer.fold_inverse(step.layer) if last and step.inverse else None
        if last is None or offer is None:
            runs.append(step.run)
            last = step
        else:
            runs[-1], last = partial(_run_offer, last.layer, offer), None
    return runs


def _run_offer(layer: nn.Module, offer: "Callable[[Tensor], Result]", y: Tensor) -> Result:
    return as_pair(layer, offer(y))


def as_pair(layer: nn.Module, result: object, owner: str = "Chain") -> Result:
    """Return what a layer returned, unless that is no pair: a batch of two would pass for one.

    Nor may its logdet be of another shape: added to those of other layers, the sum over a batch
    would count for each sample, and a column would become a matrix.
    """
    name = type(layer).__name__
    y, logdet = result if isinstance(result, tuple) and len(result) == 2 else (result, None)
    if not isinstance(y, Tensor) or y is result:
        kind = type(y).__name__
        raise ValueError(
            f"{owner} expects layers to return a tensor and its logdet, got {kind} of {name}."
        )
    if not isinstance(logdet, Tensor) or logdet.shape != y.shape[:1]:
        got = f"shape {tuple(logdet.shape)}" if isinstance(logdet, Tensor) else kind_of(logdet)
        raise ValueError(
            f"{owner} expects layers to return a logdet of shape {tuple(y.shape[:1])}, one number "
            f"for each sample, got {got} of {name}."
        )
    return y, logdet


def check_rebuilt(layer: nn.Module, answer: object) -> None:
    """Raise ``ValueError`` if gradients would be lost of what a layer answers in ``vjp``."""
    fault = _fault_of(answer)
    if fault:
        raise ValueError(f"{type(layer).__name__} expects its vjp to return {fault}.")


def _fault_of(answer: object) -> str:
    if not isinstance(answer, Rebuilt):
        return f"a Rebuilt, got {type(answer).__name__}"
    for x in (answer.x, answer.grad_x):
        if not isinstance(x, Tensor):
            return f"x and grad_x that are tensors, got {kind_of(x)}"
    if answer.x.shape != answer.grad_x.shape:
        shapes = f"{tuple(answer.x.shape)} and {tuple(answer.grad_x.shape)}"
        return f"x and grad_x of one shape, got {shapes}"
    for key in answer.grad_params:
        if not isinstance(key, Tensor):
            return f"grad_params by parameter, got {shown_value(key)}"
    return ""


def check_tensor(layer: object, x: object) -> None:
    """Raise ``ValueError`` unless ``x`` is a batch of floats: bytes are no data of a bijection."""
    name = type(layer).__name__
    if not isinstance(x, Tensor) or not is_strided(x):
        raise ValueError(f"{name} expects a float tensor, got {kind_of(x)}.")
    if not x.ndim:
        raise ValueError(f"{name} expects a batch, got a single number.")
    if not is_float(x):
        raise ValueError(f"{name} expects a float tensor, got a tensor of {x.dtype}.")


def one_condition(layer: object, condition: object) -> Tensor:
    """Return a condition that is one tensor, of any type; raise ``ValueError`` for others."""
    if isinstance(condition, Tensor) and is_strided(condition):
        return condition
    name = type(layer).__name__
    if condition is None:
        raise ValueError(f"{name} expects a condition, got None.")
    raise ValueError(f"{name} expects a condition to be a tensor, got {kind_of(condition)}.")


def check_channels(layer: nn.Module, x: Tensor, channels: int) -> None:
    """Raise ``ValueError`` unless ``x`` looks like ``(batch, channels, *spatial)``."""
    check_tensor(layer, x)
    if x.ndim < 2 or x.shape[1] != channels:
        raise ValueError(
            f"{type(layer).__name__} expects an input of shape (batch, {channels}, *spatial), "
            f"got {tuple(x.shape)}."
        )


def to_float64(x: Tensor) -> Tensor:
    """Return ``x`` in float64 where the device has it (Apple's GPUs do not)."""
    return x if x.device.type == "mps" else x.double()
