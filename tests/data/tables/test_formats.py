"""What every format promises: one suite for all readers."""

import numpy as np
import pytest

from data.catalogue.ingest import ingest, summary
from data.errors import UserError
from data.readers import open_table


def contents(home):
    return sorted(str(p.relative_to(home)) for p in home.rglob("*"))


def refused(path, home, match, **options):
    """Ingest a table that must be refused, and see that the store stays as it was."""
    before = contents(home)
    with pytest.raises(UserError, match=match) as caught:
        ingest(path, home, **options)
    assert contents(home) == before
    assert "\n" not in caught.value.sentence
    assert caught.value.sentence.endswith(".")
    assert caught.value.hint
    return caught.value


def test_rows_and_reasons(tables, form, tmp_path, home):
    catalogue = ingest(tables.write(tables.star_table(), form, tmp_path), home)
    told = summary(catalogue)
    assert told["catalogue"] == catalogue.id
    assert (told["rows"], told["dropped"], told["with_6d"]) == (60, {}, 57)
    assert told["not_6d"] == {
        "no parallax": 1,
        "parallax not positive": 1,
        "no radial velocity": 1,
    }
    assert told["remarks"] == []
    assert told["kind"] == "astrometry"
    reasons = catalogue.manifest.not_6d_reasons
    codes = catalogue.column("not_6d_reason")
    assert reasons[codes[3] - 1] == "no radial velocity"
    assert reasons[codes[5] - 1] == "parallax not positive"
    assert reasons[codes[6] - 1] == "no parallax"
    np.testing.assert_array_equal(catalogue.column("has_6d"), codes == 0)


def test_values_arrive_as_they_were(tables, form, tmp_path, home):
    table = tables.star_table()
    catalogue = ingest(tables.write(table, form, tmp_path), home)
    expected = {
        "source_id": np.int64,
        "ra": np.float64,
        "parallax": np.float64,
        "radial_velocity": np.float32,
        "phot_g_mean_mag": np.float32,
        "n_visits": np.float32,
        "solution_id": np.int64,
        "variable": np.bool_,
    }
    for name, dtype in expected.items():
        column = catalogue.column(name)
        assert column.dtype == dtype, name
        np.testing.assert_array_equal(column, np.asarray(table[name], dtype=dtype), err_msg=name)
    assert catalogue.manifest.skipped == {"designation": "text"}


def test_every_format_gives_the_same_catalogue(tables, form, tmp_path, home):
    table = tables.star_table()
    reference = ingest(tables.write(table, "fits", tmp_path), home)
    same = ingest(tables.write(table, form, tmp_path), home)
    assert same.id == reference.id
    assert same.already_there


def test_units_are_stated_or_assumed(tables, form, tmp_path, home):
    catalogue = ingest(tables.write(tables.star_table(), form, tmp_path), home)
    column = catalogue.columns["parallax"]
    assert column.unit == "mas"
    assert column.unit_origin == ("assumed" if form in tables.UNITLESS else "stated")
    assert catalogue.columns["x"].unit_origin == "derived"


def test_chunks_put_together_are_the_table(tables, form, tmp_path):
    path = tables.write(tables.star_table(), form, tmp_path)
    names = ["source_id", "ra", "radial_velocity"]
    pieces = []
    for rows in (7, 1000):
        reader = open_table(path)
        chunks = list(reader.chunks(names, rows))
        reader.close()
        assert sum(chunk.rows for chunk in chunks) == 60
        assert chunks[-1].fraction == pytest.approx(1.0)
        pieces.append([np.concatenate([c.columns[n].values for c in chunks]) for n in names])
    for small, large in zip(*pieces, strict=True):
        np.testing.assert_array_equal(small, large)


def test_infinity_is_a_missing_value(tables, form, tmp_path, home):
    table = tables.star_table()
    table["phot_g_mean_mag"][10] = np.inf
    table["pmra"][11] = -np.inf
    catalogue = ingest(tables.write(table, form, tmp_path), home)
    assert catalogue.manifest.dropped == {}
    assert catalogue.manifest.not_6d["no proper motion"] == 1
    assert np.isnan(catalogue.column("phot_g_mean_mag")[10])
    assert np.isnan(catalogue.column("pmra")[11])
    found = {(r.column, r.code, r.count) for r in catalogue.manifest.remarks}
    assert found == {("phot_g_mean_mag", "infinite", 1), ("pmra", "infinite", 1)}


