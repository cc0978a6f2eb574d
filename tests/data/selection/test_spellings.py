"""Selections as people write them: read as what they mean, or answered with what to write."""

from __future__ import annotations

import re

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from data.catalogue.ingest import ingest
from data.columns.derived import column
from data.errors import UserError
from data.selection import TextError, canonical, mask, parse, parse_expression, to_text


class Table:
    """The least that a selection needs of a catalogue."""

    def __init__(self, **columns):
        self.columns = columns
        self.n_rows = len(next(iter(columns.values())))

    def has(self, name):
        return name in self.columns

    def column(self, name):
        return self.columns[name]


@pytest.mark.parametrize(
    ("spelling", "python"),
    [
        ("abs(z) < 1 AND x > 8", "abs(z) < 1 and x > 8"),
        ("x < 1 Or NOT y < 2", "x < 1 or not y < 2"),
        ("NOT(x < 1)", "not (x < 1)"),
        ("x <> 1", "x != 1"),
        ("x BETWEEN 10 AND 12.5", "10 <= x <= 12.5"),
        ("x between -1 and 1 and y < 2", "-1 <= x <= 1 and y < 2"),
        ("x NOT BETWEEN 1 AND 2 OR y < 2", "not 1 <= x <= 2 or y < 2"),
        ("NOT x BETWEEN 1 AND 2", "not 1 <= x <= 2"),
        ("l BETWEEN 350 AND 10", "350 <= l <= 10"),
        ("abs(x) BETWEEN 1 AND y * (2 + z)", "1 <= abs(x) <= y * (2 + z)"),
        ("(x BETWEEN 1 AND 2) AND (y BETWEEN 3 AND 4)", "1 <= x <= 2 and 3 <= y <= 4"),
        ("x - y BETWEEN 1 AND 2 OR x BETWEEN 5 AND 6", "1 <= x - y <= 2 or 5 <= x <= 6"),
        ("x IS NOT NULL", "x == x"),
        ("x IS NULL and y < 1", "not x == x and y < 1"),
        ("x is not None", "x == x"),
        ("x + y IS NULL", "not x + y == x + y"),
        ("isnan(x)", "not x == x"),
        ("not isnan(x) and y > 1", "not not x == x and y > 1"),
        ("ISFINITE(x)", "x - x == 0"),
        ("x IN (1, 2)", "x in (1, 2)"),
        ("x NOT IN (1, 2)", "x not in (1, 2)"),
        ("x < 1 && y < 2 || !(z < 3)", "x < 1 and y < 2 or not (z < 3)"),
        ("x<1&&y<2", "x < 1 and y < 2"),
        ("x^2 + y^2 < 4", "x**2 + y**2 < 4"),
        ("(x - 1)^2 < 3 and sqrt(y)^-0.5 > 1", "(x - 1)**2 < 3 and sqrt(y)**-0.5 > 1"),
        ("10^(0.4 * x) < y", "10**(0.4 * x) < y"),
        ("(x < 1) ^ (y < 2)", "xor(x < 1, y < 2)"),
        ("(x < 1) ^ (y^2 < 2)", "xor(x < 1, y**2 < 2)"),
        ("(x^2 < 1) ^ ~(y < 2)", "xor(x**2 < 1, not (y < 2))"),
        ("LOG10(x) < SQRT(y) + Abs(z)", "log10(x) < sqrt(y) + abs(z)"),
        ("np.log10(x) < numpy.sqrt(y)", "log10(x) < sqrt(y)"),
        ("LN(x) < POWER(y, 2) and pow(z, 3) < 1", "log(x) < y**2 and z**3 < 1"),
        ("x ≤ 5 and y ≥ −3 or z ≠ 2", "x <= 5 and y >= -3 or z != 2"),
        ("x > 1e−3", "x > 1e-3"),
        ("2 × x · y ÷ z < 1", "2 * x * y / z < 1"),
        ("x² + y³ < 4", "x**2 + y**3 < 4"),
        ("x < 1 ∧ y > 2 ∨ ¬ (z < 1)", "x < 1 and y > 2 or not (z < 1)"),
        ("WHERE x < 1;", "x < 1"),
        ("where (x < 1) and y < 2", "x < 1 and y < 2"),
        ("x => 1 and x =< 2", "x >= 1 and x <= 2"),
        ("named(“thin – AND – disc”, x < 1)", 'named("thin – AND – disc", x < 1)'),
        ("x < 1\n  AND\ty < 2", "x < 1 and y < 2"),
    ],
)
def test_another_spelling_is_the_same_tree(spelling, python):
    assert parse(spelling) == parse(python)
    assert canonical(parse(to_text(parse(spelling)))) == canonical(parse(python))


