"""The page Sweeps in the real program: the result against the cut, and what is refused."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE
from tests.dashboard.stars import make_catalogue
from tests.dashboard.synthetic_runs import RESULT_AT_SUN, make_run


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_catalogue(folder, stars=2000)
    for order, value in enumerate((3.0, 5.0, 10.0)):
        at_sun = {**RESULT_AT_SUN, "acceleration": [-6200.0 - 300 * order, 80.0, -30.0]}
        tag = {"name": "20260102-030405-sweep-ab12", "cut": "parallax_over_error > {}"}
        make_run(
            folder,
            "done",
            order=order,
            result={"cubes": {}, "at_sun": at_sun, "population": {"tracers": 1000 - order}},
            spec={"sweep": {**tag, "value": value}},
        )
    return folder


@pytest.fixture
def page(server, open_page):
    opened = open_page(server)
    opened.wait_for_selector(".vo-panel-3 .bk-Figure", timeout=PATIENCE)
    opened.locator(".vo-menu").get_by_text("Sweeps", exact=True).click(timeout=PATIENCE)
    opened.wait_for_selector(".vo-sweeps .bk-Figure", timeout=PATIENCE)
    return opened


def test_the_result_is_drawn_against_the_cut(page, keep):
    verdict = page.locator(".vo-sweep-verdict")
    expect(verdict).to_contain_text("depends on the cut", timeout=PATIENCE)
    expect(page.locator(".vo-sweep-rows")).to_contain_text("1,000", timeout=PATIENCE)
    keep(page, "sweeps")
    assert page.locator(".vo-notice-error").count() == 0


def test_a_cut_without_a_place_for_its_value_is_refused(page):
    page.locator(".vo-sweep-cut input").fill("abs(z) < 1")
    page.locator(".vo-sweep-cut input").press("Enter")
    page.locator(".vo-sweep-start button").click()
    expect(page.locator(".vo-notice-error")).to_contain_text("no place", timeout=PATIENCE)
