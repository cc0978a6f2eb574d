"""The store: what is mapped, what is atomic, and who wins."""

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

import data.catalogue.writing
from data.catalogue.ingest import ingest, ingest_arrays, summary
from data.catalogue.store import Catalogue, CatalogueStore
from data.errors import UserError
from data.home import home as home_folder

CARTESIAN = ("x", "y", "z", "vx", "vy", "vz")


def simulation(seed=0, n=30):
    x = np.random.default_rng(seed).normal(size=(6, n))
    return dict(zip(CARTESIAN, x, strict=True))


def stored(home, seed=0, name="galaxy", **options):
    return ingest_arrays(
        simulation(seed), home, name=name, kind="simulation", provenance={"seed": seed}, **options
    )


def contents(home):
    return sorted(str(p.relative_to(home)) for p in home.rglob("*"))


def test_columns_are_mapped_and_cannot_be_written(tmp_path):
    column = stored(tmp_path).column("x")
    assert not column.flags.writeable
    assert column.flags.c_contiguous
    assert column.base is not None
    before = pa.total_allocated_bytes()
    large = ingest_arrays(
        simulation(n=200_000), tmp_path, name="large", kind="simulation", provenance={}
    )
    mapped = [Catalogue(large.path).column(name) for name in CARTESIAN]
    assert sum(c.nbytes for c in mapped) == 200_000 * 24
    assert pa.total_allocated_bytes() - before < 100_000


def test_opening_touches_no_column(tmp_path):
    catalogue = stored(tmp_path)
    shutil.rmtree(catalogue.path / "columns")
    again = CatalogueStore(tmp_path).open(catalogue.id)
    assert again.n_rows == 30
    with pytest.raises(UserError, match=r"column x of the catalogue galaxy-\w+ is damaged"):
        again.column("x")


def test_a_shortened_column_is_noticed(tmp_path):
    catalogue = stored(tmp_path)
    path = catalogue.path / "columns" / catalogue.columns["y"].file
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UserError, match="damaged"):
        catalogue.column("y")


def test_an_unknown_column_is_named(tmp_path):
    with pytest.raises(UserError, match="no column metallicity") as caught:
        stored(tmp_path).column("metallicity")
    assert "vx" in caught.value.hint


def test_the_same_content_is_stored_once(tmp_path):
    first = stored(tmp_path)
    before = contents(tmp_path)
    words = []
    again = stored(tmp_path, progress=lambda fraction, word: words.append((fraction, word)))
    assert (again.id, again.already_there, first.already_there) == (first.id, True, False)
    assert contents(tmp_path) == before
    assert words[-1] == (1.0, "already in the store")
    assert [fraction for fraction, _ in words] == sorted(fraction for fraction, _ in words)


def test_one_name_for_two_contents(tmp_path):
    first, second = stored(tmp_path, 1), stored(tmp_path, 2)
    assert first.id != second.id
    store = CatalogueStore(tmp_path)
    assert {m.id for m in store.list()} == {first.id, second.id}
    with pytest.raises(UserError, match="2 catalogues are named galaxy") as caught:
        store.open("galaxy")
    assert first.id in caught.value.hint
    assert second.id in caught.value.hint
    store.delete(first.id)
    assert store.open("galaxy").id == second.id


def test_the_truth_makes_another_catalogue(tmp_path):
    plain, true = stored(tmp_path), stored(tmp_path, truth={"potential": "A"})
    assert plain.truth_path is None
    assert json.loads(true.truth_path.read_text()) == {"potential": "A"}
    assert plain.id != true.id


def test_unknown_catalogues_are_answered_with_what_is_there(tmp_path):
    store = CatalogueStore(tmp_path)
    with pytest.raises(UserError, match="Catalogue gaia not found") as caught:
        store.open("gaia")
    assert "no catalogue yet" in caught.value.hint
    catalogue = stored(tmp_path)
    for wrong in ("gaia", "../catalogues", "..", "", ".", f"{catalogue.id}/columns"):
        with pytest.raises(UserError, match="not found") as caught:
            store.open(wrong)
        assert catalogue.id in caught.value.hint
        with pytest.raises(UserError):
            store.delete(wrong)


def test_deleting_leaves_the_others(tmp_path):
    first, second = stored(tmp_path, 1), stored(tmp_path, 2)
    mapped = first.column("x")
    CatalogueStore(tmp_path).delete(first.id)
    assert [p.name for p in (tmp_path / "catalogues").iterdir()] == [second.id]
    assert np.isfinite(mapped).all()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', "null"])
def test_a_damaged_manifest_hides_no_other(tmp_path, text):
    first, second = stored(tmp_path, 1), stored(tmp_path, 2)
    (first.path / "manifest.json").write_text(text)
    store = CatalogueStore(tmp_path)
    assert [m.id for m in store.list()] == [second.id]
    with pytest.raises(UserError, match="damaged"):
        store.open(first.id)


