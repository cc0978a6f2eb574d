"""Files as services and programs write them: one test for each kind of trap."""

import bz2
import gzip
import io
import lzma
import zipfile

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import UserError
from data.readers import describe_tables, open_table
from data.readers.choice import choose_table

ID = 4_295_806_720_123_456_789


def read(path, *, table=None, suits=None, texts=()):
    """Give the reader's fields by name and all cells: None where missing, "wrong" where wrong."""
    reader = open_table(path, table, suits)
    names = [field.name for field in reader.fields if field.kind != "other"]
    cells = {name: [] for name in names}
    for chunk in reader.chunks(names, 3, as_text=[t for t in texts if t in names]):
        assert chunk.broken == 0
        for name in names:
            column = chunk.columns[name]
            none = np.zeros(chunk.rows, bool)
            gone = none if column.missing is None else column.missing
            wrong = none if column.wrong is None else column.wrong
            for value, out, bad in zip(column.values.tolist(), gone, wrong, strict=True):
                empty = out or value != value
                cells[name].append("wrong" if bad else None if empty else value)
    reader.close()
    return {field.name: field for field in reader.fields}, cells


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def suits(names):
    return {"ra", "dec"} <= set(names)


# several tables in a file


def several_fits(path):
    stars = fits.BinTableHDU.from_columns(
        [fits.Column("ra", "D", array=[1.0, 2.0]), fits.Column("dec", "D", array=[3.0, 4.0])],
        name="STARS",
    )
    other = fits.BinTableHDU.from_columns([fits.Column("a", "K", array=[1])])
    fits.HDUList([fits.PrimaryHDU(), other, stars]).writeto(path)


def several_hdf5(path):
    with h5py.File(path, "w") as file:
        file["other/a"] = [1.0]
        file["stars/ra"], file["stars/dec"] = [1.0, 2.0], [3.0, 4.0]


def several_votable(path):
    from astropy.io.votable import from_table
    from astropy.io.votable.tree import TableElement

    document = from_table(Table({"a": [1]}))
    stars = from_table(Table({"ra": [1.0, 2.0], "dec": [3.0, 4.0]})).get_first_table()
    stars.name = "stars"
    assert isinstance(stars, TableElement)
    document.resources[0].tables.append(stars)
    document.to_xml(str(path))


def several_vizier(path):
    other = "#RESOURCE=yCat_1\n#Table\tI_1:\n#Name: I/1\na\tb\nmas\t \n---\t---\n1\t2\n"
    stars = "\n#Table\tstars:\n#Name: stars\nra\tdec\ndeg\tdeg\n---\t---\n1\t3\n2\t4\n\n#END#\n"
    write(path, other + stars)


SEVERAL = {
    ".fits": (several_fits, ("2", "stars", "HDU 2", "hdu 2 (STARS)")),
    ".h5": (several_hdf5, ("/stars", "stars", "STARS/")),
    ".vot": (several_votable, ("2", "Stars", "table 2")),
    ".tsv": (several_vizier, ("2", "stars")),
}


@pytest.mark.parametrize("ending", sorted(SEVERAL))
def test_one_of_several_tables(ending, tmp_path):
    make, words = SEVERAL[ending]
    path = tmp_path / f"stars{ending}"
    make(path)
    for choice in ({"suits": suits}, *({"table": word} for word in words)):
        _, cells = read(path, **choice)
        assert cells == {"ra": [1.0, 2.0], "dec": [3.0, 4.0]}
    with pytest.raises(UserError, match="holds several tables") as caught:
        open_table(path)
    assert "--table" in caught.value.hint
    with pytest.raises(UserError, match="no table called nonsense") as caught:
        open_table(path, "nonsense")
    assert "stars" in caught.value.hint.lower()
    reader = open_table(path, suits=lambda names: "parallax" in names)
    assert len(reader.tables) == 2
    assert reader.table is not None
    assert "(2 rows" in describe_tables(reader.tables, 8)
    reader.close()


