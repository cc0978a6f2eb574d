"""Quality in the real program: completeness, the zero point, a joined table."""

from __future__ import annotations

import re

import numpy as np
import pytest
from astropy.table import Table
from playwright.sync_api import expect

from data.catalogue.store import CatalogueStore
from data.selection import mask, parse
from tests.browser.conftest import PATIENCE
from tests.dashboard.measured import make_measured

STARS = 20_000


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_measured(folder, STARS)
    return folder


@pytest.fixture(scope="module")
def page(server, open_module_page):
    opened = open_module_page(server)
    opened.wait_for_selector(".vo-panel-0 .bk-Figure")
    opened.locator(".vo-menu").get_by_text("Quality", exact=True).click()
    opened.wait_for_selector(".vo-completeness-shown .bk-Figure")
    return opened


def fill(page, name, text):
    field = page.locator(f".vo-quality .{name} input")
    field.fill(text)
    field.press("Tab")


def test_completeness_keeps_stars_and_edits_the_selection(page, home, keep):
    catalogue = CatalogueStore(home).open("measured")
    fill(page, "vo-max-distance", "2.5")
    fill(page, "vo-limit", "13.5")
    limit = 13.5 - 5 * np.log10(250.0)
    text = f"absolute_grvs <= {limit:.4f}"
    kept = int(mask(parse(f"{text} and distance <= 2.5"), catalogue).sum())
    expect(page.locator(".vo-tile-kept .value")).to_have_text(f"{kept:,}", timeout=PATIENCE)
    number = f"{limit:.2f}".replace("-", "\u2212")
    expect(page.locator(".vo-tile-absolute .value")).to_have_text(f"{number} mag")
    expect(page.locator(".vo-tile-after .value")).to_contain_text("100%")
    page.wait_for_timeout(2000)
    keep(page, "quality")
    page.locator(".vo-keep-complete button").click()
    big = page.locator(".vo-quality .vo-count .big")
    expect(big).to_have_text(f"{int(mask(parse(text), catalogue).sum()):,}", timeout=PATIENCE)
    page.locator(".vo-quality .vo-undo button").click()
    expect(big).to_have_text(f"{STARS:,}", timeout=PATIENCE)


def test_the_zero_point_and_a_joined_table_make_versions(page, home, tmp_path, keep):
    page.locator(".vo-quality .vo-zero-point input").click()
    page.locator(".vo-quality .vo-revise button").click()
    notice = page.locator(".vo-notice-success")
    expect(notice).to_contain_text(f"The new version has {STARS:,} stars", timeout=PATIENCE)
    corrected = CatalogueStore(home).open("measured, zero point")
    assert corrected.has("parallax_zero_point")
    expect(page.locator(".vo-distance-words")).to_contain_text(re.compile("It is subtracted"))

    ids = corrected.column("source_id")[:50]
    Table({"source_id": ids, "feh": np.zeros(50)}).write(tmp_path / "metals.fits")
    path = page.locator(".vo-quality .vo-join-path input")
    path.fill(str(tmp_path / "metals.fits"))
    path.press("Tab")
    page.locator(".vo-quality .vo-join button").click()
    expect(page.locator(".vo-notices")).to_contain_text("50 stars matched", timeout=PATIENCE)
    keep(page, "quality-joined")
    assert CatalogueStore(home).open("measured, zero point, metals").has("feh")
