"""What is measured on one painted drawing, with its own or another photograph as reference."""

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, distributed

from flowcolor.data.batch import Batch
from flowcolor.evaluation.decibels import decibels
from flowcolor.evaluation.drawing_scores import drawing_scores
from flowcolor.evaluation.measures import MEASURES
from flowcolor.evaluation.region_scores import Regions, region_scores
from flowcolor.io.images import to_uint8
from flowcolor.metrics import (
    FACE_REGIONS,
    color_wasserstein,
    gamut_share,
    hint_error,
    luminance_error,
    mean_color,
    ms_ssim,
    ssim,
)

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


def score_batch(
    setting: Setting,
    batch: Batch,
    result: Tensor,
    sketch_filter: SketchFilter | None,
    further: dict[str, Tensor] | None = None,
    regions: Regions = FACE_REGIONS,
) -> list[PairScore]:
    """Score every pair of a batch.

    Args:
        setting: Which kind of reference the batch has.
        batch: ``content``, ``reference``, ``truth``, ``index``, ``name``, and optionally
            ``reference_name``, ``reference_content``, ``cleaned``, ``labels``,
            ``reference_labels``, ``hint_colors`` and ``hint_mask``, and ``painted``, the result as
            it was before it was clamped.
        result: The painted drawings, clamped to [0, 1].
        sketch_filter: What drew the sketches: ``sketch_filter(photo, (height, width),
            None)``. ``None``: they are no drawings, and their lines are not scored.
        further: Other numbers, :math:`(B,)` by name.
        regions: What the numbers of the labels mean.
    """
    sketch, reference, truth = batch["content"], batch["reference"], batch["truth"]
    answers = {"": result, "_sketch": sketch, "_tint": tinted(sketch, reference)}
    numbers: dict[str, Tensor] = {}
    for suffix, answer in answers.items():
        numbers[f"ssim{suffix}"] = ssim(answer, truth)
        numbers[f"psnr{suffix}"] = decibels(answer, truth)
        if min(truth.shape[-2:]) >= MS_SSIM_LEAST:
            numbers[f"ms_ssim{suffix}"] = ms_ssim(answer, truth)
    if sketch_filter is not None:
        numbers |= drawing_scores(result, batch, sketch_filter)
    else:
        numbers["luminance"] = luminance_error(result, sketch)
    if "painted" in batch:
        numbers["gamut"] = gamut_share(batch["painted"])
    colors, reference_colors = mean_color(result), mean_color(reference)
    numbers["colors"] = color_wasserstein(result, reference)
    numbers["mean_color"] = torch.linalg.vector_norm(colors - reference_colors, dim=1)
    parts = _part_scores(setting, batch, answers, regions)
    numbers |= parts
    if not result.isfinite().all():  # Of what is broken they are NaN, too, but the pair has it.
        parts = _part_scores(setting, batch, dict.fromkeys(answers, truth), regions)
    lacking = {name: values.isnan().tolist() for name, values in parts.items()}
    columns = {name: values.tolist() for name, values in (numbers | (further or {})).items()}
    names, given = batch["name"], {"truth": truth, "reference": reference}
    return [
        PairScore(
            setting=setting,
            index=int(batch["index"][i]),
            name=names[i],
            reference=batch.get("reference_name", names)[i],
            checksums={name: checksum(given[name][i]) for name in _SAME[setting]},
            scores={
                name: values[i]
                for name, values in columns.items()
                if not (lacking[name][i] if name in lacking else _is_unknown(name, values[i]))
            },
            color=colors[i].tolist(),
            reference_color=reference_colors[i].tolist(),
        )
        for i in range(len(result))
    ]


def _part_scores(
    setting: Setting, batch: Batch, answers: dict[str, Tensor], regions: Regions
) -> dict[str, Tensor]:
    """Score regions and hints, :math:`(B,)` by name; pairs that have none have NaN."""
    found = region_scores(setting, batch, answers, regions)
    if "hint_mask" in batch:
        colors, mask = batch["hint_colors"], batch["hint_mask"]
        found["hint_error"] = hint_error(answers[""], colors, mask)
    return found


def _is_unknown(name: str, value: float) -> bool:
    """Tell whether a number stands for one that was not measured of this pair."""
    return name in MEASURES and MEASURES[name].partial and math.isnan(value)


def checksum(image: Tensor) -> str:
    """Return eight characters that differ for images that differ in size or in a byte."""
    shape = ",".join(map(str, image.shape)).encode()
    pixels = to_uint8(image).cpu().contiguous().numpy().tobytes()
    return f"{zlib.crc32(shape + pixels):08x}"


@runtime_checkable
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