def test_the_only_table_has_no_name_and_any_choice_of_two_is_refused(tmp_path):
    reader = open_table(write(tmp_path / "a.csv", "ra,dec\n1,2\n"))
    assert reader.table is None
    assert len(reader.tables) == 1
    with pytest.raises(UserError, match="2 tables called"):
        choose_table("f", [*[reader.tables[0]] * 2], reader.tables[0].name, None)


def test_particles_of_a_snapshot(tmp_path):
    path = tmp_path / "snap.hdf5"
    with h5py.File(path, "w") as file:
        file.create_group("Header").attrs["Time"] = 1.0
        for kind, n in ((1, 3), (4, 2)):
            group = file.create_group(f"PartType{kind}")
            group["Coordinates"] = np.arange(3.0 * n).reshape(n, 3)
            group["Velocities"] = -np.arange(3.0 * n).reshape(n, 3)
            group["ParticleIDs"] = np.array([2**63 + i for i in range(n)], "u8")
            group["Metals"] = np.ones((n, 12))
    fields, cells = read(path, table="parttype4", texts=("ParticleIDs",))
    assert cells["y"] == [1.0, 4.0]
    assert cells["vz"] == [-2.0, -5.0]
    assert cells["ParticleIDs"] == [str(2**63), str(2**63 + 1)]
    assert fields["x"].written == "Coordinates"
    assert fields["Metals"].kind == "other"
    assert read(path, table="4")[1]["ParticleIDs"] == ["wrong", "wrong"]


# marks for no value


def test_fits_nulls_are_compared_as_stored(tmp_path):
    path = tmp_path / "a.fits"
    columns = [
        fits.Column("n", "I", array=np.array([7, 8], "u2"), bzero=32768, null=7 - 32768),
        fits.Column("flag", "L", array=[True, False]),
        fits.Column("s", "I", array=np.array([1, 3], "i2"), null=1),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    for key, value in (("TSCAL3", 0.5), ("TZERO3", 1.0)):
        fits.setval(path, key, value=value, ext=1)
    content = bytearray(path.read_bytes())
    with fits.open(path) as hdus:
        start, width = hdus[1].fileinfo()["datLoc"], hdus[1].header["NAXIS1"]
    content[start + width + 2] = 0  # the flag of the second row
    path.write_bytes(content)
    _, cells = read(path)
    assert cells == {"n": [None, 8], "flag": [True, None], "s": [None, 2.5]}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.sampled_from([("B", "u1"), ("I", "i2"), ("J", "i4"), ("K", "i8")]),
    st.sampled_from([0, 1, -128, 32768, 2**31, 2**63, -(2**62)]),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5),
)
def test_shifted_integers_are_exact_or_wrong(tmp_path_factory, code, zero, values):
    from data.readers.fits_columns import Column

    letter, dtype = code
    info = np.iinfo(dtype)
    stored = np.array([info.min + (v - info.min) % (int(info.max) - int(info.min) + 1)
                       for v in values], np.dtype(dtype).newbyteorder(">"))  # fmt: skip
    column = Column("n", None, "", letter, stored.dtype, 0, None, 1.0, zero)
    cells = column.cells(stored, as_text=False)
    wrong = np.zeros(len(values), bool) if cells.wrong is None else cells.wrong
    for raw, value, bad in zip(stored.tolist(), cells.values.tolist(), wrong, strict=True):
        true = raw + zero
        assert bad == (not -(2**63) <= true < 2**63)
        assert bad or value == true


def test_a_mask_beside_a_column_is_no_column(tmp_path):
    table = Table({"rv": MaskedColumn([9e5, 2.0], mask=[True, False]), "id": [1, 2]})
    table["id"] = MaskedColumn([ID, ID + 1], mask=[False, True])
    for name, options in {
        "a.parquet": {}, "a.h5": {"path": "t", "serialize_meta": True},
    }.items():  # fmt: skip
        table.write(tmp_path / name, **options)
        fields, cells = read(tmp_path / name)
        assert cells == {"rv": [None, 2.0], "id": [ID, None]}
        assert list(fields) == ["rv", "id"]


