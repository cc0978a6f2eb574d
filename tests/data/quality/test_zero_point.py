"""The zero point of the parallax, against numbers worked out by hand from the published table."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import BarycentricMeanEcliptic, SkyCoord

from data.catalogue.ingest import ingest_arrays
from data.catalogue.revision import revise
from data.errors import UserError
from data.quality import zero_point as z
from data.quality.zero_point import ecliptic_latitude, parallax_zero_point

OBLIQUITY = 84381.411 / 3600.0
ON_THE_ECLIPTIC = {"ra": 0.0, "dec": 0.0}  # sin(beta) = 0
AT_THE_POLE = {"ra": 270.0, "dec": 90.0 - OBLIQUITY}  # sin(beta) = 1


def star(g, *, nu=np.nan, pseudo=np.nan, solved=31, place=ON_THE_ECLIPTIC):
    numbers = {
        "phot_g_mean_mag": g,
        "nu_eff_used_in_astrometry": nu,
        "pseudocolour": pseudo,
        "astrometric_params_solved": solved,
        **place,
    }
    return {name: np.atleast_1d(np.asarray(value, dtype=float)) for name, value in numbers.items()}


@pytest.mark.parametrize(
    ("stars", "micro"),
    [
        # Lindegren et al. (2021), Table 9, row G = 10.8: q00 + q02 (sin^2 beta - 1/3) + ...;
        # nu = 1.48 leaves c1 = c2 = c4 = 0 and c3 = min(0, nu - 1.24) = 0.
        (star(10.8, nu=1.48), -27.23 + 23.04 * (-1 / 3)),
        (star(10.8, nu=1.48, place=AT_THE_POLE), -27.23 - 3.07 + 23.04 * 2 / 3),
        # c1 = 0.1 with q10 = 35.3 and q11 sin(beta) = 15.7
        (star(10.8, nu=1.58, place=AT_THE_POLE), -27.23 - 3.07 + 23.04 * 2 / 3 + 3.53 + 1.57),
        # c2 = 0.1^3, c1 = -0.1, at G = 11.2
        (star(11.2, nu=1.38), -30.33 - 9.08 / 3 + 8.84 - 1257 * 0.001),
        # half way between the rows of 10.8 and 11.2
        (star(11.0, nu=1.48), (-27.23 - 30.33) / 2 - (23.04 + 9.08) / 6),
        # row 19.0, blue: c1 = 0.24 with q10 = 0, c4 = nu - 1.72 with q40 = 276.6
        (star(19.0, nu=1.82), -18.40 + 6.46 / 3 + 27.66),
    ],
)
def test_published_coefficients_by_hand(stars, micro):
    found = parallax_zero_point(stars)
    assert found.values[0] * 1e3 == pytest.approx(micro, abs=1e-3)
    assert (found.counts.corrected, found.counts.at_the_edge, found.counts.without) == (1, 0, 0)


def test_six_parameters_take_the_pseudocolour():
    five = parallax_zero_point(star(15.0, nu=1.5))
    six = parallax_zero_point(star(15.0, nu=1.5, pseudo=1.5, solved=95))
    assert np.isfinite(six.values[0])
    assert six.values[0] != five.values[0]
    assert six.values[0] == parallax_zero_point(star(15.0, pseudo=1.5, solved=95)).values[0]


def test_outside_the_recipe_the_edge_counts_and_is_counted():
    for outside, edge in [((4.0, 1.5), (6.0, 1.5)), ((22.0, 1.5), (21.0, 1.5)),
                          ((15.0, 2.3), (15.0, 1.9)), ((15.0, 0.9), (15.0, 1.1))]:  # fmt: skip
        found = parallax_zero_point(star(outside[0], nu=outside[1]))
        near = parallax_zero_point(star(edge[0], nu=edge[1]))
        assert found.values[0] == pytest.approx(near.values[0], abs=2e-6)
        assert found.counts.at_the_edge == 1


def test_unknown_is_missing_and_counted():
    stars = star(
        [15, np.nan, 15, 15, 15],
        nu=[1.5, 1.5, np.nan, 1.5, 1.5],
        solved=[31, 31, 31, 3, np.nan],
        place={"ra": np.zeros(5), "dec": np.zeros(5)},
    )
    found = parallax_zero_point(stars)
    assert np.isfinite(found.values).tolist() == [True, False, False, False, False]
    assert found.counts.without == 4
    assert found.counts.corrected == 1


def test_ecliptic_latitude_is_that_of_the_catalogues():
    rng = np.random.default_rng(3)
    ra, dec = rng.uniform(0, 360, 200), np.degrees(np.arcsin(rng.uniform(-1, 1, 200)))
    seen = SkyCoord(ra * u.deg, dec * u.deg).transform_to(BarycentricMeanEcliptic())
    # astropy adds the bias of the frame, 0.02 arcsec, which no zero point can tell
    np.testing.assert_allclose(ecliptic_latitude(ra, dec), seen.lat.deg, atol=3e-5)


def catalogue_columns(n=400, seed=8):
    rng = np.random.default_rng(seed)
    six = rng.uniform(size=n) < 0.3
    parallax = rng.uniform(0.1, 3, n)
    parallax[:3] = [-0.4, np.nan, -0.001]
    error = rng.uniform(0.01, 0.1, n)
    return {
        "source_id": 10**18 + np.arange(n),
        "ra": rng.uniform(0, 360, n),
        "dec": rng.uniform(-80, 80, n),
        "parallax": parallax,
        "parallax_error": error,
        "parallax_over_error": parallax / error,
        "pmra": rng.normal(0, 5, n),
        "pmdec": rng.normal(0, 5, n),
        "radial_velocity": rng.normal(0, 40, n),
        "phot_g_mean_mag": rng.uniform(5, 20, n),
        "nu_eff_used_in_astrometry": np.where(six, np.nan, rng.uniform(1.2, 1.8, n)),
        "pseudocolour": np.where(six, rng.uniform(1.3, 1.7, n), np.nan),
        "astrometric_params_solved": np.where(
            rng.uniform(size=n) < 0.05, 3, np.where(six, 95, 31)
        ),
    }


def ingested(columns, home, **options):
    return ingest_arrays(columns, home, name="a", kind="astrometry", provenance={}, **options)


def test_ingest_subtracts_it_and_everything_follows(tmp_path):
    columns = catalogue_columns()
    plain = ingested(columns, tmp_path)
    corrected = ingested(columns, tmp_path, zero_point=True)
    taken = corrected.column(z.COLUMN)
    expected = parallax_zero_point(columns).values
    np.testing.assert_allclose(taken, expected, atol=1.1e-6)  # it is rounded to 1e-6 mas
    parallax = plain.column("parallax") - np.nan_to_num(taken.astype(float))
    np.testing.assert_array_equal(corrected.column("parallax"), parallax)
    with np.errstate(all="ignore"):
        distance = np.where(parallax > 0, 1 / parallax, np.nan).astype(np.float32)
    np.testing.assert_array_equal(corrected.column("distance"), distance)
    np.testing.assert_allclose(
        corrected.column("parallax_over_error"),
        corrected.column("parallax") / corrected.column("parallax_error"), rtol=1e-6)  # fmt: skip
    # -0.001 mas less its zero point is positive: the star has a place now
    assert not plain.column("has_6d")[2]
    assert corrected.column("has_6d")[2]
    stars = corrected.manifest.provenance["zero_point"]["stars"]
    assert sum(stars.values()) == plain.n_rows
    assert "zero point subtracted" in corrected.columns["parallax"].description
    assert corrected.id != plain.id


def test_on_and_off_again(tmp_path):
    columns = catalogue_columns()
    plain = ingested(columns, tmp_path)
    there = ingested(columns, tmp_path, zero_point=True)
    on = revise(plain, tmp_path, zero_point=True)
    for name in (
        "parallax",
        "parallax_over_error",
        "distance",
        "x",
        "vz",
        "not_6d_reason",
        z.COLUMN,
    ):
        np.testing.assert_array_equal(on.column(name), there.column(name), err_msg=name)
    assert on.manifest.with_6d == there.manifest.with_6d
    assert on.manifest.not_6d == there.manifest.not_6d
    off = revise(on, tmp_path, zero_point=False)
    assert not off.has(z.COLUMN)
    np.testing.assert_allclose(
        off.column("parallax"), plain.column("parallax"), rtol=0, atol=1e-15
    )
    np.testing.assert_array_equal(off.column("has_6d"), plain.column("has_6d"))
    assert off.columns["parallax"].description == plain.columns["parallax"].description
    assert "zero_point" not in off.manifest.provenance


def test_what_cannot_be_corrected_is_said(tmp_path):
    columns = catalogue_columns()
    lacking = {n: c for n, c in columns.items() if n not in ("pseudocolour", "phot_g_mean_mag")}
    with pytest.raises(UserError, match="phot_g_mean_mag, pseudocolour"):
        ingested(lacking, tmp_path, zero_point=True)
    corrected = ingested(columns, tmp_path, zero_point=True)
    with pytest.raises(UserError, match="already"):
        revise(corrected, tmp_path, zero_point=True)
    with pytest.raises(UserError, match="No zero point"):
        revise(ingested(columns, tmp_path), tmp_path, zero_point=False)
    assert len(list((tmp_path / "catalogues").iterdir())) == 2
