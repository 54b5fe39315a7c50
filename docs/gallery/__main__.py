"""Make the pictures of the documentation anew: ``python -m docs.gallery``."""

import argparse
import sys

from docs.gallery.pictures import everything
from docs.gallery.sheets import TOLERANCE, difference, save


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m docs.gallery", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only name those that are out of date")
    parser.add_argument("--screens", action="store_true", help="also show the pages in a browser")
    options = parser.parse_args()
    old = []
    for name, image in everything():
        if difference(image, name) > TOLERANCE:
            old.append(name)
            print(name)
        if not options.check:
            save(image, name)
    if options.screens and not options.check:
        from docs.gallery.screens import show

        show()
    if options.check and old:
        sys.exit(f"{len(old)} pictures are out of date: python -m docs.gallery")


if __name__ == "__main__":
    main()
