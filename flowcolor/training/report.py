"""The table of the test: what the pairs' scores add up to, on the terminal and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import distributed

from flowcolor.metrics import nearer_to_own
from flowcolor.training.scores import PairScore

ANSWERS = {
    "result": "result",
    "sketch": "the sketch itself",
    "tint": "sketch tinted by the reference",
}


def gather(scores: Sequence[PairScore]) -> list[PairScore]:
    """Collect the scores of all processes, each pair once, in the order of the data set."""
    everyone: list[Any] = [list(scores)]
    if distributed.is_available() and distributed.is_initialized():
        everyone = [None] * distributed.get_world_size()
        distributed.all_gather_object(everyone, list(scores))
    # A distributed sampler repeats samples until every process has as many as the others.
    unique = {(score.setting, score.index): score for part in everyone for score in part}
    return [unique[key] for key in sorted(unique)]


def follows_color(scores: Sequence[PairScore]) -> list[bool]:
    """Tell for each pair whether the result's mean colour is its reference's, not an average one.

    With a single pair there are no other references to compare with: false.
    """
    if len(scores) < 2:
        return [False] * len(scores)
    results = torch.tensor([score.color for score in scores])
    references = torch.tensor([score.reference_color for score in scores])
    return [bool(value) for value in nearer_to_own(results, references)]


def summarise(scores: Sequence[PairScore]) -> dict[str, dict[str, Any]]:
    """Return what is printed and written: for each setting, counts and means over its pairs."""
    summary: dict[str, dict[str, Any]] = {}
    own = [score for score in scores if score.setting == "self"]
    if own:
        summary["self"] = {
            "pairs": len(own),
            "ssim": {name: fmean(score.ssim[name] for score in own) for name in ANSWERS},
            "psnr": {name: fmean(score.psnr[name] for score in own) for name in ANSWERS},
        }
    cross = [score for score in scores if score.setting == "cross"]
    if cross:
        summary["cross"] = {
            "pairs": len(cross),
            "lines": fmean(score.lines for score in cross),
            "lines_control": fmean(score.control for score in cross),
            "lines_follow_sketch": sum(score.lines > score.control for score in cross),
            "colors_follow_reference": sum(follows_color(cross)),
        }
    return summary


def table(summary: dict[str, dict[str, Any]], roundtrip: dict[str, float]) -> str:
    """Lay the summary and the errors of the round trip out as text."""
    rows = []
    if own := summary.get("self"):
        rows.append(f"self-reference, {own['pairs']} pairs{'':19}SSIM    PSNR")
        for name, label in ANSWERS.items():
            rows.append(f"  {label:40}{own['ssim'][name]:8.4f}{own['psnr'][name]:8.2f}")
    if cross := summary.get("cross"):
        n = cross["pairs"]
        rows += [
            f"cross-reference, {n} pairs",
            f"  lines agree with the sketch (F1){'':8}{cross['lines']:8.4f}",
            f"  lines agree with the reference (F1){'':5}{cross['lines_control']:8.4f}",
            f"  lines follow the sketch{'':18}{cross['lines_follow_sketch']:>4} of {n}",
            f"  colours follow the reference{'':13}{cross['colors_follow_reference']:>4} of {n}",
        ]
    errors = ", ".join(f"{name} {error:.1e}" for name, error in roundtrip.items())
    return "\n".join([*rows, f"round trip, largest error: {errors}"])


def write_json(scores: Sequence[PairScore], extra: dict[str, Any], path: Path) -> None:
    """Write the summary, further numbers and every pair's scores."""
    content = {
        "summary": summarise(scores),
        **extra,
        "pairs": [asdict(score) for score in scores],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
