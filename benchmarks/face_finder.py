"""How well faces are found, and the filters that find them.

Folders are those of ``flowcolor`` data with label maps: ``labels/NAME.png`` beside the pictures,
with eyes as 4 and lips as 5. Every tenth person is kept for the test. ``--train`` learns both
filters anew and writes them; without it those of the package are tested. An error is the distance
of the middle between eyes and mouth from where the labels have it, in distances between eyes and
mouth, and the octaves by which the side is wrong.

    python -m benchmarks.face_finder --folders london faker sfhq_t2i openpeople

A window is a picture of 56x56 pixels. Windows of faces are moved, enlarged and mirrored a little;
others are cut elsewhere from the same pictures, from drawn shapes, and, in three rounds, where the
filter of the round before has found what is no face. Logistic regression divides both classes, with
a penalty on the squares of the weights, and the filter is made symmetric.
"""

import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from benchmarks import report
from flowcolor.data.sketches import ColorDodge, GradientLines, SobelLines, XDoG
from flowcolor.io.images import read_image
from flowcolor.io.resizing import resize
from flowcolor.pretrained import face_finder
from flowcolor.pretrained.face_finder import Kind, cells_of, find_face, scan

EYES, LIPS = 4, 5
WINDOW_OF_FACE = 3.2
PENALTY = 3e-3
WINDOWS, OTHERS, ROUNDS = 4, 12, 3
DRAWN_AT = (96, 128, 192, 256)
FILTERS = (GradientLines(), GradientLines(), SobelLines(), XDoG(), ColorDodge())
KINDS: tuple[Kind, ...] = ("photo", "drawing")


@dataclass(frozen=True)
class Example:
    """A picture (3, H, W) and where its face is, None for one without."""

    image: Tensor
    place: Tensor | None


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


def keep(path: Path, kind: Kind, weights: Tensor, bias: float) -> None:
    """Write one filter beside the other."""
    known = load_file(path) if path.exists() else {}
    new = {f"{kind}.weights": weights.half(), f"{kind}.bias": torch.tensor(bias)}
    save_file(known | new, path)


def find(folders: list[Path]) -> Iterator[tuple[Path, Path, int]]:
    """Yield picture, labels and the last digit of the person's number."""
    for folder in folders:
        pictures = {file.stem: file for file in folder.rglob("*.jpg")}
        for number, labels in enumerate(sorted((folder / "labels").glob("*.png"))):
            named = re.match(r"\d+", labels.stem) if folder.name == "london" else None
            person = int(named.group()) if named else number
            if labels.stem in pictures:
                yield pictures[labels.stem], labels, person % 10


def example(item: tuple[Path, Path, int], kind: Kind, rng: random.Random) -> Example:
    picture, labels, _ = item
    image = read_image(picture)
    with Image.open(labels) as file:
        parts = np.asarray(file)
    scale = image.shape[-1] / parts.shape[1]
    eyes, lips = (np.argwhere(parts == part) for part in (EYES, LIPS))
    if min(len(eyes), len(lips)) < 20:
        return Example(drawn(image, kind, rng), None)
    upper, lower = eyes.mean(0) * scale, lips.mean(0) * scale
    middle = (upper + lower) / 2
    side = float(np.linalg.norm(lower - upper)) * WINDOW_OF_FACE
    return Example(drawn(image, kind, rng), torch.tensor([*middle, side], dtype=torch.float32))


def drawn(image: Tensor, kind: Kind, rng: random.Random) -> Tensor:
    """Return a photograph as it is, or its drawing."""
    if kind == "photo":
        return image
    own = (image.shape[-2], image.shape[-1])
    side = rng.choice(DRAWN_AT)
    scale = side / min(own)
    lines = rng.choice(FILTERS)(image, (round(own[0] * scale), round(own[1] * scale)))
    return resize(lines[:1], own).expand(3, -1, -1)


def learn(examples: list[Example], kind: Kind, rng: random.Random) -> tuple[Tensor, float]:
    faces = [(each, each.place) for each in examples if each.place is not None]
    shown = [each for each, _ in faces]
    shapes = [Example(drawn(shape(rng), kind, rng), None) for _ in range(300)]
    positive = [
        window(each.image, moved(place, rng), mirrored=bool(turn % 2))
        for each, place in faces
        for turn in range(WINDOWS)
    ]
    negative = [
        window(each.image, elsewhere(each, rng)) for each, _ in faces for _ in range(OTHERS)
    ]
    negative += [window(each.image, elsewhere(each, rng)) for each in shapes for _ in range(6)]
    yes, no = described(positive, kind), described(negative, kind)
    weights, bias = divide(yes, no)
    for _ in range(ROUNDS):
        wrong = [
            window(each.image, place)
            for each in [*shown[:300], *shapes]
            for place, score in zip(*best(each, kind, weights, bias), strict=True)
            if score > -1 and not near(place, each.place)
        ]
        if not wrong:
            break
        no = torch.cat([no, described(wrong * 2, kind)])
        weights, bias = divide(yes, no)
    return weights, bias


