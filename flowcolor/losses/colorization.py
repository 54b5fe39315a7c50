"""What training minimises: the distance between a colorized drawing and its true photograph."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from flowcolor.errors import InputError
from flowcolor.layers.reversible.torch_private import disable_compile
from flowcolor.losses.vgg_distance import vgg_distance
from flowcolor.pretrained.vgg import VGGActivations

# Of JPEG, whose luma is Rec. 601's; chroma reaches from -1/2 to 1/2.
_YUV = (
    (0.299, 0.587, 0.114),
    (-0.299 / 1.772, -0.587 / 1.772, 0.5),
    (0.5, -0.587 / 1.402, -0.114 / 1.402),
)
_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")


class ColorizationLoss(nn.Module):
    r"""Weighted sum of how far a result is from the truth in pixels, in VGG16 and in structure.

    .. math:: L = w_1 \, \overline{|\hat I - I|} + w_p L_{percp}(\hat I, I)
                  + w_s (1 - \mathrm{SSIM}(\hat I, I))

    A term with weight 0 is neither computed nor returned, and without the perceptual term VGG16 is
    never looked for. SSIM is torchmetrics', which averages up to the reflected border. All terms
    are evaluated in float32 or wider; only VGG16 follows autocast.

    With ``chroma``, the absolute difference is taken in YUV, where it can pay for colour:
    :math:`\overline{|\Delta Y|} + c\,\overline{|\Delta U| + |\Delta V|}` instead of
    :math:`\overline{|\hat I - I|}`. In RGB a wrong hue costs little beside a wrong brightness, and
    results come out greyer than the truth.

    Args:
        l1: Weight :math:`w_1` of the mean absolute difference.
        perceptual: Weight :math:`w_p` of :class:`PerceptualLoss`.
        ssim: Weight :math:`w_s` of the structural term, which needs no pretrained network.
        chroma: How much more a difference in U and V counts than one in Y, :math:`c`. ``None``:
            the difference is taken in RGB.
        vgg16: File with VGG16's weights, whole or ``features`` only, ``.pth`` or ``.safetensors``.
            ``None`` means the torch hub cache, else a download of 528 MB.
        random_weights: Use a random VGG16. The loss is then comparable with no other.
        chunk: How many images go through VGG16 at once, see :class:`PerceptualLoss`.

    Raises:
        InputError: If a weight is negative or none is positive.

    Shape:
        - ``result``, ``truth``: :math:`(B, 3, H, W)`, truth in :math:`[0, 1]`; sides of at least
          16 with the perceptual term and 6 with SSIM.
        - output: scalars by name: ``loss`` is the weighted sum, ``l1``, ``perceptual`` and
          ``ssim`` are the terms before weighting (``ssim`` is :math:`1 - \mathrm{SSIM}`).

    Reference:
        Eq. 3.22 and 3.23 and section 3.5 of the thesis: 10 to 1 and no structural term. Its
        perceptual sum is read as a sum of means, so that no weight depends on the image size.

    Example:
        >>> loss = ColorizationLoss(perceptual=0)
        >>> sorted(loss(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)))
        ['l1', 'loss']
    """

    def __init__(
        self,
        l1: float = 10.0,
        perceptual: float = 1.0,
        ssim: float = 0.0,
        *,
        chroma: float | None = None,
        vgg16: str | Path | None = None,
        random_weights: bool = False,
        chunk: int | None = 4,
    ) -> None:
        super().__init__()
        if chroma is not None and not 0 <= chroma < float("inf"):
            raise InputError(f"chroma expects a finite number of at least 0, got {chroma}.")
        self.chroma = chroma
        weights = {"l1": l1, "perceptual": perceptual, "ssim": ssim}
        if not all(0 <= weight < float("inf") for weight in weights.values()):
            raise InputError(f"Loss weights must be finite and not negative, got {weights}.")
        if not any(weights.values()):
            raise InputError("At least one loss weight must be positive, got only zeros.")
        self.weights = weights
        self.random_weights = random_weights and perceptual > 0
        self.perceptual = PerceptualLoss(vgg16, random_weights=random_weights, chunk=chunk)

    def prepare(self) -> None:
        """Read VGG16's weights if this loss needs them, so that missing ones fail early."""
        if self.weights["perceptual"] > 0:
            self.perceptual.prepare()

    def forward(
        self,
        result: Float[Tensor, "batch 3 height width"],
        truth: Float[Tensor, "batch 3 height width"],
    ) -> dict[str, Tensor]:
        _check(self, result, truth, smallest=6 if self.weights["ssim"] else 1)
        compute: dict[str, Callable[[Tensor, Tensor], Tensor]]
        compute = {"l1": self._l1, "perceptual": self.perceptual, "ssim": _one_minus_ssim}
        terms = {name: compute[name](result, truth) for name, w in self.weights.items() if w > 0}
        total = torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()
        return {"loss": total, **terms}

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={weight}" for name, weight in self.weights.items())

    def _l1(self, result: Tensor, truth: Tensor) -> Tensor:
        difference = _wide(result) - _wide(truth)
        if self.chroma is None:
            return difference.abs().mean()
        yuv = torch.tensordot(difference.new_tensor(_YUV), difference, ([1], [1]))
        luma, u, v = yuv.abs().mean((1, 2, 3)).unbind()
        weighted: Tensor = luma + self.chroma * (u + v)
        return weighted


