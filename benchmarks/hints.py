"""What do colours at points help? PSNR and colour error against their number, by method.

Every picture of a folder gets somebody else's photograph as reference, where a method uses one,
and 0, 1, 2, ... points with the colours of its own photograph (:class:`~flowcolor.data.HintPoints`;
more points are those of fewer, and others). Two errors: of the whole picture to the photograph, and
at the hinted pixels alone. The more a user says, the nearer the picture should come.

Methods for drawings get drawings, the others grey photographs; ``--content`` decides where both
are possible. Numbers of the two are never in one table. Methods that need hints have no row of 0.
"""

from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch.utils.data import default_collate

from benchmarks import report
from flowcolor.color import to_gray
from flowcolor.data import CrossReference, open_portraits
from flowcolor.errors import InputError
from flowcolor.evaluation.hint_curve import hint_curve
from flowcolor.inference import load
from flowcolor.models import Colorizer
from flowcolor.training.objectives.base import colorize_batch


@torch.no_grad()
def measure(
    colorizer: Colorizer,
    folders: list[str],
    size: int,
    counts: list[int],
    seeds: int,
    content: str = "drawing",
) -> list[dict]:
    if colorizer.hints == "unused":
        raise InputError(f"{type(colorizer).__name__} cannot use hints: there is no curve.")
    if colorizer.hints == "required":
        counts = [count for count in counts if count]
    pairs = [CrossReference(open_portraits(folder, size), seed=0) for folder in folders]
    batches = []
    for part in pairs:
        for start in range(0, len(part), 8):
            batch = default_collate([part[i] for i in range(start, min(start + 8, len(part)))])
            batch["truth"] = batch["photo"]
            if content == "gray":
                batch["content"] = to_gray(batch["truth"]).expand(-1, 3, -1, -1)
                gray = to_gray(batch["reference"])
                batch["reference_content"] = gray.expand(-1, 3, -1, -1)
            batches.append(batch)
    paint = partial(_paint, colorizer)
    return [asdict(row) for row in hint_curve(paint, batches, counts, seeds)]


def _paint(colorizer: Colorizer, batch: dict, _: object) -> torch.Tensor:
    return colorize_batch(colorizer, batch)


def table(curves: dict[str, list[dict]]) -> str:
    counts = sorted({row["points"] for rows in curves.values() for row in rows})
    lines = []
    for count in counts:
        cells: list = [count]
        for rows in curves.values():
            row = next((row for row in rows if row["points"] == count), None)
            cells += [None, None] if row is None else [row["psnr"], row["hint_error"]]
        lines.append([None if cell != cell else cell for cell in cells])
    heads = [f"{name}, {what}" for name in curves for what in ("PSNR", "Lab at the points")]
    return report.table(["points", *heads], lines)


def main() -> None:
    options = report.parser(__doc__, "hints")
    options.add_argument(
        "--checkpoint", nargs="+", default=["faces"], help="models, as flowcolor.load takes them"
    )
    options.add_argument("--content", choices=("drawing", "gray"), help="what is coloured")
    options.add_argument("--photos", nargs="+", default=["embedded"], help="folders")
    options.add_argument("--size", type=int, default=128)
    options.add_argument("--counts", default="0,1,2,5,10,20,50")
    options.add_argument("--seeds", type=int, default=3)
    chosen = options.parse_args()
    painters = {name: load(name, chosen.device) for name in chosen.checkpoint}
    counts = report.numbers(chosen.counts)
    common = frozenset.intersection(*(p.colorizer.content for p in painters.values()))
    content = chosen.content or ("drawing" if "drawing" in common else "gray")
    if content not in common:
        options.error(f"not all of {', '.join(painters)} colour the same: choose --content")
    curves = {
        name: measure(painter.colorizer, chosen.photos, chosen.size, counts, chosen.seeds, content)
        for name, painter in painters.items()
    }
    print(table(curves))
    folders = [Path(folder).name for folder in chosen.photos]
    result = {"rows": curves, "content": content, "size": chosen.size, "seeds": chosen.seeds}
    where = report.environment(chosen.device)
    report.write(chosen.out, f"points, {content}", {**result, "folders": folders}, where)


if __name__ == "__main__":
    main()
