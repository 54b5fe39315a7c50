"""What a single picture does not show: does a method listen to its reference, and to chance?"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, cat

from flowcolor.arguments import check_callable, check_flag
from flowcolor.bounds import whole_within
from flowcolor.data.batch import Batch, singles
from flowcolor.errors import InputError
from flowcolor.metrics import diversity, reference_sensitivity
from flowcolor.values import require_tensors

SAMPLES = 4
Paint = Callable[[Batch, torch.Generator | None], Tensor]


def probe_scores(
    paint: Paint,
    batch: Batch,
    result: Tensor,
    pairs: int,
    *,
    reference: bool = True,
    chance: bool = False,
) -> dict[str, Tensor]:
    """Paint the first pairs of a batch again: with other references, and with other chance.

    The other reference is the photograph of the content itself, and of a method that draws by
    chance every pair is painted by itself, with the same chances, so that what is measured of a
    pair depends on nothing but the pair.

    Args:
        paint: Colours a batch, with random numbers of a generator where there is chance.
        batch: Of the cross setting: ``content``, ``reference``, ``truth`` and others.
        result: The batch in colour.
        pairs: How many pairs at most.
        reference: Whether the method looks at its reference.
        chance: Whether it draws random numbers.

    Returns:
        ``sensitivity`` and ``diversity``, :math:`(B,)` each, as far as there are any; NaN for pairs
        that were not painted again.

    Raises:
        ValueError: An argument is none of those above.
    """
    check_callable(probe_scores, paint=paint)
    whole_within("probe_scores's pairs", pairs, 0, 2**31 - 1)
    check_flag(probe_scores, reference=reference, chance=chance)
    require_tensors("probe_scores", result)
    if not isinstance(batch, dict):
        kind = type(batch).__name__
        raise InputError(f"probe_scores expects a batch, a dictionary, got {kind}.")
    few = min(pairs, len(result))
    if few < 1:
        return {}
    part = first_pairs(batch, few)

    def sample(batch: Batch, seed: int) -> Tensor:
        return cat([_shown(paint(one, _generator(result, seed))) for one in singles(batch)])

    samples = [sample(part, seed) for seed in range(SAMPLES if chance else 0)]
    found: dict[str, Tensor] = {}
    if chance:
        found["diversity"] = diversity(torch.stack(samples))
    if reference:
        own: Batch = {**part, "reference": part["truth"]}
        if "reference_content" in own:
            own["reference_content"] = own["content"]
        # With the same chance, so that what differs is the reference's doing.
        before = samples[0] if chance else result[:few]
        after = sample(own, 0) if chance else _shown(paint(own, None))
        found["sensitivity"] = reference_sensitivity(
            before, after, part["reference"], part["truth"]
        )
    return {name: _filled(values, len(result)) for name, values in found.items()}


def first_pairs(batch: Batch, few: int) -> Batch:
    """Return a batch of fewer pairs."""
    made = batch.copy()
    for name, value in batch.items():
        if isinstance(value, (Tensor, Sequence)):
            made[name] = value[:few]  # type: ignore[literal-required]
    return made


def _generator(like: Tensor, seed: int) -> torch.Generator:
    return torch.Generator(like.device).manual_seed(seed)


def _shown(result: Tensor) -> Tensor:
    return result.float().clamp(0, 1)


def _filled(values: Tensor, count: int) -> Tensor:
    missing = values.new_full((count - len(values),), torch.nan)
    return torch.cat([values, missing])
