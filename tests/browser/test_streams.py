"""The page Streams in the real program: a finished search, one that goes on, and none."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, serving
from tests.dashboard.synthetic_streams import make_patch, make_search


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    catalogue = make_patch(folder, stars=8_000, members=180)
    make_search(folder, catalogue, draws=20)
    return folder


@pytest.fixture
def page(server, open_page):
    opened = open_page(f"{server}/?page=streams")
    opened.wait_for_selector(".vo-stream-panels .bk-Figure", timeout=PATIENCE)
    expect(opened.locator(".vo-stream-said")).to_contain_text("σ_L", timeout=PATIENCE)
    return opened


DEGREES_A_PIXEL = """() => {
    const sky = [...Bokeh.documents[0]._all_models.values()].find((model) =>
        model.type === "Figure" && model.title?.text === "Sky" && model.inner_width > 0);
    const span = (range) => Math.abs(range.end - range.start);
    return [span(sky.x_range) / sky.inner_width, span(sky.y_range) / sky.inner_height];
}"""


def test_a_degree_is_as_long_in_both_directions(page):
    """In a wide window and, when it has changed, in a narrow one."""
    for width in (1400, 900):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(1500)
        along, across = page.evaluate(DEGREES_A_PIXEL)
        assert along == pytest.approx(across, rel=1e-3)
        assert along * 300 > 10  # a patch of thirty degrees is still seen whole


def test_a_candidate_is_shown_with_its_panels_and_its_numbers(page, keep):
    expect(page.locator(".vo-stream-table")).to_contain_text("ra148.6", timeout=PATIENCE)
    expect(page.locator(".vo-stream-numbers")).to_contain_text("are expected")
    assert page.locator(".vo-stream-panels .bk-Figure").count() == 4
    keep(page, "streams")
    page.set_viewport_size({"width": 900, "height": 900})
    page.wait_for_timeout(1500)
    keep(page, "streams-narrow")
    assert page.locator(".vo-notice-error").count() == 0


def test_another_theme_leaves_all_panels_where_they_are(page, keep):
    figures = page.locator(".vo-stream-panels .bk-Figure")
    before = [figures.nth(k).bounding_box() for k in range(4)]
    assert min(box["height"] for box in before) > 250
    page.get_by_label("Toggle theme").click()
    page.wait_for_timeout(4000)
    assert [figures.nth(k).bounding_box() for k in range(4)] == before
    keep(page, "streams-light")


def test_a_slider_changes_what_is_drawn(page):
    said = page.locator(".vo-stream-said table")
    before = said.inner_text()
    page.locator(".vo-stream-use-colour input").click()
    expect(said).not_to_have_text(before, timeout=PATIENCE)
    expect(page.locator(".vo-stream-counts")).to_contain_text("switched off")


def test_a_verdict_is_kept(page, home):
    page.locator(".vo-stream-verdict").get_by_text("Keep", exact=True).click()
    page.locator(".vo-stream-note textarea").first.fill("a stream")
    page.locator(".vo-stream-note textarea").first.blur()
    page.locator(".vo-stream-save button").click()
    expect(page.locator(".vo-stream-table")).to_contain_text("kept", timeout=PATIENCE)
    assert list(home.glob("runs/*/remarks.json"))


def test_members_are_downloaded_and_go_to_explore(page):
    with page.expect_download(timeout=PATIENCE) as download:
        page.locator(".vo-stream-export button").click()
    assert download.value.suggested_filename == "candidate-1.vot"
    page.locator(".vo-stream-explore button").click()
    page.wait_for_selector(".vo-explore .bk-Figure", timeout=PATIENCE)
    expect(page.locator(".vo-explore")).to_contain_text("Candidate 1", timeout=PATIENCE)


def test_without_a_search_the_page_says_how_to_begin(tmp_path, open_page, keep):
    with serving(tmp_path) as address:
        opened = open_page(f"{address}/?page=streams")
        expect(opened.locator(".vo-stream-empty")).to_be_visible(timeout=PATIENCE)
        keep(opened, "streams-empty")
        opened.locator(".vo-stream-practice button").click()
        expect(opened.locator(".vo-stream-about")).to_contain_text("mock-stream", timeout=PATIENCE)
        assert opened.locator(".vo-stream-start button").is_enabled()
