"""ADQL against the mask, asked of SQLite, whose NULL is that of every archive.

Values and bounds come from one small grid of doubles, so that bounds, corners and stars
coincide all the time, and both sides calculate in doubles: they must agree exactly.
"""

import math
import sqlite3

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from data.errors import UserError
from data.selection import mask, parse, to_text
from data.selection.adql import adql_query, to_adql

NAMES = ["ra", "dec", "parallax", "parallax_error", "pmra", "pmdec", "l", "source_id"]
COLUMNS = {name: name for name in NAMES}


class Table:
    def __init__(self, **columns):
        self.columns = columns
        self.n_rows = len(next(iter(columns.values())))

    def has(self, name):
        return name in self.columns

    def column(self, name):
        return self.columns[name]


def strict(function):
    """Make a function fail as PostgreSQL does where the result is no finite number."""

    def called(*numbers):
        return None if None in numbers else function(*numbers)

    return called


@pytest.fixture(scope="module")
def archive():
    connection = sqlite3.connect(":memory:")
    for name in ("sqrt", "exp", "sin", "cos", "tan", "log", "log10", "radians", "degrees"):
        connection.create_function(name, 1, strict(getattr(math, name)))
    connection.create_function("power", 2, strict(lambda a, b: float(a) ** float(b)))
    connection.create_function("atan2", 2, strict(math.atan2))
    yield connection
    connection.close()


def kept_by_archive(connection, where, table):
    """Give the rows that the condition finds true."""
    connection.execute("DROP TABLE IF EXISTS stars")
    kinds = ", ".join(f"{n} {'INTEGER' if n == 'source_id' else 'REAL'}" for n in table.columns)
    connection.execute(f"CREATE TABLE stars (row INTEGER, {kinds})")
    rows = zip(*(values.tolist() for values in table.columns.values()), strict=True)
    empty = [[None if v != v else v for v in row] for row in rows]
    marks = ", ".join("?" * (len(table.columns) + 1))
    connection.executemany(
        f"INSERT INTO stars VALUES ({marks})",  # noqa: S608
        [(i, *row) for i, row in enumerate(empty)],
    )
    text = f"SELECT row FROM stars WHERE {where or '1 = 1'}"  # noqa: S608
    kept = np.zeros(table.n_rows, dtype=bool)
    kept[[row for (row,) in connection.execute(text)]] = True
    return kept


grid = st.integers(-4, 4).map(lambda n: n / 2.0)
value = grid | st.just(math.nan)
angle = st.integers(0, 24).map(lambda n: n * 15.0) | st.just(math.nan)


def ordered(name, low, high):
    if low is not None and high is not None and low > high:
        low, high = high, low
    return {"kind": "range", "column": name, "min": low, "max": high}


plain = st.sampled_from(["pmra", "pmdec", "parallax"])
ranges = st.builds(ordered, plain, st.none() | grid, st.none() | grid)
identifiers = st.builds(ordered, st.just("source_id"), st.integers(-3, 3), st.integers(-3, 3))
arcs = st.builds(
    lambda low, high: {"kind": "range", "column": "l", "min": low, "max": high},
    st.integers(-24, 48).map(lambda n: n * 15.0),
    st.integers(-24, 48).map(lambda n: n * 15.0),
)
polygons = st.builds(
    lambda points: {"kind": "polygon", "columns": ["pmra", "pmdec"], "points": points},
    # Slopes of these corners are exact, so no star lies beside an edge by rounding.
    st.lists(
        st.tuples(grid, st.sampled_from([-2.0, -1.0, 0.0, 1.0])).map(list), min_size=3, max_size=7
    ),
)
sides = st.sampled_from(
    [
        "pmra", "pmdec + pmra", "pmra - 0.5", "2 * pmra", "abs(pmdec)", "-pmra", "pmra ** 2",
        "sqrt(parallax)", "hypot(pmra, pmdec)", "distance", "radians(pmra)", "pm", "source_id / 2",
    ]
)  # fmt: skip
comparisons = st.builds(
    lambda left, op, right: parse(f"{left} {op} {right}"),
    sides,
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    grid.map(repr) | st.sampled_from(["pmra", "parallax"]),
)
leaves = ranges | identifiers | arcs | polygons | comparisons
hidden = st.sampled_from(["v_phi > 0", "speed < 3", "min(pmra, pmdec) > 0", "has_6d > 0.5"]).map(
    parse
)


