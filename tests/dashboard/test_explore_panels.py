"""Panels of Explore: statistics, kept colours, read-out, maps of the sky, and their document."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from bokeh.models import Plot

from dashboard.components.density_pair import DensityGrid
from dashboard.components.theme import figure_colours
from dashboard.pages.explore.page import ExplorePage
from dashboard.policy.brushes import box, lasso
from dashboard.policy.panels import PRESETS, default_axes, points_down, preset_of, some_axes
from dashboard.policy.readout import readout
from dashboard.services.pictures import draw, opening_axes
from dashboard.services.rasters import RasterCache
from dashboard.session.panel_view import Look, look_of, resized
from dashboard.session.session import Session
from dashboard.views import sky
from dashboard.views.phase_space import Frame, Panel
from dashboard.views.shading import shade
from data.columns.derived import column
from data.mocks.streams.patch import make_stream
from data.selection import mask
from tests.dashboard.stars import make_catalogue

TREE = {"kind": "range", "column": "x", "min": 7.0, "max": 9.0}


@pytest.fixture
def explore(services, session, catalogue, wait):
    """Explore with four drawn panels."""
    page = ExplorePage(services, session)
    page.view().get_root()
    page.on_show()
    wait(lambda: len(page._panels) == 4 and all(p.frame for p in page._panels))
    return page


def test_the_figure_holds_what_is_counted(explore, session):
    """New cells do not go through HoloViews: the figure must show them all the same."""
    session.select(TREE)
    for panel in explore._panels:
        drawn = panel._panel
        source = panel._canvas.source.data
        assert drawn.selected.sum() > 0
        expected = shade(drawn.selected, drawn.everything, panel._scale, drawn.value)
        np.testing.assert_array_equal(source["image"][0], expected)
        assert source["x"][0] == drawn.frame.x[0]
        assert source["y"][0] + source["dh"][0] == pytest.approx(drawn.frame.y[1])
    lines = explore._panels[0]._canvas._lines.data_source.data
    assert len(lines["xs"]) == 1


@pytest.mark.parametrize("dark", [False, True])
def test_axes_have_the_colours_of_the_page_whenever_they_come(explore, session, wait, dark):
    session.dark = not dark
    session.dark = dark
    colours = figure_colours(dark=dark)
    for panel in explore._panels:
        figure = panel._canvas._figure
        for axis in figure.axis:
            assert axis.axis_label_text_color == colours["text"]
            assert axis.major_label_text_color == colours["muted"]
        assert figure.outline_line_color == colours["frame"]


def test_a_mean_is_that_of_the_selected_stars(catalogue):
    look = Look(("x", "y"), 100, 80, statistic="mean", value="v_phi")
    picture = draw(RasterCache(), catalogue, TREE, [look])
    panel = picture.panels[0]
    row, cell = np.unravel_index(panel.selected.argmax(), panel.selected.shape)
    steps = [
        (span[0], (span[1] - span[0]) / number)
        for span, number in (
            (panel.frame.x, panel.frame.width),
            (panel.frame.y, panel.frame.height),
        )
    ]
    inside = mask(TREE, catalogue)
    for name, place, (low, step) in zip(("x", "y"), (cell, row), steps, strict=True):
        inside &= np.floor((catalogue.column(name).astype(float) - low) / step) == place
    assert inside.sum() == panel.selected[row, cell] > 1
    values = column(catalogue, "v_phi")[inside].astype(float)
    assert panel.value[row, cell] == pytest.approx(values.mean(), rel=1e-9)
    assert panel.words == "mean of v_φ (km/s)"


def test_panels_of_one_picture_are_those_drawn_alone(catalogue):
    looks = [Look(("x", "y")), Look(("l", "b")), Look(("x", "y"), statistic="spread", value="vz")]
    together = draw(RasterCache(), catalogue, TREE, looks).panels
    for look, panel in zip(looks, together, strict=True):
        alone = draw(RasterCache(), catalogue, TREE, [look]).panels[0]
        np.testing.assert_array_equal(panel.selected, alone.selected)


def test_what_a_panel_shows_goes_into_the_session_and_back(explore, services, session, wait):
    panel = explore._panels[1]
    panel._header._statistic.value = "spread"
    panel._header._value.value = "vz"
    panel._header._keep.value = True
    said = json.loads(json.dumps(session.document()))
    assert said["axes"][1] | {"scale": None} == {
        "x": "R", "y": "z", "statistic": "spread", "value": "vz", "scale": None,
    }  # fmt: skip
    other = Session(services)
    page = ExplorePage(services, other)
    page.view()
    other.restore(said)
    wait(lambda: len(page._panels) == 4 and page._panels[1].frame)
    again = page._panels[1]
    assert again.look.shown == "vz"
    assert again._kept == panel._kept is not None
    np.testing.assert_array_equal(again._panel.value, panel._panel.value)


def test_kept_colours_stay_through_a_zoom_and_go_with_the_quantity(explore):
    panel = explore._panels[0]
    panel._header._keep.value = True
    kept = panel._scale
    panel._zoomed((8.0, 9.0), (-0.5, 0.5))
    assert panel._scale == kept
    panel._header._statistic.value = "mean"
    assert panel._kept is None
    assert not panel._header._keep.value
    assert panel._scale != kept


def test_the_number_of_panels(explore, session, wait):
    first = explore._panels[0].document()
    for number in (6, 2, 4):
        explore._side.number.value = number
        wait(lambda number=number: len(explore._panels) == number)
        assert explore._panels[0].document() == first
        assert len(session.axes) == number


def test_a_damaged_panel_in_a_document_is_left_out(services, session, catalogue, wait):
    session.open_catalogue(catalogue.id)
    session.axes = [
        {"x": "x", "y": "y", "statistic": "median", "value": "z", "scale": {"how": "log"}},
        {"x": "nonsense", "y": "y"},
        {"y": "y"},
        {"x": "x", "y": "z", "statistic": "mean", "value": "nonsense"},
    ]
    page = ExplorePage(services, session)
    page.view()
    page.on_show()
    page._open()
    wait(lambda: page._panels and page._panels[0].frame)
    assert [panel.axes for panel in page._panels] == [("x", "y")]
    assert page._panels[0].look.shown is None


@pytest.mark.parametrize(
    "axes", [("ra", "dec"), ("phi1(gd1)", "phi2(gd1)"), ("ecl_lon", "ecl_lat")]
)
def test_shapes_on_maps_of_other_systems(axes):
    rng = np.random.default_rng(8)
    start = -180 if axes[0].startswith("phi1") else 0
    lon, lat = (
        rng.uniform(start, start + 360, 4000),
        np.degrees(np.arcsin(rng.uniform(-1, 1, 4000))),
    )

    class Sky:
        n_rows = 4000

        def has(self, name):
            return name in axes

        def column(self, name):
            return (lon if name == axes[0] else lat).astype(np.float32)

    x, y = sky.to_plane(lon, lat)
    for bounds in ((-0.4, -0.3, 0.5, 0.6), (0.4, -0.5, 1.5, 0.2), (-2.0, 0.1, -0.3, 0.9)):
        inside = (x >= bounds[0]) & (x <= bounds[2]) & (y >= bounds[1]) & (y <= bounds[3])
        node = box(axes, bounds, on_sky=True)
        # A stream's own coordinates are derived from others; here they are the table's columns.
        text = json.dumps(node).replace(axes[0], "u").replace(axes[1], "v")
        renamed = json.loads(text)
        table = type("Table", (Sky,), {
            "has": lambda self, name: name in "uv",
            "column": lambda self, name: (lon if name == "u" else lat).astype(np.float32),
        })()  # fmt: skip
        found = mask(renamed, table)
        assert np.count_nonzero(found != inside) <= 0.01 * len(lon)
        assert inside.sum() > 50
    assert lasso(axes, np.array([[0, 0], [0.5, 0], [0, 0.5]]), on_sky=False)["points"][1] == [
        0.5,
        0,
    ]


def test_which_columns_make_a_map_of_the_sky():
    assert sky.system(("l", "b")) == "Galactic"
    assert sky.is_pair(("phi1(gd1)", "phi2(gd1)"))
    assert not sky.is_pair(("phi1(gd1)", "phi2(pal5)"))
    assert not sky.is_pair(("b", "l"))
    assert all(sky.is_pair(preset.axes) for preset in PRESETS if preset.sky)


def test_a_look_of_an_old_document_is_as_before():
    assert look_of({"x": "l", "y": "b"}).on_sky
    assert not look_of({"x": "l", "y": "b", "sky": False}).on_sky
    assert not look_of({"x": "ra", "y": "dec"}).on_sky
    assert look_of({"x": "ra", "y": "dec", "sky": True}).on_sky
    assert not look_of({"x": "x", "y": "y", "sky": True}).on_sky


def test_magnitudes_grow_downwards_and_presets_fill_up():
    assert points_down("absolute_g")
    assert not points_down("bp_rp")
    kept = [{"x": "z", "y": "vz"}]
    more = some_axes(["x", "y", "z", "R", "vz"], kept, 3)
    assert more == [*kept, {"x": "x", "y": "y"}, {"x": "R", "y": "z"}]
    assert preset_of(("l", "b"), on_sky=False) is None


class TestReadout:
    frame = Frame((0.0, 10.0), (-1.0, 1.0), 10, 4)

    def panel(self, **more):
        counts = np.arange(40).reshape(4, 10)
        return Panel(self.frame, counts, None, [], ("x (kpc)", "v_z (km/s)"), **more)

    def test_place_and_count_of_the_cell(self):
        assert readout(self.panel(), 3.2, -0.6) == "x 3 kpc, v_z −0.6 km/s: 3 stars"
        assert readout(self.panel(), 10.0, 1.0).endswith(": 39 stars")
        assert readout(self.panel(), 1.5, -1.0).endswith(": 1 star")

    def test_nothing_outside(self):
        assert readout(self.panel(), 10.1, 0.0) == ""

    def test_of_a_selection_and_of_a_mean(self):
        panel = self.panel(value=np.full((4, 10), -2.5), words="mean of v_R (km/s)")
        assert readout(panel, 3.2, -0.6).endswith("mean of v_R −2.500 km/s, 3 stars")
        panel.value[:] = np.nan
        assert "mean of v_R none" in readout(panel, 3.2, -0.6)
        panel = self.panel()
        panel.everything = panel.selected * 2
        assert readout(panel, 3.2, -0.6).endswith(": 3 stars of 6")

    def test_on_the_sky(self):
        frame = Frame((-2.9, 2.9), (-1.5, 1.5), 40, 20)
        panel = Panel(frame, np.ones((20, 40), int), None, [], ("l (deg)", "b (deg)"), is_sky=True)
        x, y = sky.to_plane(np.array([330.0]), np.array([10.0]))
        assert readout(panel, float(x[0]), float(y[0])) == "l 330°, b 10°: 1 star"
        assert readout(panel, 2.8, 1.4) == ""


def test_zoom_goes_into_the_session_and_back(explore, services, session, wait):
    panel = explore._panels[1]
    panel._zoomed((7.0, 8.0), (-0.25, 0.5))
    said = json.loads(json.dumps(session.document()))
    assert said["axes"][1]["ranges"] == [[7.0, 8.0], [-0.25, 0.5]]
    assert all("ranges" not in said["axes"][i] for i in (0, 2, 3))
    other = Session(services)
    page = ExplorePage(services, other)
    page.view()
    other.restore(said)
    wait(lambda: len(page._panels) == 4 and page._panels[1].frame)
    again = page._panels[1]
    assert again.frame == panel.frame == ((7.0, 8.0), (-0.25, 0.5))
    np.testing.assert_array_equal(again._panel.selected, panel._panel.selected)
    assert again._panel.home == panel._panel.home != again.frame
    again._zoomed(*again._panel.home)  # what *Reset* does
    assert again.look.ranges is None
    assert "ranges" not in again.document()


@pytest.mark.parametrize(
    "said",
    [None, "all", [[0, 1]], [[0, 1], [1, 1]], [[0, 1], [2, 1]], [[0, "x"], [0, 1]],
     [[0, 1, 2], [0, 1]], {"x": [0, 1]}],
)  # fmt: skip
def test_ranges_that_are_none_are_left_out(said):
    assert look_of({"x": "x", "y": "y", "ranges": said}).ranges is None


@pytest.mark.parametrize(("width", "height"), [(840, 320), (300, 500), (420, 320)])
def test_equal_axes_stay_equal_when_the_figure_changes_its_size(width, height):
    asked = ((7.0, 7.0 + 4.2), (-1.0, 2.2))
    look = replace(look_of({"x": "x", "y": "y"}), ranges=asked)
    grown = resized(look, width, height, asked)
    scale = [
        (high - low) / size
        for (low, high), size in zip(grown.ranges, (width, height), strict=True)
    ]
    assert scale[0] == pytest.approx(scale[1])
    # the whole of what was asked for can be seen, no more than it takes, about the same middle
    for (low, high), (wanted_low, wanted_high) in zip(grown.ranges, asked, strict=True):
        assert low <= wanted_low + 1e-9
        assert high >= wanted_high - 1e-9
        assert low + high == pytest.approx(wanted_low + wanted_high)
    assert any(
        span == pytest.approx(wanted) for span, wanted in zip(grown.ranges, asked, strict=True)
    )
    # by whatever sizes it came there
    assert resized(resized(grown, 123, 456, asked), width, height, asked) == grown
    assert resized(grown, 420, 320, asked).ranges == asked
    assert resized(grown, width, height, None).ranges is None
    other = replace(look_of({"x": "bp_rp", "y": "v_phi"}), ranges=((0.0, 1.0), (0.0, 9.0)))
    assert resized(other, width, height, other.ranges).ranges == other.ranges


def test_a_catalogue_without_velocities_opens_with_what_is_observed(tmp_path):
    patch = make_stream(tmp_path, stars=2000, seed=1, name="patch")
    axes = [(panel["x"], panel["y"]) for panel in opening_axes(patch)]
    assert axes == [("ra", "dec"), ("pmra", "pmdec"), ("bp_rp", "phot_g_mean_mag"), ("l", "b")]
    full = make_catalogue(tmp_path, stars=300)
    assert [(p["x"], p["y"]) for p in opening_axes(full)][:2] == [("x", "y"), ("R", "z")]
    bare = default_axes(["ra", "dec", "x", "y"], six_d=False)
    assert [(p["x"], p["y"]) for p in bare] == [("ra", "dec"), ("x", "y")], "what is there"


def test_the_button_leads_to_what_the_stars_are_good_for(services, session, wait):
    make_stream(services.home, stars=2000, seed=1, name="patch")
    services.catalogues.look()
    page = ExplorePage(services, session)
    page.view()
    page.on_show()
    wait(lambda: not page._working)
    button = page._side._next
    assert button.label == "Search for streams"
    session.open_catalogue(make_catalogue(services.home, stars=300).id)
    assert button.label == "Use as tracers"
    button.clicks += 1
    assert session.page == "tracers"


@pytest.mark.parametrize("dark", [True, False])
def test_small_figures_have_the_colours_of_the_page(dark):
    """Whenever they come: the browser itself colours only those that come with the page."""
    grid = DensityGrid(("All", "Tracers"))
    cells = np.ones((4, 4))
    panel = Panel(Frame((0.0, 1.0), (0.0, 1.0), 4, 4), cells, cells)
    grid.show([[panel], [panel]], how="equalised", dark=not dark)
    root = grid.view.get_root()
    grid.show([[panel], [panel]], how="equalised", dark=dark)
    colours = figure_colours(dark=dark)
    figures = list(root.select({"type": Plot}))
    assert len(figures) == 2
    for axis in (axis for figure in figures for axis in figure.axis):
        assert axis.major_label_text_color == colours["muted"]
        assert axis.axis_line_color == colours["frame"]