class PerceptualLoss(nn.Module):
    r"""Mean squared difference of VGG16's activations, summed over five layers.

    .. math:: L_{percp} = \sum_{i \in S} \overline{(\phi_i(\hat I) - \phi_i(I))^2}, \qquad
              S = \{\text{relu1\_2}, \text{relu2\_2}, \text{relu3\_3}, \text{relu4\_3},
                    \text{relu5\_3}\}

    The gradient of each chunk is computed together with its value, and only that gradient, as
    large as the images, is kept for the backward pass
    (:func:`~flowcolor.losses.vgg_distance.vgg_distance`). So no activation outlives this call, nothing is
    evaluated twice, and the loss can be differentiated once. Value and gradient do not depend on
    ``chunk``.

    Under float16 autocast VGG16 runs in float32: a gradient scaler could no longer save gradients
    that are computed before it scales.

    Args:
        vgg16: File with the weights, see :class:`ColorizationLoss`.
        random_weights: Use random weights, see :class:`~flowcolor.pretrained.vgg.VGGActivations`.
        chunk: How many images go through the network at once; ``None`` means all.

    Shape:
        - ``result``, ``truth``: :math:`(B, 3, H, W)` in :math:`[0, 1]`, sides of at least 16.
        - output: scalar.

    Reference:
        Johnson et al., "Perceptual losses for real-time style transfer" (2016), in the form of
        eq. 3.23 of the thesis. https://arxiv.org/abs/1603.08155
    """

    def __init__(
        self,
        vgg16: str | Path | None = None,
        *,
        random_weights: bool = False,
        chunk: int | None = 4,
    ) -> None:
        super().__init__()
        if chunk is not None and chunk < 1:
            raise InputError(f"`chunk` must be a positive number of images, got {chunk}.")
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
        _check(self, result, truth, smallest=16)
        if not torch.is_grad_enabled():  # The function below cannot see that by itself.
            result, truth = result.detach(), truth.detach()
        value: Tensor = _ChunkedDistance.apply(
            result, truth, self.activations, self.chunk or len(result)
        )
        return value

    def extra_repr(self) -> str:
        return repr(self.activations)


class _ChunkedDistance(torch.autograd.Function):
    """The formula of :class:`PerceptualLoss`; its gradients are ready when ``forward`` ends."""

    @staticmethod
    def forward(
        ctx: Any, result: Tensor, truth: Tensor, activations: VGGActivations, chunk: int
    ) -> Tensor:
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
        ctx.save_for_backward(*(torch.cat(parts) if parts else None for parts in gradients))
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        result, truth = (g if g is None else grad * g for g in ctx.saved_tensors)
        return result, truth, None, None


def _one_minus_ssim(result: Tensor, truth: Tensor) -> Tensor:
    # Local import: costs seconds, and the term is off by default.
    from torchmetrics.functional.image import structural_similarity_index_measure

    # Its variances are differences of nearly equal numbers; bfloat16 would leave nothing of them.
    with torch.autocast(result.device.type, enabled=False):
        ssim = structural_similarity_index_measure(_wide(result), _wide(truth), data_range=1.0)
    return 1 - cast(Tensor, ssim)  # It is a tuple only if more is asked for.


def _wide(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _without_float16(device_type: str) -> AbstractContextManager[Any]:
    """Switch float16 autocast off, see :class:`PerceptualLoss`; leave any other as it is."""
    enabled = torch.is_autocast_enabled(device_type)
    if enabled and torch.get_autocast_dtype(device_type) == torch.float16:
        return torch.autocast(device_type, enabled=False)
    return nullcontext()


def _check(loss: nn.Module, result: Tensor, truth: Tensor, smallest: int) -> None:
    """Refuse what would broadcast, be empty or come out as NaN."""
    good = result.ndim == 4 and result.shape[1] == 3 and min(result.shape[2:]) >= smallest
    if not good or truth.shape != result.shape or len(result) == 0:
        raise ValueError(
            f"{type(loss).__name__} expects two batches of shape (batch, 3, height, width) with "
            f"sides of at least {smallest}, got {tuple(result.shape)} and {tuple(truth.shape)}."
        )
