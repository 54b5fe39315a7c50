"""Pictures painted again: with the right references, and the right random numbers."""

import pytest
import torch

from flowcolor.evaluation.probes import probe_scores
from flowcolor.evaluation.scores import score_batch, tinted
from flowcolor.metrics import (
    diversity,
    hint_error,
    lab_distance,
    luminance_error,
    mean_color_distance,
)


def batch_of(count):
    names = ("content", "reference", "truth", "reference_content")
    images = dict(zip(names, torch.rand(4, count, 3, 8, 8), strict=True))
    images["reference"][:, 0], images["truth"][:, 2] = 1, 1
    return {**images, "index": torch.arange(count), "name": [str(i) for i in range(count)]}


def tint(batch, generator):
    assert generator is None
    return tinted(batch["content"], batch["reference"])


def test_the_other_reference_is_the_own_photograph_with_its_own_drawing():
    batch = batch_of(3)
    seen = []
    result = tint(batch, None)
    found = probe_scores(
        lambda again, generator: seen.append(again) or tint(again, generator), batch, result, 2
    )
    (again,) = seen
    assert torch.equal(again["reference"], batch["truth"][:2])
    assert torch.equal(again["reference_content"], batch["content"][:2])
    own = tinted(batch["content"], batch["truth"])
    expected = lab_distance(result, own) / mean_color_distance(batch["reference"], batch["truth"])
    assert found.keys() == {"sensitivity"}
    assert found["sensitivity"][:2].tolist() == pytest.approx(expected[:2].tolist())
    assert found["sensitivity"][2].isnan()


def noise(batch, generator):
    return batch["content"] + torch.randn(1, generator=generator).abs() * batch["reference"]


def test_samples_differ_by_chance_and_references_are_compared_under_the_same():
    batch = batch_of(2)
    batch["reference"] = batch["truth"].flip(2)  # Other pixels, of the same mean colour.
    other = {**batch, "reference": batch["truth"].flip(1)}

    def ignore(again, generator):
        return noise({**again, "reference": again["truth"]}, generator)

    result = noise(batch, None)
    found = probe_scores(noise, batch, result, 2, chance=True)["diversity"]
    chances = [torch.Generator().manual_seed(seed) for seed in range(4)]
    samples = torch.stack([noise(batch, chance).clamp(0, 1) for chance in chances])
    assert found.tolist() == pytest.approx(diversity(samples).tolist())
    assert found.min() > 0.1
    bright = probe_scores(lambda *given: 50 * noise(*given), batch, result, 2, chance=True)
    assert bright["diversity"].max() < 5  # What is shown is white.
    found = probe_scores(ignore, other, result, 2, chance=True)
    assert found["sensitivity"].tolist() == [0, 0]  # Chance is not the reference's doing.
    found = probe_scores(noise, batch, result, 9, reference=False, chance=True)
    assert found.keys() == {"diversity"}


def test_what_is_measured_of_a_pair_does_not_depend_on_where_it_stands():
    def speckled(batch, generator):
        away = torch.randn(batch["content"].shape, generator=generator)
        return 0.5 + 0.1 * away * batch["reference"]

    batch, pairs = batch_of(5), []
    for part in (slice(0, 5), slice(0, 2), slice(2, 3), slice(3, 5)):
        few = {name: values[part] for name, values in batch.items()}
        found = probe_scores(speckled, few, speckled(few, None), 9, chance=True)
        pairs.append(torch.stack([found["diversity"], found["sensitivity"]]))
    assert torch.equal(pairs[0], torch.cat(pairs[1:], 1))


def test_no_pairs_are_not_painted():
    assert probe_scores(pytest.fail, batch_of(2), torch.rand(2, 3, 8, 8), 0, chance=True) == {}


def test_pairs_get_the_numbers_of_grey_photographs_hints_and_what_was_clamped():
    batch = batch_of(2)
    painted = torch.rand(2, 3, 8, 8) * 2 - 0.5
    result = painted.clamp(0, 1)
    mask = torch.zeros(2, 1, 8, 8)
    mask[0, 0, 3, 4] = 1
    batch |= {"painted": painted, "hint_colors": batch["truth"], "hint_mask": mask}
    further = {"sensitivity": torch.tensor([torch.nan, 0.5])}
    one, other = (score.scores for score in score_batch("cross", batch, result, None, further))
    error = hint_error(result, batch["truth"], mask)
    assert one["hint_error"] == pytest.approx(float(error[0]))
    assert "hint_error" not in other
    assert "sensitivity" not in one
    assert other["sensitivity"] == 0.5
    for index, scores in enumerate((one, other)):
        outside = ((painted[index] < 0) | (painted[index] > 1)).any(0).float().mean()
        assert scores["gamut"] == pytest.approx(float(outside), abs=2 / 64)
        expected = luminance_error(result, batch["content"])[index]
        assert scores["luminance"] == pytest.approx(float(expected))
