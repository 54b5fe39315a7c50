r"""Activation normalisation: the per-channel affine layer of Glow."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.compiler import is_exporting

from flowcolor.arguments import check_count
from flowcolor.layers.base import Condition, Features, InvertibleLayer, LogDet, check_channels
from flowcolor.layers.functional.pixels import count_pixels
from flowcolor.layers.functional.pooled import pooled_mean_and_std
from flowcolor.layers.functional.settable import check_settable, set_parameter
from flowcolor.layers.functional.standardize import by_channel, standardize
from flowcolor.layers.reversible.torch_private import (
    disable_compile,
    has_numbers,
    in_transform,
    without_cached_weights,
)
from flowcolor.layers.reversible.vjp import Rebuilt, ReverseStep, gradients_of
from flowcolor.values import widen

_MOST_CHANNELS = 2**24
_MIN_STD = 1e-4  # Flatter channels (blank paper) are only centred: 1/std would explode.


class ActNorm(InvertibleLayer):
    r"""Shift and scale each channel so that the first training batch comes out standardised.

    .. math:: y = e^{s} \odot (x - \mu), \qquad \log|\det J| = H W \textstyle\sum_c s_c

    :math:`\mu` and :math:`s` are ordinary parameters. The first forward pass in training mode sets
    them from its batch, pooled over the default process group, so every rank has to take part.
    Until then the layer is the identity; a batch that is empty or not finite is not counted as the
    first. Checkpoints record whether it has happened; weights without that record count as
    initialised. Run the first batch, or :meth:`initialize`, before sharding with FSDP, which drops
    parameter updates made inside a forward pass, and before copying weights for averaging.

    Autograd keeps the result, and no more: write to it in place only after the backward pass.

    Args:
        channels: Number of channels :math:`C`.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)` with any spatial axes, for images :math:`(B, C, H, W)`.
        - ``logdet``: :math:`(B,)`.

    Reference:
        Kingma and Dhariwal, "Glow" (2018), section 3.1 and table 1, where
        :math:`b = -e^{s} \odot \mu`. https://arxiv.org/abs/1807.03039

    Example:
        >>> y, logdet = ActNorm(3)(5 + 2 * torch.randn(8, 3, 4, 4))
        >>> bool(y.mean().abs() < 1e-5), logdet.shape
        (True, torch.Size([8]))
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        check_count(self, channels=channels)
        if channels > _MOST_CHANNELS:
            message = f"ActNorm expects channels up to {_MOST_CHANNELS}, got {channels}."
            raise ValueError(message)
        self.channels = channels
        self.loc = nn.Parameter(torch.zeros(channels))
        self.log_scale = nn.Parameter(torch.zeros(channels))
        self.initialized = nn.Buffer(torch.tensor(False))
        self._settled = False  # Host-side echo of `initialized`, because reading that syncs a GPU.
        self.register_load_state_dict_pre_hook(_count_as_initialized)
        self.register_load_state_dict_post_hook(_unsettle)

    @property
    def awaits_data(self) -> bool:
        """Whether the next forward pass in training mode may still set the parameters."""
        return not self._settled

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_channels(self, x, self.channels)
        x = widen(x)
        # One image, as in a transform, is no batch, and an exported one has no numbers.
        if self.training and not (self._settled or in_transform() or is_exporting()):
            self._initialize(x)
        loc, log_scale, logdet = self._affine(x)
        return standardize(x, loc, log_scale), logdet

    def inverse(self, y: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_channels(self, y, self.channels)
        y = widen(y)
        loc, log_scale, logdet = self._affine(y)
        return y * by_channel(-log_scale, y).exp() + by_channel(loc, y), -logdet

    def vjp(self, step: ReverseStep) -> Rebuilt:
        # In closed form, without the graph of a second pass. Not by way of `forward`, which might
        # initialise from what is only rebuilt.
        loc, log_scale = (by_channel(t, step.out) for t in self._affine(step.out)[:2])
        axes = [0, *range(2, step.out.ndim)]
        grad_logdet = count_pixels(step.out) * step.grad_logdet.sum()
        if step.inverse:
            x, grad_x = (step.out - loc) * log_scale.exp(), step.grad_out * (-log_scale).exp()
            grad_loc, grad_log_scale = step.grad_out.sum(axes), -(grad_x * x).sum(axes)
            grad_log_scale = grad_log_scale - grad_logdet
        else:
            x, grad_x = step.out * (-log_scale).exp() + loc, step.grad_out * log_scale.exp()
            grad_loc, grad_log_scale = -grad_x.sum(axes), (step.grad_out * step.out).sum(axes)
            grad_log_scale = grad_log_scale + grad_logdet
        with torch.enable_grad():  # Which may be computed from others, where they are parametrized.
            pairs = [(self.loc, grad_loc), (self.log_scale, grad_log_scale)]
        ends, grads = zip(*((end, grad.to(end.dtype)) for end, grad in pairs), strict=True)
        if all(end.is_leaf for end in ends):  # Autograd, for nothing, would take as long again.
            return Rebuilt(x, grad_x, grad_params=dict(zip(ends, grads, strict=True)))
        return Rebuilt(x, grad_x, grad_params=gradients_of(ends, step.params, grads))

    def _affine(self, x: Features) -> tuple[Tensor, Tensor, LogDet]:
        # Widened first: in half precision exp(s) and exp(-s) are not reciprocal.
        loc, log_scale = self.loc.to(x.dtype), self.log_scale.to(x.dtype)
        return loc, log_scale, count_pixels(x) * log_scale.sum() + x.new_zeros(x.shape[0])

    @disable_compile
    def initialize(self, x: Features) -> None:
        """Set the parameters so that ``x`` comes out standardised, whatever they were before.

        The first forward pass in training mode does so by itself. This is for other occasions: a
        layer in eval mode, or a copy that was made before the first batch.

        Args:
            x: A batch on the data side; with several processes, every one gives a part.

        Raises:
            ValueError: If the batch is empty or not finite, or a parameter is computed in a way
                that cannot be undone; the parameters stay as they were.
        """
        check_channels(self, x, self.channels)
        if not has_numbers(x) or not self._standardize(widen(x)):
            raise ValueError(
                f"ActNorm expects a batch of finite numbers that is not empty, got one of shape "
                f"{tuple(x.shape)}."
            )

    @disable_compile
    def _initialize(self, x: Features) -> None:
        if not has_numbers(x):  # There are only shapes to be told.
            return
        if self.initialized:
            self._settled = True
        else:
            self._standardize(x)

    @torch.no_grad()
    def _standardize(self, x: Features) -> bool:
        mean, std = pooled_mean_and_std(x)
        with without_cached_weights():
            loc = mean.to(self.loc.dtype)
            # An empty batch, or one with NaN or of numbers that the weights' type does not hold,
            # would stay in the parameters for ever. What is looked at is pooled, so that every rank
            # decides alike.
            if not (loc.isfinite() & std.isfinite()).all():
                return False
            for name in ("loc", "log_scale"):
                check_settable(self, name)
            set_parameter(self, "loc", loc)
            set_parameter(self, "log_scale", torch.where(std > _MIN_STD, -std.log(), 0.0))
        self.initialized.fill_(True)
        self._settled = True
        return True


def _count_as_initialized(layer: ActNorm, state: dict[str, Any], prefix: str, *_: object) -> None:
    if prefix + "loc" in state:  # Learned weights without the flag, from a plain export.
        state.setdefault(prefix + "initialized", torch.tensor(True))


def _unsettle(layer: ActNorm, _: object) -> None:
    layer._settled = False  # Lightning's LR finder, for one, rewinds to an untrained state.
