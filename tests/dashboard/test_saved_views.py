"""The files of saved views: order, changes, damage, and what an address asks for."""

from __future__ import annotations

import json

import pytest

from dashboard.saved_views.store import NOTE, TITLE, SavedViews
from data.errors import UserError

DOCUMENT = {"version": 1, "page": "acceleration", "run": "a-run", "controls": {}}


@pytest.fixture
def views(tmp_path):
    return SavedViews(tmp_path)


def titles(views):
    return [view.title for view in views.list()[0]]


def test_what_is_saved_comes_back(views, tmp_path):
    made = views.add("  A  map ", "what it\nshows", DOCUMENT, "vo-maps")
    again = SavedViews(tmp_path).get(made.id)
    assert again == made
    assert (again.title, again.note, again.page) == ("A map", "what it\nshows", "acceleration")
    assert again.document == DOCUMENT


def test_two_views_of_one_screen_are_two(views):
    one, two = views.add("one", "", DOCUMENT), views.add("two", "", DOCUMENT)
    assert one.id != two.id
    assert titles(views) == ["one", "two"]


def test_order_and_changes(views):
    ids = [views.add(name, "", DOCUMENT).id for name in "abcd"]
    views.move(ids[3], -1)
    views.move(ids[0], 99)
    views.move(ids[1], -99)
    views.move("00000000", 1)
    assert titles(views) == ["b", "d", "c", "a"]
    views.change(ids[2], title="C", note="n")
    views.delete(ids[3])
    views.delete(ids[3])
    assert titles(views) == ["b", "C", "a"]
    assert views.get(ids[2]).note == "n"


def test_texts_are_bounded(views):
    made = views.add("t" * 999, "n" * 9999, DOCUMENT)
    assert (len(made.title), len(made.note)) == (TITLE, NOTE)
    assert views.change(made.id, title=" \n ").title == "Untitled"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"version": 9}',
        '{"version": 1, "title": 3, "note": "", "document": {}, "created": 1, "figure": ""}',
        '{"version": 1, "title": "", "note": "", "document": [], "created": 1, "figure": ""}',
    ],
)
def test_a_damaged_file_is_told_and_skipped(views, content):
    made = views.add("whole", "", DOCUMENT)
    (views.folder / "0badf00d.json").write_text(content)
    (views.folder / "notes.json").write_text("{}")
    (views.folder / "order.json").write_text("{" + content)
    there, damaged = views.list()
    assert [view.id for view in there] == [made.id]
    assert len(damaged) == 2
    assert any("0badf00d.json" in sentence for sentence in damaged)
    with pytest.raises(UserError):
        views.get("0badf00d")


def test_a_copied_view_is_there_after_the_others(views, tmp_path):
    made = views.add("copied", "", DOCUMENT)
    other = SavedViews(tmp_path / "other")
    own = other.add("own", "", DOCUMENT)
    (other.folder / f"{made.id}.json").write_text((views.folder / f"{made.id}.json").read_text())
    assert titles(other) == ["own", "copied"]
    other.move(own.id, 1)
    assert titles(other) == ["copied", "own"]


@pytest.mark.parametrize("id_", ["", "nothere1", "00000000", "../order", "order", "a" * 500])
def test_an_id_that_is_none_is_one_sentence(views, id_):
    views.add("x", "", DOCUMENT)
    with pytest.raises(UserError, match="No saved view") as refusal:
        views.get(id_)
    assert len(refusal.value.sentence) < 120
    views.delete(id_)
    assert (views.folder / "order.json").is_file()


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "views").write_text("a file")
    with pytest.raises(UserError, match="cannot be written"):
        SavedViews(tmp_path).add("x", "", DOCUMENT)


def test_files_are_json_without_surprises(views):
    made = views.add("x", "", DOCUMENT)
    stored = json.loads((views.folder / f"{made.id}.json").read_text())
    assert stored["document"] == DOCUMENT
    assert sorted(p.name for p in views.folder.iterdir()) == sorted(
        [f"{made.id}.json", "order.json"]
    )
