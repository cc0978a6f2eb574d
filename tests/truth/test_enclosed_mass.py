"""Acceptance test 10: the enclosed mass two ways, and where an error of the map comes from.

The volume integral of the density and the flux of the acceleration through the surface tell the
same mass, for model galaxies and for a fitted potential. For a galaxy in equilibrium the exact
scores of f give the exact acceleration, and what the fit differs from it is the fit's own error;
out of equilibrium the scores themselves are wrong, and the fit follows them.
"""

import numpy as np
import pytest
import torch

from data.constants import G
from data.mocks.potentials import named, names
from data.mocks.spherical import challenge
from engine.estimators.boltzmann import solve_normal_equations
from engine.estimators.potential.fit import fit_potential

SUN, RADIUS = (8.122, 0.0, 0.0208), 4.0


def ball_nodes(centre, radius, radial, polar, azimuths):
    """Gauss-Legendre nodes (n, 3) and weights (n,) of a ball, and those of its surface."""
    x, wx = np.polynomial.legendre.leggauss(radial)
    r, wr = 0.5 * radius * (x + 1), 0.5 * radius * wx
    # two panels, so that the thin layer at z = 0 falls on an end of each
    u, wu = np.polynomial.legendre.leggauss(polar // 2)
    u, wu = np.concatenate([0.5 * (u - 1), 0.5 * (u + 1)]), np.concatenate([wu, wu]) / 2
    u, wu = np.sign(u) * np.abs(u) ** 3, 3 * wu * u**2
    phi = 2 * np.pi * np.arange(azimuths) / azimuths
    ring = np.sqrt(1 - u**2)
    direction = np.stack(
        [
            np.outer(ring, np.cos(phi)).ravel(),
            np.outer(ring, np.sin(phi)).ravel(),
            np.repeat(u, azimuths),
        ],
        1,
    )
    area = np.repeat(wu, azimuths) * 2 * np.pi / azimuths
    inside = (r[:, None, None] * direction).reshape(-1, 3) + centre
    volume = ((r**2 * wr)[:, None] * area).ravel()
    return inside, volume, direction, radius**2 * area


def both_masses(density, acceleration, centre, radius, nodes=(40, 48, 64)):
    """Mass in Msun from the density and from the flux."""
    inside, volume, direction, area = ball_nodes(np.asarray(centre), radius, *nodes)
    from_density = 1e9 * density(inside) @ volume
    outward = np.sum(acceleration(radius * direction + centre) * direction, axis=1)
    return from_density, -(outward @ area) / (4 * np.pi * G)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("radius", [1.0, 3.0])
def test_model_galaxies_have_one_mass(name, radius):
    galaxy = named(name)
    # the centre lies in the plane, where the nodes are dense
    volume, flux = both_masses(galaxy.density, galaxy.acceleration, (8.122, 0.0, 0.0), radius)
    assert volume == pytest.approx(flux, rel=1e-3)


@pytest.mark.parametrize("halo", ["cusp", "core"])
def test_the_spherical_mock_has_the_mass_of_its_formula(halo):
    model = challenge(halo)
    galaxy = model.to_galaxy("", "")
    volume, flux = both_masses(galaxy.density, galaxy.acceleration, (0.0, 0.0, 0.0), 0.4)
    expected = model.halo.mass(np.array([0.4]))[0]
    assert volume == pytest.approx(expected, rel=1e-4)
    assert flux == pytest.approx(expected, rel=1e-9)


def spread_over(centre, radius, count, seed=0):
    """Positions (count, 3) kpc, uniform in r: dense in the middle as tracers are."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return np.asarray(centre) + radius * rng.uniform(0.02, 0.95, (count, 1)) * direction


def fitted(points, acceleration, centre, radius, noise, members=4, seed=3):
    """The potential from members with independent noise, a part of the local acceleration.

    The fit takes the data for 2.5 times as uncertain, as members of one sample err alike.
    """
    rng = np.random.default_rng(seed)
    size = noise * np.linalg.norm(acceleration, axis=1)[:, None]
    drawn = acceleration + size * rng.normal(size=(members, *points.shape))
    usable = np.ones(len(points), bool)
    return fit_potential(points, drawn, usable, centre=centre, radius=radius, seed=seed)


def masses_of(field, centre, radius):
    """Mass in Msun of a fitted potential from its density and from its flux."""
    return both_masses(
        lambda x: field.density(x).mean,
        lambda x: field.acceleration(x).mean,
        centre,
        radius,
        (12, 24, 16),
    )


def test_a_fitted_potential_has_one_mass():
    galaxy = named("two-discs")
    points = spread_over(SUN, RADIUS, 250)
    field = fitted(points, galaxy.acceleration(points), SUN, RADIUS, noise=0.012)
    volume, flux = masses_of(field, (8.122, 0.0, 0.0), 3.0)
    assert volume == pytest.approx(flux, rel=3e-3)
    _, truth = both_masses(galaxy.density, galaxy.acceleration, (8.122, 0.0, 0.0), 3.0)
    assert flux == pytest.approx(truth, rel=0.05)


@pytest.mark.parametrize("halo", ["cusp", "core"])
def test_a_potential_about_the_centre_of_its_volume(halo):
    """No disc, no Sun, lengths of 100 pc: the fit's lengths follow the volume."""
    model = challenge(halo)
    radius, centre = 5 * model.r_star, (0.0, 0.0, 0.0)
    galaxy = model.to_galaxy("", "")
    points = spread_over(centre, radius, 250)
    exact = galaxy.acceleration(points)
    field = fitted(points, exact, centre, radius, noise=0.04)
    found = field.acceleration(points)
    error = np.linalg.norm(found.mean - exact, axis=1) / np.linalg.norm(exact, axis=1)
    assert np.median(error) < 0.02  # a single pointwise solution: 3%
    assert np.mean(np.abs(found.mean - exact) < 2 * found.sd) > 0.8
    r = np.array([0.5, 1.0, 2.0, 4.0]) * model.r_star
    mass = [masses_of(field, centre, each) for each in r]
    np.testing.assert_allclose(*np.transpose(mass), rtol=5e-3)
    np.testing.assert_allclose(np.transpose(mass)[1], model.halo.mass(r), rtol=0.06)


def scores(model, x, v):
    """Exact gradients of ln f at x (P, 3), v (P, V, 3), by differences of the table of ln f."""
    P, V = v.shape[:2]  # noqa: N806
    wide = np.repeat(x[:, None], V, axis=1).reshape(-1, 3)
    flat = v.reshape(-1, 3)

    def log_f(x, v):
        r = np.linalg.norm(x, axis=1)
        spin = np.sum(np.cross(x, v) ** 2, axis=1)
        energy = 0.5 * np.sum(v**2, axis=1) + spin / (2 * model.r_a**2)
        q = model.halo.psi(r) - energy
        return np.log(model.f(model.radius_at(model.halo.depth(r) + energy, q)))

    steps = (1e-4 * model.r_star, 1e-3)
    parts = [[], []]
    for axis in np.eye(3):
        for part, (dx, dv) in zip(parts, ((steps[0], 0), (0, steps[1])), strict=True):
            ahead = log_f(wide + dx * axis, flat + dv * axis)
            behind = log_f(wide - dx * axis, flat - dv * axis)
            part.append((ahead - behind) / (2 * (dx + dv)))
    return [np.stack(part, -1).reshape(P, V, 3) for part in parts]


@pytest.mark.parametrize("heat", [1.0, 1.1])
def test_scores_split_the_error_into_disequilibrium_and_fit(heat):
    """f(x, v/k) is stationary in a potential k^2 times as deep: the scores say k^2 a."""
    model = challenge("cusp")
    points = spread_over((0.0, 0.0, 0.0), 0.4, 200, seed=1)
    rng = np.random.default_rng(2)
    bound = np.sqrt(2 * model.halo.psi(np.linalg.norm(points, axis=1)))
    # u as in the mock: radial velocity, and tangential ones times sqrt(1 + r^2/r_a^2)
    v = 0.15 * bound[:, None, None] * rng.normal(size=(len(points), 32, 3)).clip(-2, 2)
    outward = (points / np.linalg.norm(points, axis=1, keepdims=True))[:, None]
    along = np.sum(v * outward, axis=-1, keepdims=True) * outward
    squeeze = np.sqrt(model.stretch(np.linalg.norm(points, axis=1)))[:, None, None]
    v = along + (v - along) / squeeze
    grad_x, grad_v = scores(model, points, v)
    solution = solve_normal_equations(
        *(torch.tensor(each) for each in (grad_x, grad_v / heat, heat * v))
    )
    truth = model.to_galaxy("", "").acceleration(points)
    score = solution.acceleration.numpy()
    size = np.linalg.norm(truth, axis=1)
    out_of_equilibrium = np.linalg.norm(score - truth, axis=1) / size
    np.testing.assert_allclose(out_of_equilibrium, heat**2 - 1, atol=2e-3)
    field = fitted(points, score, (0.0, 0.0, 0.0), 0.5, noise=0.02)
    found = field.acceleration(points).mean
    assert np.median(np.linalg.norm(found - score, axis=1) / size) < 0.02
    total = np.linalg.norm(found - truth, axis=1) / size
    assert np.median(total) == pytest.approx(heat**2 - 1, abs=0.02)
