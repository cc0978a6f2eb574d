"""Archives in the real program: the query of the selection, and services that do not answer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from dashboard.saved_views.store import SavedViews
from data.catalogue.store import CatalogueStore
from data.selection import parse
from tests.browser.conftest import PATIENCE
from tests.helpers.ports import free_port


@pytest.fixture(scope="module")
def page(server, home, open_module_page):
    """Archives with a selection of which the archive can make one cut."""
    (manifest,) = CatalogueStore(home).list()
    document = {
        "version": 1,
        "page": "archives",
        "catalogue": manifest.id,
        "selection": parse("x > 7 and v_phi < 250"),
    }
    view = SavedViews(home).add("An archive", "", document)
    opened = open_module_page(f"{server}/?view={view.id}")
    opened.wait_for_selector(".vo-archive-caption")
    return opened


def choose(page, name, option):
    page.locator(f".{name}").get_by_role("combobox").click()
    page.locator("li.MuiMenuItem-root").filter(has_text=option).first.click()


def test_the_form_writes_the_query_and_names_what_the_archive_cannot(page, keep):
    preview = page.locator(".vo-archive-preview textarea").first
    expect(preview).to_have_value(re.compile(r"FROM gaiadr3\.gaia_source\s+WHERE "),
                                  timeout=PATIENCE)  # fmt: skip
    expect(page.locator(".vo-archive-cut-here")).to_contain_text("v_phi < 250")
    expect(page.locator(".vo-archive-caption")).to_contain_text("x > 7")
    keep(page, "archives-form")


def test_a_service_that_cannot_be_reached_is_a_sentence(page, keep):
    choose(page, "vo-archive-service", "Another address")
    address = page.locator(".vo-archive-address input")
    address.fill(f"http://127.0.0.1:{free_port()}/tap")
    address.press("Tab")
    page.locator(".vo-archive-count button").click()
    error = page.locator(".vo-archive-error")
    expect(error).to_be_visible(timeout=PATIENCE)
    expect(error).to_contain_text("127.0.0.1")
    expect(error).not_to_contain_text("Traceback")
    expect(page.locator(".vo-archive-rows")).to_be_hidden()
    keep(page, "archives-unreachable")
    address.fill("not an address")
    address.press("Tab")
    expect(error).to_be_hidden(timeout=PATIENCE)
    page.locator(".vo-archive-count button").click()
    expect(error).to_be_visible(timeout=PATIENCE)


def test_a_download_needs_a_name_and_its_failure_stays_on_the_list(page, keep):
    address = page.locator(".vo-archive-address input")
    address.fill(f"http://127.0.0.1:{free_port()}/tap")
    address.press("Tab")
    page.locator(".vo-archive-start button").click()
    expect(page.locator(".vo-archive-error")).to_contain_text("needs a name", timeout=PATIENCE)
    page.locator(".vo-archive-name input").fill("nearby")
    page.locator(".vo-archive-name input").press("Tab")
    page.locator(".vo-archive-start button").click()
    expect(page.locator(".vo-page-archives")).to_contain_text("failed", timeout=PATIENCE)
    expect(page.locator(".vo-page-archives")).to_contain_text("nearby")
    keep(page, "archives-failed")
