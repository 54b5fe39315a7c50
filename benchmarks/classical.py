"""What do the methods without weights cost?

Seconds of one core for one grey photograph in float32, median after one warm-up, with hints at 50
squares of 5x5 pixels or another photograph as reference.
"""

import time
from statistics import median

import torch

from benchmarks import report
from flowcolor.color import to_gray
from flowcolor.data import open_portraits
from flowcolor.models import LUT, Colorizer, Hints, Levin, Poisson, Wavelet

SPOTS = 50
UV = (0.2, 0.4, 0.6, 0.8, 0.9, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)


def methods() -> dict[str, Colorizer]:
    """Return the methods by the words of the table."""
    return {
        "levin": Levin(),
        "levin, 4 neighbours": Levin(neighbors=4),
        "levin, normal equations": Levin("normal"),
        "poisson": Poisson(),
        "lut": LUT(),
        "lut, RGB then YUV": LUT("rgb_then_yuv"),
        "wavelet": Wavelet(),
        "wavelet, chroma": Wavelet(UV, "uv"),
    }


def seconds(method: Colorizer, size: int, repeats: int) -> float:
    """Return the median time of one picture."""
    photos = open_portraits("embedded", size)
    truth, other = (photos[index]["photo"][None] for index in range(2))
    content = to_gray(truth).expand(-1, 3, -1, -1).contiguous()
    places = torch.randint(2, size - 2, (SPOTS, 2), generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(1, 1, size, size)
    for row, column in places.tolist():
        mask[..., row - 2 : row + 3, column - 2 : column + 3] = 1
    given = {"hints": Hints(truth, mask)} if method.hints == "required" else {"reference": other}
    times = []
    for _ in range(repeats + 1):
        start = time.process_time()
        method.colorize(content, **given)
        times.append(time.process_time() - start)
    return median(times[1:])


def main() -> None:
    parser = report.parser(__doc__, "classical")
    parser.add_argument("--size", type=int, default=256, help="of the picture (default: 256)")
    parser.add_argument("--repeats", type=int, default=5, help="medians of so many (default: 5)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [
        [name, seconds(method, options.size, options.repeats)] for name, method in methods().items()
    ]
    shown = [[name, f"{taken:.3f}"] for name, taken in rows]
    print(report.table(["", "s"], shown))
    where = report.environment("cpu", "scipy") | {"size": options.size, "repeats": options.repeats}
    report.write(options.out, "classical", {"rows": rows}, where)


if __name__ == "__main__":
    main()
