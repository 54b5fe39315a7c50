"""Models as programs of other runtimes: ONNX, and a ``torch.export`` archive."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

import torch
from torch.export import Dim, ExportedProgram, export

from flowcolor.bounds import is_one_of, shown_value
from flowcolor.deploy.exportable import ExportableFlow
from flowcolor.errors import InputError
from flowcolor.io.places import as_path
from flowcolor.io.whole_file import whole_file
from flowcolor.models import Colorizer, SketchColorFlow

Format = Literal["onnx", "torch"]
SUFFIXES: dict[Format, str] = {"onnx": ".onnx", "torch": ".pt2"}
INPUTS = ("drawing", "reference")
OUTPUT = "picture"
_OPSET = 20  # Of July 2023: older than every browser runtime that is still served.


def export_model(model: Colorizer, path: Path | str, format: Format) -> None:  # noqa: A002
    """Write a model as a program that needs no flowcolor; it appears whole or not at all.

    The program takes ``drawing`` and ``reference``, both :math:`(B, 3, H, W)` in float32, for any
    :math:`B` and any sides that are multiples of the model's, at least two of them, and returns
    ``picture`` of the same shape, as ``model.colorize(drawing, reference)`` does.

    Args:
        model: A :class:`~flowcolor.models.SketchColorFlow`.
        path: The file.
        format: ``"onnx"`` or ``"torch"``.

    Raises:
        InputError: The model cannot be exported, a package is missing, or the file cannot be
            written.
    """
    if not is_one_of(format, get_args(Format)):
        raise InputError(f"format expects onnx or torch, got {shown_value(format)}.")
    path = as_path(export_model, path)
    if path.suffix.lower() != SUFFIXES[format]:
        raise InputError(
            f"A program of the format {format} expects a name ending in {SUFFIXES[format]}, "
            f"got {path}."
        )
    whole = _as_onnx(model) if format == "onnx" else _as_archive(model)
    with whole_file(path) as file:
        file.write(whole)


def trace(model: Colorizer) -> ExportedProgram:
    """Return a model as a graph with names of axes instead of sizes.

    Raises:
        InputError: It is not a :class:`~flowcolor.models.SketchColorFlow`.
    """
    if not isinstance(model, SketchColorFlow):
        raise InputError(f"Only a SketchColorFlow can be exported, got a {type(model).__name__}.")
    multiple = model.multiple
    axes = {
        0: Dim("batch", min=1),
        2: multiple * Dim("rows", min=2),
        3: multiple * Dim("columns", min=2),
    }
    # No two sizes alike, and none 1: what is alike in the example would be taken for the same axis.
    example = torch.zeros(2, 3, 16 * multiple, 20 * multiple)
    flow = ExportableFlow(model).to(example.device).eval()
    with torch.no_grad(), _quiet():
        return export(flow, (example, example.clone()), dynamic_shapes=(axes, axes), strict=False)


def _as_archive(model: Colorizer) -> bytes:
    buffer = io.BytesIO()
    program = trace(model)
    with _quiet():
        torch.export.save(program, buffer)
    return buffer.getvalue()


def _as_onnx(model: Colorizer) -> bytes:
    try:
        from onnxscript import FLOAT, opset20  # Torch asks for it later, after minutes.
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("onnx", "onnxscript"):
            raise
        raise InputError(
            f"Writing ONNX needs {error.name}: pip install 'flowcolor[export]'."
        ) from error

    def root(value: FLOAT) -> FLOAT:
        return opset20.Sqrt(value)

    traced = trace(model)
    with torch.no_grad(), _quiet():
        program = torch.onnx.export(
            traced,
            input_names=INPUTS,
            output_names=(OUTPUT,),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
            external_data=False,
            # By this FAM scales its attention over all pixels; torch itself has no translation.
            custom_translation_table={torch.sym_sqrt: root},
        )
    assert program is not None  # noqa: S101  (of the old exporter alone)
    whole: bytes = program.model_proto.SerializeToString()
    return whole


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what exporters say of their own ways."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