def test_text_columns_next_to_a_word_that_only_looks_like_a_mask(tmp_path):
    path = write(tmp_path / "a.csv", "flags,flags.mask\n1,12\n2,13\n")
    assert list(read(path)[0]) == ["flags", "flags.mask"]


@pytest.mark.parametrize("word", ["", "-", "...", "nan", "NULL", "N/A", "<NA>", "\\N", "--", " "])
def test_words_for_no_value(word, tmp_path):
    path = write(tmp_path / "a.csv", f"id,x\n{ID},1.5\n{word},{word}\n{ID + 1},2.5\n")
    _, cells = read(path)
    assert cells == {"id": [ID, None, ID + 1], "x": [1.5, None, 2.5]}


def test_numbers_as_people_write_them(tmp_path):
    cells = ["\u22121.5", "\u20132", "+3", "1.5D+03", " 4 ", "1e\u22123", "inf", "1_000", "0x10"]
    path = write(tmp_path / "a.tsv", "x\ty\n" + "".join(f"{cell}\t1\n" for cell in cells))
    expected = [-1.5, -2.0, 3.0, 1500.0, 4.0, 1e-3, np.inf, "wrong", "wrong"]
    assert read(path)[1]["x"] == expected


def test_integers_of_too_many_digits_are_wrong_and_never_floats(tmp_path):
    path = write(tmp_path / "a.csv", f"id,n\n{ID},1\n{2**63},2\n99999999999999999999,3\n")
    assert read(path)[1]["id"] == [ID, "wrong", "wrong"]
    assert read(path, texts=("id",))[1]["id"] == [str(ID), str(2**63), "9" * 20]


def test_a_column_that_begins_empty_keeps_its_digits(tmp_path):
    lines = ["id,x", *[",1.5"] * 300_000, f"{ID},2.5", ""]
    reader = open_table(write(tmp_path / "a.csv", "\n".join(lines)))
    last = [chunk.columns["id"] for chunk in reader.chunks(["id"], 1000)][-1]
    reader.close()
    assert last.values.dtype == np.int64
    assert last.values[-1] == ID


