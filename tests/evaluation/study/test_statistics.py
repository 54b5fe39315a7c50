import numpy as np
import pytest
from scipy import stats

from flowcolor.evaluation.study.agreement import krippendorff
from flowcolor.evaluation.study.intervals import means, two_way_intervals
from flowcolor.evaluation.study.preferences import friedman, grades_of_people, holm, pair_tests

NONE = np.nan
# Four observers, twelve units: the worked example of Krippendorff (2011), page 6 and following.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NONE, NONE, NONE],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NONE, 3],
        [NONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NONE],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NONE],
    ]
)


def alpha_by_pairs(grades):
    """Krippendorff's alpha as it is defined, pair by pair of single grades."""
    units = [column[np.isfinite(column)] for column in grades.T]
    units = [unit for unit in units if len(unit) > 1]
    everything = np.concatenate(units)
    counts = {grade: float((everything == grade).sum()) for grade in range(1, 6)}

    def distance(a, b):
        low, high = int(min(a, b)), int(max(a, b))
        between = sum(counts[grade] for grade in range(low, high + 1))
        return (between - (counts[low] + counts[high]) / 2) ** 2

    observed = sum(
        sum(distance(a, b) for i, a in enumerate(unit) for j, b in enumerate(unit) if i != j)
        / (len(unit) - 1)
        for unit in units
    ) / len(everything)
    n = len(everything)
    expected = sum(distance(a, b) for a in everything for b in everything) / (n * (n - 1))
    return 1 - observed / expected


def test_agreement_is_the_published_one():
    assert krippendorff(PUBLISHED) == pytest.approx(0.815, abs=5e-4)


def test_agreement_is_that_of_its_definition_with_gaps():
    random = np.random.default_rng(0)
    grades = random.integers(1, 6, (5, 30)).astype(float)
    grades[random.random(grades.shape) < 0.4] = NONE
    assert krippendorff(grades) == pytest.approx(alpha_by_pairs(grades), abs=1e-12)


def test_agreement_is_one_for_equals_near_zero_by_chance_and_unknown_without_differences():
    random = np.random.default_rng(1)
    same = np.tile(random.integers(1, 6, 40).astype(float), (3, 1))
    assert krippendorff(same) == pytest.approx(1, abs=1e-12)
    assert abs(krippendorff(random.integers(1, 6, (10, 400)).astype(float))) < 0.02
    assert np.isnan(krippendorff(np.full((3, 4), 2.0)))
    assert np.isnan(krippendorff(same[:1]))


def test_friedman_is_the_formula_of_its_author():
    ranks = np.array([[1, 2, 3], [1, 3, 2], [1, 2, 3], [2, 1, 3], [1, 2, 3.0]])
    n, k = ranks.shape
    statistic = 12 / (n * k * (k + 1)) * (ranks.sum(0) ** 2).sum() - 3 * n * (k + 1)
    found = friedman(ranks)
    assert found.statistic == pytest.approx(statistic)
    assert found.p == pytest.approx(np.exp(-statistic / 2))  # Chi-squared with 2 degrees.
    assert found.people == n


def test_wilcoxon_of_eight_who_all_prefer_one_is_one_of_the_two_extremes_of_256():
    a = np.array([3.0, 3.1, 3.3, 3.6, 4.0, 4.5, 2.0, 4.2])
    b = a - np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    (test,) = pair_tests(np.stack([a, b], 1), ["a", "b"])
    assert test.p == pytest.approx(2 / 256)
    assert test.holm == test.p
    assert test.difference == pytest.approx(0.45)


def test_methods_that_nobody_tells_apart_have_p_one():
    grades = np.array([[3.0, 3.0, 4.0], [2.0, 2.0, 3.0]])
    tests = pair_tests(grades, ["a", "b", "c"])
    assert (tests[0].p, tests[0].difference) == (1.0, 0.0)
    assert friedman(grades[:, [0, 0, 1]]) == "every participant likes all methods equally"


def test_holm_multiplies_the_least_by_their_number_and_never_falls():
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm([0.5, 0.9, 0.001]) == pytest.approx([1.0, 1.0, 0.003])
    assert holm([]) == []


def test_means_are_those_of_the_judgements_there_are():
    values = np.array([[[1, 5.0], [2, NONE]], [[NONE, 3], [3, NONE]]])
    assert means(values) == pytest.approx([2, 4])
    assert np.isnan(means(np.full((2, 2, 1), NONE))).all()


def test_who_has_not_judged_every_method_is_no_block_of_a_test():
    values = np.array([[[1, 5.0], [2, NONE]], [[NONE, 3], [NONE, 4]]])
    assert grades_of_people(values).tolist() == [[1.5, 5.0]]


def test_the_interval_has_the_variance_of_people_and_of_pairs():
    # In g = a_p + b_i, drawing both anew gives the variance var(a)/P + var(b)/I.
    random = np.random.default_rng(2)
    people, pairs = random.normal(0, 1, 40), random.normal(0, 2, 25)
    values = (people[:, None] + pairs[None, :])[..., None]
    ((low, high),) = two_way_intervals(values, 20000)
    deviation = np.sqrt(people.var() / 40 + pairs.var() / 25)
    assert (high - low) / (2 * 1.959964 * deviation) == pytest.approx(1, abs=0.04)
    assert (high + low) / 2 == pytest.approx(values.mean(), abs=0.1 * deviation)


def test_the_interval_of_what_only_people_differ_in_is_scipys_bootstrap():
    random = np.random.default_rng(3)
    people = random.normal(3, 1, 30)
    values = np.repeat(people[:, None, None], 7, axis=1)
    ours = two_way_intervals(values, 20000)[0]
    rng = np.random.default_rng(4)
    theirs = stats.bootstrap((people,), np.mean, n_resamples=20000, method="percentile", rng=rng)
    assert ours == pytest.approx(list(theirs.confidence_interval), abs=0.02)


def test_gaps_in_the_judgements_are_passed_over_by_the_interval():
    values = np.full((6, 5, 2), 3.0)
    values[::2, :, 0] = NONE
    values[..., 1] = NONE
    ends = two_way_intervals(values, 500)
    assert ends[0].tolist() == [3.0, 3.0]
    assert np.isnan(ends[1]).all()
    assert np.isnan(two_way_intervals(values[:1], 500)).all()


def test_the_interval_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(5)
    hits = 0
    for trial in range(200):
        people, pairs = random.normal(0, 1, (25, 1)), random.normal(0, 1, (1, 20))
        values = people + pairs + random.normal(0, 1, (25, 20))
        low, high = two_way_intervals(values[..., None], 400, seed=trial)[0]
        hits += low <= 0 <= high
    assert 0.89 <= hits / 200 <= 1  # 0.95, three deviations of 0.015 and the few people.


def test_random_answers_give_uniform_p():
    random = np.random.default_rng(6)
    overall, pairwise, found = [], [], 0
    for _ in range(200):
        grades = grades_of_people(random.integers(1, 6, (24, 15, 4)).astype(float))
        overall.append(friedman(grades).p)
        tests = pair_tests(grades, list("abcd"))
        pairwise.append(tests[0].p)
        found += any(test.holm < 0.05 for test in tests)
    assert stats.kstest(overall, "uniform").pvalue > 0.01
    assert stats.kstest(pairwise, "uniform").pvalue > 0.01
    assert found / 200 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)  # Of all six pairs together.
