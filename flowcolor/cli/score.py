"""``flowcolor score``: results of any method, measured as a test measures ours."""

import time
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowcolor.bounds import within
from flowcolor.cli.network_options import add_network_options, networks_of
from flowcolor.cli.options import OptionParser, check_device
from flowcolor.console import say, shown
from flowcolor.errors import InputError
from flowcolor.io.files import real
from flowcolor.io.places import require_folder

if TYPE_CHECKING:
    from flowcolor.data.batch import Batch
    from flowcolor.evaluation.report import Report

_PAUSE = 10.0  # Seconds between two words of how far it is.


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor score`` with these words."""
    parser = _parser()
    options = parser.read(words)
    if options.labels is None:
        parser.refuse_given(options, ("regions",), "--labels")
    for name in ("size", "batch_size"):
        value = getattr(options, name)
        if value is not None and not 0 < value <= 16384:
            raise InputError(f"--{name} expects a number from 1 to 16384, got {value}.")

    from flowcolor.data.sketches import GradientLines
    from flowcolor.evaluation.compare import require_rival, write_comparison
    from flowcolor.evaluation.earlier_results import about_earlier, of_earlier
    from flowcolor.evaluation.extremes import write_extremes
    from flowcolor.evaluation.region_scores import REGION_SETS
    from flowcolor.evaluation.report import Evaluation
    from flowcolor.evaluation.report_files import write_report
    from flowcolor.evaluation.result_folders import find_results, move
    from flowcolor.evaluation.table import table
    from flowcolor.io.files import remove

    _check_labels(options)
    require_folder(options.output)
    folders = _folders(options)
    _require_outside(options.output, folders.values())
    rival, costs = _rival(options), _costs(options)
    about_earlier(options.output / "score.json", "--output", compares=rival is not None)
    sketch_filter = GradientLines()
    results = find_results(folders, sketch_filter, options.size)
    if rival is not None:
        require_rival(rival, [options.setting], list(results.files), "drawing")
    # SSIM looks at windows that reach five pixels beyond the border.
    within("--size" if options.size else "The shorter side of images to score", results.side, 6)
    networks = networks_of(options)
    device = check_device(options.device)
    evaluation = Evaluation(
        sketch_filter,
        networks,
        (options.setting,),
        results.side,
        REGION_SETS[options.regions],
    )
    for batch in _told(results.batches(options.batch_size), len(results.files), options.results):
        moved = move(batch, device)
        evaluation.add(options.setting, moved, moved["result"])
    about: dict[str, Any] = {kind: str(folder) for kind, folder in folders.items()}
    if "content" in about:  # By which name reports say what kind of content theirs is.
        about["sketches"] = about.pop("content")
    about |= {"content": "drawing", "size": options.size}
    report = evaluation.report(about | costs)
    earlier = of_earlier(options.output, "score")
    paths = write_report(report, options.output, "score")
    for path in earlier:  # Not before: on a full disk, the earlier report stays.
        remove(path)
    say("\n".join([table(report), *(f"wrote {shown(path)}" for path in paths)]))
    picture = options.output / f"extremes-{options.setting}.png"
    if results.one_size:
        say(write_extremes(report.scores, lambda score: results.columns(score.name), picture))
    if options.compare is not None:
        say(write_comparison(paths[0], options.compare, options.output / "comparison.json"))


def _told(batches: "Iterable[Batch]", count: int, folder: Path) -> "Iterator[Batch]":
    """Yield the batches, and say now and then how many of the results are done."""
    done, said = 0, time.monotonic()
    for batch in batches:
        if done == 0:
            say(f"scoring {count} results of {shown(folder)} ...")
        elif time.monotonic() - said > _PAUSE:
            say(f"{done} of {count}")
            said = time.monotonic()
        yield batch
        done += len(batch["result"])


def _rival(options: Namespace) -> "Report | None":
    """Return the report that the new one will be compared with."""
    from flowcolor.evaluation.compare import require_report

    if options.compare is None:
        return None
    written = [options.output / "score.json", options.output / "comparison.json"]
    return require_report(options.compare, written, "--output")


def _costs(options: Namespace) -> dict[str, Any]:
    """Return what a method costs, for the report, where a file says it."""
    from flowcolor.evaluation.costs import plain_costs, read_costs
    from flowcolor.io.same_file import protect

    if options.costs is None:
        return {}
    for name in ("score.json", "score.csv", "comparison.json"):
        protect(options.output / name, [options.costs], hint=": give another --output")
    return {"costs": plain_costs(read_costs(options.costs))}


def _folders(options: Namespace) -> dict[str, Path]:
    """Return the folders that were given, by what a batch calls their images."""
    folders = {
        "result": options.results,
        "truth": options.truth,
        "reference": options.references,
        "content": options.sketches,
        "reference_content": options.reference_sketches,
        "labels": options.labels,
        "reference_labels": options.reference_labels,
    }
    return {kind: folder for kind, folder in folders.items() if folder is not None}


def _require_outside(output: Path, folders: Iterable[Path]) -> None:
    """Refuse a place where the next call would take what this one writes for an image to score."""
    for folder in folders:
        if real(folder) in real(output / "file").parents:
            raise InputError(
                f"--output expects a folder outside of {folder}, whose images are scored, "
                f"got {output}."
            )


def _check_labels(options: Namespace) -> None:
    """Refuse maps without those that they are compared with.

    In self-reference the reference is deformed, and no map has to show it.
    """
    given, others = options.labels is not None, options.reference_labels is not None
    if (others and not given) or (given and not others and options.setting == "cross"):
        names = ("--labels", "--reference_labels")
        got, lacks = names if given else names[::-1]
        raise InputError(f"{got} expects {lacks} beside it, for the colours of both, got none.")


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor score",
        description="Measure results of any method as `flowcolor test` measures those of this "
        "library. Files are matched by their names without suffix.",
    )
    _add_folders(parser)
    _add_manner(parser)
    add_network_options(parser)
    return parser


def _add_folders(parser: OptionParser) -> None:
    """Add the images that are scored, and those that they are compared with."""
    add = parser.add_argument
    add("--results", type=Path, required=True, help="folder of painted drawings")
    add("--truth", type=Path, required=True, help="folder of the photographs that were drawn")
    add(
        "--references",
        type=Path,
        required=True,
        help="folder of the photographs that lent their colours, named like the drawings",
    )
    add(
        "--sketches",
        type=Path,
        help="folder of the drawings; without it, the lines of the photographs are drawn",
    )
    add(
        "--reference_sketches",
        type=Path,
        help="folder of the references' own drawings; without it, their lines are drawn",
    )
    add(
        "--labels", type=Path, help="folder of label maps of the drawings, as PNG: scores by region"
    )
    add("--reference_labels", type=Path, help="folder of label maps of the references")
    add(
        "--regions",
        choices=("faces", "celeba"),
        default="faces",
        help="what the numbers of label maps mean: 0 background, 1 person, 2 face, 5 lips, or the "
        "classes of CelebAMask-HQ",
    )


def _add_manner(parser: OptionParser) -> None:
    """Add where the report goes, how images are scored, and what stands beside their scores."""
    add = parser.add_argument
    add("--output", type=Path, default=Path("runs/score"), help="folder of the files")
    add(
        "--size",
        type=int,
        help="cut all images to their largest centred square and resize them to this side; without "
        "it, all images of a name must have one size",
    )
    add(
        "--setting",
        choices=("cross", "self"),
        default="cross",
        help="whether the references are photographs of others or the drawing's own, deformed",
    )
    add("--compare", type=Path, help="the JSON of another score or test of the same images")
    add(
        "--costs",
        type=Path,
        help="JSON of what a picture costs with this method, as a test of ours writes it: seconds, "
        "parameters, gmacs, peak_bytes",
    )
    add("--batch_size", type=int, default=16, help="images that are scored at once")
    add("--device", default="cpu", help="where the scores are computed, for instance cuda")