def test_without_a_position_there_is_no_row(tables, form, tmp_path, home):
    table = tables.star_table()
    table["ra"][0], table["ra"][1], table["ra"][2] = np.nan, -180.5, 540.5
    table["dec"][3], table["dec"][4] = 90.1, np.nan
    catalogue = ingest(tables.write(table, form, tmp_path), home)
    assert catalogue.manifest.dropped == {"no position": 5}
    assert catalogue.n_rows == 55


def test_right_ascensions_are_taken_modulo_360(tables, form, tmp_path, home):
    table = tables.star_table()
    reference = ingest(tables.write(table, form, tmp_path), home)
    table["ra"] = np.where(table["ra"] > 180.0, table["ra"] - 360.0, table["ra"])
    table["ra"][4] += 360.0
    table["ra"].unit = "deg"
    wrapped = ingest(tables.write(table, form, tmp_path), home)
    assert wrapped.n_rows == 60
    for name, tolerance in (("ra", 1e-9), ("x", 1e-5), ("vy", 1e-3)):
        np.testing.assert_allclose(
            wrapped.column(name), reference.column(name), rtol=0, atol=tolerance
        )


def test_an_identifier_counts_once(tables, form, tmp_path, home):
    table = tables.star_table()
    table["source_id"][20] = table["source_id"][1]
    table["source_id"][40] = table["source_id"][1]
    catalogue = ingest(tables.write(table, form, tmp_path), home)
    assert catalogue.manifest.dropped == {"identifier seen before": 2}
    assert catalogue.column("ra")[1] == table["ra"][1]
    assert catalogue.n_rows == 58


def test_masked_cells_are_missing(tables, form_with_masks, tmp_path, home):
    table = tables.star_table()
    hidden = np.zeros(60, dtype=bool)
    hidden[12] = True
    for name in ("source_id", "pmra", "n_visits", "solution_id"):
        column = table[name]
        table = tables.with_column(table, name, np.asarray(column), column.unit, hidden)
    catalogue = ingest(tables.write(table, form_with_masks, tmp_path), home)
    assert catalogue.n_rows == 60
    assert catalogue.manifest.not_6d["no proper motion"] == 1
    assert catalogue.column("source_id")[12] == -1
    assert np.isnan(catalogue.column("pmra")[12])
    assert np.isnan(catalogue.column("n_visits")[12])
    assert catalogue.column("solution_id")[12] == np.iinfo(np.int64).min
    assert catalogue.column("solution_id")[13] == table["solution_id"][13]


def test_other_units_are_converted(tables, form_with_units, tmp_path, home):
    table = tables.star_table()
    reference = ingest(tables.write(table, form_with_units, tmp_path), home)
    for name, unit in {
        "ra": "rad",
        "parallax": "arcsec",
        "pmdec": "deg / yr",
        "radial_velocity": "m / s",
    }.items():
        table[name] = table[name].astype(float)
        table[name].convert_unit_to(unit)
    converted = ingest(tables.write(table, form_with_units, tmp_path), home)
    for name in ("ra", "parallax", "pmdec", "radial_velocity", "x", "vy"):
        np.testing.assert_allclose(
            converted.column(name), reference.column(name), rtol=1e-6, err_msg=name
        )
        assert converted.columns[name].unit == reference.columns[name].unit


@pytest.mark.parametrize(("name", "unit"), [("parallax", "km / s"), ("ra", "km / s")])
def test_a_wrong_unit_condemns_the_table(tables, form_with_units, tmp_path, home, name, unit):
    table = tables.star_table()
    table[name].unit = unit
    refused(tables.write(table, form_with_units, tmp_path), home, f"column {name} is in km")


def test_units_of_the_user_override(tables, form, tmp_path, home):
    table = tables.star_table()
    table["parallax"].unit = "km / s"
    path = tables.write(table, form, tmp_path)
    catalogue = ingest(path, home, units={"parallax": "mas"})
    assert catalogue.columns["parallax"].unit_origin == "given"
    refused(path, home, "parallax is in km", units={"parallax": "km/s"})
    refused(path, home, "not known", units={"parallax": "cubits"})


