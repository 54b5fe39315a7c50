"""Whether a tensor that somebody else has written holds numbers that can be computed with."""

import torch
from torch import Tensor

_MOST = 2**24  # Numbers of a view that may repeat some.


def is_dense_and_finite(value: Tensor) -> bool:
    """Tell whether each element of a floating-point tensor is there, and is a finite number.

    Files may also hold sparse and quantized tensors, of which operators miss, tensors on the device
    ``meta``, which have a shape and no values, and views that repeat a few numbers to fill any
    memory.

    Example:
        >>> ones = torch.ones(2)
        >>> is_dense_and_finite(ones), is_dense_and_finite(ones / 0)
        (True, False)
        >>> is_dense_and_finite(ones.to("meta")), is_dense_and_finite(ones.to_sparse())
        (False, False)
    """
    there = value.layout == torch.strided and not value.is_meta and not value.is_quantized
    if not there or (value.numel() > _MOST and value.nbytes > value.untyped_storage().nbytes()):
        return False
    return bool(value.isfinite().all())
