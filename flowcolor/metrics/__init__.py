"""What the library promises, measured: the drawing's lines, the reference's colours."""

from flowcolor.metrics.colors import ColorAgreement
from flowcolor.metrics.lab import mean_color, mean_color_distance, nearer_to_own, rgb_to_lab
from flowcolor.metrics.lines import LineAgreement, line_f1
from flowcolor.metrics.wasserstein import color_wasserstein, sliced_wasserstein

__all__ = [
    "ColorAgreement",
    "LineAgreement",
    "color_wasserstein",
    "line_f1",
    "mean_color",
    "mean_color_distance",
    "nearer_to_own",
    "rgb_to_lab",
    "sliced_wasserstein",
]
