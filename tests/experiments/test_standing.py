"""What the table of a comparison says: blocks, means, intervals from the best, costs."""

import math

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Timer

from flowcolor.color import lab_to_rgb, rgb_to_lab, to_gray
from flowcolor.errors import InputError
from flowcolor.evaluation.report import Report
from flowcolor.evaluation.report_files import write_report
from flowcolor.evaluation.scores import PairScore
from flowcolor.experiments.comparison.best import against_best
from flowcolor.experiments.comparison.blocks import blocks_of, told
from flowcolor.experiments.comparison.costs import NO_LIMIT, training_costs
from flowcolor.experiments.comparison.entries import find_entries
from flowcolor.experiments.comparison.painting import Painter
from flowcolor.experiments.comparison.plan import Budget
from flowcolor.experiments.comparison.reading import oracle
from flowcolor.experiments.comparison.rows import Row, pictures
from flowcolor.experiments.comparison.sheet import write_sheet
from flowcolor.experiments.comparison.standing import standing
from flowcolor.experiments.comparison.text import as_text
from flowcolor.io.images import write_image
from flowcolor.models import Guided, Levin, Pix2Pix, Tint, Unchanged


def test_the_interval_of_the_difference_from_the_best_is_that_of_a_normal_sample():
    random = np.random.default_rng(7)
    count, spread, gap = 400, 2.0, 0.5
    best = random.normal(10, 5, count)  # What is hard for both does not widen the interval.
    other = best - random.normal(gap, spread, count)
    low, high, is_best = against_best({"a": other, "b": best}, True)["a"]
    center, half = (other - best).mean(), 1.96 * (other - best).std() / math.sqrt(count)
    assert not is_best
    assert (low, high) == pytest.approx((center - half, center + half), abs=0.02)
    assert against_best({"a": other, "b": best}, True) == against_best(
        {"a": other, "b": best}, True
    )


def test_which_way_is_better_decides_who_is_the_best():
    values = {"a": np.array([1.0, 2.0]), "b": np.array([2.0, 4.0])}
    for higher, best in ((True, "b"), (False, "a")):
        assert [k for k, v in against_best(values, higher).items() if v[2]] == [best]
    assert against_best({"a": values["a"]}, True) == {}


def test_a_method_stands_where_it_gets_what_it_needs_and_uses_what_it_gets():
    assert blocks_of(Unchanged()) == ("automatic",)
    assert blocks_of(Tint()) == ("exemplar",)
    assert blocks_of(Levin()) == ("hints",)
    assert blocks_of(Guided(4)) == ("automatic", "hints")


def test_a_method_is_told_no_more_than_its_block():
    batch = dict.fromkeys(("content", "reference", "truth", "hint_colors", "hint_mask"), 0)
    assert set(told(batch, "automatic", Guided(4))) == {"content", "truth"}
    assert set(told(batch, "exemplar", Tint())) == {"content", "truth", "reference"}
    assert set(told(batch, "hints", Levin())) == set(batch) - {"reference"}


def test_the_oracle_has_the_content_s_lightness_and_the_truth_s_colours():
    truth = 0.3 + 0.4 * torch.rand(2, 3, 8, 8)
    content = to_gray(truth).expand(-1, 3, -1, -1)
    lab = rgb_to_lab(oracle(content, truth))
    torch.testing.assert_close(lab[:, :1], rgb_to_lab(content)[:, :1], atol=1e-3, rtol=0)
    torch.testing.assert_close(lab[:, 1:], rgb_to_lab(truth)[:, 1:], atol=1e-3, rtol=0)
    lightness = rgb_to_lab(truth) * torch.tensor([1.0, 0, 0]).view(3, 1, 1)
    torch.testing.assert_close(oracle(lab_to_rgb(lightness), truth), truth, atol=1e-4, rtol=0)


def test_a_random_method_s_sample_of_a_picture_depends_on_nothing_else():
    torch.manual_seed(0)
    model = Pix2Pix(width=4, levels=3, dropout=0.5)
    content = torch.rand(3, 1, 16, 16).expand(-1, 3, -1, -1)
    batch = {"content": content, "index": torch.tensor([4, 7, 4]), "name": ["a", "b", "c"]}
    together = Painter(model, "automatic")(batch)
    alone = {key: value[1:2] for key, value in batch.items()}
    painter = Painter(model, "automatic")
    torch.manual_seed(3)
    torch.testing.assert_close(painter(alone), together[1:2], atol=0, rtol=0)
    batch["content"] = content[:1].expand(3, -1, -1, -1)
    same = painter(batch)
    assert torch.equal(same[0], same[2])
    assert not torch.equal(same[0], same[1])
    assert len(painter.seconds) == 4
    assert painter.seconds_per_picture == sorted(painter.seconds[1:])[1]


def test_arithmetic_is_that_of_a_network_or_unknown():
    batch = {"content": torch.rand(1, 3, 16, 16), "index": torch.tensor([0]), "name": ["a"]}
    painter = Painter(Pix2Pix(width=4, levels=3, dropout=0.0), "automatic")
    painter(batch)
    assert painter.gmacs > 0
    plain = Painter(Unchanged(), "automatic")
    torch.testing.assert_close(plain(batch), batch["content"])
    assert plain.gmacs is None


def test_steps_are_those_of_the_checkpoint_and_minutes_are_there_with_a_clock_only(run):
    assert training_costs([run.last]) == {"steps": 4}
    assert training_costs([run.last] * 3) == {"steps": 12}


