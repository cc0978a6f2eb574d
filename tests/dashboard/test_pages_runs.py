"""The page Runs: every state builds and says what it should."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dashboard.pages.runs import RunsPage
from engine.runs.files import write_json
from engine.runs.record import RunState
from tests.dashboard.synthetic_runs import SPEC, add_losses, make_every_state, make_run

HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


@pytest.fixture
def page(services, session):
    made = RunsPage(services, session)
    made._root = made.view()
    return made


def test_without_runs_the_page_points_to_tracers(page, session):
    page.on_show()
    assert page._empty.visible
    assert not page._body.visible
    button = page._root.select(lambda part: "vo-go-tracers" in getattr(part, "css_classes", []))[0]
    button.clicks += 1
    assert session.page == "tracers"


@pytest.mark.parametrize("state", list(RunState))
def test_every_state_can_be_shown(page, session, services, state):
    make_every_state(services.home)
    services.runs.look()
    record = next(r for r in services.runs.list() if r.state == state)
    page.on_show()
    session.run = record.id
    details = page._details
    assert details._chip.label == state
    visible = {action for action, button in details._buttons.items() if button.visible}
    expected = {"queued": {"cancel"}, "running": {"cancel"}, "stopping": set(),
                "done": {"open", "delete"}}  # fmt: skip
    assert visible == expected.get(str(state), {"resume", "delete"})
    assert page._root.get_root() is not None


def test_a_failed_run_says_why_and_its_log_is_there(page, session, services):
    make_every_state(services.home)
    page.on_show()
    session.run = next(r.id for r in services.runs.list() if r.state == "failed")
    message = page._details._message
    assert message.visible
    assert message.severity == "error"
    assert "Only 10 stars are left" in message.object
    assert "widen the selection" in message.object
    assert "Traceback" in page._details._log.object


def test_the_newest_run_is_shown_first_and_listed_on_top(page, services):
    make_every_state(services.home)
    page.on_show()
    assert page._details._chip.label == "queued"
    chips = [row._chip.label for row in page._list._rows.values()]
    assert chips[0] == "queued"
    assert chips[-1] == "done"


def test_progress_moves_in_the_same_widgets(page, services):
    directory = make_run(services.home, "running", progress=0.2, eta_s=50.0)
    page.on_show()
    rows = list(page._list._column.objects)
    assert page._details._bar.value == 20
    record = directory.stored()
    write_json(directory.record_file, replace(record, progress=0.7, eta_s=9.0).to_file())
    services.runs.look()
    page.refresh()
    assert page._details._bar.value == 70
    assert "9 s left" in page._details._line.object
    assert list(page._list._column.objects) == rows


def test_losses_appear_live_in_figures_that_stay(page, services):
    directory = make_run(services.home, "running", losses=3)
    page.on_show()
    losses = page._details.losses
    panes = dict(losses._panes)
    assert losses._history.losses("velocity").epochs.size == 3
    assert losses._columns["position"].visible
    add_losses(directory, 2, start=3)
    page.refresh()
    assert losses._history.losses("velocity").epochs.size == 5
    assert losses._panes == panes


def test_nothing_is_drawn_again_while_nothing_changes(page, services, monkeypatch):
    make_run(services.home, "done", losses=3, result={})
    page.on_show()
    monkeypatch.setattr(page, "_draw", lambda *_: pytest.fail("drawn without a change"))
    page.refresh()


@pytest.mark.parametrize("action", ["cancel", "delete"])
def test_cancel_and_delete_ask_first(page, session, services, monkeypatch, action):
    state = "running" if action == "cancel" else "failed"
    directory = make_run(services.home, state)
    done = []
    monkeypatch.setattr(page._details, "_act", lambda what, run: done.append((what, run)))
    page.on_show()
    page._details._buttons[action].clicks += 1
    dialog = page._details._confirms[action].view
    assert dialog.open
    assert done == []
    button = dialog.select(lambda p: f"vo-confirm-{action}" in getattr(p, "css_classes", []))[0]
    button.clicks += 1
    assert done == [(action, directory.id)]
    assert not dialog.open


def test_a_run_can_be_deleted(page, services, wait):
    directory = make_run(services.home, "failed")
    page.on_show()
    page._act("delete", directory.id)
    wait(lambda: page._empty.visible)
    assert not directory.path.exists()


def test_open_goes_to_the_map(page, session, services):
    directory = make_run(services.home, "done", result={})
    page.on_show()
    page._details._buttons["open"].clicks += 1
    assert (session.page, session.run) == ("acceleration", directory.id)


def test_an_error_of_an_action_is_told(page, session, services, wait):
    directory = make_run(services.home, "done", result={})
    page.on_show()
    page._act("resume", directory.id)
    wait(lambda: session.notices.column.objects)
    assert "cannot be resumed" in session.notices.column.objects[0].object


def test_markup_from_outside_is_inert(page, session, services):
    make_run(
        services.home, "failed", spec={"catalogue": HOSTILE, "preset": HOSTILE},
        error={"sentence": HOSTILE, "hint": HOSTILE}, stage=HOSTILE, message=HOSTILE, log=HOSTILE,
    )  # fmt: skip
    directory = make_run(services.home, "running", order=3, message=HOSTILE, stage=HOSTILE)
    write_json(directory.environment_file, {HOSTILE: HOSTILE, "n": [json.dumps(HOSTILE)]})
    page.on_show()
    for record in services.runs.list():
        session.run = record.id
        # A button's label is React text; everything else is markup and must be escaped.
        html = [
            part.object
            for part in page._root.select(lambda p: isinstance(getattr(p, "object", None), str))
        ]
        assert not any("<img" in text or "<script" in text for text in html)


def test_a_run_with_a_damaged_record_is_listed_and_can_be_deleted(page, services):
    directory = make_run(services.home, "done")
    directory.record_file.write_text("{", encoding="utf-8")
    page.on_show()
    assert page._details._chip.label == "failed"
    assert page._details._buttons["delete"].visible


def test_only_the_newest_runs_are_listed_until_more_are_asked_for(page, services):
    record = make_run(services.home, "cancelled").stored()
    for index in range(40):
        folder = services.home / "runs" / f"2020010{index % 10}-000000-map-{index:04d}"
        folder.mkdir()
        write_json(folder / "run.json", replace(record, id=folder.name, spec=SPEC).to_file())
    page.on_show()
    assert len(page._list._column.objects) == 25
    page._list._more.clicks += 1
    assert len(page._list._column.objects) == 41
    assert not page._list._more.visible
