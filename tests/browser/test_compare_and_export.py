"""Two runs on Compare, and a download from Acceleration, in the real program."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from engine.cubes.store import write_cube
from tests.browser.conftest import PATIENCE
from tests.dashboard.stars import make_catalogue
from tests.dashboard.synthetic import acceleration_cube
from tests.dashboard.synthetic_runs import make_map


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with three finished maps; the oldest on another grid."""
    folder = tmp_path_factory.mktemp("home")
    make_catalogue(folder, stars=2000)
    make_map(folder, order=1)
    second = make_map(folder, order=30)
    write_cube(acceleration_cube(n=16, seed=7), second.cubes, "acceleration")
    other = make_map(folder, order=90, spec={"preset": "coarse"})
    write_cube(acceleration_cube(n=12, seed=7), other.cubes, "acceleration")
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


def test_two_runs_are_compared_and_a_third_is_refused(page, keep):
    go(page, "Compare")
    expect(page.locator(".vo-compare-maps .bk-Figure")).to_have_count(4, timeout=PATIENCE)
    # The noise of the synthetic cubes is what their errors say.
    pull = re.compile(r"^(0\.9|1\.0)\d$")
    expect(page.locator(".vo-compare-pull .value")).to_have_text(pull, timeout=PATIENCE)
    keep(page, "compare")
    choose(page, "vo-compare-b", "coarse")
    expect(page.locator(".vo-compare-refused")).to_contain_text("grids differ", timeout=PATIENCE)
    keep(page, "compare-refused")


def test_what_is_on_the_screen_is_downloaded_every_time(page, keep):
    go(page, "Acceleration")
    page.wait_for_selector(".vo-export button")
    keep(page, "acceleration-export")
    for _ in range(2):
        with page.expect_download(timeout=PATIENCE) as info:
            page.locator(".vo-export button").click()
        assert info.value.suggested_filename.endswith("-acceleration.pdf")
        with open(info.value.path(), "rb") as file:  # noqa: PTH123  playwright's own file
            assert file.read(5) == b"%PDF-"
