"""Files that are no tables, damaged files, and files that bend their format."""

import gzip
import os
import pickle
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.catalogue.identifiers import placeholder_identifiers
from data.catalogue.ingest import ingest, summary
from data.catalogue.store import CatalogueStore
from data.errors import UserError

CUT = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
HEADER = "source_id,ra,dec,parallax,pmra,pmdec,radial_velocity\n"


def contents(home):
    return sorted(str(p.relative_to(home)) for p in home.rglob("*"))


def refused(path, home, match, **options):
    before = contents(home) if home.exists() else None
    with pytest.raises(UserError, match=match) as caught:
        ingest(path, home, **options)
    assert (contents(home) if home.exists() else None) == before
    assert "\n" not in str(caught.value)
    return caught.value


def csv(folder, *lines, header=HEADER, name="stars.csv"):
    path = folder / name
    path.write_text(header + "".join(f"{line}\n" for line in lines))
    return path


class Bomb:
    """Runs when it is unpickled."""

    def __init__(self, proof):
        self.proof = str(proof)

    def __reduce__(self):
        return (os.mkdir, (self.proof,))


@pytest.mark.parametrize("suffix", [".parquet", ".fits", ".hdf5", ".vot", ".csv", ".ecsv"])
def test_a_pickle_is_refused_and_not_run(suffix, tmp_path, home):
    proof = tmp_path / "executed"
    path = tmp_path / f"stars{suffix}"
    path.write_bytes(pickle.dumps([Bomb(proof), "x" * 200]))
    refused(path, home, "stars")
    assert not proof.exists()


def test_no_such_file(tmp_path, home):
    refused(tmp_path / "nowhere.csv", home, "not found")


def test_a_folder(tmp_path, home):
    (tmp_path / "stars.fits").mkdir()
    refused(tmp_path / "stars.fits", home, "is a folder")


def test_a_file_without_permission(tmp_path, home, monkeypatch):
    path = csv(tmp_path, "1,2,3,1,1,1,1")
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read everything: let the system call fail instead

        def denied(self, *arguments, **options):
            raise PermissionError(13, "Permission denied", str(self))

        monkeypatch.setattr(type(path), "open", denied)
    refused(path, home, "cannot be read: Permission denied")


def test_an_unknown_ending(tmp_path, home):
    path = tmp_path / "stars.docx"
    path.write_text("stars")
    assert ".parquet" in refused(path, home, "ending").hint


def test_an_empty_file(form, tables, tmp_path, home):
    path = tables.write(tables.star_table(), form, tmp_path)
    path.write_bytes(b"")
    refused(path, home, "is empty")


@pytest.mark.parametrize("text", ["\n", "\n\n\n", "# only a comment\n", " , ,\n"])
def test_a_csv_of_nothing(text, tmp_path, home):
    refused(csv(tmp_path, header=text), home, "no line of column names")


def test_a_csv_with_a_header_only(tmp_path, home):
    refused(csv(tmp_path), home, "no rows")


def test_a_refused_table_does_not_even_make_a_home(tmp_path):
    refused(csv(tmp_path), tmp_path / "new" / "home", "no rows")
    assert not (tmp_path / "new" / "home").exists()


def test_a_format_under_a_wrong_name_is_known_by_its_content(tables, form, tmp_path, home):
    path = tables.write(tables.star_table(), form, tmp_path)
    right = ingest(path, home)
    wrong = ".parquet" if form != "parquet" else ".fits"
    for name in (f"renamed{wrong}", "renamed.dat", "renamed"):
        path = path.rename(path.with_name(name))
        assert ingest(path, home, name="stars").id == right.id


def test_no_table_in_the_file(tmp_path, home):
    import h5py
    from astropy.io import fits

    fits.PrimaryHDU(np.zeros((4, 4))).writeto(tmp_path / "image.fits")
    refused(tmp_path / "image.fits", home, "no table, only images")
    with h5py.File(tmp_path / "empty.hdf5", "w") as file:
        file["scalar"] = 3.0
    refused(tmp_path / "empty.hdf5", home, "no table")


def test_two_columns_of_one_name(tmp_path, home):
    refused(csv(tmp_path, "1,2", header="ra,ra\n"), home, "columns .* called ra")


def test_two_columns_that_could_be_one(tmp_path, home):
    path = csv(tmp_path, "1,2,3,1,1,1", header="RA,Ra,dec,parallax,pmra,pmdec\n")
    refused(path, home, "could both be ra")
    assert ingest(path, home, column_map={"ra": "Ra"}).column("ra")[0] == 2.0


def test_lines_of_another_length_are_counted(tmp_path, home):
    path = csv(
        tmp_path,
        "1,10,10,1,1,1,1",
        "2,10,10",
        "3,10,10,1,1,1,1,9,9",
        "4,10,10,1,1,1,1",
        '5,10,10,1,1,1,"cut',
    )
    catalogue = ingest(path, home)
    assert catalogue.column("source_id").tolist() == [1, 4, 5]
    assert catalogue.manifest.dropped == {"broken line": 2}
    assert np.isnan(catalogue.column("radial_velocity")[2])  # "cut is no number


