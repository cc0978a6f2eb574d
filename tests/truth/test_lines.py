"""The line finder against the known behaviour of Via Machinae's, and against a plain count."""

import numpy as np
import pytest

from engine.streams.area import SkyArea
from engine.streams.lines import LineSettings, find_lines, line_grid

DISC = SkyArea.disc(10.0)


def with_line(rng, n, k, width=0.3):
    """`n` stars in the disc, `k` of them on a straight stream through it."""
    x, y = DISC.draw(n - k, rng)
    theta, r = rng.uniform(0, np.pi), rng.uniform(-5, 5)
    along, across = rng.uniform(-1, 1, k) * np.sqrt(100 - r * r), r + rng.normal(0, width, k)
    x = np.append(x, along * np.cos(theta) + across * np.sin(theta))
    y = np.append(y, along * np.sin(theta) - across * np.cos(theta))
    return x, y, theta, r


@pytest.mark.parametrize("area", [DISC, DISC.grid], ids=["formula", "grid"])
def test_null_of_a_hundred_stars(area):
    rng = np.random.default_rng(0)
    sigma = [find_lines(*DISC.draw(100, rng), area).sigma for _ in range(800)]
    assert np.mean(sigma) == pytest.approx(3.44, abs=0.1)
    assert np.std(sigma) == pytest.approx(0.42, abs=0.06)
    assert np.quantile(sigma, 0.95) == pytest.approx(4.2, abs=0.2)


@pytest.mark.parametrize("n", [200, 400])
def test_null_hardly_depends_on_the_number_of_stars(n):
    rng = np.random.default_rng(n)
    sigma = [find_lines(*DISC.draw(n, rng), DISC).sigma for _ in range(200)]
    assert 3.3 < np.mean(sigma) < 3.65


@pytest.mark.parametrize(("k", "sigma", "within"), [(10, 3.5, 0.3), (15, 4.5, 0.35),
                         (20, 5.6, 0.3), (30, 7.4, 0.4), (50, 11.4, 0.5)])  # fmt: skip
def test_power(k, sigma, within):
    rng = np.random.default_rng(1)
    found = [find_lines(*with_line(rng, 100, k)[:2], DISC).sigma for _ in range(300)]
    assert np.median(found) == pytest.approx(sigma, abs=within)


@pytest.mark.parametrize(("times", "mean"), [(2, 5.0), (4, 6.7), (8, 9.5)])
def test_repeated_stars_look_significant(times, mean):
    rng = np.random.default_rng(times)
    draws = (np.tile(DISC.draw(100, rng), times) for _ in range(200))
    assert np.mean([find_lines(x, y, DISC).sigma for x, y in draws]) == pytest.approx(
        mean, abs=0.35
    )


def test_the_line_is_found_where_it_is():
    rng = np.random.default_rng(4)
    for _ in range(20):
        x, y, theta, r = with_line(rng, 100, 40)
        line = find_lines(x, y, DISC)
        turned = abs((line.theta - theta + np.pi / 2) % np.pi - np.pi / 2)
        assert np.degrees(turned) < 4.0
        sign = 1.0 if abs(line.theta - theta) < np.pi / 2 else -1.0
        assert abs(line.r - sign * r) < 0.8
        assert np.isin(np.arange(60, 100), line.members).mean() > 0.8
        assert len(line.members) == line.stars


def test_votes_and_scores_against_a_plain_count():
    """Boxes counted by hand over fine angles, B and sigma from the written formula."""
    rng = np.random.default_rng(9)
    x, y, _, _ = with_line(rng, 100, 25)
    grid = line_grid(DISC, LineSettings())
    counts = grid.votes(x, y)
    sigma = grid.compared(counts)[0]
    step = np.pi / 100

    def strip(j):
        edges = np.array([grid.r[j] - 0.5, grid.r[j] + 0.5])
        return DISC.strips(np.zeros(1), edges)[0, 0]

    def votes(i, j):
        fine = np.linspace((i - 1) * step, (i + 2) * step, 400)
        r = x[:, None] * np.sin(fine) - y[:, None] * np.cos(fine)
        return int(((r >= grid.r[j] - 0.5) & (r < grid.r[j] + 0.5)).any(axis=1).sum())

    def score(i, j, reach, hole):
        lattice = [
            votes(i + 3 * a, j + 5 * b) / strip(j + 5 * b)
            for a in range(-reach, reach + 1) for b in range(-reach, reach + 1)
            if max(abs(a), abs(b)) > hole and 2 <= j + 5 * b <= 97
        ]  # fmt: skip
        area = strip(j)
        b, db = np.mean(lattice) * area, np.std(lattice) / np.sqrt(len(lattice)) * area
        s = votes(i, j)
        return s, (s - b) / np.sqrt(b + db**2 + 1), (s - b) / np.sqrt(b)

    best = np.unravel_index(np.argmax(sigma), sigma.shape)
    for i, j in [best, (0, 50), (99, 20), (40, 2), (70, 97), (2, 33)]:
        s, vm2, _ = score(i, j, 3, 1)
        assert counts[i, j] == s
        assert sigma[i, j] == pytest.approx(vm2, rel=1e-9)
        assert grid.compared(counts, older=True)[1][i, j] == pytest.approx(
            score(i, j, 2, 0)[2], rel=1e-9
        )
    assert np.isneginf(sigma[:, [0, 1, 98, 99]]).all()
    line = find_lines(x, y, DISC)
    assert (line.box, line.sigma) == (tuple(best), pytest.approx(sigma.max()))


def test_binomial_tail_is_that_of_even_stars():
    """The chance to vote for a box is the share of even stars that do; its tail is exact."""
    rng = np.random.default_rng(6)
    grid = line_grid(DISC, LineSettings())
    box = (30, 60)
    counts = np.array([grid.votes(*DISC.draw(100, rng))[box] for _ in range(1500)])
    q = grid.fractions[box]
    assert counts.mean() == pytest.approx(100 * q, abs=4 * np.sqrt(100 * q / 1500))
    single = np.zeros_like(grid.votes(*DISC.draw(1, rng)))
    single[box] = 12
    exact = np.exp(grid.log_binomial(single, 100)[box])
    share = np.mean(counts >= 12)
    assert share == pytest.approx(exact, abs=4 * np.sqrt(exact / 1500))


@pytest.mark.parametrize("statistic", ["vm1", "binomial"])
def test_other_statistics_find_the_line_too(statistic):
    rng = np.random.default_rng(8)
    x, y, theta, _ = with_line(rng, 100, 40)
    line = find_lines(x, y, DISC, settings=LineSettings(statistic=statistic))
    assert abs((line.theta - theta + np.pi / 2) % np.pi - np.pi / 2) < 0.1
    assert line.p_binomial < 1e-8


def test_turning_the_sky_turns_the_line():
    """By whole steps of the grid in angle, the votes are the same ones elsewhere."""
    rng = np.random.default_rng(10)
    x, y, _, _ = with_line(rng, 100, 30)
    first = find_lines(x, y, DISC)
    angle = 7 * np.pi / 100
    turned = find_lines(
        x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle), DISC
    )
    assert turned.sigma == pytest.approx(first.sigma, rel=1e-6)
    assert (turned.theta - first.theta - angle) % np.pi == pytest.approx(0.0, abs=1e-6)
    assert set(turned.members) == set(first.members)
