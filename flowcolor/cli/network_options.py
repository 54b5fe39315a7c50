"""Options for the pretrained networks that look at results."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowcolor.evaluation.network_scores import Networks


def add_network_options(parser: ArgumentParser) -> None:
    """Add one option for each field of :class:`~flowcolor.evaluation.network_scores.Networks`."""
    add = parser.add_argument
    add("--inception", type=Path, help="file with Inception's weights, for FID, KID and IS")
    add("--vgg19", type=Path, help="file with VGG19's weights, for SR and CR")
    add("--alexnet", type=Path, help="file with AlexNet's weights, for LPIPS")
    add("--googlenet", type=Path, help="file with GoogLeNet's weights, for PD")
    add("--preset", choices=("thesis", "cocosnet"), default="thesis", help="layers of SR and CR")
    add("--download", action="store_true", help="download missing weights, up to 950 MB")
    add(
        "--random_weights",
        action="store_true",
        help="use random networks: the numbers are then comparable with no other",
    )


def networks_of(options: Namespace) -> "Networks":
    """Return the networks that :func:`add_network_options` asked for."""
    from flowcolor.evaluation.network_scores import Networks  # Here: --help need not wait for it.

    return Networks(
        options.inception,
        options.vgg19,
        options.alexnet,
        options.preset,
        options.download,
        options.random_weights,
        options.googlenet,
    )
