"""``flowcolor prepare``: photographs in, a folder that is ready for training out."""

from flowcolor.data.prepare.run import Summary, prepare

__all__ = ["Summary", "prepare"]
