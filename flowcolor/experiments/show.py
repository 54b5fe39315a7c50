"""An ablation's results as text and as files."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from flowcolor.evaluation.measures import MEASURES, SET_MEASURES, Measure
from flowcolor.evaluation.plain import plain
from flowcolor.evaluation.scores import Setting
from flowcolor.evaluation.table import TITLES
from flowcolor.experiments.report import COUNTS, Results, settings_of
from flowcolor.experiments.tables import COLUMNS, Variant
from flowcolor.io.whole_file import write_together

MEANING = (
    "lines: F1 with the sketch, control: with the reference; colours, mean: distance to the "
    "reference; won: in how many pairs lines follow the sketch, colours the reference"
)
HEADS = {
    "lines": "lines",
    "lines_control": "control",
    "colors": "colours",
    "mean_color": "mean",
    "sharpness": "sharp",
    "bleeding": "bleeding",
    "gamut": "gamut",
    "lines_follow_sketch": "l. won",
    "colors_follow_reference": "c. won",
}


def ablation_table(results: Results) -> str:
    """Lay our numbers beside the thesis's, with the order of the variants by each."""
    table, seeds = results.ablation.table, results.ablation.seeds
    rows = [
        f"Table {table.number}: {table.title}",
        f"ours: means over {len(seeds)} {'seed' if len(seeds) == 1 else 'seeds'}; {MEANING}",
    ]
    for setting in settings_of(results):
        rows += ["", *_block(results, setting)]
    for name, note in results.notes.items():
        rows.append(f"{(SET_MEASURES | MEASURES)[name].label}: {note}")
    missing = ", ".join((SET_MEASURES | MEASURES)[name].label for name in results.missing)
    return "\n".join([*rows, *([f"not computed: {missing}"] if missing else [])])


def write_ablation(results: Results, folder: Path) -> list[Path]:
    """Write ``table.json``, everything, and ``table.csv``, a row for each variant and setting."""
    paths = [folder / "table.json", folder / "table.csv"]
    text = json.dumps(plain(results.plain()), indent=1, ensure_ascii=False)
    names = [name for name in _scores() if _is_there(results, name)]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    thesis = [f"thesis_{name.lower()}" for name in COLUMNS]
    writer.writerow(["variant", "setting", "parameters", *thesis, *names])
    for setting in settings_of(results):
        for variant in results.variants:
            values = [results.mean(variant, setting, name) for name in names]
            size = results.sizes[variant.name]
            writer.writerow([variant.label, setting, size, *variant.numbers, *values])
    write_together({paths[0]: text + "\n", paths[1]: buffer.getvalue()})
    return paths


def _block(results: Results, setting: Setting) -> list[str]:
    names = [name for name in _scores() if _is_there(results, name)]
    heads = [HEADS.get(name) or _measure(name).label for name in names]
    widths = [max(9, len(head) + 2) for head in heads]
    left = "".join(f"{name:>7}" for name in COLUMNS)
    rows = [
        f"{TITLES[setting]}, N = {results.pairs[setting]}",
        f"  {'':20}{'thesis':>28}  | ours",
        f"  {'':20}{left}  |{'params':>9}{_aligned(heads, widths)}",
    ]
    for variant in results.variants:
        thesis = f"{variant.numbers[0]:7.1f}" + "".join(f"{x:7.3f}" for x in variant.numbers[1:])
        ours = _aligned([_text(results, variant, setting, name) for name in names], widths)
        size = f"{results.sizes[variant.name] / 1e6:.2f} M"
        rows.append(f"  {variant.label:20}{thesis}  |{size:>9}{ours}")
    rows += [_against(results, setting)]
    for order in results.orders(setting):
        rows += [
            f"  {order.score}, best first:",
            f"    thesis  {' > '.join(order.thesis)}",
            f"    ours    {' > '.join(order.ours)}",
            f"    {order.agreeing} of {order.pairs} pairs of variants are in the same order",
        ]
    return rows


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def _against(results: Results, setting: Setting) -> str:
    baseline = results.ablation.table.baseline
    parts = []
    for variant in results.variants:
        if variant.name == baseline:
            label = variant.label
            continue
        d = results.against_baseline(variant, setting, "ssim")
        parts.append(f"{variant.label} {d.difference:+.3f} [{d.low:+.3f}, {d.high:+.3f}]")
    return f"  SSIM minus that of {label}, with 95 % intervals over images: {', '.join(parts)}"


def _scores() -> list[str]:
    return [*SET_MEASURES, *MEASURES, *COUNTS]


def _is_there(results: Results, name: str) -> bool:
    return all(
        results.mean(variant, setting, name) is not None
        for variant in results.variants
        for setting in settings_of(results)
    )


def _measure(name: str) -> Measure:
    return (SET_MEASURES | MEASURES)[name]


def _text(results: Results, variant: Variant, setting: Setting, name: str) -> str:
    value = results.mean(variant, setting, name)
    if value is None:
        return ""
    return f"{value:.1f}" if name in COUNTS else _measure(name).text(value)
