"""The page Runs: every state builds and says what it should."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dashboard.pages.runs.page import RunsPage
from dashboard.session.session import Session
from dashboard.shell import Shell
from engine.runs.folder.files import write_json
from engine.runs.folder.record import RunState
from engine.runs.folder.tags import add_tag
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
    assert visible == expected.get(str(state), {"resume", "delete"}) | {"change"}
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
    chips = [row["state"] for row in page._list.rows.rows]
    assert chips[0] == "queued"
    assert chips[-1] == "done"


def test_progress_moves_in_the_same_widgets(page, services):
    directory = make_run(services.home, "running", progress=0.2, eta_s=50.0)
    page.on_show()
    assert page._list.rows.rows[0]["share"] == 20
    assert page._details._bar.value == 20
    record = directory.stored()
    write_json(directory.record_file, replace(record, progress=0.7, eta_s=9.0).to_file())
    services.runs.look()
    page.refresh()
    assert page._details._bar.value == 70
    assert "9 s left" in page._details._line.object
    assert page._list.rows.rows[0]["share"] == 70


def test_losses_appear_live_in_figures_that_stay(page, services):
    directory = make_run(services.home, "running", losses=3)
    page.on_show()
    losses = page._details._live["map"]
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
    assert len(page._list.rows.rows) == 25
    page._list._more.clicks += 1
    assert len(page._list.rows.rows) == 41
    assert not page._list._more.visible


def test_a_run_is_begun_again_with_a_change(page, session, services, catalogue):
    """What was asked of it comes back onto Tracers, where it can be changed."""
    cut = {"kind": "range", "column": "z", "min": -0.5, "max": 0.5}
    volume = {"centre": [8.122, 0.0, 0.0208], "radius": 2.5}
    spec = {"catalogue": catalogue.id, "selection": cut, "volume": volume, "preset": "standard"}
    run = make_run(services.home, "failed", spec=spec)
    page.on_show()
    page._details._buttons["change"].clicks += 1
    assert (session.page, session.catalogue) == ("tracers", catalogue.id)
    assert (session.selection, session.volume["radius"]) == (cut, 2.5)
    assert session.controls["vo-preset"] == "standard"
    assert run.path.exists()


def test_seed_and_settings_come_back_with_it(services, catalogue):
    """Whoever changes a cut must find everything else as it was."""
    spec = {"catalogue": catalogue.id, "preset": "quick", "seed": 40}
    spec["overrides"] = {"members": 2, "spacing": 0.5}
    run = make_run(services.home, "failed", spec=spec)
    services.runs.look()
    session = Session(services, page="runs", run=run.id)
    shell = Shell(services, session)
    shell._pages["runs"]._details._buttons["change"].clicks += 1
    for _ in range(3):
        shell.refresh()
    starter = shell._pages["tracers"]._starter
    assert (starter._seed.value, starter._preset.value) == (40, "quick")
    assert starter._settings.value == "members=2, spacing=0.5"
    assert starter._overrides() == {"members": "2", "spacing": "0.5"}
    starter._settings.value = "membrs=2"
    assert "Did you mean members?" in starter._cost.object


def test_questions_name_the_run(page, session, services, catalogue):
    run = make_run(services.home, "queued", spec={"catalogue": catalogue.id, "seed": 3})
    page.on_show()
    page._details._buttons["cancel"].clicks += 1
    said = page._details._confirms["cancel"].sentence.object
    assert run.id in said
    assert "leaves the queue" in said
    assert any("seed 3" in row["title"] for row in page._list.rows.rows)


def test_a_run_whose_catalogue_is_gone_cannot_be_changed(page, session, services):
    make_run(services.home, "failed")
    page.on_show()
    page._details._buttons["change"].clicks += 1
    assert session.page == "explore"
    assert "not found" in session.notices.column.objects[0].object


def test_what_stands_above_the_list(page, session, services):
    make_every_state(services.home)
    page.on_show()
    overview = page._overview
    for words in ("1 running", "1 waiting", "1 failed", "1 done"):
        assert words in overview._counts.object
    assert "Runs take" in overview._disk.object
    assert "this one" in overview._machines.object
    overview._clean.clicks += 1
    assert overview._confirm.view.open
    assert "3 runs" in overview._confirm.sentence.object
    overview._confirm._go(None)
    states = {str(record.state) for record in services.runs.list()}
    assert states == {"queued", "running", "stopping", "done"}
    assert "Deleted 3 runs" in session.notices.column.objects[0].object


def sweep(services, states, name="20260102-030405-sweep-ab12", order=0, **changes):
    """Write a run of a sweep for each state; gives their folders."""
    tag = {"name": name, "cut": "parallax_over_error > {}"}
    return [
        make_run(
            services.home, state, order=order + index, result={} if state == "done" else None,
            spec={"sweep": {**tag, "value": 3.0 + index, "label": f"{3 + index}"}}, **changes,
        )
        for index, state in enumerate(states)
    ]  # fmt: skip


def clicked(page, act, row):
    """Say what the browser says when a row is clicked."""
    page._list.rows._handle_msg({"act": act, "id": row})


NAME = "20260102-030405-sweep-ab12"


def test_the_runs_of_a_sweep_are_one_row_until_it_is_unfolded(page, services):
    runs = sweep(services, ["running", "failed", "done"], progress=0.5)
    alone = make_run(services.home, "cancelled", order=9)
    page.on_show()
    group, other = page._list.rows.rows
    assert (group["id"], other["id"]) == (NAME, alone.id)
    assert (group["state"], group["colour"]) == ("1 of 3 done", "error")
    assert group["share"] == 66, "one is done, two are half-way"
    assert "1 running · 1 failed" in group["line"]
    clicked(page, "unfold", NAME)
    under = page._list.rows.rows[1:4]
    assert [row["id"] for row in under] == [run.id for run in runs]
    assert [row["title"] for row in under] == ["at 3 · quick", "at 4 · quick", "at 5 · quick"]
    assert all(row["member"] for row in under)
    clicked(page, "unfold", NAME)
    assert len(page._list.rows.rows) == 2


def test_many_runs_of_a_sweep_do_not_hide_the_others(page, services):
    directory = make_run(services.home, "done", result={}, order=50)
    sweep(services, ["done"] * 40)
    page.on_show()
    assert [row["id"] for row in page._list.rows.rows] == [NAME, directory.id]
    assert not page._list._more.visible


def test_the_row_of_a_sweep_leads_to_its_results(page, session, services):
    sweep(services, ["done", "done"])
    page.on_show()
    clicked(page, "results", NAME)
    assert session.page == "sweeps"
    assert session.controls == {"vo-sweep-select": NAME}


def test_a_run_that_a_sweep_took_over_counts_there_and_is_listed_once(page, services):
    earlier = "20250101-000000-sweep-0001"
    (old,) = sweep(services, ["done"], name=earlier)
    sweep(services, ["done"], order=3)
    tag = {"name": NAME, "cut": "parallax_over_error > {}", "value": 9.0, "label": "9"}
    add_tag(old, tag)
    page.on_show()
    states = {row["id"]: row["state"] for row in page._list.rows.rows}
    assert states == {earlier: "1 of 1 done", NAME: "2 of 2 done"}


def test_a_search_with_a_run_for_each_patch_is_one_row_too(page, session, services):
    runs = [
        make_run(services.home, state, kind="streams", order=order,
                 spec={"group": "g1", "method": "cathode", "patches": [{"name": name}]})
        for order, (state, name) in enumerate([("running", "l195b34"), ("interrupted", "l210b34")])
    ]  # fmt: skip
    page.on_show()
    (row,) = page._list.rows.rows
    assert (row["title"], row["state"]) == ("Streams: 2 patches", "0 of 2 done")
    clicked(page, "unfold", "g1")
    assert [r["title"] for r in page._list.rows.rows[1:]] == [
        "Patch l195b34 · quick", "Patch l210b34 · quick",
    ]  # fmt: skip
    clicked(page, "results", "g1")
    assert (session.page, session.run) == ("streams", runs[0].id)


@pytest.mark.parametrize(
    "message", [None, "x", {}, {"act": "choose"}, {"act": "delete", "id": "a"}, {"act": "choose",
    "id": "../../etc"}, {"act": ["choose"], "id": {}}],
)  # fmt: skip
def test_a_page_that_asks_for_what_is_not_there_gets_nothing(page, session, services, message):
    directory = make_run(services.home, "done", result={})
    page.on_show()
    page._list.rows._handle_msg(message)
    assert session.run is None
    clicked(page, "choose", directory.id)
    assert session.run == directory.id


def test_names_in_rows_are_text_without_control_characters(page, services):
    make_run(
        services.home, "failed", spec={"catalogue": HOSTILE + "\x00\u202e", "preset": "a" * 999}
    )
    page.on_show()
    (row,) = page._list.rows.rows
    assert row["title"].startswith(HOSTILE), "text for textContent: it is not escaped"
    assert len(row["title"]) <= 200
    assert not {"\x00", "\u202e"} & set(row["title"])


def test_the_list_follows_the_theme(page, session, services):
    make_run(services.home, "done", result={})
    page.on_show()
    before = dict(page._list.rows.colours)
    session.dark = not session.dark
    assert page._list.rows.colours != before
    assert before.keys() == page._list.rows.colours.keys() >= {
        row["colour"] for row in page._list.rows.rows
    }  # fmt: skip
