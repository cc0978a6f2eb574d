"""Remarks on implausible columns, and silence on clean ones."""

import numpy as np
import pytest
from astropy.table import Table

from data.catalogue.ingest import ingest, ingest_arrays, summary
from data.catalogue.joining import join
from data.catalogue.manifest import Manifest
from data.catalogue.revision import revise
from data.frames import to_galactocentric
from data.mocks.galaxy import make_galaxy
from data.mocks.spherical_stars import make_spherical
from data.mocks.streams.patch import make_stream
from data.population.population import make_population, remarks_on
from data.selection import parse

N = 400


def sky(seed=2):
    rng = np.random.default_rng(seed)
    parallax = rng.uniform(0.4, 3, N)
    return {
        "source_id": 4_295_806_720_123_456_789 + np.arange(N),
        "ra": rng.uniform(0, 360, N),
        "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, N))),
        "parallax": parallax,
        "pmra": rng.normal(0, 30, N) * parallax / 4.74,
        "pmdec": rng.normal(0, 30, N) * parallax / 4.74,
        "radial_velocity": rng.normal(0, 40, N),
        "parallax_error": rng.uniform(0.02, 0.1, N),
        "pmra_error": rng.uniform(0.02, 0.1, N),
        "pmdec_error": rng.uniform(0.02, 0.1, N),
        "radial_velocity_error": np.full(N, 0.5),
        "phot_g_mean_mag": np.round(rng.uniform(8, 14, N), 2),
    }


def stored(tmp_path, columns, **options):
    file = tmp_path / f"stars{len(list(tmp_path.iterdir()))}.csv"
    Table(columns).write(file, format="ascii.csv")
    return ingest(file, tmp_path / "home", **options)


def codes(catalogue):
    return {(remark.column, remark.code) for remark in catalogue.manifest.remarks}


def repeated(stars):
    stars["radial_velocity"][:40] = 0.0


def hours(stars):
    stars["ra"] /= 15.0


def radians(stars):
    stars["ra"], stars["dec"] = np.radians(stars["ra"]), np.radians(stars["dec"])


def arcsec(stars):
    stars["parallax"] /= 1e3
    stars["pmra"] /= 1e3
    stars["pmdec"] /= 1e3


def slow(stars):
    stars["pmra"] /= 1e3
    stars["pmdec"] /= 1e3


def small_errors(stars):
    stars["parallax_error"] /= 1e3


def twice(stars):
    stars["pmdec"] = stars["pmra"].copy()


def fast(stars):
    stars["radial_velocity"][:40] += 3000.0


def magnitude_b(stars):
    stars["b"] = np.linspace(12, 15, N)


def label(stars):
    stars["feh"] = np.random.default_rng(0).normal(-0.5, 0.3, N)
    stars["feh"][:30] = -999.0


def without_distance(stars):
    del stars["parallax"]


def other_name(stars):
    stars["plx"] = stars.pop("parallax")


IMPLAUSIBLE = [
    (repeated, ("radial_velocity", "repeated_value")),
    (hours, ("ra", "ra_in_hours")),
    (radians, ("ra", "radians")),
    (arcsec, ("parallax", "distance_large")),
    (slow, ("pmra", "slow_stars")),
    (small_errors, ("parallax_error", "small_errors")),
    (twice, ("pmdec", "identical_columns")),
    (fast, ("radial_velocity", "fast_stars")),
    (magnitude_b, ("b", "not_galactic")),
    (label, ("feh", "placeholder_values")),
    (without_distance, ("distance", "no_distance")),
    (other_name, ("distance", "no_distance")),
]


@pytest.mark.parametrize(
    ("spoil", "expected"), IMPLAUSIBLE, ids=lambda v: getattr(v, "__name__", "")
)
def test_implausible_columns_are_remarked_on(tmp_path, spoil, expected):
    stars = sky()
    spoil(stars)
    catalogue = stored(tmp_path, stars)
    assert catalogue.n_rows == N  # nothing is dropped for it
    assert codes(catalogue) == {expected}
    told = summary(catalogue)["remarks"]
    assert told[0]["sentence"].endswith((".", "?", ")."))
    assert Manifest.read(catalogue.path).remarks == catalogue.manifest.remarks


