"""VOTables in every serialisation, as services send them, and what is kept of them."""

from __future__ import annotations

import gzip

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.io.votable import from_table
from astropy.table import MaskedColumn, Table

from data.archives.tables import DamagedError, read_votable, write_parquet
from data.errors import UserError
from data.readers import open_table


@pytest.fixture
def table():
    """Numbers with holes, an identifier beyond doubles, a flag."""
    made = Table()
    made["source_id"] = MaskedColumn([2**62 + 1, 2**62 + 3, 7], dtype=np.int64)
    made["ra"] = MaskedColumn([1.5, np.nan, 3.25], unit="deg", mask=[False, True, False])
    made["rv"] = MaskedColumn(np.array([0.1, 2.5, 0.0], np.float32), mask=[False, False, True])
    made["visits"] = MaskedColumn([3, 4, 5], dtype=np.int16, mask=[True, False, False])
    made["flag"] = MaskedColumn([True, False, True])
    return made


def written(table, path, form):
    document = from_table(table)
    first = document.get_first_table()
    first.format = form
    for field in first.fields:
        if field.name == "visits":
            field.values.null = -99  # the first binary serialisation has no other way
    document.to_xml(str(path))
    return path


@pytest.mark.parametrize("form", ["binary", "binary2", "tabledata"])
def test_every_serialisation_gives_the_same_numbers(table, tmp_path, form):
    found = read_votable(written(table, tmp_path / "t.vot", form))
    assert found.n_rows == 3
    assert not found.overflow
    assert found.columns["source_id"].tolist() == [2**62 + 1, 2**62 + 3, 7]
    for name in table.colnames:
        mine, theirs = found.columns[name], table[name]
        assert np.ma.getmaskarray(mine).tolist() == theirs.mask.tolist(), name
        assert mine.compressed().tolist() == theirs.compressed().tolist(), name
    assert found.units == {"ra": "deg"}


def test_parquet_keeps_numbers_holes_and_units(table, tmp_path):
    table["label"] = ["a", "b", "c"]
    found = read_votable(written(table, tmp_path / "t.vot", "binary2"))
    write_parquet(found, tmp_path / "t.parquet")
    kept = pq.read_table(tmp_path / "t.parquet")
    assert kept.column("source_id").to_pylist() == [2**62 + 1, 2**62 + 3, 7]
    assert kept.column("visits").to_pylist() == [None, 4, 5]
    assert "label" not in kept.column_names, "text is of no use in the store"
    reader = open_table(tmp_path / "t.parquet")
    assert next(f for f in reader.fields if f.name == "ra").unit == "deg"
    reader.close()
    assert not list(tmp_path.glob("*.part"))


def test_overflow_and_refusals_are_read(table, tmp_path):
    path = written(table, tmp_path / "t.vot", "binary2")
    text = path.read_text()
    overflow = '<INFO name="QUERY_STATUS" value="OVERFLOW"/>'
    path.write_text(text.replace("</RESOURCE>", f"{overflow}</RESOURCE>"))
    assert read_votable(path).overflow
    refused = '<INFO name="QUERY_STATUS" value="ERROR">No   column\n distence</INFO>'
    path.write_text(
        f'<VOTABLE xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>{refused}</RESOURCE></VOTABLE>'
    )
    assert read_votable(path).error == "No column distence"


@pytest.mark.parametrize("form", ["binary2", "tabledata"])
def test_a_table_that_is_cut_anywhere_is_damaged(table, tmp_path, form):
    path = written(table, tmp_path / "t.vot", form)
    whole = path.read_bytes().rstrip()
    for end in range(1, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:end])
        with pytest.raises(DamagedError):
            read_votable(path)


def test_a_compressed_table_is_read_and_a_cut_one_noticed(table, tmp_path):
    path = written(table, tmp_path / "t.vot", "binary2")
    packed = gzip.compress(path.read_bytes())
    path.write_bytes(packed)
    assert read_votable(path).n_rows == 3
    path.write_bytes(packed[:-20])
    with pytest.raises(DamagedError):
        read_votable(path)


def test_a_document_that_defines_entities_is_refused(tmp_path):
    path = tmp_path / "t.vot"
    path.write_text('<!DOCTYPE x [<!ENTITY a "aaaa">]><VOTABLE>&a;</VOTABLE>')
    with pytest.raises(UserError, match="entity definitions"):
        read_votable(path)


def test_a_page_that_is_no_votable_is_damaged(tmp_path):
    path = tmp_path / "t.vot"
    path.write_text("<html><body>Welcome</body></html>")
    with pytest.raises(DamagedError):
        read_votable(path)


@pytest.mark.parametrize("text", [False, True], ids=["numbers alone", "text beside them"])
@pytest.mark.parametrize("form", ["binary", "binary2", "tabledata"])
def test_two_columns_of_one_name_are_refused(tmp_path, form, text):
    """With text astropy reads the table, and the second one was taken silently."""
    from astropy.io.votable.tree import Field, Resource, TableElement, VOTableFile

    document = VOTableFile()
    resource = Resource()
    document.resources.append(resource)
    content = TableElement(document)
    resource.tables.append(content)
    kinds = {"ra": "double", "parallax": "double", "again": "double"}
    if text:
        kinds["designation"] = "char"
    for name, kind in kinds.items():
        size = {"arraysize": "*"} if kind == "char" else {}
        content.fields.append(Field(document, name=name, ID=name, datatype=kind, **size))
    content.create_arrays(2)
    for name, kind in kinds.items():
        content.array[name] = ["x", "y"] if kind == "char" else [1.0, 2.0]
    path = tmp_path / "double.vot"
    document.to_xml(str(path), tabledata_format=form)
    assert b'name="again"' in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(b'name="again"', b'name="parallax"'))
    with pytest.raises(UserError, match="two columns named parallax"):
        read_votable(path)
