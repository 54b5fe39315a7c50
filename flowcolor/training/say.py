"""Sentences for the person at the terminal."""

import sys

from lightning.pytorch.utilities import rank_zero_only


@rank_zero_only
def say(text: str) -> None:
    """Print to standard output, once for all processes, at once even into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
