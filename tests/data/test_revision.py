"""New versions of a catalogue, against ingesting a table that says the same."""

import numpy as np
import pytest

from data.catalogue.ingest import ingest_arrays
from data.catalogue.revision import FROM_PARALLAX, distance_choices, revise
from data.catalogue.schema import CARTESIAN
from data.columns.covariance import cartesian_covariance
from data.errors import UserError
from data.frames import to_galactocentric

PLACES = ("distance", *CARTESIAN, "has_6d", "not_6d_reason")


def columns(n=300, seed=1):
    rng = np.random.default_rng(seed)
    parallax = rng.uniform(0.2, 3, n)
    parallax[:2] = [-0.2, np.nan]
    estimate = 1000.0 / np.abs(parallax) * rng.uniform(0.9, 1.1, n)
    estimate[2:5] = [np.nan, -1.0, 0.0]
    return {
        "source_id": 10**18 + rng.permutation(n),
        "ra": rng.uniform(0, 360, n),
        "dec": rng.uniform(-80, 80, n),
        "parallax": parallax,
        "pmra": rng.normal(0, 5, n),
        "pmdec": rng.normal(0, 5, n),
        "radial_velocity": rng.normal(0, 40, n),
        "r_med_photogeo": estimate,
        "label": np.arange(n) % 7,
    }


def ingested(home, table, **options):
    return ingest_arrays(table, home, name="stars", kind="astrometry", provenance={}, **options)


@pytest.mark.parametrize("sun", [None, (8.3, 0.0, 0.025)])
def test_other_distances_are_those_of_an_ingest(tmp_path, sun):
    from data.frames import SolarParameters

    solar = SolarParameters(position=sun) if sun else SolarParameters()
    table = columns()
    plain = ingested(tmp_path, table, sun=solar)
    wanted = ingested(tmp_path, table, sun=solar, distance="r_med_photogeo")
    revised = revise(plain, tmp_path, distance="r_med_photogeo")
    assert revised.manifest.origin_of_distance == "r_med_photogeo"
    for name in PLACES[1:]:
        if name == "not_6d_reason" or name == "has_6d":
            np.testing.assert_array_equal(revised.column(name), wanted.column(name))
        else:  # the stored estimate is of single precision
            np.testing.assert_allclose(
                revised.column(name), wanted.column(name), rtol=3e-6, atol=3e-4, err_msg=name
            )
    assert revised.manifest.not_6d == wanted.manifest.not_6d
    assert revised.manifest.with_6d == wanted.manifest.with_6d
    back = revise(revised, tmp_path, distance=FROM_PARALLAX)
    for name in PLACES:
        np.testing.assert_array_equal(back.column(name), plain.column(name), err_msg=name)


def test_columns_that_stay_are_shared_and_outlive_the_old_version(tmp_path):
    from data.catalogue.store import CatalogueStore

    plain = ingested(tmp_path, columns())
    revised = revise(plain, tmp_path, distance="r_med_photogeo", name="other")
    old, new = (c.path / "columns" / c.columns["ra"].file for c in (plain, revised))
    assert old.stat().st_ino == new.stat().st_ino
    expected = plain.column("label").copy()
    CatalogueStore(tmp_path).delete(plain.id)
    again = CatalogueStore(tmp_path).open("other")
    np.testing.assert_array_equal(again.column("label"), expected)


def test_the_same_version_twice_is_noticed(tmp_path):
    plain = ingested(tmp_path, columns())
    first = revise(plain, tmp_path, distance="r_med_photogeo")
    second = revise(plain, tmp_path, distance="r_med_photogeo")
    assert second.already_there
    assert second.id == first.id
    assert not list((tmp_path / "catalogues").glob(".new-*"))


def test_a_table_with_a_column_called_distance(tmp_path):
    table = columns()
    table["distance"] = table.pop("r_med_photogeo") / 1000.0
    measured = ingested(tmp_path, table, distance="distance")
    geometric = revise(measured, tmp_path, distance=FROM_PARALLAX)
    np.testing.assert_array_equal(geometric.column("distance_table"), measured.column("distance"))
    assert "distance_table" in distance_choices(geometric.manifest)
    back = revise(geometric, tmp_path, distance="distance_table")
    for name in CARTESIAN:
        np.testing.assert_allclose(
            back.column(name), measured.column(name), rtol=1e-5, atol=1e-3, err_msg=name
        )