def test_a_manifest_of_another_version_says_so(tmp_path):
    catalogue = stored(tmp_path)
    path = catalogue.path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 99}))
    with pytest.raises(UserError, match="another version"):
        CatalogueStore(tmp_path).open(catalogue.id)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..", ".hidden", "a/b", "Ω Cen", "x" * 500, "", "<b>", "nul\0\n"]
)
def test_no_name_leads_out_of_the_store(tmp_path, name):
    home = tmp_path / "home"
    catalogue = stored(home, name=name)
    assert catalogue.path.parent == home / "catalogues"
    assert len(catalogue.id) <= 64
    assert CatalogueStore(home).open(catalogue.id).n_rows == 30
    assert len(catalogue.name) <= 100


def test_column_names_lead_nowhere_and_do_not_collide(tmp_path):
    odd = {"../up": 1.0, "a/b": 2.0, "Feh": 3.0, "feh": 4.0, "": 5.0, "ü" * 100: 6.0}
    columns = simulation() | {name: np.full(30, value) for name, value in odd.items()}
    catalogue = ingest_arrays(columns, tmp_path, name="odd", kind="simulation", provenance={})
    for name, value in odd.items():
        assert catalogue.column(name)[0] == value
    files = [column.file.lower() for column in catalogue.columns.values()]
    assert len(set(files)) == len(files)
    assert {p.name.lower() for p in (catalogue.path / "columns").iterdir()} == set(files)


def test_columns_that_ingest_makes_are_not_overwritten(tmp_path):
    rng = np.random.default_rng(1)
    names = ("ra", "dec", "parallax", "pmra", "pmdec", "radial_velocity")
    columns = {name: rng.uniform(1, 2, 20) for name in names} | {"z": np.full(20, 0.5)}
    catalogue = ingest_arrays(columns, tmp_path, name="z", kind="astrometry", provenance={})
    assert (catalogue.column("z_table") == 0.5).all()
    assert not (catalogue.column("z") == 0.5).any()


def test_both_kinds_of_columns_mean_astrometry_unless_said_otherwise(tables, tmp_path, home):
    table = tables.star_table()
    for name in CARTESIAN:
        table[name] = np.arange(60.0)
    path = tables.write(table, "parquet", tmp_path)
    assert ingest(path, home).manifest.kind == "astrometry"
    simulated = ingest(path, home, kind="simulation")
    assert simulated.manifest.kind == "simulation"
    np.testing.assert_array_equal(simulated.column("x"), np.arange(60.0))
    assert simulated.column("source_id")[0] == tables.FIRST_ID


def test_a_distance_column_replaces_the_parallax(tables, tmp_path, home):
    table = tables.star_table()
    table["r_med_geo"] = 1000.0 / np.asarray(table["parallax"])
    table["r_med_geo"][8] = np.nan
    table["r_med_geo"][9] = -1.0
    path = tables.write(table, "csv", tmp_path)
    usual, other = ingest(path, home), ingest(path, home, distance="r_med_geo")
    assert (usual.manifest.origin_of_distance, other.manifest.origin_of_distance) == (
        "1/parallax",
        "r_med_geo",
    )
    assert other.manifest.not_6d == {
        "no distance": 2,
        "distance not positive": 2,
        "no radial velocity": 1,
    }
    np.testing.assert_allclose(other.column("x")[10:], usual.column("x")[10:], rtol=1e-5)
    table.remove_column("parallax")
    table.rename_column("r_med_geo", "distance")
    table["distance"] = table["distance"] / 1000.0
    alone = ingest(tables.write(table, "csv", tmp_path), home)
    assert alone.manifest.origin_of_distance == "distance"
    np.testing.assert_allclose(alone.column("x")[10:], usual.column("x")[10:], rtol=1e-5)


def test_extra_numbers_are_as_wide_as_they_must_be(tmp_path):
    columns = simulation() | {
        "small": np.arange(30),
        "large": np.arange(30) + (1 << 60),
        "mass": np.full(30, 2e40),
        "unsigned": np.arange(30, dtype=np.uint64),
        "flag": np.arange(30) % 2 == 0,
        "half": np.arange(30, dtype=np.float16),
        "swapped": np.arange(30, dtype=">f8"),
    }
    catalogue = ingest_arrays(columns, tmp_path, name="wide", kind="simulation", provenance={})
    found = {name: catalogue.column(name).dtype.name for name in columns if len(name) > 2}
    assert found == {
        "small": "float32",
        "large": "int64",
        "mass": "float64",
        "unsigned": "float32",
        "flag": "bool",
        "half": "float32",
        "swapped": "float32",
    }
    for name in found:
        np.testing.assert_array_equal(catalogue.column(name), columns[name])


