r"""Full-Glow's flows step by step: what one of them hands to the other, and how that one begins."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from flowcolor.layers import ActNorm, Chain, ConditionalActNorm, Factor, InvertibleLayer
from flowcolor.layers.base import Result
from flowcolor.models.full_glow_predictors import Predictor


def with_outputs(flow: Chain, x: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Run a Glow and return latent, log-det and the output of each layer of its steps.

    A flow with ``memory="reversible"`` keeps these outputs, which somebody wants anyway, and
    nothing else.
    """
    outputs: list[Tensor] = []

    def run(layer: InvertibleLayer, x: Tensor) -> Result:
        y, logdet = Chain([layer], flow.memory)(x)
        outputs.append(y)
        return y, logdet

    z, logdet = _by_steps(flow, x, run)
    return z, logdet, outputs


@torch.no_grad()
def start_from(flow: Chain, x: Tensor, conditions: Sequence[Tensor]) -> None:
    """Let a conditional Glow begin as an unconditional one does, with a standardised batch.

    The predicted numbers of each ActNorm start at the mean and the deviation of each channel.
    """
    left = iter(conditions)

    def run(layer: InvertibleLayer, x: Tensor) -> Result:
        if isinstance(layer, ConditionalActNorm) and isinstance(layer.net, Predictor):
            statistics = ActNorm(layer.channels).to(x.device)
            statistics.initialize(x)  # Over all processes.
            bias = torch.cat([statistics.log_scale.flatten(), statistics.loc.flatten()])
            layer.net.last.bias.copy_(bias)
        return layer(x, next(left))  # type: ignore[no-any-return]

    _by_steps(flow, x, run)


def _by_steps(
    flow: Chain, x: Tensor, run: Callable[[InvertibleLayer, Tensor], Result]
) -> tuple[Tensor, Tensor]:
    squeeze, *steps, last, unsqueeze = flow
    x, logdet = squeeze(x)
    for layer in steps:
        x, part = run(layer, x)
        logdet = logdet + part
    if isinstance(last, Factor):
        standardize, partial = last.both
        x, part = Chain([standardize], flow.memory)(x)
        kept, leaving = x.chunk(2, dim=1)
        kept, inner = _by_steps(partial.inner, kept, run)  # type: ignore[arg-type]
        x, logdet = torch.cat([kept, leaving], 1), logdet + inner
    else:
        x, part = Chain([last], flow.memory)(x)
    return unsqueeze(x)[0], logdet + part
