"""What a picture costs: time, parameters, arithmetic and memory."""

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median
from sys import float_info
from typing import Any

import torch

from flowcolor.arguments import check_callable, check_count, check_sides, device_of
from flowcolor.bounds import whole_within
from flowcolor.errors import InputError
from flowcolor.evaluation.live_bytes import peak_bytes
from flowcolor.evaluation.operations import count_operations
from flowcolor.io.json_text import parse_json
from flowcolor.io.streams import read_whole

PATIENCE = 60.0  # Seconds; methods of minutes a picture are timed less often.


@dataclass(frozen=True)
class Costs:
    """What it costs to colour one picture; None is not known.

    Args:
        seconds: For one picture, alone in its batch; the median of ``runs``.
        runs: How many were timed.
        device: Where.
        threads: Of the processor.
        size: Of the picture, height and width.
        parameters: Of the colorizer.
        gmacs: Billions of multiply-accumulates in torch, see
            :func:`~flowcolor.evaluation.operations.count_operations`.
        peak_bytes: The most bytes of tensors that were alive at once, beside the weights.
    """

    seconds: float | None = None
    runs: int | None = None
    device: str | None = None
    threads: int | None = None
    size: tuple[int, int] | None = None
    parameters: int | None = None
    gmacs: float | None = None
    peak_bytes: int | None = None

    def text(self) -> str:
        """Return one line for the terminal.

        Example:
            >>> Costs(seconds=0.25, runs=10, parameters=1_200_000, size=(64, 64)).text()
            'costs of a picture of 64x64: 0.25 s (median of 10), 1.20 M parameters'
        """
        place = ", ".join(
            part
            for part in (
                f"median of {self.runs}" if self.runs else "",
                self.device or "",
                f"{self.threads} threads" if self.threads else "",
            )
            if part
        )
        parts = {
            f"{self.seconds or 0:.3g} s{f' ({place})' if place else ''}": self.seconds,
            f"{(self.parameters or 0) / 1e6:.2f} M parameters": self.parameters,
            f"{self.gmacs or 0:.3g} GMACs": self.gmacs,
            f"{(self.peak_bytes or 0) / 1e6:.3g} MB of tensors at once": self.peak_bytes,
        }
        known = ", ".join(text for text, value in parts.items() if value is not None)
        size = f" of {self.size[1]}x{self.size[0]}" if self.size else ""
        return f"costs of a picture{size}: {known}"


def measure_costs(
    run: Callable[[], Any],
    size: tuple[int, int],
    parameters: int,
    device: torch.device | str = "cpu",
    runs: int = 10,
) -> Costs:
    """Colour one picture several times, and measure what it takes.

    Two warm-ups come first, of which one counts operations and one bytes, both with hooks that
    would make a time longer. Timing ends after ``runs``, or after a minute.

    Args:
        run: Colours one picture, always the same.
        size: Of the picture, height and width.
        parameters: How many the colorizer has.
        device: Where it is coloured.
        runs: How many times it is timed.

    Raises:
        ValueError: An argument is none of those above.
    """
    check_callable(measure_costs, run=run)
    check_sides(measure_costs, size)
    check_count(measure_costs, runs=runs)
    whole_within("measure_costs's parameters", parameters, 0)
    place = device_of(measure_costs, device)
    gmacs = count_operations(run)["all"]
    peak = peak_bytes(run, place)
    seconds: list[float] = []
    began = time.perf_counter()
    while len(seconds) < runs and (not seconds or time.perf_counter() - began < PATIENCE):
        _finish(place)
        start = time.perf_counter()
        run()
        _finish(place)
        seconds.append(time.perf_counter() - start)
    return Costs(
        median(seconds),
        len(seconds),
        device_name(place),
        torch.get_num_threads(),
        size,
        parameters,
        gmacs,
        peak,
    )


def read_costs(path: str | Path) -> Costs:
    """Read costs from a JSON file: of them alone, or the report of a test.

    Raises:
        InputError: The file is missing or something else.
    """
    known = {field.name for field in fields(Costs)}
    try:
        content = parse_json(read_whole(Path(path)).decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError:
        content = None
    found: Any = content
    if isinstance(content, dict) and isinstance(content.get("about"), dict):
        found = content["about"].get("costs")
    good = isinstance(found, dict) and found and found.keys() <= known
    if not good or not all(map(_is_plausible, found.items())):
        raise InputError(
            f"{path} expects a JSON of any of {', '.join(sorted(known))}, or the report of a test "
            "that measured them, got another file."
        )
    size = found.get("size")
    return Costs(**{**found, "size": tuple(size) if size else None})


def plain_costs(costs: Costs) -> dict[str, Any]:
    """Return what is known as plain values, for a report."""
    return {name: value for name, value in asdict(costs).items() if value is not None}


def costs_of(about: Mapping[str, Any]) -> Costs | None:
    """Return the costs that a report tells of, if it does."""
    found = about.get("costs")
    return None if found is None else Costs(**found)


def device_name(device: torch.device) -> str:
    """Return what the device calls itself."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _finish(device: torch.device) -> None:
    """Wait for work that a GPU has only been told of."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _is_plausible(item: tuple[str, Any]) -> bool:
    name, value = item
    if value is None:
        return True
    if name == "device":
        return isinstance(value, str)
    if name == "size":
        return isinstance(value, list) and [type(side) for side in value] == [int, int]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 <= value <= float_info.max  # A file may hold whole numbers beyond all floats.
