"""Fail unless the wheel holds every file of the package: ``python check_wheel.py WHEEL``."""

import sys
import zipfile
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "flowcolor"


def main() -> None:
    inside = set(zipfile.ZipFile(sys.argv[1]).namelist())
    expected = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    if not any(name.endswith(".yaml") for name in expected) or "flowcolor/py.typed" not in expected:
        sys.exit("The checkout itself lacks py.typed or the packaged configurations.")
    if missing := sorted(expected - inside):
        sys.exit(f"The wheel lacks {', '.join(missing)}.")
    print(f"{len(expected)} files of the package are in the wheel.")


if __name__ == "__main__":
    main()
