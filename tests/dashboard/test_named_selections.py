"""Kept selections: files, several sessions, undo, damage, and how they meet the present one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dashboard.components.selection.editor import SelectionEditor
from dashboard.components.selection.text import complaint
from dashboard.policy.brushes import cuts, without
from dashboard.policy.combining import combine_with
from dashboard.services.named_selections import LONGEST, NamedSelections
from dashboard.session.session import Session
from data.errors import UserError
from data.selection import mask, parse, to_text

CUT = parse("abs(z) < 0.3")
OTHER = parse("R > 8 and v_phi > 200")


@pytest.fixture
def library(tmp_path):
    return NamedSelections(tmp_path)


def names(library):
    return [kept.name for kept in library.list()[0]]


def test_what_is_kept_comes_back(library, tmp_path):
    library.keep("  thin\n disc ", CUT)
    library.keep("outer", OTHER)
    again = NamedSelections(tmp_path)
    assert names(again) == ["outer", "thin disc"]
    assert again.get("thin disc").tree == CUT
    assert again.get("thin disc").node == {**CUT, "name": "thin disc"}
    assert again.trees() == {"outer": OTHER, "thin disc": CUT}


def test_the_same_name_is_replaced_and_undone(library):
    library.keep("disc", CUT)
    change = library.keep("disc", OTHER)
    assert names(library) == ["disc"]
    library.undo(change)
    assert library.get("disc").tree == CUT


def test_rename_delete_and_undo(library):
    library.keep("disc", CUT)
    library.keep("other", OTHER)
    renamed = library.rename("disc", "thin disc")
    assert names(library) == ["other", "thin disc"]
    with pytest.raises(UserError, match="already"):
        library.rename("thin disc", "other")
    library.undo(renamed)
    assert names(library) == ["disc", "other"]
    deleted = library.delete("disc")
    assert names(library) == ["other"]
    library.undo(deleted)
    assert library.get("disc").tree == CUT
    assert len(list(library.folder.iterdir())) == 2


def test_undo_does_not_overwrite_what_another_session_did(library, tmp_path):
    library.keep("disc", CUT)
    deleted = library.delete("disc")
    NamedSelections(tmp_path).keep("disc", OTHER)
    with pytest.raises(UserError, match="changed since"):
        library.undo(deleted)
    assert library.get("disc").tree == OTHER


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a/b\\c", ".hidden", "con", "<img src=x onerror=alert(1)>", "ß" * 60,
     "naïve", "*", "-rf", "order", "名前"],
)  # fmt: skip
def test_any_name_makes_a_safe_file(library, tmp_path, name):
    library.keep(name, CUT)
    (path,) = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert path.parent == library.folder
    assert path.suffix == ".json"
    assert path.name.isascii()
    assert len(path.name) < 64
    assert library.get(name).tree == CUT
    library.delete(name)
    assert names(library) == []


def test_names_that_look_alike_are_two(library):
    library.keep("Thin disc", CUT)
    library.keep("thin-disc", OTHER)
    library.keep("thin disc", CUT)
    assert len(names(library)) == 3


@pytest.mark.parametrize("name", ["", "  ", "\n", "x" * (LONGEST + 1)])
def test_bad_names_are_refused(library, name):
    with pytest.raises(UserError):
        library.keep(name, CUT)


def test_everything_needs_no_name(library):
    with pytest.raises(UserError, match="all stars"):
        library.keep("all", None)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"version": 9}',
        '{"version": 1, "name": 3, "changed": 1, "selection": {"kind": "and", "of": []}}',
        '{"version": 1, "name": "x", "changed": "now", "selection": {"kind": "and", "of": []}}',
        '{"version": 1, "name": "x", "changed": 1, "selection": {"kind": "eval"}}',
        '{"version": 1, "name": "x", "changed": 1, "selection": null}',
        '{"version": 1, "name": " x ", "changed": 1, "selection": {"kind": "and", "of": []}}',
        " " * 3_000_000,
    ],
)
def test_a_damaged_file_is_told_and_skipped(library, content):
    library.keep("whole", CUT)
    (library.folder / "odd.json").write_text(content)
    kept, damaged = library.list()
    assert [entry.name for entry in kept] == ["whole"]
    assert len(damaged) == 1
    assert "odd.json" in damaged[0]


def test_a_copied_file_is_there_and_can_be_deleted(library):
    library.keep("disc", CUT)
    (path,) = library.folder.iterdir()
    path.rename(library.folder / "from my colleague.json")
    assert library.get("disc").tree == CUT
    library.keep("disc", OTHER)
    assert library.get("disc").tree == OTHER
    library.delete("disc")
    assert names(library) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "selections").write_text("a file")
    with pytest.raises(UserError, match="cannot be written"):
        NamedSelections(tmp_path).keep("x", CUT)


# --- combining ----------------------------------------------------------------------------------


class Points:
    n_rows = 1000

    def __init__(self):
        rng = np.random.default_rng(8)
        self.columns = dict(zip("xyz", rng.normal(size=(3, 1000)), strict=True))

    def has(self, name):
        return name in self.columns

    def column(self, name):
        return self.columns[name]


def test_every_way_means_what_it_says():
    points = Points()
    node = {**parse("x > 0 and y > 0"), "name": "corner"}
    b = mask(node, points)
    for text in ("everything", "z > 0", "z > 0 and x < 1", "z > 0 or x > 0", "xor(x > 0, z > 0)"):
        tree = parse(text)
        a = mask(tree, points)
        truth = {"and": a & b, "or": a | b, "xor": a ^ b, "without": a & ~b, "replace": b}
        if tree is None:
            truth |= {"or": b, "xor": b}
        for way, expected in truth.items():
            combined = combine_with(tree, node, way)
            assert (mask(combined, points) == expected).all(), (text, way)
            assert "corner" in to_text(combined)


def test_a_named_part_stays_whole_among_the_cuts():
    node = {**parse("x > 0 and y > 0"), "name": "corner"}
    tree = combine_with(parse("z > 0"), node, "and")
    assert cuts(tree) == [parse("z > 0"), node]
    assert combine_with(tree, node, "and") == tree
    assert without(tree, 0) == node
    assert cuts(node) == [node]


# --- on the screen ------------------------------------------------------------------------------


@pytest.fixture
def editor(services, session):
    made = SelectionEditor(session, dict)
    made.view()
    made._kept.open(shown=True)
    return made


def press(button):
    button.param.trigger("clicks")


def test_a_selection_is_kept_combined_renamed_deleted_and_undone(editor, session):
    kept = editor._kept
    session.select(CUT)
    kept._name.value = "thin disc"
    press(kept._keep)
    assert kept._chosen.options == ["thin disc"]
    session.select(OTHER)
    kept._way.value = "xor"
    press(kept._use)
    assert session.selection == {"kind": "xor", "of": [OTHER, {**CUT, "name": "thin disc"}]}
    session.undo()
    assert session.selection == OTHER
    kept._name.value = "thick"
    press(kept._rename)
    assert kept._chosen.options == ["thick"]
    press(kept._delete)
    assert kept._chosen.options == []
    assert not kept._use.visible
    press(kept._undo)
    assert kept._chosen.options == ["thick"]
    assert not kept._undo.visible


def test_a_kept_selection_can_be_typed_by_its_name(editor, session, services):
    NamedSelections(services.home).keep("thin disc", CUT)
    editor._text.value = 'x > 8 and not named("thin disc")'
    assert to_text(session.selection) == 'x > 8 and not named("thin disc", abs(z) < 0.3)'
    editor._text.value = 'named("nothing of the kind")'
    assert "nothing of the kind" in session.notices.column.objects[0].object


def test_another_session_sees_what_was_kept(services, editor, session):
    other = SelectionEditor(Session(services), dict)
    session.select(CUT)
    editor._kept._name.value = "disc"
    press(editor._kept._keep)
    other._kept.open(shown=True)
    assert other._kept._chosen.options == ["disc"]
    assert other.session.selection is None


def test_hostile_names_are_inert(editor, session):
    session.select(CUT)
    editor._kept._name.value = "<img src=x onerror=alert(1)>"
    press(editor._kept._keep)
    press(editor._kept._use)
    assert "<img" not in editor._kept._words.object
    assert "<img" not in editor._caption.object


def test_a_json_file_is_opened_and_saved(editor, session):
    exchange = editor._exchange
    exchange._open.value = json.dumps(OTHER).encode()
    assert session.selection == OTHER
    exchange._save.param.trigger("_clicks")
    assert exchange._save.filename.startswith("selection-")
    assert exchange._save.data.startswith("data:application/json;base64,")
    for bad in (b"\xff\xfe", b"{", b'{"kind": "eval"}', b" " * 3_000_000):
        exchange._open.value = bad
        assert session.selection == OTHER
        assert session.notices.column.objects
    session.undo()
    assert session.selection is None


def test_the_adql_of_the_selection_is_shown(editor, session):
    pytest.importorskip("data.archives.releases")
    session.select(parse("parallax > 1 and R > 8 and hypot(E(bovy), 1) > 3"))
    press(editor._exchange._adql)
    assert "SELECT" in editor._exchange._query.object
    assert "bovy" in editor._exchange._left_out.object
    assert editor._exchange._left_out.visible


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("abs(z < 0.5", "("),
        ("x > 1 and foo(y) < 2", "foo(y)"),
        ("x > 1\n  and named('a')", "named(&#x27;a&#x27;)"),
        ("é > 1 and <b>", "&lt;"),
        ("x + 1", "x + 1"),
    ],
)
def test_the_place_of_an_error_is_marked(text, marked):
    with pytest.raises(UserError) as caught:
        parse(text)
    shown = complaint(text, caught.value)
    found = shown.split("<mark>")[1].split("</mark>")[0]
    for code, sign in (("&#40;", "("), ("&#41;", ")"), ("&#43;", "+")):
        found = found.replace(code, sign)
    assert found.startswith(marked)
    assert "<b>" not in shown


def test_the_mark_goes_when_the_text_is_mended(editor, session):
    editor._text.value = "abs(z < 0.5"
    assert editor._words._error.visible
    assert session.selection is None
    editor._text.value = "abs(z) < 0.5"
    assert not editor._words._error.visible
    assert to_text(session.selection) == "abs(z) < 0.5"
