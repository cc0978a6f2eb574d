"""A line of the user's own on the page Acceleration."""

from __future__ import annotations

import numpy as np
import pytest
from bokeh.models import PointDrawTool

import dashboard.services.results
from dashboard.components.profile_line import place_of, text_of
from dashboard.pages.acceleration.page import AccelerationPage
from dashboard.views.profiles import DRAWN, take_drawn_profile
from tests.dashboard.synthetic import acceleration_at, acceleration_cube
from tests.dashboard.synthetic_runs import make_map

ENDS = ((6.0, -1.5, 0.3), (10.0, 1.0, 0.3))


def truth(x):
    return acceleration_at(*np.asarray(x).T).T


@pytest.fixture
def page(services, session, wait, monkeypatch):
    monkeypatch.setattr(dashboard.services.results, "_catalogue", lambda *_: ("demo", truth))
    make_map(services.home, estimators=("boltzmann", "potential"))
    made = AccelerationPage(services, session)
    made._root = made.view()
    made.on_show()
    wait(lambda: made._content.visible)
    return made


def shown(page):
    return list(page._profiles._figures[DRAWN].pane.object[()])


@pytest.mark.parametrize("quantity", ["abs", "z", "phi"])
def test_a_profile_along_a_line_is_the_field_there(quantity):
    """The noise of the synthetic cube is 1 or 2%; the errors say how much."""
    profile = take_drawn_profile(acceleration_cube(n=24), ENDS, quantity, truth=truth)
    off = (profile.value - profile.truth) / profile.sd
    assert profile.trusted.any()
    assert np.sqrt(np.mean(off[profile.trusted] ** 2)) < 1.2
    assert profile.s[-1] == pytest.approx(np.linalg.norm(np.subtract(*ENDS)))


def test_the_line_comes_and_goes_with_its_switch(page):
    figure, line = page._profiles._figures[DRAWN], page._maps._line
    assert not figure.pane.visible
    line.on.value = True
    assert figure.pane.visible
    assert line.start.visible
    assert line.ends is not None
    line.on.value = False
    assert not figure.pane.visible
    assert line.ends is None


def test_a_typed_line_is_followed_and_a_wrong_one_is_marked(page):
    line = page._maps._line
    line.on.value = True
    line.start.value, line.end.value = text_of(ENDS[0]), text_of(ENDS[1])
    curve = shown(page)[2].dframe()
    assert curve.s.max() == pytest.approx(np.linalg.norm(np.subtract(*ENDS)))
    line.end.value = "somewhere"
    assert line.end.error_state
    assert line.ends is None
    line.end.value = "9; 0; 0"
    assert not line.end.error_state
    assert line.ends[1] == (9.0, 0.0, 0.0)


def test_handles_on_the_map_move_the_line(page):
    root = page._root.get_root()
    line = page._maps._line
    line.on.value = True
    (tool,) = root.select({"type": PointDrawTool})
    (ends,) = tool.renderers
    assert ends.visible
    before = shown(page)[2].dframe().s.max()
    ends.data_source.data = {"h": [6.0, 9.0], "v": [0.0, 1.0]}
    at = page._maps._cut.at
    assert line.ends == ((6.0, 0.0, round(at, 2)), (9.0, 1.0, round(at, 2)))
    assert shown(page)[2].dframe().s.max() == pytest.approx(np.hypot(3, 1)) != before
    # One end alone, while the second is not yet set, is no line.
    ends.data_source.data = {"h": [6.0], "v": [0.0]}
    assert line.ends[1][:2] == (9.0, 1.0)


def test_another_plane_shows_the_line_from_its_side(page):
    root = page._root.get_root()
    line = page._maps._line
    line.on.value = True
    line.start.value, line.end.value = "7, -1, -0.5", "9, 1, 0.5"
    page._maps.controls.plane.value = "y-z"
    (tool,) = root.select({"type": PointDrawTool})
    data = tool.renderers[0].data_source.data
    assert (list(data["h"]), list(data["v"])) == ([-1.0, 1.0], [-0.5, 0.5])
    assert line.ends == ((7.0, -1.0, -0.5), (9.0, 1.0, 0.5))


def test_the_line_is_part_of_a_view(page):
    from dashboard.saved_views.controls import Restoring, read_controls

    line = page._maps._line
    line.on.value = True
    line.start.value = "7.00, 0.00, 0.00"
    values = read_controls(page._root)
    assert values["vo-line-on"] is True
    assert values["vo-line-from"] == "7.00, 0.00, 0.00"
    line.start.value = "5, 5, 5"
    line.on.value = False
    Restoring(values).step(page._root)
    Restoring(values).step(page._root)
    assert line.ends[0] == (7.0, 0.0, 0.0)


@pytest.mark.parametrize("text", ["", "1, 2", "1, 2, x", "1, 2, nan", "1, 2, inf", "9e9, 0, 0"])
def test_what_is_no_place(text):
    assert place_of(text) is None
