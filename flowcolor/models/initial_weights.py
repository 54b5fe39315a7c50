"""Weights as some papers draw them at first."""

from torch import nn


def gaussian_weights(module: nn.Module, std: float) -> None:
    """Draw the weights of convolutions anew from a normal distribution; biases become 0."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(part.weight, std=std)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
