"""What is content and what is style, told by variants of one drawing and of one photograph."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy, mse_loss

from flowcolor.arguments import plain_numbers
from flowcolor.data.batch import Batch, require_batch
from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss, MSELPIPSLoss
from flowcolor.models import Colorizer, SelfSupervisedS2I
from flowcolor.models.self_supervised_s2i import MOST_WIDTH
from flowcolor.training.objectives.arguments import check_part, check_whole
from flowcolor.training.objectives.base import Objective, require_samples
from flowcolor.training.objectives.erased import bold, erased
from flowcolor.training.objectives.terms import prepare_loss, terms_of
from flowcolor.values import widen

_REPEATED = 2**32  # Photographs that are shown again have this much more as their index.
_MOST_CLASSES = 1_000_000


class SelfSupervised(Objective):
    r"""Teach an autoencoder that a drawing is content and a photograph is style.

    Batches take turns. On one, with the style :math:`s` of photographs, :math:`s'` of their
    deformed and perhaps mirrored copies, the maps :math:`c` of drawings, :math:`c'` of bolder and
    partly erased ones, and :math:`\pi` for another sample of the batch,

    .. math::
        L = \sum_{i} \big(\cos(s'_i, \pi s_i) - \cos(s'_i, s_i)\big)
            + \sum_{c', i} \big(2 + |c'_i - c_i|^2 - |\pi c'_i - c_i|^2\big)_+
            + H(s) + H(s') + d\big(D(c', s'), t\big)

    with gradients through the variants alone, the cross-entropy :math:`H` of telling which
    photograph a style is of, and a distance :math:`d`. On the other, :math:`L = d(D(c, s), t)`.

    Args:
        width: That of the colorizer.
        classes: How many photographs are told apart; of more, some share a class.
        loss: The distance :math:`d`. ``None``: ten times the absolute difference and one minus
            SSIM, which need no pretrained network, unlike the published
            :class:`~flowcolor.losses.MSELPIPSLoss`.

    Raises:
        InputError: A number is below 1, the colorizer is another one or of another width, or a
            batch has one sample, which has no other.

    Reference:
        Liu et al., "Self-supervised sketch-to-image synthesis" (2021), section 3.
        https://arxiv.org/abs/2012.09290
    """

    paints = False
    uses_all = False  # One turn needs no head, nor style vectors that the decoder does not see.
    turns: Tensor

    @plain_numbers
    def __init__(
        self,
        width: int = 64,
        classes: int = 500,
        loss: ColorizationLoss | MSELPIPSLoss | None = None,
    ) -> None:
        super().__init__()
        check_whole(1, MOST_WIDTH, width=width)
        check_whole(1, _MOST_CLASSES, classes=classes)
        check_part(nn.Module, loss=loss)
        self.width, self.classes = width, classes
        self.loss: ColorizationLoss | MSELPIPSLoss = (
            ColorizationLoss(perceptual=0.0, ssim=1.0) if loss is None else loss
        )
        self.head = nn.Sequential(nn.LeakyReLU(0.2), nn.Linear(8 * width, classes))
        self.register_buffer("turns", torch.zeros((), dtype=torch.int64))

    def prepare(self) -> None:
        prepare_loss(self.loss)

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and what is not of the paper, or later."""
        super().check(colorizer)
        if not isinstance(colorizer, SelfSupervisedS2I) or colorizer.stage != 1:
            raise InputError(
                "SelfSupervised expects SelfSupervisedS2I in stage 1, got "
                f"{type(colorizer).__name__} in stage {colorizer.stage}."
            )
        if colorizer.config["width"] != self.width:
            raise InputError(
                "SelfSupervised expects the width of its colorizer, "
                f"{colorizer.config['width']}, got {self.width}."
            )

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return the loss of one turn, and its parts."""
        require_samples(self, colorizer, batch, "content", "truth", "reference")
        require_batch(self, batch, "truth")
        s2i = cast(SelfSupervisedS2I, colorizer)
        photo, drawing = batch["truth"], batch["content"]
        if len(photo) < 2:
            raise InputError("SelfSupervised expects batches of two samples or more, got 1.")
        plain = bool(self.turns % 2)
        self.turns += 1
        if plain:
            styles = s2i.vectors(photo)
            terms = terms_of(self.loss, _decode(s2i, s2i.maps(drawing), styles), photo)
            return dict(terms)
        moved = _mirrored(batch["reference"])
        styles, moved_styles = s2i.vectors(photo), s2i.vectors(moved)
        maps, variants = _all_maps(s2i, drawing)
        chosen = variants[int(torch.randint(3, (), device="cpu"))]
        terms = terms_of(self.loss, _decode(s2i, chosen, moved_styles), photo)
        index = torch.as_tensor(batch["index"], device=photo.device)
        labels = index % _REPEATED % self.classes
        both, twice = torch.cat([styles[-1], moved_styles[-1]]), torch.cat([labels, labels])
        parts = {
            "style": _style_loss(styles, moved_styles),
            "content": _content_loss(maps, variants),
            "classes": 2 * cross_entropy(self.head(both), twice),
        }
        total = terms.pop("loss") + torch.stack(list(parts.values())).sum()
        return {"loss": total, **terms, **parts}


def _decode(s2i: SelfSupervisedS2I, maps: list[Tensor], styles: list[Tensor]) -> Tensor:
    return (s2i.decode(maps, styles) + 1) / 2


def _mirrored(photo: Tensor) -> Tensor:
    chance = torch.rand(len(photo), 1, 1, 1, device=photo.device)
    return torch.where(chance < 0.5, photo.flip(3), photo)


def _all_maps(s2i: SelfSupervisedS2I, drawing: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
    """Return the maps of drawings, and those of three variants of them."""
    wide = bold(drawing)
    seen = s2i.maps(torch.cat([drawing, wide, erased(drawing), erased(wide)]))
    split = [found.chunk(4) for found in seen]
    plain, *variants = ([found[place] for found in split] for place in range(4))
    return plain, variants


def _style_loss(styles: list[Tensor], moved: list[Tensor]) -> Tensor:
    pairs = zip(styles, moved, strict=True)
    terms = [
        cosine_similarity(found, style.roll(1, 0)).mean() - cosine_similarity(found, style).mean()
        for style, found in ((widen(own.detach()), widen(other)) for own, other in pairs)
    ]
    return torch.stack(terms).sum()


def _content_loss(maps: list[Tensor], variants: list[list[Tensor]]) -> Tensor:
    terms = [
        (2 + mse_loss(found, aim.detach()) - mse_loss(found.roll(1, 0), aim.detach())).relu()
        for variant in variants
        for aim, found in zip(maps, variant, strict=True)
    ]
    return torch.stack(terms).sum()
