"""The form of a selection tree: what is refused, and which spellings are the same selection."""

import json

import pytest

from data.errors import UserError
from data.selection import (
    canonical,
    columns,
    from_json,
    parse,
    read_selection,
    selection_hash,
    validate,
)
from data.selection.tree import MAX_NODES

Z = {"kind": "range", "column": "z", "min": -1, "max": 1}
R = {"kind": "range", "column": "R", "min": None, "max": 9}


@pytest.mark.parametrize(
    ("tree", "word"),
    [
        (3, "JSON object"),
        ([Z], "JSON object"),
        ({"kind": "circle"}, "circle"),
        ({"kind": ["range"]}, "unknown kind"),
        ({}, "unknown kind"),
        ({**Z, "colour": "red"}, "colour"),
        ({**Z, "column": ""}, "name of a column"),
        ({**Z, "column": 7}, "name of a column"),
        ({**Z, "min": "low"}, "number"),
        ({**Z, "min": True}, "number"),
        ({**Z, "min": float("nan")}, "finite"),
        ({**Z, "max": float("inf")}, "finite"),
        ({**Z, "min": 10**400}, "finite"),
        ({**Z, "min": 5}, "minimum lies above"),
        ({**Z, "name": ""}, "name of a node"),
        ({**Z, "name": "a\nb"}, "name of a node"),
        ({"kind": "and", "of": Z}, "list"),
        ({"kind": "and", "of": [None]}, "JSON object"),
        ({"kind": "not", "of": [Z]}, "JSON object"),
        ({"kind": "polygon", "columns": ["x"], "points": []}, "two columns"),
        ({"kind": "polygon", "columns": ["x", "y"], "points": [[0, 0], [1, 1]]}, "3 to"),
        ({"kind": "polygon", "columns": ["x", "y"], "points": [[0, 0], [1, 1], [2]]}, "pair"),
        ({"kind": "compare", "left": "x", "op": "<>", "right": 1}, "<>"),
        ({"kind": "compare", "left": {"op": "eval", "of": [1]}, "op": "<", "right": 1}, "eval"),
        ({"kind": "compare", "left": {"op": "abs", "of": []}, "op": "<", "right": 1}, "arguments"),
        ({"kind": "compare", "left": None, "op": "<", "right": 1}, "left side"),
    ],
)
def test_malformed_tree_is_refused_in_one_sentence(tree, word):
    with pytest.raises(UserError, match=word) as caught:
        validate(tree)
    assert "\n" not in caught.value.sentence


def test_trees_from_outside_are_bounded():
    deep = Z
    for _ in range(100):
        deep = {"kind": "not", "of": deep}
    with pytest.raises(UserError, match="levels deep"):
        validate(deep)
    with pytest.raises(UserError, match="nodes"):
        validate({"kind": "or", "of": [Z] * (MAX_NODES + 1)})
    expression = "x"
    for _ in range(100):
        expression = {"op": "abs", "of": [expression]}
    with pytest.raises(UserError, match="levels deep"):
        validate({"kind": "compare", "left": expression, "op": "<", "right": 1})


def test_validate_keeps_order_and_names_and_parses_expressions():
    tree = {
        "kind": "and",
        "name": "disc",
        "of": [R, {"kind": "compare", "left": "abs(z)", "op": "<", "right": "x + 1"}],
    }
    checked = validate(tree)
    assert checked["name"] == "disc"
    assert checked["of"][0] == R
    assert checked["of"][1]["left"] == {"op": "abs", "of": [{"column": "z"}]}
    assert validate(checked) == checked
    assert json.loads(json.dumps(checked)) == checked


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"kind": "and", "of": [Z, R]}, {"kind": "and", "of": [R, Z, R]}),
        ({"kind": "and", "of": [Z, {"kind": "and", "of": [R]}]}, {"kind": "and", "of": [R, Z]}),
        ({"kind": "or", "of": [Z]}, Z),
        ({**Z, "name": "disc"}, Z),
        ({**Z, "min": -1.0}, Z),
        ({"kind": "not", "of": {"kind": "not", "of": Z}}, Z),
        ({"kind": "and", "of": []}, None),
        (parse("R <= 9"), R),
        (parse("9 >= R"), R),
        (parse("3 < x"), parse("x > 3")),
        (parse("0.0 == x"), parse("x == -0.0")),
    ],
)
def test_spellings_of_one_selection_share_the_hash(one, other):
    assert canonical(one) == canonical(other)
    assert selection_hash(one) == selection_hash(other)
    assert len(selection_hash(one)) == 12
    assert canonical(canonical(one)) == canonical(one)


def test_different_selections_have_different_hashes():
    trees = [
        None, Z, R, {"kind": "or", "of": []}, {"kind": "not", "of": Z}, {**Z, "column": "x"},
        {"kind": "or", "of": [Z, R]}, {"kind": "and", "of": [Z, R]}, {"kind": "xor", "of": [Z, R]},
        {"kind": "xor", "of": [Z, Z, R]}, parse("x < 1"), parse("x <= 1"), parse("x < y"),
        {"kind": "range", "column": "z", "min": None, "max": None},
    ]  # fmt: skip
    assert len({selection_hash(tree) for tree in trees}) == len(trees)


def test_columns_are_found_everywhere():
    tree = parse("polygon(a, b, (0,0), (1,0), (0,1)) and not (c <= 2 or abs(d) < e*2) and 1<=f<=2")
    assert columns(tree) == set("abcdef")
    assert columns(None) == set()


def test_selection_is_read_from_json_text_and_files(tmp_path):
    assert from_json(json.dumps(R)) == validate(R)
    assert read_selection(json.dumps(R)) == validate(R)
    assert read_selection("R <= 9") == parse("R <= 9")
    for name, text in (("a.json", json.dumps(R)), ("b.txt", "R <= 9\nand z < 1")):
        (tmp_path / name).write_text(text)
    assert read_selection(str(tmp_path / "a.json")) == validate(R)
    assert read_selection(str(tmp_path / "b.txt")) == parse("R <= 9 and z < 1")


@pytest.mark.parametrize("text", ["{", '{"kind": "range"', "[" * 100_000, '{"kind": NaN}'])
def test_bad_json_is_a_user_error(text):
    with pytest.raises(UserError):
        from_json(text)


def test_bad_selection_files_are_user_errors(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_selection(str(tmp_path / "missing.json"))
    (tmp_path / "binary.json").write_bytes(b"\x80\x04\xff")
    with pytest.raises(UserError, match="not a text file"):
        read_selection(str(tmp_path / "binary.json"))
