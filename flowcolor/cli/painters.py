"""What paints, as the options of a command name it."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowcolor.cli.options import check_device
from flowcolor.cli.settings import read_settings
from flowcolor.cli.then import followed_by
from flowcolor.errors import InputError
from flowcolor.pretrained import PACKAGED

if TYPE_CHECKING:
    from flowcolor.inference import Painter


def chosen_painter(options: argparse.Namespace) -> "Painter":
    """Return what --method or --checkpoint names, or else the packaged model.

    Raises:
        InputError: Both are given, or what is given cannot be had.
    """
    if options.method is not None and options.checkpoint is not None:
        raise InputError("A model is named by either --method or --checkpoint, got both.")
    if options.set:
        return _set_painter(options, "--set", read_settings(options.set))
    from flowcolor.inference import load

    return load(options.checkpoint or options.method or "faces", check_device(options.device))


def chosen_painters(options: argparse.Namespace) -> dict[str, "Painter"]:
    """Return the painter of each --vary by its words, or the one painter; --then follows each.

    Raises:
        InputError: As those of :func:`chosen_painter`, or two of --vary are the same.
    """
    painters: dict[str, Painter] = {}
    common = read_settings(options.set or [])
    for words in options.vary or []:
        name = " ".join(words)
        if name in painters:
            raise InputError(f"--vary expects different settings, got {name} twice.")
        settings = {**common, **read_settings(words, "--vary")}
        painters[name] = _set_painter(options, "--vary", settings)
    painters = painters or {"result": chosen_painter(options)}
    if options.then:
        for name, painter in painters.items():
            painters[name] = followed_by(painter, options.then, options.device)
    return painters


def _set_painter(
    options: argparse.Namespace, option: str, settings: Mapping[str, Any]
) -> "Painter":
    """Return a method with the settings that an option gives."""
    from flowcolor.inference import Painter
    from flowcolor.models.methods import untrained_method

    if options.method is None:
        raise InputError(f"{option} expects --method, whose options it sets, got none.")
    if options.method in PACKAGED:
        raise InputError(
            f"{option} expects a --method that has options, got {options.method}, a trained model: "
            "see flowcolor methods."
        )
    model = untrained_method(options.method, settings)
    return Painter(model.to(check_device(options.device)), 0, options.method)
