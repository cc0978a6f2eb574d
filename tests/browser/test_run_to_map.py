"""From a click on Tracers to a map on Acceleration, in the real program; and a run cancelled."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from data.catalogue.ingest import ingest_arrays
from engine.runs.launch import cancel, list_runs
from tests.browser.conftest import PATIENCE
from tests.dashboard.stars import disc

STARS = 2000
#: A ball of one kiloparsec has a hundredth of the cells of the usual one: a run of seconds.
RADIUS = "1"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A store with one small, dense ball of stars."""
    folder = tmp_path_factory.mktemp("home")
    columns = disc(STARS)
    columns["x"] = 8.122 + (columns["x"] - 8.122) * 0.3
    columns["y"], columns["z"] = 0.3 * columns["y"], 0.3 * columns["z"]
    provenance = {"source": "a test"}
    ingest_arrays(columns, folder, name="ball", kind="simulation", provenance=provenance)
    yield folder
    for record in list_runs(folder):  # a run outlives its server; a failed test must not leave one
        if record.active:
            cancel(folder, record.id)


@pytest.fixture
def page(server, open_page):
    """The program, with the catalogue on the screen."""
    opened = open_page(server)
    opened.wait_for_selector(".vo-explore .vo-count .big")
    return opened


def go(page, title):
    page.locator(".vo-menu").get_by_text(title, exact=True).click()


def start(page, seed):
    """Start a run on Tracers, and be on Runs."""
    go(page, "Tracers")
    expect(page.locator(".vo-start button")).to_be_enabled(timeout=PATIENCE)
    radius = page.locator(".vo-radius input")
    radius.fill(RADIUS)
    radius.press("Enter")
    seeds = page.locator(".vo-seed input")
    seeds.fill(str(seed))
    seeds.press("Enter")
    expect(page.locator(".vo-start button")).to_be_enabled(timeout=PATIENCE)
    page.locator(".vo-start button").click()
    page.wait_for_selector(".vo-run-details .vo-details-state")


def state(page):
    return page.locator(".vo-details-state .MuiChip-label")


def text(page, css_class):
    """The text of a component; that of its host is empty, for it lies in a shadow tree."""
    return page.locator(f".{css_class} .MuiTypography-root").first.inner_text()


def follow(page, keep):
    """Watch a run until it leaves the state "running"; give the percentages that were shown."""
    expect(state(page)).to_contain_text("running", timeout=PATIENCE)
    seen = []
    while "running" in state(page).inner_text():
        share = re.search(r"(\d+)%", text(page, "vo-details-line"))
        if share and int(share[1]) not in seen:
            seen.append(int(share[1]))
            if len(seen) == 3:
                keep(page, "runs-running")
        page.wait_for_timeout(100)
    return seen


def table(page, title):
    """The columns that a figure of this title draws, from the browser's own models."""
    return page.evaluate(
        """(title) => {
            for (const model of Bokeh.documents[0]._all_models.values()) {
                if (model.type !== 'Figure' || model.title?.text !== title) continue;
                const source = model.renderers[0].data_source;
                return Object.fromEntries(
                    [...Object.entries(source.data)].map(([name, values]) => [name, [...values]]));
            }
            return null;
        }""",
        title,
    )


def test_a_run_started_on_tracers_ends_as_a_map(page, keep):
    start(page, seed=0)
    seen = follow(page, keep)
    assert len(seen) >= 2, seen  # the progress moves
    assert seen == sorted(seen)
    page.wait_for_selector(".vo-losses .bk-Figure")
    expect(state(page)).to_contain_text("done", timeout=4 * PATIENCE)
    keep(page, "runs-done")

    page.locator(".vo-run-open button").click()
    page.wait_for_selector(".vo-maps .bk-Figure")
    page.wait_for_selector(".vo-profiles .bk-Figure")
    assert "± " in text(page, "vo-tile-size")
    cells = table(page, "Measured")
    assert len(cells["h0"]) > 4
    keep(page, "acceleration")

    caption = text(page, "vo-map-caption")
    page.locator(".vo-slice input").press("ArrowRight")
    expect(page.locator(".vo-map-caption")).not_to_contain_text(caption, timeout=PATIENCE)
    page.locator(".vo-plane").get_by_text("x-z", exact=True).click()
    expect(page.locator(".vo-map-caption")).to_contain_text("plane y =", timeout=PATIENCE)
    page.wait_for_function(
        """() => [...Bokeh.documents[0]._all_models.values()].some((model) =>
            model.type === 'Figure' && model.title?.text === 'Measured'
            && model.left[0].axis_label === 'z [kpc]')"""
    )
    keep(page, "acceleration-x-z")

    go(page, "Model")
    page.wait_for_selector(".vo-pairs .bk-Figure")
    expect(page.locator(".vo-verdict")).to_contain_text("classifier", timeout=PATIENCE)
    page.wait_for_selector(".vo-histograms .bk-Figure")
    keep(page, "model")
    assert page.locator(".vo-notice-error").count() == 0


def test_a_run_is_cancelled_and_says_so(page, keep):
    start(page, seed=1)
    expect(state(page)).to_contain_text("running", timeout=PATIENCE)
    page.locator(".vo-run-cancel button").click()
    page.locator(".vo-confirm-cancel button").click()
    expect(state(page)).to_contain_text("cancelled", timeout=PATIENCE)
    expect(page.locator(".vo-details-message")).to_contain_text("was cancelled")
    expect(page.locator(".vo-run-resume button")).to_be_visible()
    keep(page, "runs-cancelled")
