"""The fiducial cuts: each by itself, the count table, and the sign of z."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from data.errors import UserError
from engine.streams.fiducial import FiducialCuts, fiducial, near_disc
from engine.streams.patches import Patch
from engine.streams.stars import PatchStars

PATCH = Patch("one", 150.0, 50.0)


def stars(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    ra, dec = PATCH.to_icrs(rng.uniform(-12, 12, n), rng.uniform(-12, 12, n))
    return PatchStars.of(
        PATCH,
        {
            "ra": ra, "dec": dec, "pmra": rng.normal(0, 4, n), "pmdec": rng.normal(0, 4, n),
            "phot_g_mean_mag": rng.uniform(17, 21, n), "bp_rp": rng.uniform(0.2, 1.4, n),
            "parallax": rng.normal(0.5, 0.5, n), "parallax_error": rng.uniform(0.02, 0.3, n),
        },
    )  # fmt: skip


def test_each_cut_by_itself_and_all_together():
    table = stars()
    off = dict.fromkeys(("inner", "faintest", "colour", "slow", "height"))
    expected = {
        "inner": np.hypot(table.lon, table.lat) < 10,
        "faintest": table["g"] < 20.2,
        "colour": (table["bp_rp"] > 0.5) & (table["bp_rp"] < 1.0),
        "slow": ~((np.abs(table["mu_lon"]) <= 2) & (np.abs(table["mu_lat"]) <= 2)),
    }
    for name, mask in expected.items():
        only = FiducialCuts(**{**off, name: getattr(FiducialCuts(), name)})
        found = fiducial(table, only, PATCH)
        np.testing.assert_array_equal(found.mask, mask)
        unused = {count.cut for count in found.table if count.unused}
        assert unused == set(off) - {name}
    every = fiducial(table, FiducialCuts(), PATCH)
    counts = [count.left for count in every.table]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 2000
    assert counts[-1] == every.mask.sum() > 0
    assert not fiducial(table, FiducialCuts(**off)).mask.all() or counts[0] == len(table)
    assert fiducial(table, FiducialCuts(**off), PATCH).mask.all()


def test_a_cut_without_its_column_says_so():
    table = stars()
    kept = {k: v for k, v in table.columns.items() if k not in {"bp_rp", "parallax"}}
    found = fiducial(PatchStars(kept), FiducialCuts(), PATCH)
    unused = {count.cut: count.unused for count in found.table if count.unused}
    assert unused == {"colour": "the table has no bp_rp", "height": "the table has no parallax"}


@pytest.mark.parametrize("b", [60.0, -60.0])
def test_the_height_has_no_sign(b):
    """North and south: near disc stars go, far halo stars stay, by the same distance."""
    place = SkyCoord(l=120 * u.deg, b=b * u.deg, frame="galactic").icrs
    ra, dec = np.full(4, place.ra.deg), np.full(4, place.dec.deg)
    parallax = np.array([1.0, 0.35, -0.1, 0.2])
    error = np.array([0.02, 0.01, 0.02, 0.1])
    found = near_disc(ra, dec, parallax, error)
    # 0.96 kpc: |z| 0.83 kpc; 2.7 kpc: |z| 2.34; without a good parallax a star passes.
    assert found.tolist() == [True, False, False, False]


def test_the_near_end_of_the_distance_counts():
    place = SkyCoord(l=0 * u.deg, b=90 * u.deg, frame="galactic").icrs
    at = np.array([place.ra.deg]), np.array([place.dec.deg])
    # 1/0.45 = 2.22 kpc, but 1/(0.45 + 0.12) = 1.75 kpc at the near end.
    assert near_disc(*at, np.array([0.45]), np.array([0.06])).all()
    assert not near_disc(*at, np.array([0.45]), np.array([0.001])).any()


def test_a_strip_is_centred_and_needs_its_columns():
    strip = PatchStars.strip(
        np.array([-70.0, -20.0, -40.0]), np.array([0.0, 4.0, 1.0]), np.zeros(3), np.ones(3)
    )
    np.testing.assert_allclose(strip.lon, [-25.0, 25.0, 5.0])
    np.testing.assert_allclose(strip.lat, [-2.0, 2.0, -1.0])
    with pytest.raises(UserError, match="mu_lat"):
        PatchStars({"lon": np.zeros(2), "lat": np.zeros(2), "mu_lon": np.zeros(2)})
