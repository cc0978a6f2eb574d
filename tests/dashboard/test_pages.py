"""Every page can be built in every state of the store, and follows what the user does."""

from __future__ import annotations

import html

import numpy as np
import panel as pn
import pytest

from dashboard.app import build_app, origins
from dashboard.pages.explore.page import ExplorePage
from dashboard.pages.registry import PAGES
from dashboard.pages.tracers.page import TracersPage
from dashboard.session.session import Session
from dashboard.shell import Shell
from data.columns.derived import column
from data.selection import parse
from tests.dashboard.stars import disc, make_catalogue

BOX = (7.0, -1.0, 9.0, 1.0)


@pytest.fixture
def explore(services, session, catalogue, wait):
    """Explore with four drawn panels."""
    page = ExplorePage(services, session)
    page.view()
    page.on_show()
    wait(lambda: len(page._panels) == 4 and all(p.frame for p in page._panels))
    wait(lambda: not page._working)
    return page


def texts(session):
    return " ".join(alert.object for alert in session.notices.column.objects)


@pytest.mark.parametrize("slug", [entry.slug for entry in PAGES])
@pytest.mark.parametrize("filled", [False, True])
def test_every_page_can_be_built(services, slug, filled):
    if filled:
        make_catalogue(services.home)
        services.catalogues.look()
    session = Session(services, page=slug)
    shell = Shell(services, session)
    root = shell.page.get_root()
    shell.refresh()
    assert root is not None
    assert texts(session) == ""


def test_the_application_is_one_page_with_all_screens(services):
    app = build_app(services)
    assert app.title == "VIA OBSCURA"


def test_an_empty_store_welcomes(services, session):
    page = ExplorePage(services, session)
    page.view()
    page.on_show()
    assert page._welcome.visible
    assert not page._workbench.visible


def test_a_catalogue_that_arrives_is_shown(services, session, wait):
    page = ExplorePage(services, session)
    page.view()
    page.on_show()
    made = make_catalogue(services.home)
    services.catalogues.look()
    page.refresh()
    assert session.catalogue == made.id
    assert not page._welcome.visible
    wait(lambda: "4,000" in page._editor._count.object)


def test_a_box_on_one_panel_changes_the_others_and_the_count(explore, session, catalogue, wait):
    before = [panel._panel.selected.copy() for panel in explore._panels]
    explore._panels[0]._boxed(BOX)
    x, y = catalogue.column("x"), catalogue.column("y")
    kept = int(((x >= 7) & (x <= 9) & (y >= -1) & (y <= 1)).sum())
    assert 0 < kept < catalogue.n_rows
    wait(lambda: f"{kept:,}" in explore._editor._count.object)
    for panel, old in zip(explore._panels, before, strict=True):
        assert panel._panel.selected.sum() <= kept < old.sum()
        assert (panel._panel.everything == old).all()
    assert len(explore._panels[0]._panel.outlines) == 1
    assert "x between 7 and 9 kpc" in explore._editor._caption.object


def test_undo_brings_the_picture_back(explore, session, wait):
    explore._panels[0]._boxed(BOX)
    wait(lambda: "4,000</div>" not in explore._editor._count.object)
    session.undo()
    wait(lambda: "<div class='big'>4,000</div>" in explore._editor._count.object)
    assert explore._panels[1]._panel.everything is None


def test_a_lasso_and_a_range_refine(explore, session, wait):
    explore._panels[2]._lassoed(np.array([[-60, 150], [60, 150], [0, 300.0]]))
    frame = explore._panels[1].frame
    explore._panels[1]._boxed((6.0, frame[1][0], 9.0, frame[1][1]))
    kinds = sorted(node["kind"] for node in session.selection["of"])
    assert kinds == ["polygon", "range"]
    wait(lambda: not explore._working)


def test_zooming_counts_anew_in_the_new_ranges(explore, catalogue, wait):
    panel = explore._panels[0]
    panel._zoomed((8.0, 9.0), (-0.5, 0.5))
    wait(lambda: panel.frame == ((8.0, 9.0), (-0.5, 0.5)))
    x, y = catalogue.column("x"), catalogue.column("y")
    inside = (x >= 8) & (x <= 9) & (y >= -0.5) & (y <= 0.5)
    assert panel._panel.selected.sum() == inside.sum()


