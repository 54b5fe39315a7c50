"""``python -m flowcolor``, the same as the command ``flowcolor``."""

import sys

from flowcolor.cli.main import program

if __name__ == "__main__":
    sys.exit(program())