def best(each: Example, kind: Kind, weights: Tensor, bias: float) -> tuple[Tensor, Tensor]:
    """Return the five places of a picture that look most like a face, and their scores."""
    places, scores = scan(each.image, kind, face_finder.PARTS, (weights, bias))
    highest = scores.topk(min(5, len(scores)))
    return places[highest.indices], highest.values


def divide(yes: Tensor, no: Tensor) -> tuple[Tensor, float]:
    """Return symmetric weights (bins, cells, cells) and a bias."""
    data = torch.cat([yes, no])
    target = torch.cat([torch.ones(len(yes)), -torch.ones(len(no))])
    counts = torch.where(target > 0, math.sqrt(len(no) / len(yes)), 1.0)
    weights = torch.zeros(data.shape[1], requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weights, bias], max_iter=100, history_size=20, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        wrong = functional.softplus(-target * (data @ weights + bias))
        total = (wrong * counts).mean() + PENALTY * weights.square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    found = weights.detach().view(-1, face_finder.CELLS, face_finder.CELLS)
    order = [-each % face_finder.BINS for each in range(face_finder.BINS)]
    order += range(face_finder.BINS, len(found))  # Chroma has no direction.
    return (found + found.flip(-1)[order]) / 2, float(bias.detach())


def described(windows: list[Tensor], kind: Kind) -> Tensor:
    parts = [torch.cat(windows[first : first + 500]) for first in range(0, len(windows), 500)]
    return torch.cat([cells_of(part, kind).flatten(1) for part in parts])


def window(image: Tensor, place: Tensor, mirrored: bool = False) -> Tensor:
    """Cut (row, column, side) out, with the border repeated, as (1, 3, 56, 56)."""
    row, column, side = place.tolist()
    scale = face_finder.WINDOW / side
    height, width = image.shape[-2:]
    small = resize(image[None], (max(4, round(height * scale)), max(4, round(width * scale))))
    steps = (torch.arange(face_finder.WINDOW) + 0.5) / face_finder.WINDOW - 0.5
    rows, columns = ((middle + steps * side) for middle in (row, column))
    grid = torch.meshgrid(columns / width * 2 - 1, rows / height * 2 - 1, indexing="xy")
    cut = functional.grid_sample(
        small, torch.stack(grid, -1)[None], padding_mode="border", align_corners=False
    )
    return cut.flip(-1) if mirrored else cut


def moved(place: Tensor, rng: random.Random) -> Tensor:
    row, column, side = place.tolist()
    shift = [rng.gauss(0, 0.02) * side for _ in range(2)]
    return torch.tensor([row + shift[0], column + shift[1], side * 2 ** rng.gauss(0, 0.06)])


def elsewhere(each: Example, rng: random.Random) -> Tensor:
    height, width = each.image.shape[-2:]
    while True:
        place = torch.tensor(
            [
                rng.uniform(-0.1, 1.1) * height,
                rng.uniform(-0.1, 1.1) * width,
                min(height, width) * 2 ** rng.uniform(-2.6, 0.3),
            ]
        )
        if not near(place, each.place):
            return place


def near(place: Tensor, face: Tensor | None) -> bool:
    if face is None:
        return False
    shift = float((place - face)[:2].abs().max() / face[2])
    return shift < 0.2 and abs(math.log2(float(place[2] / face[2]))) < 0.5


def shape(rng: random.Random) -> Tensor:
    """Draw circles, boxes and lines: edges that belong to no face."""
    image = Image.new("RGB", (256, 256), tuple(rng.randrange(256) for _ in range(3)))
    pen = ImageDraw.Draw(image)
    for _ in range(rng.randrange(3, 30)):
        corner = [rng.randrange(-40, 256) for _ in range(2)]
        extent = [rng.randrange(4, 150) for _ in range(2)]
        box = [*corner, corner[0] + extent[0], corner[1] + extent[1]]
        fill = tuple(rng.randrange(256) for _ in range(3))
        width = rng.randrange(1, 8)
        draw = rng.choice(["ellipse", "rectangle", "line", "arc", "circle"])
        if draw == "ellipse":
            pen.ellipse(box, fill=fill if rng.random() < 0.6 else None, outline=fill, width=width)
        elif draw == "circle":
            side = min(extent)
            round_box = [*corner, corner[0] + side, corner[1] + side]
            pen.ellipse(round_box, outline=fill, width=width)
        elif draw == "rectangle":
            pen.rectangle(box, fill=fill if rng.random() < 0.6 else None, outline=fill, width=width)
        elif draw == "line":
            pen.line(box, fill=fill, width=width)
        else:
            pen.arc(box, rng.randrange(360), rng.randrange(360), fill=fill, width=width)
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
    return (pixels + 0.1 * rng.random() * torch.rand(pixels.shape)).clamp(0, 1)


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
