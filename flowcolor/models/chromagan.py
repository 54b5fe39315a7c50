r"""ChromaGAN: the colours of a grey photograph, of what is where and of what the whole shows."""

from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from flowcolor.arguments import check_choice, check_count, check_flag
from flowcolor.color import lab_of
from flowcolor.models.base import Colorizer, Content, Use
from flowcolor.models.chroma_paint import REACH, paint_chroma
from flowcolor.models.chromagan_net import ChromaGANNet, Encoder
from flowcolor.models.hints import Hints
from flowcolor.pretrained.vgg import IMAGENET_MEAN, IMAGENET_STD
from flowcolor.values import widen


class ChromaGAN(Colorizer):
    r"""Give a grey photograph colours by a network that also knows the picture as a whole.

    .. math:: ab = 110\, \big(2 \sigma(x) - 1\big), \qquad (x, p) = N\big(\tfrac{L}{100}\big)

    with CIE lightness :math:`L` of the content, in three channels as VGG16 knows them, and the
    network :math:`N`, see :class:`~flowcolor.models.chromagan_net.ChromaGANNet`. The result has the
    content's luma.
    Trained by :class:`~flowcolor.training.objectives.WassersteinChroma`.

    Args:
        width: Channels of the first stage; 64 as published.
        encoder: ``"vgg16"`` as published, or ``"small"``, one convolution for each stage.
        areas: Into how many means per side the picture as a whole is divided, 7 as published; they
            are of one place each at 224x224, which is the only size of the published network.
        classes: How many kinds of pictures are told apart in training, 1000 as published: that
            needs a network that knows them. ``None``: none are, and the picture as a whole is
            learned from colours alone.
        letter: As published, normalise batches rather than images, show VGG16 values from 0 to 1
            without its mean and deviation, and let chroma reach from -128 to 127 in
            :math:`ab = 255\,\sigma(x) - 128`, whose grey is not in the middle.

    Attributes:
        net: The network :math:`N`.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of 8.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Vitoria et al., "ChromaGAN: adversarial picture colorization with semantic class
        distribution" (2020), section 3. https://arxiv.org/abs/1907.09837

    Example:
        >>> model = ChromaGAN(width=4, encoder="small", areas=1).eval()
        >>> gray = torch.rand(1, 1, 16, 16).expand(-1, 3, -1, -1)
        >>> model.chroma(gray)[0].shape, model.colorize(gray).shape
        (torch.Size([1, 2, 16, 16]), torch.Size([1, 3, 16, 16]))
    """

    content: ClassVar[frozenset[Content]] = frozenset({"gray"})
    reference: Use = "unused"
    keeps_luminance: ClassVar[bool] = True
    multiple = 8

    def __init__(
        self,
        width: int = 64,
        encoder: Encoder = "vgg16",
        areas: int = 7,
        classes: int | None = None,
        *,
        letter: bool = False,
    ) -> None:
        super().__init__()
        check_count(self, width=width, areas=areas)
        check_choice(self, encoder=(encoder, Encoder))
        check_flag(self, letter=letter)
        if classes is not None:
            check_count(self, classes=classes)
        if max(width, (classes or 0) // 32) > 512 or areas > 16:  # Billions of parameters.
            raise ValueError(
                "ChromaGAN expects width to be at most 512, areas at most 16 and classes at most "
                f"16384, got {width}, {areas} and {classes}."
            )
        self.config: dict[str, Any] = {
            "width": width,
            "encoder": encoder,
            "areas": areas,
            "classes": classes,
            "letter": letter,
        }
        self.letter = letter
        self.net = ChromaGANNet(width, encoder, areas, classes, letter=letter)

    def chroma(self, content: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return a and b, :math:`(B, 2, H, W)`, and the logits of the classes, if there are any."""
        self.check_inputs(content)
        light = (lab_of(content)[:, :1] / 100).to(content.dtype).expand(-1, 3, -1, -1)
        if not self.letter:
            mean, std = (
                light.new_tensor(value)[:, None, None] for value in (IMAGENET_MEAN, IMAGENET_STD)
            )
            light = (light - mean) / std
        answer, logits = self.net(light)
        share = widen(answer).sigmoid()
        chroma = 255 * share - 128 if self.letter else REACH * (2 * share - 1)
        return chroma, None if logits is None else widen(logits)

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
        """Return ``content`` in the colours that it may have had."""
        self.check_inputs(content, reference, hints, temperature, generator)
        return paint_chroma(content, self.chroma(content)[0])

    def start_from_vgg16(self, path: str | Path | None = None) -> None:
        """Let the encoder begin with VGG16's weights, as the published training does.

        Args:
            path: Their file, see :func:`~flowcolor.pretrained.weights.find_weights`.

        Raises:
            InputError: The weights are missing, or of other shapes than the encoder's.
        """
        # Here: painting needs no pretrained network.
        from flowcolor.pretrained.vgg import features_only
        from flowcolor.pretrained.weights import find_weights, load_tensors

        file = find_weights("vgg16", path)
        self.net.encoder.load_state_dict(features_only(load_tensors(file), self.net.encoder, file))
