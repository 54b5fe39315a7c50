"""Learn the filters that find faces.

Windows of faces are moved, enlarged and mirrored a little; others are cut elsewhere from the same
pictures, from drawn shapes, and, in three rounds, where the filter of the round before has found
what is no face. Logistic regression divides both classes, with a penalty on the squares of the
weights, and the filter is made symmetric.
"""

import math
import random
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from benchmarks.face_windows import Example, drawn, elsewhere, moved, near, shape, window
from flowcolor.pretrained import face_finder
from flowcolor.pretrained.face_finder import Kind, cells_of, scan

PENALTY = 3e-3
WINDOWS, OTHERS, ROUNDS = 4, 12, 3


def keep(path: Path, kind: Kind, weights: Tensor, bias: float) -> None:
    """Write one filter beside the other."""
    known = load_file(path) if path.exists() else {}
    new = {f"{kind}.weights": weights.half(), f"{kind}.bias": torch.tensor(bias)}
    save_file(known | new, path)


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
