r"""How far apart two batches are in a frozen VGG, with a gradient that takes little memory.

Autograd keeps every activation, at 1024x1024 more than a gigabyte for an image. But the weights are
frozen, so all that has to be known of an activation later is where it is positive, one byte for
each number, and the difference where it is compared.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from flowcolor.pretrained.vgg import VGGActivations

Undo = Callable[[Tensor], Tensor]

_WINDOW = [(0, 0), (0, 1), (1, 0), (1, 1)]  # In the order in which torch's pooling looks.


@torch.no_grad()
def vgg_distance(
    activations: VGGActivations, images: Tensor, others: Tensor, want_gradient: bool
) -> tuple[Tensor, Tensor | None]:
    r"""Return :math:`\sum_i \overline{(\phi_i(x) - \phi_i(y))^2}` and its gradient for :math:`x`.

    Both batches go through the network side by side, so that an activation is compared and
    forgotten as soon as it is there. The sum is taken in float32 or wider.

    Args:
        activations: The network and the layers :math:`i`.
        images: :math:`x`.
        others: :math:`y`, of the same shape.
        want_gradient: Whether the gradient is computed, too; otherwise it is ``None``.
    """
    x, y = activations.normalize(images), activations.normalize(others)
    total = x.new_zeros(())
    tape: list[Undo] = []
    for position, module in enumerate(activations.network_like(images)):
        y = module(y)
        x, undo = _step(module, x, want_gradient)
        tape.append(undo)
        if position in activations.positions:
            difference = x.to(total.dtype) - y
            # By channel, because one float32 sum of a million squares would lose digits.
            squares = torch.linalg.vector_norm(difference, dim=(2, 3)).square().sum()
            total += squares / x.numel()
            tape.append(_compared(difference))
            del difference
        if not want_gradient:
            tape.clear()
    if not want_gradient:
        return total, None
    del x, y, undo
    gradient = tape.pop()(total.new_zeros(()))  # The last layer is one that is compared.
    while tape:
        gradient = tape.pop()(gradient)
    return total, activations.undo_normalize(gradient).to(images.dtype)


def _step(module: nn.Module, x: Tensor, want_gradient: bool) -> tuple[Tensor, Undo]:
    """Return what the module makes of ``x``, and how a gradient goes back through it."""
    if isinstance(module, nn.Conv2d):
        weight, padding = module.weight, module.padding
        assert not isinstance(padding, str)  # noqa: S101  VGG's are numbers.
        return module(x), lambda grad: functional.conv_transpose2d(grad, weight, padding=padding)
    if isinstance(module, nn.MaxPool2d):
        return _pool(module, x)
    y = module(x)
    positive = y > 0 if want_gradient else y
    return y, lambda grad: grad.mul_(positive)


def _pool(module: nn.Module, x: Tensor) -> tuple[Tensor, Undo]:
    """Pool 2x2, remembering the winner of each window in a byte rather than in an index."""
    y, shape = module(x), x.shape
    winner = torch.full(y.shape, len(_WINDOW), dtype=torch.uint8, device=x.device)
    for number in reversed(range(len(_WINDOW))):  # Of equals the first wins.
        winner[_corner(x, number) == y] = number

    def undo(grad: Tensor) -> Tensor:
        spread = grad.new_zeros(shape)
        for number in range(len(_WINDOW)):
            _corner(spread, number).copy_(grad * (winner == number))
        return spread

    return y, undo


def _corner(x: Tensor, number: int) -> Tensor:
    """One pixel of every whole 2x2 window."""
    row, column = _WINDOW[number]
    height, width = x.shape[2] // 2 * 2, x.shape[3] // 2 * 2
    return x[:, :, row:height:2, column:width:2]


def _compared(difference: Tensor) -> Undo:
    return lambda grad: difference.mul_(2 / difference.numel()).add_(grad)
