"""How fast are exported programs, and are they the model?

Exports the packaged model, or takes programs that were exported before, and compares torch, the
``torch.export`` program and onnxruntime on the embedded portraits, one thread each, in turn.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import Tensor

from benchmarks import report
from flowcolor.data import open_portraits
from flowcolor.deploy.export import export_model
from flowcolor.inference import load

SIZES = [(2, 64, 64), (1, 64, 64), (3, 96, 64), (1, 128, 128), (1, 256, 192)]


def portraits(batch: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return drawings and the photographs that lend their colours."""
    items = [open_portraits("embedded", max(height, width))[index % 2] for index in range(batch)]
    drawings = torch.stack([item["content"].expand(3, -1, -1) for item in items])
    photos = torch.stack([item["photo"] for item in items]).roll(1, 0)
    return drawings[..., :height, :width].contiguous(), photos[..., :height, :width].contiguous()


def runtimes(folder: Path) -> dict[str, Callable[[Tensor, Tensor], Tensor]]:
    """Return what paints, by name; programs that are missing in the folder are exported first."""
    import onnxruntime

    model = load("faces").colorizer
    for name, kind in (("faces.onnx", "onnx"), ("faces.pt2", "torch")):
        if not (folder / name).is_file():
            export_model(model, folder / name, kind)
        print(f"{name}: {(folder / name).stat().st_size / 2**20:.1f} MB")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "faces.onnx", options)

    def run(drawing: Tensor, reference: Tensor) -> Tensor:
        inputs = {"drawing": drawing.numpy(), "reference": reference.numpy()}
        return torch.from_numpy(session.run(None, inputs)[0])

    program = torch.export.load(folder / "faces.pt2").module()
    return {"torch": model, "torch.export": program, "onnxruntime": run}


@torch.no_grad()
def measure(folder: Path, repeats: int) -> list[list]:
    """Return rows of the size, milliseconds of each, and largest differences from torch."""
    paint = runtimes(folder)
    rows = []
    for size in SIZES:
        inputs = portraits(*size)
        found = {name: run(*inputs) for name, run in paint.items()}
        times: dict[str, list[float]] = {name: [] for name in paint}
        for _ in range(repeats):
            for name, run in paint.items():
                start = time.perf_counter()
                run(*inputs)
                times[name].append(1000 * (time.perf_counter() - start))
        errors = [float((found[name] - found["torch"]).abs().max()) for name in list(paint)[1:]]
        batch, height, width = size
        rows.append(
            [f"{batch} of {width}x{height}", *(median(values) for values in times.values())]
            + [f"{error:.0e}" for error in errors]
        )
    return rows


def main() -> None:
    parser = report.parser(__doc__, "export")
    parser.add_argument("--programs", type=Path, help="folder of faces.onnx and faces.pt2")
    parser.add_argument("--repeats", type=int, default=5, help="medians of so many (default: 5)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        rows = measure(options.programs or Path(place), options.repeats)
    header = ["pictures", "torch, ms", "torch.export, ms", "onnxruntime, ms"]
    print(report.table([*header, "torch.export, error", "onnxruntime, error"], rows))
    where = report.environment(options.device, "onnx", "onnxruntime", "onnxscript")
    report.write(options.out, "export", {"rows": rows}, where | {"repeats": options.repeats})


if __name__ == "__main__":
    main()
