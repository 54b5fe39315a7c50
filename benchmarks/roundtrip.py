"""Which choices keep the flow invertible in float32?

The thesis's size with last convolutions of a growing standard deviation, as training makes them
grow, and ActNorms that have seen real portraits. Prints the largest error of encoding and decoding
a smooth gradient, flat images and the two portraits, for the scale of the couplings, the norm of
their networks with its epsilon, and the temperature of the attention.
"""

import math

import torch

from benchmarks import report
from flowcolor.data import open_portraits
from flowcolor.models import SketchColorFlow
from flowcolor.models.round_trip import roundtrip_errors

CHOICES = (
    {"scale": "sigmoid", "norm_eps": 1e-5, "attention_scale": 1.0},  # The thesis's letter.
    {"scale": "sigmoid", "norm_eps": 1e-5},
    {"scale": "sigmoid", "norm_eps": 0.1},
    {"scale": "sigmoid2", "norm_eps": 1e-5},
    {"scale": "exp", "norm_eps": 1e-5},
    {"scale": "bounded", "norm_eps": 1e-5},
    {"scale": "bounded", "norm_eps": 1e-2},
    {"scale": "bounded", "norm_eps": 0.1},  # The default.
    {"scale": "bounded", "norm": "layer", "norm_eps": 1e-5},
    {"scale": "bounded", "norm": "none"},
)


def build(choice: dict, deviation: float, sketches: torch.Tensor, photos: torch.Tensor):
    torch.manual_seed(0)
    model = SketchColorFlow(**choice)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("out.weight"):
                parameter.normal_(0, deviation)
        model.train()(sketches, photos)  # The first training batch initialises ActNorm.
    return model.eval()


def measure(size: int, deviations: list[float], choices=CHOICES) -> list[dict]:
    portraits = open_portraits("embedded", size)
    sketches = torch.stack([item["content"] for item in portraits])
    photos = torch.stack([item["photo"] for item in portraits])
    rows = []
    for choice in choices:
        for deviation in deviations:
            errors = roundtrip_errors(build(choice, deviation, sketches, photos), photos)
            values = {name: float(error) for name, error in errors.items()}
            rows.append({"choice": choice, "deviation": deviation, **values})
    return rows


def table(rows: list[dict]) -> str:
    lines = []
    for row in rows:
        choice = ", ".join(f"{key} {value:g}" if isinstance(value, float) else str(value)
                           for key, value in row["choice"].items())  # fmt: skip
        errors = [row[name] for name in ("smooth", "flat", "real")]
        cells = [f"{e:.0e}" if math.isfinite(e) else "not finite" for e in errors]
        lines.append([choice, str(row["deviation"]), *cells])
    return report.table(["choice", "deviation", "smooth", "flat", "real"], lines)


def main() -> None:
    options = report.parser(__doc__, "roundtrip")
    options.add_argument("--size", type=int, default=128, help="side of the images in pixels")
    options.add_argument("--deviations", type=float, nargs="+", default=[0.01, 0.02, 0.05])
    chosen = options.parse_args()
    rows = measure(chosen.size, chosen.deviations)
    print(table(rows))
    result = {"size": chosen.size, "rows": rows}
    report.write(chosen.out, "roundtrip", result, report.environment("cpu"))


if __name__ == "__main__":
    main()
