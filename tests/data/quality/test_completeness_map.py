"""The luminosity function and the completeness, against samples whose truth is known."""

import numpy as np
import pytest

from data.errors import UserError
from data.quality.completeness import absolute_limit, completeness_map, distance_modulus
from data.quality.luminosity import luminosity_function

LIMIT = 14.0


def sample(n, seed, *, height=0.3, dust=None):
    """Draw stars of a thin disc whose magnitudes are those of two kinds of stars.

    Returns
    -------
    magnitude, offset from the Sun (n, 3) in kpc, seen
    """
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-4, 4, (2, n))
    near = rng.uniform(size=n) < np.exp(x / 2.5 - 1.6)  # denser towards the centre
    z = rng.laplace(0, height, n)
    giants = rng.uniform(size=n) < 0.15
    m = np.where(giants, rng.normal(0.5, 0.7, n), rng.normal(4.5, 1.2, n))
    offset = np.column_stack([x, y, z])[near]
    m = m[near]
    modulus = distance_modulus(np.linalg.norm(offset, axis=1))
    if dust is not None:
        modulus = modulus + dust(offset)
    return m, offset, modulus, m + modulus <= LIMIT


def truth(brighter, faint, n=400_000):
    rng = np.random.default_rng(99)
    giants = rng.uniform(size=n) < 0.15
    m = np.where(giants, rng.normal(0.5, 0.7, n), rng.normal(4.5, 1.2, n))
    return np.array([np.mean(m <= b) for b in np.atleast_1d(brighter)]) / np.mean(m <= faint)


def test_limit_of_the_paper():
    # the guide: 13.5 at 4 kpc leaves 0.5
    assert absolute_limit(13.5, 4.0) == pytest.approx(0.48970, abs=1e-5)
    assert absolute_limit(10.0, 0.01) == pytest.approx(10.0)
    with pytest.raises(UserError, match="positive"):
        absolute_limit(13.0, 0.0)


def test_counting_against_brute_force():
    m, _, mu, seen = sample(12_000, 1)
    found = luminosity_function(m, mu, LIMIT)
    m, mu = m[seen], mu[seen]
    order = np.argsort(m, kind="stable")
    m, mu = m[order], mu[order]
    count = np.array([np.sum(mu[:i] <= LIMIT - m[i]) for i in range(m.size)])
    end = found.magnitude.size
    np.testing.assert_array_equal(found.magnitude, m[:end])
    assert end > 0.9 * m.size
    assert end == m.size or count[end] == 0  # it stops where nothing can be compared
    last = np.flatnonzero(count[:end] == 0)[-1]
    assert last < 10
    steps = found.brighter[last + 1 :] / found.brighter[last:-1]
    np.testing.assert_allclose(steps, 1 + 1 / count[last + 1 : end], rtol=1e-9)
    assert found.brighter[last] == pytest.approx(last + 1)


def test_shares_are_right_within_their_errors():
    """Pulls over many samples are standard normal, in a disc that is nowhere uniform."""
    places, faint = np.array([0.0, 1.0, 2.0, 3.0]), 4.0
    expected = truth(places, faint)
    pulls = []
    for seed in range(120):
        m, _, mu, _ = sample(30_000, seed)
        share, error = luminosity_function(m, mu, LIMIT).share(places, faint)
        pulls.append((share - expected) / error)
    pulls = np.array(pulls)
    assert np.all(np.abs(pulls.mean(axis=0)) < 0.35)  # 0.09 is one standard error of it
    assert np.all((pulls.std(axis=0) > 0.75) & (pulls.std(axis=0) < 1.3))


