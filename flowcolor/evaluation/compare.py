"""Two methods on the same images: which is better, and could it be chance?"""

import json
import math
from collections.abc import Sequence, Set
from dataclasses import asdict, dataclass
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowcolor.console import shown
from flowcolor.errors import InputError, first_ten
from flowcolor.evaluation.bootstrap import RESAMPLES, resampled_means
from flowcolor.evaluation.given import check_draws, numbers_of
from flowcolor.evaluation.measures import MEASURES, Measure
from flowcolor.evaluation.plain import plain
from flowcolor.evaluation.report import Report
from flowcolor.evaluation.report_files import read_report
from flowcolor.evaluation.scores import SETTINGS, PairScore, Setting
from flowcolor.evaluation.table import TITLES
from flowcolor.io.listing import one_form
from flowcolor.io.same_file import protect
from flowcolor.io.whole_file import write_text

# By the drawing as clean_drawing makes it, where that was measured as well.
_BY_CLEANED = ("sharpness", "bleeding")
_BY_DRAWING = ("lines", "lines_control", "lines_cleaned", *_BY_CLEANED)
_SAME_DRAWING = 0.01  # Of SSIM with the photograph; rounding to bytes moves it by 0.0001.


@dataclass(frozen=True)
class Difference:
    """One score of two methods, A and B, on the same images.

    Args:
        pairs: How many images.
        a: Mean of A.
        b: Mean of B.
        low: Lower end of the 95 % interval of ``b - a``.
        high: Upper end.
        won: On how many images B is better.
    """

    pairs: int
    a: float
    b: float
    low: float
    high: float
    won: int

    @property
    def difference(self) -> float:
        """Return ``b - a``."""
        return self.b - self.a