def test_a_missing_column_is_named(tables, form, tmp_path, home):
    table = tables.star_table()
    table.remove_column("pmdec")
    error = refused(tables.write(table, form, tmp_path), home, "lacks the column pmdec")
    assert "radial_velocity" in error.hint


def test_a_column_map_gives_names(tables, form, tmp_path, home):
    table = tables.star_table()
    reference = ingest(tables.write(table, form, tmp_path), home)
    table.rename_columns(["pmdec", "radial_velocity"], ["mu_d", "vlos"])
    path = tables.write(table, form, tmp_path)
    column_map = {"pmdec": "mu_d", "radial_velocity": "VLOS"}
    catalogue = ingest(path, home, column_map=column_map)
    assert catalogue.id == reference.id
    refused(path, home, "no column speed", column_map={"pmdec": "speed"})


def test_names_in_capitals_are_known(tables, form, tmp_path, home):
    table = tables.star_table()
    reference = ingest(tables.write(table, form, tmp_path), home)
    known = [name for name in table.colnames if name not in ("n_visits", "variable")]
    table.rename_columns(known, [name.upper() for name in known])
    catalogue = ingest(tables.write(table, form, tmp_path), home)
    assert set(catalogue.columns) == set(reference.columns)


def test_text_where_numbers_belong_condemns_the_table(tables, form, tmp_path, home):
    table = tables.star_table()
    text = [f"about {i}" for i in range(60)]
    broken = tables.with_column(table, "parallax", text)
    refused(tables.write(broken, form, tmp_path), home, "parallax holds text where numbers belong")


def test_one_cell_of_text_is_one_missing_value(tables, form, tmp_path, home):
    table = tables.star_table()
    for name in ("parallax", "source_id"):
        written = [str(value) for value in table[name]]
        written[9] = "see Fig. 2"
        table = tables.with_column(table, name, written)
    catalogue = ingest(tables.write(table, form, tmp_path), home)
    assert catalogue.manifest.dropped == {}
    expected = tables.FIRST_ID + np.arange(60)
    expected[9] = -1
    np.testing.assert_array_equal(catalogue.column("source_id"), expected)
    assert catalogue.manifest.not_6d["no parallax"] == 2
    found = {(r.column, r.code, r.count) for r in catalogue.manifest.remarks}
    assert found == {("parallax", "no_number", 1), ("source_id", "no_number", 1)}


def test_no_rows_no_catalogue(tables, form, tmp_path, home):
    refused(tables.write(tables.star_table()[:0], form, tmp_path), home, "no rows")


def test_no_row_with_a_position(tables, form, tmp_path, home):
    table = tables.star_table()
    table["dec"] += 500.0
    refused(
        tables.write(table, form, tmp_path),
        home,
        r"No row of the table could be kept \(no position: 60\)",
    )


def test_identifiers_that_were_floats_are_refused(tables, form, tmp_path, home):
    table = tables.star_table()
    table["source_id"] = table["source_id"].astype(float)
    refused(tables.write(table, form, tmp_path), home, "floating-point")


def test_simulations_come_in_directly(tables, form, tmp_path, home):
    from astropy.table import Table

    rng = np.random.default_rng(6)
    values = rng.normal(0, 5, (6, 40))
    table = Table(dict(zip(("x", "y", "z", "vx", "vy", "vz"), values, strict=True)))
    table["z"][2], table["vx"][4] = np.nan, np.nan
    catalogue = ingest(tables.write(table, form, tmp_path), home)
    manifest = catalogue.manifest
    assert (manifest.kind, manifest.origin_of_distance) == ("simulation", "positions")
    assert manifest.dropped == {"no position": 1}
    assert manifest.not_6d == {"no velocity": 1}
    kept = np.delete(np.arange(40), 2)
    np.testing.assert_array_equal(catalogue.column("source_id"), kept)
    np.testing.assert_allclose(catalogue.column("x"), values[0][kept], rtol=1e-6)
    sun = np.array([[8.122], [0.0], [0.0208]])
    expected = np.linalg.norm(values[:3, kept] - sun, axis=0)
    np.testing.assert_allclose(catalogue.column("distance"), expected, rtol=1e-6)
