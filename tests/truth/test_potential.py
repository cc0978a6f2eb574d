"""The curl-free estimator: its parts against analysis, its fit against model galaxies."""

import numpy as np
import pytest
from scipy.special import erf
from scipy.stats import qmc

from data.constants import G
from data.mocks.potentials import named
from data.mocks.truth import Truth
from engine.estimators.potential import fit
from engine.estimators.potential.fit import fit_potential
from engine.estimators.potential.gaussians import Gaussians, gaussian_dictionary
from engine.estimators.potential.noise import Correlation, Heights, fit_correlation
from engine.estimators.potential.residual import SmoothResidual

SUN = (8.122, 0.0, 0.0208)
RADIUS = 4.0
PLACES = np.array([[6.0, 1.0, 0.4], [9.0, -2.0, -1.0], [8.0, 0.0, 0.05], [0.5, 0.2, 0.1]])


def divergence(field, points, step):
    total = 0.0
    for axis in range(3):
        moved = np.zeros(3)
        moved[axis] = step
        total = total + (field(points + moved)[:, axis] - field(points - moved)[:, axis])
    return total / (2 * step)


@pytest.mark.parametrize("part", ["gaussians", "residual"])
def test_density_is_minus_the_divergence(part):
    basis = {
        "gaussians": Gaussians(np.array([3.0, 6.0, 2.0]), np.array([0.05, 0.3, 1.0])),
        "residual": SmoothResidual(SUN, RADIUS, order=3),
    }[part]
    points = PLACES if part == "gaussians" else PLACES[:3]
    found = -divergence(basis.acceleration, points, 1e-4) / (4 * np.pi * G) * 1e-9
    expected = basis.density(points)
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("part", ["gaussians", "residual"])
def test_no_curl(part):
    basis = {
        "gaussians": gaussian_dictionary(SUN, RADIUS),
        "residual": SmoothResidual(SUN, RADIUS, order=3),
    }[part]
    points, step = PLACES[:3], 1e-4
    slopes = []
    for axis in range(3):
        moved = np.zeros(3)
        moved[axis] = step
        slopes.append(basis.acceleration(points + moved) - basis.acceleration(points - moved))
    jacobian = np.stack(slopes, 1) / (2 * step)  # (P, d/dx_j, a_i, K)
    scale = np.abs(jacobian).max((0, 1, 2))
    assert (np.abs(jacobian - jacobian.transpose(0, 2, 1, 3)) < 1e-4 * scale).all()


def test_a_round_gaussian_holds_the_mass_inside():
    """Newton's theorem: M(<r) = erf(t) - 2 t exp(-t^2)/sqrt(pi), t = r / (s sqrt 2)."""
    width = 3.0
    found = Gaussians(np.array([width]), np.array([1.0])).acceleration(PLACES)[..., 0]
    r = np.linalg.norm(PLACES, axis=1)
    t = r / width / np.sqrt(2)
    mass = 1e10 * (erf(t) - 2 * t * np.exp(-(t**2)) / np.sqrt(np.pi))
    np.testing.assert_allclose(found, -G * (mass / r**3)[:, None] * PLACES, rtol=1e-6)


def test_a_flat_gaussian_far_away_is_a_point():
    far = np.array([[300.0, 0.0, 40.0]])
    found = Gaussians(np.array([3.0]), np.array([0.05])).acceleration(far)[..., 0]
    np.testing.assert_allclose(found, -G * 1e10 * far / np.linalg.norm(far) ** 3, rtol=1e-3)


def test_the_residuals_prior_has_the_stated_size():
    basis = SmoothResidual(SUN, RADIUS)
    inside = np.array(SUN) + np.array([[0.0, 0, 0], [1, 1, 0], [-2, 0, 1]])
    spread = np.sqrt((basis.acceleration(inside) ** 2) @ basis.prior(100.0, 3.0))
    np.testing.assert_allclose(spread, 100.0, rtol=0.05)


