"""Small valid tables of the kinds that users bring, and the right result of each.

Every file here is synthetic. What a row of `CASES` expects is what a reader of the file would
say; positions and velocities are those that astropy gives.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import astropy.coordinates as coord
import astropy.units as u
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

from data.catalogue.store import Catalogue
from data.columns.covariance import cartesian_covariance
from data.columns.derived import column as derived_column
from data.selection import mask, parse

from .conftest import FILES, Answer

Run = Callable[..., Answer]

PLAIN = "tenths-of-magnitudes.csv"
"""Holds the same 40 stars as most files here, without any peculiarity."""


def stars(file: str = PLAIN) -> Table:
    """Read a plain table of text."""
    return Table.read(FILES / file, format="ascii.csv")


def velocities(
    table: Table, radial_velocity: npt.ArrayLike | None = None
) -> npt.NDArray[np.float64]:
    """Give velocities in the frame of the program (the Sun at +x), by astropy; shape (n, 3)."""
    radial = table["radial_velocity"] if radial_velocity is None else radial_velocity
    with coord.galactocentric_frame_defaults.set("v4.0"):
        frame = coord.Galactocentric()
    sky = coord.SkyCoord(
        ra=np.asarray(table["ra"]) * u.deg,
        dec=np.asarray(table["dec"]) * u.deg,
        distance=1.0 / np.asarray(table["parallax"]) * u.kpc,
        pm_ra_cosdec=np.asarray(table["pmra"]) * u.mas / u.yr,
        pm_dec=np.asarray(table["pmdec"]) * u.mas / u.yr,
        radial_velocity=np.asarray(radial) * u.km / u.s,
    ).transform_to(frame)
    v = np.stack([sky.v_x.value, sky.v_y.value, sky.v_z.value], axis=1)
    return v * np.array([-1.0, -1.0, 1.0])


def moves_as(catalogue: Catalogue, expected: npt.NDArray[np.float64]) -> None:
    """Compare stored velocities with those of astropy; single precision holds 1.5e-5 km/s."""
    found = np.stack([catalogue.column(n) for n in ("vx", "vy", "vz")], axis=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=4e-5)


def codes(answer: Answer) -> set[tuple[str, str]]:
    """Give column and code of every remark."""
    return {(remark["column"], remark["code"]) for remark in answer.told["remarks"]}


def plain(answer: Answer) -> None:
    """Expect the 40 stars of `PLAIN`, every one with its velocity, and nothing to remark."""
    catalogue, table = answer.catalogue, stars()
    assert (answer.told["rows"], answer.told["dropped"], answer.told["with_6d"]) == (40, {}, 40)
    np.testing.assert_allclose(catalogue.column("ra"), table["ra"], rtol=0, atol=1e-6)
    moves_as(catalogue, velocities(table))
    assert answer.told["remarks"] == []


def plain_with_identifiers(answer: Answer) -> None:
    """Expect the same, and identifiers to the last digit."""
    plain(answer)
    np.testing.assert_array_equal(answer.catalogue.column("source_id"), stars()["source_id"])


def map_over_own(answer: Answer) -> None:
    """Expect the column that the user named, and the table's own under another name."""
    table = stars("map-over-own-rv.csv")
    catalogue = answer.catalogue
    assert catalogue.n_rows == 40
    np.testing.assert_allclose(catalogue.column("radial_velocity"), table["rv_survey"], rtol=1e-6)
    moves_as(catalogue, velocities(table, np.float32(table["rv_survey"])))
    own = catalogue.column(answer.told["renamed"]["radial_velocity"])
    np.testing.assert_allclose(own, table["radial_velocity"], rtol=1e-6)


def both_x(answer: Answer) -> None:
    """Expect both columns of the table beside the position that is calculated."""
    catalogue = answer.catalogue
    values = {name: catalogue.column(name) for name in catalogue.columns}  # all can be read
    assert {len(v) for v in values.values()} == {40}
    by_source = {c.source: n for n, c in catalogue.columns.items() if c.source}
    np.testing.assert_array_equal(values[by_source["x"]], 1.0)
    np.testing.assert_array_equal(values[by_source["x_table"]], 2.0)
    assert values["x"].max() > 8.0


def read_or_named(answer: Answer, tables: tuple[str, ...] = ()) -> None:
    """Expect the stars of the one table that has any, and the others named."""
    assert answer.told["rows"] == 40
    assert len(answer.told["tables"]) > 1
    assert answer.told["table"] in answer.told["tables"]


def two_groups(answer: Answer) -> None:
    """Expect a choice: either could be the catalogue."""
    assert answer.status != 0
    said = answer.told["error"] + answer.told["hint"]
    assert "tracers" in said
    assert "background" in said
    assert "--table" in said


