"""What is measured of a result by its drawing: where lines are, how sharp, and what passes them."""

from collections.abc import Callable

import torch
from torch import Tensor

from flowcolor.data.batch import Batch
from flowcolor.metrics import color_bleeding, line_f1, line_sharpness
from flowcolor.metrics.on_lines import show_broken


def lines_of(images: Tensor, sketch_filter: Callable[..., Tensor]) -> Tensor:
    """Draw the lines of every image as the sketches were drawn, :math:`(B, 1, H, W)`."""
    size = (images.shape[-2], images.shape[-1])
    # Copies, since a filter of somebody else may write to what it is given.
    drawn = [sketch_filter(image.cpu().float().clone(), size, None) for image in images]
    return torch.stack(drawn).to(images.device)


def line_scores(
    result: Tensor, batch: Batch, sketch_filter: Callable[..., Tensor]
) -> dict[str, Tensor]:
    """Return F1 of the result's lines per image, with the sketch and, as control, the reference's.

    The control is the reference's own sketch, made as the given one was. Only a reference that was
    deformed has none: then it is drawn here. Where the batch has the sketch as it looks ``cleaned``
    as well, the lines are compared with that, too: of a sketch on grey paper, all is line.
    """
    # Not every filter hands on NaN: what it draws of some may even agree.
    lines = lines_of(result.nan_to_num(), sketch_filter)
    control = batch.get("reference_content")
    if control is None:
        control = lines_of(batch["reference"], sketch_filter)
    others = {"lines": batch["content"], "lines_control": control}
    if "cleaned" in batch:
        others["lines_cleaned"] = batch["cleaned"]
    return {
        name: show_broken(line_f1(lines, other[:, :1]), result) for name, other in others.items()
    }


def drawing_scores(
    result: Tensor, batch: Batch, sketch_filter: Callable[..., Tensor]
) -> dict[str, Tensor]:
    """Return what the sketch says of the result, :math:`(B,)` by name.

    Args:
        result: The painted drawings.
        batch: ``content``, ``reference`` and optionally ``reference_content`` and ``cleaned``.
        sketch_filter: See :func:`~flowcolor.evaluation.scores.score_batch`.
    """
    drawing = batch.get("cleaned", batch["content"])
    return {
        **line_scores(result, batch, sketch_filter),
        "sharpness": line_sharpness(result, drawing),
        "bleeding": color_bleeding(result, drawing),
    }
