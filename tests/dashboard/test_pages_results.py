"""The pages Model and Acceleration: states on the way to a result, and the result itself."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import pytest
from bokeh.models import ColorBar, Plot

import dashboard.services.results
from dashboard.pages.acceleration.page import AccelerationPage
from dashboard.pages.model.page import ModelPage
from data.errors import UserError
from engine.cubes.quantities import UNITS
from engine.cubes.store import MANIFEST
from engine.runs.folder.files import write_json
from tests.dashboard.synthetic import acceleration_at
from tests.dashboard.synthetic_runs import make_every_state, make_map, make_run

HOSTILE = '<img src=x onerror="alert(1)">'


def truth(x):
    return acceleration_at(*np.asarray(x).T).T


@pytest.fixture
def mock(monkeypatch):
    """Let every run's catalogue be a mock whose truth is the field of the synthetic cubes."""
    monkeypatch.setattr(dashboard.services.results, "_catalogue", lambda *_: ("demo", truth))


def classes(root, name):
    return root.select(lambda part: name in getattr(part, "css_classes", []))


def opened(kind, services, session, wait):
    page = kind(services, session)
    page._root = page.view()
    page.on_show()
    wait(lambda: page._content.visible or not classes(page._state, "vo-loading"))
    return page


def drawn(page, name):
    """The element that a map pane shows."""
    element = page._maps._figures[name].pane.object[()]
    return element if isinstance(element, hv.Rectangles) else next(iter(element))