@pytest.mark.parametrize(
    "text",
    [
        'named("a AND b <> c ^ 2 × 3", x < 1)', "named('BETWEEN 1 AND 2', x < 1)",
        'column("IS NULL") < 1', 'column("a^2") < 1', "x < 1 # AND y < 2",
        'named("not “quoted”", x < 1)',
    ],
)  # fmt: skip
def test_texts_in_quotes_and_comments_are_left_alone(text):
    tree = parse(text)
    name = re.search(r"named\(([\"'])(.*?)\1", text)
    if name:
        assert tree["name"] == name[2]
    assert parse(to_text(tree)) == tree


@pytest.mark.parametrize("name", ["AND", "Or", "is", "Between", "NULL", "nan", "WHERE", "true"])
def test_columns_that_are_called_like_words_keep_their_names(name):
    tree = {"kind": "compare", "left": {"column": name}, "op": "<", "right": 1.0}
    assert parse(to_text(tree)) == tree


@pytest.mark.parametrize(
    ("text", "sentence", "hint", "marked"),
    [
        ("x = 1", "= is not a comparison", "x == 1", "="),
        ("a + b = c and d < 1", "= is not a comparison", "a + b == c", "="),
        ("x = NULL", "= is not", "x IS NULL", "="),
        ("x == NULL", "missing value", "isnan(x)", "NULL"),
        ("x != nan", "missing value", "isnan(x)", "nan"),
        ("x < inf", "finite", "isfinite(x)", "inf"),
        ("x < 1 & y < 2", "not a number", "and", "1 & y"),
        ("x < 1 | y < 2", "not a number", "or", "1 | y"),
        ("x < 1 ^ y < 2", "not a number", "**", "1 ^ y"),
        ("1 < x^2 < 4", "not a number", "**", None),
        ("(x < 1", "missing )", "Write )", "("),
        ("(x < 1 and (y < 2)", "missing )", "Write )", "("),
        ("x < 1)", "missing (", "out", ")"),
        ("abs(z < 1", "missing )", "Write )", "("),
        ("x in (1, 2", "missing )", "Write )", "("),
        ("polygon(x, y, (1, 2), (3, 4), (5, 6)", "missing )", "Write )", "("),
        ("x in [1, 2)", "missing", "Write", None),
        (
            "distance < 0.5 kpc",
            "no units in a selection: values of distance are in kpc",
            "0.5",
            "kpc",
        ),
        ("abs(z)<300pc", "values of z are in kpc", "without pc", "pc"),
        ("pmra < 5 mas/yr and x < 1", "values of pmra are in mas/yr", "mas/yr", "mas/yr"),
        ("-5 < v_R < 100 km s-1", "values of v_R are in km/s", "km s-1", "km s-1"),
        ("E(bovy) < -1e5 km2/s2", "are in km2/s2", "1e5", "km2/s2"),
        ("abs(z) < (0.3 + x) kpc", "values of z are in kpc", "without kpc.", "kpc"),
        ("my_length < 3 kpc", "in the column's unit", "3", "kpc"),
        ("b > 10°", "means nothing", "degrees", "°"),
        ("x < 1 y < 2", "nothing joins 1 and y", "and", "1 y"),
        ("2x < 1", "nothing joins 2 and x", "*", "2x"),
        ("abs z < 1", "nothing joins abs and z", "operator", "abs z"),
        ("x <", "ends after <", "column", "<"),
        ("x < 1 AND", "ends after AND", "condition", "AND"),
        ("and x < 1", "a condition is missing before and", "at the start", "and"),
        ("x < 1 and or y < 2", "missing before or", "between and", "or"),
        ("x < < 1", "missing before <", "between <", "<"),
        ('named("a, x < 1)', "no closing quote", "quote", None),
        ("x BETWEEN 1", "not complete", "BETWEEN a AND b", "BETWEEN"),
        ("x BETWEEN 1 OR 2", "not complete", "BETWEEN a AND b", "BETWEEN"),
        ("x < 1 XOR y < 2", "xor stands between", "xor(", "XOR"),
        ("x IS 5", "missing value only", "==", "IS"),
        ("x is 5", "not a comparison", "==", None),
        ("SELECT * FROM t WHERE x < 1", "whole query", "WHERE", "SELECT"),
        ("g.parallax > 1", "not a number", "parallax", "g.parallax"),
        ('"parallax" > 1', "not a number", "without quotes", '"parallax"'),
        ("has_6d", "not a condition", "has_6d == 1", "has_6d"),
        ("flag == TRUE", "must be a number", "1 for true", "TRUE"),
        ("x < 0,5", "not a condition", "decimal point", None),
        ("x < 1; y < 2", "; means nothing", "and", ";"),
        ("sqr(x) < 1", "unknown function", "sqrt", "sqr(x)"),
        ("x < $5", "$ means nothing", "", "$"),
        ("name LIKE 'a%'", "text are not stored", "", "LIKE"),
    ],
)
def test_an_error_names_what_is_wrong_where_and_what_to_write(text, sentence, hint, marked):
    for lead in ("", "  \n "):
        with pytest.raises(TextError) as caught:
            parse(lead + text)
        error = caught.value
        assert sentence in error.sentence
        assert hint in error.hint
        first, last = error.span
        if marked is not None:
            assert (lead + text)[first:last] == marked
        assert f"at character {first + 1}" in error.sentence


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("x BETWEEN 1 AND y AND foo(z) > 1", "foo(z)"),
        ("x ≤ 1 ∧ foo(z) > 1", "foo(z)"),
        ("foo(z) BETWEEN 1 AND 2", "foo(z)"),
        ("x<>1&&y IS NOT NULL&&foo(z)>1", "foo(z)"),
        ("Ünder² < 1 AND x < 1 & y < 2", "1 & y"),
        ("x^2 < 1 AND x IN (1, y)", "x IN (1, y)"),
    ],
)
def test_the_place_of_an_error_is_that_in_what_was_written(text, marked):
    with pytest.raises(TextError) as caught:
        parse(text)
    first, last = caught.value.span
    assert text[first:last] == marked