def test_distances_in_parsec(tmp_path):
    stars = sky()
    stars["dist"] = 1e3 / stars["parallax"]
    catalogue = stored(tmp_path, stars, distance="dist")
    assert codes(catalogue) >= {("dist", "distance_large")}
    assert "381" not in str(catalogue.manifest.remarks)
    assert stored(tmp_path, stars, distance="dist", units={"dist": "pc"}).manifest.remarks == ()


@pytest.mark.parametrize("name", ["rgeo", "RPGEO", "r_est", "R_MED_PHOTOGEO"])
def test_published_distances_are_in_parsec(tmp_path, name):
    stars = sky()
    stars[name] = 1e3 / stars["parallax"]
    catalogue = stored(tmp_path, stars, distance=name)
    np.testing.assert_allclose(catalogue.column("distance"), 1 / stars["parallax"], rtol=1e-6)
    assert catalogue.manifest.remarks == ()


def test_an_error_of_the_column_that_was_replaced(tmp_path):
    stars = sky()
    stars["rv2"] = stars["radial_velocity"] + 1.0
    catalogue = stored(tmp_path, stars, column_map={"radial_velocity": "rv2"})
    assert codes(catalogue) == {("radial_velocity_error", "error_of_another_column")}
    stars["e_rv2"] = np.full(N, 0.7)
    names = {"radial_velocity": "rv2", "radial_velocity_error": "e_rv2"}
    assert stored(tmp_path, stars, column_map=names).manifest.remarks == ()


@pytest.mark.parametrize("small_patch", [False, True])
def test_clean_stars_have_none(tmp_path, small_patch):
    stars = sky()
    if small_patch:  # 10 degrees near the vernal equinox look like hours to a careless test
        stars["ra"], stars["dec"] = 5 + stars["ra"] / 36, stars["dec"] / 18
    assert stored(tmp_path, stars).manifest.remarks == ()


def test_mocks_have_none(tmp_path):
    made = [
        make_galaxy(tmp_path, stars=5000, seed=1),
        make_galaxy(tmp_path, stars=5000, seed=1, errors=True),
        make_spherical(tmp_path, stars=3000, seed=0),
        make_stream(tmp_path, stars=5000, seed=0),
    ]
    assert [catalogue.manifest.remarks for catalogue in made] == [()] * 4


@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_simulations_have_none(tmp_path, scale):
    values = np.random.default_rng(6).normal(0, 5 * scale, (6, N))
    columns = dict(zip(("x", "y", "z", "vx", "vy", "vz"), values, strict=True))
    assert stored(tmp_path, columns).manifest.remarks == ()


def test_a_simulation_in_another_frame(tmp_path):
    stars = sky()
    x, v = to_galactocentric(
        stars["ra"], stars["dec"], 1 / stars["parallax"], stars["pmra"], stars["pmdec"],
        stars["radial_velocity"],
    )  # fmt: skip
    names = ("x", "y", "z", "vx", "vy", "vz")
    columns = stars | dict(zip(names, np.concatenate([x, v], 1).T, strict=True))
    assert stored(tmp_path, columns, kind="simulation").manifest.remarks == ()
    columns["x"] = -columns["x"]
    assert ("x", "other_frame") in codes(stored(tmp_path, columns, kind="simulation"))
    both = stored(tmp_path, columns)  # parallaxes decide
    assert both.manifest.kind == "astrometry"
    assert "x, y, z" in both.manifest.kind_reason


def test_a_population_carries_the_remarks_on_its_columns(tmp_path):
    rng = np.random.default_rng(1)
    stars = {name: np.tile(values, 5) for name, values in sky().items()}
    stars["source_id"] = np.arange(5 * N) + 1_000_000_000_000
    stars["parallax"] = stars["parallax"] + rng.uniform(0, 0.1, 5 * N)
    stars["radial_velocity"][:99] = -9999.0
    stars["feh"] = rng.normal(-0.5, 0.3, 5 * N)
    stars["feh"][:100] = -999.0
    catalogue = ingest_arrays(stars, tmp_path, name="s", kind="astrometry", provenance={})
    population = make_population(catalogue)
    assert [r.code for r in population.remarks] == ["placeholder"]
    cut = parse("feh > -1")
    assert {r.column for r in remarks_on(catalogue, cut)} == {"radial_velocity", "feh"}


