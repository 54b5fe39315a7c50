"""Invertible layers for images, and a flow that colours line drawings as photographs are."""

__version__ = "0.1.0.dev0"
