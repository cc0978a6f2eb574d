"""Sources of error are told apart, and the bias by measurement errors is taken away."""

import numpy as np
import pytest
import torch

from engine.density.members import NoisyRows, base_split, noisy_split
from engine.density.plan import MemberPlan
from engine.estimators.budget import SOURCES, SourceMap, correct, without_errors
from engine.estimators.potential.noise import Heights
from engine.estimators.simex import extrapolate

CENTRE, RADIUS = (8.122, 0.0, 0.02), 4.0


def points(count=400):
    rng = np.random.default_rng(0)
    return np.array(CENTRE) + rng.uniform(-2, 2, (count, 3))


def results(plan, count, start=0.0, sample=0.0, noise=0.0, bias=0.0, seed=1):
    """Make members with known variances at each position; noisy ones keep start and stars."""
    rng = np.random.default_rng(seed)
    stars = sample * rng.standard_normal((plan.base, count, 3))
    for k in range(plan.twins):
        stars[2 * k + 1] = stars[2 * k]
    own = start * rng.standard_normal((plan.base, count, 3)) + stars
    drawn = noise * rng.standard_normal((plan.base, count, 3))
    levels = [own + level * bias + np.sqrt(level) * drawn for level in (0, *plan.levels)]
    return np.concatenate(levels)


def test_start_and_sample_are_told_apart():
    plan = MemberPlan(8)
    where = points(4000)
    found = correct(results(plan, 4000, start=3.0, sample=10.0), plan)
    variances = SourceMap(where, found, Heights.of(CENTRE, RADIUS)).at(where).mean((1, 2))
    start, sample, noise = variances
    assert start == pytest.approx(9 / 8, rel=0.1)
    assert sample == pytest.approx(100 * 9 / 8, rel=0.1)
    assert noise == 0


def test_the_total_is_the_quadrature_of_the_sources_and_that_of_the_draws():
    plan = MemberPlan(4, (1.0,))
    where = points()
    found = correct(results(plan, 400, start=2.0, sample=5.0, noise=1.0, bias=3.0), plan)
    budget = SourceMap(where, found, Heights.of(CENTRE, RADIUS)).budget(where, found)
    assert budget.by_source.shape == (len(SOURCES), 400, 3)
    np.testing.assert_allclose(budget.field.sd, np.sqrt((budget.by_source**2).sum(0)))
    assert (budget.by_source > 0).all()


def test_twins_share_their_stars_and_nobody_else_does():
    plan = MemberPlan(8)
    assert plan.twins == 2
    split = base_split(plan, 500, 0.2, seed=3)
    rows = [tuple(row.tolist()) for row in split.train]
    assert rows[0] == rows[1]
    assert rows[2] == rows[3]
    assert len(set(rows)) == 6
    assert MemberPlan(2).twins == 0
    assert MemberPlan(8, bootstrap=False).twins == 0


@pytest.mark.parametrize("levels", [(1.0,), (0.75, 1.5), (0.5, 1.0, 1.5)])
def test_a_bias_that_grows_with_the_variance_is_taken_away(levels):
    plan = MemberPlan(4, levels)
    found = correct(7.0 + results(plan, 50, sample=1.0, bias=2.0), plan)
    np.testing.assert_allclose(found.bias, 2.0, atol=1e-9)
    np.testing.assert_allclose(found.values, found.naive - 2.0, atol=1e-9)


def test_three_levels_follow_a_curve_better_than_one():
    """A dispersion measured with errors: 1 / (1 + 0.3 (1 + level)), whose truth is 1."""

    def measured(levels):
        return np.array([1 / (1 + 0.3 * (1 + level)) for level in (0, *levels)])

    one, doubt = extrapolate(measured((1.0,)), (1.0,))
    three, smaller = extrapolate(measured((0.5, 1.0, 1.5)), (0.5, 1.0, 1.5))
    raw = measured(())[0]
    assert abs(three - 1) < abs(one - 1) < abs(raw - 1)
    assert 0 < smaller < doubt


def test_levels_and_results_must_belong_together():
    with pytest.raises(ValueError, match="do not belong"):
        extrapolate(np.zeros((3, 2)), (1.0,))


def test_a_single_member_knows_no_error():
    budget = without_errors(correct(np.ones((1, 5, 3)), MemberPlan(1)))
    assert np.isnan(budget.by_source).all()
    assert budget.field.count == 0


def test_a_noisy_member_learns_from_the_stars_of_its_model():
    plan = MemberPlan(3, (1.0,))
    base = base_split(plan, 100, 0.2, seed=1)
    # in the noisy tables stars 90 to 99 have left and ten others came in
    star = np.concatenate([np.arange(90), np.full(10, -1)])
    tables = [NoisyRows(star, 100 + 100 * m) for m in range(3)]
    split = noisy_split(base, 100, tables, seed=1, streams=plan.streams())
    assert split.train.shape == (6, base.train.shape[1])
    torch.testing.assert_close(split.train[:3], base.train)
    for member in range(3):
        own = split.train[3 + member] - (100 + 100 * member)
        kept = own[own < 90]
        assert set(kept.tolist()) <= set(base.train[member].tolist())
        assert (own >= 90).sum() > 0
        held_out = split.validation[3 + member] - (100 + 100 * member)
        assert not set(own.tolist()) & set(held_out.tolist())
    assert split.streams == (0, 1, 2, 0, 1, 2)