def paired_interval(
    differences: Sequence[float] | NDArray[np.float64],
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    r"""Return the percentile bootstrap interval of the mean of paired differences.

    .. math:: \bar d^* = \frac{1}{N} \sum_{i=1}^{N} d_{J_i}, \qquad J_i \sim U\{1..N\}

    The images are drawn anew, with replacement, ``resamples`` times; the interval holds the middle
    ``level`` of the means. Both methods keep their scores of an image, so that what makes an image
    hard for both does not widen the interval. It says how the result would vary with other images
    of the same kind, not with another training.

    Args:
        differences: One per image.
        level: Share of the means inside.
        resamples: How many.
        seed: Chooses the images, and is the only chance in it.

    Returns:
        Lower and upper end; NaN for fewer than two images, or where one has no finite difference.

    Raises:
        ValueError: An argument is none of those above.

    Reference:
        Efron and Tibshirani, "An introduction to the bootstrap" (1993), section 13.3. The same as
        ``scipy.stats.bootstrap(..., method="percentile")``.
    """
    check_draws(paired_interval, resamples, seed, level)
    d = numbers_of(paired_interval, 1, differences=differences)
    if len(d) < 2 or not np.isfinite(d).all():
        return float("nan"), float("nan")
    tail = (1 - float(level)) / 2
    low, high = np.quantile(resampled_means(d, resamples, seed), [tail, 1 - tail])
    return float(low), float(high)


def compare(a: Report, b: Report) -> dict[Setting, dict[str, Difference]]:
    """Compare every score that both reports have, image by image, in each setting that both have.

    Sharpness and bleeding are left out where one was measured by cleaned drawings, as results of
    ``flowcolor score --sketches``, and the other by the drawings themselves; with those of lines
    where the drawings were others, as of ``flowcolor score`` without its ``--sketches``.

    Raises:
        ValueError: One is no report.
        InputError: They have no setting in common, or in one of them other pairs, or one coloured
            drawings and the other grey photographs, or they have no score in common.
    """
    for report in (a, b):
        if not isinstance(report, Report):
            raise ValueError(  # noqa: TRY004 - as all wrong arguments
                f"compare expects two of type Report, got {type(report).__name__}."
            )
    _require_same_content(_content(a), _content(b))
    settings = [setting for setting in SETTINGS if a.of(setting) and b.of(setting)]
    if not settings:
        raise InputError(
            f"A comparison expects a setting that both have, got {', '.join(a.summary) or 'none'} "
            f"and {', '.join(b.summary) or 'none'}."
        )
    found = {setting: _compare(a.of(setting), b.of(setting)) for setting in settings}
    for setting, differences in found.items():
        if not differences:
            raise InputError(
                f"A comparison expects a score that both have in the setting {setting}, got none."
            )
    return found


def comparison_table(found: dict[Setting, dict[str, Difference]]) -> str:
    """Lay a comparison out as text."""
    rows = []
    for setting, differences in found.items():
        count = next(iter(differences.values())).pairs
        rows.append(f"{TITLES[setting]}, N = {count}")
        head = f"{'A':>9}{'B':>9}{'B - A':>10}  {'95 % interval':^20}  B better"
        rows.append(f"{'':42}{head}")
        for name, d in differences.items():
            measure = MEASURES[name]
            a, b = measure.text(d.a), measure.text(d.b)
            change = f"{d.difference:+.{measure.digits}f}"
            interval = f"[{d.low:+.{measure.digits}f}, {d.high:+.{measure.digits}f}]"
            unknown = measure.higher_is_better is None or math.isnan(d.difference)
            won = "" if unknown else f"{d.won} of {d.pairs}"
            rows.append(f"  {measure.label:40}{a:>9}{b:>9}{change:>10}  {interval:^20}  {won}")
    return "\n".join([*rows, "An interval without 0: more than the choice of images explains."])


def _compare(a: list[PairScore], b: list[PairScore]) -> dict[str, Difference]:
    """Compare the scores of one setting; those that pairs may lack, where both have them."""
    require_same_pairs(a, b)
    theirs = {one_form(score.name): score for score in b}
    b = [theirs[one_form(score.name)] for score in a]
    found = {}
    left_out = _by_others(a, b)
    for name, measure in MEASURES.items():
        if name in left_out:
            continue
        both = [
            name in ours.scores and name in others.scores for ours, others in zip(a, b, strict=True)
        ]
        if all(both) or (measure.partial and any(both)):
            found[name] = _difference(measure, name, [*compress(a, both)], [*compress(b, both)])
    return found


def _by_others(a: list[PairScore], b: list[PairScore]) -> tuple[str, ...]:
    """Return the names of scores that refer to other drawings in both of the same pairs."""
    known = [[score.scores.get("ssim_sketch", 0.0) for score in x] for x in (a, b)]
    if any(abs(one - other) > _SAME_DRAWING for one, other in zip(*known, strict=True)):
        return _BY_DRAWING
    cleaned = [any("lines_cleaned" in score.scores for score in x) for x in (a, b)]
    return _BY_CLEANED if cleaned[0] != cleaned[1] else ()


def _difference(measure: Measure, name: str, a: list[PairScore], b: list[PairScore]) -> Difference:
    """Compare one score; NaN, as of a damaged pair, stays NaN."""
    first, second = (np.array([score.scores[name] for score in x]) for x in (a, b))
    d = second - first
    better = d > 0 if measure.higher_is_better in (True, None) else d < 0
    low, high = paired_interval(d)
    means: Any = first.mean(), second.mean()
    return Difference(len(d), float(means[0]), float(means[1]), low, high, int(better.sum()))


def require_same_pairs(a: Sequence[PairScore], b: Sequence[PairScore]) -> None:
    """Refuse scores of other images.

    Raises:
        InputError: They are of other drawings, photographs or references.
    """
    ours, theirs = ({one_form(score.name): score.checksums for score in x} for x in (a, b))
    _require_same_names(ours.keys(), theirs.keys())
    for image, title in (("truth", "photographs"), ("reference", "references")):
        other = [name for name in sorted(ours) if ours[name].get(image) != theirs[name].get(image)]
        if other:
            raise InputError(
                f"A comparison expects the same {title} in both, got others under the same name "
                f"for {len(other)} of {len(ours)} drawings: {first_ten(other)}."
            )


def _content(report: Report) -> str:
    return str(report.about.get("content", "drawing"))


def _require_same_content(a: str, b: str) -> None:
    if a != b:
        raise InputError(
            f"A comparison expects one kind of content, got {a} and {b}: drawings and grey "
            "photographs are different tasks."
        )


def _require_same_names(ours: Set[str], theirs: Set[str]) -> None:
    only = sorted(ours ^ theirs)
    if only:
        raise InputError(
            f"A comparison expects the same drawings in both, got {len(ours)} and {len(theirs)}, "
            f"and {len(only)} that only one has: {first_ten(only)}."
        )


def read_alike(paths: Sequence[Path]) -> list[Report]:
    """Read reports of the same pairs.

    Raises:
        InputError: One is no report, or has no pairs, or other ones than the first; it names both.
    """
    reports = [read_report(path) for path in paths]
    for path, report in zip(paths, reports, strict=True):
        if not report.scores:
            raise InputError(f"{path} expects scores of pairs, got none.")
        for setting in SETTINGS:
            try:
                require_same_pairs(reports[0].of(setting), report.of(setting))
            except InputError as error:
                raise InputError(f"{path} does not go with {paths[0]}: {error}") from error
    return reports


def require_report(path: Path, written: Sequence[Path], option: str) -> Report:
    """Refuse what cannot be compared with, before hours are spent on the other side.

    Args:
        path: A report on disk.
        written: What is written before both are compared.
        option: That decides where.

    Returns:
        The report.

    Raises:
        InputError: It is no report, or one of the files that will be written.
    """
    report = read_report(path)
    for place in written:
        protect(place, [path], option, f": give another {option}")
    return report


def require_rival(
    rival: Report, settings: Sequence[Setting], names: Sequence[str] | None, content: str
) -> None:
    """Refuse a report of other drawings, as far as names tell, before any result is scored.

    Args:
        rival: What results will be compared with.
        settings: In which they will be scored.
        names: Of all drawings, in each setting; ``None`` where it is not known which.
        content: What is coloured.

    Raises:
        InputError: As of :func:`compare`.
    """
    _require_same_content(content, _content(rival))
    both = [setting for setting in settings if rival.of(setting)]
    if not both:
        raise InputError(
            f"A comparison expects a setting that both have, got {', '.join(settings)} and "
            f"{', '.join(rival.summary) or 'none'}."
        )
    for setting in both if names is not None else ():
        theirs = {one_form(score.name) for score in rival.of(setting)}
        _require_same_names(set(map(one_form, names or ())), theirs)


def write_comparison(a: Path, b: Path, path: Path) -> str:
    """Compare two reports on disk, write the result as JSON, and return it as text.

    Raises:
        InputError: One is no report, or the images are not the same.
    """
    ours, theirs = read_report(a), read_report(b)
    found = compare(ours, theirs)
    rows = [f"A: {shown(a)}", f"B: {shown(b)}", comparison_table(found)]
    left_out = [
        MEASURES[name].label
        for name in _BY_DRAWING
        if any(
            name in ours.summary[setting] and name in theirs.summary[setting]
            for setting, differences in found.items()
            if name not in differences
        )
    ]
    if left_out:
        rows.append(f"not compared: {', '.join(left_out)}: by other drawings, or cleaned ones")
    content = {
        "a": str(a),
        "b": str(b),
        "settings": {
            setting: {name: asdict(d) for name, d in differences.items()}
            for setting, differences in found.items()
        },
    }
    write_text(json.dumps(plain(content), indent=1, ensure_ascii=False) + "\n", path)
    return "\n".join([*rows, f"wrote {shown(path)}"])
