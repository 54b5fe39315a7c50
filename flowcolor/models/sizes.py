"""Named sizes of the sketch-and-colour flow."""

from flowcolor.models.sketch_color import SketchColorFlow


def flowcolor_base() -> SketchColorFlow:
    """Build the thesis's size, NCCB(3,1) with eight CCBs: 17.165 M parameters, for 256x256."""
    return SketchColorFlow(downsamplings=3, nccbs=1, ccbs=8)


def flowcolor_small() -> SketchColorFlow:
    """Build 0.58 M parameters for 64x64 to 128x128: trains on a few CPU cores in an hour."""
    return SketchColorFlow(downsamplings=2, nccbs=1, ccbs=4)


def flowcolor_tiny() -> SketchColorFlow:
    """Build 0.33 M parameters for 64x64: trains on two CPU cores in minutes."""
    return SketchColorFlow(downsamplings=2, nccbs=1, ccbs=2)
