"""Cells that hold no value: angles as text, placeholders, and columns that lose too many."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import Angle
from astropy.table import Table

from data.catalogue.ingest import ingest
from data.catalogue.placeholders import placeholder_shaped
from data.catalogue.sexagesimal import angles
from data.catalogue.spool import Spool
from data.errors import UserError
from data.readers.base import Cells

N = 60


def table(seed=3, **changes):
    rng = np.random.default_rng(seed)
    columns = {
        "source_id": 4_295_806_720_123_456_789 + np.arange(N),
        "ra": rng.uniform(0, 360, N),
        "dec": rng.uniform(-80, 80, N),
        "parallax": rng.uniform(0.5, 3, N),
        "pmra": rng.normal(0, 5, N),
        "pmdec": rng.normal(0, 5, N),
        "radial_velocity": rng.normal(0, 40, N),
    }
    return Table(columns | changes)


def stored(tmp_path, stars, **options):
    file = tmp_path / "stars.csv"
    stars.write(file, format="ascii.csv", overwrite=True)
    return ingest(file, tmp_path / "home", **options)


def remarked(catalogue):
    return {(r.column, r.code): r.count for r in catalogue.manifest.remarks}


@pytest.mark.parametrize("sep", [":", " ", "hms"])
def test_right_ascensions_as_text(tmp_path, sep):
    stars = table()
    exact = stored(tmp_path, stars)
    ra = Angle(np.asarray(stars["ra"]), u.deg)
    dec = Angle(np.asarray(stars["dec"]), u.deg)
    letters = "dms" if sep == "hms" else sep
    stars["ra"] = ra.to_string(unit=u.hourangle, sep=sep, precision=6)
    stars["dec"] = dec.to_string(unit=u.deg, sep=letters, precision=5, alwayssign=True)
    units = {} if sep == "hms" else {"ra": "hourangle"}
    catalogue = stored(tmp_path, stars, units=units)
    np.testing.assert_allclose(catalogue.column("ra"), exact.column("ra"), atol=1e-8)
    np.testing.assert_allclose(catalogue.column("dec"), exact.column("dec"), atol=1e-8)
    assert catalogue.manifest.with_6d == N


def test_text_without_a_unit_is_a_question(tmp_path):
    stars = table()
    stars["ra"] = Angle(np.asarray(stars["ra"]), u.deg).to_string(unit=u.hourangle, sep=":")
    with pytest.raises(UserError, match="hours or in degrees"):
        stored(tmp_path, stars)


def test_what_is_no_angle_is_wrong():
    texts = np.array(["12:34:56", "-00:30:00", "12:61:00", "north", "", "7.5"], dtype=object)
    found = angles(Cells(texts))
    np.testing.assert_allclose(found.values, [12.582222, -0.5, np.nan, np.nan, np.nan, 7.5],
                               rtol=1e-6)  # fmt: skip
    np.testing.assert_array_equal(found.wrong, [0, 0, 1, 1, 0, 0])


NONE = [
    ("radial_velocity", -9999.0, "no radial velocity"),
    ("radial_velocity", 1e20, "no radial velocity"),
    ("radial_velocity", -999.99, "no radial velocity"),
    ("radial_velocity", 5e20, "no radial velocity"),
    ("pmra", 9999.99, "no proper motion"),
    ("pmdec", -99999.0, "no proper motion"),
    ("parallax", -9999.0, "no parallax"),
    ("parallax", 99999.9, "no parallax"),
]


@pytest.mark.parametrize(("name", "value", "reason"), NONE)
def test_impossible_values_are_missing(tmp_path, name, value, reason):
    stars = table()
    stars[name][:7] = value
    catalogue = stored(tmp_path, stars)
    assert catalogue.manifest.not_6d == {reason: 7}
    assert np.isnan(catalogue.column(name)[:7]).all()
    assert sum(n for (column, _), n in remarked(catalogue).items() if column == name) == 7


def test_placeholders_in_single_precision_and_in_another_unit(tmp_path):
    stars = table()
    stars["radial_velocity"] = (1e3 * stars["radial_velocity"]).astype(np.float32)
    stars["radial_velocity"][:5] = np.float32(-99999.99)  # m/s: -100 km/s, which could be true
    stars["radial_velocity"][5:9] = np.float32(1e20)
    stars["radial_velocity"].unit = "m / s"
    file = tmp_path / "stars.fits"
    stars.write(file)
    catalogue = ingest(file, tmp_path / "home")
    assert catalogue.manifest.not_6d == {"no radial velocity": 4}
    assert remarked(catalogue)["radial_velocity", "repeated_value"] == 5


def test_what_is_only_unusual_is_kept(tmp_path):
    stars = table()
    stars["radial_velocity"][0] = 1017.0  # S5-HVS1
    stars["pmdec"][1] = 10362.4  # Barnard's star
    stars["parallax"][2] = 768.07  # Proxima Centauri
    catalogue = stored(tmp_path, stars)
    assert catalogue.manifest.with_6d == N
    assert catalogue.manifest.remarks == ()


def test_errors_that_are_not_positive_are_missing(tmp_path):
    error = np.full(N, 0.1)
    error[:3], error[3:5], error[5] = 0.0, -1.0, -9999.0
    catalogue = stored(tmp_path, table(parallax_error=error))
    assert np.isnan(catalogue.column("parallax_error")[:6]).all()
    found = remarked(catalogue)
    assert found["parallax_error", "not_positive"] == 5
    assert found["parallax_error", "placeholder"] == 1


@pytest.mark.parametrize("value", [99.99, 99.999, 99.0, -99.9, 1e20, 999.0])
def test_magnitudes(tmp_path, value):
    magnitude = np.linspace(8, 14, N)
    magnitude[:4] = value
    catalogue = stored(tmp_path, table(phot_g_mean_mag=magnitude))
    assert np.isnan(catalogue.column("phot_g_mean_mag")[:4]).all()
    assert remarked(catalogue) == {("phot_g_mean_mag", "placeholder"): 4}


def test_shapes():
    yes = [99, -99, 99.9, 999.99, -9999, 1e20, -1e30, 2147483647, 3.4e38, 9.99999e37 * 10]
    no = [9, 98, 100, 9998, 12.3, 99.5, 1e5, 0]
    assert placeholder_shaped(np.array(yes, dtype=float))[:8].all()
    assert not placeholder_shaped(np.array(no, dtype=float)).any()


def test_stray_columns_cost_no_star(tmp_path):
    age = [str(i) for i in range(N)]
    age[3], age[4], age[5] = "inf", "very old", "-inf"
    catalogue = stored(tmp_path, table(age=age))
    assert (catalogue.n_rows, catalogue.manifest.with_6d) == (N, N)
    assert np.isnan(catalogue.column("age")[3:6]).all()
    assert remarked(catalogue) == {("age", "no_number"): 1, ("age", "infinite"): 2}


def test_a_column_that_loses_half_its_cells_condemns_the_table(tmp_path):
    pmra = [f"{v:.3f}" for v in table()["pmra"]]
    pmra[:27] = [f"~{v}" for v in pmra[:27]]
    with pytest.raises(UserError, match=r"pmra holds text.*27 of 60.*'~"):
        stored(tmp_path, table(pmra=pmra))
    assert not list((tmp_path / "home").rglob("*.arrow"))


def test_one_mark_in_all_cells_without_a_number_is_a_mark(tmp_path):
    velocity = [f"{v:.3f}" for v in table()["radial_velocity"]]
    velocity[:33] = ["###"] * 33
    catalogue = stored(tmp_path, table(radial_velocity=velocity))
    assert catalogue.manifest.not_6d == {"no radial velocity": 33}
    assert "'###'" in catalogue.manifest.remarks[0].sentence


def test_a_wrong_unit_that_makes_all_impossible(tmp_path):
    stars = table()
    stars["pmra"] *= 1e6
    with pytest.raises(UserError, match="cannot be a pmra"):
        stored(tmp_path, stars)


def test_doubles_stay_doubles(tmp_path):
    days = 2_457_000.123456 + np.arange(N) / 7.0
    halves = np.arange(N) / 2.0
    catalogue = stored(tmp_path, table(epoch=days, half=halves))
    np.testing.assert_array_equal(catalogue.column("epoch"), days)
    assert catalogue.column("half").dtype == np.float32
    np.testing.assert_array_equal(catalogue.column("half"), halves)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_long_integers_survive_a_chunk_without_any(tmp_path, order):
    long = np.array([4_295_806_720_123_456_789, 7])
    chunks = [(long, None), (np.full(2, np.nan), None)]
    spool = Spool(tmp_path / "s.raw")
    for i in order:
        spool.append(*chunks[i])
    values = spool.settle(None)
    assert values.dtype == np.int64
    assert set(values.tolist()) == {*long.tolist(), spool.missing}
