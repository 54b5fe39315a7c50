"""How well faces are found, and the filters that find them.

Folders are those of ``flowcolor`` data with label maps: ``labels/NAME.png`` beside the pictures,
with eyes as 4 and lips as 5. Every tenth person is kept for the test. ``--train`` learns both
filters anew and writes them; without it those of the package are tested. An error is the distance
of the middle between eyes and mouth from where the labels have it, in distances between eyes and
mouth, and the octaves by which the side is wrong.

    python -m benchmarks.face_finder --folders london faker sfhq_t2i openpeople
"""

import math
import random
from pathlib import Path

import numpy as np
from torch import Tensor

from benchmarks import report
from benchmarks.face_filters import keep, learn
from benchmarks.face_windows import WINDOW_OF_FACE, Example, drawn, example, find
from flowcolor.io.images import read_image
from flowcolor.pretrained import face_finder
from flowcolor.pretrained.face_finder import Kind, find_face

KINDS: tuple[Kind, ...] = ("photo", "drawing")


def main() -> None:
    options = report.parser(__doc__, "face_finder")
    options.add_argument("--folders", nargs="+", type=Path, required=True, help="with labels/")
    options.add_argument("--others", nargs="*", type=Path, default=[], help="without faces")
    options.add_argument("--train", type=Path, help="the file of filters to write")
    options.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    options.add_argument("--most", type=int, default=600, help="pictures to learn from")
    chosen = options.parse_args()
    labelled = list(find(chosen.folders))
    kept = [item for item in labelled if item[2] == 0]
    rest = [item for item in labelled if item[2] != 0]
    rows = []
    for kind in chosen.kinds:
        rng = random.Random(0)  # noqa: S311 - nothing is kept secret
        if chosen.train:
            rng.shuffle(rest)
            examples = [example(item, kind, rng) for item in rest[: chosen.most]]
            weights, bias = learn(examples, kind, rng)
            keep(chosen.train, kind, weights, bias)
        else:
            weights, bias = face_finder.filters()[kind]
        others = [drawn(read_image(file), kind, rng) for file in chosen.others]
        tested = [example(item, kind, rng) for item in kept]
        rows.append({"kind": kind, **errors(tested, others, kind, weights, bias)})
    print(report.table(list(rows[0]), [list(row.values()) for row in rows]))
    report.write(chosen.out, "errors", {"rows": rows}, report.environment("cpu"))


def errors(
    examples: list[Example], others: list[Tensor], kind: Kind, weights: Tensor, bias: float
) -> dict[str, float | int]:
    shifts, octaves, scores = [], [], []
    for each in examples:
        if each.place is None:
            continue
        face = find_face(each.image, kind, (weights, bias))
        row, column, side = each.place.tolist()
        unit = side / WINDOW_OF_FACE
        shifts.append(math.hypot(face.row - row, face.column - column) / unit)
        octaves.append(abs(math.log2(face.side / side)))
        scores.append(face.score)
    found = [s < 0.3 and o < 0.5 for s, o in zip(shifts, octaves, strict=True)]
    false = [find_face(other, kind, (weights, bias)).score for other in others]
    return {
        "pictures": len(shifts),
        "found": sum(found),
        "shift": float(np.median(shifts)),
        "shift, 9 of 10": float(np.quantile(shifts, 0.9)),
        "octaves": float(np.median(octaves)),
        "octaves, 9 of 10": float(np.quantile(octaves, 0.9)),
        "score, 19 of 20 above": float(np.quantile(scores, 0.05)),
        "score": float(np.median(scores)),
        "highest score of others": max(false, default=math.nan),
        "median of others": float(np.median(false)) if false else math.nan,
    }


if __name__ == "__main__":
    main()
