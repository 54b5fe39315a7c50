"""What training minimises: an objective is chosen beside the colorizer, in YAML or in Python."""

from flowcolor.training.objectives.adversarial import Adversarial
from flowcolor.training.objectives.alternating import Alternating
from flowcolor.training.objectives.attended_style import AttendedStyle
from flowcolor.training.objectives.base import Objective
from flowcolor.training.objectives.denoising import Denoising
from flowcolor.training.objectives.exchanged import Exchanged
from flowcolor.training.objectives.image_pool import ImagePool
from flowcolor.training.objectives.instance_chroma import InstanceChroma
from flowcolor.training.objectives.likelihood import Likelihood
from flowcolor.training.objectives.matched import Matched
from flowcolor.training.objectives.paired import Paired
from flowcolor.training.objectives.parts import WholeAndParts
from flowcolor.training.objectives.rebalanced import Rebalanced
from flowcolor.training.objectives.refining import Refining
from flowcolor.training.objectives.self_supervised import SelfSupervised
from flowcolor.training.objectives.style_pairs import StylePairs
from flowcolor.training.objectives.symbols import Symbols
from flowcolor.training.objectives.transfer import Transfer
from flowcolor.training.objectives.unpaired import Unpaired
from flowcolor.training.objectives.wasserstein_chroma import WassersteinChroma

__all__ = [
    "Adversarial",
    "Alternating",
    "AttendedStyle",
    "Denoising",
    "Exchanged",
    "ImagePool",
    "InstanceChroma",
    "Likelihood",
    "Matched",
    "Objective",
    "Paired",
    "Rebalanced",
    "Refining",
    "SelfSupervised",
    "StylePairs",
    "Symbols",
    "Transfer",
    "Unpaired",
    "WassersteinChroma",
    "WholeAndParts",
]
