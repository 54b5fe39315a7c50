"""What training minimises: an objective is chosen beside the colorizer, in YAML or in Python."""

from flowcolor.training.objectives.adversarial import Adversarial
from flowcolor.training.objectives.attended_style import AttendedStyle
from flowcolor.training.objectives.base import Objective
from flowcolor.training.objectives.denoising import Denoising
from flowcolor.training.objectives.exchanged import Exchanged
from flowcolor.training.objectives.image_pool import ImagePool
from flowcolor.training.objectives.likelihood import Likelihood
from flowcolor.training.objectives.paired import Paired
from flowcolor.training.objectives.rebalanced import Rebalanced
from flowcolor.training.objectives.transfer import Transfer
from flowcolor.training.objectives.unpaired import Unpaired

__all__ = [
    "Adversarial",
    "AttendedStyle",
    "Denoising",
    "Exchanged",
    "ImagePool",
    "Likelihood",
    "Objective",
    "Paired",
    "Rebalanced",
    "Transfer",
    "Unpaired",
]
