"""p-values are uniform where there is no stream, whatever the field looks like."""

import numpy as np
import pytest
from scipy import stats

from data.errors import UserError
from engine.streams.area import SkyArea
from engine.streams.lines import LineSettings, find_lines
from engine.streams.permutation import exchange, motion_cells, permuted
from engine.streams.significance import fit_tail, null_lines, p_value
from engine.streams.stars import PatchStars

DISC = SkyArea.disc(10.0)


def field(kind, rng, n=3000):
    """Positions of many stars without a stream: even, with a gradient, or in a ragged strip."""
    if kind == "even":
        return DISC.draw(n, rng)
    if kind == "gradient":
        x, y = DISC.draw(4 * n, rng)
        keep = rng.random(len(x)) < np.exp(0.25 * (y - 10.0))
        return x[keep][:n], y[keep][:n]
    x = rng.uniform(-10, 10, n)
    return x, rng.uniform(-2.5, 2.5, n) + 0.2 * x


@pytest.mark.parametrize("kind", ["even", "gradient", "strip"])
def test_p_of_a_region_is_uniform(kind):
    """One null set by permutation for a field, then 200 choices of 100 of its stars."""
    rng = np.random.default_rng(1)
    x, y = field(kind, rng)
    area = SkyArea.learn(x, y) if kind == "strip" else DISC
    null = null_lines(area, 100, 400, 2, places=(x, y))
    p = []
    for _ in range(200):
        rows = rng.choice(len(x), 100, replace=False)
        p.append(p_value(find_lines(x[rows], y[rows], area).sigma, null).value)
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert np.mean(np.array(p) < 0.1) == pytest.approx(0.1, abs=0.07)


def test_a_strip_taken_for_a_disc_would_be_wrong():
    """The check above can fail: a strip is a line to whoever expects stars all over a disc."""
    rng = np.random.default_rng(1)
    x, y = field("strip", rng)
    even = null_lines(DISC, 100, 100, 2)
    p = []
    for _ in range(40):
        rows = rng.choice(len(x), 100, replace=False)
        p.append(p_value(find_lines(x[rows], y[rows], DISC).sigma, even).value)
    assert stats.kstest(p, "uniform").pvalue < 1e-6


def test_the_tail_is_that_of_many_null_fields():
    """From 200 null values, p near 1e-2 and 1e-3, against 4,000 others."""
    many = null_lines(DISC, 100, 4000, 3, settings=LineSettings())
    real = {0.01: [], 0.001: []}
    for seed in range(20):
        few = np.random.default_rng(seed).choice(many, 200, replace=False)
        start, scale, share, _ = fit_tail(few)
        for p, found in real.items():
            found.append(np.mean(many >= start - scale * np.log(p / share)))
    assert 0.004 < np.mean(real[0.01]) < 0.016
    assert np.mean(real[0.001]) < 0.002


def test_counted_fitted_and_limited():
    rng = np.random.default_rng(4)
    null = rng.gumbel(3.4, 0.33, 200)
    counted = p_value(3.4, null)
    assert (counted.kind, counted.conditional) == ("counted", True)
    assert counted.value == (1 + (null >= 3.4).sum()) / 201
    fitted = p_value(8.0, null, basis="mocks")
    assert fitted.kind == "fitted tail"
    assert fitted.value < fitted.resolution
    assert fitted.low < fitted.value < fitted.high
    assert "fitted tail" in str(fitted)
    assert "conditional" not in str(fitted)
    limited = p_value(8.0, null[:10])
    assert (limited.kind, limited.value) == ("limit", 1 / 11)
    with pytest.raises(UserError, match="null values"):
        p_value(3.0, np.array([]))


def test_a_few_null_values_borrow_the_tail_of_others():
    """Place and width from eight values, form from 200: p is uniform, also far below 1/9."""
    rng = np.random.default_rng(12)
    p = []
    for _ in range(400):
        shape, null = rng.gumbel(3.4, 0.33, 100), rng.gumbel(5.0, 0.33, 8)
        p.append(p_value(rng.gumbel(5.0, 0.33), null, basis="before training", shape=shape))
    values = np.array([one.value for one in p])
    assert {one.kind for one in p} == {"borrowed tail", "counted"}
    assert np.mean(values < 0.1) == pytest.approx(0.1, abs=0.05)
    assert np.mean(values < 0.01) < 0.03
    far = p_value(9.0, rng.gumbel(5.0, 0.33, 8), basis="before training", shape=shape)
    assert far.value < 1e-3
    assert far.low < far.value < far.high
    assert p_value(9.0, rng.gumbel(5.0, 0.33, 2), shape=shape).kind == "limit"


def test_intervals_cover():
    """Of counted p-values, two thirds of the intervals hold the true one."""
    rng = np.random.default_rng(5)
    at = 4.0
    true = -np.expm1(-np.exp(-(at - 3.4) / 0.33))
    held = [
        p.low <= true <= p.high
        for p in (p_value(at, rng.gumbel(3.4, 0.33, 300)) for _ in range(300))
    ]
    assert 0.6 < np.mean(held) < 0.85


def test_positions_are_exchanged_among_stars_of_like_motion():
    rng = np.random.default_rng(6)
    n = 5000
    table = PatchStars(
        {
            "lon": rng.normal(size=n), "lat": rng.normal(size=n), "ra": np.arange(n) * 1.0,
            "mu_lon": rng.normal(0, 3, n), "mu_lat": rng.normal(0, 3, n),
            "source_id": np.arange(n), "g": rng.normal(size=n),
        }
    )  # fmt: skip
    cells = motion_cells(table["mu_lon"], table["mu_lat"], 300)
    counts = np.bincount(cells)
    assert counts.min() >= 300
    assert counts.max() < 600
    order = exchange(cells, rng)
    assert np.array_equal(np.sort(order), np.arange(n))
    assert np.array_equal(cells[order], cells)
    moved = permuted(table, rng)
    took = moved["ra"].astype(int)
    np.testing.assert_array_equal(moved.lon, table.lon[took])
    assert np.array_equal(cells[took], cells)
    assert np.mean(took == np.arange(n)) < 0.02
    for kept in ("source_id", "mu_lon", "g"):
        np.testing.assert_array_equal(moved[kept], table[kept])