def test_decimals_and_dictionaries_of_arrow(tmp_path):
    from decimal import Decimal

    table = pa.table(
        {
            "id": pa.array([Decimal(ID), None, Decimal(2**64)], pa.decimal128(20, 0)),
            "x": pa.array([Decimal("1.25"), None, Decimal("-3")], pa.decimal128(9, 2)),
            "n": pa.array([5, None, 7], pa.int16()).dictionary_encode(),
            "u": pa.array([2**64 - 1, None, 3], pa.uint64()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    _, cells = read(tmp_path / "a.parquet")
    assert cells["id"] == [ID, None, "wrong"]
    assert cells["x"] == [1.25, None, -3.0]
    assert cells["n"] == [5, None, 7]
    assert cells["u"] == ["wrong", None, 3]
    assert read(tmp_path / "a.parquet", texts=("u",))[1]["u"] == [str(2**64 - 1), None, "3"]


# names


def test_columns_of_one_name_are_both_offered(tmp_path):
    text = write(tmp_path / "a.csv", "ra,ra,RA\n1,2,3\n")
    pq.write_table(pa.Table.from_arrays([[1], [2], [3]], ["ra", "ra", "RA"]), tmp_path / "a.pq")
    for path in (text, tmp_path / "a.pq"):
        fields, cells = read(path)
        assert cells == {"ra_1": [1], "ra_2": [2], "RA": [3]}
        assert fields["ra_1"].repeated
        assert fields["ra_1"].written == "ra"


def test_units_behind_names(tmp_path):
    names = "pmra [mas/yr],rv (km/s),dist(kpc),log(g),A(V),pmdec[mas],ra (deg),ra,e_(RV)"
    path = write(tmp_path / "a.csv", names + "\n" + ",".join("123456789") + "\n")
    fields = read(path)[0]
    assert {name: field.unit for name, field in fields.items()} == {
        "pmra": "mas/yr", "rv": "km/s", "dist": "kpc", "log(g)": None, "A(V)": None,
        "pmdec": "mas", "ra (deg)": None, "ra": None, "e_(RV)": None,
    }  # fmt: skip
    assert fields["pmra"].written == "pmra [mas/yr]"


# packed, renamed, written by others

PACKED = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("packing", [*PACKED, "zst", "zip"])
@pytest.mark.parametrize("form", ["fits", "csv", "vot", "h5", "parquet"])
def test_packed_under_any_name(form, packing, tmp_path):
    plain = tmp_path / f"stars.{form}"
    options = {"path": "t"} if form == "h5" else {}
    Table({"id": [ID, ID + 1], "x": [1.5, 2.5]}).write(
        plain, **options, **({"format": "votable"} if form == "vot" else {})
    )
    content = plain.read_bytes()
    if packing == "zst":
        packed = pa.compress(content, codec="zstd", asbytes=True)
    elif packing == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("inside", content)
        packed = buffer.getvalue()
    else:
        packed = PACKED[packing](content)
    for name in (f"stars.{form}", f"stars.{form}.{packing}", "stars"):
        (tmp_path / name).write_bytes(packed)
        assert read(tmp_path / name)[1] == {"id": [ID, ID + 1], "x": [1.5, 2.5]}
    if packing != "zst":
        (tmp_path / "cut.fits").write_bytes(packed[: len(packed) // 2])
        with pytest.raises(UserError, match=r"cut\.fits"):
            read(tmp_path / "cut.fits")


VIZIER = """#
#RESOURCE=yCat_0
#Name: I/0
#Table\tI_0_x:
#Column\tRA_ICRS\t(F15.11)\tRight ascension
RA_ICRS{s}pmRA{s}Source
deg{s}arcsec/yr{s}
---------{s}--------{s}-------------------
 10.5    {s} 0.0010 {s}4295806720123456789
 11.5    {s}        {s}4295806720123456790

#END#
"""


@pytest.mark.parametrize("separator", ["\t", ";", "|"])
def test_the_unit_line_of_vizier(separator, tmp_path):
    path = write(tmp_path / "asu.tsv", VIZIER.format(s=separator))
    fields, cells = read(path)
    assert cells == {"RA_ICRS": [10.5, 11.5], "pmRA": [0.001, None], "Source": [ID, ID + 1]}
    assert [field.unit for field in fields.values()] == ["deg", "arcsec/yr", None]


COMMENTED = {
    "comma": "# id,ra\n{0},1.5\n{1},2.5\n",
    "savetxt": "# id ra\n{0},1.5\n{1},2.5\n",
    "blanks": "#id   ra\n  {0}   1.5\n  {1}   2.5  \n",
    "prose too": "# made by me\n# id ra\n# deg deg mas\n{0} 1.5\n{1} 2.5\n",
    "a unit line": "# id ra\n# - deg\n{0} 1.5\n{1} 2.5\n# the end\n",
    "tab at the end": "#id\tra\n{0}\t1.5\t\n{1}\t2.5\t\n",
    "numbered": "#  1 id   Identifier\n#  2 ra   Right ascension [deg]\n{0} 1.5\n{1} 2.5\n",
    "plain header": "id ra\n{0} 1.5\n{1} 2.5\n",
    "plain units": "id,ra,u\n,deg,km/s\n{0},1.5,1\n{1},2.5,2\n",
    "of Excel": "sep=;\r\nid;ra\r\n{0};1,5\r\n{1};2,5\r\n",
    "old line ends": "id,ra\r{0},1.5\r{1},2.5\r",
}


@pytest.mark.parametrize("layout", sorted(COMMENTED))
@pytest.mark.parametrize("ending", [".csv", ".txt", ".dat"])
def test_names_wherever_they_stand(layout, ending, tmp_path):
    path = tmp_path / f"a{ending}"
    path.write_bytes(COMMENTED[layout].format(ID, ID + 1).encode())
    fields, cells = read(path)
    assert cells["id"] == [ID, ID + 1]
    assert cells["ra"] == [1.5, 2.5]
    assert fields["ra"].unit == ("deg" if "unit" in layout or layout == "numbered" else None)


def test_excels_unicode_text(tmp_path):
    (tmp_path / "a.txt").write_bytes(f"id\tra\n{ID}\t1.5\n".encode("utf-16"))
    assert read(tmp_path / "a.txt")[1] == {"id": [ID], "ra": [1.5]}


def test_numbers_without_names_are_refused(tmp_path):
    for text in ("1 2 3\n4 5 6\n", "1,2\n3,4\n", "NGC1,1.5,2\nNGC2,3,4\n"):
        with pytest.raises(UserError, match="numbers where the names"):
            open_table(write(tmp_path / "a.dat", text))


def test_commas_that_may_be_thousands_are_not_taken_for_decimals(tmp_path):
    path = write(tmp_path / "a.csv", "a;b\n1,234;1\n5,678;2\n")
    assert read(path)[1]["a"] == ["wrong", "wrong"]
    path = write(tmp_path / "b.csv", "a;b\n1,25;1\n5,6789;2\n1.234;3\n")
    assert read(path)[1]["a"][:2] != [125, 56789]


MRT = """Title: A table
================================================================================
Byte-by-byte Description of file: table.dat
--------------------------------------------------------------------------------
   Bytes Format Units   Label     Explanations
--------------------------------------------------------------------------------
   1- 19 I19    ---     Source    Identifier
  21- 26 F6.2   mas/yr  pmRA      ?=-9.99 Proper motion
  28- 32 F5.1   km/s    RV        ? Velocity
--------------------------------------------------------------------------------
4295806720123456789   1.50  10.0
4295806720123456790  -9.990
4295806720123456791  -2.25 -20.5
"""


def test_a_byte_by_byte_table(tmp_path):
    text = MRT.replace("21- 26 F6.2 ", "21- 26 F6.3 ").replace("  -9.990", " -9.990")
    for name in ("a.mrt", "a.txt", "a.dat"):
        fields, cells = read(write(tmp_path / name, text))
        assert cells["Source"] == [ID, ID + 1, ID + 2]
        assert cells["pmRA"] == [1.5, None, -2.25]
        assert cells["RV"] == [10.0, None, -20.5]
        assert (fields["pmRA"].unit, fields["RV"].unit) == ("mas / yr", "km / s")


def test_folders_of_parquet(tmp_path):
    folder = tmp_path / "stars"
    for field, ids in (("a", [ID]), ("b", [ID + 1, None])):
        (folder / f"field={field}").mkdir(parents=True)
        pq.write_table(
            pa.table({"id": pa.array(ids, pa.int64())}), folder / f"field={field}/0.parquet"
        )
    (folder / "_metadata").write_bytes(b"PAR1")
    assert read(folder, texts=("field",))[1] == {
        "id": [ID, ID + 1, None],
        "field": ["a", "b", "b"],
    }
    pq.write_table(pa.table({"id": ["text"]}), folder / "field=a/1.parquet")
    with pytest.raises(UserError, match="do not have the same columns"):
        open_table(folder)
    (folder / "hats.properties").write_text("")
    with pytest.raises(UserError, match="HATS catalogue"):
        open_table(folder)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("garbage.csv", bytes(range(256)) * 9, "garbage.csv is not a text table"),
        ("a.csv", b"\x93NUMPY\x01\x00", "an array of NumPy"),
        ("a.fits", b"<!DOCTYPE html><html><body>404</body></html>", "is a web page"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1", "an Excel workbook"),
        ("a.fits", b"\x00\x01" * 99, "cannot be read as FITS"),
    ],
)
def test_what_is_no_table(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        open_table(tmp_path / name)
    assert str(caught.value).isprintable()
