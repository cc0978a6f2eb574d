"""Session state: the document, undo and redo, and two sessions that know nothing of each other."""

from __future__ import annotations

import json

import pytest

from dashboard.session import notices
from dashboard.session.history import LIMIT, History
from dashboard.session.session import Session
from data.errors import UserError

CUT = {"kind": "range", "column": "z", "min": -1.0, "max": 1.0}
OTHER = {"kind": "range", "column": "R", "min": 6.0, "max": None}


def test_undo_and_redo_walk_the_trees(session):
    session.select(CUT)
    session.select({"kind": "and", "of": [CUT, OTHER]})
    session.undo()
    assert session.selection == CUT
    session.undo()
    session.undo()
    assert session.selection is None
    session.redo()
    assert session.selection == CUT


def test_a_new_selection_forgets_what_was_undone(session):
    session.select(CUT)
    session.undo()
    session.select(OTHER)
    session.redo()
    assert session.selection == OTHER
    assert not session.history.can_go_forward


def test_the_same_selection_twice_is_one_step(session):
    session.select(CUT)
    session.select(dict(CUT))
    session.undo()
    assert session.selection is None


def test_history_is_bounded():
    history = History(0)
    for i in range(3 * LIMIT):
        history.push(i)
    steps = 0
    while history.can_go_back:
        history.back()
        steps += 1
    assert steps == LIMIT - 1


def test_another_catalogue_starts_afresh(session):
    session.select(CUT)
    session.volume = {"centre": [8, 0, 0], "radius": 2}
    session.open_catalogue("another-0123abcd")
    assert session.selection is None
    assert session.volume is None
    assert not session.history.can_go_back


def test_the_document_brings_everything_back(services, session):
    session.open_catalogue("disc-0123abcd")
    session.select(CUT)
    session.go("tracers", run="a-run")
    session.colour = "log"
    text = json.dumps(session.document())
    other = Session(services)
    other.restore(json.loads(text))
    assert other.document() == session.document()
    assert other.selection == CUT


@pytest.mark.parametrize(
    "document",
    [{"version": 99}, {}, {"version": 1, "selection": 3}, {"version": 1, "colour": "pink"}],
)
def test_a_damaged_document_is_refused_with_a_sentence(session, document):
    before = session.document()
    with pytest.raises(UserError):
        session.restore(document)
    assert session.document() == before


def test_two_sessions_share_nothing_but_the_services(services):
    one, two = Session(services), Session(services)
    one.select(CUT)
    one.notify("for one only")
    one.axes = [{"x": "R", "y": "z"}]
    assert two.selection is None
    assert two.axes == []
    assert not two.history.can_go_back
    assert two.notices.column.objects == []


def test_a_user_error_is_shown_as_its_sentence_and_hint(session):
    session.report(UserError("The <b>file</b> is empty.", "Try another."))
    (alert,) = session.notices.column.objects
    assert "Try another." in alert.object
    assert "<b>" not in alert.object.replace("<br>", "")


def test_an_unexpected_error_is_calm_and_goes_to_the_log(session, caplog):
    session.guarded(lambda: 1 / 0)()
    (alert,) = session.notices.column.objects
    assert "ZeroDivisionError" not in alert.object
    assert "Traceback" not in alert.object
    assert "division by zero" in caplog.text


def test_the_same_words_are_on_screen_once(session):
    for text in ("one", "two", "one"):
        session.notify(text)
    assert [alert.object for alert in session.notices.column.objects] == ["two", "one"]


def test_errors_stay_on_the_next_page_until_they_have_been_read(session, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(notices.time, "monotonic", lambda: now[0])
    session.report(UserError("The file is empty.", "Try another."))
    session.notify("saved")
    now[0] += 5
    session.notices.turn_the_page()
    (alert,) = session.notices.column.objects
    assert "empty" in alert.object
    now[0] += 30
    session.notices.turn_the_page()
    assert not session.notices.column.objects
    assert not session.notices.column.visible


def test_a_closed_alert_goes(session):
    session.notify("one")
    session.notify("two")
    session.notices.column.objects[0].closed = True
    assert [a.object for a in session.notices.column.objects] == ["two"]


def test_work_in_a_thread_delivers_and_reports(session, wait):
    got = []
    session.background(lambda: 6 * 7, got.append)
    wait(lambda: got == [42])
    session.background(lambda: 1 / 0)
    wait(lambda: session.notices.column.objects)


def test_a_selection_that_the_catalogue_cannot_give_leaves_the_one_before(session, catalogue):
    session.open_catalogue(catalogue.id)
    session.select(CUT)
    for name in ("no_such_column", "bp_rp"):
        with pytest.raises(UserError, match=name):
            session.select({"kind": "range", "column": name, "min": 0.0, "max": None})
    assert session.selection == CUT
    session.undo()
    session.redo()
    assert session.selection == CUT, "nothing else can be brought back"
    assert not session.history.can_go_forward