def logical_null(answer: Answer) -> None:
    """Expect missing values where the file has zero bytes."""
    flag = answer.catalogue.column("flag").astype(float)
    assert np.isnan(flag[:4]).all()
    np.testing.assert_array_equal(flag[4:8], [1.0, 0.0, 1.0, 0.0])


def hidden_velocities(answer: Answer) -> None:
    """Expect 30 stars with a velocity."""
    assert (answer.told["rows"], answer.told["with_6d"]) == (40, 30)
    assert answer.told["not_6d"] == {"no radial velocity": 10}


def one_count_missing(answer: Answer) -> None:
    """Expect the one cell that equals TNULL to be missing."""
    assert np.isnan(answer.catalogue.column("n_obs").astype(float)).sum() == 1


def wrapped(answer: Answer) -> None:
    """Expect right ascensions from 0 to 360."""
    plain(answer)
    ra = answer.catalogue.column("ra")
    assert ((ra >= 0.0) & (ra < 360.0)).all()


def minus_signs(answer: Answer) -> None:
    """Expect typographic minus signs to be read as such."""
    text = (FILES / "typographic-minus.csv").read_text().replace("\N{MINUS SIGN}", "-")
    table = Table.read(text, format="ascii.csv")
    assert answer.told["with_6d"] == 40
    np.testing.assert_allclose(answer.catalogue.column("pmra"), table["pmra"], rtol=1e-12)
    assert (answer.catalogue.column("pmra") < 0).sum() == 18
    moves_as(answer.catalogue, velocities(table))


