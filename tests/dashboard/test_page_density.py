"""The pages Density and Dark matter: what is on the screen, and every state on the way to it."""

from __future__ import annotations

import json
from html import unescape
from types import SimpleNamespace

import holoviews as hv
import numpy as np
import pytest

import dashboard.services.density_map
from dashboard.export.density_figure import DensityView
from dashboard.export.run import download
from dashboard.pages.dark_matter.page import DarkMatterPage
from dashboard.pages.density.base import DensityResultPage
from dashboard.pages.density.page import DensityPage
from dashboard.policy.baryon_choice import MOCK, OWN
from dashboard.services.latest_only import LatestWork
from data.baryons import model_to_dict, packaged
from tests.dashboard.synthetic_density import density_cubes, truth
from tests.dashboard.synthetic_runs import make_map, make_run

hv.extension("bokeh")

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def cubes():
    return density_cubes()


@pytest.fixture(autouse=True)
def no_kept_maps(monkeypatch):
    monkeypatch.setattr(
        dashboard.services.density_map, "_maps", type(dashboard.services.density_map._maps)()
    )


@pytest.fixture
def mock(monkeypatch):
    """Let every run's catalogue be a mock of the galaxy that the cubes were made from."""
    monkeypatch.setattr(DensityResultPage, "_truth_of", lambda *_: truth())


def classes(root, name):
    return root.select(lambda part: name in getattr(part, "css_classes", []))


def run_with(home, cubes):
    names = {name: f"cubes/{name}.zarr" for name in cubes}
    at_sun = {
        "acceleration": [-6200.0, 80.0, -30.0],
        "acceleration_sd": [150.0, 90.0, 60.0],
        "trusted": True,
    }
    return make_run(
        home, "done", cubes=cubes, result={"cubes": names, "at_sun": at_sun, "warnings": []}
    )


def opened(kind, services, session, wait):
    services.runs.look()
    page = kind(services, session)
    page._root = page.view()
    page.on_show()
    wait(lambda: page._content.visible or not classes(page._state, "vo-loading"))
    return page


@pytest.fixture
def density(services, session, wait, cubes, mock):
    run_with(services.home, cubes)
    return opened(DensityPage, services, session, wait)


@pytest.fixture
def dark(services, session, wait, cubes, mock):
    run_with(services.home, cubes)
    return opened(DarkMatterPage, services, session, wait)


def drawn(page, name):
    """The cells that a map shows."""
    return page._panel.figures[name].pane.object[()].values()[0].dframe()


@pytest.mark.parametrize("kind", [DensityPage, DarkMatterPage])
class TestStates:
    def test_without_a_run_the_page_says_so(self, kind, services, session, wait):
        page = opened(kind, services, session, wait)
        assert classes(page._state, "vo-no-map")

    def test_a_run_from_before_is_met_calmly_and_can_be_run_again(
        self, kind, services, session, wait
    ):
        make_map(services.home)
        page = opened(kind, services, session, wait)
        (state,) = classes(page._state, "vo-made-without")
        assert classes(state, "vo-go-tracers")
        assert not session.notices.column.objects

    def test_without_a_truth_there_is_none_on_the_screen(
        self, kind, services, session, wait, cubes
    ):
        run_with(services.home, cubes)
        page = opened(kind, services, session, wait)
        assert page._content.visible
        assert not page._tiles["truth"].visible
        choice = (page._panel.baryons if kind is DensityPage else page.baryons).choice
        assert choice.name == "mckee-2015"


class TestDensity:
    def test_the_map_has_the_numbers_of_the_cube(self, density, cubes):
        table = drawn(density, "value")
        stored = cubes["density"]["density_total"].sel(estimator="potential").isel(y=4)
        np.testing.assert_allclose(
            np.sort(table["value"]), np.sort(stored.to_numpy()[np.isfinite(stored)]), rtol=1e-5
        )
        assert {"value", "error", "truth", "difference"} == set(density._panel.figures)

    def test_a_bandwidth_changes_the_numbers_live(self, density):
        before = drawn(density, "value")["value"].max()
        density._panel.controls.up.value = 0.5
        assert drawn(density, "value")["value"].max() < 0.8 * before
        assert "0.5 kpc across" in density._panel._caption.object

    def test_quantity_unit_estimator_and_plane_follow(self, density):
        controls = density._panel.controls
        controls.unit.value = "GeV/cm3"
        controls.quantity.value = "dark"
        believed = drawn(density, "value").query("believe == 'yes'")["value"]
        assert 0.2 < believed.median() < 0.9
        controls.plane.value = "x-y"
        assert density._panel.shown.cut.plane == "x-y"
        assert density._panel.shown.cut.at == pytest.approx(0.0, abs=1e-9)
        before = density._panel.shown.cut.value.copy()
        controls.estimator.value = "boltzmann"
        assert not np.allclose(density._panel.shown.cut.value, before, equal_nan=True)

    def test_baryons_change_what_is_dark_and_the_tile(self, density):
        density._panel.controls.quantity.value = "dark"
        own = density._tiles["dark"].object
        density._panel.baryons.model.value = "mckee-2015"
        other = density._tiles["dark"].object
        assert own != other
        assert "mckee-2015" in other
        density._panel.baryons.mass.value = 1.3
        assert "1.3 times the mass" in unescape(density._tiles["dark"].object)

    def test_a_click_moves_the_profiles_and_a_button_brings_them_back(self, density):
        density._panel._click(SimpleNamespace(x=7.2, y=0.9))
        assert density._panel.shown.through == pytest.approx((7.2, 0.0, 0.9))
        assert density._panel._back.visible
        density._panel._back.clicks += 1
        assert density._panel.shown.through[0] == pytest.approx(8.122)
        assert not density._panel._back.visible

    def test_doubtful_cells_are_hidden_until_asked_for(self, density):
        hidden = drawn(density, "error")["drawn"].isna().sum()
        assert hidden > 0
        density._panel.controls.show_untrusted.value = True
        assert drawn(density, "error")["drawn"].isna().sum() == 0

    @pytest.mark.parametrize("form", ["pdf", "png", "nc"])
    def test_what_is_on_the_screen_can_be_exported(self, density, form):
        name, content = download(density.result, "density", form, density._on_screen_now())
        assert name.endswith(f"-density.{form}")
        assert len(content) > 1000

    def test_the_command_line_draws_the_cube(self, density):
        name, content = download(density.result, "density", "svg", DensityView())
        assert b"<svg" in content
        assert name.endswith(".svg")


