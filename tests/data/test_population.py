"""Tracer populations: every star is accounted for, and what cannot be mapped is refused."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.catalogue.ingest import ingest, ingest_arrays
from data.errors import UserError
from data.frames import SolarParameters, from_galactocentric
from data.population.population import MIN_TRACERS, Population, Volume, make_population
from data.selection import parse

N = 4_000
SUN = SolarParameters()


def places(n=N, seed=0, radius=4.5):
    """Draw positions from a disc in a ball round the Sun, and velocities of its rotation."""
    rng = np.random.default_rng(seed)
    offset = rng.normal(size=(4 * n, 3)) * [2.0, 2.0, 0.6]
    offset = offset[np.linalg.norm(offset, axis=1) < radius][:n]
    return offset + SUN.position, rng.normal([0.0, -220.0, 0.0], 40.0, (n, 3))


def measured(n=N, seed=0):
    """Turn them into a Gaia table with errors, some without a velocity or a good parallax."""
    x, v = places(n, seed)
    table = from_galactocentric(x, v)
    del table["distance"]
    for name, error in (("parallax", 0.02), ("pmra", 0.02), ("pmdec", 0.02)):
        table[f"{name}_error"] = np.full(n, error, dtype=np.float32)
    table["radial_velocity_error"] = np.ones(n, dtype=np.float32)
    table["source_id"] = np.arange(n)
    table["radial_velocity"][::5] = np.nan
    table["parallax"][::7] *= -1.0
    table["ruwe"] = np.linspace(0.8, 2.0, n)
    return table


def simulated(home, x, v, name="simulation"):
    columns = dict(zip(("x", "y", "z", "vx", "vy", "vz"), np.hstack([x, v]).T, strict=True))
    return ingest_arrays(columns, home, name=name, kind="simulation", provenance={})


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    return ingest_arrays(measured(), home, name="stars", kind="astrometry", provenance={})


def add_up(population):
    counts = population.counts
    assert counts["selected"] == (
        sum(counts["not_6d"].values()) + counts["outside_volume"] + counts["tracers"]
    )
    return counts


def test_every_star_is_accounted_for(catalogue):
    population = make_population(catalogue)
    counts = add_up(population)
    assert counts["catalogue"] == counts["selected"] == N
    assert set(counts["not_6d"]) == {"parallax not positive", "no radial velocity"}
    assert counts["not_6d"]["parallax not positive"] >= -(-N // 7)
    assert counts["outside_volume"] > 0
    assert counts["tracers"] == len(population.rows) == len(population.x) == len(population.v)


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.floats(1.0, 2.0), st.floats(2.0, 6.0), st.booleans())
def test_counts_add_up_for_any_cut_and_volume(catalogue, ruwe, radius, inverted):
    tree = parse(f"ruwe < {ruwe}" if not inverted else f"not ruwe < {3.0 - ruwe}")
    try:
        population = make_population(catalogue, tree, Volume(SUN.position, radius))
    except UserError:
        return
    counts = add_up(population)
    values = catalogue.column("ruwe")
    kept = values < ruwe if not inverted else ~(values < 3.0 - ruwe)
    assert counts["selected"] == kept.sum()
    distance = np.linalg.norm(population.x.astype(float) - SUN.position, axis=1)
    assert distance.max() <= radius * (1 + 1e-6)


def test_coordinates_are_those_of_the_rows(catalogue):
    population = make_population(catalogue, parse("ruwe < 1.5"))
    assert isinstance(population, Population)
    assert population.x.dtype == population.v.dtype == np.float32
    assert population.rows.dtype == np.int64
    assert (np.diff(population.rows) > 0).all()
    np.testing.assert_array_equal(population.x[:, 2], catalogue.column("z")[population.rows])
    np.testing.assert_array_equal(population.v[:, 0], catalogue.column("vx")[population.rows])
    assert np.isfinite(population.x).all()
    assert np.isfinite(population.v).all()
    assert (catalogue.column("ruwe")[population.rows] < 1.5).all()
    assert population.catalogue_id == catalogue.id
    assert population.sun == catalogue.manifest.sun


def test_covariance_belongs_to_the_tracers(catalogue):
    population = make_population(catalogue)
    covariance = population.covariance()
    assert covariance.shape == (len(population.rows), 6, 6)
    # Along the line of sight the error of 1/parallax is sigma d^2.
    sight = population.x - np.array(SUN.position)
    distance = np.linalg.norm(sight, axis=1)
    sight /= distance[:, None]
    along = np.einsum("ni,nij,nj->n", sight, covariance[:, :3, :3], sight)
    np.testing.assert_allclose(np.sqrt(along), 0.02 * distance**2, rtol=1e-3)


def test_simulation_has_no_covariance_and_raises_nothing(tmp_path):
    population = make_population(simulated(tmp_path, *places(20_000)))
    assert population.covariance() is None
    assert population.warnings == []
    assert add_up(population)["not_6d"] == {}


def test_volume_can_be_given_as_stored(catalogue):
    volume = Volume(SUN.position, 2.0)
    stored = make_population(catalogue, volume=volume.to_dict())
    assert stored.volume == volume
    assert stored.counts == make_population(catalogue, volume=volume).counts


@pytest.mark.parametrize(
    "volume",
    [
        {}, {"centre": [1, 2]}, {"centre": "abc", "radius": 1}, {"centre": [0, 0, 0], "radius": 0},
        {"centre": [0, 0, 0], "radius": -1}, {"centre": [0, 0, np.nan], "radius": 1},
        {"centre": [0, 0, 0], "radius": "wide"}, {"centre": [0, 0, 0], "radius": np.inf}, [1, 2],
    ],
)  # fmt: skip
def test_bad_volume_is_refused(catalogue, volume):
    with pytest.raises(UserError, match="olume"):
        make_population(catalogue, volume=volume)


def test_another_sun_is_for_simulations_only(catalogue, tmp_path):
    other = SolarParameters(position=(8.3, 0.0, 0.0))
    with pytest.raises(UserError, match="assume the Sun"):
        make_population(catalogue, sun=other)
    population = make_population(simulated(tmp_path, *places()), sun=other)
    assert population.volume.centre == other.position


def refused(*args, **kwargs):
    with pytest.raises(UserError) as caught:
        make_population(*args, **kwargs)
    assert "\n" not in str(caught.value)
    assert not caught.value.sentence.rstrip(".").endswith(("None", "nan"))
    return caught.value


def test_the_cut_that_takes_the_last_star_is_named(catalogue):
    error = refused(catalogue, parse("ruwe < 1.5 and abs(z) > 100 and dec > 0"))
    assert "abs(z) > 100" in error.sentence
    assert refused(catalogue, parse("ruwe < 0.5 and z > 0")).sentence.startswith(
        "The cut ruwe < 0.5"
    )
    error = refused(catalogue, parse("ruwe < 1.0 and ruwe > 1.0"))
    assert "cuts before it" in error.sentence
    assert refused(catalogue, {"kind": "or", "of": []})


def test_selection_without_6d_says_why(catalogue):
    error = refused(catalogue, parse("parallax < 0"))
    assert "parallax not positive (" in error.sentence


def test_too_few_tracers_are_counted(catalogue):
    few = make_population(catalogue).counts["tracers"]
    error = refused(catalogue, volume=Volume(SUN.position, 0.8))
    number = int(error.sentence.split()[1].replace(",", ""))
    assert 0 < number < MIN_TRACERS < few


def test_ten_stars_are_too_few(tmp_path):
    error = refused(simulated(tmp_path, *places(10)))
    assert error.sentence.startswith("Only 10 tracers")


def test_volume_without_stars_says_where_the_stars_are(catalogue):
    error = refused(catalogue, volume=Volume((-8.0, 0.0, 0.0), 1.0))
    assert "No star" in error.sentence
    assert "median position is (8." in error.hint


def test_volume_whose_stars_are_all_cut_says_so(catalogue):
    error = refused(catalogue, parse("x > 9"), Volume((7.0, 0.0, 0.0), 1.0))
    assert error.sentence.startswith("None of the")
    assert "that fail the selection" in error.hint


def test_simulation_elsewhere_asks_for_a_centre(tmp_path):
    x, v = places()
    dwarf = simulated(tmp_path, (x - SUN.position) * 0.1, v, "dwarf")
    error = refused(dwarf)
    assert "centre" in error.hint
    assert make_population(dwarf, volume=Volume((0.0, 0.0, 0.0), 1.0)).counts["tracers"] == N


def test_all_parallaxes_negative(tmp_path):
    table = measured()
    table["parallax"] = -np.abs(table["parallax"])
    table["radial_velocity"] = np.zeros(N)
    stars = ingest_arrays(table, tmp_path, name="far", kind="astrometry", provenance={})
    assert "non-positive parallaxes" in refused(stars).sentence


def test_no_star_with_6d(tmp_path):
    table = measured()
    table["radial_velocity"] = np.full(N, np.nan)
    stars = ingest_arrays(table, tmp_path, name="sky", kind="astrometry", provenance={})
    error = refused(stars)
    assert "No star" in error.sentence
    assert "no radial velocity" in error.sentence


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("abs(z) < 0.5", "selection_in_position"),
        ("ruwe < 1.9 and (l < 90 or l > 120)", "selection_in_position"),
        ("parallax_over_error > 20", "selection_in_brightness"),
        ("v_phi > 220", "selection_in_velocity"),
        ("polygon(v_R, v_phi, (-150, 0), (150, 0), (0, 500))", "selection_in_velocity"),
    ],
)
def test_cuts_that_a_map_depends_on_are_reasons_for_distrust(catalogue, text, code):
    warnings = make_population(catalogue, parse(text)).warnings
    reason = next(reason for reason in warnings if reason.code == code)
    assert "removes" in reason.sentence
    assert reason.to_dict() == {"code": code, "sentence": reason.sentence}


@pytest.mark.parametrize(
    "text", ["", "ruwe < 1.5", "distance_sun < 4.1 and ruwe < 1.9", "speed < 1000"]
)
def test_harmless_cuts_are_none(catalogue, text):
    codes = {reason.code for reason in make_population(catalogue, parse(text)).warnings}
    assert not any(code.startswith("selection_") for code in codes)


def test_cut_in_luminosity_is_a_property_of_the_star(tmp_path):
    x, v = places()
    columns = dict(zip(("x", "y", "z", "vx", "vy", "vz"), np.hstack([x, v]).T, strict=True))
    distance = np.linalg.norm(x - SUN.position, axis=1)
    absolute = np.random.default_rng(0).uniform(-1.0, 2.0, N)
    columns["phot_g_mean_mag"] = absolute + 5.0 * np.log10(distance) + 10.0
    stars = ingest_arrays(columns, tmp_path, name="cmd", kind="simulation", provenance={})
    for text in ("absolute_g < 1", "phot_g_mean_mag - 5 * log10(distance) - 10 < 1"):
        population = make_population(stars, parse(text))
        assert [reason.code for reason in population.warnings] == []
    codes = {r.code for r in make_population(stars, parse("phot_g_mean_mag < 12")).warnings}
    assert {"selection_in_brightness", "incomplete"} <= codes


@pytest.mark.skipif(
    "VIA_OBSCURA_TRIAL_DATA" not in os.environ, reason="VIA_OBSCURA_TRIAL_DATA is not set"
)
def test_archive_table_has_too_few_stars_with_6d(tmp_path):
    table = Path(os.environ["VIA_OBSCURA_TRIAL_DATA"]) / "gaia-dr3-archive-schema.fits"
    error = refused(ingest(table, tmp_path))
    assert "tracers are left" in error.sentence
    assert "23 stars with 6D" in error.hint