def unit_line(answer: Answer) -> None:
    """Expect the units of the line below the names, and that no line of the header is a star."""
    lines = (FILES / "vizier-unit-line.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines if line.strip()[:1].isdigit()]
    ra, dec, _, parallax, pmra, pmdec, radial = np.array(
        [[float(cell) for cell in row] for row in rows]
    ).T
    table = Table({"ra": ra, "dec": dec, "parallax": parallax, "pmra": 1e3 * pmra,
                   "pmdec": 1e3 * pmdec, "radial_velocity": radial})  # fmt: skip
    assert (answer.told["rows"], answer.told["dropped"], len(rows)) == (40, {}, 40)
    ids = [int(row[2]) for row in rows]
    np.testing.assert_array_equal(answer.catalogue.column("source_id"), ids)
    moves_as(answer.catalogue, velocities(table))
    assert answer.told["columns"]["pmra"]["unit"] == "arcsec / yr"
    assert answer.told["columns"]["pmra"]["unit_origin"] == "stated"


def half_named(answer: Answer) -> None:
    """Expect every row, half of them without an identifier."""
    assert (answer.told["rows"], answer.told["dropped"]) == (40, {})
    ids = answer.catalogue.column("source_id")
    assert (ids == -1).sum() == 20
    assert len(np.unique(ids[ids != -1])) == 20
    assert ("source_id", "placeholder") in codes(answer)


def no_velocity(answer: Answer) -> None:
    """Expect -9999 km/s and 1e20 mas/yr to be no values."""
    assert (answer.told["rows"], answer.told["with_6d"]) == (40, 25)
    assert answer.told["not_6d"] == {"no radial velocity": 10, "no proper motion": 5}
    assert {("radial_velocity", "placeholder"), ("pmra", "placeholder")} <= codes(answer)
    speed = np.linalg.norm([answer.catalogue.column(n) for n in ("vx", "vy", "vz")], axis=0)
    assert np.nanmax(speed) < 1000.0


def stray_infinity(answer: Answer) -> None:
    """Expect every row; ten ages are missing."""
    assert (answer.told["rows"], answer.told["with_6d"]) == (40, 40)
    assert np.isnan(answer.catalogue.column("log_age")).sum() == 10
    assert ("log_age", "infinite") in codes(answer)


def galactic_latitude(answer: Answer) -> None:
    """Expect b from ra and dec, and the magnitude B beside it."""
    plain(answer)
    catalogue, table = answer.catalogue, stars("b-magnitude.csv")
    b = coord.SkyCoord(table["ra"] * u.deg, table["dec"] * u.deg).galactic.b.deg
    np.testing.assert_allclose(derived_column(catalogue, "b"), b, atol=1e-4)
    kept = mask(parse("abs(b) > 10"), catalogue)
    np.testing.assert_array_equal(kept, np.abs(b) > 10.0)
    np.testing.assert_allclose(catalogue.column("B"), table["B"])


def parsec(answer: Answer) -> None:
    """Expect distances in kpc: the column is published in parsec."""
    table = stars("rgeo-in-parsec-no-unit.csv")
    np.testing.assert_allclose(answer.catalogue.column("distance"), table["rgeo"] / 1e3, rtol=1e-6)


def hours(answer: Answer) -> None:
    """Expect a remark: nothing says that the right ascensions are in degrees."""
    assert answer.told["rows"] == 40
    assert ("ra", "ra_in_hours") in codes(answer)


def patch(answer: Answer) -> None:
    """Expect the stars for the search for streams; a map of them is another matter."""
    assert (answer.told["rows"], answer.told["dropped"]) == (40, {})
    assert (answer.told["with_6d"], answer.told["not_6d"]) == (0, {"no parallax": 40})


def ambiguous(answer: Answer) -> None:
    """Expect a question: the table can be read in two ways."""
    assert answer.status != 0
    said = answer.told["error"] + answer.told["hint"]
    assert "--kind astrometry" in said
    assert "--kind simulation" in said


def nearby(answer: Answer) -> None:
    """Expect measured stars a few hundred parsec away."""
    table = stars("nearby-stars-with-xyz-in-parsec.csv")
    catalogue = answer.catalogue
    assert answer.told["kind"] == "astrometry"
    np.testing.assert_allclose(catalogue.column("ra"), 15.0 * table["ra"], rtol=1e-9)
    np.testing.assert_allclose(catalogue.column("distance"), table["dist"] / 1e3, rtol=1e-6)
    assert answer.told["with_6d"] == 40


@dataclass(frozen=True)
class Case:
    """A file, the options of ``ingest``, and what is right."""

    kind: str
    file: str
    right: Callable[[Answer], None]
    options: str = ""


VIZIER = (
    "--column source_id=Source --column ra=RA_ICRS --column dec=DE_ICRS --column parallax=Plx "
    "--column pmdec=pmDE --column radial_velocity=RV"
)
CASES = [
    Case("A", "map-over-own-rv.csv", map_over_own, "--column radial_velocity=rv_survey"),
    Case("A", "x-and-x_table.csv", both_x),
    Case("B", "first-hdu-is-no-catalogue.fits", read_or_named),
    Case("B", "two-groups.h5", two_groups),
    Case("B", "second-table.vot", read_or_named),
    Case("C", "logical-null.fits", logical_null),
    Case("C", "vaex-mask.hdf5", hidden_velocities),
    Case("C", "unsigned-tnull.fits", one_count_missing),
    Case("H", "ra-wrapped-at-180.csv", wrapped),
    Case("I", "id-zero-for-none.csv", half_named),
    Case("I", "rv-minus-9999.csv", no_velocity),
    Case("I", "infinity-in-a-stray-column.csv", stray_infinity),
    Case("I", "typographic-minus.csv", minus_signs),
    Case("J", "b-magnitude.csv", galactic_latitude),
    Case("K", "gzipped-inside.fits", plain),
    Case("L", "ascii-table.fits", plain_with_identifiers),
    Case("L", "vizier-unit-line.tsv", unit_line, VIZIER),
    Case("L", "gaia-dr1-units.fits", plain),
    Case("L", "commented-header.csv", plain),
    Case("L", "column-oriented.fits", plain_with_identifiers),
    Case("L", "patch-without-parallax.csv", patch),
    Case("N", "nearby-stars-with-xyz-in-parsec.csv", ambiguous),
    Case(
        "N", "nearby-stars-with-xyz-in-parsec.csv", nearby,
        "--distance dist --unit dist=pc --unit ra=hourangle --column radial_velocity=rv",
    ),
    Case("N", "rgeo-in-parsec-no-unit.csv", parsec, "--distance rgeo"),
    Case("N", "ra-in-hours-no-unit.csv", hours),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case.file}")
def test_ingest(run: Run, case: Case) -> None:
    """Ingest a file with the options that a user would give."""
    case.right(run("ingest", case.file, *case.options.split()))


@pytest.mark.parametrize(("table", "rows"), [("tracers", 15), ("/background", 25)])
def test_one_of_two_groups(run: Run, table: str, rows: int) -> None:
    """Read the table that the user names, and say which one it was."""
    answer = run("ingest", "two-groups.h5", "--table", table)
    assert answer.told["rows"] == rows
    assert table.strip("/") in answer.told["table"]
    assert len(answer.told["tables"]) == 2


def test_capital_bailer_jones(run: Run, tmp_path: Path) -> None:
    """The bounds of a published distance are found in any capitals."""
    capital = run("ingest", "capital-bailer-jones.csv", "--distance", "R_MED_GEO").catalogue
    small = tmp_path / "small.csv"
    header, *lines = (FILES / "capital-bailer-jones.csv").read_text().splitlines(keepends=True)
    small.write_text(header.lower() + "".join(lines))
    other = run("ingest", small, "--distance", "r_med_geo").catalogue
    covariance = cartesian_covariance(capital)
    assert covariance is not None
    assert np.isfinite(covariance).all()
    np.testing.assert_array_equal(covariance, cartesian_covariance(other))


SCORE = "--coordinate pm_phi1 --window -10 -7 --features phi1,phi2 --method cwola"


def test_identifiers_in_scores(run: Run, tmp_path: Path) -> None:
    """Identifiers come out to the last digit although two are missing."""
    out = tmp_path / "S.parquet"
    answer = run("streams", "score", "strip-two-ids-missing.csv", *SCORE.split(), "--out", out)
    assert answer.status == 0, answer.told
    written = pq.read_table(out)
    assert written.num_rows == 276
    assert str(written.schema.field("source_id").type) == "int64"
    lines = (FILES / "strip-two-ids-missing.csv").read_text().splitlines()[1:]
    inside = [line.split(",") for line in lines if -10 <= float(line.split(",")[3]) < -7]
    expected = [int(cells[0]) if cells[0] else None for cells in inside]
    assert sorted(written["source_id"].to_pylist(), key=str) == sorted(expected, key=str)


def test_identifiers_as_text_in_scores(run: Run, tmp_path: Path) -> None:
    """Names that are text stay text."""
    out = tmp_path / "S.parquet"
    answer = run(
        "streams", "score", "strip-text-ids.csv", *SCORE.split(), "--id", "name", "--out", out
    )
    assert answer.status == 0, answer.told
    names = pq.read_table(out)["source_id"].to_pylist()
    table = stars("strip-text-ids.csv")
    inside = (table["pm_phi1"] >= -10.0) & (table["pm_phi1"] < -7.0)
    assert sorted(names) == sorted(table["name"][inside].tolist())
    assert len(names) == 276


def test_a_joined_velocity_is_a_velocity(run: Run) -> None:
    """A known column means the same however it came."""
    base = run("ingest", "join-base-no-rv.csv")
    joined = run(
        "join", base.told["catalogue"], "join-rv.csv", "--column", "radial_velocity=VHELIO",
        "--column", "radial_velocity_error=VERR",
    )  # fmt: skip
    assert (joined.told["matched"], joined.told["with_6d"]) == (40, 40)
    catalogue = joined.catalogue
    whole = run("ingest", PLAIN).catalogue
    for name in ("radial_velocity", "vx", "vy", "vz"):
        assert catalogue.column(name).dtype == whole.column(name).dtype
    table = stars("join-base-no-rv.csv")
    moves_as(catalogue, velocities(table, np.float32(stars("join-rv.csv")["VHELIO"])))
    assert cartesian_covariance(catalogue) is not None


BOUNDS = {
    "phot_g_mean_mag <= 12.3": 30,
    "phot_g_mean_mag < 12.4": 30,
    "phot_g_mean_mag == 12.3": 10,
    "12.1 <= phot_g_mean_mag <= 12.3": 30,
}


@pytest.mark.parametrize(("cut", "kept"), BOUNDS.items())
def test_values_at_a_bound(run: Run, cut: str, kept: int) -> None:
    """A bound is compared as the table writes its numbers."""
    catalogue = run("ingest", "tenths-of-magnitudes.csv").catalogue
    assert mask(parse(cut), catalogue).sum() == kept


@pytest.mark.parametrize(("cut", "kept"), [("dr2_source_id < 100", 0), ("dr2_source_id != 5", 30)])
def test_a_missing_long_integer_passes_no_comparison(run: Run, cut: str, kept: int) -> None:
    """Ten of the identifiers are missing."""
    catalogue = run("ingest", "long-integers-missing.csv").catalogue
    assert mask(parse(cut), catalogue).sum() == kept
    column = catalogue.columns["dr2_source_id"]
    assert column.dtype == "int64"
    assert (catalogue.column("dr2_source_id") == column.missing).sum() == 10


def test_a_box_of_a_hats_catalogue(run: Run, tmp_path: Path) -> None:
    """A cut in declination finds every star on its side."""
    lsdb = pytest.importorskip("lsdb")
    table = stars("hats-north.csv").to_pandas()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lsdb uses what this year's pandas deprecates
        catalogue = lsdb.from_dataframe(
            table, catalog_name="north", lowest_order=1, highest_order=3, partition_rows=30
        )
        catalogue.write_catalog(tmp_path / "north", catalog_name="north")
    answer = run(
        "fetch", "--hats", tmp_path / "north", "--select", "dec > 60", "--name", "north", "--wait"
    )
    assert answer.status == 0, answer.told
    assert answer.told["rows"] == int((table["dec"] > 60).sum()) == 223


def test_stars_in_a_plane_are_refused_before_the_run(run: Run) -> None:
    """Coordinates that do not vary make no map."""
    answer = run("map", "stars-in-a-plane.csv", "--preset", "quick", "--wait")
    assert answer.status == 1
    assert "z" in answer.told["error"]
    assert "vary" in answer.told["error"] + answer.told["hint"]
    assert run("runs").told == []
