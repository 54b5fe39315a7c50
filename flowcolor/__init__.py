"""Invertible layers for images, and a flow that colours line drawings with a photograph's colours."""

__version__ = "0.1.0.dev0"
