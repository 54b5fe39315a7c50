"""Sentences for the person at the terminal."""

from lightning.pytorch.utilities import rank_zero_only

from flowcolor import console


@rank_zero_only
def say(text: str) -> None:
    """Print to standard output, once for all processes, at once even into a pipe."""
    console.say(text)