@pytest.mark.parametrize(
    ("budget", "seconds"),
    [(Budget(minutes=25), 1500), (Budget(minutes=1500.5), 90030), (Budget(steps=3), 315360000)],
)
def test_lightning_s_clock_understands_the_budget(budget, seconds):
    (limit,) = (w.partition("=")[2] for w in budget.words() if "max_time" in w)
    assert Timer(duration=limit).time_remaining() == seconds
    assert (limit == NO_LIMIT) == (budget.steps is not None)


@pytest.mark.parametrize("name", ["MODEL.CKPT", "Model.Safetensors"])
def test_weights_are_given_in_either_case(name, tmp_path):
    (tmp_path / name).touch()
    (entry,) = find_entries([str(tmp_path / name)])
    assert entry.given


def test_a_system_of_several_trainings_gives_each_an_equal_part():
    staged, plain = find_entries(["coltran-small", "ours"])
    assert (staged.stages, plain.stages) == (3, 1)
    words = Budget(minutes=30).words(staged.stages)
    assert "--trainer.max_time=0:00:10:00" in words
    assert "--trainer.max_steps=4" in Budget(steps=12).words(3)


def report(ssim, **about):
    """Scores of the pairs p0, p1, ... in reference."""
    pairs = [
        PairScore(
            "cross", i, f"p{i}", "", {"truth": str(i)}, {"ssim": s, "colors": 1.0}, *[[0.0] * 3] * 2
        )
        for i, s in enumerate(ssim)
    ]
    return Report(pairs, about=about)


def test_numbers_are_means_over_seeds_and_intervals_are_over_pairs(tmp_path):
    rows = [Row("content", "reading"), Row("a", "trained", (0, 1)), Row("b", "untrained")]
    rows.append(Row("c", "given"))
    for row, seed, values in (
        (rows[0], 0, [0.9, 0.9, 0.9]),
        (rows[1], 0, [0.3, 0.5, 0.7]),
        (rows[1], 1, [0.5, 0.5, 0.5]),
        (rows[2], 0, [0.3, 0.4, 0.5]),
        (rows[3], 0, [0.3, 0.7, 0.4]),
    ):
        path = row.report(tmp_path, "exemplar", seed)
        about = {"trained_at": 128} if row.kind == "given" else {"minutes": seed + 1.0}
        write_report(report(values, parameters=10, **about), path.parent, path.stem)
    table = standing(tmp_path, "exemplar", "cross", rows)
    content, a, b, c = (line.scores["ssim"] for line in table.lines)
    assert (a.mean, b.mean) == pytest.approx((0.5, 0.4))
    assert a.seeds == pytest.approx([0.5, 0.5])
    assert [score.mark for score in (content, a, b, c)] == ["", "*", "", "="]
    assert (b.low, b.high) == pytest.approx((-0.1, -0.1))
    assert table.lines[1].costs == {"parameters": 10, "minutes": 1.5}
    text = as_text(table, 10)
    assert "By a reference: the photograph of somebody else, N = 3" in text
    assert "SSIM minus that of a, 95 % intervals: b [-0.100, -0.100], c + at 128 [" in text


def test_broken_pictures_are_shown_as_such_and_stand_nowhere(tmp_path):
    """The gamut counts what is not a number, and so they would tie or even be the best."""
    rows = [Row(label, "untrained") for label in "abcd"]
    for row, ssim in zip(rows, (math.nan, 0.5, math.nan, 0.4), strict=True):
        scored = report([ssim] * 3)
        for pair in scored.scores:
            pair.scores["gamut"] = 1.0
        path = row.report(tmp_path, "exemplar", 0)
        write_report(scored, path.parent, path.stem)
    table = standing(tmp_path, "exemplar", "cross", rows)
    text = as_text(table, 10).splitlines()
    assert [row.split() for row in text[2:6:2]] == [[x, "nan", "1.00", "1.0000"] for x in "ac"]
    assert not any(score.mark for line in table.lines[::2] for score in line.scores.values())


def test_a_report_without_the_setting_is_named_and_no_number_beyond_all_floats_is_averaged(
    tmp_path,
):
    row = Row("a", "given")
    path = row.report(tmp_path, "exemplar", 0)
    write_report(report([0.5], seconds=10**400), path.parent, path.stem)
    assert standing(tmp_path, "exemplar", "cross", [row]).lines[0].costs == {}
    with pytest.raises(InputError, match=r"a.seed_0\.json expects scores in the setting self, got"):
        standing(tmp_path, "exemplar", "self", [row])


def test_a_picture_of_another_size_is_one_sentence(tmp_path):
    row = Row("tint", "untrained")
    for column in ("content", "reference", "truth", "tint"):
        folder = pictures(tmp_path, "exemplar", "cross") / column
        for name in ("a", "b"):
            write_image(torch.rand(3, 8, 8), folder / f"{name}.png")
    write_sheet(tmp_path, "exemplar", "cross", [row], ["a", "b"], 8)
    write_image(torch.rand(3, 4, 5), folder / "b.png")
    expected = r"b\.png expects a picture of 8x8 pixels, as it was written, got one of 5x4\.$"
    with pytest.raises(InputError, match=expected):
        write_sheet(tmp_path, "exemplar", "cross", [row], ["a", "b"], 8)
