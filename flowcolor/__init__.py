"""Invertible layers for images, and a flow that colours line drawings as photographs are."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0.dev0"


def __getattr__(name: str) -> Any:
    if name in ("data", "layers", "models"):  # Imported when first asked for: they need torch.
        return import_module(f"flowcolor.{name}")
    if name == "load":
        return import_module("flowcolor.inference").load
    raise AttributeError(f"module 'flowcolor' has no attribute {name!r}.")
