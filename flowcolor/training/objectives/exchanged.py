"""The distance to the truth, and what can be asked of a drawing with somebody else's colours."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from flowcolor.color import rgb_to_yuv
from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss
from flowcolor.models import Colorizer, Hints
from flowcolor.models.hint_maps import spread
from flowcolor.training.objectives.arguments import check_part, check_share, check_weight
from flowcolor.training.objectives.base import Objective, hints_of, require_samples
from flowcolor.training.objectives.terms import prepare_loss, terms_of
from flowcolor.values import without_autocast

_NEAR, _ALIKE = 0.05, 0.15  # Of the side; of the range of colours.
_CONTRAST = 170 / 255**2  # The paper's constant, which is for values up to 255.


class Exchanged(Objective):
    r"""Colour a part of the drawings a second time, with references of others.

    A drawing and its own deformed photograph have a truth, :math:`t`; but people give photographs
    of others. Such a pair has no truth, yet two things must hold of its result :math:`\hat t`:
    its edges are those of the drawing's photograph, and its mean colour is the reference's,
    :math:`r`:

    .. math:: L = L_\mathrm{paired}
              + w_e \Big(1 - \overline{\frac{2 m_{\hat t} m_t + \epsilon}
                                         {m_{\hat t}^2 + m_t^2 + \epsilon}}\Big)
              + w_c \, \overline{|\mathrm{mean}(\hat t) - \mathrm{mean}(r)|}
              + w_h \frac{\sum v\,|\hat t - t|}{\sum v}

    with :math:`m` the magnitude of the luma's gradient by Prewitt's operator, which is the same
    for dark hair on a light wall and light hair on a dark one, and means of colour in YUV.
    Where the drawings come with hints of :math:`t`, these hold whatever the reference: the last
    term, in YUV, is of the places :math:`v` near a hint whose colour is like it.
    References move on by one place in the batch, so a batch needs two photographs.

    Args:
        loss: The distance of the pairs that have a truth. ``None``: that of the thesis, which
            needs VGG16.
        share: How many of the batch are coloured a second time, above 0 and up to 1.
        edges: Weight :math:`w_e`.
        colors: Weight :math:`w_c`.
        hints: Weight :math:`w_h`.

    Raises:
        InputError: A number is out of range.

    Reference:
        The similarity of gradient magnitudes: Xue et al., "Gradient magnitude similarity deviation"
        (2014), eq. 4, without its halving of the image. https://arxiv.org/abs/1308.3052
    """

    def __init__(
        self,
        loss: ColorizationLoss | None = None,
        share: float = 0.5,
        edges: float = 2.0,
        colors: float = 5.0,
        hints: float = 0.0,
    ) -> None:
        super().__init__()
        check_part(nn.Module, loss=loss)
        check_share(share=share, zero=False)
        check_weight(edges=edges, colors=colors, hints=hints)
        self.loss = ColorizationLoss() if loss is None else loss
        self.share, self.edges, self.colors, self.hints = share, edges, colors, hints

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer that takes no reference."""
        super().check(colorizer)
        if colorizer.reference == "unused":
            raise InputError(
                f"Exchanged expects a colorizer that takes a reference, got "
                f"{type(colorizer).__name__}, which has no use for one."
            )

    def prepare(self) -> None:
        prepare_loss(self.loss)

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        require_samples(self, colorizer, batch, "content", "truth", "reference")
        truth, reference = batch["truth"], batch["reference"]
        size = len(truth)
        count = min(size, max(1, round(self.share * size))) if size > 1 else 0
        others = reference.roll(1, 0)[:count]
        # One call for both: the networks run once over a larger batch.
        contents = torch.cat([batch["content"], batch["content"][:count]])
        hints = hints_of(batch, colorizer)
        given = {} if hints is None else {"hints": _with_first_ones(hints, count)}
        both: Tensor = colorizer(contents, torch.cat([reference, others]), **given)
        result, exchanged = both.split([size, count])
        terms: dict[str, Tensor] = terms_of(self.loss, result, truth)
        if count == 0:
            return {**terms, "result": result}
        edges = 1 - edge_similarity(exchanged, truth[:count]).mean()
        means = rgb_to_yuv(exchanged).mean((2, 3)) - rgb_to_yuv(others).mean((2, 3))
        colors = means.abs().mean()
        total = terms["loss"] + self.edges * edges + self.colors * colors
        parts = {"edges": edges, "mean_color": colors}
        if hints is not None:
            parts["hints"] = _near_hints(exchanged, truth[:count], hints)
            total = total + self.hints * parts["hints"]
        return {**terms, **parts, "loss": total, "result": both}


def edge_similarity(
    a: Float[Tensor, "batch 3 height width"], b: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, "batch 1 height width"]:
    """Compare gradient magnitudes, see :class:`Exchanged`; 1 where they are equal."""
    first, second = (_squared_gradient(x) for x in (a, b))
    # The root of zero has no gradient; the product's root needs none where either is flat.
    product = (first * second + 1e-12).sqrt()
    return (2 * product + _CONTRAST) / (first + second + _CONTRAST)


def _with_first_ones(hints: Hints, count: int) -> Hints:
    colors, mask = (torch.cat([part, part[:count]]) for part in (hints.colors, hints.mask))
    return Hints(colors, mask)


def _near_hints(result: Tensor, truth: Tensor, hints: Hints) -> Tensor:
    """Return the mean difference to the truth where hints say what the colour is."""
    given = hints.colors.where(hints.mask > 0, 0)
    known = torch.cat([hints.mask, hints.mask * given], 1)[: len(truth)]
    known = spread(known, _NEAR * truth.shape[-1])
    mask, colors = known[:, :1], known[:, 1:] / known[:, :1].clamp(min=1e-6)
    alike = torch.exp(-0.5 * ((truth - colors) / _ALIKE).square().sum(1, keepdim=True))
    weight = mask.clamp(max=1) * alike
    difference = (rgb_to_yuv(result) - rgb_to_yuv(truth)).abs().sum(1, keepdim=True)
    return (weight * difference).sum() / weight.sum().clamp(min=1)


def _squared_gradient(images: Tensor) -> Tensor:
    luma = rgb_to_yuv(images)[:, :1]
    prewitt = luma.new_tensor([[1.0, 0.0, -1.0]] * 3) / 3
    kernels = torch.stack([prewitt, prewitt.T])[:, None]
    padded = functional.pad(luma, (1, 1, 1, 1), mode="replicate")
    with without_autocast(padded):  # In 16 bits small squares are 0, where a root has no slope.
        return functional.conv2d(padded, kernels).square().sum(1, keepdim=True)
