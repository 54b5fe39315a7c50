"""How many bytes are alive at once while something runs?

Four ways to know, and every result says which was used:

- ``allocator`` (CPU): every event of torch's allocator, from its profiler. Sees each allocation
  with the operator that asked for it, scratch memory inside operators included; not what oneDNN or
  numpy allocate on their own.
- ``storages`` (CPU): a dispatch mode notes every storage when an operator first returns it and a
  finalizer notes its release. Knows shapes and dtypes, so it can say which tensors make the peak;
  blind to scratch memory.
- ``fake`` (CPU): the same on tensors without numbers. Nothing is computed, so any size fits into
  any machine and takes seconds; what the operators allocate inside is not seen.
- ``cuda``: the peak of torch's CUDA allocator.

All count from the start: what was alive before is not in the figures, and its release lowers them.

``python -m benchmarks.live_bytes`` prints what the peak of one training step is made of.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch._C._profiler import _EventType
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.profiler import ProfilerActivity, profile, record_function

from benchmarks import report
from flowcolor.evaluation.live_bytes import StorageTracker, tensors_in
from flowcolor.layers import ActNorm
from flowcolor.models import SketchColorFlow

MIB = 2**20
METHODS = ("allocator", "storages", "fake")
Mark = Callable[[], None]
Run = Callable[[Mark], Any]
Event = tuple[int, int, int, tuple[str, ...]]  # time, address, bytes gained, where
_MARK = "flowcolor: mark"


@dataclass
class Bytes:
    """The peak, the bytes alive when ``mark`` was called, and what was alive at the peak."""

    peak: int
    marked: int
    method: str
    parts: Counter[str] = field(default_factory=Counter)


def measure(run: Run, device: str = "cpu", method: str = "allocator") -> Bytes:
    """Count the live bytes of ``run(mark)``, which may call ``mark()`` once.

    For ``"fake"`` the caller builds everything ``run`` uses within :func:`fake`.
    """
    if torch.device(device).type == "cuda":
        return _on_cuda(run, device)
    return by_allocator(run) if method == "allocator" else replace(by_storages(run), method=method)


def fake() -> FakeTensorMode:
    """Return a context in which tensors have shapes and storages but no memory."""
    return FakeTensorMode(allow_non_fake_inputs=True)  # The weights of VGG16 are real.


def by_allocator(run: Run) -> Bytes:
    """Count by the allocator's events."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        run(_mark)
    events: list[Event] = []
    stack = [(root, ()) for root in recorded.profiler.kineto_results.experimental_event_tree()]
    while stack:
        node, path = stack.pop()
        if node.tag == _EventType.Allocation:
            extra = node.extra_fields
            events.append((node.start_time_ns, extra.ptr, extra.alloc_size, path))
        elif node.name == _MARK:
            events.append((node.start_time_ns, 0, 0, ()))
        stack += [(child, (*path, node.name)) for child in node.children]
    events.sort(key=lambda event: event[0])
    return _replay(events, "allocator")


def _mark() -> None:
    with record_function(_MARK):
        pass


def _replay(events: list[Event], method: str) -> Bytes:
    total = peak = marked = last = 0
    for number, (_, pointer, size, _) in enumerate(events):
        total += size
        if pointer == 0:
            marked = total
        if total > peak:
            peak, last = total, number
    alive: dict[int, tuple[int, str]] = {}
    for _, pointer, size, path in events[: last + 1]:
        if size > 0:
            alive[pointer] = size, _origin(path)
        else:
            alive.pop(pointer, None)
    parts: Counter[str] = Counter()
    for size, origin in alive.values():
        parts[origin] += size
    return Bytes(peak, marked, method, parts)


def _origin(path: tuple[str, ...]) -> str:
    """Shorten a path of operators to the pass, the autograd node and the operator."""
    names = [name.removeprefix("aten::") for name in path if "evaluate_function" not in name]
    names = [name for name in names if name not in {"empty", "resize_", "empty_like", "clone"}]
    return " > ".join(dict.fromkeys(names[-4:])) or "outside operators"


class _Events(StorageTracker):
    """Note every storage, number, bytes gained or lost, and where, in order of time."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []

    def changed(self, storage: int, size: int, tensor: Tensor | None, operator: Any) -> None:
        where: tuple[str, ...] = ()
        if tensor is not None:
            kind = str(tensor.dtype).removeprefix("torch.")
            where = (f"{operator} {kind}{list(tensor.shape)}",)
        self.events.append((len(self.events), storage, size, where))

    def mark(self) -> None:
        """Remember how much is alive now."""
        self.events.append((len(self.events), 0, 0, ()))


def by_storages(run: Run) -> Bytes:
    """Count by storages."""
    with _Events() as tracker:
        run(tracker.mark)
    return _replay(tracker.events, "storages")


def _on_cuda(run: Run, device: str) -> Bytes:
    marks = [0]
    torch.cuda.synchronize(device)
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    run(lambda: marks.append(torch.cuda.memory_allocated(device) - before))
    torch.cuda.synchronize(device)
    peak = torch.cuda.max_memory_allocated(device) - before
    return Bytes(peak, marks[-1], "cuda")


def resident(*things: nn.Module | torch.optim.Optimizer | Tensor) -> int:
    """Count the bytes of parameters, gradients, buffers, optimizer states and tensors."""
    tensors: list[Tensor] = []
    for thing in things:
        if isinstance(thing, nn.Module):
            tensors += [*thing.parameters(), *thing.buffers()]
            tensors += [p.grad for p in thing.parameters() if p.grad is not None]
        elif isinstance(thing, torch.optim.Optimizer):
            tensors += tensors_in(list(thing.state.values()))
        else:
            tensors.append(thing)
    storages = {t.untyped_storage()._cdata: t.untyped_storage().nbytes() for t in tensors}
    return sum(storages.values())


def settle(model: nn.Module) -> None:
    """Tell every ActNorm that it has seen data; fake tensors have no statistics."""
    for part in model.modules():
        if isinstance(part, ActNorm):
            part._settled = True


def flow_step(model: SketchColorFlow, batch: int, size: int, device: str = "cpu") -> Run:
    """Return a training step of the flow alone: forward, L1, backward."""
    drawing, reference, truth = torch.rand(3, batch, 3, size, size, device=device)

    def run(mark: Mark) -> None:
        model.zero_grad()
        loss = (model(drawing, reference) - truth).abs().mean()
        mark()
        loss.backward()

    return run


def main() -> None:
    options = report.parser(__doc__, "live_bytes")
    options.add_argument("--mode", default="reversible", choices=report.MODES)
    options.add_argument("--size", type=int, default=256)
    options.add_argument("--batch", type=int, default=1)
    options.add_argument("--ccbs", type=int, default=8)
    options.add_argument("--method", default="allocator", choices=METHODS)
    chosen = options.parse_args()
    with fake() if chosen.method == "fake" else nullcontext():
        model = SketchColorFlow(ccbs=chosen.ccbs, memory=chosen.mode)
        settle(model)
        run = flow_step(model, chosen.batch, chosen.size)
        result = measure(run, method=chosen.method)
    rows = [(name, size / MIB) for name, size in result.parts.most_common(30)]
    rows += [("everything", result.peak / MIB)]
    print(report.table([f"alive at the peak, by {result.method}", "MiB"], rows))
    found = {"peak": result.peak, "held": result.marked, "parts": dict(result.parts)}
    report.write(chosen.out, chosen.mode, found, report.environment())


if __name__ == "__main__":
    main()
