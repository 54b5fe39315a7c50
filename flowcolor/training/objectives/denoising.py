"""Say what of a picture is noise, at every level of noise."""

from collections.abc import Callable
from typing import Any, Literal, cast

import torch
from torch import Tensor

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import is_number, shown_value
from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.models import Colorizer, Palette
from flowcolor.models.diffusion import TRAINING, signal_levels
from flowcolor.training.objectives.arguments import check_whole
from flowcolor.training.objectives.base import Objective, own_chances, require_samples


class Denoising(Objective):
    r"""Hide the photograph in noise and ask for the noise.

    .. math:: L = \overline{\big|f(I_s, \sqrt\gamma\, y_0 + \sqrt{1 - \gamma}\, \epsilon, \gamma)
              - \epsilon\big|^p}, \qquad \epsilon \sim N(0, 1)

    with the photograph :math:`y_0` in [-1, 1]. Its share :math:`\gamma` is drawn for each picture:
    a step :math:`t` of a linear schedule, and evenly between the shares before and after it
    (:func:`~flowcolor.models.diffusion.signal_levels`). With :math:`p = 1` samples are said to
    differ less from each other.

    Args:
        power: :math:`p`.
        steps: Length of the schedule.
        first: Variance of its first step.
        last: Variance of its last step.

    Raises:
        InputError: The schedule is none.

    Reference:
        Saharia et al., "Palette: image-to-image diffusion models" (2022), section 3 and appendix;
        the draw of levels is that of Chen et al. (2020), https://arxiv.org/abs/2009.00713.
        https://arxiv.org/abs/2111.05826
    """

    paints = False

    @plain_numbers
    def __init__(
        self,
        power: Literal[1, 2] = 2,
        steps: int = TRAINING[0],
        first: float = TRAINING[1],
        last: float = TRAINING[2],
    ) -> None:
        super().__init__()
        check_whole(1, 2, power=power)
        check_whole(1, 10**6, steps=steps)
        if not (is_number(first) and is_number(last) and 0 < first <= last < 1):
            raise InputError(
                f"Denoising expects 0 < first <= last < 1, got {shown_value(first)} and "
                f"{shown_value(last)}."
            )
        self.power = power
        # No buffer, which a run in half precision would round: near 1 a share in fewer digits says
        # nothing of the noise beside it.
        levels = signal_levels(steps, first, last)
        self.shares = torch.cat([levels.new_ones(1), levels])

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer that removes no noise."""
        super().check(colorizer)
        if not isinstance(colorizer, Palette):
            raise InputError(
                "Denoising expects a colorizer that removes noise, Palette, got "
                f"{type(colorizer).__name__}."
            )

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        return {"loss": self._loss(colorizer, batch, self.hide)}

    def scores(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return ``noise``, the loss where each picture has the same noise and level every time.

        They depend on its ``index``, so that batches of one do not all meet one level; without one,
        on its place in the batch.
        """

        def hide_each(clean: Tensor) -> tuple[Tensor, ...]:
            pairs = zip(clean.split(1), own_chances(batch), strict=True)
            each = [self.hide(*pair) for pair in pairs]
            return tuple(torch.cat(parts) for parts in zip(*each, strict=True))

        return {"noise": self._loss(colorizer, batch, hide_each)}

    def _loss(
        self, colorizer: Colorizer, batch: Batch, hide: Callable[[Tensor], tuple[Tensor, ...]]
    ) -> Tensor:
        require_samples(self, colorizer, batch, "content", "truth")
        palette, truth = cast(Palette, colorizer), batch["truth"]
        noisy, log_snr, noise = hide(2 * truth - 1)
        reference = batch["reference"] if palette.reference == "required" else None
        found = palette.predict_noise(noisy, log_snr, batch["content"], reference)
        return (found - noise).abs().pow(self.power).mean()

    def hide(
        self, clean: Tensor, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return pictures with noise, their log-ratios of signal to noise, and the noise.

        Args:
            clean: Pictures, (B, ...).
            generator: Source of the noise and of its levels, on the CPU.
        """
        from_here: Any = {"generator": generator, "device": "cpu"}  # Wherever new tensors lie.
        step = torch.randint(1, len(self.shares), (len(clean),), **from_here)
        place = torch.rand(len(clean), dtype=torch.float64, **from_here)
        share = self.shares[step].lerp(self.shares[step - 1], place).clamp(max=1 - 1e-9)
        noise = torch.randn(clean.shape, **from_here).to(clean)
        own = (-1, *[1] * (clean.ndim - 1))
        signal, rest = (part.sqrt().to(clean).view(own) for part in (share, 1 - share))
        log_snr = (share.log() - (-share).log1p()).to(clean)
        return signal * clean + rest * noise, log_snr, noise
