"""Derived columns against astropy and against the frame's own conventions."""

import threading

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from data.catalogue.ingest import ingest_arrays
from data.columns.derived import DERIVED, ColumnCache, available, column
from data.errors import UserError
from data.frames import SolarParameters, cylindrical, from_galactocentric, galactocentric_rotation


class Table:
    def __init__(self, **columns):
        self.columns = columns
        self.n_rows = len(next(iter(columns.values())))

    def has(self, name):
        return name in self.columns

    def column(self, name):
        return self.columns[name]


class Stored(Table):
    """With an id, so that derived columns are kept."""

    def __init__(self, identity, **columns):
        super().__init__(**columns)
        self.id = identity
        self.reads = 0

    def column(self, name):
        self.reads += 1
        return super().column(name)


@pytest.fixture
def stars():
    rng = np.random.default_rng(1)
    place = rng.normal([8.0, 0.0, 0.0], 3.0, (500, 3))
    motion = rng.normal([0.0, -220.0, 0.0], 50.0, (500, 3))
    names = ("x", "y", "z", "vx", "vy", "vz")
    return Table(**dict(zip(names, np.hstack([place, motion]).T, strict=True)))


def test_cylindrical_columns_agree_with_the_frame(stars):
    place = np.stack([stars.column(name) for name in ("x", "y", "z")], axis=1)
    motion = np.stack([stars.column(name) for name in ("vx", "vy", "vz")], axis=1)
    truth = cylindrical(place, motion)
    truth["phi"] = np.degrees(truth["phi"])
    for name in ("R", "phi", "v_R", "v_phi", "v_z", "L_z"):
        np.testing.assert_allclose(column(stars, name), truth[name], rtol=2e-6, atol=1e-4)
    speed = np.linalg.norm(motion, axis=1)
    np.testing.assert_allclose(column(stars, "speed"), speed, rtol=1e-6)
    np.testing.assert_allclose(
        column(stars, "v_toomre"), np.hypot(truth["v_R"], truth["v_z"]), rtol=1e-5, atol=1e-4
    )


def test_sun_has_no_azimuth_and_rotates_forwards():
    sun = SolarParameters()
    names = ("x", "y", "z", "vx", "vy", "vz")
    values = (*sun.position, *sun.velocity)
    here = Table(**{name: np.array([value]) for name, value in zip(names, values, strict=True)})
    assert column(here, "phi")[0] == 0.0
    assert column(here, "distance_sun")[0] == 0.0
    assert column(here, "v_phi")[0] == pytest.approx(245.6)
    assert column(here, "L_z")[0] == pytest.approx(245.6 * 8.122)
    ahead = Table(x=np.array([8.0]), y=np.array([-1.0]))
    assert column(ahead, "phi")[0] > 0.0


def test_galactic_coordinates_agree_with_astropy(stars):
    place = np.stack([stars.column(name) for name in ("x", "y", "z")], axis=1)
    nominal = SolarParameters()
    origin = galactocentric_rotation(nominal)[1]
    sky = from_galactocentric(place - nominal.position + origin, np.zeros_like(place))
    galactic = SkyCoord(sky["ra"] * u.deg, sky["dec"] * u.deg).galactic
    measured = Table(ra=sky["ra"], dec=sky["dec"])
    for table, tolerance in ((measured, 3e-5), (stars, 2e-4)):
        difference = (column(table, "l") - galactic.l.deg + 180.0) % 360.0 - 180.0
        assert np.abs(difference * np.cos(galactic.b.rad)).max() < tolerance
        assert np.abs(column(table, "b") - galactic.b.deg).max() < tolerance
        assert column(table, "l").min() >= 0.0
        assert column(table, "l").max() <= 360.0


