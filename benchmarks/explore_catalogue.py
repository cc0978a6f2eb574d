"""A catalogue of any size with the columns of Gaia's radial-velocity sample, for benchmarks.

A mock galaxy observed with Gaia's errors is drawn from again and again; every star is moved by a
few per cent in distance, turned about the Galaxy's axis and shaken in velocity, so that no two are
alike. The table goes through the ordinary ingest. It is written to the disk in pieces first: no
column is held in memory.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.catalogue.ingest import ingest_arrays
from data.catalogue.schema import CORRELATIONS
from data.catalogue.store import Catalogue, CatalogueStore
from data.frames import SolarParameters
from data.mocks.gaia_errors import observe

__all__ = ["full_catalogue"]

Array = NDArray[Any]

_PIECE = 1_000_000
_SINGLE = "float32"


def full_catalogue(home: Path, stars: int, say: Callable[[str], None]) -> Catalogue:
    """Give the catalogue of so many stars under a home, made where it is not there yet.

    Parameters
    ----------
    home
        Folder of the store; its first mock named ``explore-base`` is drawn from.
    stars
        Rows.
    say
        Told how far it is.
    """
    name = f"explore-{stars}"
    known = [m.id for m in CatalogueStore(home).list() if m.name == name]
    if known:
        return CatalogueStore(home).open(known[0])
    x, v = _base(home, say)
    folder = Path(tempfile.mkdtemp(prefix="explore-", dir=home))
    try:
        columns = _write(folder, x, v, stars, say)
        say("bringing the table into the store")
        return ingest_arrays(
            columns, home, name=name, kind="astrometry", provenance={"source": "benchmark"}
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _base(home: Path, say: Callable[[str], None], stars: int = 200_000) -> tuple[Array, Array]:
    """Give positions and velocities, (n, 3), of a mock galaxy."""
    from data.mocks.galaxy import make_galaxy

    store = CatalogueStore(home)
    known = [m.id for m in store.list() if m.name == "explore-base"]
    if not known:
        say(f"making a mock of {stars:,} stars, which takes some minutes")
        make_galaxy(home, stars=stars, seed=5, name="explore-base")
        known = ["explore-base"]
    base = store.open(known[0])
    x, v = (
        np.stack([base.column(name).astype(float) for name in names], axis=1)
        for names in (("x", "y", "z"), ("vx", "vy", "vz"))
    )
    there = np.isfinite(x).all(axis=1) & np.isfinite(v).all(axis=1)
    return x[there], v[there]


def _write(
    folder: Path, x: Array, v: Array, stars: int, say: Callable[[str], None]
) -> dict[str, Array]:
    """Write the columns of all stars, piece by piece, and map them."""
    columns: dict[str, Array] = {}
    for start in range(0, stars, _PIECE):
        stop = min(start + _PIECE, stars)
        piece = _piece(x, v, stop - start, np.random.default_rng([7, start]))
        piece["source_id"] = np.arange(start, stop, dtype=np.int64) * 128 + 35
        for name, values in piece.items():
            if name not in columns:
                path = folder / f"{name}.raw"
                columns[name] = np.memmap(path, values.dtype, "w+", shape=(stars,))
            columns[name][start:stop] = values
        if start % (5 * _PIECE) == 0:
            say(f"{stop:,} of {stars:,} stars drawn")
    return columns


def _piece(x: Array, v: Array, number: int, rng: np.random.Generator) -> dict[str, Array]:
    """Draw stars from the mock, shake them and observe them."""
    sun = SolarParameters()
    rows = rng.integers(0, len(x), number)
    turn = np.radians(rng.normal(0.0, 0.6, number))
    place = _turned(x[rows], turn)
    place = sun.position + (place - sun.position) * (1 + 0.03 * rng.normal(size=(number, 1)))
    speed = _turned(v[rows], turn) + rng.normal(0.0, 4.0, (number, 3))
    seen: dict[str, Array] = observe(place, speed, sun, rng)
    bp_rp, g = seen["bp_rp"], seen["phot_g_mean_mag"]
    seen |= {
        "phot_bp_mean_mag": g + 0.45 * bp_rp,
        "phot_rp_mean_mag": g - 0.55 * bp_rp,
        "ruwe": 0.85 + 0.2 * rng.gamma(2.0, 0.6, number),
        "rv_template_teff": np.clip(rng.normal(4900, 500, number), 3100, 14500),
        "mh_gspphot": rng.normal(-0.25, 0.3, number),
    }
    seen["phot_bp_rp_excess_factor"] = 1.2 + 0.05 * rng.normal(size=number)
    for a, b in CORRELATIONS:
        seen[f"{a}_{b}_corr"] = np.clip(0.2 * rng.normal(size=number), -0.99, 0.99)
    double = {"ra", "dec", "parallax", "pmra", "pmdec"}
    return {
        name: np.asarray(values, dtype="float64" if name in double else _SINGLE)
        for name, values in seen.items()
    }


def _turned(vectors: Array, angle: Array) -> Array:
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y, z = vectors.T
    return np.stack([cosine * x - sine * y, sine * x + cosine * y, z], axis=1)
