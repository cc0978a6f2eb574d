"""The cubes of the page Asymmetry, made by the engine from a field with smooth errors."""

from __future__ import annotations

import numpy as np

from engine.circular_velocity.cube import circular_velocity_cube
from engine.circular_velocity.curve import Curve, map_curve
from engine.cubes.grid import Grid
from engine.draws import Draws
from engine.symmetry.cube import asymmetry_cube
from tests.dashboard.synthetic import acceleration_at, acceleration_cube

DRAWS = 24
ATTRIBUTES = {"run_id": "map-synthetic", "tracers": 180_000, "preset": "quick", "seed": 0}


def truth(x):
    """The field of the cubes, (n, 3)."""
    return acceleration_at(*np.asarray(x, dtype=float).T).T


def field_draws(points, sd, *, push=0.0, seed=4, draws=DRAWS):
    """Give the true field at positions (P, 3) with smooth errors of size ``sd`` (P, 3).

    ``push`` is added to a_z everywhere, km2/s2/kpc: it breaks the symmetry about the plane.
    """
    rng = np.random.default_rng(seed)

    def smooth(count):
        """Waves of random direction and phase, some kpc long, of variance 1: (count, P, 3)."""
        waves = rng.normal(0.0, 1.4, (count, 3, 12, 3))
        phases = rng.uniform(0, 2 * np.pi, (count, 3, 12))
        parts = np.cos(np.einsum("kcwd,pd->kpcw", waves, points) + phases[:, None])
        return parts.sum(axis=-1) * np.sqrt(2 / 12)

    mean = truth(points) + sd * smooth(1)[0]
    mean[:, 2] += push
    return Draws(mean, sd * smooth(draws))


def symmetry_cubes(n=16, *, push=0.0, middle=0.0, trusted=True, density=False, curves=True):
    """Give an acceleration cube and what the engine makes of it, by name.

    Parameters
    ----------
    n
        Cells an axis.
    push
        Added to a_z everywhere, km2/s2/kpc.
    middle
        Height about which the layers are symmetric; anything but 0 leaves no mirror cells.
    trusted
        Whether any cell is.
    density, curves
        Whether there are a density and circular velocities.
    """
    cube = acceleration_cube(n=n, middle=middle, trusted=trusted)
    axes = [cube[axis].to_numpy() for axis in "xyz"]
    vectors = cube["acceleration"].sel(estimator="boltzmann").transpose("x", "y", "z", "component")
    inside = np.isfinite(vectors.to_numpy()).all(axis=-1)
    grid = Grid(*axes, inside)
    sd = cube["acceleration_sd"].sel(estimator="boltzmann").transpose("x", "y", "z", "component")
    field = field_draws(grid.points, sd.to_numpy()[inside], push=push)
    for name, values in (("acceleration", field.mean), ("acceleration_sd", field.sd)):
        cube[name][:] = grid.fill(values.T)[None]
    believed = cube["trusted"].transpose("x", "y", "z").to_numpy()[inside]
    rho = None
    if density:
        height = np.abs(grid.points[:, 2])
        rho = Draws(0.1 * np.exp(-height), 0.01 * np.exp(-height) * field.deviations[..., 0] / 100)
    attributes = {**cube.attrs, **ATTRIBUTES}
    known = believed if trusted else np.ones_like(believed)
    asymmetry = asymmetry_cube(grid, field, known, density=rho, attributes=attributes)
    if not trusted:
        asymmetry = asymmetry.map(np.full_like, fill_value=np.nan, keep_attrs=True)
        why = "North and south cannot be compared: no trusted cell has a trusted mirror cell."
        asymmetry.attrs |= {"significance": "{}", "north_south_missing": why}
    made = {"acceleration": cube, "asymmetry": asymmetry}
    if curves:
        radii = np.arange(4.5, 12.1, 0.5)
        jeans = np.sqrt(radii * -truth(np.outer(radii, [1.0, 0, 0]))[:, 0]) * 0.985
        noise = np.random.default_rng(5).normal(0, 0.01, (DRAWS, len(radii))) * jeans
        made["circular_velocity"] = circular_velocity_cube(
            {
                "map": map_curve(grid, field, believed, radii),
                "jeans": Curve(radii, Draws(jeans, noise), np.full(len(radii), 1200)),
            },
            {**cube.attrs, **ATTRIBUTES},
        )
    return made