def nested(leaf):
    return st.recursive(
        leaf,
        lambda nodes: (
            st.builds(
                lambda kind, of: {"kind": kind, "of": of},
                st.sampled_from(["and", "or", "xor"]),
                st.lists(nodes, max_size=4),
            )
            | nodes.map(lambda node: {"kind": "not", "of": node})
        ),
        max_leaves=7,
    )


def made(rows):
    stars = np.array([row[:3] for row in rows], dtype=float).T
    parallax = stars[2]
    with np.errstate(divide="ignore"):
        distance = np.where(parallax > 0, 1 / np.where(parallax > 0, parallax, 1), np.nan)
    speed = np.array([row[5] for row in rows])
    return Table(
        pmra=stars[0],
        pmdec=stars[1],
        parallax=parallax,
        l=np.array([row[3] for row in rows]),
        source_id=np.array([row[4] for row in rows], dtype=np.int64),
        # What only we know; the archive is never asked for it.
        distance=distance,
        pm=np.sqrt(stars[0] ** 2 + stars[1] ** 2),
        vx=speed, vy=speed, vz=speed, x=speed, y=speed, has_6d=~np.isnan(speed),
    )  # fmt: skip


tables = st.lists(
    st.tuples(value, value, value, angle, st.integers(-3, 3), value), min_size=1, max_size=25
).map(made)


def seen(table):
    own = ("pmra", "pmdec", "parallax", "l", "source_id")
    return Table(**{name: table.columns[name] for name in own})


@settings(deadline=None, max_examples=120)
@given(nested(leaves), tables)
def test_adql_keeps_the_stars_of_the_mask(archive, tree, table):
    found = to_adql(tree, COLUMNS)
    # each xor writes its parts twice; what grows beyond the service's limit is left out, and said
    assume(not any("too long" in part.reason for part in found.left_out))
    assert not found.left_out, found
    kept = kept_by_archive(archive, found.text, seen(table))
    assert kept.tolist() == mask(tree, table).tolist(), found.text


@settings(deadline=None, max_examples=120)
@given(nested(leaves | hidden), tables)
@example(parse("not (pmra > 0 and speed > 1)"), made([(1.0, 0.0, 1.0, 0.0, 1, 0.5)]))
@example(parse("not (pmra > 0 or speed > 1)"), made([(-1.0, 0.0, 1.0, 0.0, 1, 0.5)]))
@example(parse("xor(pmra > 0, speed > 1)"), made([(1.0, 0.0, 1.0, 0.0, 1, 2.0)]))
def test_what_adql_cannot_say_loses_no_star(archive, tree, table):
    found = to_adql(tree, COLUMNS)
    kept = kept_by_archive(archive, found.text, seen(table))
    lost = mask(tree, table) & ~kept
    assert not lost.any(), found.text
    if not found.left_out:
        assert kept.tolist() == mask(tree, table).tolist(), found.text


def test_the_superset_is_no_larger_than_it_must_be(archive):
    """An ``and`` loses only the member that cannot be said, a polygon leaves its box."""
    found = to_adql(parse("pmra > 0 and speed > 1"), COLUMNS)
    assert found.text == "pmra > 0"
    assert [str(cut) for cut in found.left_out] == [
        "speed > 1: speed is not a column of the archive"
    ]
    corners = [[math.cos(i), math.sin(i)] for i in range(300)]
    lasso = {"kind": "polygon", "columns": ["pmra", "pmdec"], "points": corners}
    found = to_adql({"kind": "and", "of": [lasso, parse("parallax > 3")]}, COLUMNS)
    assert found.text.startswith("(pmra >= -0.9999")
    assert found.text.endswith("parallax > 3")
    assert "300 corners" in found.left_out[0].reason
    assert to_adql({"kind": "not", "of": lasso}, COLUMNS).text == ""


