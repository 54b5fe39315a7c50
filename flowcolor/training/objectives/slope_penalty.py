"""How far the slope of a critic is from 1, for games of Wasserstein's distance."""

import torch
from torch import Tensor, nn

from flowcolor.values import widen


def slope_penalty(critic: nn.Module, images: Tensor) -> Tensor:
    r"""Return the mean of :math:`(\|\nabla D(x)\| - 1)^2` over images, which can be differentiated.

    Args:
        critic: Whose mean answer for an image is :math:`D`.
        images: Where it is asked.
    """
    x = images.detach().requires_grad_()
    # Of each image its own: a sum over the batch has the gradients of all.
    answers = widen(critic(x)).flatten(1).mean(1).sum()
    (gradient,) = torch.autograd.grad(answers, x, create_graph=True)
    # Written with care at 0, where the root of a sum of squares has no slope.
    norm = (gradient.square().flatten(1).sum(1) + 1e-12).sqrt()
    return (norm - 1).square().mean()
