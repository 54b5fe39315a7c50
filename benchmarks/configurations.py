"""The systems that have no memory modes, as their packaged configurations train them.

Parts, each of which runs alone (``--parts counts,times``) and none of which needs a data set:

- ``counts``, of the published configurations at their own size, with tensors that have shapes but
  no numbers: parameters, GMACs of a colorization, all its passes together, and MB (10^6 bytes) per
  image in one training step, held and at most, as in ``benchmarks.systems``.
- ``times``, of the configurations that learn on a CPU: seconds of a training step (forward,
  backward, and the optimizers') and of one picture, and the most MB that both have alive. On a CPU
  these are seconds of its time, not of a clock: others who share the machine hardly change them.

A step is what the configuration trains by: its objective, with the critics if it has some, and in
stages only the weights that the stage moves. Random photographs are augmented before the step. What
a perceptual loss adds is not counted, nor is looking for objects,
which are the quarters of a picture.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import torch

from benchmarks import report
from benchmarks.configured import Configured, colorizer_class, configured, loss_of, trained_names
from benchmarks.configured_counts import count
from benchmarks.speed import interleave, show
from benchmarks.system_list import SYSTEMS
from benchmarks.systems import MB, Row
from flowcolor.evaluation.live_bytes import peak_bytes
from flowcolor.training.objectives.base import colorize_batch


def main() -> None:
    options = report.parser(__doc__, "configurations")
    options.add_argument("--parts", type=report.words, default=["counts", "times"])
    options.add_argument("--names", type=report.words, help="of configurations (default: all)")
    options.add_argument("--batches", type=report.numbers, default=[8, 16], help="two")
    options.add_argument("--timed-size", type=int, default=64)
    options.add_argument("--timed-batch", type=int, default=8)
    options.add_argument("--repeats", type=int, default=5)
    chosen = options.parse_args()
    for part in chosen.parts:
        result = {"counts": counts, "times": times}[part](chosen)
        report.write(chosen.out, part, result, report.environment(chosen.device))


def published() -> list[str]:
    """Return the published configurations of systems without memory modes."""
    in_modes = {system.build for system in SYSTEMS}
    names = [name for name in trained_names() if not name.endswith("-small")]
    return [name for name in names if colorizer_class(name) not in in_modes]


def small() -> list[str]:
    """Return the configurations that learn on a CPU."""
    return ["portraits", *(name for name in trained_names() if name.endswith("-small"))]


def counts(chosen: argparse.Namespace) -> Row:
    rows = []
    for system in configured(chosen.names or published()):
        rows.append(count(system, chosen.batches))
        print(rows[-1], flush=True)
    print(report.table(list(rows[0]), [list(row.values()) for row in rows]))
    return {"rows": rows, "batches": chosen.batches}


def times(chosen: argparse.Namespace) -> Row:
    systems = list(configured(chosen.names or small()))
    made = {system.name: _runs(system, chosen) for system in systems}
    steps = {name: step for name, (step, _) in made.items()}
    pictures = {s.name: made[s.name][1] for s in systems if s.last}
    clock = time.process_time if torch.device(chosen.device).type == "cpu" else time.perf_counter
    result: Row = {"size": chosen.timed_size, "batch": chosen.timed_batch}
    for title, runs in (("s per step", steps), ("s per picture", pictures)):
        rows = show(title, interleave(runs, chosen.repeats, chosen.device, clock))
        for row in rows:
            row["peak MB"] = peak_bytes(runs[row["name"]], torch.device(chosen.device)) / MB
        result[title] = rows
    return result


def _runs(system: Configured, chosen: argparse.Namespace) -> tuple[Callable[[], Any], ...]:
    """Return a training step, and the colorization of one picture."""
    torch.manual_seed(0)
    batch: Any = system.batch(chosen.timed_batch, chosen.timed_size)
    batch = {k: v.to(chosen.device) if isinstance(v, torch.Tensor) else v for k, v in batch.items()}
    one = {key: value[:1] for key, value in batch.items()}
    task = system.task().to(chosen.device)
    optimizers = [optimizer for optimizer, _ in task.build_optimizers()]
    training = {module: module.training for module in task.modules()}

    def step() -> None:
        for module, mode in training.items():
            module.training = mode
        task.zero_grad()
        loss_of(task, batch).backward()
        for optimizer in optimizers:
            optimizer.step()

    @torch.no_grad()
    def picture() -> None:
        task.eval()
        colorize_batch(task.colorizer, one)

    return step, picture


if __name__ == "__main__":
    main()
