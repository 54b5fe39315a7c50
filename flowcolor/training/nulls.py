"""Options that are given as null, or as no section, where they cannot be."""

import json
from argparse import Namespace
from types import NoneType
from typing import Any, get_args

from jsonargparse import ArgumentParser

from flowcolor.errors import InputError


def refuse_nulls(parser: ArgumentParser, chosen: Any) -> None:
    """Refuse null for every option that has no such value, which the parser lets pass.

    Args:
        parser: Knows the options of a command, with their types.
        chosen: What it has parsed.

    Raises:
        InputError: It names the first.
    """
    for action in parser._actions:
        name, kind = action.dest, getattr(action, "_typehint", None)
        value = chosen.get(name, action.default)
        if kind is None:
            if name in chosen and name != "config" and not isinstance(value, Namespace):
                raise InputError(f"{name} expects keys and values, got {json.dumps(value)}.")
        elif value is None and action.default is not None and NoneType not in get_args(kind):
            raise InputError(f"{name} expects another value than null, got null.")
