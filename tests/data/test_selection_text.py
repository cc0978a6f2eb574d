"""The text form of a selection: its grammar, its way back, and the caption."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import UserError
from data.selection import canonical, caption, parse, parse_expression, selection_hash, to_text

X = {"column": "x"}


def compare(left, op, right):
    return {"kind": "compare", "left": left, "op": op, "right": right}


def test_grammar():
    assert parse("") is None
    assert parse(" everything ") is None
    assert parse("nothing") == {"kind": "or", "of": []}
    assert parse("x < 1") == compare(X, "<", 1.0)
    assert parse("1 < x < 2") == {
        "kind": "and",
        "of": [compare(1.0, "<", X), compare(X, "<", 2.0)],
    }
    assert parse("1 <= x <= 2") == {"kind": "range", "column": "x", "min": 1.0, "max": 2.0}
    assert parse("350 <= l <= 10")["min"] == 350.0
    assert parse('named("thin", x < 1)') == {**compare(X, "<", 1.0), "name": "thin"}
    assert parse('column("vel-err") < 2')["left"] == {"column": "vel-err"}
    assert parse("x\n < 1\n and\ty < 2")["kind"] == "and"
    assert parse("x < -1")["right"] == -1.0
    assert parse("source_id == 4611686018427387905")["right"] == 4611686018427387905
    polygon = parse("polygon(x, y, (0, 0), [1, -0.5], (0, 1))")
    assert polygon["points"] == [[0.0, 0.0], [1.0, -0.5], [0.0, 1.0]]


def test_words_and_symbols_mean_the_same():
    assert parse("(x < 1) & (y < 2)") == parse("x < 1 and y < 2")
    assert parse("(x < 1) | (y < 2) | (z < 3)") == parse("x < 1 or y < 2 or z < 3")
    assert parse("(x < 1) ^ (y < 2)") == parse("xor(x < 1, y < 2)")
    assert parse("~(x < 1)") == parse("not x < 1")


def test_and_binds_tighter_than_or_and_symbols_tighter_than_words():
    tree = parse("x < 1 or y < 2 and z < 3")
    assert [node["kind"] for node in tree["of"]] == ["compare", "and"]
    tree = parse("(x < 1) | (y < 2) & (z < 3)")
    assert [node["kind"] for node in tree["of"]] == ["compare", "and"]
    tree = parse("(x < 1) | (y < 2) and z < 3")
    assert [node["kind"] for node in tree["of"]] == ["or", "compare"]


def test_symbols_without_brackets_are_explained():
    for text in ("x < 1 & y < 2", "x < 1 | y < 2", "x < 1 ^ y < 2"):
        with pytest.raises(UserError, match="not a number") as caught:
            parse(text)
        assert "brackets" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "x", "x +", "1", "abs(x)", "x < ", "x < 1 and", "x = 1", "x is 1", "x in y",
        "'a' < x", "x < 'a'", "x < None", "x < True", "x < 1j", "x < 1e999", "x // 2 < 1",
        "x % 2 < 1", "x @ y < 1", "x if y else z", "lambda: 1", "[x < 1]", "x[0] < 1", "x.y < 1",
        "abs(x, y) < 1", "abs(x=1) < 1", "hypot(x) < 1", "min(x) < 1", "foo(x) < 1",
        "eval('1') < 1", "__import__('os').system('true') < 1", "open('a') < 1", "neg(x) < 1",
        "polygon(x, y, (0, 0), (1, 1))", "polygon(x, 1, (0,0), (1,0), (0,1))",
        "polygon(x, y, 1, 2, 3)", "polygon(x, y, (0, 0, 0), (1, 1), (2, 2))",
        "named('a')", "named(1, x < 1)", "column(1) < 2", "x < 1; y < 2", "x := 1",
        "5 <= x <= 1", "(" * 300, "x" * 30_000, "-" * 5_000 + "x < 1", "not " * 5_000 + "x < 1",
        "x < 1 \x00", "f'{x}' < 1", "*x", "yield x", "await x", "'\\d' < x", "1 if x else 2",
    ],
)  # fmt: skip
def test_what_is_no_selection_is_refused(text):
    with pytest.raises(UserError) as caught:
        parse(text)
    assert len(caught.value.sentence) < 300


def test_long_chains_are_not_deep():
    assert len(parse(" and ".join(["x < 1"] * 500))["of"]) == 500
    assert len(parse(" | ".join(["(x < 1)"] * 60))["of"]) == 60


@pytest.mark.parametrize("outer", ["a", "b"])
def test_a_name_around_a_name_keeps_both(outer):
    text = f'named("{outer}", named("a", x >= 1))'
    assert to_text(parse(text)) == text


def test_comments_are_ignored():
    assert parse("x < 1 # hot stars") == parse("x < 1")


names = st.sampled_from(["x", "y", "L_z", "vel-err", "lambda", "pi", "nothing", "Ünder", 'q"\\'])
numbers = st.floats(-1e12, 1e12) | st.integers(2**53 + 1, 2**62).map(lambda n: n * 1)
column = names.map(lambda name: {"column": name})


def operations(parts):
    pair = st.tuples(parts, parts).map(list)
    return (
        st.builds(
            lambda op, of: {"op": op, "of": of},
            st.sampled_from(["+", "-", "*", "/", "**", "hypot", "min"]),
            pair,
        )
        | st.builds(lambda of: {"op": "neg", "of": [of]}, parts)
        | st.builds(lambda of: {"op": "sqrt", "of": [of]}, parts)
    )


expressions = st.recursive(numbers | column, operations, max_leaves=6)
ranges = st.builds(
    lambda name, bounds: {
        "kind": "range",
        "column": name,
        "min": bounds[0],
        "max": bounds[1],
    },
    names,
    st.tuples(numbers, numbers).map(sorted)
    | st.tuples(numbers, st.none())
    | st.tuples(st.none(), numbers),
)
comparisons = st.builds(
    compare, expressions, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), expressions
)
polygons = st.builds(
    lambda u, v, points: {"kind": "polygon", "columns": [u, v], "points": points},
    names,
    names,
    st.lists(st.tuples(numbers, numbers).map(list), min_size=3, max_size=5),
)


def groups(nodes):
    lists = st.lists(nodes, max_size=3)
    kinds = st.sampled_from(["and", "or", "xor"])
    group = st.builds(lambda kind, of: {"kind": kind, "of": of}, kinds, lists)
    inverse = st.builds(lambda of: {"kind": "not", "of": of}, nodes)
    named = st.builds(
        lambda node, name: {**node, "name": name}, nodes, st.sampled_from(["a", "“b"])
    )
    return group | inverse | named


trees = st.recursive(ranges | comparisons | polygons, groups, max_leaves=6)


@settings(deadline=None, max_examples=300)
@given(trees)
def test_text_leads_back_to_the_same_selection(tree):
    text = to_text(tree)
    again = parse(text)
    assert canonical(again) == canonical(tree)
    assert selection_hash(again) == selection_hash(tree)
    assert to_text(again) == text
    sentence = caption(tree)
    assert sentence.endswith(".")
    assert "\n" not in sentence


@settings(deadline=None, max_examples=300)
@given(expressions)
def test_expression_text_leads_back(expression):
    tree = compare(expression, "<", {"column": "x"})
    assert canonical(parse(to_text(tree))) == canonical(tree)


@settings(deadline=None, max_examples=500)
@given(st.text(alphabet="xyz 01.()<>=&|^~+-*/,'\"andornotpolygon[]{}:", max_size=40))
def test_any_text_gives_a_tree_or_a_sentence(text):
    with contextlib.suppress(UserError):  # anything else is a traceback for the user
        assert parse(text) is None or isinstance(parse(text), dict)


def test_unary_minus_and_powers_keep_their_meaning():
    assert parse_expression("-x ** 2") == {"op": "neg", "of": [{"op": "**", "of": [X, 2.0]}]}
    assert to_text(parse("x - (y - z) < (-2) ** x")) == "x - (y - z) < (-2) ** x"


def test_captions():
    tree = parse("abs(z) < 1 and parallax_over_error > 8 and 350 <= l <= 10")
    assert caption(tree, {"z": "kpc"}) == (
        "Stars with abs(z) < 1 kpc and parallax_over_error > 8 and l from 350 through 0 to 10 deg."
    )
    assert caption(None) == "All stars."
    assert caption(parse("nothing")) == "Stars with no values at all."
    tree = parse('named("bright", 3 <= absolute_g <= 4) or (v_phi < 0 and not R < 1)')
    assert caption(tree) == (
        "Stars with “bright” (absolute_g between 3 and 4 mag) or "
        "(v_phi < 0 km/s and not (R < 1 kpc))."
    )


@pytest.mark.parametrize(
    ("text", "tree", "words"),
    [
        (
            "source_id in (604903157446016640, 7)",
            {"kind": "among", "column": "source_id", "values": [604903157446016640, 7.0]},
            "source_id among 604903157446016640, 7",
        ),
        ("i in [1]", {"kind": "among", "column": "i", "values": [1.0]}, "i among 1"),
        ("i in 1", {"kind": "among", "column": "i", "values": [1.0]}, "i among 1"),
        (
            "i not in (1, -2)",
            {"kind": "not", "of": {"kind": "among", "column": "i", "values": [1.0, -2.0]}},
            "not (i among 1, -2)",
        ),
    ],
)
def test_a_list_of_values_is_read_written_and_told(text, tree, words):
    assert parse(text) == tree
    assert parse(to_text(tree)) == tree
    assert caption(tree) == f"Stars with {words}."
    long = {"kind": "among", "column": "source_id", "values": list(range(2**60, 2**60 + 20_000))}
    assert parse(to_text(long)) == long
    assert caption(long) == "Stars with source_id among 20,000 values."


@pytest.mark.parametrize(
    "text", ["x in (1, y)", "x + 1 in (1, 2)", "1 in (x, 2)", "x in ()", "1 < x in (1, 2)"]
)
def test_what_is_no_list_of_values_is_told(text):
    with pytest.raises(UserError):
        parse(text)
