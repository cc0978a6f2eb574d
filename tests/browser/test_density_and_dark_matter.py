"""Density and Dark matter in the real program: figures, sliders, baryons, a download."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from data.mocks.galaxy import make_galaxy
from tests.browser.conftest import PATIENCE
from tests.dashboard.synthetic_density import density_cubes
from tests.dashboard.synthetic_runs import make_map, make_run


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with a mock, a map of it, and one from before there were densities."""
    folder = tmp_path_factory.mktemp("home")
    catalogue = make_galaxy(folder, stars=2000, seed=1)
    cubes = density_cubes()
    at_sun = {"acceleration": [-6500.0, 0.0, -30.0], "acceleration_sd": [65.0, 1.0, 1.0]}
    result = {"cubes": {name: f"cubes/{name}.zarr" for name in cubes}, "warnings": []}
    make_run(
        folder, "done", order=1, cubes=cubes, spec={"catalogue": catalogue.id},
        result={**result, "at_sun": {**at_sun, "trusted": True}},
    )  # fmt: skip
    make_map(folder, order=60, spec={"preset": "before"})
    return folder


@pytest.fixture
def page(server, open_page):
    opened = open_page(server)
    opened.wait_for_selector(".vo-menu")
    return opened


def go(page, title):
    page.locator(".vo-menu").get_by_text(title, exact=True).click(timeout=PATIENCE)


def choose(page, css_class, text):
    page.locator(f".{css_class} .MuiSelect-select").click()
    page.locator("li.MuiMenuItem-root").filter(has_text=text).first.click()


def test_density_follows_quantity_and_bandwidth_and_is_downloaded(page, keep):
    go(page, "Density")
    here = ".vo-page-density"
    expect(page.locator(f"{here} .vo-maps .bk-Figure")).to_have_count(4, timeout=PATIENCE)
    expect(page.locator(f"{here} .vo-profiles .bk-Figure")).to_have_count(3, timeout=PATIENCE)
    keep(page, "density")
    choose(page, "vo-quantity", "ρ dark")
    expect(page.locator(f"{here} .vo-map-caption")).to_contain_text(
        "the mock's own baryons", timeout=PATIENCE
    )
    slider = page.locator(f"{here} .vo-bandwidth-z input[type=range]")
    slider.focus()
    slider.press("ArrowRight")
    expect(page.locator(f"{here} .vo-map-caption")).to_contain_text(
        "0.25 kpc across it", timeout=PATIENCE
    )
    page.locator(f"{here} .vo-maps .bk-Figure").first.click(position={"x": 160, "y": 150})
    expect(page.locator(f"{here} .vo-back-to-sun")).to_be_visible(timeout=PATIENCE)
    keep(page, "density-dark-moved")
    with page.expect_download(timeout=PATIENCE) as info:
        page.locator(f"{here} .vo-export button").click()
    assert info.value.suggested_filename.endswith("-density.pdf")


def test_dark_matter_answers_to_other_baryons(page, keep):
    go(page, "Dark matter")
    here = ".vo-page-dark_matter"
    page.wait_for_selector(f"{here} .vo-dark-profile .bk-Figure")
    page.wait_for_selector(f"{here} .vo-vertical .bk-Figure")
    expect(page.locator(f"{here} .vo-dark-literature")).to_contain_text("This run")
    keep(page, "dark-matter")
    before = page.locator(f"{here} .vo-tile-local .value").inner_text()
    choose(page, "vo-baryons", "McKee")
    expect(page.locator(f"{here} .vo-dark-caption")).to_contain_text(
        "mckee-2015", timeout=PATIENCE
    )
    expect(page.locator(f"{here} .vo-tile-local .value")).not_to_have_text(
        before, timeout=PATIENCE
    )
    keep(page, "dark-matter-other-baryons")


def test_a_run_from_before_is_met_calmly(page, keep):
    go(page, "Dark matter")
    page.wait_for_selector(".vo-page-dark_matter .vo-dark-profile .bk-Figure")
    page.locator(".vo-page-dark_matter .vo-run-select .MuiSelect-select").click()
    page.locator("li.MuiMenuItem-root").filter(has_text="before").first.click()
    expect(page.locator(".vo-page-dark_matter .vo-made-without")).to_be_visible(timeout=PATIENCE)
    keep(page, "dark-matter-before")
    page.locator(".vo-page-dark_matter .vo-go-tracers button").click()
    page.wait_for_selector(".vo-page-tracers")