def test_text_that_is_a_number_in_disguise(tmp_path, home):
    lines = [
        "+1, 10.5 ,-1e1,.5,1.,+1,NaN",
        "2,10,10,null,1,1,",
        "3,10,10,1,--,1,None",
        "4,10,10,1,1,1,inf",
        "5,10,10,1,1_000,1,1",
        "6,10,10,0x10,1,1,1",
        "7.5,10,10,1,1,1,1",
    ]
    catalogue = ingest(csv(tmp_path, *lines[:6]), home)
    assert catalogue.column("source_id").tolist() == [1, 2, 3, 4, 5, 6]
    assert catalogue.column("dec")[0] == -10.0
    assert catalogue.column("parallax")[0] == 0.5
    assert catalogue.manifest.dropped == {}
    assert np.isnan(catalogue.column("parallax")[[1, 5]]).all()
    assert np.isnan(catalogue.column("pmra")[[2, 4]]).all()
    assert np.isnan(catalogue.column("radial_velocity")[[0, 1, 2, 3]]).all()
    found = {(r.column, r.code, r.count) for r in catalogue.manifest.remarks}
    assert {("parallax", "no_number", 1), ("pmra", "no_number", 1)} <= found
    assert ("radial_velocity", "infinite", 1) in found
    refused(csv(tmp_path, *lines, name="ids.csv"), home, "floating-point")


def test_an_extra_column_of_text_condemns_nothing(tmp_path, home):
    """A column that starts like numbers and turns out to be text is left out, not its rows."""
    lines = [f"{i},10,10,1,1,1,1,{i if i < 3 else 'word'}" for i in range(9)]
    path = csv(tmp_path, *lines, header=HEADER.strip() + ",note\n")
    catalogue = ingest(path, home)
    assert catalogue.n_rows == 9
    assert catalogue.manifest.skipped == {"note": "text"}


def test_a_cut_gzip(tables, tmp_path, home):
    path = tables.write(tables.star_table(), "csv-gz", tmp_path)
    path.write_bytes(path.read_bytes()[:-30])
    refused(path, home, "damaged")


def test_a_gaia_bulk_file_is_ecsv_inside(tables, tmp_path, home):
    table = tables.star_table()
    table["parallax"].convert_unit_to("arcsec")
    plain = tables.write(table, "ecsv-comma", tmp_path)
    path = tmp_path / "GaiaSource_000.csv.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    catalogue = ingest(path, home)
    assert catalogue.columns["parallax"].unit_origin == "stated"
    np.testing.assert_allclose(catalogue.column("parallax"), table["parallax"] * 1e3)


def test_a_gzipped_fits(tables, tmp_path, home):
    plain = tables.write(tables.star_table(), "fits", tmp_path)
    path = tmp_path / "stars.fits.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    assert ingest(path, home).id == ingest(plain, home).id
    path.write_bytes(path.read_bytes()[:-100])
    refused(path, home, "stars.fits.gz")


@CUT
@given(data=st.data())
def test_cut_at_any_byte(tables, form, tmp_path_factory, data):
    """What is cut gives a sentence, or the rows before the cut, and never anything else."""
    folder = tmp_path_factory.mktemp("cut")
    path = tables.write(tables.star_table(20), form, folder)
    whole = path.read_bytes()
    full = ingest(path, folder / "whole")
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    home = folder / "home"
    try:
        catalogue = ingest(path, home)
    except UserError:
        assert not home.exists()
    else:
        n = catalogue.n_rows
        assert 0 < n <= 20
        complete = n - 1 if form.startswith(("csv", "ecsv")) else n
        for name in ("source_id", "ra", "vx"):
            np.testing.assert_array_equal(
                catalogue.column(name)[:complete], full.column(name)[:complete]
            )
    shutil.rmtree(folder)


@CUT
@given(data=st.data())
def test_any_bytes_overwritten(tables, form, tmp_path_factory, data):
    """A damaged file gives a sentence or a catalogue whose counts add up."""
    folder = tmp_path_factory.mktemp("noise")
    path = tables.write(tables.star_table(20), form, folder)
    whole = bytearray(path.read_bytes())
    start = data.draw(st.integers(0, len(whole) - 1))
    noise = data.draw(st.binary(min_size=1, max_size=8))[: len(whole) - start]
    whole[start : start + len(noise)] = noise
    path.write_bytes(bytes(whole))
    home = folder / "home"
    try:
        said = summary(ingest(path, home))
    except UserError:
        assert not home.exists()
    else:
        assert said["with_6d"] + sum(said["not_6d"].values()) == said["rows"]
        assert len(CatalogueStore(home).list()) == 1
    shutil.rmtree(folder)


NUMBERS = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -1.0, 1e-300, 1e300, 5.0, 359.0])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 9), *[NUMBERS] * 6, NUMBERS), min_size=1, max_size=12))
def test_every_row_is_kept_or_counted(tmp_path_factory, rows):
    """Against the rules written out one by one."""
    folder = tmp_path_factory.mktemp("rows")
    names = HEADER.strip() + ",extra\n"
    path = csv(folder, *(",".join(map(str, row)) for row in rows), header=names)
    kept, dropped, seen = [], 0, set()
    hidden = placeholder_identifiers(np.array([row[0] for row in rows]))[0]
    for row, nameless in zip(rows, hidden, strict=True):
        identifier, ra, dec = (-1 if nameless else row[0]), *row[1:3]
        fits = -180 <= ra < 540 and -90 <= dec <= 90
        if fits and identifier not in seen:
            seen |= {identifier} - {-1}
            kept.append((identifier, *row[1:]))
        else:
            dropped += 1
    if not kept:
        with pytest.raises(UserError):
            ingest(path, folder / "home")
        assert not (folder / "home").exists()
        return
    said = summary(catalogue := ingest(path, folder / "home"))
    assert catalogue.column("source_id").tolist() == [row[0] for row in kept]
    assert sum(said["dropped"].values()) == dropped
    assert said["with_6d"] + sum(said["not_6d"].values()) == said["rows"] == len(kept)
    finite = np.isfinite([catalogue.column(n) for n in ("x", "y", "z", "vx", "vy", "vz")])
    assert said["with_6d"] == finite.all(axis=0).sum()
    for row, has_6d in zip(kept, catalogue.column("has_6d"), strict=True):
        assert not has_6d or (row[3] > 0 and np.isfinite(row[4:7]).all())
