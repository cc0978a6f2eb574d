"""The pages Asymmetry and Model of a finished run, in the real program."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE
from tests.dashboard.stars import make_catalogue
from tests.dashboard.synthetic_runs import make_map
from tests.dashboard.synthetic_symmetry import symmetry_cubes


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_catalogue(folder, stars=2000)
    make_map(folder, more=symmetry_cubes())
    return folder


@pytest.fixture
def page(server, open_page):
    opened = open_page(server)
    opened.wait_for_selector(".vo-menu")
    return opened


def go(page, title):
    page.locator(".vo-menu").get_by_text(title, exact=True).click(timeout=PATIENCE)


def test_asymmetry_answers_its_controls(page, keep):
    go(page, "Asymmetry")
    page.wait_for_selector(".vo-asymmetry .vo-maps .bk-Figure")
    page.wait_for_selector(".vo-curves .bk-Figure")
    expect(page.locator(".vo-tile-speed .value")).to_contain_text("km/s", timeout=PATIENCE)
    caption = page.locator(".vo-asymmetry .vo-map-caption")
    expect(caption).to_contain_text("plane y =", timeout=PATIENCE)
    page.locator(".vo-asymmetry .vo-plane").get_by_text("x-y", exact=True).click()
    expect(caption).to_contain_text("plane z =", timeout=PATIENCE)
    page.locator(".vo-beside").get_by_text("significance", exact=True).click()
    page.wait_for_function(
        """() => [...Bokeh.documents[0]._all_models.values()].some((model) =>
            model.type === 'Figure' && model.title?.text === 'Significance')"""
    )
    keep(page, "asymmetry")
    assert page.locator(".vo-notice-error").count() == 0


def test_model_shows_another_pair(page, keep):
    go(page, "Model")
    page.wait_for_selector(".vo-pairs .bk-Figure")
    page.wait_for_selector(".vo-histograms .bk-Figure")
    page.locator(".vo-pair").get_by_text("z-vz", exact=True).click()
    page.wait_for_function(
        """() => [...Bokeh.documents[0]._all_models.values()].some((model) =>
            model.type === 'Figure' && model.title?.text === 'Stars'
            && model.below[0].axis_label.startsWith('z'))"""
    )
    keep(page, "model")
    assert page.locator(".vo-notice-error").count() == 0
