"""Small catalogues in a real store, made in a moment."""

from __future__ import annotations

import numpy as np

from data.catalogue.ingest import ingest_arrays


def disc(stars=4000, seed=3):
    """Columns of a rotating disc round the Sun: no galaxy, but all six dimensions."""
    rng = np.random.default_rng(seed)
    shift = rng.normal(size=(3, stars))
    radius = 3.5 * rng.random(stars) ** (1 / 3)
    x, y, z = radius * shift / np.linalg.norm(shift, axis=0)
    v = rng.normal(size=(3, stars)) * np.array([[35.0], [25.0], [18.0]])
    return {
        "x": (x + 8.122).astype(np.float32),
        "y": y.astype(np.float32),
        "z": z.astype(np.float32),
        "vx": v[0].astype(np.float32),
        "vy": (v[1] - 225).astype(np.float32),
        "vz": v[2].astype(np.float32),
    }


def make_catalogue(home, name="disc", stars=4000, seed=3, **more):
    """Put a disc into the store under ``home``."""
    return ingest_arrays(
        {**disc(stars, seed), **more},
        home,
        name=name,
        kind="simulation",
        provenance={"source": "a test"},
    )
