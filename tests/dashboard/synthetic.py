"""Small cubes with the layout of real ones, from an analytic field, for tests of the pages."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from dashboard.views.histograms import PAIRS, QUANTITIES_1D
from engine.cubes.trust import FLAGS as TRUST_FLAGS

SUN = (8.122, 0.0, 0.0208)
RADIUS = 4.0
FLAGS = {name: bit for name, (bit, _) in TRUST_FLAGS.items()}


def acceleration_at(x, y, z):
    """Flattened logarithmic halo, v0 = 229 km/s, q = 0.8: shape (3, ...), km2 s-2 kpc-1."""
    q = 0.8
    m2 = x**2 + y**2 + (z / q) ** 2 + 0.1
    return -(229.0**2) / m2 * np.stack([x, y, z / q**2])


def _axis_z(n, middle):
    """Odd number of heights, finer near the plane, kpc."""
    u = np.linspace(-1, 1, n)
    return middle + RADIUS * 0.98 * np.sign(u) * np.abs(u) ** 1.6


def acceleration_cube(n=16, estimators=("boltzmann",), seed=0, trusted=True, middle=SUN[2]):
    """Acceleration cube: analytic field with 2% noise, NaN outside the 4 kpc ball.

    ``middle`` is the height about which the layers are symmetric.
    """
    rng = np.random.default_rng(seed)
    x = SUN[0] + np.linspace(-1, 1, n) * RADIUS * 0.98
    y = np.linspace(-1, 1, n) * RADIUS * 0.98
    z = _axis_z(n + 1 - n % 2, middle)
    grid = np.stack(np.meshgrid(x, y, z, indexing="ij"))
    distance = np.sqrt(((grid - np.array(SUN)[:, None, None, None]) ** 2).sum(axis=0))
    inside = distance < RADIUS
    truth = acceleration_at(*grid)
    sd = 60.0 + 25.0 * distance**2 * np.ones_like(truth)
    shape = (len(estimators), *truth.shape)
    value = truth + sd * rng.standard_normal(shape)
    flags = np.where(distance > 3.4, FLAGS["near_edge"], 0)
    flags |= np.where(np.abs(grid[2]) > 2.6, FLAGS["few_tracers"], 0)
    if not trusted:
        flags |= FLAGS["population"]
    dims = ("x", "y", "z")
    vector = ("estimator", "component", *dims)
    hidden = np.where(inside, 1.0, np.nan)
    cube = xr.Dataset(
        {
            "acceleration": (vector, value * hidden),
            "acceleration_sd": (vector, np.broadcast_to(sd, shape) * hidden),
            "residual": (("estimator", *dims), np.full((len(estimators), *inside.shape), 0.1)),
            "condition": (dims, np.full(inside.shape, 30.0) * hidden),
            "n_tracers": (dims, np.round(4000 * np.exp(-np.abs(grid[2]))) * hidden),
            "edge_distance": (dims, RADIUS - distance),
            "trust_flags": (dims, np.where(inside, flags, -1).astype(np.int32)),
            "trusted": (dims, inside & (flags == 0)),
        },
        coords={
            "x": x,
            "y": y,
            "z": z,
            "component": ["x", "y", "z"],
            "estimator": list(estimators),
        },
        attrs={
            "default_estimator": estimators[0],
            "run_id": "map-synthetic",
            "catalogue_id": "demo-0123abcd",
            "selection": "null",
            "sun": json.dumps({"position": list(SUN), "velocity": [-12.9, -245.6, 7.78]}),
            "volume": json.dumps({"centre": list(SUN), "radius": RADIUS}),
            "created": "2026-01-02T03:04:05Z",
        },
    )
    cube["acceleration"].attrs["units"] = "km2 s-2 kpc-1"
    cube["acceleration_sd"].attrs["units"] = "km2 s-2 kpc-1"
    cube["trust_flags"].attrs.update(
        flag_masks=list(FLAGS.values()), flag_meanings=" ".join(FLAGS)
    )
    return cube


def profiles_cube(n=41, estimators=("boltzmann",), seed=1):
    """Profiles along x, z and the solar arc (degrees of azimuth), same field."""
    rng = np.random.default_rng(seed)
    s = np.stack([SUN[0] + np.linspace(-4, 4, n), np.linspace(-4, 4, n), np.linspace(-28, 28, n)])
    phi = np.radians(s[2])
    zeros = np.zeros(n)
    position = np.stack(
        [
            np.stack([s[0], zeros, zeros + SUN[2]]),
            np.stack([zeros + SUN[0], zeros, s[1]]),
            np.stack([SUN[0] * np.cos(phi), -SUN[0] * np.sin(phi), zeros + SUN[2]]),
        ]
    )
    truth = np.moveaxis(acceleration_at(*np.moveaxis(position, 1, 0)), 0, 1)
    distance = np.sqrt(((position - np.array(SUN)[None, :, None]) ** 2).sum(axis=1))
    sd = 60.0 + 25.0 * distance[:, None, :] ** 2 * np.ones_like(truth)
    shape = (len(estimators), *truth.shape)
    value = truth + 0.5 * sd * rng.standard_normal((len(estimators), 3, 3, 1))
    dims = ("estimator", "line", "component", "s")
    return xr.Dataset(
        {
            "acceleration": (dims, value),
            "acceleration_sd": (dims, np.broadcast_to(sd, shape).copy()),
            "position": (("line", "component", "s"), position),
            "trusted": (("line", "s"), distance < 3.4),
        },
        coords={
            "line": ["x", "z", "arc"],
            "component": ["x", "y", "z"],
            "estimator": list(estimators),
        },
        attrs={"default_estimator": estimators[0]},
    )


def model_cube(n_bins=30, seed=2):
    """Histograms of normal data against normal samples, with honest pulls."""
    rng = np.random.default_rng(seed)
    centre = dict(zip(QUANTITIES_1D, (8.1, 0, 0, 0, -220, 0), strict=True))
    width = dict(zip(QUANTITIES_1D, (1.3, 1.3, 0.6, 40, 35, 25), strict=True))
    data = {q: rng.normal(centre[q], width[q], 20_000) for q in QUANTITIES_1D}
    model = {q: rng.normal(centre[q], width[q], 80_000) for q in QUANTITIES_1D}
    edges = {
        q: np.linspace(centre[q] - 4 * width[q], centre[q] + 4 * width[q], n_bins + 1)
        for q in QUANTITIES_1D
    }

    def pull(counts, expected):
        return (counts - expected) / np.sqrt(np.maximum(expected, 1.0))

    d1 = np.stack([np.histogram(data[q], edges[q])[0] for q in QUANTITIES_1D]).astype(float)
    m1 = np.stack([np.histogram(model[q], edges[q])[0] / 4.0 for q in QUANTITIES_1D])
    pairs = [tuple(p.split("-")) for p in PAIRS]
    d2 = np.stack([np.histogram2d(data[a], data[b], (edges[a], edges[b]))[0] for a, b in pairs])
    m2 = np.stack(
        [np.histogram2d(model[a], model[b], (edges[a], edges[b]))[0] / 4 for a, b in pairs]
    )
    return xr.Dataset(
        {
            "data_1d": (("quantity", "bin"), d1),
            "model_1d": (("quantity", "bin"), m1),
            "pull_1d": (("quantity", "bin"), pull(d1, m1)),
            "edges_1d": (("quantity", "edge"), np.stack([edges[q] for q in QUANTITIES_1D])),
            "data_2d": (("pair", "bin_a", "bin_b"), d2),
            "model_2d": (("pair", "bin_a", "bin_b"), m2),
            "pull_2d": (("pair", "bin_a", "bin_b"), pull(d2, m2)),
            "edges_a": (("pair", "edge_2d"), np.stack([edges[a] for a, _ in pairs])),
            "edges_b": (("pair", "edge_2d"), np.stack([edges[b] for _, b in pairs])),
        },
        coords={"quantity": list(QUANTITIES_1D), "pair": list(PAIRS)},
        attrs={"auc": 0.512, "auc_sd": 0.006, "n_held_out": 20_000},
    )