def test_choices(tmp_path):
    plain = ingested(tmp_path, columns())
    assert distance_choices(plain.manifest) == [FROM_PARALLAX, "r_med_photogeo"]
    revised = revise(plain, tmp_path, distance="r_med_photogeo")
    assert distance_choices(revised.manifest) == ["r_med_photogeo", FROM_PARALLAX]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"distance": "nowhere"}, "no distance column nowhere"),
        ({"distance": "x"}, "no distance column"),
        ({"distance": "ra"}, "cannot be converted"),
        ({"distance": FROM_PARALLAX}, "would be the same"),
        ({}, "would be the same"),
    ],
)
def test_wrong_wishes_are_a_sentence_and_leave_nothing(tmp_path, change, sentence):
    plain = ingested(tmp_path, columns())
    with pytest.raises(UserError, match=sentence):
        revise(plain, tmp_path, **change)
    assert [f.name for f in (tmp_path / "catalogues").iterdir()] == [plain.id]


def test_a_simulation_has_no_distances_to_choose(tmp_path):
    rng = np.random.default_rng(0)
    table = {n: rng.normal(size=20) for n in CARTESIAN}
    simulated = ingest_arrays(table, tmp_path, name="s", kind="simulation", provenance={})
    assert distance_choices(simulated.manifest) == []
    with pytest.raises(UserError, match="positions"):
        revise(simulated, tmp_path, distance=FROM_PARALLAX)
    assert cartesian_covariance(simulated) is None


@pytest.mark.parametrize("told", ["error", "bounds"])
def test_a_distance_with_an_error_has_a_covariance(tmp_path, told):
    """Against scatter: stars observed again and again within their errors."""
    table = columns(12, seed=4)
    table["parallax"] = np.linspace(0.3, 2, 12)
    table["r_med_photogeo"] = distance = np.linspace(500.0, 3000.0, 12)
    sigma = 0.04 * distance
    errors = {"pmra": 0.05, "pmdec": 0.03, "radial_velocity": 0.8}
    table |= {f"{n}_error": np.full(12, e) for n, e in errors.items()}
    table["pmra_pmdec_corr"] = np.full(12, 0.6)
    table["parallax_pmra_corr"] = np.full(12, 0.9)  # of a parallax that is not used
    table["parallax_error"] = np.full(12, 0.02)
    if told == "error":
        table["r_med_photogeo_error"] = sigma
    else:
        table |= {"r_lo_photogeo": distance - 1.2 * sigma, "r_hi_photogeo": distance + 0.8 * sigma}
    catalogue = revise(ingested(tmp_path, table), tmp_path, distance="r_med_photogeo")
    found = cartesian_covariance(catalogue)
    assert found is not None

    rng = np.random.default_rng(7)
    n = 40_000
    motion = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], n) * [0.05, 0.03]
    for star in (0, 6, 11):
        x, v = to_galactocentric(
            *(np.full(n, table[name][star]) for name in ("ra", "dec")),
            distance=(distance[star] + sigma[star] * rng.standard_normal(n)) / 1e3,
            pmra=table["pmra"][star] + motion[:, 0],
            pmdec=table["pmdec"][star] + motion[:, 1],
            radial_velocity=table["radial_velocity"][star] + 0.8 * rng.standard_normal(n),
            sun=catalogue.manifest.sun,
        )
        scatter = np.cov(np.hstack([x, v]).T)
        scale = np.sqrt(np.outer(np.diag(scatter), np.diag(scatter)))
        np.testing.assert_allclose(found[star] / scale, scatter / scale, atol=0.03)


def test_a_distance_without_an_error_has_none(tmp_path):
    plain = ingested(tmp_path, columns())
    assert cartesian_covariance(revise(plain, tmp_path, distance="r_med_photogeo")) is None