def test_a_late_echo_of_ranges_is_no_zoom(explore, wait):
    panel = explore._panels[0]
    first = panel.frame
    panel._resized(300, 290)
    wait(lambda: panel.frame != first)
    panel._zoomed(*first)
    assert panel.look.ranges is None


def test_axes_can_be_any_columns(explore, session, wait):
    panel = explore._panels[1]
    panel._header._chooser.value = "Other axes…"
    panel._header._x.value = "speed"
    panel._header._y.value = "L_z"
    wait(lambda: panel.frame is not None and not explore._working)
    wait(lambda: panel._panel.labels[1] == "L_z (kpc km/s)")
    assert session.axes[1] == {"x": "speed", "y": "L_z"}
    assert panel._panel.labels == ("speed (km/s)", "L_z (kpc km/s)")


def test_a_text_is_applied_once_and_shown_in_its_regular_form(explore, session, wait):
    explore._editor._text.value = "abs(z)<1 and 6<=R<=9"
    explore._editor._apply.param.trigger("clicks")
    assert len(session.selection["of"]) == 2
    assert explore._editor._text.value == "abs(z) < 1 and 6 <= R <= 9"
    wait(lambda: not explore._working)
    session.undo()
    assert session.selection is None
    assert explore._editor._text.value == ""


def test_a_bad_text_is_told_and_changes_nothing(explore, session):
    explore._editor._text.value = "x > import os"
    assert session.selection is None
    assert texts(session)


def test_a_text_with_an_unknown_column_is_taken_back(explore, session, wait):
    explore._editor._text.value = "nonsense > 3"
    wait(lambda: session.selection is None and texts(session))
    assert "nonsense" in texts(session)


def test_tracers_counts_its_stars_and_offers_a_run(services, session, catalogue, wait):
    session.open_catalogue(catalogue.id)
    session.page = "tracers"
    page = TracersPage(services, session)
    page.view()
    page.on_show()
    wait(lambda: page._starter._tracers == 4000)
    assert not page._starter._start.disabled
    assert "About" in page._starter._cost.object
    page._cuts._fields[0][1].view.value = "2.5"
    wait(lambda: page._starter._tracers not in (4000, None))
    distance = np.sqrt(
        sum((catalogue.column(n) - s) ** 2 for n, s in zip("xyz", (8.122, 0, 0.0208), strict=True))
    )
    assert page._starter._tracers == int((distance <= 2.5).sum())
    session.undo()
    assert page._cuts._fields[0][1].view.value == ""
    wait(lambda: page._starter._tracers == 4000)


def test_too_few_tracers_are_refused_in_place(services, session, catalogue, wait):
    session.open_catalogue(catalogue.id)
    session.page = "tracers"
    page = TracersPage(services, session)
    page.view()
    page.on_show()
    wait(lambda: page._starter._tracers == 4000)
    session.volume = {"centre": [8.122, 0, 0], "radius": 0.2}
    wait(lambda: page._refusal.visible)
    assert page._starter._start.disabled
    assert "not counted" in page._editor._count.object
    session.volume = None
    wait(lambda: not page._refusal.visible)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("circularity", ("position", "velocity")), ("L", ("position", "velocity")),
     ("E", ("position", "velocity")), ("speed", ("velocity",)), ("phi1(gd1)", ("position",))],
)  # fmt: skip
def test_tracers_say_what_a_cut_in_a_derived_column_does(
    services, session, catalogue, wait, name, kinds
):
    session.open_catalogue(catalogue.id)
    session.page = "tracers"
    page = TracersPage(services, session)
    page.view()
    page.on_show()
    wait(lambda: page._starter._tracers == 4000)
    middle = float(np.nanmedian(column(catalogue, name)))
    session.selection = parse(f"{name} > {middle}")
    wait(lambda: page._starter._tracers not in (4000, None))
    shown = {html.unescape(css): alert.object
             for alert in page._warnings.objects for css in alert.css_classes}  # fmt: skip
    said = {css for css in shown if css.startswith("vo-warning-selection")}
    assert said == {f"vo-warning-selection_in_{kind}" for kind in kinds}
    verdict = shown["vo-warning-population"]
    assert ("No cell" in verdict) == ("velocity" in kinds)
    assert ("only the estimator conditional" in verdict) == ("velocity" not in kinds)