def test_sky_and_galactocentric_columns_are_those_of_the_store(archive):
    """l, b, x, z, R, phi, M_G as the archive would calculate them, for stars all over the sky."""
    from data.columns.derived import column
    from data.frames import to_galactocentric

    rng = np.random.default_rng(4)
    n = 400
    ra, dec = rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    parallax, g = rng.uniform(0.2, 3, n), rng.uniform(5, 15, n)
    zero = np.zeros(n)
    x, _ = to_galactocentric(ra, dec, 1 / parallax, zero, zero, zero)
    mine = Table(
        ra=ra, dec=dec, distance=1 / parallax, phot_g_mean_mag=g,
        **dict(zip("xyz", x.T, strict=True)),
    )  # fmt: skip
    theirs = Table(ra=ra, dec=dec, parallax=parallax, phot_g_mean_mag=g)
    columns = {name: name for name in theirs.columns}
    for name in ("l", "b", "x", "y", "z", "R", "r", "phi", "absolute_g", "distance"):
        values = column(mine, name)
        bound = float(np.median(values)) + 1e-4
        tree = parse(f"{name} < {bound!r}")
        found = to_adql(tree, columns)
        assert not found.left_out
        kept = kept_by_archive(archive, found.text, theirs)
        wrong = kept != mask(tree, mine)
        assert np.all(np.abs(values[wrong] - bound) < 1e-5), name
        assert 100 < kept.sum() < 300
    arc = {"kind": "range", "column": "l", "min": 300.0, "max": 40.0}
    kept = kept_by_archive(archive, to_adql(arc, columns).text, theirs)
    assert kept.tolist() == mask(arc, mine).tolist()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("350 <= l <= 10", "l BETWEEN -10 AND 10 OR l BETWEEN 350 AND 370"),
        ("parallax_over_error > 5", "parallax_error = 0 OR parallax / parallax_error > 5"),
        ("not (parallax > 1)", "NOT (parallax IS NOT NULL AND parallax > 1)"),
        ("nothing", "1 = 0"),
        ("everything", ""),
        ("pmra == pmra", "pmra = pmra"),
    ],
)
def test_the_text_can_be_read(text, wanted):
    assert to_adql(parse(text), COLUMNS).text == wanted


def test_nothing_is_calculated_where_it_would_stop_the_query(archive):
    """A 0 or a negative number under a root or a fraction costs no star and no error."""
    table = Table(
        parallax=np.array([-1.0, 0.0, 1.0, 4.0, np.nan]),
        parallax_error=np.array([0.0, 1.0, 0.0, 2.0, 1.0]),
        pmra=np.array([1e4, -1e4, 0.0, 1.0, np.nan]),
    )
    for text in (
        "log(parallax) < 1", "log10(parallax) > 0", "sqrt(parallax) < 1", "exp(pmra) > 2",
        "parallax_over_error > 0.5", "1 / pmra > 0", "10 ** pmra > 5", "parallax ** 1.5 > 0",
        "parallax ** pmra < 2",
    ):  # fmt: skip
        for tree in (parse(text), parse(f"not ({text})"), parse(f"xor({text}, pmra > 2)")):
            found = to_adql(tree, {**COLUMNS})
            kept = kept_by_archive(archive, found.text, table)
            lost = mask(tree, table) & ~kept
            assert not lost.any(), (to_text(tree), found.text)
            finite = np.array([False, False, False, True, False])
            assert kept[finite].tolist() == mask(tree, table)[finite].tolist(), found.text


def test_many_members_of_an_xor_stay_short_enough():
    tree = {"kind": "xor", "of": [parse(f"pmra > {i}") for i in range(9)]}
    assert len(to_adql(tree, COLUMNS).text) < 20_000
    tree = {"kind": "xor", "of": [parse(f"pmra > {i}") for i in range(60)]}
    found = to_adql(tree, COLUMNS)
    assert (found.text, len(found.left_out)) == ("", 1)


def test_names_of_columns_cannot_carry_a_query():
    with pytest.raises(UserError, match="not the name of a column"):
        to_adql(parse("ra > 1"), {"ra": "ra; DROP TABLE x"})
    found = to_adql(parse('column("ra) OR 1 = 1 --") > 1'), COLUMNS)
    assert found.text == ""
    assert "not a column" in found.left_out[0].reason


def test_the_whole_query_gives_columns_our_names():
    class Release:
        table = "gaiadr4.gaia_source AS g JOIN gaiadr4.rvs AS r ON g.source_id = r.source_id"
        columns = {"source_id": "g.source_id", "radial_velocity": "r.rv"}  # noqa: RUF012

    query = adql_query(parse("radial_velocity > 100 and speed > 1"), Release())
    assert query.text.splitlines() == [
        "SELECT g.source_id AS source_id, r.rv AS radial_velocity",
        f"FROM {Release.table}",
        "WHERE r.rv > 100",
    ]
    assert len(query.left_out) == 1
