r"""Hints beside a condition: what is known of the drawing's own places."""

from torch import Tensor, nn

from flowcolor.arguments import check_count, check_module, check_parameters, plain_numbers
from flowcolor.layers.base import check_tensor
from flowcolor.layers.functional.planes import check_condition
from flowcolor.layers.subnetwork import call_network


class HintedAggregation(nn.Module):
    r"""Add hints, which lie at the places of the drawing, to what another aggregation returns.

    .. math:: y = \mathrm{aggregate}(x, c) + W_2 \max(W_1 h, 0)

    The condition is :math:`[c, h]`, stacked along the channels; or :math:`c` alone, which is as if
    :math:`h` were zero and costs nothing. Neither matrix has a bias, and :math:`W_2` starts at
    zero: where nothing is hinted nothing is added, and a model that never saw hints may be trained
    on with them.

    Args:
        aggregate: The aggregation, of conditions of ``condition_channels``.
        out_channels: Channels of what it returns.
        condition_channels: Channels :math:`C` of :math:`c`.
        hint_channels: Channels :math:`K` of :math:`h`.
        hidden: Channels of :math:`W_1 h`.

    Shape:
        - ``x``: :math:`(B, d, H, W)`.
        - ``condition``: :math:`(B, C, H', W')`, or with hints :math:`(B, C + K, H, W)`.
        - result: that of ``aggregate``.

    Raises:
        ValueError: A size is below 1, or the hints lie at other places than ``x``.

    Example:
        >>> import torch
        >>> from flowcolor.layers import ConcatAggregation
        >>> fuse = HintedAggregation(ConcatAggregation(4, 8), 4, 8, hint_channels=3)
        >>> x, condition, hints = torch.randn(4, 6, 6), torch.randn(8, 6, 6), torch.randn(3, 6, 6)
        >>> fuse(x[None], torch.cat([condition, hints])[None]).shape
        torch.Size([1, 4, 6, 6])
    """

    @plain_numbers
    def __init__(
        self,
        aggregate: nn.Module,
        out_channels: int,
        condition_channels: int,
        hint_channels: int,
        hidden: int = 64,
    ) -> None:
        super().__init__()
        check_module(self, aggregate=aggregate)
        check_count(
            self,
            out_channels=out_channels,
            condition_channels=condition_channels,
            hint_channels=hint_channels,
            hidden=hidden,
        )
        sizes = {"hint_channels": hint_channels, "hidden": hidden, "out_channels": out_channels}
        check_parameters(self, hidden * (hint_channels + out_channels), **sizes)
        self.aggregate = aggregate
        self.parts = [condition_channels, hint_channels]
        first = nn.Conv2d(hint_channels, hidden, kernel_size=1, bias=False)
        last = nn.Conv2d(hidden, out_channels, kernel_size=1, bias=False)
        nn.init.zeros_(last.weight)
        self.hints = nn.Sequential(first, nn.ReLU(), last)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Return what ``aggregate`` makes of ``x`` and the condition, and the hints in it."""
        check_tensor(self, x)
        check_condition(self, x, condition)
        if condition.ndim != 4 or condition.shape[1] != sum(self.parts):
            unhinted: Tensor = self.aggregate(x, condition)  # Which refuses any other shape.
            return unhinted
        if condition.shape[2:] != x.shape[2:]:
            raise ValueError(
                f"HintedAggregation expects hints at the places of x, {tuple(x.shape[2:])}, got "
                f"{tuple(condition.shape[2:])}."
            )
        seen, hints = condition.split(self.parts, 1)
        alone = call_network(self, self.aggregate, x, seen)
        hinted = self.hints(hints.to(x.dtype))
        if alone.shape != hinted.shape:
            raise ValueError(
                f"HintedAggregation expects its aggregation to return shape {tuple(hinted.shape)}, "
                f"got {tuple(alone.shape)}."
            )
        result: Tensor = alone + hinted.to(alone.dtype)
        return result
