"""Published numbers beside ours, as Markdown, and in ``docs/published.md``.

``python -m benchmarks.published --results GRAY/table.json DRAWING/table.json`` reads runs of
``flowcolor compare``, ``--scaling palette=RUN/slopes.json`` those of ``flowcolor scaling`` and
``--systems FILE`` what ``benchmarks.systems`` has counted. What is given replaces what earlier
calls have read of its kind, which ``benchmarks/results/published.json`` keeps; with nothing, the
page is written from that. What is printed elsewhere is in ``benchmarks/published/numbers.yaml``.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.published.hypotheses import hypothesis_table, scaling_table
from benchmarks.published.markdown import published_table
from benchmarks.published.numbers import tables
from benchmarks.published.runs import read_run, read_scaling, read_systems
from benchmarks.report import RESULTS
from flowcolor.errors import InputError
from flowcolor.io.whole_file import write_text

PAGE = Path(__file__).parents[2] / "docs" / "published.md"
BEGIN = "<!-- made by python -m benchmarks.published -->"
END = "<!-- end of what is made -->"


def page_part(found: dict[str, Any]) -> str:
    """Return the tables of the page."""
    runs, scaling, systems = (found.get(name, ()) for name in ("runs", "scaling", "systems"))
    parts = [published_table(table, runs, systems) for table in tables()]
    parts += ["## What the proposal expects", hypothesis_table(runs, scaling)]
    return "\n\n".join([*parts, "## More photographs", scaling_table(scaling)])


def put(part: str, page: Path) -> None:
    """Write what is made into a page, between its two marks.

    Raises:
        InputError: It lacks them.
    """
    text = page.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"{page} expects the lines {BEGIN} and {END}, got none.")
    write_text(f"{before}{BEGIN}\n\n{part}\n\n{END}{after}", page)


def stored(path: Path) -> dict[str, Any]:
    """Return what earlier calls have read."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def main(words: Sequence[str] | None = None) -> None:
    chosen = _parser().parse_args(words)
    found = stored(chosen.out)
    if chosen.results:
        found["runs"] = [read_run(path) for path in chosen.results]
    if chosen.scaling:
        found["scaling"] = [read_scaling(*_named(word)) for word in chosen.scaling]
    if chosen.systems is not None:
        found["systems"] = read_systems(chosen.systems)
    part = page_part(found)
    print(part)
    if chosen.page is not None:
        put(part, chosen.page)
    if found:
        write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", chosen.out)


def _named(word: str) -> tuple[str, Path]:
    name, equals, path = word.partition("=")
    if not equals:
        raise InputError(f"--scaling expects NAME=FILE, as palette=RUN/slopes.json, got {word}.")
    return name, Path(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--results", type=Path, nargs="+", metavar="JSON", help="table.json of comparisons")
    add("--scaling", nargs="+", metavar="NAME=JSON", help="slopes.json of trainings on parts")
    add("--systems", type=Path, metavar="JSON", help="systems.json of benchmarks.systems")
    add("--page", type=Path, default=PAGE, help="a page with both marks, where the tables go")
    add("--out", type=Path, default=RESULTS / "published.json", help="keeps what was read")
    return parser


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(f"benchmarks.published: {error}")