def test_distance_of_measured_stars_is_theirs(tmp_path):
    table = {name: np.zeros(4) for name in ("pmra", "pmdec", "radial_velocity")}
    table |= {
        "ra": np.array([0.0, 90.0, 180.0, 270.0]),
        "dec": np.array([0.0, 80.0, -30.0, -89.0]),
    }
    table["parallax"] = np.array([0.5, 1.0, 100.0, 700.0])
    stars = ingest_arrays(table, tmp_path, name="near", kind="astrometry", provenance={})
    # x near 8 kpc is stored in steps of 1e-6 kpc.
    np.testing.assert_allclose(column(stars, "distance_sun"), 1.0 / table["parallax"], atol=2e-6)


def test_photometry_and_parallax():
    table = Table(
        phot_g_mean_mag=np.array([10.0, 10.0, np.nan]),
        distance=np.array([0.01, 1.0, 1.0]),
        parallax=np.array([100.0, -1.0, np.nan]),
        parallax_error=np.array([0.5, 0.5, 0.5]),
        pmra=np.array([3.0, 0.0, np.nan]),
        pmdec=np.array([4.0, -1.0, 0.0]),
    )
    np.testing.assert_allclose(column(table, "absolute_g"), [10.0, 0.0, np.nan], atol=1e-6)
    np.testing.assert_allclose(column(table, "parallax_over_error"), [200.0, -2.0, np.nan])
    np.testing.assert_allclose(column(table, "pm"), [5.0, 1.0, np.nan])


def test_stored_columns_win_where_they_mean_the_same():
    one = np.ones(1)
    table = Table(ra=one, dec=one, l=123.0 * one, x=one, y=one, R=17.0 * one)
    assert column(table, "l")[0] == 123.0
    assert column(table, "R")[0] == pytest.approx(np.sqrt(2))  # not the table's magnitude R


def test_every_derived_column_has_a_unit_that_parses_and_a_description():
    for ways in DERIVED.values():
        for way in ways:
            u.Unit(way.unit)
            assert way.description


def test_only_what_can_be_derived_is_offered(stars):
    assert {"R", "v_phi", "l"} <= set(available(stars))
    assert "absolute_g" not in available(stars)
    with pytest.raises(UserError, match="cannot be derived") as caught:
        column(stars, "absolute_g")
    assert "phot_g_mean_mag" in caught.value.hint


def test_columns_longer_than_a_block_are_complete():
    values = np.arange(600_000, dtype=np.float32)
    table = Table(x=values, y=np.zeros_like(values))
    np.testing.assert_array_equal(column(table, "R"), values)


def test_cache_keeps_by_content_and_is_read_only():
    first = Stored("content", x=np.ones(3), y=np.ones(3))
    derived = column(first, "R")
    assert column(first, "R") is derived
    again = Stored("content", x=np.ones(3), y=np.ones(3))
    assert column(again, "R") is derived
    assert again.reads == 0
    other = Stored("other content", x=np.zeros(3), y=np.ones(3))
    assert column(other, "R")[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        derived[0] = 0.0


def test_cache_is_bounded_and_drops_the_oldest():
    cache = ColumnCache(max_bytes=100)
    made = []

    def make(size):
        made.append(size)
        return np.zeros(size, dtype=np.uint8)

    cache.get(("a",), lambda: make(40))
    cache.get(("b",), lambda: make(40))
    cache.get(("a",), lambda: make(0))  # used again: b is now the oldest
    cache.get(("c",), lambda: make(40))
    assert cache.n_bytes == 80
    assert cache.get(("a",), lambda: make(0)).size == 40
    assert cache.get(("b",), lambda: make(41)).size == 41
    assert cache.get(("too large",), lambda: make(101)).size == 101
    assert cache.n_bytes <= 100
    assert made == [40, 40, 40, 41, 101]


def test_cache_serves_threads():
    table = Stored("threads", x=np.ones(1000), y=np.ones(1000))
    seen = []
    threads = [
        threading.Thread(target=lambda: seen.append(column(table, "R").sum())) for _ in "1234"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [pytest.approx(1000 * np.sqrt(2))] * 4
