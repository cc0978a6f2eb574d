"""Cubes with densities of a model galaxy, for the tests of the pages Density and Dark matter."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from data.baryons import packaged
from data.mocks.potentials import named
from data.mocks.truth import Truth
from engine.cubes.density import density_cube, density_flags
from engine.cubes.draws import draws_cube
from engine.cubes.grid import make_grid
from engine.cubes.parts import flag_attributes
from engine.cubes.trust import FLAGS
from engine.dark_matter.cube import dark_matter_cube
from engine.dark_matter.smoothed import smoothed_baryons
from engine.dark_matter.summary import MapFields, dark_matter
from engine.draws import Draws
from engine.lattice import Lattice
from engine.smoothing import Kernel

SUN = (8.122, 0.0, 0.0208)
RADIUS = 4.0
KERNEL = Kernel()


def truth(name="milky-way"):
    return Truth(named(name))


def density_cubes(
    name="milky-way", spacing=1.0, z_cells=17, estimators=("potential", "boltzmann")
):
    """Cubes of a map that is right but for errors of 1 and 3% that all cells share."""
    grid, galaxy = make_grid(SUN, RADIUS, spacing, z_cells), truth(name)
    exact = galaxy.acceleration(grid.points)
    fields = {}
    for number, estimator in enumerate(estimators):
        share = (0.01, 0.03)[number] * np.random.default_rng(number).standard_normal(32)
        fields[estimator] = Draws((1 + 0.003 * number) * exact, np.multiply.outer(share, exact))
    edge = RADIUS - np.linalg.norm(grid.points - SUN, axis=1)
    flags = np.where(edge < 0.2, FLAGS["near_edge"][0], 0).astype(np.int32)
    attributes = {
        "run_id": "map-synthetic",
        "catalogue_id": "demo-0123abcd",
        "selection": "null",
        "sun": json.dumps({"position": list(SUN), "velocity": [-12.9, -245.6, 7.78]}),
        "volume": json.dumps({"centre": list(SUN), "radius": RADIUS}),
        "created": "2026-01-02T03:04:05Z",
    }
    named_kernel = {
        **attributes,
        "kernel_bandwidths_kpc": list(KERNEL.bandwidths),
        "kernel_truncation": KERNEL.truncation,
        "baryon_model": "mckee-2015",
    }
    totals = {}
    for estimator, field in fields.items():
        found = Lattice.of(grid, field).density(KERNEL)
        totals[estimator] = Draws(found.mean[grid.inside], found.deviations[:, grid.inside])
    words = density_flags(flags, edge, KERNEL.reach)
    baryons = smoothed_baryons(packaged(), grid.points, KERNEL, 32)
    first = estimators[0]
    known = MapFields(
        grid, fields[first], totals[first], flags == 0, words == 0, SUN,
        pointwise=fields[estimators[-1]], mass=Draws(galaxy.density(grid.points),
                                                     0.01 * totals[first].deviations),
    )  # fmt: skip
    found = dark_matter(known, baryons, packaged())
    return {
        "acceleration": _acceleration(grid, fields, flags, edge, attributes),
        "draws": draws_cube(grid, fields, attributes),
        "density": density_cube(
            grid, totals, baryons, flags=dict.fromkeys(totals, words), attributes=named_kernel
        ),
        "dark_matter": dark_matter_cube(found, known, {**named_kernel, "estimator": first}),
    }


def _acceleration(grid, fields, flags, edge, attributes):
    vector, space = ("estimator", "component", "x", "y", "z"), ("x", "y", "z")
    cube = xr.Dataset(
        {
            "acceleration": (vector, np.stack([grid.fill(f.mean.T) for f in fields.values()])),
            "acceleration_sd": (vector, np.stack([grid.fill(f.sd.T) for f in fields.values()])),
            "n_tracers": (space, grid.fill(np.full(len(flags), 400.0), 0)),
            "edge_distance": (space, grid.fill(edge)),
            "trust_flags": (space, grid.fill(flags, -1)),
            "trusted": (space, grid.fill(flags == 0, outside=False)),
        },
        {
            "estimator": list(fields),
            "component": ["x", "y", "z"],
            "x": grid.x,
            "y": grid.y,
            "z": grid.z,
        },
        {"default_estimator": next(iter(fields)), **attributes},
    )
    cube["trust_flags"].attrs.update(flag_attributes())
    return cube
