"""What is measured on one painted drawing, with its own or another photograph as reference."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from flowcolor.metrics import line_f1, mean_color

Setting = Literal["self", "cross"]
SketchFilter = Callable[..., Tensor]


@dataclass(frozen=True)
class PairScore:
    """The scores of one drawing and one reference.

    Args:
        setting: ``"self"``: the reference is the drawing's own photograph, deformed; ``"cross"``:
            it is another photograph.
        index: Position of the drawing in its data set.
        name: Name of the drawing.
        ssim: SSIM against the true photograph, of ``result``, of the ``sketch`` itself and of the
            ``tint``, the sketch times the reference's mean colour.
        psnr: Likewise, PSNR in decibel.
        lines: F1 of the result's lines against the given sketch.
        control: F1 of the result's lines against the reference's own lines.
        color: Mean L*a*b* colour of the result.
        reference_color: Mean L*a*b* colour of the reference.
    """

    setting: Setting
    index: int
    name: str
    ssim: dict[str, float]
    psnr: dict[str, float]
    lines: float
    control: float
    color: list[float]
    reference_color: list[float]


def tinted(sketch: Tensor, reference: Tensor) -> Tensor:
    """Return the trivial answer: the sketch times the mean colour of its reference."""
    return sketch * reference.mean(dim=(2, 3), keepdim=True)


def ssim(result: Tensor, truth: Tensor) -> Tensor:
    """Return SSIM per image, :math:`(B,)`; both are in [0, 1].

    The mean is over the whole image with its border reflected, as torchmetrics has it;
    scikit-image leaves out a border of five pixels, which at 64x64 and below shows.
    """
    value = structural_similarity_index_measure(result, truth, reduction="none", data_range=1.0)
    assert isinstance(value, Tensor)  # noqa: S101 - a tuple only if intermediate maps are asked for
    return value.reshape(len(result))


def psnr(result: Tensor, truth: Tensor) -> Tensor:
    """Return PSNR per image in decibel, :math:`(B,)`; both are in [0, 1]."""
    return torch.stack(
        [peak_signal_noise_ratio(a, b, data_range=1.0) for a, b in zip(result, truth, strict=True)]
    )


def lines_of(images: Tensor, sketch_filter: SketchFilter) -> Tensor:
    """Draw the lines of every image as the sketches were drawn, :math:`(B, 1, H, W)`."""
    size = (images.shape[-2], images.shape[-1])
    drawn = [sketch_filter(image.cpu().float(), size) for image in images]
    return torch.stack(drawn).to(images.device)


def line_scores(
    result: Tensor, batch: dict[str, Any], sketch_filter: SketchFilter
) -> tuple[Tensor, Tensor]:
    """Return F1 of the result's lines per image, with the sketch and, as control, the reference's.

    The control is the reference's own sketch, made as the given one was. Only a reference that was
    deformed has none: then it is drawn here.
    """
    lines, sketch = lines_of(result, sketch_filter), batch["sketch"]
    control = batch.get("reference_sketch")
    if control is None:
        control = lines_of(batch["reference"], sketch_filter)
    return line_f1(lines, sketch[:, :1]), line_f1(lines, control[:, :1])


def score_batch(
    setting: Setting, batch: dict[str, Any], result: Tensor, sketch_filter: SketchFilter
) -> list[PairScore]:
    """Score every pair of a batch.

    Args:
        setting: Which kind of reference the batch has.
        batch: ``sketch``, ``reference``, ``truth``, ``index``, ``name``; in the cross setting also
            ``reference_sketch``.
        result: The painted drawings, clamped to [0, 1].
        sketch_filter: What drew the sketches: ``sketch_filter(photo, (height, width))``.
    """
    sketch, reference, truth = batch["sketch"], batch["reference"], batch["truth"]
    answers = {"result": result, "sketch": sketch, "tint": tinted(sketch, reference)}
    all_ssim = {name: ssim(answer, truth) for name, answer in answers.items()}
    all_psnr = {name: psnr(answer, truth) for name, answer in answers.items()}
    lines, control = line_scores(result, batch, sketch_filter)
    colors, reference_colors = mean_color(result), mean_color(reference)
    return [
        PairScore(
            setting=setting,
            index=int(batch["index"][i]),
            name=batch["name"][i],
            ssim={name: float(values[i]) for name, values in all_ssim.items()},
            psnr={name: float(values[i]) for name, values in all_psnr.items()},
            lines=float(lines[i]),
            control=float(control[i]),
            color=colors[i].tolist(),
            reference_color=reference_colors[i].tolist(),
        )
        for i in range(len(result))
    ]
