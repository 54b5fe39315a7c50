"""A learning rate that stays what it is at first and then falls to zero in a straight line."""

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from flowcolor.errors import InputError


class LateLinear(LRScheduler):
    r"""Keep the learning rate for some epochs, then let it fall.

    .. math:: r_e = r_0 \min\Big(1, \frac{c + d + 1 - e}{d + 1}\Big)

    Args:
        optimizer: Whose rate it is.
        constant: Epochs :math:`c` at the full rate.
        decay: Epochs :math:`d` in which it falls to zero.

    Raises:
        InputError: A number is negative.

    Reference:
        Zhu et al., "Unpaired image-to-image translation using cycle-consistent adversarial
        networks" (2017), section 4. https://arxiv.org/abs/1703.10593
    """

    def __init__(self, optimizer: Optimizer, constant: int, decay: int) -> None:
        for name, epochs in (("constant", constant), ("decay", decay)):
            if epochs < 0:
                raise InputError(f"{name} expects a number of epochs of at least 0, got {epochs}.")
        self.constant, self.decay = constant, decay
        super().__init__(optimizer)

    def get_lr(self) -> list[float | Tensor]:
        """Return the rate of each group of parameters."""
        left = self.constant + self.decay + 1 - self.last_epoch
        share = min(1.0, max(0.0, left / (self.decay + 1)))
        return [base * share for base in self.base_lrs]
