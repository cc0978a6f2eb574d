"""A view is saved, opened from an address, and shown as a slide, in the real program."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from dashboard.saved_views.store import SavedViews
from tests.browser.conftest import PATIENCE
from tests.dashboard.stars import make_catalogue
from tests.dashboard.synthetic_runs import make_map


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_catalogue(folder, stars=2000)
    make_map(folder, order=1)
    return folder


def go(page, title):
    page.locator(".vo-menu").get_by_text(title, exact=True).click(timeout=PATIENCE)


def test_a_view_goes_from_a_page_to_an_address_and_to_a_slide(server, open_page, home, keep):
    page = open_page(server)
    page.wait_for_selector(".vo-menu")
    go(page, "Acceleration")
    page.wait_for_selector(".vo-profiles .bk-Figure")
    page.locator(".vo-plane").get_by_text("x-z", exact=True).click()
    expect(page.locator(".vo-map-caption")).to_contain_text("plane y =", timeout=PATIENCE)
    page.locator(".vo-save-view button").click()
    page.locator(".vo-view-title input").fill("From the side")
    page.locator(".vo-view-save button").click()
    expect(page.locator(".vo-notice-success")).to_contain_text("From the side", timeout=PATIENCE)
    ((view,), _) = SavedViews(home).list()
    assert view.document["controls"]["vo-plane"] == "x-z"
    SavedViews(home).add("Lost", "", {**view.document, "run": "not-here"})

    other = open_page(f"{server}/?view={view.id}")
    other.wait_for_selector(".vo-maps .bk-Figure")
    expect(other.locator(".vo-map-caption")).to_contain_text("plane y =", timeout=PATIENCE)
    keep(other, "view-from-address")

    go(page, "Present")
    page.locator(".vo-start-first button").click()
    page.wait_for_selector(".vo-slide .bk-Figure")
    expect(page.locator(".vo-slide-title").first).to_contain_text("From the side")
    keep(page, "slide")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".vo-slide-refused")).to_contain_text("not on this", timeout=PATIENCE)
    keep(page, "slide-refused")
    page.keyboard.press("Escape")
    expect(page.locator(".vo-stage")).to_be_hidden(timeout=PATIENCE)
    keep(page, "present")


def test_an_address_without_a_view_says_so(server, open_page):
    page = open_page(f"{server}/?view=00000000")
    expect(page.locator(".vo-notice-error")).to_contain_text("No saved view", timeout=PATIENCE)
    page.wait_for_selector(".vo-explore")
