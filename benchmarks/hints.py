"""What do colours at points help? PSNR and colour error against their number.

Every drawing of a folder gets somebody else's photograph as reference, and 0, 1, 2, ... points with
the colours of its own photograph (:class:`~flowcolor.data.HintPoints`; more points are those of
fewer, and others). Two errors: of the whole picture to the photograph, and at the hinted pixels
alone. The more a user says, the nearer the picture should come, whoever lent the other colours.
"""

from pathlib import Path

import torch
from torch.utils.data import default_collate

from benchmarks import report
from flowcolor.color import rgb_to_lab
from flowcolor.data import CrossReference, HintPoints, open_portraits
from flowcolor.inference import load
from flowcolor.models import Colorizer, Hints


@torch.no_grad()
def measure(
    colorizer: Colorizer, folders: list[str], size: int, counts: list[int], seeds: int
) -> list[dict]:
    pairs = [CrossReference(open_portraits(folder, size), seed=0) for folder in folders]
    batches = [
        default_collate([part[i] for i in range(start, min(start + 8, len(part)))])
        for part in pairs
        for start in range(0, len(part), 8)
    ]
    rows = []
    for count in counts:
        psnr, distance, seen = 0.0, 0.0, 0
        for seed in range(seeds):
            for batch in batches:
                batch["truth"] = batch["photo"]
                given = HintPoints(count=count)(batch, seed, 0)
                hints = Hints(given["hint_colors"], given["hint_mask"])
                options = {"hints": hints} if count else {}
                result = colorizer(batch["content"], batch["reference"], **options).clamp(0, 1)
                error = (result - batch["truth"]).square().mean((1, 2, 3))
                psnr += float(-10 * error.log10().sum())
                apart = (rgb_to_lab(result) - rgb_to_lab(given["hint_colors"])).norm(dim=1)
                mask = given["hint_mask"][:, 0]
                distance += float(((apart * mask).sum((1, 2)) / mask.sum((1, 2)).clamp(1)).sum())
                seen += len(result)
        error = distance / seen if count else None
        rows.append({"points": count, "psnr": psnr / seen, "lab_at_hints": error, "pairs": seen})
    return rows


def table(rows: list[dict]) -> str:
    lines = [f"{'points':>6}  {'PSNR':>6}  {'Lab difference at the points':>28}"]
    for row in rows:
        error = "" if row["lab_at_hints"] is None else f"{row['lab_at_hints']:.1f}"
        lines.append(f"{row['points']:>6}  {row['psnr']:>6.2f}  {error:>28}")
    return "\n".join(lines)


def main() -> None:
    options = report.parser(__doc__, "hints")
    options.add_argument("--checkpoint", default="faces", help="a model, as flowcolor.load takes")
    options.add_argument("--photos", nargs="+", default=["embedded"], help="folders")
    options.add_argument("--size", type=int, default=128)
    options.add_argument("--counts", default="0,1,2,5,10,20,50")
    options.add_argument("--seeds", type=int, default=3)
    chosen = options.parse_args()
    painter = load(chosen.checkpoint, chosen.device)
    counts = [int(count) for count in chosen.counts.split(",")]
    rows = measure(painter.colorizer, chosen.photos, chosen.size, counts, chosen.seeds)
    print(table(rows))
    folders = [Path(folder).name for folder in chosen.photos]
    result = {"rows": rows, "size": chosen.size, "seeds": chosen.seeds, "folders": folders}
    report.write(chosen.out, "points", result, report.environment(chosen.device))


if __name__ == "__main__":
    main()