def test_expressions_are_read_in_other_spellings_too():
    assert parse_expression("LOG10(x)^2") == parse_expression("log10(x)**2")


def test_missing_values_can_be_asked_for():
    table = Table(x=np.array([1.0, np.nan, np.inf]), y=np.array([0.0, 1.0, 2.0]))
    for text, truth in (
        ("x IS NULL", [False, True, False]),
        ("isnan(x)", [False, True, False]),
        ("x IS NOT NULL", [True, False, True]),
        ("isfinite(x)", [True, False, False]),
        ("isnan(x) OR y < 1", [True, True, False]),
        ("isnan(log10(y - 1))", [True, False, False]),
    ):
        assert mask(parse(text), table).tolist() == truth, text


NAMES = [f"star_property_{k}" for k in range(80)] + ["ra", "dec", "parallax", "pmra", "ruwe"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("plx", "parallax"), ("paralax", "parallax"), ("Parallax", "parallax"), ("RUWE", "ruwe"),
        ("pm_ra", "pmra"), ("vlos", "radial_velocity"), ("dist", "distance"), ("glon", "l"),
        ("star_property_8o", "star_property_8"), ("lz", "L_z"), ("Gmag", "phot_g_mean_mag"),
        ("MG", "absolute_g"), ("rv", "radial_velocity"), ("vphi", "v_phi"),
    ],
)  # fmt: skip
def test_an_unknown_column_gets_the_nearest_names(name, meant):
    own = [*NAMES, "radial_velocity", "distance", "x", "y", "z", "vx", "vy", "vz",
           "phot_g_mean_mag"]  # fmt: skip
    table = Table(**{known: np.zeros(1) for known in own})
    with pytest.raises(UserError) as caught:
        column(table, name)
    assert caught.value.hint.startswith("Did you mean ")
    assert meant in re.split(r"[ ,?]+", caught.value.hint)
    assert caught.value.hint.count(",") <= 2


def test_an_unknown_column_with_no_neighbour_does_not_list_all():
    table = Table(**{known: np.zeros(1) for known in NAMES})
    with pytest.raises(UserError) as caught:
        column(table, "qqqq")
    assert len(caught.value.hint) < 120
    assert "columns, among them ra, dec, parallax" in caught.value.hint
    with pytest.raises(UserError, match="no column 'kpc'") as caught:
        mask(parse("ra < 5 * kpc"), table)
    assert "no units" in caught.value.hint


# --- any tree, written as SQL, C or a typesetter would ------------------------------------------