def test_a_full_disk_is_said_beforehand(tmp_path, home, tables, monkeypatch):
    little = SimpleNamespace(free=1000)
    monkeypatch.setattr(data.catalogue.writing.shutil, "disk_usage", lambda path: little)
    before = contents(home)
    with pytest.raises(UserError, match="GB left"):
        ingest(tables.write(tables.star_table(), "parquet", tmp_path), home)
    assert contents(home) == before


def test_a_disk_that_fills_up_leaves_nothing(tmp_path, home, tables, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(data.catalogue.writing, "write_column", full)
    before = contents(home)
    with pytest.raises(UserError, match="No space left on device"):
        ingest(tables.write(tables.star_table(), "parquet", tmp_path), home)
    assert contents(home) == before


def test_an_interrupted_ingest_leaves_nothing(tmp_path, home, tables):
    def stop(fraction, word):
        if word == "storing":
            raise KeyboardInterrupt

    before = contents(home)
    with pytest.raises(KeyboardInterrupt):
        ingest(tables.write(tables.star_table(), "parquet", tmp_path), home, progress=stop)
    assert contents(home) == before


def test_what_a_killed_ingest_left_is_swept_away_when_it_is_old(tmp_path):
    store = CatalogueStore(tmp_path)
    old, young = store.temporary(), store.temporary()
    past = time.time() - 7 * 3600
    for path in (old, *old.rglob("*")):
        os.utime(path, (past, past))
    stored(tmp_path)
    assert not old.exists()
    assert young.exists()
    assert [m.name for m in store.list()] == ["galaxy"]


def test_two_writers_of_one_content_both_get_it(tables, tmp_path):
    path = tables.write(tables.star_table(), "parquet", tmp_path)
    home = tmp_path / "home"
    program = (
        "import json, sys; from pathlib import Path;"
        "from data.catalogue.ingest import ingest, summary;"
        f"print(json.dumps(summary(ingest({str(path)!r}, Path({str(home)!r})))))"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for _ in range(2)
    ]
    said = [json.loads(writer.communicate()[0]) for writer in writers]
    assert all(writer.returncode == 0 for writer in writers)
    assert said[0] == said[1]
    assert [p.name for p in (home / "catalogues").iterdir()] == [said[0]["catalogue"]]


def test_the_home_is_chosen_in_order(tmp_path, monkeypatch):
    monkeypatch.setenv("VIA_OBSCURA_HOME", str(tmp_path / "environment"))
    assert home_folder() == tmp_path / "environment"
    assert home_folder(tmp_path / "asked") == tmp_path / "asked"
    monkeypatch.delenv("VIA_OBSCURA_HOME")
    assert home_folder().name == "via-obscura"
    assert not (tmp_path / "asked").exists()


class TestTrialTables:
    """Real tables; see the README for where they come from."""

    def test_a_table_as_the_gaia_archive_writes_it(self, trial_data, tmp_path):
        catalogue = ingest(trial_data / "gaia-dr3-archive-schema.fits", tmp_path)
        said = summary(catalogue)
        assert said["rows"] == 1000
        assert said["dropped"] == {}
        assert said["with_6d"] == 23
        assert sum(said["not_6d"].values()) == 977
        six = ("ra", "dec", "parallax", "pmra", "pmdec", "radial_velocity")
        measured = np.isfinite([catalogue.column(name) for name in six]).all(axis=0)
        assert measured.sum() == 24
        assert catalogue.columns["parallax"].unit_origin == "stated"
        assert "designation" in catalogue.manifest.skipped

    def test_stars_in_the_plane(self, trial_data, tmp_path):
        catalogue = ingest(trial_data / "gaia-dr3-6d-inplane.parquet", tmp_path)
        assert summary(catalogue)["with_6d"] == 144_000
        assert (catalogue.column("distance") < 4).sum() == 143_567
        assert (catalogue.column("distance") < 1).sum() == 102_001
        assert np.median(catalogue.column("vy")) == pytest.approx(-225, abs=15)

    def test_a_stream_field(self, trial_data, tmp_path):
        catalogue = ingest(trial_data / "gd1-field-gaia-dr2.csv", tmp_path)
        assert catalogue.n_rows == 13_976
        assert catalogue.column("gd1_member").sum() == 663
        assert catalogue.column("source_id")[0] == 635559124339440000

    def test_a_table_with_other_names(self, trial_data, tmp_path):
        path = trial_data / "sculptor-members-tolstoy23.csv"
        with pytest.raises(UserError, match="lacks the columns ra, dec, needed"):
            ingest(path, tmp_path)
        names = {
            "source_id": "GaiaDR3Id",
            "ra": "Gaia-RA",
            "dec": "Gaia-DEC",
            "parallax": "plx",
            "radial_velocity": "aveVel",
        }
        catalogue = ingest(path, tmp_path, column_map=names)
        manifest = catalogue.manifest
        assert manifest.rows + sum(manifest.dropped.values()) == 1701
        assert np.median(catalogue.column("radial_velocity")) == pytest.approx(111, abs=3)
