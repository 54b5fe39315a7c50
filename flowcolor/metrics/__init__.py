"""What is measured of results: alike the truth, alike photographs, the lines, the colours."""

from flowcolor.color import rgb_to_lab
from flowcolor.metrics.base import ActivationMetric, ImageMetric
from flowcolor.metrics.bleeding import ColorBleeding, color_bleeding
from flowcolor.metrics.color_agreement import ColorAgreement
from flowcolor.metrics.feature_sets import SMALL_N, FeatureSetMetric
from flowcolor.metrics.fid import FrechetInceptionDistance, frechet_distance
from flowcolor.metrics.gamut import gamut_share
from flowcolor.metrics.inception_score import InceptionScore, inception_score
from flowcolor.metrics.kid import KernelInceptionDistance, kernel_distance
from flowcolor.metrics.lab_distance import (
    diversity,
    hint_error,
    lab_distance,
    reference_sensitivity,
)
from flowcolor.metrics.line_agreement import LineAgreement, line_f1
from flowcolor.metrics.lpips import LPIPS, lpips, lpips_activations
from flowcolor.metrics.luminance import LuminanceError, luminance_error
from flowcolor.metrics.mean_color import mean_color, mean_color_distance, nearer_to_own
from flowcolor.metrics.perceptual_distance import PerceptualDistance, perceptual_distance
from flowcolor.metrics.psnr import PeakSignalNoiseRatio, psnr
from flowcolor.metrics.region_color import (
    CELEBA_REGIONS,
    FACE_REGIONS,
    region_color_distance,
)
from flowcolor.metrics.relevance import (
    ContentRelevance,
    StyleRelevance,
    relevance,
    relevance_activations,
)
from flowcolor.metrics.sharpness import LineSharpness, line_sharpness
from flowcolor.metrics.ssim import (
    MultiScaleStructuralSimilarity,
    StructuralSimilarity,
    ms_ssim,
    ssim,
)
from flowcolor.metrics.wasserstein import color_wasserstein, sliced_wasserstein
from flowcolor.pretrained.inception import InceptionFeatures

__all__ = [
    "CELEBA_REGIONS",
    "FACE_REGIONS",
    "LPIPS",
    "SMALL_N",
    "ActivationMetric",
    "ColorAgreement",
    "ColorBleeding",
    "ContentRelevance",
    "FeatureSetMetric",
    "FrechetInceptionDistance",
    "ImageMetric",
    "InceptionFeatures",
    "InceptionScore",
    "KernelInceptionDistance",
    "LineAgreement",
    "LineSharpness",
    "LuminanceError",
    "MultiScaleStructuralSimilarity",
    "PeakSignalNoiseRatio",
    "PerceptualDistance",
    "StructuralSimilarity",
    "StyleRelevance",
    "color_bleeding",
    "color_wasserstein",
    "diversity",
    "frechet_distance",
    "gamut_share",
    "hint_error",
    "inception_score",
    "kernel_distance",
    "lab_distance",
    "line_f1",
    "line_sharpness",
    "lpips",
    "lpips_activations",
    "luminance_error",
    "mean_color",
    "mean_color_distance",
    "ms_ssim",
    "nearer_to_own",
    "perceptual_distance",
    "psnr",
    "reference_sensitivity",
    "region_color_distance",
    "relevance",
    "relevance_activations",
    "rgb_to_lab",
    "sliced_wasserstein",
    "ssim",
]
