r"""iUNet: plain regression with an invertible U-Net in the middle."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from flowcolor.arguments import check_choice
from flowcolor.layers.chain import Memory
from flowcolor.models.base import Colorizer, Content, Precision, Use
from flowcolor.models.hints import Hints
from flowcolor.models.iunet_flow import check_iunet_sizes, iunet_flow
from flowcolor.models.memory_mode import MemoryMode


class IUNet(MemoryMode, Colorizer):
    r"""Map a content and a reference to an image, through a U-Net that keeps nothing for training.

    .. math:: I_{rec} = P\, f\big(K * [I_s, I_{ref}] + b\big) + b'

    with a 3x3 convolution :math:`K` that lifts six channels to those of the flow :math:`f`, see
    :func:`~flowcolor.models.iunet_flow`, and a 1x1 convolution :math:`P`. The flow can be undone,
    the convolutions around it cannot, so the colorizer is not exact. It has no attention: it looks
    for colours where they are in the reference, and suits references that lie alike. The paper's
    networks segment and reconstruct; to colour with one is flowcolor's own use of it.

    Args:
        channels: Channels of each level, the finest first.
        couplings: Couplings on each side of a level.
        norm_eps: Added to the variances of the instance normalisation, see
            :func:`~flowcolor.models.iunet_flow`.
        memory: What training keeps, see :class:`~flowcolor.layers.Chain`; results and gradients
            are the same. May be set on a built model.

    Attributes:
        lift: The convolution :math:`K`.
        flow: The flow :math:`f`.
        project: The convolution :math:`P`.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of ``multiple``, at least
          two of them.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Etmann et al., "iUNets: learnable invertible up- and downsampling for large-scale inverse
        problems" (2020). https://arxiv.org/abs/2005.05220

    Example:
        >>> model = IUNet((8, 16), couplings=1).eval()
        >>> model.colorize(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16)).shape
        torch.Size([1, 3, 16, 16])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    precision: ClassVar[Precision] = "full"
    reference: Use = "required"
    least = 2

    def __init__(
        self,
        channels: Sequence[int] = (64, 128, 256, 384),
        couplings: int = 2,
        *,
        norm_eps: float = 0.1,
        memory: Memory = "none",
    ) -> None:
        super().__init__()
        check_iunet_sizes(self, channels, couplings, norm_eps)
        check_choice(self, memory=(memory, Memory))  # Here: modules pass by properties.
        self.config: dict[str, Any] = {
            "channels": list(channels),
            "couplings": couplings,
            "norm_eps": norm_eps,
        }
        self.multiple = 2 ** (len(channels) - 1)
        self.lift = nn.Conv2d(6, channels[0], kernel_size=3, padding=1)
        self.flow = iunet_flow(channels, couplings, norm_eps)
        self.project = nn.Conv2d(channels[0], 3, kernel_size=1)
        self.memory = memory

    def colorize(
        self,
        content: Tensor,
        reference: Tensor | None = None,
        *,
        reference_content: Tensor | None = None,
        hints: Hints | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Paint ``content`` with the colours of ``reference``.

        Raises:
            ValueError: As those of :meth:`Colorizer.colorize`, or the reference has another shape.
        """
        self.check_inputs(content, reference, hints, temperature, generator)
        reference = cast(Tensor, reference)
        if content.shape != reference.shape:
            raise ValueError(
                "IUNet expects a content and a reference of the same shape, got "
                f"{tuple(content.shape)} and {tuple(reference.shape)}."
            )
        result: Tensor = self.project(self.flow(self.lift(torch.cat([content, reference], 1)))[0])
        return result
