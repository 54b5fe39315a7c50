"""Batches that moved the weights: what happens every so many steps happens once."""


class Moved:
    """Tell batches that moved the weights from those whose gradients only accumulate.

    Args:
        step: At which a training starts.
    """

    def __init__(self, step: int = 0) -> None:
        self.last = step

    def __call__(self, step: int) -> bool:
        """Tell whether the step is another one than the last time."""
        moved, self.last = step != self.last, step
        return moved
