"""What earlier stages have trained stays as it is."""

from flowcolor.models import Colorizer


def freeze_the_rest(colorizer: Colorizer) -> None:
    """Stop the gradients of all weights that the stage does not train, and put them in eval mode.

    Running statistics would move without a gradient, and dropout would blur what the stage sees.
    Lightning leaves the modes of modules as it finds them.
    """
    part = colorizer.learning
    if part is colorizer:
        return
    moving = {id(parameter) for parameter in part.parameters()}
    for parameter in colorizer.parameters():
        if id(parameter) not in moving:
            parameter.requires_grad_(False)
    colorizer.eval()
    part.train()
