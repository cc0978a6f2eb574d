"""Projection, distribution functions and factors of a dwarf's fit against exact results."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from data.constants import G
from data.mocks.dwarfs.halo import HALOES
from data.mocks.dwarfs.model import DwarfModel
from engine.dwarfs.anisotropy import Cuddeford, General
from engine.dwarfs.grid import Grid, lagrange, outward_integral, squared_exponential
from engine.dwarfs.halo import Halo
from engine.dwarfs.inversion import inner_function
from engine.dwarfs.jeans import projected_square, radial_square
from engine.dwarfs.losvd import VelocityGrid, velocity_table
from engine.dwarfs.scalars import J_UNIT, cone_integral
from engine.dwarfs.tracer import Tracer, TracerPrior

GRID = Grid()


def exact(model: DwarfModel, half: float) -> tuple[Halo, Tracer, Cuddeford]:
    """Put a mock's model onto the grid of a fit."""
    r = GRID.r.numpy() * half
    halo, y = model.halo, (r / model.r_star) ** model.sharpness
    rho, mass = halo.density(r), halo.mass(r)
    parts = (
        -halo.slope(r), np.log(4 * np.pi * G * rho * half**2), G * mass / r,
        4 * np.pi * rho * r**3 / mass, halo.depth(r), halo.psi(r),
    )  # fmt: skip
    bend = (model.outer - model.inner) * y / (1 + y)
    s = model.sharpness
    radii = model.radii
    total = np.trapezoid(4 * np.pi * model.tracer_density(radii) * radii**3, np.log(radii))
    ln_n = torch.tensor(np.log(model.tracer_density(r) / total * half**3))[None]
    surface = (torch.exp(GRID.at_sight(ln_n)) * GRID.sight_weight).sum(-1)
    slopes = (-model.inner - bend, -s * bend / (1 + y), -(s**2) * bend * (1 - y) / (1 + y) ** 2)
    tracer = Tracer(ln_n, *(torch.tensor(a)[None] for a in slopes), surface)
    inverse = 0.0 if np.isinf(model.r_a) else (half / model.r_a) ** 2
    orbits = Cuddeford(torch.tensor([[model.beta]]), torch.tensor([[inverse]]))
    return Halo(*(torch.tensor(a)[None] for a in parts)), tracer, orbits


def test_integrals_and_interpolation_on_the_grid():
    x = GRID.x
    ours = outward_integral(len(x), GRID.step) @ np.exp(1.5 * x)
    np.testing.assert_allclose(
        ours[5:], (np.exp(1.5 * x) - np.exp(1.5 * x[0]))[5:] / 1.5, rtol=1e-4
    )
    at = np.linspace(-3, 3, 37)
    np.testing.assert_allclose(lagrange(x, at) @ np.sin(x), np.sin(at), atol=1e-5)


def test_derivatives_of_the_process_are_its_derivatives():
    x, knots, step = np.linspace(-2, 2, 9), np.linspace(-3, 3, 7), 1e-4
    numbers = np.random.default_rng(1).normal(size=7)
    matrices = squared_exponential(x, knots, 1.2, 3)
    for order in range(3):
        up = squared_exponential(x + step, knots, 1.2, 3)[order] @ numbers
        down = squared_exponential(x - step, knots, 1.2, 3)[order] @ numbers
        np.testing.assert_allclose(
            matrices[order + 1] @ numbers, (up - down) / (2 * step), rtol=1e-5, atol=1e-6
        )


def test_a_plummer_sphere_projects_to_its_surface_density_and_keeps_its_derivatives():
    prior = TracerPrior(Grid(steps=40))
    z = torch.zeros(2, prior.size, dtype=torch.float64)
    z[1, 1:] = torch.tensor(np.random.default_rng(2).normal(size=prior.size - 1))
    tracer = prior(z)
    total = 4 * np.pi * torch.exp(tracer.ln_density) * prior.grid.r**3 @ prior.grid.outward[-1]
    np.testing.assert_allclose(total, 1.0, rtol=2e-3)
    for n, d in ((tracer.ln_density, tracer.first), (tracer.first, tracer.second),
                 (tracer.second, tracer.third)):  # fmt: skip
        numeric = np.gradient(n.numpy(), prior.grid.step, axis=1)[:, 3:-3]
        np.testing.assert_allclose(d.numpy()[:, 3:-3], numeric, atol=0.08)
    assert (tracer.first <= 0).all()  # no density that rises outwards
    # a Plummer model of the mocks, whose projection is known in closed form
    model = DwarfModel(HALOES["core"], 0.25)
    plummer = exact(model, 0.25)[1]
    R = np.exp(GRID.row_x)  # noqa: N806
    np.testing.assert_allclose(plummer.surface[0], 1 / (np.pi * (1 + R**2) ** 2), rtol=3e-3)


