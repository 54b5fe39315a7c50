"""Does data-parallel training scale, and do the gradients agree?

Starts 1, 2, ... processes (``gloo`` on CPUs, ``nccl`` on CUDA), each with a batch of its own, and
compares the averaged gradients with those of one process that sees all of the images. On a CPU
every process gets one thread, so a machine with as many cores can show a speed-up.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, multiprocessing
from torch.nn.parallel import DistributedDataParallel

from benchmarks import report
from flowcolor.models import SketchColorFlow


def main() -> None:
    options = report.parser(__doc__, "scaling")
    options.add_argument("--processes", type=report.numbers, default=[1, 2])
    options.add_argument("--mode", default="reversible", choices=report.MODES)
    options.add_argument("--size", type=int, default=64)
    options.add_argument("--batch", type=int, default=2, help="images per process")
    options.add_argument("--ccbs", type=int, default=2)
    options.add_argument("--repeats", type=int, default=5)
    chosen = options.parse_args()
    rows = [measure(chosen, count) for count in chosen.processes]
    for row in rows:
        row["speed_up"] = row["images_per_s"] / rows[0]["images_per_s"]
    names = ["processes", "images_per_s", "speed_up", "gradient_error"]
    cells = [[f"{row[key]:.2g}" if key == names[3] else row[key] for key in names] for row in rows]
    print(report.table(names, cells))
    what = {key: getattr(chosen, key) for key in ("mode", "size", "batch", "ccbs", "repeats")}
    report.write(chosen.out, "scaling", {"rows": rows, **what}, report.environment(chosen.device))


def measure(chosen: argparse.Namespace, processes: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.pt"
        multiprocessing.spawn(_train, (processes, chosen, folder), nprocs=processes)
        seconds, gradients = torch.load(found, weights_only=True)
    expected = _gradients(_model(chosen), *_images(chosen, range(processes)))
    difference = torch.cat([(a - b).flatten() for a, b in zip(gradients, expected, strict=True)])
    size = torch.cat([b.flatten() for b in expected]).norm()
    return {
        "processes": processes,
        "images_per_s": processes * chosen.batch / statistics.median(seconds),
        "gradient_error": float(difference.norm() / size),
    }


def _train(rank: int, processes: int, chosen: argparse.Namespace, folder: str) -> None:
    torch.set_num_threads(1)
    cuda = torch.device(chosen.device).type == "cuda"
    device = f"cuda:{rank}" if cuda else "cpu"
    distributed.init_process_group(
        "nccl" if cuda else "gloo",
        init_method=f"file://{folder}/rendezvous",
        rank=rank,
        world_size=processes,
    )
    model = _model(chosen).to(device)
    model = DistributedDataParallel(model, device_ids=[rank] if cuda else None)
    images = [x.to(device) for x in _images(chosen, [rank])]
    seconds = []
    for _ in range(chosen.repeats + 1):
        distributed.barrier()
        start = time.perf_counter()
        gradients = _gradients(model, *images)
        seconds.append(time.perf_counter() - start)
    if rank == 0:
        torch.save((seconds[1:], [g.cpu() for g in gradients]), Path(folder) / "found.pt")
    distributed.destroy_process_group()


def _model(chosen: argparse.Namespace) -> SketchColorFlow:
    torch.manual_seed(0)
    model = SketchColorFlow(downsamplings=2, ccbs=chosen.ccbs, memory=chosen.mode)
    with torch.no_grad():
        model(*torch.rand(2, 1, 3, 64, 64))  # ActNorm takes its statistics.
        for parameter in model.parameters():  # Away from zero, where many gradients vanish.
            parameter += 0.01 * torch.randn_like(parameter)
    return model


def _images(chosen: argparse.Namespace, ranks: Any) -> tuple[Tensor, Tensor]:
    """Return the drawings and references of these ranks."""
    both = []
    for rank in ranks:
        numbers = torch.Generator().manual_seed(rank + 1)
        both.append(torch.rand(2, chosen.batch, 3, chosen.size, chosen.size, generator=numbers))
    drawing, reference = torch.cat(both, 1)
    return drawing, reference


def _gradients(model: Any, drawing: Tensor, reference: Tensor) -> list[Tensor]:
    model.zero_grad()
    (model(drawing, reference) - reference).abs().mean().backward()
    return [p.grad for p in model.parameters() if p.grad is not None]


if __name__ == "__main__":
    main()
