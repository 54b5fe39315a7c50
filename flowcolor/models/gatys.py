"""A picture that is optimised until a network sees the content and the reference's style in it."""

from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor
from torch.nn import functional

from flowcolor.arguments import check_choice, check_count, check_flag, check_list, check_number
from flowcolor.bounds import shown_value
from flowcolor.color import to_gray, with_luma
from flowcolor.errors import InputError
from flowcolor.models.base import Colorizer, Content, Use
from flowcolor.models.gatys_loss import BLOCKS, GatysLoss, relu_name
from flowcolor.models.gatys_steps import Optimizer, Watch, improve
from flowcolor.models.hints import Hints
from flowcolor.models.inputs import require_no_gradient, require_numbers
from flowcolor.models.sample_noise import SampleNoise
from flowcolor.pretrained.vgg import VGGActivations
from flowcolor.values import widen

Network = Literal["vgg16", "vgg19"]
Start = Literal["content", "average", "noise"]


class Gatys(Colorizer):
    r"""Change the picture itself until VGG sees the content in it, and the reference's style.

    .. math:: \min_x \alpha^2\, \overline{(F^c(x) - F^c(t))^2}
              + \sum_l \beta_l^2\, \overline{(G^l(x) - G^l(s))^2}

    with :math:`F^l` the output of convolution :math:`l`, before its activation, :math:`G = F F^T`
    over channels times positions, which forgets places, and bars for means
    (:class:`~flowcolor.models.gatys_loss.GatysLoss`). Nothing is trained; every picture takes
    hundreds of steps, minutes at 256x256 on a CPU. Texture changes with the colours unless the
    luma is kept.

    Args:
        content_layer: Number of a convolution, :math:`c`, from 1: at or next to the highest of the
            style's. 5 is conv3_1.
        content_weight: :math:`\alpha`.
        style_layers: Numbers :math:`l`: the lower, the more of the content is kept.
        style_weights: :math:`\beta_l`, one for all or one for each.
        steps: How often the picture is changed.
        rate: Step of Adam in colour, from 0 to 1. L-BFGS searches its own.
        optimizer: ``"adam"``, whose picture is brought back to [0, 1] after each step, or
            ``"lbfgs"``, whose is clamped at the end: between, it would not know of it.
        start: From the content, from the mean of content and reference, or from noise, which the
            ``generator`` draws and the temperature scales; of 0 it is a flat grey.
        stop: End when ten steps make the loss smaller by less than this part of it; 0: never.
        pooling: ``"max"``, as the network was trained, or ``"average"``.
        keep_luminance: Whether to give the result the content's luma.
        letter: Whether to leave out the normalisation that the network's weights expect, as the
            document's program does.
        inside: Whether weights stand inside the squares, as in the formula, so that 500 counts as
            250,000.
        network: Whose eyes. VGG16 has fewer convolutions in its later blocks.
        weights: File with the network's weights, see :class:`~flowcolor.losses.PerceptualLoss`.
        random_weights: Use random weights instead; for tests.

    Attributes:
        watch: Called at the start and after every ten steps, with the number of steps, the loss,
            and the picture :math:`(3, H, W)`.

    Raises:
        ValueError: An argument is out of range.
        InputError: Of ``colorize``: a picture is too small for the layers.

    Reference:
        Gatys, Ecker and Bethge, "Image style transfer using convolutional neural networks" (2016),
        equations 1 to 7. https://doi.org/10.1109/CVPR.2016.265

    Example:
        >>> model = Gatys(1, style_layers=[1, 2], steps=2, random_weights=True)
        >>> model.colorize(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16)).shape
        torch.Size([1, 3, 16, 16])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    reference: Use = "required"
    trained: ClassVar[bool] = False
    pretrained: Sequence[str] = ("vgg19",)

    def __init__(
        self,
        content_layer: int = 5,
        content_weight: float = 1.0,
        style_layers: Sequence[int] = (1, 2, 3, 4, 5),
        style_weights: Sequence[float] = (500.0,),
        *,
        steps: int = 500,
        rate: float = 0.02,
        optimizer: Optimizer = "adam",
        start: Start = "average",
        stop: float = 0.0,
        pooling: Literal["max", "average"] = "max",
        keep_luminance: bool = False,
        letter: bool = False,
        inside: bool = True,
        network: Network = "vgg19",
        weights: str | Path | None = None,
        random_weights: bool = False,
    ) -> None:
        super().__init__()
        check_choice(
            self,
            optimizer=(optimizer, Optimizer),
            start=(start, Start),
            pooling=(pooling, Literal["max", "average"]),
            network=(network, Network),
        )
        check_count(self, steps=steps)
        check_flag(self, keep_luminance=keep_luminance, letter=letter, inside=inside)
        check_list(self, style_layers=style_layers, style_weights=style_weights)
        for weight in style_weights:
            check_number(self, style_weights=weight)
        check_number(self, smallest=0.0, content_weight=content_weight, rate=rate, stop=stop)
        _check_layers(network, content_layer=[content_layer], style_layers=style_layers)
        styles = _weight_of_each(style_layers, style_weights)
        self.config = {
            "content_layer": content_layer,
            "content_weight": content_weight,
            "style_layers": list(style_layers),
            "style_weights": list(style_weights),
            "steps": steps,
            "rate": rate,
            "optimizer": optimizer,
            "start": start,
            "stop": stop,
            "pooling": pooling,
            "keep_luminance": keep_luminance,
            "letter": letter,
            "inside": inside,
            "network": network,
            "weights": None if weights is None else str(weights),
            "random_weights": random_weights,
        }
        self.steps, self.rate, self.stop = steps, rate, stop
        self.watch: Watch | None = None
        self.optimizer, self.start, self.keep_luminance = optimizer, start, keep_luminance
        # What one model does is a fact of its own arguments.
        self.stochastic = start == "noise"  # type: ignore[misc]
        self.keeps_luminance = keep_luminance  # type: ignore[misc]
        self.layers = (content_layer, content_weight), styles
        self.options = {
            "average": pooling == "average",
            "normalize": not letter,
            "inside": inside,
        }
        highest = max(content_layer, *style_layers)
        # Above the last block of few channels, a picture must still have a pixel.
        self.smallest = 2 ** (int(relu_name(network, highest)[4]) - 1)
        self.activations = VGGActivations(
            [relu_name(network, highest)],
            network,
            weights,
            random_weights=random_weights,
            option="weights",
        )

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
        self.check_inputs(content, reference, hints, temperature, generator)
        lent = cast(Tensor, reference)
        return self._all(self._begin(content, lent, temperature, generator), content, lent)

    def refine(self, picture: Tensor, content: Tensor, reference: Tensor) -> Tensor:
        """Return what the steps make of a picture, for instance of another method's result.

        Args:
            picture: Where they start, of the shape of ``content``; ``start`` does not count.
            content: As for :meth:`colorize`.
            reference: As for :meth:`colorize`.

        Raises:
            ValueError: As those of :meth:`colorize`, or shapes differ.
        """
        self._check_image("picture", picture)
        self.check_inputs(content, reference)
        if picture.shape != content.shape:
            raise ValueError(
                f"Gatys expects a picture of the shape of the content, {tuple(content.shape)}, "
                f"got {tuple(picture.shape)}."
            )
        return self._all(picture, content, reference)

    def _all(self, picture: Tensor, content: Tensor, lent: Tensor) -> Tensor:
        """Optimise one picture of the batch after another."""
        if min(*content.shape[2:], *lent.shape[2:]) < self.smallest:
            raise InputError(
                f"Gatys expects sides of at least {self.smallest} for its layers, got "
                f"{tuple(content.shape[2:])} and {tuple(lent.shape[2:])}."
            )
        require_numbers(self, picture, content, lent)
        require_no_gradient(self, content=content, reference=lent)
        samples = zip(picture.split(1), content.split(1), lent.split(1), strict=True)
        # Its steps need gradients, also where the caller has switched them off.
        with torch.inference_mode(False), torch.enable_grad():
            # In half precision the second moments of Adam vanish, and it divides by them.
            results = [
                self._optimised(*(widen(x.detach().clone()) for x in each)) for each in samples
            ]
        result = torch.cat(results).to(content.dtype)
        if self.keep_luminance:
            result = with_luma(result, to_gray(content))
        return result.to(content.dtype)

    def _optimised(self, begin: Tensor, content: Tensor, reference: Tensor) -> Tensor:
        """Return one picture, (1, 3, H, W), after all steps."""
        layer, styles = self.layers
        loss = GatysLoss(self.activations, content, reference, layer, styles, **self.options)
        return improve(begin, loss, self.steps, self.rate, self.optimizer, self.stop, self.watch)

    def _begin(
        self,
        content: Tensor,
        reference: Tensor,
        temperature: float,
        generator: torch.Generator | None,
    ) -> Tensor:
        content, reference = widen(content), widen(reference)
        if self.start == "content":
            return content
        if self.start == "average":
            size = (content.shape[-2], content.shape[-1])
            lent = functional.interpolate(reference, size, mode="bilinear", antialias=True)
            return (content + lent) / 2
        even: Tensor = torch.special.ndtr(SampleNoise(content, generator)())  # From 0 to 1.
        return 0.5 + temperature * (even - 0.5)


def _weight_of_each(layers: Sequence[int], weights: Sequence[float]) -> dict[int, float]:
    """Return the weight of each layer of the style, where one weight may serve for all."""
    shares = list(weights) * (len(layers) if len(weights) == 1 else 1)
    if not layers or len(shares) != len(layers):
        raise ValueError(
            "Gatys expects style_weights to be one number, or one for each of style_layers, "
            f"got {len(weights)} for {len(layers)}."
        )
    return dict(zip(layers, shares, strict=True))


def _check_layers(network: Network, **layers: Sequence[int]) -> None:
    """Refuse numbers that no convolution of the network has."""
    most = sum(BLOCKS[network])
    for name, numbers in layers.items():
        for x in numbers:
            if not isinstance(x, Integral) or isinstance(x, bool) or not 1 <= x <= most:
                raise ValueError(
                    f"Gatys expects {name} to be from 1 to {most}, the convolutions of {network}, "
                    f"got {shown_value(x)}."
                )
