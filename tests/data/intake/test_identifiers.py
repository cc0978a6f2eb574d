"""Identifiers: exact, or refused, or missing."""

import numpy as np
import pytest

from data.catalogue.identifiers import Identifiers, placeholder_identifiers, read_identifiers
from data.errors import UserError
from data.readers import open_table
from data.readers.arrays import ArrayReader
from data.readers.base import Cells

LONG = 4_295_806_720_123_456_789


def taken(*chunks):
    ids = Identifiers("id")
    for values in chunks:
        ids.add(values if isinstance(values, Cells) else Cells(np.asarray(values)))
    return ids.finish()


@pytest.mark.parametrize("prefix", ["", "Gaia DR3 ", "gaia edr3 ", "Gaia DR2  ", " ", "GAIA DR3:"])
def test_text_gives_the_number(prefix):
    texts = np.array([f"{prefix}{LONG + i}" for i in range(5)], dtype=object)
    ids, remarks = taken(texts)
    np.testing.assert_array_equal(ids, LONG + np.arange(5))
    assert remarks == []


def test_names_that_are_no_numbers_are_refused_with_an_example():
    with pytest.raises(UserError, match="HD 39060"):
        taken(np.array(["HD 39060", "beta Pic b", "2MASS J05"], dtype=object))


def test_a_few_unreadable_ones_are_missing():
    texts = np.array([str(LONG + i) for i in range(9)] + ["9999999999999999999"], dtype=object)
    ids, remarks = taken(texts)
    assert ids[9] == -1
    assert ids[8] == LONG + 8
    assert [(r.code, r.count) for r in remarks] == [("no_number", 1)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_count_where_they_are_exact(dtype):
    ids, _ = taken(np.array([5.0, np.nan, 7.0], dtype=dtype))
    np.testing.assert_array_equal(ids, [5, -1, 7])
    with pytest.raises(UserError, match="floating-point"):
        taken(np.array([float(LONG)], dtype=dtype))
    with pytest.raises(UserError, match="floating-point"):
        taken(np.array([5.5], dtype=dtype))


PLACEHOLDERS = [0, -1, -9999, 9999, -999, 999, 99999, -(2**63), 2**63 - 1, 12345]


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_placeholders_among_gaia_identifiers(value):
    ids = LONG + np.arange(40)
    ids[::4] = value
    found, _ = taken(ids)
    np.testing.assert_array_equal(np.flatnonzero(found == -1), np.arange(0, 40, 4))


def test_a_lone_placeholder_among_long_identifiers():
    for value in (0, -9999, 9999):
        ids = LONG + np.arange(40)
        ids[7] = value
        assert placeholder_identifiers(ids)[0].sum() == 1


@pytest.mark.parametrize("times", [1, 3])
def test_short_identifiers_are_identifiers(times):
    """Rows that are numbered from 0 have a star 0, a star 99 and a star 9999."""
    ids = np.repeat(np.arange(20_000), times)
    hidden, found = placeholder_identifiers(ids)
    assert not hidden.any()
    assert found == {}


def test_repeated_long_identifiers_are_repetitions():
    ids = np.concatenate([LONG + np.arange(40), LONG + np.arange(3)])
    assert not placeholder_identifiers(ids)[0].any()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([LONG, "", LONG + 1], [LONG, None, LONG + 1]),
        (["Gaia DR3 5", "HD 7", ""], ["Gaia DR3 5", "HD 7", None]),
        ([2**63 + 5, 7, ""], [2**63 + 5, 7, None]),
        ([LONG, 0, 0], [LONG, None, None]),
    ],
)
def test_read_as_they_are(tmp_path, lines, expected):
    file = tmp_path / "ids.csv"
    file.write_text("name,v\n" + "".join(f"{line},1\n" for line in lines))
    reader = open_table(file)
    assert read_identifiers(reader, "name").tolist() == expected


def test_unsigned_integers_beyond_int64(tmp_path):
    values = np.array([2**63 + 5, 2**64 - 1, 3], dtype=np.uint64)
    reader = ArrayReader({"id": values})
    found = read_identifiers(reader, "id")
    assert found.dtype == np.uint64
    np.testing.assert_array_equal(found, values)
