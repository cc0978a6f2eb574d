"""The first start, and names that try to run code."""

from __future__ import annotations

import pytest

from tests.browser.conftest import serving
from tests.dashboard.stars import make_catalogue

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("empty")


def test_an_empty_store_says_what_to_do(server, open_page, keep):
    page = open_page(server)
    page.wait_for_selector(".vo-demo button")
    assert page.get_by_text("No stars yet").is_visible()
    keep(page, "first-start")
    page.locator(".vo-own button").click()
    page.wait_for_selector(".vo-ingest-path input")
    keep(page, "add-a-table")


@pytest.mark.parametrize("slug", ["Tracers", "Runs", "Model", "Acceleration"])
def test_every_page_has_an_empty_state(server, open_page, keep, slug):
    page = open_page(server)
    page.wait_for_selector(".vo-demo button")
    page.get_by_text(slug, exact=True).first.click()
    page.wait_for_selector(f".vo-page-{slug.lower()} .material-icons-outlined")
    keep(page, f"{slug}-empty")
    assert page.locator(".vo-notice-error").count() == 0


def test_hostile_names_run_nothing(tmp_path, open_page, drawn):
    make_catalogue(tmp_path, name=HOSTILE)
    with serving(tmp_path) as address:
        page = open_page(address)
        drawn(page)
        page.locator(".vo-details-toggle button").click()
        page.wait_for_selector(".vo-details table")
        page.locator(".vo-to-tracers button").click()
        page.wait_for_selector(".vo-before-after .bk-Figure")
        page.wait_for_timeout(1000)