@pytest.mark.parametrize(
    "more", [{"inner": 0.1}, {"inner": 0.1, "r_a": 0.1}, {"beta": -0.5}, {"beta": -1.2},
             {"beta": -0.3, "r_a": 0.2}]
)  # fmt: skip
def test_dispersions_of_the_jeans_equation_and_of_the_distribution_function(more):
    model = DwarfModel(HALOES["cusp"], 0.1, **more)
    half = model.half_light_radius()
    halo, tracer, orbits = exact(model, half)
    r = GRID.r.numpy()
    use = (r > 0.05) & (r < 10)
    radial = radial_square(GRID, halo, tracer, orbits).sqrt()[0].numpy()
    np.testing.assert_allclose(radial[use], model.dispersion(r[use] * half), rtol=2e-3)
    row = np.exp(GRID.row_x)
    use = (row > 0.1) & (row < 5)
    sigma = projected_square(GRID, halo, tracer, orbits).sqrt()[0].numpy()
    truth = model.projected_dispersion(row * half)
    np.testing.assert_allclose(sigma[use], truth[use], rtol=1e-3)
    speeds = VelocityGrid(float(np.median(truth[use])), 40, nodes=8)
    table, norm, negative = velocity_table(
        GRID, speeds, halo, tracer, orbits, isotropic_centre=model.beta == 0
    )
    assert negative.item() == 0
    np.testing.assert_allclose(norm[0].numpy()[use], 1.0, atol=0.05)
    second = 2 * speeds.step * (table * speeds.v**2).sum(-1)
    np.testing.assert_allclose(second.sqrt()[0].numpy()[use], truth[use], rtol=0.012)


@pytest.mark.parametrize("beta", [0.0, -0.5, -1.2, 0.3])
def test_the_distribution_function_is_that_of_the_mocks(beta):
    model = DwarfModel(HALOES["mild"], 0.15, inner=0.9, beta=beta)
    halo, tracer, orbits = exact(model, 0.15)
    f0, size = inner_function(GRID, halo, tracer, orbits)
    r = GRID.r.numpy()
    use = (r > 0.1) & (r < 20)
    ratio = np.log(f0[0].numpy()[use]) - np.log(model.f0(r[use] * 0.15))
    assert np.ptp(ratio) < 0.06  # the total of the tracers differs, the shape does not
    assert (size >= f0 * 0.999).all()


def test_a_hernquist_like_tracer_in_its_own_potential_has_eddingtons_function():
    """An isotropic Plummer sphere of stars in its own potential: f ~ E^(7/2)."""
    r = GRID.r
    ln_n = -2.5 * torch.log1p(r**2)[None]
    u = r**2
    slopes = (-5 * u / (1 + u), -10 * u / (1 + u) ** 2, -20 * u * (1 - u) / (1 + u) ** 3)
    psi = (1 + u) ** -0.5
    depth = u / (1 + torch.sqrt(1 + u)) / torch.sqrt(1 + u)
    pull = u * (1 + u) ** -1.5
    growth = 3 / (1 + u)
    halo = Halo(5 * u / (1 + u), torch.zeros_like(u), pull, growth, depth, psi)
    halo = Halo(*(part[None] for part in vars(halo).values()))
    tracer = Tracer(ln_n, *(s[None] for s in slopes), torch.ones(1, 1))
    orbits = Cuddeford(
        torch.zeros(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    )
    f0, _ = inner_function(GRID, halo, tracer, orbits)
    use = (r > 0.1) & (r < 20)
    ratio = torch.log(f0[0]) - 3.5 * torch.log(psi)
    assert float(ratio[use].max() - ratio[use].min()) < 0.03


def test_the_integrating_factor_of_a_general_anisotropy():
    general = General(*(torch.tensor([[v]]) for v in (-0.4, 0.5, 0.8, 2.0)))
    r = torch.exp(torch.linspace(-2, 2, 2001, dtype=torch.float64))
    slope = torch.diff(general.ln_g(r)[0]) / torch.diff(torch.log(r))
    middle = torch.sqrt(r[1:] * r[:-1])
    np.testing.assert_allclose(slope, 2 * general.beta(middle)[0], atol=1e-5)


def test_the_j_factor_of_an_nfw_halo_has_its_closed_form():
    """The whole of rho0^2 (r/r_s)^-2 (1 + r/r_s)^-4 is 4 pi rho0^2 r_s^3/3."""
    r = np.geomspace(1e-3, 300, 3000)
    rho = 6.4e7 / r / (1 + r) ** 2
    ours = cone_integral(r, rho[None], 80.0, 45.0, 300.0, 2)[0]
    assert ours == pytest.approx(4 * np.pi * 6.4e7**2 / 3 / 80.0**2, rel=2e-3)
    inside = cone_integral(r, rho[None], 80.0, 0.5, 0.5, 1)[0]  # a sphere within the cone
    mass = 4 * np.pi * 6.4e7 * (np.log(1.5) - 0.5 / 1.5)
    assert inside == pytest.approx(mass / 80.0**2, rel=2e-3)
    assert pytest.approx(4.446e6, rel=2e-3) == J_UNIT