names = st.sampled_from(["x", "y", "L_z", "phot_g_mean_mag", "phi1(gd1)"])
numbers = st.integers(-50, 50).map(lambda n: n / 4)
expressions = st.recursive(
    numbers | names.map(lambda name: {"column": name}),
    lambda parts: st.builds(
        lambda op, a, b: {"op": op, "of": [a, b]},
        st.sampled_from(["+", "-", "*", "/", "hypot"]), parts, parts,
    ) | st.builds(lambda op, a: {"op": op, "of": [a]}, st.sampled_from(["sqrt", "log10"]), parts)
    | parts.map(lambda base: {"op": "**", "of": [base, 2.0]}),
    max_leaves=5,
)  # fmt: skip
comparisons = st.builds(
    lambda left, op, right: {"kind": "compare", "left": left, "op": op, "right": right},
    expressions, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), expressions,
)  # fmt: skip
ranges = st.builds(
    lambda name, low, width: {"kind": "range", "column": name, "min": low, "max": low + width},
    names, numbers, st.integers(0, 9).map(float),
)  # fmt: skip
lists = st.builds(
    lambda name, values: {"kind": "among", "column": name, "values": values},
    names, st.lists(numbers, min_size=1, max_size=3),
)  # fmt: skip
trees = st.recursive(
    comparisons | ranges | lists,
    lambda nodes: st.builds(
        lambda kind, of: {"kind": kind, "of": of},
        st.sampled_from(["and", "or"]), st.lists(nodes, min_size=2, max_size=3),
    )
    | nodes.map(lambda node: {"kind": "not", "of": node}),
    max_leaves=6,
)  # fmt: skip


def sql(node):
    kind = node["kind"]
    if kind == "range":
        name, low, high = to_text_of(node["column"]), node["min"], node["max"]
        return f"{name} BETWEEN {low!r} AND {high!r}"
    if kind in ("and", "or"):
        return "(" + f" {kind.upper()} ".join(map(sql, node["of"])) + ")"
    if kind == "not":
        return f"NOT ({sql(node['of'])})"
    text = to_text(node)
    for python, other in ((" in ", " IN "), ("!=", "<>"), ("sqrt(", "SQRT("), ("log10(", "LOG10("),
                          (" ** 2", "^2")):  # fmt: skip
        text = text.replace(python, other)
    return text


def typeset(node):
    text = to_text(node)
    for python, other in ((" and ", " && "), (" or ", " ∨ "), ("not ", "! "), ("<=", "≤"),
                          (">=", "≥"), ("!=", "≠"), (" * ", " × "), ("-", "−"),
                          (" ** 2", "²")):  # fmt: skip
        text = text.replace(python, other)
    return text


def to_text_of(name):
    return to_text({"kind": "range", "column": name, "min": 0, "max": None}).split(" >=")[0]


def chained(text):
    """Say whether a power stands in the middle of a chain, where ^ could be an exclusive or."""
    return re.search(r"<=?[^<>]*\^[^<>]*<", text)


@settings(deadline=None, max_examples=300)
@given(trees)
def test_any_tree_in_the_spelling_of_sql_is_the_same_selection(tree):
    text = sql(tree)
    if not chained(text):
        assert canonical(parse(text)) == canonical(parse(to_text(tree)))


@settings(deadline=None, max_examples=300)
@given(trees)
def test_any_tree_in_typeset_signs_is_the_same_selection(tree):
    assert canonical(parse(typeset(tree))) == canonical(parse(to_text(tree)))


WORDS = ["x", "y", "1", "2.5", "AND", "or", "NOT", "IS", "NULL", "BETWEEN", "in", "(", ")", ",",
         "<", "=", "<>", "^", "≤", "−", "²", "&&", "!", "“", "kpc", "SQRT", "np.", "#", "'", ";",
         "WHERE", "isnan", "°", "0x1", "é"]  # fmt: skip


@settings(deadline=None, max_examples=600)
@given(st.lists(st.sampled_from(WORDS), max_size=12), st.sampled_from([" ", ""]))
def test_any_words_give_a_tree_or_a_sentence_with_a_place(words, gap):
    text = gap.join(words)
    try:
        tree = parse(text)
    except UserError as caught:
        error = caught
    else:
        assert tree is None or isinstance(tree, dict)
        return
    first, last = getattr(error, "span", (0, 0))
    assert 0 <= first <= last <= len(text) + 1
    assert len(error.sentence) < 400


@pytest.mark.parametrize("header", ["b", "B"])
def test_a_magnitude_called_b_is_no_latitude(tmp_path, header):
    rng = np.random.default_rng(5)
    ra, dec = rng.uniform(0, 360, 40), rng.uniform(-80, 80, 40)
    rows = [
        f"{k},{a!r},{d!r},1,1,1,{12 + k / 20}"
        for k, (a, d) in enumerate(zip(ra.tolist(), dec.tolist(), strict=True))
    ]
    path = tmp_path / "stars.csv"
    path.write_text("\n".join([f"source_id,ra,dec,parallax,pmra,pmdec,{header}", *rows]))
    stars = ingest(path, tmp_path)
    latitude = SkyCoord(ra, dec, unit="deg").galactic.b.deg
    np.testing.assert_allclose(column(stars, "b"), latitude, atol=1e-4)
    assert mask(parse("abs(b) > 30"), stars).tolist() == (abs(latitude) > 30).tolist()
