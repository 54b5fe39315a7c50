"""Whether a network normalises by the statistics of a batch."""

from torch import nn


def has_own_statistics(network: nn.Module) -> bool:
    """Tell whether batch normalisation looks at the batch of one process alone.

    Synchronised, it looks at those of all processes, where one sample each is enough.

    Example:
        >>> has_own_statistics(nn.Sequential(nn.BatchNorm2d(3)))
        True
        >>> has_own_statistics(nn.SyncBatchNorm(3))
        False
    """
    kinds = nn.BatchNorm1d | nn.BatchNorm2d
    return any(isinstance(part, kinds) for part in network.modules())
