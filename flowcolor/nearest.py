"""The photograph of a folder that looks most like a picture, to lend it its colours."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from flowcolor.arguments import check_callable
from flowcolor.color import to_gray
from flowcolor.console import warn
from flowcolor.errors import InputError
from flowcolor.io.images import read_image
from flowcolor.io.listing import list_images
from flowcolor.io.resizing import resize
from flowcolor.io.same_file import identity

Look = Callable[[Tensor], Tensor]
_THUMBNAIL = 32
_SIDE = 224  # At which VGG was trained.
_LAYER = 9  # conv4_1


class Gallery:
    r"""Photographs of a folder, compared with a content by their luma.

    .. math:: S = \arg\min_{X} \|\phi(Y(X)) - \phi(Y(T))\|

    Args:
        folder: Holds the photographs.
        look: What is compared, :math:`\phi`: :func:`thumbnail`, or :func:`vgg_look`.

    Attributes:
        unread: What could not be read, once all have been looked at.

    Raises:
        InputError: The folder holds no image.

    Example:
        >>> thumbnail(torch.rand(3, 90, 70)).shape
        torch.Size([1024])
    """

    def __init__(self, folder: Path, look: Look | None = None) -> None:
        if look is not None:
            check_callable(self, look=look)
        self.folder, self.look = folder, thumbnail if look is None else look
        self.paths = list_images(folder)
        self.unread: list[Path] = []

    def nearest(self, content: Path) -> Path:
        """Return the photograph that looks most like the content, which is never its own file.

        Photographs that cannot be read are named in a warning and left out. One that is gone since
        it was seen is passed over.

        Raises:
            InputError: There is no other file than the content's own, or that cannot be read.
        """
        wanted, own = self.look(read_image(content)), identity(content)
        others = [
            (float((seen - wanted).square().mean()), path)
            for path, seen in self._seen.items()
            if identity(path) not in (own, None)
        ]
        if not others:
            raise InputError(
                f"--gallery expects photographs beside {content} itself, got none in {self.folder}."
            )
        return min(others)[1]

    @cached_property
    def _seen(self) -> dict[Path, Tensor]:
        """What is seen of each photograph that can be read; the others are named."""
        found = {}
        for path in self.paths:
            try:
                found[path] = self.look(read_image(path))
            except InputError as error:
                self.unread.append(path)
                warn(f"left out of --gallery: {error}")
        return found


def thumbnail(image: Tensor) -> Tensor:
    """Return the luma at 32x32 pixels."""
    return resize(to_gray(image), (_THUMBNAIL, _THUMBNAIL)).flatten()


def vgg_look(weights: Path | None = None) -> Look:
    """Return what VGG19 sees of the luma at its convolution 4_1, which is what there is and where.

    Args:
        weights: Its file, see :class:`~flowcolor.losses.PerceptualLoss`.
    """
    from flowcolor.models.gatys_loss import convolutions, relu_name
    from flowcolor.pretrained.vgg import VGGActivations

    activations = VGGActivations([relu_name("vgg19", _LAYER)], "vgg19", weights)

    def look(image: Tensor) -> Tensor:
        gray = resize(to_gray(image), (_SIDE, _SIDE)).expand(3, -1, -1)[None]
        x = activations.normalize(gray)
        with torch.no_grad():
            seen = convolutions(activations.network_like(gray), x, [_LAYER], average=False)
        return seen[_LAYER].flatten()

    return look
