"""Many people at one page: errors, mixed-up pictures, seconds to a picture, memory.

Starts ``flowcolor app`` on loopback and lets a number of clients, each with a session, drawings and
colours of its own, ask for pictures without a pause. Every answer is compared with the picture that
the same drawing and reference give without a server: it must be that of the client's own, and no
other's. Memory is the resident set of the server's process, after the first minute and at the end.
"""

import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import torch
from gradio_client import Client

from benchmarks import report
from flowcolor.app.answer import DRAWN_HERE, answer
from flowcolor.app.data_urls import from_data_url, to_data_url
from flowcolor.inference import load
from flowcolor.painting import How

SIDE = 256
SAME = 2 / 255  # Threads may round differently; two clients' pictures differ by far more.


@dataclass
class Asker:
    """One client: what it sends, what must come back, and what happened."""

    drawing: str
    reference: str
    wanted: torch.Tensor
    seconds: list[float] = field(default_factory=list)
    mixed_up: int = 0
    errors: list[str] = field(default_factory=list)


def make_askers(count: int, model: str) -> list[Asker]:
    """Give each client a box at a place of its own and a colour of its own."""
    painter = load(model)
    generator = torch.Generator().manual_seed(0)
    askers = []
    for index in range(count):
        page = torch.ones(3, SIDE, SIDE)
        top = 8 + index * (SIDE - 80) // count
        page[:, top : top + 64, 40:44] = page[:, top : top + 4, 40:200] = 0
        color = torch.rand(3, 1, 1, generator=generator)
        photo = (color + 0.2 * torch.rand(3, 64, 64, generator=generator)).clamp(0, 1)
        drawing = to_data_url(page).replace("data:image/png;", DRAWN_HERE)
        reference = to_data_url(photo)
        got = answer(painter, drawing, reference, How())
        askers.append(Asker(drawing, reference, from_data_url(got.picture, "It", SIDE)))
    return askers


def ask(asker: Asker, link: str, until: float) -> None:
    """Ask for pictures until it is time to stop."""
    try:
        # A busy machine is slow to accept a request, which is no error of the page.
        client = Client(link, verbose=False, httpx_kwargs={"timeout": 300})
    except Exception as error:
        asker.errors.append(repr(error))
        return
    while time.monotonic() < until:
        start = time.monotonic()
        try:
            picture, text = client.predict(
                asker.drawing,
                asker.reference,
                "keep",
                "trained",
                True,
                True,
                False,
                api_name="/paint",
            )
            got = from_data_url(picture, text, SIDE)
        except Exception as error:
            asker.errors.append(repr(error))
            continue
        asker.seconds.append(time.monotonic() - start)
        same = got.shape == asker.wanted.shape and float((got - asker.wanted).abs().amax()) <= SAME
        asker.mixed_up += not same


def resident_mib(process: int) -> float:
    """Return the resident set of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def start_server(model: str) -> tuple[subprocess.Popen[str], str]:
    """Start the page and return its process and address."""
    command = [sys.executable, "-m", "flowcolor", "app", "--model", model]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    for line in process.stdout or ():
        found = re.search(r"draw at (http://\S+)", line)
        if found:
            return process, found[1]
    raise SystemExit("The page did not start.")


def measure(clients: int, seconds: float, model: str) -> dict:
    """Return what happened."""
    askers = make_askers(clients, model)
    apart = [
        float((a.wanted - b.wanted).abs().amax())
        for index, a in enumerate(askers)
        for b in askers[:index]
    ]
    if apart and min(apart) <= 2 * SAME:
        raise SystemExit("Two clients want the same picture: a mix-up could not be told.")
    process, link = start_server(model)
    try:
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=ask, args=(asker, link, until)) for asker in askers]
        for thread in threads:
            thread.start()
        memory = []
        while time.monotonic() < until:
            time.sleep(min(10.0, seconds / 4))
            memory.append(round(resident_mib(process.pid)))
        for thread in threads:
            thread.join()
        memory.append(round(resident_mib(process.pid)))
    finally:
        process.terminate()
        process.wait(30)
    times = [value for asker in askers for value in asker.seconds]
    errors = [error for asker in askers for error in asker.errors]
    return {
        "clients": clients,
        "seconds": seconds,
        "pictures": len(times),
        "fewest_of_a_client": min(len(asker.seconds) for asker in askers),
        "errors": len(errors),
        "kinds_of_errors": sorted(set(errors))[:5],
        "mixed_up": sum(asker.mixed_up for asker in askers),
        "median_seconds": round(median(times), 2) if times else None,
        "longest_seconds": round(max(times), 2) if times else None,
        "memory_mib": memory,
    }


def main() -> None:
    """Measure, print and write."""
    options = report.parser(__doc__, "app_load")
    options.add_argument("--clients", type=int, default=20)
    options.add_argument("--seconds", type=float, default=120)
    options.add_argument("--model", default="faces")
    chosen = options.parse_args()
    result = measure(chosen.clients, chosen.seconds, chosen.model)
    memory = result["memory_mib"]
    minute = memory[min(len(memory) - 1, 5)] if chosen.seconds >= 60 else memory[0]
    print(
        f"{result['clients']} clients, {result['seconds']:g} s: {result['pictures']} pictures, "
        f"{result['errors']} errors, {result['mixed_up']} mixed up\n"
        f"seconds to a picture: median {result['median_seconds']}, "
        f"longest {result['longest_seconds']}\n"
        f"memory: {minute} MiB after a minute, {memory[-1]} MiB at the end, "
        f"largest {max(memory)} MiB"
    )
    report.write(chosen.out, "load", result, report.environment("cpu", "gradio"))


if __name__ == "__main__":
    main()