def test_counts_alone_and_volumes_would_be_wrong():
    """What is seen holds too many giants; weights 1/V_max assume a uniform density."""
    m, _, mu, seen = sample(400_000, 5)
    expected = truth(2.0, 5.0)[0]
    share, error = luminosity_function(m, mu, LIMIT).share(np.array([2.0]), 5.0)
    assert share[0] == pytest.approx(expected, abs=4 * error[0] + 0.01)
    naive = np.mean(m[seen & (m <= 5.0)] <= 2.0)
    reach = np.minimum(10 ** ((LIMIT - m[seen] - 10) / 5), 4.0)
    weight = reach**-3.0 * (m[seen] <= 5.0)
    volumes = np.sum(weight[m[seen] <= 2.0]) / weight.sum()
    assert naive > 1.5 * expected
    assert volumes < 0.75 * expected


def test_the_map_is_the_share_that_is_seen():
    """Stars counted in cells with and without the limit, where the extinction differs."""

    def dust(offset):
        return 0.5 * np.abs(offset[:, 0]) * (offset[:, 0] > 0)

    m, offset, mu, seen = sample(1_500_000, 7, dust=dust)
    faint = 3.0
    sun = np.array([8.1, 0.0, 0.02])
    function = luminosity_function(m, mu, LIMIT)
    bright = m <= faint
    found = completeness_map(
        function, faintest=faint, sun=sun, radius=3.0, cells=13,
        extinction=(offset[seen] + sun, dust(offset[seen])),
    )  # fmt: skip
    step = found.axes[0][1] - found.axes[0][0]
    checked = 0
    for i, j in [(2, 6), (6, 2), (9, 6), (10, 8), (11, 6), (6, 10)]:
        cell = np.array([found.axes[0][i], found.axes[1][j], found.axes[2][6]]) - sun
        inside = np.all(np.abs(offset - cell) < step / 2, axis=1) & bright
        if inside.sum() < 100:
            continue
        checked += 1
        counted = np.mean(seen[inside])
        assert found.value[i, j, 6] == pytest.approx(
            counted, abs=0.03 + 3 * np.sqrt(counted * (1 - counted) / inside.sum())
        )
    assert checked >= 4
    assert found.value[11, 6, 6] < found.value[1, 6, 6] - 0.1  # there is dust on one side only
    assert np.isnan(found.value[0, 0, 0])
    assert 0 < found.lowest < found.mean < 1


def test_stars_above_the_absolute_limit_are_all_seen():
    m, _, mu, _ = sample(200_000, 11)
    function = luminosity_function(m, mu, LIMIT)
    radius = 2.5
    sun = np.zeros(3)
    complete = completeness_map(
        function, faintest=absolute_limit(LIMIT, radius), sun=sun, radius=radius
    )
    assert complete.lowest == 1.0
    fainter = completeness_map(function, faintest=4.0, sun=sun, radius=radius)
    assert fainter.lowest < 0.7
    # without extinction it falls with the distance alone
    middle = fainter.slice(("x", "y"))[20, 20:]
    assert np.all(np.diff(middle[np.isfinite(middle)]) <= 0)
    np.testing.assert_array_equal(fainter.slice(("x", "z")), fainter.slice(("x", "y")))


def test_too_few_stars_are_a_sentence():
    m, _, mu, _ = sample(12_000, 1)
    with pytest.raises(UserError, match="too few"):
        luminosity_function(m, mu, 1.0)
    with pytest.raises(UserError, match="No star has an extinction"):
        completeness_map(
            luminosity_function(m, mu, LIMIT), faintest=3.0, sun=np.zeros(3), radius=1.0,
            extinction=(np.zeros((4, 3)), np.full(4, np.nan)),
        )  # fmt: skip


def test_missing_numbers_are_left_out():
    m, _, mu, _ = sample(20_000, 3)
    clean = luminosity_function(m, mu, LIMIT)
    dirty = luminosity_function(np.append(m, [np.nan, 1.0]), np.append(mu, [5.0, np.nan]), LIMIT)
    np.testing.assert_array_equal(clean.brighter, dirty.brighter)
    share, error = clean.share(np.array([np.nan, -9.0]), 3.0)
    assert np.isnan(share[0])
    assert np.isnan(error[0])
    assert share[1] == 0
