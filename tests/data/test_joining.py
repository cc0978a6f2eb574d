"""Joining a table by identifier, against a dictionary."""

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

from data.catalogue.ingest import ingest_arrays
from data.catalogue.joining import join
from data.errors import UserError

N = 500


@pytest.fixture
def stars(tmp_path):
    rng = np.random.default_rng(5)
    table = {
        # Gaia's identifiers have more digits than a double holds: neighbours must not be mixed up
        "source_id": 4_295_806_720_123_456_789 + rng.permutation(2 * N)[:N],
        "ra": rng.uniform(0, 360, N),
        "dec": rng.uniform(-80, 80, N),
        "parallax": rng.uniform(0.2, 3, N),
        "pmra": rng.normal(0, 5, N),
        "pmdec": rng.normal(0, 5, N),
        "radial_velocity": rng.normal(0, 40, N),
    }
    home = tmp_path / "home"
    return ingest_arrays(table, home, name="stars", kind="astrometry", provenance={}), home


def second(ids, seed=6):
    """Give a table: most of the stars in another order, some twice, some of other stars."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(np.concatenate([ids[:400], ids[:50], np.arange(30) + 77]))
    n = len(chosen)
    missing = rng.uniform(size=n) < 0.2
    return Table(
        {
            "SOURCE_ID": chosen,
            "feh": rng.normal(-0.5, 0.4, n),
            "label": MaskedColumn(rng.integers(0, 9, n), mask=missing),
            "ra": rng.uniform(0, 360, n),
            "cluster": [f"NGC {i}" for i in range(n)],
            "dist_sb": rng.uniform(100, 5000, n),
        }
    )


@pytest.mark.parametrize("form", [".fits", ".csv", ".parquet"])
def test_against_a_dictionary(stars, tmp_path, form):
    catalogue, home = stars
    ids = catalogue.column("source_id")
    table = second(ids)
    file = tmp_path / f"labels{form}"
    table.write(file, format={".fits": "fits", ".csv": "ascii.csv", ".parquet": "parquet"}[form])
    result = join(catalogue, file, home)
    first = {}
    for row in table:
        first.setdefault(int(row["SOURCE_ID"]), row)
    for name in ("feh", "label"):
        rows = [first.get(int(i)) for i in ids]
        wanted = [
            np.nan if r is None or np.ma.is_masked(r[name]) else float(r[name]) for r in rows
        ]
        np.testing.assert_allclose(result.catalogue.column(name), wanted, rtol=1e-6)
    counts = result.counts
    assert (counts.matched, counts.unmatched) == (400, 100)
    assert (counts.duplicates, counts.elsewhere, counts.no_numbers) == (50, 30, 0)
    assert result.columns == ["feh", "label", "dist_sb"]
    assert result.skipped == {"ra": "the catalogue has a column of this name", "cluster": "text"}
    np.testing.assert_array_equal(result.catalogue.column("source_id"), ids)
    assert result.catalogue.manifest.with_6d == catalogue.manifest.with_6d
    told = result.catalogue.manifest.provenance["revised"][0]
    assert told["matched"] == 400
    assert told["of"] == catalogue.id


def test_many_chunks_are_one(stars, tmp_path, monkeypatch):
    catalogue, home = stars
    file = tmp_path / "labels.fits"
    second(catalogue.column("source_id")).write(file)
    whole = join(catalogue, file, home)
    monkeypatch.setattr("data.catalogue.join_table._ROWS", 7)
    pieces = join(catalogue, file, home)
    assert pieces.counts == whole.counts
    assert pieces.catalogue.already_there
    assert pieces.catalogue.id == whole.catalogue.id


def test_a_joined_distance_can_be_the_distance(stars, tmp_path):
    catalogue, home = stars
    file = tmp_path / "distances.fits"
    second(catalogue.column("source_id")).write(file)
    result = join(catalogue, file, home, columns={"d": "dist_sb"}, units={"d": "pc"}, distance="d")
    joined = result.catalogue
    np.testing.assert_allclose(joined.column("distance"), joined.column("d") / 1e3, rtol=1e-6)
    assert joined.manifest.origin_of_distance == "d"
    assert joined.manifest.not_6d == {"no distance": 100}


def test_columns_by_name_may_stand_beside_old_ones(stars, tmp_path):
    catalogue, home = stars
    file = tmp_path / "labels.csv"
    second(catalogue.column("source_id")).write(file, format="ascii.csv")
    result = join(catalogue, file, home, columns={"ra_2": "RA"}, name="both")
    assert result.columns == ["ra_2"]
    assert result.catalogue.name == "both"
    with pytest.raises(UserError, match="a column ra already"):
        join(catalogue, file, home, columns={"ra": "ra"})
    with pytest.raises(UserError, match="no column metals"):
        join(catalogue, file, home, columns={"m": "metals"})


def test_cells_without_numbers_are_counted(stars, tmp_path):
    catalogue, home = stars
    ids = catalogue.column("source_id")[:4]
    file = tmp_path / "bad.csv"
    file.write_text("source_id,feh\n" + "\n".join(
        f"{i},{v}" for i, v in zip(ids, ["-0.5", "poor", "inf", "0.1"], strict=True)))  # fmt: skip
    result = join(catalogue, file, home)
    assert result.counts.no_numbers == 2
    np.testing.assert_allclose(result.catalogue.column("feh")[:4], [-0.5, np.nan, np.nan, 0.1])


def test_strangers_and_damaged_identifiers_are_refused(stars, tmp_path):
    catalogue, home = stars
    file = tmp_path / "other.fits"
    Table({"source_id": np.arange(9), "feh": np.zeros(9)}).write(file)
    with pytest.raises(UserError, match=r"No row of other\.fits belongs"):
        join(catalogue, file, home)
    damaged = tmp_path / "damaged.fits"
    floats = catalogue.column("source_id").astype(float)
    Table({"source_id": floats, "feh": np.zeros(N)}).write(damaged)
    with pytest.raises(UserError, match="floating-point"):
        join(catalogue, damaged, home)
    Table({"id": np.arange(9)}).write(tmp_path / "none.fits")
    with pytest.raises(UserError, match="no column source_id"):
        join(catalogue, tmp_path / "none.fits", home)
    assert len(list((home / "catalogues").iterdir())) == 1
