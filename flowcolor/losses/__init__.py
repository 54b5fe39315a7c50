"""What training minimises, as sums of terms of a result and its truth."""

from flowcolor.losses.colorization import ColorizationLoss
from flowcolor.losses.features import FeatureLoss
from flowcolor.losses.mse_lpips import MSELPIPSLoss
from flowcolor.losses.perceptual import PerceptualLoss
from flowcolor.losses.style import ContentStyleLoss

__all__ = [
    "ColorizationLoss",
    "ContentStyleLoss",
    "FeatureLoss",
    "MSELPIPSLoss",
    "PerceptualLoss",
]
