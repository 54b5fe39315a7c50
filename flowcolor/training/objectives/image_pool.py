"""A store of earlier results, so that critics do not only know the newest."""

from typing import Any

import torch
from torch import Tensor, nn

from flowcolor.arguments import plain_numbers
from flowcolor.errors import InputError
from flowcolor.training.objectives.arguments import check_whole
from flowcolor.values import is_strided, kind_of

MOST_IMAGES = 1_000_000


class ImagePool(nn.Module):
    """Keep images, and exchange half of the new ones for older ones.

    While there is room, images come back as they are. Then for every second one, by chance, an
    older one comes back, whose place it takes.

    The pool is part of a checkpoint, and how the chances fall depends on how many images it has
    seen alone: a resumed training goes on as if it had not been interrupted.

    Args:
        size: How many images there is room for; with 0 all come back as they are.

    Reference:
        Shrivastava et al., "Learning from simulated and unsupervised images through adversarial
        training" (2017), section 2.3. https://arxiv.org/abs/1612.07828

    Example:
        >>> pool = ImagePool(2)
        >>> pool(torch.rand(4, 3, 8, 8)).shape
        torch.Size([4, 3, 8, 8])
        >>> len(pool.images), pool.seen
        (2, 4)
    """

    @plain_numbers
    def __init__(self, size: int = 50) -> None:
        super().__init__()
        check_whole(0, MOST_IMAGES, size=size)
        self.size = size
        self.images: list[Tensor] = []
        self.seen = 0

    def forward(self, images: Tensor) -> Tensor:
        """Return as many images, new and older ones; no gradient passes.

        Raises:
            InputError: They are no batch, or of another shape than those before.
        """
        self._check(images)
        if not len(images):
            return images.detach()
        chances = torch.Generator().manual_seed(self.seen)
        returned = [self._exchange(image, chances) for image in images.detach()]
        self.seen += len(images)
        return torch.stack(returned)

    def get_extra_state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"seen": self.seen, "images": [image.cpu() for image in self.images]}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint.

        Raises:
            InputError: It is damaged.
        """
        found = (
            isinstance(state, dict)
            and {"seen": int, "images": list}.items()
            <= {name: type(value) for name, value in state.items()}.items()
        )
        if not found or not all(isinstance(image, Tensor) for image in state["images"]):
            raise InputError("The checkpoint expects a pool of pictures, got a damaged one.")
        self.seen, self.images = int(state["seen"]), list(state["images"])

    def _check(self, images: Tensor) -> None:
        if not isinstance(images, Tensor) or not is_strided(images):
            raise InputError(f"ImagePool expects a tensor, got {kind_of(images)}.")
        if not images.ndim:
            raise InputError("ImagePool expects a batch, got a single number.")
        before = self.images[0].shape if self.images else images.shape[1:]
        if images.shape[1:] != before:
            raise InputError(
                f"ImagePool expects images of the shape {tuple(before)} as those before, got "
                f"{tuple(images.shape[1:])}."
            )

    def _exchange(self, image: Tensor, chances: torch.Generator) -> Tensor:
        if len(self.images) < self.size:
            self.images.append(image.clone())
            return image
        exchange, place = torch.rand(2, generator=chances, device="cpu").tolist()
        if self.size == 0 or exchange < 0.5:
            return image
        index = int(place * self.size)
        older, self.images[index] = self.images[index], image.clone()
        return older.to(image)
