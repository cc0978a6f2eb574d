"""Runs shows the windows of a search as they are done."""

from __future__ import annotations

import math

import holoviews as hv
import pytest

from dashboard.components.theme import figure_colours
from dashboard.pages.runs.details import RunDetails
from dashboard.pages.streams.windows_panel import WindowsPanel
from dashboard.policy.access import Access
from dashboard.policy.window_history import WindowHistory
from dashboard.views.windows import window_plot
from engine.runs.folder.directory import RunDirectory
from engine.runs.folder.record import RunRecord, RunState

COLOURS = figure_colours(dark=True)


def event(low, sigma, coordinate="mu_lat", **more):
    """A report of a window 6 mas/yr wide."""
    told = {"kind": "window", "patch": "north", "coordinate": coordinate, "low": low}
    return told | {"high": low + 6, "stars": 2000, "sigma": sigma, "seconds": 4.0} | more


class Folder:
    """The events of a run, which grow."""

    def __init__(self, *events):
        self.events = list(events)

    def events_since(self, offset, kinds):
        return [e for e in self.events[offset:] if e["kind"] in kinds], len(self.events)


def test_windows_are_kept_once_and_in_order():
    history = WindowHistory()
    history.add([event(-3.0, 4.0), event(-9.0, 5.0), event(-3.0, 6.5), event(1.0, None)])
    assert [(one.low, one.sigma) for one in history.windows][:2] == [(-9.0, 5.0), (-3.0, 6.5)]
    assert math.isnan(history.windows[2].sigma)
    assert (history.best.low, history.best.sigma) == (-3.0, 6.5)


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "loss"},
        {"kind": "window"},
        event(1.0, 4.0) | {"low": "here"},
        event(1.0, [4.0]),
        event(1.0, 4.0, stars=None),
    ],
)
def test_damaged_reports_are_passed_over(bad):
    history = WindowHistory()
    history.add([bad])
    assert history.windows == []
    assert history.version == 0
    assert history.best is None


def test_the_figure_shows_each_proper_motion_in_its_colour():
    history = WindowHistory()
    history.add([event(-3.0, 4.0), event(-2.0, 9.0, "mu_lon"), event(-1.0, None)])
    overlay = window_plot(history.windows, COLOURS)
    lat, lon = overlay.values()
    assert (lat["middle"].tolist(), lat["sigma"].tolist()) == ([0.0], [4.0])
    assert (lon["middle"].tolist(), lon["sigma"].tolist()) == ([1.0], [9.0])
    figure = hv.render(overlay, backend="bokeh")
    assert figure.y_range.end > 9.0
    assert figure.xaxis.axis_label == "middle of the window, mas/yr"
    assert len(window_plot([], COLOURS)) == 2, "the same glyphs without windows"


def test_the_panel_follows_the_run():
    folder = Folder()
    panel = WindowsPanel(dark=True)
    words = panel.view.objects[0]
    panel.open(folder)
    assert words.object.startswith("No window is done yet")
    assert not panel.view.objects[1].visible
    panel.view.get_root()  # it is on the screen before there is anything to see
    folder.events.append(event(-15.0, None))
    panel.refresh()
    assert words.object == "One window done; none holds enough stars for a line."
    assert not panel.view.objects[1].visible
    folder.events.append(event(-3.0, 4.0))
    panel.refresh()
    assert words.object == "2 windows done; the best line, 4.0 σ, in μ lat -3 to 3 mas/yr."
    folder.events.append(event(-9.0, 7.25))
    panel.refresh()
    assert words.object == "3 windows done; the best line, 7.2 σ, in μ lat -9 to -3 mas/yr."
    assert panel.view.objects[1].visible
    panel.open(Folder(), live=False)
    assert words.object == "The search has finished no window."
    assert not panel.view.objects[1].visible


@pytest.mark.parametrize(
    ("kind", "shown"), [("map", ["Loss"]), ("streams", ["Windows"]), ("fetch", [])]
)
def test_a_run_shows_what_its_kind_reports(tmp_path, kind, shown):
    details = RunDetails(lambda *_: None, Access("", may_change=True), dark=True)
    record = RunRecord(id="20260101-000000-0000", kind=kind, spec={}, state=RunState.RUNNING)
    details.show(record, RunDirectory(tmp_path), "stars", "all")
    titles = {"map": "Loss", "streams": "Windows"}
    assert [titles[k] for k, part in details._sections.items() if part.visible] == shown
