"""Every objective with a tiny colorizer that it trains, without pretrained networks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from flowcolor.losses import ColorizationLoss, ContentStyleLoss, MSELPIPSLoss
from flowcolor.models import Colorizer, PatchCritic, SpectralCritic
from flowcolor.training.objectives import (
    Adversarial,
    Alternating,
    AttendedStyle,
    Denoising,
    Exchanged,
    InstanceChroma,
    Likelihood,
    Matched,
    Objective,
    Paired,
    Rebalanced,
    Refining,
    SelfSupervised,
    StylePairs,
    Symbols,
    Transfer,
    Unpaired,
    WassersteinChroma,
    WholeAndParts,
)
from tests.models import helpers


@dataclass(frozen=True)
class Case:
    """What builds a colorizer and an objective, the side of their images, and what they look at."""

    colorizer: Callable[[], Colorizer]
    objective: Callable[[], Objective]
    side: int = 16
    uses: Sequence[str] = ("content", "reference", "truth")


_UNPAIRED = ("content", "reference")
_ALONE = ("content", "truth")


def _plain() -> ColorizationLoss:
    return ColorizationLoss(perceptual=0.0)


def _critic(channels: int = 6, **options: Any) -> PatchCritic:
    return PatchCritic(channels, 4, 1, **options)


def _random_style() -> ContentStyleLoss:
    return ContentStyleLoss(random_weights=True)


def _instance(stage: int) -> Case:
    return Case(
        lambda: helpers.trained_instance(find="quadrants", stage=stage), InstanceChroma, 32, _ALONE
    )


CASES = {
    "Paired": Case(helpers.trained, lambda: Paired(_plain())),
    "Exchanged": Case(helpers.trained, lambda: Exchanged(_plain())),
    "Exchanged with hints": Case(
        lambda: helpers.trained(hint_points=True), lambda: Exchanged(_plain(), hints=1.0)
    ),
    "Adversarial": Case(helpers.trained, lambda: Adversarial(Paired(_plain()), _critic())),
    "Adversarial, spectral": Case(
        helpers.trained, lambda: Adversarial(Exchanged(_plain()), SpectralCritic(4, 2), "hinge")
    ),
    "Likelihood of Glow": Case(helpers.trained_glow, Likelihood, uses=_ALONE),
    "Likelihood of CINN": Case(helpers.trained_cinn, Likelihood, 32, _ALONE),
    "Likelihood of FullGlow": Case(helpers.trained_full_glow, Likelihood, uses=_ALONE),
    "Transfer": Case(helpers.trained_art_flow, lambda: Transfer(_random_style()), uses=_UNPAIRED),
    "Unpaired": Case(
        helpers.trained_revgan,
        lambda: Unpaired(photo_critic=_critic(3), drawing_critic=_critic(3), pool=2),
        uses=_ALONE,
    ),
    "Rebalanced": Case(helpers.trained_cic, Rebalanced, uses=_ALONE),
    "StylePairs": Case(helpers.trained_unet_adain, lambda: StylePairs(MSELPIPSLoss(lpips=0.0))),
    "Alternating": Case(helpers.trained_unet_adain, lambda: Alternating(MSELPIPSLoss(lpips=0.0))),
    "WassersteinChroma": Case(
        helpers.trained_chromagan,
        lambda: WassersteinChroma(critic=_critic(3, norm="none")),
        uses=_ALONE,
    ),
    "InstanceChroma, stage 1": _instance(1),
    "InstanceChroma, stage 2": _instance(2),
    "InstanceChroma, stage 3": _instance(3),
    "Symbols, stage 1": Case(
        lambda: helpers.trained_coltran(stage=1, with_reference=True), Symbols, 4
    ),
    "Symbols, stage 2": Case(lambda: helpers.trained_coltran(stage=2), Symbols, 4, _ALONE),
    "Symbols, stage 3": Case(lambda: helpers.trained_coltran(stage=3), Symbols, 4, _ALONE),
    "SelfSupervised": Case(
        lambda: helpers.trained_s2i(stage=1), lambda: SelfSupervised(2, 5), side=64
    ),
    "Refining": Case(helpers.trained_s2i, lambda: Refining(2, 64), 64),
    "Matched": Case(helpers.trained_scft, lambda: Matched(_plain())),
    "WholeAndParts": Case(
        helpers.trained_deep_face_editing, lambda: WholeAndParts(_plain()), side=64
    ),
    "Denoising": Case(lambda: helpers.trained_palette(with_reference=True), Denoising),
    "AttendedStyle": Case(
        helpers.trained_ada_attn, lambda: AttendedStyle(autoencoder=0), 32, _UNPAIRED
    ),
    "AttendedStyle at first": Case(
        helpers.trained_ada_attn, lambda: AttendedStyle(autoencoder=9), 32, _UNPAIRED
    ),
}


def batch_of(case: Case, count: int = 2, dtype: torch.dtype = torch.float32) -> dict[str, Any]:
    """Return a batch with all that any objective asks for."""
    generator = torch.Generator().manual_seed(1)

    def random(channels: int) -> Tensor:
        shape = (count, channels, case.side, case.side)
        return torch.rand(shape, generator=generator, dtype=dtype)

    truth, mask = random(3), (random(1) > 0.9).to(dtype)
    axis = torch.linspace(-0.9, 0.9, case.side, dtype=dtype)
    warp = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)
    return {
        "content": random(1).repeat(1, 3, 1, 1),
        "reference": random(3),
        "truth": truth,
        "photo": truth,
        "warp": warp.repeat(count, 1, 1, 1),
        "hint_mask": mask,
        "hint_colors": mask * truth,
        "index": torch.arange(count),
        "name": [str(place) for place in range(count)],
    }


def losses_of(objective: Any, colorizer: Colorizer, batch: Any) -> dict[str, Tensor]:
    """Return all that an objective computes of a batch in training."""
    found: dict[str, Tensor] = dict(objective.losses(colorizer, batch))
    if hasattr(objective, "critic_losses"):
        found |= objective.critic_losses(batch, found)
    if hasattr(objective, "style_losses"):
        found |= objective.style_losses(colorizer, batch)
    return found
