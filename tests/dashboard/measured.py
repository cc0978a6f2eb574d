"""Stars as Gaia lists them: two kinds of stars in a disc, seen to a magnitude."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data.catalogue.ingest import ingest_arrays
from data.catalogue.store import Catalogue
from data.frames import SolarParameters, from_galactocentric

LIMIT = 14.0


def measured_columns(stars: int, seed: int = 3) -> dict[str, np.ndarray]:
    """Give so many stars brighter than G_RVS = 14, of giants and dwarfs, with Gaia's columns."""
    rng = np.random.default_rng(seed)
    sun = SolarParameters()
    parts = []
    while sum(len(part) for part in parts) < stars:
        n = 200_000
        offset = np.column_stack([*rng.uniform(-5, 5, (2, n)), rng.laplace(0, 0.35, n)])
        giants = rng.uniform(size=n) < 0.15
        m = np.where(giants, rng.normal(0.4, 0.8, n), rng.normal(4.3, 1.1, n))
        distance = np.linalg.norm(offset, axis=1)
        dense = rng.uniform(size=n) < np.exp(-(offset[:, 0] + 5) / 2.6)
        seen = dense & (m + 5 * np.log10(distance) + 10 < LIMIT)
        parts.append(np.column_stack([offset, m, giants])[seen])
    table = np.concatenate(parts)[:stars]
    offset, m, giants = table[:, :3], table[:, 3], table[:, 4] > 0
    n = len(table)
    v = np.column_stack([rng.normal(0, 40, n), rng.normal(-225, 25, n), rng.normal(0, 20, n)])
    seen = from_galactocentric(offset + np.asarray(sun.position), v, sun)
    distance = np.linalg.norm(offset, axis=1)
    error = rng.uniform(0.01, 0.04, n)
    parallax = 1 / distance + error * rng.standard_normal(n)
    grvs = m + 5 * np.log10(distance) + 10
    colour = np.where(giants, 1.25 - 0.08 * (m - 0.4), 0.35 + 0.15 * (m - 2)) + rng.normal(
        0, 0.05, n
    )
    return {
        "source_id": 10**18 + np.arange(n),
        **{k: seen[k] for k in ("ra", "dec", "pmra", "pmdec", "radial_velocity")},
        "parallax": parallax,
        "parallax_error": error,
        "parallax_over_error": parallax / error,
        "pmra_error": rng.uniform(0.01, 0.04, n),
        "pmdec_error": rng.uniform(0.01, 0.04, n),
        "radial_velocity_error": rng.uniform(0.3, 4, n),
        "grvs_mag": grvs,
        "phot_g_mean_mag": grvs + 0.7 + 0.2 * colour,
        "bp_rp": colour,
        "ruwe": 1 + rng.gamma(1.2, 0.08, n),
        "nu_eff_used_in_astrometry": np.clip(1.75 - 0.25 * colour, 1.2, 1.8),
        "pseudocolour": np.full(n, np.nan),
        "astrometric_params_solved": np.full(n, 31),
        "rv_expected_sig_to_noise": 10 ** (0.2 * (17.4 - grvs)) + rng.uniform(-1, 1, n),
        "r_med_geo": 1000 * distance * rng.normal(1, 0.02, n),
    }  # fmt: skip


def make_measured(home: Path, stars: int = 30_000, name: str = "measured") -> Catalogue:
    """Put such stars into a store."""
    return ingest_arrays(
        measured_columns(stars), home, name=name, kind="astrometry", provenance={"source": "tests"}
    )