class TestOwnBaryons:
    def test_a_file_of_one_s_own_is_taken(self, density):
        tree = model_to_dict(packaged())
        tree["name"] = "mine"
        density._panel.baryons.file.value = json.dumps(tree).encode()
        assert density._panel.baryons.choice.name == OWN
        assert density._panel.shown.asked.baryons.own.name == "mine"

    @pytest.mark.parametrize("content", [b"no json", b'{"name": 3}', b"\xff\xfe"])
    def test_a_bad_file_is_refused_in_a_sentence(self, density, session, content):
        before = density._panel.baryons.choice
        density._panel.baryons.file.value = content
        assert density._panel.baryons.choice == before
        assert session.notices.column.objects

    def test_hostile_names_are_shown_as_text(self, density):
        tree = model_to_dict(packaged())
        tree["name"] = tree["description"] = HOSTILE
        density._panel.baryons.file.value = json.dumps(tree).encode()
        for text in (density._panel.baryons._note.object, density._tiles["dark"].object):
            assert "<img" not in text


class TestDarkMatter:
    def test_the_local_value_is_that_of_the_galaxy(self, dark):
        wanted = truth().density([[8.122, 0, 0]], "halo")[0]
        assert dark.found.dark.local.msun_pc3[0] == pytest.approx(wanted, rel=0.02)
        assert dark.found.true_local == pytest.approx(wanted, rel=0.01)
        assert "GeV/cm³" in dark._tiles["local"].object

    def test_averages_lie_on_the_truth(self, dark):
        mean, exact = dark.found.dark.shells.density.mean, dark.found.true_shells
        known = np.isfinite(mean)
        assert known.sum() >= 5
        np.testing.assert_allclose(mean[known], exact[known], rtol=0.03)

    def test_sliders_work_everything_out_again(self, dark):
        before = dark.found
        dark.baryons.model.value = "mckee-2015"
        assert dark.found.dark.local.msun_pc3 != before.dark.local.msun_pc3
        dark.baryons.mass.value = 1.2
        lighter = dark.found.dark.local.msun_pc3[0]
        dark.baryons.mass.value = 0.8
        assert dark.found.dark.local.msun_pc3[0] > lighter
        dark.controls._height.value = 0.5
        assert dark.found.dark.local.cells < before.dark.local.cells
        assert "below 0.5 kpc left out" in dark._caption.object
        dark.controls._ratio.value = 0.6
        assert dark.found.dark.ellipsoids.axis_ratio == 0.6

    def test_a_mock_s_own_baryons_come_first_and_the_unit_changes_no_number(self, dark):
        assert dark.baryons.choice.name == MOCK
        found = dark.found
        dark.controls.unit.value = "Msun/pc3"
        assert dark.found is found
        assert "M☉ pc⁻³" in dark._tables.literature.object

    def test_tables_and_gauss_are_there(self, dark):
        assert "arXiv:2305.13358" in unescape(dark._tables.literature.object)
        assert "gNFW" in dark._tables.fits.object
        assert "Dark matter" in dark._tables.surface.object
        assert dark._tables._gauss_section.visible
        assert not dark._tables._missing_section.visible

    @pytest.mark.parametrize("form", ["pdf", "nc"])
    def test_it_can_be_exported(self, dark, form):
        name, content = download(dark.result, "dark_matter", form, DensityView())
        assert name.endswith(f"-dark_matter.{form}")
        assert len(content) > 1000

    def test_no_trusted_cell_is_no_crash(self, services, session, wait, cubes, mock):
        doubtful = {name: cube.copy(deep=True) for name, cube in cubes.items()}
        flags = doubtful["acceleration"]["trust_flags"]
        flags.values = np.where(flags.values >= 0, flags.values | 1, -1).astype(np.int32)
        run_with(services.home, doubtful)
        page = opened(DarkMatterPage, services, session, wait)
        assert page._content.visible
        assert page.found.dark.local is None
        assert page._tables._missing_section.visible
        assert not session.notices.column.objects


def test_of_wishes_that_come_meanwhile_the_last_one_counts(session):
    """A slider that is dragged while a figure is made."""
    held, done, asked = [], [], []
    session.background = lambda work, finished, failed: held.append((work, finished))

    def wish():
        asked.append(len(asked))
        return lambda number=asked[-1]: number

    latest = LatestWork(session, wish, done.append)
    latest()
    latest()
    latest()
    work, finished = held.pop()
    finished(work())
    assert done == []
    work, finished = held.pop()
    finished(work())
    assert done == [1]
    assert not held
