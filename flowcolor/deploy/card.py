"""The model card: what is known of a model, and what is not, for those who find it on a hub."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowcolor import __version__
from flowcolor.errors import InputError
from flowcolor.io.json_text import parse_json
from flowcolor.io.streams import read_whole
from flowcolor.models.base import Colorizer
from flowcolor.models.checkpoint import Weights

NOT_GIVEN = "not given"
_SETTINGS = {"self": "its own photograph, deformed", "cross": "somebody else's photograph"}
# By name in a report: how to read it.
_SCORES = {
    "pairs": "pairs",
    "ssim": "SSIM",
    "psnr": "PSNR in dB",
    "lpips": "LPIPS",
    "fid": "FID",
    "lines_follow_sketch": "lines follow the drawing",
    "colors_follow_reference": "colours follow the reference",
}


@dataclass(frozen=True)
class CardFacts:
    """What only its maker knows of a model.

    Args:
        licence: Identifier of the licence of the weights, as the hub writes it, such as ``mit``.
        data: What it was trained on, a line for each set: name, origin, licence.
        limits: Further limits, a sentence each.
        scores: The ``test.json`` of ``flowcolor test``, or ``score.json`` of ``flowcolor score``.
    """

    licence: str | None = None
    data: Sequence[str] = ()
    limits: Sequence[str] = ()
    scores: Path | None = None


def model_card(weights: Weights, model: Colorizer, repo: str, facts: CardFacts) -> str:
    """Return the text of ``README.md``, with front matter for the hub.

    Nothing is guessed: what ``facts`` does not tell is called not given. Paths of the machine that
    trained or measured are left out.

    Args:
        weights: The model as it lies on disk.
        model: The same, built.
        repo: Its name, ``user/name``.
        facts: What its maker tells.

    Raises:
        InputError: The scores cannot be read or are of another model, or a fact has more than one
            line.
    """
    for text in (facts.licence or "", *facts.data, *facts.limits):
        if "\n" in text or "\r" in text:
            raise InputError(f"A model card expects facts of one line each, got {text!r}.")
    parts = [
        _front_matter(facts.licence),
        f"# {repo.rpartition('/')[2]}",
        _what_it_is(weights, model),
        "## How to load it\n\n" + _how_to_load(repo, weights.description["model"]),
        "## Training data\n\n" + _lines(facts.data),
        f"## Licence\n\nOf the weights: {facts.licence or NOT_GIVEN}. Of the data: see above.",
        "## Scores\n\n" + (NOT_GIVEN if facts.scores is None else _scores(facts.scores, model)),
        "## Limits\n\n" + _lines([*_limits(weights, model), *facts.limits]),
        "## Arguments of the model\n\n" + _arguments(weights.description["config"]),
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(licence: str | None) -> str:
    tags = ["flowcolor", "colorization", "line-art", "normalizing-flow"]
    # JSON strings are YAML strings, whatever is in them. The hub's own word for no licence is
    # "unknown".
    return "\n".join(
        [
            "---",
            "library_name: flowcolor",
            "pipeline_tag: image-to-image",
            f"license: {json.dumps((licence or 'unknown').lower())}",
            "tags:",
            *(f"- {tag}" for tag in tags),
            "---",
        ]
    )


def _what_it_is(weights: Weights, model: Colorizer) -> str:
    kind, size = weights.description["model"], weights.size
    count = sum(parameter.numel() for parameter in model.parameters())
    content = " and ".join({"drawing": "line drawings", "gray": "grey photographs"}[name]
                           for name in sorted(model.content))  # fmt: skip
    trained = f"trained on images of {size}x{size}" if size else "of unknown training size"
    version = weights.description.get("version", __version__)
    exact = " It is a flow: what it computes can be run backwards." if model.exact else ""
    return (
        f"A `{kind}` of [flowcolor](https://pypi.org/project/flowcolor/) {version} that colours "
        f"{content}, with {count:,} parameters, {trained}.{exact}"
    )


def _how_to_load(repo: str, kind: str) -> str:
    return (
        "```python\n"
        "# pip install 'flowcolor[hub]'\n"
        "import flowcolor\n"
        "from flowcolor.data import read_image, write_image\n\n"
        f'painter = flowcolor.load("hf://{repo}")\n'
        'painted = painter(read_image("drawing.png"), read_image("photo.jpg"))\n'
        'write_image(painted.image, "painted.png")\n'
        "```\n\n"
        "The bare model, to train further or to run without the drawing being cleaned:\n\n"
        "```python\n"
        f"from flowcolor.models import {kind}\n\n"
        f'model = {kind}.from_pretrained("{repo}")\n'
        "```"
    )


def _limits(weights: Weights, model: Colorizer) -> list[str]:
    limits = []
    if weights.size:
        limits.append(
            f"It has seen images of {weights.size}x{weights.size} only. Drawings of other sizes "
            "are painted at that size, and their own lines are drawn over the result."
        )
    if model.reference == "required":
        limits.append(
            "It needs a photograph that lends its colours, and knows no others than those."
        )
    if model.multiple > 1:
        limits.append(
            f"Sides of what the bare model takes are multiples of {model.multiple}, at least "
            f"{model.least * model.multiple}."
        )
    limits.append("On subjects unlike its training data nothing is known of its results.")
    return limits


def scored(path: Path) -> str | None:
    """Return whose scores a ``test.json`` holds, as far as it says so: a checkpoint or a folder.

    Raises:
        InputError: It cannot be read.
    """
    about = _report(path)[1]
    name = about.get("checkpoint") or about.get("result")
    return None if name is None else str(name)


def _scores(path: Path, model: Colorizer) -> str:
    summary, about = _summary(path), _report(path)[1]
    count = sum(parameter.numel() for parameter in model.parameters())
    own = {"model": type(model).__name__, "parameters": count}
    if any(about.get(name, value) != value for name, value in own.items()):
        got = " of ".join(f"{about[name]}" for name in ("parameters", "model") if name in about)
        raise InputError(
            f"{path} expects the scores of the {own['model']} of {count} parameters that is "
            f"described, got those of another: {got}."
        )
    names = [name for name in _SCORES if any(name in scores for scores in summary.values())]
    rows = [
        ["reference", *(_SCORES[name] for name in names)],
        ["---", *("---:" for _ in names)],
        *(
            [_SETTINGS[setting], *(_number(scores.get(name)) for name in names)]
            for setting, scores in summary.items()
        ),
    ]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    by = "score`, of files" if "result" in about else "test`, of the model's own picture"
    return f"By `flowcolor {by}:\n\n{table}"


def _summary(path: Path) -> dict[str, Mapping[str, Any]]:
    return _report(path)[0]


def _report(path: Path) -> tuple[dict[str, Mapping[str, Any]], Mapping[str, Any]]:
    """Return the scores by setting, and of what they are."""
    wrong = f"{path} expects the JSON of `flowcolor test` or `flowcolor score`, got another file."
    try:
        content = parse_json(read_whole(path).decode("utf-8-sig"))
        found, about = content["summary"], content.get("about", {})
        summary = {name: found[name] for name in _SETTINGS if name in found}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(wrong) from error
    if not summary or not all(isinstance(part, dict) for part in (about, *summary.values())):
        raise InputError(wrong)
    return summary, about


def _number(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    return f"{value:.3f}" if isinstance(value, float) else "-"


def _arguments(config: Mapping[str, Any]) -> str:
    return "\n".join(f"- `{name}`: `{value}`" for name, value in config.items()) or "None."


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(f"- {text}" for text in texts) or NOT_GIVEN
