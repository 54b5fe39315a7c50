"""The style of somebody else's photograph, as each place of the content looks at it."""

from collections.abc import Sequence
from numbers import Integral
from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import l1_loss, mse_loss

from flowcolor.arguments import is_list
from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.models import AdaAttN, Colorizer
from flowcolor.models.attended_moments import plain_transfer
from flowcolor.models.frozen import frozen
from flowcolor.training.objectives.arguments import check_weight, check_whole
from flowcolor.training.objectives.base import Objective, require_samples
from flowcolor.training.say import say
from flowcolor.values import kind_of, widen

_EPS = 1e-5  # The root of a flat channel's variance, zero, has no gradient.


class AttendedStyle(Objective):
    r"""Ask for a style's statistics as a whole, and place by place for those attended to.

    .. math::
        L = w_g \sum_{i=2}^5 \Big(\overline{(\mu_i(\hat I) - \mu_i(I_r))^2}
            + \overline{(\sigma_i(\hat I) - \sigma_i(I_r))^2}\Big)
            + w_l \sum_{i=3}^5 \overline{\big(F_i(\hat I) - T'_i(I_s, I_r)\big)^2}

    with features :math:`F_i` of the encoder, their mean :math:`\mu` and deviation :math:`\sigma`
    over places, and :func:`~flowcolor.models.attended_moments.plain_transfer` :math:`T'`, the
    transfer without convolutions. There is no truth, so references move on by one place in the
    batch, which should be of two or more.

    An encoder of the model's own is first trained for a while as one half of an autoencoder,
    :math:`|D(F_3, F_4, F_5)(I) - I|`, with all layers and with the last alone, and is then frozen.
    Weights do not tell whether theirs has learned: with those of a trained model ask for 0 batches.

    Args:
        overall: :math:`w_g`.
        local: :math:`w_l`.
        autoencoder: Batches in which an own encoder learns; VGG19 has learned.
        local_layers: Layers of the local term, of 2 to 5; there may be none. The published code
            also takes 2.

    Raises:
        InputError: A number is out of range.

    Reference:
        Liu et al., "AdaAttN: revisit attention mechanism in arbitrary neural style transfer"
        (2021), equations 9 to 12. https://arxiv.org/abs/2108.03647
    """

    uses_all = False  # At first an own encoder and the decoder learn, and then not that encoder.
    trained: Tensor

    def __init__(
        self,
        overall: float = 10.0,
        local: float = 3.0,
        autoencoder: int = 300,
        local_layers: Sequence[int] = (3, 4, 5),
    ) -> None:
        super().__init__()
        check_weight(overall=overall, local=local)
        check_whole(0, 10**9, autoencoder=autoencoder)
        if not is_list(local_layers):
            kind = kind_of(local_layers)
            raise InputError(f"local_layers expects a list of layers, got {kind}.")
        if not all(isinstance(i, Integral) and i in (2, 3, 4, 5) for i in local_layers):
            raise InputError(f"local_layers expects layers from 2 to 5, got {list(local_layers)}.")
        self.overall, self.local, self.autoencoder = overall, local, autoencoder
        self.local_layers = tuple(local_layers)
        self.register_buffer("trained", torch.zeros((), dtype=torch.int64))

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer that does not attend so."""
        super().check(colorizer)
        if not isinstance(colorizer, AdaAttN):
            raise InputError(f"AttendedStyle expects AdaAttN, got {type(colorizer).__name__}.")
        colorizer.prepare()

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return the loss, ``overall`` and ``local`` or ``autoencoder``, and ``result``."""
        require_samples(self, colorizer, batch, "content", "reference")
        model, content = cast(AdaAttN, colorizer), batch["content"]
        style = batch["reference"].roll(1, 0)
        if model.encoder is not None and self.trained < self.autoencoder:
            if self.trained == 0:
                say(
                    f"training the encoder first, for {self.autoencoder} batches; with "
                    "--model.weights of a trained model, whose layers of attention fit its own, "
                    "give --model.objective.init_args.autoencoder=0"
                )
            self.trained += 1
            loss = self._reconstruction(model, torch.cat([content, style]))
            return {"loss": loss, "autoencoder": loss, "result": content}
        result: Tensor = colorizer(content, style)
        with torch.no_grad():
            seen, lent = model.encode(content), model.encode(style)
        with frozen(model.encoder):
            found = model.encode(result)
        overall = _overall(found, lent)
        local = torch.zeros_like(overall)  # Without layers it stays so.
        for i in self.local_layers:
            aim = plain_transfer(seen[:i], lent[:i]).detach()
            local = local + mse_loss(widen(found[i - 1]), aim)
        loss = self.overall * overall + self.local * local
        return {"loss": loss, "overall": overall, "local": local, "result": result}

    def _reconstruction(self, model: AdaAttN, images: Tensor) -> Tensor:
        *_, third, fourth, fifth = model.encode(images)
        # With all of them the decoder would need the third only, and the others would not learn.
        last_alone = (torch.zeros_like(third), torch.zeros_like(fourth), fifth)
        both = [model.decoder(*features) for features in ((third, fourth, fifth), last_alone)]
        return torch.stack([l1_loss(widen(image), images) for image in both]).sum()


def _overall(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    terms = [
        mse_loss(statistic(widen(ours)), statistic(widen(aim)))
        for ours, aim in list(zip(found, wanted, strict=True))[1:]
        for statistic in (_mean, _deviation)
    ]
    return torch.stack(terms).sum()


def _mean(features: Tensor) -> Tensor:
    return features.mean((2, 3))


def _deviation(features: Tensor) -> Tensor:
    return (features.var((2, 3)) + _EPS).sqrt()
