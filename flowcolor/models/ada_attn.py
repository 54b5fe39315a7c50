r"""AdaAttN: each place of a content takes the statistics of what it attends to in a photograph."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, cast

import torch
from torch import Tensor

from flowcolor.arguments import check_choice, check_count, check_flag
from flowcolor.color import to_gray, with_luma
from flowcolor.models.ada_attn_nets import MergingDecoder, SmallEncoder
from flowcolor.models.attended_moments import AttentiveNorm
from flowcolor.models.base import Colorizer, Content, Precision, Use
from flowcolor.models.frozen import call_frozen
from flowcolor.models.hints import Hints
from flowcolor.models.inputs import check_precision
from flowcolor.pretrained.vgg import VGGActivations
from flowcolor.values import widen

Encoder = Literal["vgg19", "own"]
_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
_WIDTH = 64  # Of VGG19.


class AdaAttN(Colorizer):
    r"""Transfer a style place by place, at three layers of an encoder that is frozen.

    .. math:: I_{rec} = D\big(T_3,\; T_4,\; T_5\big), \qquad
              T_i = S_i\, \bar F_i(I_s) + M_i

    with features :math:`F_i` of the encoder, the attended moments :math:`M_i, S_i` of the
    reference's (:class:`~flowcolor.models.attended_moments.AttentiveNorm`), and the decoder
    :math:`D`. It changes texture and brightness with the colours unless the luma is kept. Trained
    by :class:`~flowcolor.training.objectives.AttendedStyle`.

    The encoder is VGG19, whose weights have to be there and are never downloaded, or a small one,
    which is trained at first and then frozen: another model than the published.
    All places of the style are attended to; the published code takes 4096 at random.

    Args:
        encoder: ``"vgg19"`` or ``"own"``.
        width: Channels of the first layer; layers have 1, 2, 4, 8 and 8 times as many. VGG19's 64.
        keep_luminance: Whether to give the result the content's luma.
        vgg19: File with VGG19's weights, whole or ``features`` only. ``None``: the torch hub cache,
            where they have to be wherever a trained model is used: ``config`` knows no places.
        random_weights: Use a random VGG19; for tests.

    Attributes:
        encoder: The small encoder, ``None`` with VGG19, which is no part of the model's weights.
        norms: The attention of the layers 3 to 5.
        decoder: :math:`D`.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of 16, at least 32. A
          reference may have other sides than the content.

    Raises:
        ValueError: If an argument or an image is none of those above.
        InputError: At the first call, if the weights of VGG19 are needed and not there.

    Reference:
        Liu et al., "AdaAttN: revisit attention mechanism in arbitrary neural style transfer"
        (2021), section 3, whose VGG19 has other, rescaled weights than torchvision's.
        https://arxiv.org/abs/2108.03647

    Example:
        >>> model = AdaAttN("own", width=2).eval()
        >>> model.colorize(torch.rand(1, 3, 32, 32), torch.rand(1, 3, 48, 32)).shape
        torch.Size([1, 3, 32, 32])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    precision: ClassVar[Precision] = "full"
    reference: Use = "required"
    pretrained: Sequence[str] = ("vgg19",)
    multiple = 16
    least = 2

    def __init__(
        self,
        encoder: Encoder = "vgg19",
        width: int = _WIDTH,
        *,
        keep_luminance: bool = False,
        vgg19: str | Path | None = None,
        random_weights: bool = False,
    ) -> None:
        super().__init__()
        check_choice(self, encoder=(encoder, Encoder))
        check_count(self, width=width)
        check_flag(self, keep_luminance=keep_luminance)
        if encoder == "vgg19" and width != _WIDTH:
            raise ValueError(f"AdaAttN expects width {_WIDTH} for VGG19, got {width}.")
        if width > 512:  # A billion parameters.
            raise ValueError(f"AdaAttN expects width to be at most 512, got {width}.")
        self.config: dict[str, Any] = {
            "encoder": encoder,
            "width": width,
            "keep_luminance": keep_luminance,
            "random_weights": random_weights,
        }
        self.keep_luminance = keep_luminance
        if encoder == "own":
            self.pretrained = ()
        widths = [width * factor for factor in (1, 2, 4, 8, 8)]
        self.vgg = VGGActivations(_LAYERS, "vgg19", vgg19, random_weights=random_weights)
        self.encoder = SmallEncoder(widths) if encoder == "own" else None
        self.norms = torch.nn.ModuleList(
            AttentiveNorm(widths[layer], sum(widths[: layer + 1])) for layer in (2, 3, 4)
        )
        self.decoder = MergingDecoder(widths)

    def prepare(self) -> None:
        """Read the weights of VGG19 now, if they are needed, so that missing ones fail early."""
        if self.encoder is None:
            self.vgg.prepare(download=False)

    def encode(self, images: Tensor) -> list[Tensor]:
        """Return the features of five layers; gradients reach the images."""
        self._check_image("images", images)
        if self.encoder is not None:
            check_precision(self, images=images)
            return cast(list[Tensor], self.encoder(images))
        self.prepare()
        return [layer.to(images) for layer in self.vgg(images)]

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
        """Return ``content`` in the colours, and the manner, of ``reference``."""
        self.check_inputs(content, reference, hints, temperature, generator)
        seen, lent = (self._encode_frozen(x) for x in (content, cast(Tensor, reference)))
        result = self.transfer(seen, lent).to(content.dtype)
        if self.keep_luminance:
            result = with_luma(result, to_gray(content))
        return result

    def _encode_frozen(self, images: Tensor) -> list[Tensor]:
        """As :meth:`encode`, with gradients for the images alone."""
        if self.encoder is None:  # VGG19's weights never learn.
            return self.encode(images)
        return cast(list[Tensor], call_frozen(self.encoder, images))

    def transfer(self, content: Sequence[Tensor], style: Sequence[Tensor]) -> Tensor:
        """Return the image for the features of a content and of a style, see :meth:`encode`.

        Raises:
            ValueError: They are no features of five layers.
        """
        for name, features in {"content": content, "style": style}.items():
            tensors = isinstance(features, list | tuple) and len(features) == 5
            if not tensors or not all(isinstance(x, Tensor) and x.ndim == 4 for x in features):
                kind = type(features).__name__
                raise ValueError(
                    f"AdaAttN expects {name} to be the features of five layers, got {kind}."
                )
        mixed = [norm(content[:layer], style[:layer]) for layer, norm in enumerate(self.norms, 3)]
        return widen(self.decoder(*mixed))