def test_new_versions_have_their_own(tmp_path):
    stars = sky()
    stars["d"] = 1e3 / stars["parallax"]
    stars["d"][:5] = -9999.0
    catalogue = stored(tmp_path, stars)
    moved = revise(catalogue, tmp_path / "home", distance="d")
    assert ("d", "distance_large") in codes(moved)
    assert ("distance", "placeholder") in codes(moved)
    assert moved.manifest.not_6d == {"no distance": 5}
    back = revise(moved, tmp_path / "home", distance="1/parallax", name="back")
    assert not {code for _, code in codes(back)} & {"distance_large", "placeholder"}


def test_a_join_means_what_an_ingest_means(tmp_path):
    stars = sky()
    whole = stored(tmp_path, stars)
    base = {n: v for n, v in stars.items() if not n.startswith(("radial", "parallax_e"))}
    catalogue = stored(tmp_path, base)
    file = tmp_path / "more.fits"
    more = Table({"SOURCE_ID": stars["source_id"],
                  "RADIAL_VELOCITY": stars["radial_velocity"] * 1e3,
                  "PARALLAX_ERROR": stars["parallax_error"] / 1e3})  # fmt: skip
    more["RADIAL_VELOCITY"].unit, more["PARALLAX_ERROR"].unit = "m / s", "arcsec"
    more["RADIAL_VELOCITY"][3] = 1e30
    more.write(file)
    joined = join(catalogue, file, tmp_path / "home").catalogue
    assert joined.manifest.with_6d == N - 1
    assert joined.manifest.not_6d == {"no radial velocity": 1}
    for name in ("radial_velocity", "parallax_error", "vx", "vz"):
        expected = np.array(whole.column(name))
        expected[3] = np.nan if name != "parallax_error" else expected[3]
        assert joined.column(name).dtype == expected.dtype
        np.testing.assert_allclose(joined.column(name), expected, rtol=1e-5, atol=1e-3)
    assert joined.columns["parallax_error"].read_unit == "arcsec"
    assert ("radial_velocity", "placeholder") in codes(joined)


def test_a_joined_parallax_gives_distances(tmp_path):
    stars = sky()
    whole = stored(tmp_path, stars)
    catalogue = stored(tmp_path, {n: v for n, v in stars.items() if n != "parallax"})
    assert catalogue.manifest.origin_of_distance == "none"
    file = tmp_path / "plx.csv"
    Table({"source_id": stars["source_id"], "plx": stars["parallax"]}).write(file)
    joined = join(catalogue, file, tmp_path / "home", columns={"parallax": "plx"}).catalogue
    assert joined.manifest.with_6d == N
    assert joined.manifest.origin_of_distance == "1/parallax"
    np.testing.assert_array_equal(joined.column("vy"), whole.column("vy"))
    assert joined.manifest.remarks == ()


def test_long_integers_with_missing_values_are_joined(tmp_path):
    stars = sky()
    catalogue = stored(tmp_path, stars)
    file = tmp_path / "dr2.csv"
    dr2 = [f"{4_295_806_720_123_000_001 + i}" if i % 3 else "" for i in range(N - 10)]
    Table({"source_id": stars["source_id"][:-10], "dr2": dr2}).write(file)
    joined = join(catalogue, file, tmp_path / "home").catalogue
    column = joined.columns["dr2"]
    assert (column.dtype, column.missing) == ("int64", -(2**63))
    expected = [int(text) if text else column.missing for text in dr2] + [column.missing] * 10
    np.testing.assert_array_equal(joined.column("dr2"), expected)


@pytest.mark.parametrize(("file", "name"), [
    ("gaia.dr3.sample.csv", "gaia.dr3.sample"), ("v1.2.csv.gz", "v1.2"), ("plain.csv", "plain"),
])  # fmt: skip
def test_a_catalogue_is_called_after_its_file(tmp_path, file, name):
    import gzip

    plain = tmp_path / "any.csv"
    Table(sky()).write(plain, format="ascii.csv")
    text = plain.read_bytes()
    (tmp_path / file).write_bytes(gzip.compress(text) if file.endswith("gz") else text)
    assert ingest(tmp_path / file, tmp_path / "home").name == name