def test_two_sessions_never_see_each_others_selection(services, catalogue, wait):
    pages = []
    for _ in range(2):
        session = Session(services)
        page = ExplorePage(services, session)
        page.view()
        page.on_show()
        wait(lambda page=page: page._panels and all(p.frame for p in page._panels))
        pages.append((session, page))
    (_, first), (other, second) = pages
    first._panels[0]._boxed(BOX)
    wait(lambda: "<div class='big'>4,000" not in first._editor._count.object)
    second.refresh()
    assert other.selection is None
    assert "<div class='big'>4,000" in second._editor._count.object


def test_hostile_names_are_inert(services, session, wait):
    name = "<img src=x onerror=alert(1)>"
    made = make_catalogue(services.home, name=name, **{"<b>odd</b>": disc()["x"]})
    services.catalogues.look()
    page = ExplorePage(services, session)
    view = page.view()
    page.on_show()
    wait(lambda: page._panels and all(p.frame for p in page._panels))
    page._bar._details.visible = True
    assert "<img" not in page._bar._details.object
    assert "<img" not in page._bar._line.object
    session.select({"kind": "range", "column": "<b>odd</b>", "min": 8.0, "max": None})
    assert "<b>" not in page._editor._caption.object
    assert made.id in page._bar._details.object.replace("&#45;", "-")
    assert view.get_root() is not None


def test_websocket_origins_are_explicit():
    assert origins("localhost", 5006) == ["127.0.0.1:5006", "localhost:5006"]
    assert "*" not in "".join(origins("0.0.0.0", 80, ["stars.example.org"]))  # noqa: S104
    assert "stars.example.org" in origins("0.0.0.0", 80, ["stars.example.org"])  # noqa: S104
    assert origins("10.0.0.5", 80) == ["10.0.0.5:80"]


class Ticks:
    """A document with a browser, which keeps what it is asked to do later."""

    session_context = object()

    def __init__(self):
        self.later = []

    def add_next_tick_callback(self, callback):
        self.later.append(callback)

    def add_timeout_callback(self, callback, _):
        self.later.append(callback)


def test_a_page_that_is_not_built_yet_is_announced(services, monkeypatch):
    session = Session(services)
    shell = Shell(services, session)
    document = Ticks()
    monkeypatch.setattr(type(pn.state), "curdoc", property(lambda _: document))

    def said():
        return [
            part.object
            for part in shell.page.select(lambda p: "vo-opening" in (p.css_classes or ()))
            if part.visible
        ]

    session.page = "density"
    assert said() == ["Opening Density …"]
    session.page = "sweeps"
    assert said() == ["Opening Sweeps …"], "the user has gone on"
    for callback in document.later:
        callback()
    assert said() == []
    shown = [name for name, frame in shell._frames.items() if frame.visible]
    assert shown == ["sweeps"]
    session.page = "sweeps"
    session.page = "explore"
    assert said() == [], "what is built is there at once"
    assert [name for name, frame in shell._frames.items() if frame.visible] == ["explore"]


def test_what_was_good_to_know_stays_on_its_page(services, monkeypatch):
    session = Session(services)
    shell = Shell(services, session)
    clock = [100.0]
    monkeypatch.setattr("dashboard.session.notices.time.monotonic", lambda: clock[0])
    session.notify("Saved.", level="success")
    session.notify("The disk is nearly full.", level="warning")
    clock[0] += 10
    session.notify("The run has begun.")
    session.page = "runs"
    shell.refresh()
    assert "Saved" not in texts(session), "read, and of another page"
    assert "nearly full" in texts(session), "not yet seen to"
    assert "has begun" in texts(session), "it is what led here"
    clock[0] += 10
    session.page = "runs"
    assert "has begun" in texts(session)
    session.page = "sweeps"
    assert "has begun" not in texts(session)
