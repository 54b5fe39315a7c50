"""What is measured on one painted drawing, with its own or another photograph as reference."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

import torch
from torch import Tensor, distributed

from flowcolor.io.images import to_uint8
from flowcolor.metrics import color_wasserstein, line_f1, mean_color, ms_ssim, psnr, ssim

Setting = Literal["self", "cross"]
SETTINGS: tuple[Setting, Setting] = ("self", "cross")
SketchFilter = Callable[..., Tensor]
# Deformed references are left out: another device may round them to other bytes.
_SAME: dict[Setting, tuple[str, ...]] = {"self": ("truth",), "cross": ("truth", "reference")}
MS_SSIM_LEAST = 176  # Pixels; below, the coarsest of the five scales has no room for its window.


@dataclass(frozen=True)
class PairScore:
    """The scores of one drawing and one reference.

    Args:
        setting: ``"self"``: the reference is the drawing's own photograph, deformed; ``"cross"``:
            it is another photograph.
        index: Position of the drawing in its data set.
        name: Name of the drawing.
        reference: Name of the photograph that gave its colours.
        checksums: Of the pixels of ``truth`` and, if it is another photograph, of ``reference``,
            by which other scores of the same pair are recognised.
        scores: Numbers by name, see :data:`~flowcolor.evaluation.measures.MEASURES`.
        color: Mean L*a*b* colour of the result.
        reference_color: Mean L*a*b* colour of the reference.
    """

    setting: Setting
    index: int
    name: str
    reference: str
    checksums: dict[str, str]
    scores: dict[str, float]
    color: list[float]
    reference_color: list[float]


def tinted(sketch: Tensor, reference: Tensor) -> Tensor:
    """Return the trivial answer: the sketch times the mean colour of its reference."""
    return sketch * reference.mean(dim=(2, 3), keepdim=True)


def lines_of(images: Tensor, sketch_filter: SketchFilter) -> Tensor:
    """Draw the lines of every image as the sketches were drawn, :math:`(B, 1, H, W)`."""
    size = (images.shape[-2], images.shape[-1])
    drawn = [sketch_filter(image.cpu().float(), size, None) for image in images]
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
    setting: Setting,
    batch: dict[str, Any],
    result: Tensor,
    sketch_filter: SketchFilter | None,
    further: dict[str, Tensor] | None = None,
) -> list[PairScore]:
    """Score every pair of a batch.

    Args:
        setting: Which kind of reference the batch has.
        batch: ``sketch``, ``reference``, ``truth``, ``index``, ``name``, and optionally
            ``reference_name`` and ``reference_sketch``.
        result: The painted drawings, clamped to [0, 1].
        sketch_filter: What drew the sketches: ``sketch_filter(photo, (height, width),
            None)``. ``None``: they are no drawings, and their lines are not scored.
        further: Other numbers, :math:`(B,)` by name.
    """
    sketch, reference, truth = batch["sketch"], batch["reference"], batch["truth"]
    answers = {"": result, "_sketch": sketch, "_tint": tinted(sketch, reference)}
    numbers: dict[str, Tensor] = {}
    for suffix, answer in answers.items():
        numbers[f"ssim{suffix}"] = ssim(answer, truth)
        numbers[f"psnr{suffix}"] = psnr(answer, truth)
        if min(truth.shape[-2:]) >= MS_SSIM_LEAST:
            numbers[f"ms_ssim{suffix}"] = ms_ssim(answer, truth)
    if sketch_filter is not None:
        numbers["lines"], numbers["lines_control"] = line_scores(result, batch, sketch_filter)
    colors, reference_colors = mean_color(result), mean_color(reference)
    numbers["colors"] = color_wasserstein(result, reference)
    numbers["mean_color"] = torch.linalg.vector_norm(colors - reference_colors, dim=1)
    columns = {name: values.tolist() for name, values in (numbers | (further or {})).items()}
    names = batch["name"]
    return [
        PairScore(
            setting=setting,
            index=int(batch["index"][i]),
            name=names[i],
            reference=batch.get("reference_name", names)[i],
            checksums={name: checksum(batch[name][i]) for name in _SAME[setting]},
            scores={name: values[i] for name, values in columns.items()},
            color=colors[i].tolist(),
            reference_color=reference_colors[i].tolist(),
        )
        for i in range(len(result))
    ]


def checksum(image: Tensor) -> str:
    """Return eight characters that differ for images that differ in size or in a byte."""
    shape = ",".join(map(str, image.shape)).encode()
    pixels = to_uint8(image).cpu().contiguous().numpy().tobytes()
    return f"{zlib.crc32(shape + pixels):08x}"


class Scored(Protocol):
    """Anything that is known about one pair."""

    @property
    def setting(self) -> Setting: ...
    @property
    def index(self) -> int: ...


_Score = TypeVar("_Score", bound=Scored)


def gather_all(value: Any) -> list[Any]:
    """Return the plain values of all processes; all have to ask."""
    everyone = [value]
    if distributed.is_available() and distributed.is_initialized():
        everyone = [None] * distributed.get_world_size()
        distributed.all_gather_object(everyone, value)
    return everyone


def gather(scores: Sequence[_Score]) -> list[_Score]:
    """Collect the scores of all processes, each pair once, in the order of the data set."""
    everyone = gather_all(list(scores))
    # In a validation, a distributed sampler repeats samples until all processes have as many.
    unique = {(score.setting, score.index): score for part in everyone for score in part}
    return [unique[key] for key in sorted(unique)]