def positions(count=900):
    cube = qmc.Sobol(3, rng=np.random.default_rng(0)).random_base2(12) * 2 - 1
    ball = cube[np.linalg.norm(cube, axis=1) < 1]
    ball[:, 2] = np.sign(ball[:, 2]) * np.abs(ball[:, 2]) ** 1.5  # crowded towards the plane
    return np.array(SUN) + 0.94 * RADIUS * ball[:count]


@pytest.fixture(scope="module")
def ripples():
    """Errors with a known correlation: of the mean, and the members' deviations from it."""
    points = positions()
    heights = Heights.of(SUN, RADIUS)
    known = Correlation(0.35, 0.6, 0.35, 0.3, 0.03, 1.0)
    factor = np.linalg.cholesky(known.matrix(heights.coordinates(points)))
    random = np.random.default_rng(1)

    def draw(count):
        white = random.standard_normal((len(points), 3 * count))
        return (factor @ white).reshape(len(points), count, 3).transpose(1, 0, 2)

    return points, heights, known, draw


def test_the_correlation_of_the_members_is_found(ripples):
    points, heights, known, draw = ripples
    members = draw(8)
    found = fit_correlation(
        heights.coordinates(points), members - members.mean(0), np.ones((len(points), 3)), seed=0
    )
    truth = known.matrix(heights.coordinates(points[:200]))
    for one in found:
        matrix = one.matrix(heights.coordinates(points[:200]))
        assert np.corrcoef(matrix.ravel(), truth.ravel())[0, 1] > 0.97
        assert np.diag(matrix).mean() == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("name", ["two-discs", "flattened-halo", "lopsided"])
def test_the_fit_beats_the_pointwise_solution_and_knows_its_errors(ripples, name):
    points, _, _, draw = ripples
    truth = Truth(named(name))
    exact = truth.acceleration(points)
    error = 100.0 * draw(1)[0]
    # members that share their stars show but a part of the error that their mean has
    members = exact + error + 100.0 / fit._UNSEEN * draw(6)
    members -= (members - exact - error).mean(0)
    field = fit_potential(
        points, members, np.ones(len(points), bool), centre=SUN, radius=RADIUS, seed=0
    )
    found = field.acceleration(points)
    near = np.linalg.norm(points - np.array(SUN), axis=1) < 3
    size = np.linalg.norm(exact, axis=1)
    relative = np.linalg.norm(found.mean - exact, axis=1) / size
    pointwise = np.linalg.norm(error, axis=1) / size
    assert np.median(relative[near]) < 0.6 * np.median(pointwise[near])
    assert np.mean(np.abs(found.mean - exact)[near] < 2 * found.sd[near]) > 0.7
    assert (field.coefficients[: len(field.gaussians)] >= 0).all()
    # the errors do not take the symmetry of the galaxy for granted
    across = found.sd[:, 1][np.abs(points[:, 1]) < 0.2]
    assert (across > 10).all()
    high = near & (np.abs(points[:, 2]) > 0.5) & (np.abs(points[:, 2]) < 2)
    density = field.density(points[high])
    expected = truth.density(points[high])
    assert np.median(np.abs(density.mean / expected - 1)) < 0.15
    assert np.mean(np.abs(density.mean - expected) < 2 * density.sd) > 0.7


def test_a_single_member_or_too_few_positions_are_refused(ripples):
    points = ripples[0]
    usable = np.ones(len(points), bool)
    shape = {"centre": SUN, "radius": RADIUS, "seed": 0}
    with pytest.raises(ValueError, match="single member"):
        fit_potential(points, np.zeros((1, len(points), 3)), usable, **shape)
    with pytest.raises(ValueError, match="too few"):
        fit_potential(
            points, np.zeros((2, len(points), 3)), usable & (usable.cumsum() < 9), **shape
        )


def test_nothing_is_asked_at_no_position(ripples):
    """A line that misses the volume has no positions."""
    points, _, _, draw = ripples
    members = Truth(named("two-discs")).acceleration(points) + 100.0 * draw(3)
    usable = np.arange(len(points)) < 120
    field = fit_potential(points, members, usable, centre=SUN, radius=RADIUS, seed=0)
    assert field.acceleration(np.empty((0, 3))).mean.shape == (0, 3)