@pytest.mark.parametrize("kind", [ModelPage, AccelerationPage])
class TestStates:
    def test_no_map_points_to_tracers(self, kind, services, session, wait):
        page = opened(kind, services, session, wait)
        assert classes(page._state, "vo-no-map")
        classes(page._state, "vo-go-tracers")[0].clicks += 1
        assert session.page == "tracers"

    def test_a_map_on_its_way_says_how_far_it_is(self, kind, services, session, wait):
        make_run(services.home, "running", progress=0.3, eta_s=60.0)
        page = opened(kind, services, session, wait)
        assert classes(page._state, "vo-map-waiting")
        assert "30%" in page._waiting_line.object

    def test_a_failed_map_says_why(self, kind, services, session, wait):
        make_run(services.home, "failed", error={"sentence": "Ten stars.", "hint": "Widen."})
        page = opened(kind, services, session, wait)
        assert classes(page._state, "vo-map-unfinished")

    def test_a_damaged_cube_is_not_shown(self, kind, services, session, wait):
        directory = make_map(services.home)
        for cube in directory.cubes.iterdir():
            (cube / MANIFEST).unlink()
        page = opened(kind, services, session, wait)
        assert classes(page._state, "vo-unreadable")
        assert not page._content.visible

    def test_a_result_appears_by_itself_when_its_run_is_done(self, kind, services, session, wait):
        directory = make_run(services.home, "running", progress=0.5)
        page = opened(kind, services, session, wait)
        assert not page._content.visible
        for path in sorted(directory.path.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        directory.path.rmdir()
        make_map(services.home)
        services.runs.look()
        page.refresh()
        wait(lambda: page._content.visible)

    def test_another_finished_run_can_be_chosen(self, kind, services, session, wait):
        first, second = make_map(services.home, order=2), make_map(services.home, order=9)
        page = opened(kind, services, session, wait)
        assert page.result.record.id == first.id
        assert page._runs.visible
        page._runs.value = second.id
        wait(lambda: page.result.record.id == second.id)
        assert session.run == second.id

    def test_the_whole_page_can_be_drawn_light_and_dark(self, kind, services, session, wait):
        make_every_state(services.home)
        page = opened(kind, services, session, wait)
        assert page._content.visible
        assert page._root.get_root() is not None
        session.dark = not session.dark
        assert page._root.get_root() is not None

    def test_markup_from_outside_is_inert(self, kind, services, session, wait):
        warnings = [{"code": "incomplete", "sentence": HOSTILE}]
        make_map(services.home, warnings=warnings, spec={"catalogue": HOSTILE})
        make_run(services.home, "failed", order=9, error={"sentence": HOSTILE, "hint": HOSTILE})
        page = opened(kind, services, session, wait)
        for record in services.runs.list():
            session.run = record.id
            wait(lambda: not classes(page._state, "vo-loading"))
            html = [
                part.object
                for part in page._root.select(
                    lambda p: isinstance(getattr(p, "object", None), str)
                )
            ]
            assert not any("<img" in text for text in html)


def test_model_gives_a_verdict_in_words(services, session, wait):
    make_map(services.home)
    page = opened(ModelPage, services, session, wait)
    assert page._verdict.severity == "success"
    assert "0.5120 ± 0.0060" in page._tiles["auc"].object
    figure = page._maps["stars"].pane.object
    before = figure[()].range("a")
    page._pair.value = "z-vz"
    assert page._maps["stars"].pane.object is figure
    assert figure[()].range("a") != before


class TestAcceleration:
    @pytest.fixture
    def page(self, services, session, wait, mock):
        make_map(services.home, estimators=("boltzmann", "potential"))
        return opened(AccelerationPage, services, session, wait)

    def test_what_is_drawn_is_the_cube(self, page):
        cube = page.result.cubes["acceleration"]
        table = drawn(page, "value").dframe()
        at = cube.sel(estimator="boltzmann").sel(z=page._maps._cut.at, method="nearest")
        row = table[table.believe == "yes"].iloc[7]
        cell = at.sel(x=(row.h0 + row.h1) / 2, y=(row.v0 + row.v1) / 2, method="nearest")[
            "acceleration"
        ].to_numpy()
        assert row.drawn == pytest.approx(float(np.linalg.norm(cell)))

    def test_a_slice_quantity_unit_and_estimator_change_the_figures_in_place(self, page):
        controls, places = page._maps.controls, page._maps._figures
        figures = {name: figure.pane.object for name, figure in places.items()}
        cube = page.result.cubes["acceleration"]
        controls.index.value = 3
        assert page._maps._cut.at == pytest.approx(float(cube["z"][3]))
        controls.quantity.value = "R"
        controls.unit.value = "1e-10 m/s2"
        controls.estimator.value = "potential"
        cut = page._maps._cut
        assert (cut.quantity.key, cut.unit.key) == ("R", "1e-10 m/s2")
        assert np.nanmax(np.abs(cut.value)) < 20000 * UNITS["1e-10 m/s2"].factor
        assert {name: figure.pane.object for name, figure in places.items()} == figures

    @pytest.mark.parametrize("plane", ["x-z", "y-z"])
    def test_another_plane_offers_its_own_slices(self, page, plane):
        page._maps.controls.plane.value = plane
        axis = {"x-z": "y", "y-z": "x"}[plane]
        cube = page.result.cubes["acceleration"]
        assert len(page._maps.controls.index.options) == cube.sizes[axis]
        sun = {"y": 0.0, "x": 8.122}[axis]
        assert page._maps._cut.at == pytest.approx(sun, abs=0.4)
        assert drawn(page, "value").dframe().drawn.notna().any()

    def test_doubtful_cells_and_arrows_come_when_asked_for(self, page):
        hidden = drawn(page, "value").dframe().drawn.isna().sum()
        assert hidden > 0
        page._maps.controls.show_untrusted.value = True
        assert drawn(page, "value").dframe().drawn.isna().sum() == 0
        page._maps.controls.arrows.value = True
        assert len(page._maps._figures["value"].pane.object[()].VectorField.I) > 0

    def test_numbers_at_the_sun_stand_beside_the_published(self, page):
        assert "2.009 ± 0.049" in page._tiles["size"].object
        assert "224.4" in page._tiles["speed"].object
        html = page._sun._published.object
        for text in ("This run", "2012.02036", "1.94 ± 0.22", "0.3 σ", "−1.9 σ"):
            assert text in html

    def test_a_mock_is_compared_with_its_truth(self, page):
        assert page._maps._figures["truth"].pane.visible
        assert page._tiles["truth"].visible
        assert "%" in page._tiles["truth"].object

    def test_a_moved_cut_marks_the_map(self, page, session):
        assert not page._stale.visible
        session.select({"kind": "range", "column": "z", "min": -1, "max": 1})
        assert page._stale.visible
        session.undo()
        assert not page._stale.visible

    def test_profiles_follow_the_unit(self, page):
        profile = page._profiles._figures["x"].pane.object
        before = list(profile[()])[2].dframe().a.to_numpy()
        page._maps.controls.unit.value = "1e-10 m/s2"
        after = list(profile[()])[2].dframe().a.to_numpy()
        factor = UNITS["1e-10 m/s2"].factor
        np.testing.assert_allclose(after, before * factor)


def test_numbers_follow_the_estimator_that_the_maps_show(services, session, wait, mock):
    directory = make_map(services.home, estimators=("boltzmann", "potential"))
    result = directory.result()
    other = {"acceleration": [-4000.0, 0.0, 0.0], "acceleration_sd": [80.0, 1.0, 1.0]}
    result["at_sun"] |= {
        "estimator": "boltzmann",
        "by_estimator": {
            "boltzmann": {**result["at_sun"], "reasons": ["lost"]},
            "potential": {**other, "trusted": False},
        },
    }
    write_json(directory.result_file, result)
    page = opened(AccelerationPage, services, session, wait)
    before = page._tiles["truth"].object
    assert "2.009 ± 0.049" in page._tiles["size"].object
    assert "This run, boltzmann" in page._sun._published.object
    assert page._maps._caption.object.count("by the estimator boltzmann") == 1
    page._maps.controls.estimator.value = "potential"
    assert "1.296 ± 0.026" in page._tiles["size"].object
    assert "unreliable" in page._tiles["size"].object
    assert "This run, potential, unreliable" in page._sun._published.object
    assert "by potential" in page._tiles["trusted"].object
    assert page._tiles["truth"].object != before
    page._maps.controls.estimator.value = "boltzmann"
    assert page._tiles["truth"].object == before


def test_doubtful_cells_are_called_so_where_they_are_drawn(services, session, wait):
    make_map(services.home)
    page = opened(AccelerationPage, services, session, wait)
    assert "Grey: flagged cells" in page._maps._caption.object
    page._maps.controls.show_untrusted.value = True
    assert "Grey: flagged cells" not in page._maps._caption.object
    assert "Doubtful cells are drawn" in page._maps._caption.object


def test_a_map_without_truth_hides_what_needs_it(services, session, wait):
    make_map(services.home)
    page = opened(AccelerationPage, services, session, wait)
    assert not page._maps._figures["truth"].pane.visible
    assert not page._maps.controls.difference.visible
    assert not page._tiles["truth"].visible


def test_a_map_that_is_not_to_be_believed_is_grey_and_says_why(services, session, wait, mock):
    warning = {"code": "sky_gaps", "sentence": "The sample has steps in longitude."}
    make_map(services.home, trusted=False, warnings=[warning])
    page = opened(AccelerationPage, services, session, wait)
    assert page._alert.visible
    assert "steps in longitude" in page._alert.object
    assert "unreliable" in page._tiles["size"].object
    assert drawn(page, "value").dframe().drawn.isna().all()
    assert "mimics an acceleration" in page._sun._doubts.object
    assert "no reliable cells" in page._tiles["truth"].object


def test_a_run_whose_volume_leaves_the_sun_out_has_no_number_there(services, session, wait):
    directory = make_map(services.home)
    result = {**directory.result(), "at_sun": None}
    write_json(directory.result_file, result)
    page = opened(AccelerationPage, services, session, wait)
    assert "—" in page._tiles["size"].object
    assert "outside the volume" in page._sun._vector.object


def test_a_run_without_a_cube_is_refused(services):
    directory = make_run(services.home, "done", result={"cubes": {}})
    with pytest.raises(UserError, match="no cube named 'acceleration'"):
        dashboard.services.results.load_map(
            services.home, directory.record(), services.catalogues, ("acceleration",)
        )


def test_colour_bars_and_axes_follow_what_is_drawn(services, session, wait, mock):
    """In place, too: HoloViews alone would leave the title of the first quantity."""
    make_map(services.home)
    page = opened(AccelerationPage, services, session, wait)
    root = page._root.get_root()
    controls = page._maps.controls
    controls.quantity.value = "phi"
    controls.plane.value = "y-z"
    figures = {f.title.text: f for f in root.select({"type": Plot}) if f.title.text}
    measured = figures["Measured"]
    (bar,) = (part for part in measured.right if isinstance(part, ColorBar))
    assert bar.title.startswith("a_φ")
    assert measured.left[0].axis_label == "z [kpc]"
    assert measured.below[0].axis_label == "y [kpc]"
    assert measured.x_range.start < -3.5 < 3.5 < measured.x_range.end
